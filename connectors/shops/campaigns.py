"""What setting a campaign's state or daily cap has in common on every ad platform: what is refused beforehand, and how
a read shows the effect."""

from connectors.base import Refused
from connectors.money import Money
from connectors.operations import SetCampaign, SetCampaignBudget
from connectors.types import Campaign, CampaignStatus, Sight, Sighting


def wanted_status(operation: SetCampaign) -> CampaignStatus:
    return CampaignStatus.ACTIVE if operation.is_active else CampaignStatus.PAUSED


def changeable(found: Campaign | None, ref: str) -> Campaign:
    """Raises Refused where there is no such campaign, or it was removed or archived, which is final."""
    if found is None:
        raise Refused(f"there is no campaign {ref} in this ad account", code="not_found")
    if found.status is CampaignStatus.ENDED:
        raise Refused(f"the campaign {found.name} was ended for good; it cannot be changed again", code="removed")
    return found


def refuse_unfit_amount(daily: Money, found: Campaign) -> None:
    """Raises Refused for another currency than the account's, nothing, or less than its smallest coin."""
    if daily.currency != found.currency:
        raise Refused(f"this account counts in {found.currency}, not {daily.currency}", code="currency")
    if daily.amount <= 0:
        raise Refused("a daily budget is above zero; to spend nothing, pause the campaign", code="amount")
    if daily.amount != daily.quantized().amount:
        raise Refused(f"{daily.amount} is finer than the smallest {daily.currency} unit", code="amount")


def see_status(found: Campaign | None, operation: SetCampaign) -> Sighting:
    """What was set shows at once; what is really delivered may follow in some minutes."""
    if found is None:
        return Sighting(Sight.UNCLEAR, operation.campaign_ref, "no such campaign is shown")
    sight = Sight.SEEN if found.status is wanted_status(operation) else Sight.ABSENT
    return Sighting(sight, operation.campaign_ref, f"the campaign stands as {found.platform_status}")


def see_cap(found: Campaign | None, operation: SetCampaignBudget) -> Sighting:
    if found is None or found.daily_budget is None:
        return Sighting(Sight.UNCLEAR, operation.campaign_ref, "no daily budget of this campaign is shown")
    sight = Sight.SEEN if found.daily_budget == operation.daily.amount else Sight.ABSENT
    return Sighting(sight, operation.campaign_ref, f"the daily budget is {found.daily_budget} {found.currency}")
