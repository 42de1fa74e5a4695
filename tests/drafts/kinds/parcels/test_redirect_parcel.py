from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.money import Money
from connectors.operations import RedirectParcel
from connectors.types import RedirectOffer, RedirectWay, ShipmentStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.parcels.redirect_parcel import RedirectParcelCommand, RedirectParcelKind
from tests.drafts.kinds.desk import ORDER, PARCEL, Memory, matter

KIND = RedirectParcelKind()
MOVING = replace(PARCEL, status=ShipmentStatus.IN_TRANSIT)
OFFER = RedirectOffer(
    external_id="JT900",
    ways=(
        RedirectWay(way="return", charge=Money(Decimal("17.80"), "USD")),
        RedirectWay(way="reschedule", days=(date(2026, 11, 25), date(2026, 11, 26))),
    ),
    standing=("hold_for_pickup",),
)
COURIER = Memory(ORDER, MOVING, OFFER, performer=6)


def command(**changes: Any) -> RedirectParcelCommand:
    given = {"shipment_ref": "s1", "order_ref": "o1", "tracking_number": "JT900", "carrier": "J&T"}
    return RedirectParcelCommand.model_validate(given | changes)


def refusals(shop: Memory = COURIER, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, shop))


def test_a_parcel_is_called_back_at_its_courier_for_the_fee_that_it_tells() -> None:
    proposal = KIND.propose(matter(shipment_ref="s1"), COURIER)
    facts = KIND.read_facts(proposal.command, COURIER)
    preview = KIND.preview(proposal.command, facts)

    assert (proposal.command, proposal.shop_id) == (command(), 6)
    assert KIND.refusals(proposal.command, facts) == []
    assert KIND.operation(proposal.command, facts, "k") == RedirectParcel(
        tracking_number="JT900", carrier="J&T", way="return"
    )
    assert [(row.label, row.before, row.after) for row in preview.rows] == [
        ("Parcel", "in transit", "comes back to us"),
        ("Courier", "J&T", "charges 17.80 USD"),
    ]
    assert preview.warnings == ("The buyer does not get it: settle the order with a refund or a new parcel.",)


def test_another_day_is_the_first_that_the_courier_offers() -> None:
    later = KIND.propose(replace(matter(shipment_ref="s1"), choice="reschedule"), COURIER).command

    assert (later.way, later.day, KIND.choice_of(later)) == ("reschedule", date(2026, 11, 25), "reschedule")
    with pytest.raises(CannotPropose, match="the courier offers no other day for this parcel"):
        KIND.propose(replace(matter(shipment_ref="s1"), choice="reschedule"), Memory(MOVING))


def test_another_address_is_offered_only_where_the_buyer_named_one() -> None:
    named = matter(
        shipment_ref="s1", address_name="Mei", address_line1="9 New Road", address_city="Austin",
        address_region="TX", address_postcode="78701", address_country="us",
    )  # fmt: skip
    moved = KIND.propose(replace(named, choice="reroute"), Memory(MOVING)).command

    assert [choice for choice, _ in KIND.choices(matter())] == ["hold_for_pickup", "reschedule"]
    assert [choice for choice, _ in KIND.choices(named)] == ["hold_for_pickup", "reschedule", "reroute"]
    assert moved.address is not None
    assert KIND.preview(moved, KIND.read_facts(moved, Memory(MOVING))).text == (
        "Parcel JT900: goes to another address:\nMei\n9 New Road\n78701 Austin TX\nUS"
    )


@pytest.mark.parametrize(
    ("shop", "changes", "reason"),
    [
        (COURIER, {"way": "hold_for_pickup"}, "that parcel JT900 waits at the courier's counter is asked for already"),
        (
            COURIER,
            {"way": "reschedule", "day": "2026-12-24"},
            "the courier offers 2026-11-25, 2026-11-26, not 2026-12-24",
        ),
        (
            Memory(MOVING, replace(OFFER, ways=OFFER.ways[1:])),
            {},
            "the courier offers for this parcel: reschedule; not return",
        ),
        (Memory(PARCEL), {}, "parcel JT900 is delivered"),
        (Memory(replace(MOVING, tracking_number="JT901")), {}, "the parcel's number is JT901 now, not JT900"),
    ],
)
def test_what_the_courier_does_not_offer_any_more_is_refused(
    shop: Memory, changes: dict[str, Any], reason: str
) -> None:
    assert refusals(shop, **changes) == [reason]


def test_days_to_choose_from_move_by_themselves_and_a_new_fee_does_not() -> None:
    before = KIND.read_facts(command(), COURIER)
    later = replace(OFFER, ways=(OFFER.ways[0], replace(OFFER.ways[1], days=(date(2026, 11, 27),))))
    dearer = replace(OFFER, ways=(replace(OFFER.ways[0], charge=Money(Decimal(30), "USD")), OFFER.ways[1]))

    assert KIND.differences(before, KIND.read_facts(command(), Memory(MOVING, later))) == []
    assert [m.field for m in KIND.differences(before, KIND.read_facts(command(), Memory(MOVING, dearer)))] == ["ways"]


def test_where_no_courier_can_be_asked_the_card_says_that_it_may_refuse() -> None:
    preview = KIND.preview(command(), KIND.read_facts(command(), Memory(MOVING)))

    assert preview.rows[1].after == "charges what it says afterwards"
    assert preview.warnings[0] == (
        "The courier may say no: whether it still takes this change is shown once it has answered."
    )


def test_the_last_parcel_of_an_order_is_taken_where_none_is_named() -> None:
    assert KIND.propose(matter(order_ref="o1"), COURIER).command == command()
    with pytest.raises(CannotPropose, match="no parcel of order 1042 is known"):
        KIND.propose(matter(order_ref="o1"), Memory(ORDER))
    with pytest.raises(CannotPropose, match="the parcel has no tracking number"):
        KIND.propose(matter(shipment_ref="s1"), Memory(replace(MOVING, tracking_number="")))


def test_a_day_and_a_whole_address_are_needed_for_their_ways() -> None:
    with pytest.raises(ValidationError, match="name the day of the new delivery"):
        command(way="reschedule")
    with pytest.raises(ValidationError, match="name the whole new address"):
        command(way="reroute", line1="9 New Road")
    form = CommandForm(command(), {"tracking_number": "JT900", "carrier": "J&T", "way": "reschedule", "day": ""})
    assert not form.is_valid()
    assert form.non_field_errors() == ["name the day of the new delivery"]
