"""A campaign is paused or capped as it stands, never by a slip."""

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.money import Money
from connectors.operations import SetCampaign, SetCampaignBudget
from connectors.types import Campaign, CampaignStatus
from drafts.kinds.ads.campaign_budget import CampaignBudgetCommand, CampaignBudgetKind
from drafts.kinds.ads.pause_campaign import PauseCampaignCommand, PauseCampaignKind
from drafts.kinds.base import CannotPropose
from drafts.kinds.own import AdvertisedSku
from tests.drafts.kinds.desk import Memory, matter

PAUSE, CAP = PauseCampaignKind(), CampaignBudgetKind()
CAMPAIGN = Campaign(
    external_id="c1", name="Lamps", status=CampaignStatus.ACTIVE, daily_budget=Decimal("40.00"), currency="USD",
    budget_shared_by=1,
)  # fmt: skip


def cap(daily: str) -> CampaignBudgetCommand:
    return CampaignBudgetCommand(campaign_ref="c1", daily=Decimal(daily), currency="USD")


def test_a_running_campaign_is_paused_and_the_pause_says_what_it_costs() -> None:
    proposal = PAUSE.propose(matter(campaign_ref="c1", shop_id=5), Memory(CAMPAIGN, shop_id=5))
    facts = PAUSE.read_facts(proposal.command, Memory(CAMPAIGN))
    shown = PAUSE.preview(proposal.command, facts)

    assert (proposal.command, proposal.shop_id) == (PauseCampaignCommand(campaign_ref="c1"), 5)
    assert PAUSE.refusals(proposal.command, facts) == []
    assert (shown.summary, shown.rows[0].before, shown.rows[0].after) == (
        "Pause the campaign Lamps",
        "active",
        "paused",
    )
    assert "not only the one in question" in shown.warnings[0]
    assert PAUSE.operation(proposal.command, facts, "k") == SetCampaign(campaign_ref="c1", is_active=False)


@pytest.mark.parametrize(
    ("status", "is_active", "reason"),
    [
        (CampaignStatus.PAUSED, False, "campaign Lamps is paused already"),
        (CampaignStatus.ACTIVE, True, "campaign Lamps is active already"),
        (CampaignStatus.ENDED, True, "campaign Lamps has ended; it can be neither paused nor resumed"),
    ],
)
def test_what_stands_already_is_not_asked_for_again(status: CampaignStatus, is_active: bool, reason: str) -> None:
    command = PauseCampaignCommand(campaign_ref="c1", is_active=is_active)
    facts = PAUSE.read_facts(command, Memory(replace(CAMPAIGN, status=status)))

    assert PAUSE.refusals(command, facts) == [reason]


def test_only_a_running_campaign_is_proposed_to_be_paused() -> None:
    with pytest.raises(CannotPropose, match="paused already"):
        PAUSE.propose(matter(campaign_ref="c1"), Memory(replace(CAMPAIGN, status=CampaignStatus.PAUSED)))
    with pytest.raises(CannotPropose, match="not among the saved records"):
        PAUSE.propose(matter(campaign_ref="c9"), Memory(CAMPAIGN))
    with pytest.raises(CannotPropose, match="no campaign is named"):
        PAUSE.propose(matter(), Memory(CAMPAIGN))


def test_a_cap_comes_from_the_detector_and_moves_a_day_of_money() -> None:
    proposal = CAP.propose(matter(campaign_ref="c1", daily_budget="12.345"), Memory(CAMPAIGN))
    facts = CAP.read_facts(proposal.command, Memory(CAMPAIGN))

    assert proposal.command == cap("12.34")
    assert CAP.money(proposal.command) == Money(Decimal("12.34"), "USD")
    assert CAP.operation(proposal.command, facts, "k") == SetCampaignBudget(
        campaign_ref="c1", daily=Money(Decimal("12.34"), "USD")
    )
    with pytest.raises(CannotPropose, match="not known"):
        CAP.propose(matter(campaign_ref="c1"), Memory(CAMPAIGN))


@pytest.mark.parametrize(
    ("daily", "change", "reason"),
    [
        ("40.00", {}, "campaign Lamps has this budget already"),
        ("400.00", {}, "400.00 is more than 3 times the present 40; raise it in steps"),
        (
            "20.00", {"daily_budget": None},
            "campaign Lamps has no daily budget of its own; it is set for its lifetime or elsewhere",
        ),
        ("20.00", {"currency": "SGD"}, "campaign Lamps spends SGD, not USD"),
        ("20.00", {"status": CampaignStatus.ENDED}, "campaign Lamps has ended"),
    ],
)  # fmt: skip
def test_a_cap_that_cannot_be_right_is_refused(daily: str, change: dict[str, object], reason: str) -> None:
    facts = CAP.read_facts(cap(daily), Memory(replace(CAMPAIGN, **change)))  # type: ignore[arg-type]

    assert CAP.refusals(cap(daily), facts) == [reason]


def test_a_shared_budget_is_said() -> None:
    shown = CAP.preview(cap("20"), CAP.read_facts(cap("20"), Memory(replace(CAMPAIGN, budget_shared_by=3))))

    assert shown.warnings[0] == "This budget is shared by 3 campaigns: all of them are capped."


def test_a_cap_goes_out_for_as_many_campaigns_as_were_shown() -> None:
    facts = CAP.read_facts(cap("20"), Memory(replace(CAMPAIGN, budget_shared_by=3)))
    made = CAP.operation(cap("20"), facts, "k")
    assert isinstance(made, SetCampaignBudget)
    assert made.sharing == 3


def test_the_campaign_that_shows_a_sold_out_product_is_found_by_its_sku() -> None:
    shown = AdvertisedSku(external_id="LAMP", campaign_ref="c1", shop_id=5)

    assert PAUSE.propose(matter(sku="LAMP"), Memory(CAMPAIGN, shown)).command.campaign_ref == "c1"
    with pytest.raises(CannotPropose, match="campaign c9 is not among"):
        PAUSE.propose(matter(sku="LAMP", campaign_ref="c9"), Memory(CAMPAIGN, shown))
