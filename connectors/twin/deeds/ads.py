"""Advertising: a campaign's state and the budget it spends from. What stands so already is no effect."""

from connectors.twin.deeds.base import Refusal, amount
from connectors.twin.market import Market
from connectors.twin.world.ads import AdBudget, AdCampaign, campaign_ref

LEAST_BUDGET = 100  # cents a day


def set_campaign(market: Market, campaign: AdCampaign, *, is_running: bool) -> None:
    """Pause or resume. Raises Refusal: removed."""
    if campaign.is_removed:
        raise Refusal("removed", "The campaign was removed.")
    before = campaign.runs(market.now)
    if before == is_running:
        return
    campaign.turns.append((market.now, is_running))
    campaign.updated = market.now
    market.effects.append(
        market.now, campaign.network, "set_campaign", subject=campaign_ref(campaign), reference=campaign.name,
        before=before, after=is_running,
    )  # fmt: skip
    market.tell(campaign.network, "campaign", campaign)


def set_ad_budget(market: Market, campaign: AdCampaign, budget: AdBudget, minor: int) -> None:
    """Set what may be spent a day, in cents. Raises Refusal: removed, bad_amount."""
    if campaign.is_removed:
        raise Refusal("removed", "The campaign was removed.")
    if minor < LEAST_BUDGET:
        raise Refusal("bad_amount", "The budget is below the least amount.")
    before = budget.at(market.now)
    if before == minor:
        return
    budget.caps.append((market.now, minor))
    campaign.updated = market.now
    market.effects.append(
        market.now, campaign.network, "set_budget", subject=campaign_ref(campaign), reference=str(budget.index),
        amount=amount(minor), currency="USD", before=before, after=minor,
    )  # fmt: skip
    market.tell(campaign.network, "campaign", campaign)
