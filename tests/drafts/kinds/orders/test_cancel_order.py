from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import AnswerCancellation, CancelOrder
from connectors.types import Order, OrderStatus
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.cancel_order import CancelOrderCommand, CancelOrderKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = CancelOrderKind()


def command(**changes: Any) -> CancelOrderCommand:
    return CancelOrderCommand(**({"order_ref": "o1", "amount": "60.00", "currency": "SGD"} | changes))


def refusals(order: Order = ORDER, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(order)))


def test_a_paid_open_order_may_be_cancelled_for_what_it_holds() -> None:
    assert refusals() == []
    assert KIND.money(command()) == Money(Decimal("60.00"), "SGD")
    assert KIND.operation(command(), {}, "k") == CancelOrder(order_ref="o1", reason="other")


@pytest.mark.parametrize(
    ("order", "changes", "reason"),
    [
        ({"status": OrderStatus.SHIPPED}, {}, "order 1042 has left already (shipped); ask for a return instead"),
        ({"status": OrderStatus.CANCELLED}, {}, "order 1042 is cancelled already"),
        ({}, {"answer": "accept_request"}, "the buyer is not asking to cancel order 1042 any more"),
        ({}, {"currency": "USD"}, "order 1042 is in SGD, not USD"),
        ({}, {"amount": "60.01"}, "60.01 is more than the 60 SGD that order 1042 still holds"),
        ({"refunded": Decimal(10)}, {}, "60.00 is more than the 50 SGD that order 1042 still holds"),
        ({"total": None}, {}, "the total of order 1042 is not known; read it again"),
        ({}, {"amount": None}, "cancelling order 1042 gives back 60 SGD; the draft says 0"),
        (
            {},
            {"reason": "out_of_stock"},
            "name the lines that are out of stock; the channel asks for them with this reason",
        ),
        (
            {},
            {"lines": [{"line_ref": "l1", "quantity": 3}], "amount": "40"},
            "order 1042 has 2 of MUG left to cancel, not 3",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(order: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    assert refusals(replace(ORDER, **order), **changes) == [reason]


def test_facts_are_the_same_from_the_wire_and_from_a_column() -> None:
    column = replace(ORDER, total=Decimal("60.0000"), refunded=Decimal("0.0000"))

    wire = KIND.read_facts(command(), Memory(ORDER))
    assert KIND.differences(wire, KIND.read_facts(command(), Memory(column))) == []


def test_a_parcel_that_left_since_the_approval_shows_as_a_difference() -> None:
    before = KIND.read_facts(command(), Memory(ORDER))
    after = KIND.read_facts(command(), Memory(replace(ORDER, status=OrderStatus.SHIPPED)))

    [moved] = KIND.differences(before, after)
    assert (moved.field, moved.approved, moved.now) == ("status", "to_ship", "shipped")


def test_short_skus_become_the_lines_and_the_money_that_go_back() -> None:
    proposal = KIND.propose(matter(order_ref="o1", shop_id=1, skus=["MUG"]), Memory(ORDER))

    assert proposal.command.model_dump(mode="json") == {
        "asked_by_ref": "", "order_ref": "o1", "answer": "cancel", "reason": "out_of_stock", "buyer_reason": "",
        "lines": [{"line_ref": "l1", "quantity": 2}], "amount": "40.00", "refund_ref": "", "currency": "SGD",
        "should_restock": False, "should_notify": True,
    }  # fmt: skip
    assert refusals(**proposal.command.model_dump()) == []


def test_a_buyers_own_request_is_answered_instead() -> None:
    asked = replace(ORDER, status=OrderStatus.CANCEL_ASKED)
    proposal = KIND.propose(matter(order_ref="o1"), Memory(asked))

    assert KIND.operation(proposal.command, {}, "k") == AnswerCancellation(order_ref="o1", is_accepted=True)
    facts = KIND.read_facts(proposal.command, Memory(asked))
    assert KIND.refusals(proposal.command, facts) == []
    refused = command(answer="refuse_request")
    assert KIND.money(refused) is None
    assert KIND.preview(refused, facts).summary == "Refuse the buyer's request to cancel order 1042"


def test_a_preview_says_what_goes_back_and_that_it_is_final() -> None:
    preview = KIND.preview(command(), KIND.read_facts(command(), Memory(ORDER)))

    assert preview.summary == "Cancel the whole of order 1042"
    assert [(row.label, row.before, row.after) for row in preview.rows] == [
        ("Order", "to ship", "cancelled"),
        ("Back to the buyer", "0", "60.00 SGD"),
        ("Stock", "sold", "back on sale"),
    ]
    assert preview.warnings[0] == "A cancelled order cannot be brought back."
    assert KIND.undo.label == "never"


def test_no_order_no_proposal() -> None:
    with pytest.raises(CannotPropose, match="order gone is not among the saved records"):
        KIND.propose(matter(order_ref="gone"), Memory())
    with pytest.raises(LookupError, match="order o1 is no longer there"):
        KIND.read_facts(command(), Memory())


def test_where_another_processor_holds_the_money_it_goes_back_there_and_not_twice() -> None:
    memory = Memory(ORDER)
    proposal = KIND.propose(matter(order_ref="o1", shop_id=9, order_shop_id=4, payment_ref="ch_1"), memory)
    facts = KIND.read_facts(proposal.command, memory)
    preview = KIND.preview(proposal.command, facts)

    assert (proposal.shop_id, proposal.command.amount, proposal.command.refund_ref) == (4, None, "ch_1")
    assert KIND.refusals(proposal.command, facts) == []
    operation = KIND.operation(proposal.command, facts, "k")
    assert isinstance(operation, CancelOrder)
    assert operation.should_refund is False
    assert "Gives no money back: refund payment ch_1 by its own draft as well." in preview.warnings
    both = proposal.command.model_copy(update={"amount": Decimal(5)})
    assert KIND.refusals(both, facts) == ["payment ch_1 is refunded by its own draft; leave the amount empty"]


def test_an_unknown_total_is_never_proposed_as_nothing_to_give_back() -> None:
    with pytest.raises(CannotPropose, match="the total of order 1042 is not known"):
        KIND.propose(matter(order_ref="o1"), Memory(replace(ORDER, total=None)))
