from dataclasses import replace
from typing import Any

import pytest

from connectors.operations import HoldOrder
from connectors.types import OrderStatus
from drafts.forms.command import CommandForm
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.hold_order import HoldOrderCommand, HoldOrderKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = HoldOrderKind()
HELD = replace(ORDER, status=OrderStatus.ON_HOLD)


def refusals(status: OrderStatus, **changes: Any) -> list[str]:
    command = HoldOrderCommand(order_ref="o1", **changes)
    return KIND.refusals(command, KIND.read_facts(command, Memory(replace(ORDER, status=status))))


def test_an_open_order_is_held_for_what_the_exception_is_about() -> None:
    proposal = KIND.propose(replace(matter(order_ref="o1"), detector="fraud_warning"), Memory(ORDER))
    facts = KIND.read_facts(proposal.command, Memory(ORDER))
    preview = KIND.preview(proposal.command, facts)

    assert facts == {"number": "1042", "status": "to_ship"}
    assert KIND.operation(proposal.command, facts, "k") == HoldOrder(
        order_ref="o1", is_held=True, reason="fraud", note="Order 1042 is late"
    )
    assert [(row.label, row.before, row.after) for row in preview.rows] == [
        ("Order", "to ship", "on hold"),
        ("Reason given", "", "fraud"),
    ]
    assert preview.text == "Hold order 1042. Reason: Order 1042 is late."
    assert preview.warnings == ("The channel's own deadlines run on: a held order can become late.",)


def test_a_held_order_is_released_by_the_further_choice() -> None:
    asked = replace(matter(order_ref="o1"), choice="release")
    proposal = KIND.propose(asked, Memory(HELD))

    assert KIND.choices(asked) == (("release", "Release the order"),)
    assert (KIND.choice_of(proposal.command), proposal.command.is_held) == ("release", False)
    assert KIND.preview(proposal.command, KIND.read_facts(proposal.command, Memory(HELD))).warnings == ()


@pytest.mark.parametrize(
    ("status", "changes", "reasons"),
    [
        (OrderStatus.UNPAID, {}, []),
        (OrderStatus.ON_HOLD, {"is_held": False}, []),
        (OrderStatus.ON_HOLD, {}, ["order 1042 is held already"]),
        (OrderStatus.TO_SHIP, {"is_held": False}, ["order 1042 is not held"]),
        (
            OrderStatus.PACKED,
            {},
            ["order 1042 is packed, and its courier booked: call the hand-over off first"],
        ),
        (OrderStatus.SHIPPED, {}, ["order 1042 is shipped; it can no longer be changed"]),
        (
            OrderStatus.CANCEL_ASKED,
            {},
            ["order 1042 waits for an answer to the buyer's request to cancel; answer that first"],
        ),
    ],
)
def test_only_what_can_still_be_stopped_is_held(
    status: OrderStatus, changes: dict[str, Any], reasons: list[str]
) -> None:
    assert refusals(status, **changes) == reasons


def test_nothing_is_proposed_that_is_so_already() -> None:
    with pytest.raises(CannotPropose, match="order 1042 is held already"):
        KIND.propose(matter(order_ref="o1"), Memory(HELD))
    with pytest.raises(CannotPropose, match="order 1042 is not held"):
        KIND.propose(replace(matter(order_ref="o1"), choice="release"), Memory(ORDER))


def test_it_is_held_at_the_shop_that_has_the_order_not_where_the_warning_came_from() -> None:
    proposal = KIND.propose(matter(order_ref="o1", shop_id=9, order_shop_id=4), Memory(ORDER))

    assert proposal.shop_id == 4


def test_reason_and_note_are_edited_and_the_order_stays() -> None:
    form = CommandForm(HoldOrderCommand(order_ref="o1"))

    assert list(form.fields) == ["is_held", "reason", "note"]
    assert form.kept == [("Order", "o1")]
