from dataclasses import replace

import pytest
from pydantic import ValidationError

from connectors.operations import Address, ChangeAddress
from connectors.types import DeliveryAddress, OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.change_address import ChangeAddressCommand, ChangeAddressKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = ChangeAddressKind()
SHIPPABLE = replace(ORDER, country="SG")
OLD = Address(name="Mei Tan", line1="1 Old Road", city="Singapore", postcode="100001", country="SG")
NEW = Address(name="Mei Tan", line1="9 New Road", line2="#04-12", city="Singapore", postcode="200002", country="SG")
GOES = DeliveryAddress(external_id="o1", address=OLD)
CHANNEL = Memory(SHIPPABLE, GOES)
ASKED = {
    "order_ref": "o1", "address_line1": "9 New Road", "address_line2": "#04-12", "address_city": "Singapore",
    "address_postcode": "200002",
}  # fmt: skip


def command(**changes: str) -> ChangeAddressCommand:
    given = {"name": "Mei Tan", "line1": "9 New Road", "line2": "#04-12", "city": "Singapore", "postcode": "200002"}
    return ChangeAddressCommand.model_validate({"order_ref": "o1", **given, "country": "SG", **changes})


def test_the_buyers_own_words_become_a_whole_address_with_what_the_order_knows() -> None:
    proposal = KIND.propose(matter(**ASKED), CHANNEL)
    facts = KIND.read_facts(proposal.command, CHANNEL)

    assert KIND.refusals(proposal.command, facts) == []
    assert KIND.operation(proposal.command, facts, "k") == ChangeAddress(order_ref="o1", address=NEW)


def test_the_preview_shows_from_where_to_where_and_that_parcels_are_stolen_this_way() -> None:
    preview = KIND.preview(command(), KIND.read_facts(command(), CHANNEL))

    assert [(row.label, row.before, row.after) for row in preview.rows] == [
        (
            "Goes to",
            "Mei Tan, 1 Old Road, 100001 Singapore, SG",
            "Mei Tan, 9 New Road, #04-12, 200002 Singapore, SG",
        )
    ]
    assert preview.text == "Mei Tan\n9 New Road\n#04-12\n200002 Singapore\nSG"
    assert preview.warnings == (
        "Only the buyer's own request is a reason: a changed address is how parcels are stolen.",
    )


def test_another_country_is_warned_of() -> None:
    preview = KIND.preview(command(country="MY"), KIND.read_facts(command(country="MY"), CHANNEL))

    assert preview.warnings[1] == "It goes to another country: duties, postage and the promised day change."


def test_an_address_that_the_buyer_changes_meanwhile_brings_the_draft_back() -> None:
    moved = Memory(SHIPPABLE, replace(GOES, address=replace(OLD, line1="7 Third Road")))

    [difference] = KIND.differences(KIND.read_facts(command(), CHANNEL), KIND.read_facts(command(), moved))
    assert (difference.field, difference.now) == ("goes_to", "Mei Tan, 7 Third Road, 100001 Singapore, SG")


def test_what_is_packed_or_goes_there_already_is_refused() -> None:
    packed = Memory(replace(SHIPPABLE, status=OrderStatus.PACKED), GOES)
    there = Memory(SHIPPABLE, replace(GOES, address=NEW))

    assert KIND.refusals(command(), KIND.read_facts(command(), packed)) == [
        "order 1042 is packed, and its courier booked: call the hand-over off first"
    ]
    assert KIND.refusals(command(), KIND.read_facts(command(), there)) == ["order 1042 goes there already"]


def test_a_part_of_an_address_is_no_address() -> None:
    with pytest.raises(CannotPropose, match="the new address is not known in full; ask the buyer for it"):
        KIND.propose(matter(order_ref="o1", address_city="Singapore"), CHANNEL)
    with pytest.raises(ValidationError, match="country"):
        command(country="Singapore")
    with pytest.raises(ValidationError, match="line1"):
        command(line1="9 New Road\nBcc: everybody")


def test_each_line_is_edited_and_the_order_stays() -> None:
    form = CommandForm(command())

    assert list(form.fields) == ["name", "line1", "line2", "city", "region", "postcode", "country", "phone"]
    assert ("Order", "o1") in form.kept
