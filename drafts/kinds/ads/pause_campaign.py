"""Stop an ad campaign from spending, or let it run again."""

from dataclasses import replace

from connectors.operations import Operation, SetCampaign
from connectors.types import Campaign, CampaignStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
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
    named,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import AdvertisedSku


class PauseCampaignCommand(Command):
    """`is_active` False pauses, True resumes."""

    campaign_ref: Ref
    is_active: bool = False


class PauseCampaignKind(Kind[PauseCampaignCommand]):
    name = "pause_campaign"
    label = "Pause a campaign"
    command = PauseCampaignCommand
    undo = Undo("reversible: the campaign is resumed; what it has learnt may be lost after some days", "pause_campaign")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[PauseCampaignCommand]:
        shown: AdvertisedSku | None = saved.fetch(AdvertisedSku, matter.argument("sku"))
        if shown is not None and not matter.argument("campaign_ref"):
            about = {"campaign_ref": shown.campaign_ref, "campaign_shop_id": shown.shop_id}
            matter = replace(matter, arguments={**matter.arguments, **about})
        campaign, mine = named(matter, saved, Campaign, "campaign_ref")
        if campaign.status != CampaignStatus.ACTIVE:
            raise CannotPropose(f"campaign {campaign.name} is {campaign.status} already")
        return Proposal(PauseCampaignCommand(campaign_ref=campaign.external_id), mine.shop_id, {})

    def read_facts(self, command: PauseCampaignCommand, reader: Reader) -> Facts:
        return campaign_facts(record_or_raise(reader, Campaign, command.campaign_ref))

    def refusals(self, command: PauseCampaignCommand, facts: Facts) -> list[str]:
        if facts["status"] == CampaignStatus.ENDED:
            return [f"campaign {facts['name']} has ended; it can be neither paused nor resumed"]
        wanted = CampaignStatus.ACTIVE if command.is_active else CampaignStatus.PAUSED
        return [f"campaign {facts['name']} is {wanted} already"] if facts["status"] == wanted else []

    def preview(self, command: PauseCampaignCommand, facts: Facts) -> Preview:
        after = "active" if command.is_active else "paused"
        budget = f"{facts['daily_budget']} {facts['currency']} a day" if facts["daily_budget"] else "set elsewhere"
        rows = (Row("Campaign", facts["status"], after), Row("Budget", budget, budget))
        warnings = []
        if not command.is_active:
            warnings.append("All products of the campaign stop, not only the one in question.")
            warnings.append("A long pause may make the platform learn the campaign anew.")
        verb = "Resume" if command.is_active else "Pause"
        return Preview(f"{verb} the campaign {facts['name']}", rows, warnings=tuple(warnings))

    def operation(self, command: PauseCampaignCommand, facts: Facts, key: str) -> Operation:
        return SetCampaign(campaign_ref=command.campaign_ref, is_active=command.is_active)


def campaign_facts(campaign: Campaign) -> Facts:
    """What a decision about a campaign rests on."""
    return {
        "name": campaign.name,
        "status": str(campaign.status),
        "daily_budget": text_of(campaign.daily_budget),
        "currency": campaign.currency,
        "shared_by": campaign.budget_shared_by,
    }
