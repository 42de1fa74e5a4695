"""Cap what an ad campaign may spend a day."""

from decimal import Decimal

from connectors.money import Money
from connectors.operations import Operation, SetCampaignBudget
from connectors.types import Campaign, CampaignStatus
from drafts.kinds.ads.pause_campaign import campaign_facts
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    amount_in,
    named,
    record_or_raise,
)

LARGEST_RAISE = 3  # times the present budget: a slip of a decimal point is ten


class CampaignBudgetCommand(Command):
    campaign_ref: Ref
    daily: Amount
    currency: CurrencyCode


class CampaignBudgetKind(Kind[CampaignBudgetCommand]):
    name = "campaign_budget"
    label = "Cap a campaign's budget"
    command = CampaignBudgetCommand
    undo = Undo("reversible: the budget is set back; what was spent is spent", "campaign_budget")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[CampaignBudgetCommand]:
        campaign, mine = named(matter, saved, Campaign, "campaign_ref")
        daily = matter.argument("daily_budget")
        if not daily or campaign.daily_budget is None:
            raise CannotPropose(f"what {campaign.name} should or may spend a day is not known")
        amount = Money(Decimal(daily), campaign.currency).quantized().amount
        command = CampaignBudgetCommand(campaign_ref=campaign.external_id, daily=amount, currency=campaign.currency)
        return Proposal(command, mine.shop_id, {})

    def money(self, command: CampaignBudgetCommand) -> Money | None:
        """What a day may cost from now on."""
        return Money(command.daily, command.currency)

    def read_facts(self, command: CampaignBudgetCommand, reader: Reader) -> Facts:
        return campaign_facts(record_or_raise(reader, Campaign, command.campaign_ref))

    def refusals(self, command: CampaignBudgetCommand, facts: Facts) -> list[str]:
        before = amount_in(facts, "daily_budget")
        if facts["status"] == CampaignStatus.ENDED:
            return [f"campaign {facts['name']} has ended"]
        if command.currency != facts["currency"]:
            return [f"campaign {facts['name']} spends {facts['currency']}, not {command.currency}"]
        if before is None:
            return [f"campaign {facts['name']} has no daily budget of its own; it is set for its lifetime or elsewhere"]
        if before == command.daily:
            return [f"campaign {facts['name']} has this budget already"]
        if command.daily > before * LARGEST_RAISE:
            return [f"{command.daily} is more than {LARGEST_RAISE} times the present {before}; raise it in steps"]
        return []

    def preview(self, command: CampaignBudgetCommand, facts: Facts) -> Preview:
        before, after = amount_in(facts, "daily_budget"), Money(command.daily, command.currency)
        shown = str(Money(before, command.currency)) if before is not None else "not known"
        warnings = ["What was spent today already counts against the new cap."]
        if (facts["shared_by"] or 1) > 1:
            warnings.insert(0, f"This budget is shared by {facts['shared_by']} campaigns: all of them are capped.")
        rows = (Row("Budget a day", shown, str(after)),)
        return Preview(f"Cap {facts['name']} at {after} a day", rows, warnings=tuple(warnings))

    def operation(self, command: CampaignBudgetCommand, facts: Facts, key: str) -> Operation:
        daily, sharing = Money(command.daily, command.currency), facts["shared_by"] or 1
        return SetCampaignBudget(campaign_ref=command.campaign_ref, daily=daily, sharing=sharing)
