from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Handover
from connectors.operations import ArrangeShipment
from connectors.types import OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.arrange_shipment import ArrangeShipmentCommand, ArrangeShipmentKind
from tests.drafts.kinds.desk import NOW, ORDER, Memory, matter

KIND = ArrangeShipmentKind()
COMMAND = ArrangeShipmentCommand(order_ref="o1")


def test_an_order_to_ship_may_be_booked() -> None:
    facts = KIND.read_facts(COMMAND, Memory(ORDER))

    assert KIND.refusals(COMMAND, facts) == []
    assert KIND.operation(COMMAND, facts, "k") == ArrangeShipment(order_ref="o1")
    assert KIND.preview(COMMAND, facts).summary == ("Order 1042 (3 units) is collected by the channel's first courier")
    assert KIND.money(COMMAND) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (OrderStatus.PACKED, "is arranged already"),
        (OrderStatus.SHIPPED, "has left already"),
        (OrderStatus.CANCELLED, "is cancelled"),
        (OrderStatus.UNPAID, "is not paid yet"),
        (OrderStatus.ON_HOLD, "is held by the channel; release it there first"),
        (OrderStatus.CANCEL_ASKED, "waits for an answer to the buyer's request to cancel"),
    ],
)
def test_an_order_in_another_state_is_refused(status: OrderStatus, reason: str) -> None:
    facts = KIND.read_facts(COMMAND, Memory(replace(ORDER, status=status)))

    assert KIND.refusals(COMMAND, facts) == [f"order 1042 {reason}"]


@pytest.mark.parametrize("given", [{}, {"carrier": "J&T"}, {"tracking_number": "JT1"}])
def test_an_own_courier_needs_name_and_number(given: dict[str, Any]) -> None:
    command = ArrangeShipmentCommand(order_ref="o1", method="own_courier", **given)

    assert KIND.refusals(command, KIND.read_facts(command, Memory(ORDER))) == [
        "an own courier needs its name and the tracking number"
    ]


def test_a_preview_warns_once_the_channel_may_cancel() -> None:
    late = replace(ORDER, cancel_after=NOW - timedelta(minutes=1))

    [warning] = KIND.preview(COMMAND, KIND.read_facts(COMMAND, Memory(late))).warnings
    assert warning == "The channel may cancel this order at any moment: its own limit has passed."


def test_it_is_proposed_for_the_order_of_the_matter_only() -> None:
    assert KIND.propose(matter(order_ref="o1", shop_id=4), Memory(ORDER, shop_id=4)).shop_id == 4
    with pytest.raises(CannotPropose, match="no order is named"):
        KIND.propose(matter(), Memory())


class TestWhereTheSellerBringsTheCourier:
    CHANNEL = Memory(ORDER, handover=Handover.MARKS)

    def test_the_own_courier_is_proposed_and_the_preview_says_what_the_call_does(self) -> None:
        proposal = KIND.propose(matter(order_ref="o1"), self.CHANNEL)
        facts = KIND.read_facts(proposal.command, self.CHANNEL)
        preview = KIND.preview(proposal.command, facts)

        assert proposal.command.method == "own_courier"
        assert KIND.refusals(proposal.command, facts) == []
        assert preview.summary == "Mark order 1042 (3 units) as shipped and tell the buyer"
        assert ("Order", "to ship", "marked as shipped") in [(row.label, row.before, row.after) for row in preview.rows]
        assert preview.warnings == (
            "Marks the order as shipped without tracking: add courier and number under Edit.",
            "No courier is booked here, and the buyer is told at once: hand the parcel over first.",
        )

    def test_a_courier_with_its_number_is_shown_and_sent(self) -> None:
        command = ArrangeShipmentCommand(order_ref="o1", method="own_courier", carrier="J&T", tracking_number="JT1")
        preview = KIND.preview(command, KIND.read_facts(command, self.CHANNEL))

        assert preview.summary == "Mark order 1042 (3 units) as shipped with J&T and tell the buyer"
        assert ("Tracking number", "none", "JT1") in [(row.label, row.before, row.after) for row in preview.rows]
        assert not any("without tracking" in warning for warning in preview.warnings)

    def test_a_pickup_that_nobody_would_book_is_refused(self) -> None:
        facts = KIND.read_facts(COMMAND, self.CHANNEL)

        assert KIND.refusals(COMMAND, facts) == [
            "this channel books no courier: choose your own, with its name and the tracking number"
        ]


def test_a_courier_is_edited_in_one_line_fields_that_may_stay_empty() -> None:
    fields = CommandForm(ArrangeShipmentCommand(order_ref="o1", method="own_courier")).fields

    assert list(fields) == ["method", "carrier", "tracking_number"]
    assert not fields["carrier"].required
    assert not fields["tracking_number"].required
