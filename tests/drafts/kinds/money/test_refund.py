from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.money import ZERO, Money
from connectors.operations import RefundPayment
from connectors.types import OrderStatus, PaymentKind, PaymentStatus, Record
from drafts.kinds.base import CannotPropose
from drafts.kinds.money.refund import RefundCommand, RefundKind
from tests.drafts.kinds.desk import CHARGE, ORDER, OTHER_SHOP, Memory, matter

KIND = RefundKind()
DISPUTED = "payment ch_1 is disputed: answer or accept the dispute; a refund now would pay the buyer twice"


def command(**changes: Any) -> RefundCommand:
    return RefundCommand(**({"payment_ref": "ch_1", "amount": "50.00", "currency": "USD"} | changes))


def refusals(record: Record, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(record)))


def test_what_is_left_of_a_payment_may_go_back() -> None:
    assert refusals(CHARGE) == []
    assert KIND.money(command()) == Money(Decimal("50.00"), "USD")
    assert KIND.operation(command(), {}, "k") == RefundPayment(
        payment_ref="ch_1", amount=Money(Decimal("50.00"), "USD")
    )


@pytest.mark.parametrize(
    ("payment", "changes", "reason"),
    [
        ({}, {"amount": "50.01"}, "50.01 is more than the 50 USD left on payment ch_1"),
        ({"refunded": Decimal(80)}, {}, "payment ch_1 is refunded in full already"),
        (
            {"refunded": None},
            {},
            "the channel does not say how much of payment ch_1 was refunded already; read it again",
        ),
        ({"is_disputed": True}, {}, DISPUTED),
        ({"status": PaymentStatus.FAILED}, {}, "payment ch_1 was never paid (failed); there is nothing to give back"),
        ({"kind": PaymentKind.REFUND}, {}, "payment ch_1 is itself a refund"),
        ({}, {"currency": "SGD"}, "payment ch_1 is in USD, not SGD"),
    ],
)
def test_what_cannot_be_right_is_refused(payment: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    assert refusals(replace(CHARGE, **payment), **changes) == [reason]


def test_an_order_is_refunded_like_a_payment() -> None:
    asked = {"payment_ref": "", "order_ref": "o1", "amount": "60", "currency": "SGD"}

    assert refusals(ORDER, **asked) == []
    assert refusals(replace(ORDER, status=OrderStatus.UNPAID, paid_at=None), **asked) == [
        "order 1042 was never paid (unpaid); there is nothing to give back"
    ]


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e30", "0.00001"])
def test_an_amount_that_is_none_never_becomes_a_command(amount: str) -> None:
    with pytest.raises(ValidationError):
        command(amount=amount)


def test_a_command_must_name_something_and_nothing_unknown() -> None:
    with pytest.raises(ValidationError, match="name the order or the payment"):
        command(payment_ref="")
    with pytest.raises(ValidationError, match="Extra inputs"):
        command(recipient="somebody else")


def test_a_refund_made_elsewhere_since_shows_as_a_difference() -> None:
    before = KIND.read_facts(command(), Memory(CHARGE))
    after = KIND.read_facts(command(), Memory(replace(CHARGE, refunded=Decimal("80.00"))))

    assert [(moved.field, moved.now) for moved in KIND.differences(before, after)] == [("refunded", "80")]


def test_a_preview_shows_the_ladder_and_that_money_never_comes_back() -> None:
    preview = KIND.preview(command(amount="20"), KIND.read_facts(command(), Memory(CHARGE)))

    assert preview.summary == "Refund 20.00 USD on payment ch_1: 25% of 80.00 USD"
    assert [(row.before, row.after) for row in preview.rows[:2]] == [
        ("30.00 USD", "50.00 USD"),
        ("50.00 USD", "30.00 USD"),
    ]
    assert preview.warnings == (
        "Money that has gone back cannot be fetched again.",
        "Partial: a full refund would be 50.00 USD.",
    )
    assert KIND.undo.label == "never"


def test_the_amount_proposed_never_exceeds_what_the_records_leave() -> None:
    proposal = KIND.propose(
        matter(payment_ref="ch_1", order_ref="o1", amount="900", reason="duplicate"), Memory(CHARGE)
    )

    assert (proposal.command.amount, proposal.command.currency) == (Decimal("50.00"), "USD")
    assert (proposal.command.order_ref, proposal.command.reason) == ("", "duplicate")


@pytest.mark.parametrize(
    ("payment", "why"),
    [
        ({"refunded": Decimal(80)}, "nothing is left"),
        ({"refunded": None}, "nothing is left"),
        ({"external_id": "x"}, "not among"),
    ],
)
def test_without_anything_to_give_back_nothing_is_proposed(payment: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotPropose, match=why):
        KIND.propose(matter(payment_ref="ch_1"), Memory(replace(CHARGE, **payment)))


def test_of_an_unknown_total_nothing_is_proposed_or_let_through() -> None:
    unknown = replace(ORDER, total=None)
    with pytest.raises(CannotPropose, match="the total of order 1042 is not known"):
        KIND.propose(matter(order_ref="o1"), Memory(unknown))
    asked = command(payment_ref="", order_ref="o1", currency="SGD")
    facts = KIND.read_facts(asked, Memory(unknown))
    assert KIND.refusals(asked, facts) == [
        "the total of order 1042 is not known, so neither is what is left to refund; read it again"
    ]
    assert "whose total is not known" in KIND.preview(asked, facts).summary


class TestWhereTheMoneyLies:
    def test_an_order_whose_own_shop_took_nothing_is_refunded_at_the_processor_that_did(self) -> None:
        apart = replace(CHARGE, order_number="1042", refunded=ZERO)
        proposal = KIND.propose(matter(order_ref="o1", amount="20"), Memory(ORDER, others=(apart,)))

        assert proposal.shop_id == OTHER_SHOP
        assert (proposal.command.payment_ref, proposal.command.order_ref) == ("ch_1", "")
        assert (proposal.command.amount, proposal.command.currency) == (Decimal("20.00"), "USD")

    def test_a_shop_that_took_the_payment_gives_it_back_itself(self) -> None:
        own = replace(CHARGE, external_id="t_1", order_ref="o1")
        apart = replace(CHARGE, order_number="1042")
        proposal = KIND.propose(matter(order_ref="o1", shop_id=4), Memory(ORDER, own, others=(apart,)))

        assert (proposal.shop_id, proposal.command.order_ref, proposal.command.payment_ref) == (4, "o1", "")

    def test_of_two_charges_elsewhere_none_is_guessed(self) -> None:
        twice = tuple(replace(CHARGE, external_id=ref, order_number="1042") for ref in ("ch_1", "ch_2"))
        proposal = KIND.propose(matter(order_ref="o1"), Memory(ORDER, others=twice))

        assert (proposal.shop_id, proposal.command.order_ref) == (1, "o1")
