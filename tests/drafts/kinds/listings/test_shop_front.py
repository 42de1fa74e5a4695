"""A listing corrected, a promotion ended, a shop closed for some days: what is shown is sent, or done by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.operations import EndPromotion, FixListing, SetHoliday
from connectors.types import Listing, Product
from drafts.kinds.base import CannotPropose
from drafts.kinds.listings.end_promotion import EndPromotionKind
from drafts.kinds.listings.fix_listing import FixListingCommand, FixListingKind, ListingField
from drafts.kinds.listings.holiday_mode import HolidayModeKind
from drafts.kinds.own import ShopRow
from tests.drafts.kinds.desk import Memory, matter

FIX, END, AWAY = FixListingKind(), EndPromotionKind(), HolidayModeKind()
LISTING = Listing(
    external_id="li1", sku="MUG", title="Mg", price=Decimal("9.90"), currency="USD", status="suppressed",
    issue="The title is too short",
)  # fmt: skip
PRODUCT = Product(external_id="p1", sku="MUG", title="Mug, stoneware, 300 ml", description="Fired twice.")
SHOP = ShopRow(external_id="1", name="Mug House SG", state="connected", to_ship=12)


def fix(*fields: tuple[str, str]) -> FixListingCommand:
    rows = tuple(ListingField(place=name, value=text) for name, text in fields)
    return FixListingCommand(listing_ref="li1", sku="MUG", fields=rows)


def fix_refusals(command: FixListingCommand, **changes: Any) -> list[str]:
    return FIX.refusals(command, FIX.read_facts(command, Memory(replace(LISTING, **changes))))


def test_a_listing_is_corrected_to_what_the_catalogue_says() -> None:
    command = FIX.propose(matter(listing_ref="li1"), Memory(LISTING, others=(PRODUCT,))).command
    shown = FIX.preview(command, FIX.read_facts(command, Memory(LISTING)))

    assert command == fix(("title", "Mug, stoneware, 300 ml"), ("description", "Fired twice."))
    assert (shown.rows[0].before, shown.rows[0].after) == ("Mg", "Mug, stoneware, 300 ml")
    assert shown.rows[2].before == "The title is too short"
    assert shown.text == "title:\nMug, stoneware, 300 ml\n\ndescription:\nFired twice."
    assert FIX.operation(command, {}, "k") == FixListing(
        listing_ref="li1", sku="MUG", fields=(("title", "Mug, stoneware, 300 ml"), ("description", "Fired twice."))
    )


def test_fields_that_are_named_stand_above_the_catalogue() -> None:
    about = matter(listing_ref="li1", fields={"bullet_point": "Dishwasher safe"})

    assert FIX.propose(about, Memory(LISTING, others=(PRODUCT,))).command == fix(("bullet_point", "Dishwasher safe"))
    with pytest.raises(CannotPropose, match="recorded nowhere"):
        FIX.propose(matter(listing_ref="li1"), Memory(LISTING))


def test_a_correction_that_changes_nothing_or_hits_another_product_is_refused() -> None:
    assert fix_refusals(fix(("title", "Mug, stoneware"))) == []
    assert fix_refusals(fix(("title", "Mg"))) == ["MUG has this title already"]
    assert fix_refusals(fix(("title", ""))) == ["the new title is empty"]
    assert fix_refusals(fix(("title", "Mug")), sku="CUP") == ["this listing is CUP now, not MUG"]


def test_a_promotion_is_ended_by_its_own_id_and_shows_what_it_makes_cheaper() -> None:
    live = replace(LISTING, status="live")
    proposal = END.propose(matter(promotion_ref="pr1", promotion="11.11 flash sale", listing_ref="li1"), Memory(live))
    facts = END.read_facts(proposal.command, Memory(live))
    shown = END.preview(proposal.command, facts)

    assert (shown.summary, shown.rows[1].before) == ("End the promotion 11.11 flash sale", "9.9 USD")
    assert END.refusals(proposal.command, facts) == []
    assert END.operation(proposal.command, facts, "k") == EndPromotion(promotion_ref="pr1")
    assert END.refusals(proposal.command, END.read_facts(proposal.command, Memory(LISTING))) == [
        "MUG is suppressed; nobody buys it at the promotion's price"
    ]
    with pytest.raises(CannotPropose, match="no promotion is named"):
        END.propose(matter(), Memory(live))


def test_a_shop_is_closed_until_a_day_and_new_orders_do_not_ask_again() -> None:
    proposal = AWAY.propose(matter(), Memory(SHOP))
    facts = AWAY.read_facts(proposal.command, Memory(SHOP))
    busier = AWAY.read_facts(proposal.command, Memory(replace(SHOP, to_ship=40)))
    paused = AWAY.read_facts(proposal.command, Memory(replace(SHOP, state="paused")))

    assert proposal.command.until == date(2026, 11, 24)
    assert "back on 24 November 2026" in proposal.command.text
    assert AWAY.refusals(proposal.command, facts) == []
    assert AWAY.preview(proposal.command, facts).rows[1].before == "12 orders"
    assert AWAY.differences(facts, busier) == []
    assert [moved.field for moved in AWAY.differences(facts, paused)] == ["state"]
    assert AWAY.operation(proposal.command, facts, "k") == SetHoliday(
        is_away=True, until=date(2026, 11, 24), text=proposal.command.text
    )


def test_where_the_channel_has_the_switch_alone_the_card_says_that_nobody_opens_it_again() -> None:
    switch = Memory(SHOP, calls=(SetHoliday,))
    command = AWAY.propose(matter(), switch).command
    shown = AWAY.preview(command, AWAY.read_facts(command, switch))

    assert AWAY.operation(command, {}, "k") == SetHoliday(is_away=True)
    assert shown.rows[0].after == "closed"
    assert shown.warnings[0] == "Nothing opens the shop again by itself: that is a draft of its own."


def test_a_shop_is_not_closed_until_yesterday_and_is_opened_again() -> None:
    command = AWAY.propose(matter(), Memory(SHOP)).command
    facts = AWAY.read_facts(command, Memory(SHOP))

    assert AWAY.refusals(command.model_copy(update={"until": date(2026, 11, 21)}), facts) == [
        "2026-11-21 is not in the future"
    ]
    opened = command.model_copy(update={"is_away": False, "until": None})
    assert AWAY.refusals(opened, facts) == []
    assert AWAY.preview(opened, facts).summary == "Open Mug House SG"
