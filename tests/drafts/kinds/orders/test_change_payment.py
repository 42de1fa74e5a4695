from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.money import Money
from connectors.operations import ChangePayment
from connectors.types import Order, OrderStatus, PaymentMethod, PaymentMethods
from drafts.kinds.base import CannotPropose
from drafts.kinds.orders.change_payment import ChangePaymentCommand, ChangePaymentKind
from tests.drafts.kinds.desk import ORDER, Memory, matter

KIND = ChangePaymentKind()
OPEN = replace(ORDER, customer_ref="c1", payment_method="card_1")
SAVED = PaymentMethods(
    external_id="c1",
    methods=(PaymentMethod("card_1", "card"), PaymentMethod("gift_1", "gift_card", "Gift card", Decimal("59.99"))),
)


def command(**changes: Any) -> ChangePaymentCommand:
    given = {"order_ref": "o1", "method_ref": "card_2", "amount": "60.00", "currency": "SGD"}
    return ChangePaymentCommand.model_validate(given | changes)


def refusals(order: Order = OPEN, *records: Any, **changes: Any) -> list[str]:
    asked = command(**changes)
    return KIND.refusals(asked, KIND.read_facts(asked, Memory(order, *records)))


def test_where_the_channel_tells_no_methods_a_person_is_warned_and_may_go_on() -> None:
    assert refusals() == []
    shown = KIND.preview(command(), KIND.read_facts(command(), Memory(OPEN)))
    assert shown.warnings[1] == "The channel does not tell the customer's saved methods: check that this is theirs."
    assert KIND.money(command()) == Money(Decimal("60.00"), "SGD")
    assert KIND.operation(command(), {}, "k") == ChangePayment(order_ref="o1", method_ref="card_2")


@pytest.mark.parametrize(
    ("order", "changes", "reason"),
    [
        ({}, {}, "card_2 is no payment method of the customer of order 1042"),
        ({}, {"method_ref": "card_1"}, "order 1042 is paid by card_1 already"),
        ({}, {"method_ref": "gift_1"}, "gift_1 holds 59.99, less than the 60.00 of the order"),
        ({}, {"amount": "59"}, "order 1042 holds 60.00 SGD; the draft says 59"),
        ({}, {"amount": "61"}, "61 is more than the 60.00 SGD that order 1042 still holds"),
        ({"status": OrderStatus.SHIPPED}, {}, "order 1042 is shipped; it can no longer be changed"),
    ],
)
def test_what_cannot_pay_is_refused_in_words(order: Any, changes: Any, reason: str) -> None:
    assert [said.replace("60 SGD", "60.00 SGD") for said in refusals(replace(OPEN, **order), SAVED, **changes)] == [
        reason
    ]


def test_it_is_proposed_for_the_method_that_is_named_and_all_that_the_order_holds() -> None:
    made = KIND.propose(matter(order_ref="o1", method_ref="gift_1"), Memory(OPEN)).command

    assert (made.method_ref, made.amount, made.asked_by_ref) == ("gift_1", Decimal("60.00"), "c1")
    with pytest.raises(CannotPropose, match="which payment method the buyer wants is not said"):
        KIND.propose(matter(order_ref="o1"), Memory(OPEN))
