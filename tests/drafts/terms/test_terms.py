"""Terms are typed figures of one write: a value, not known, or not of this write at all."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Retry
from connectors.types import Listing, OrderStatus, PaymentMethod, PaymentMethods, Variant
from drafts.kinds import KINDS
from drafts.kinds.own import OrderDeeds
from drafts.policy import Operator
from drafts.terms import OPERATORS, TERMS, Type, values_of
from tests.drafts.kinds.desk import NOW, ORDER, Memory

HOME = replace(
    ORDER, status=OrderStatus.DELIVERED, customer_ref="mei", country="SG", payment_method="card_1",
    delivered_at=NOW - timedelta(days=31), lines=(replace(ORDER.lines[0], listing_ref="mug-s"), ORDER.lines[1]),
)  # fmt: skip
RECORDS = (
    PaymentMethods(
        external_id="mei",
        methods=(PaymentMethod("card_1", "card"), PaymentMethod("gift", "gift_card", balance=Decimal(4))),
    ),
    OrderDeeds(external_id="o1", times=(("change_items", 2), ("exchange", 1))),
    *(Variant(external_id=ref, product_ref=ref[:3]) for ref in ("mug-s", "mug-l", "cup-s")),
    *(Listing(external_id=ref, sku=ref, price=Decimal(25), currency="SGD") for ref in ("mug-s", "mug-l", "cup-s")),
)  # fmt: skip
EXCHANGE = {
    "order_ref": "o1",
    "asked_by_ref": "mei",
    "method_ref": "gift",
    "taken": [{"line_ref": "l1", "quantity": 1}],
    "given": [{"listing_ref": "mug-l", "quantity": 1, "replaces_ref": "l1"}],
}


def values(kind: str, *records: Any, **arguments: Any) -> dict[str, Any]:
    command = KINDS[kind].command.model_validate(arguments)
    return values_of(TERMS, kind, command, Memory(*(records or (HOME, *RECORDS))))


def test_an_exchange_has_all_of_them_but_the_reason() -> None:
    assert values("exchange", **EXCHANGE) == {
        "order_status": "delivered",
        "asked_by_its_buyer": True,
        "order_country": "SG",
        "order_total": Decimal("60.00"),
        "days_since_delivery": 31,
        "times_done": 1,
        "times_items_changed": 2,
        "even_exchange": True,
        "same_product": True,
        "other_option": True,
        "price_difference": Decimal("5.00"),
        "method_is_theirs": True,
        "method_is_another": True,
        "money_goes_to": "gift_card",
        "balance_lacks": Decimal("1.00"),
    }


def test_a_decision_on_a_return_has_none_of_them() -> None:
    assert values("decide_return", return_ref="r1", decision="reject", currency="SGD") == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"given": [{"listing_ref": "mug-l", "quantity": 2, "replaces_ref": "l1"}]}, {"even_exchange": False}),
        ({"given": [{"listing_ref": "cup-s", "quantity": 1, "replaces_ref": "l1"}]}, {"same_product": False}),
        ({"given": [{"listing_ref": "cup-s", "quantity": 1}]}, {"same_product": False, "even_exchange": True}),
        ({"given": [{"listing_ref": "mug-s", "quantity": 1, "replaces_ref": "l1"}]}, {"other_option": False}),
        ({"given": [{"listing_ref": "mug-s", "quantity": 1}]}, {"other_option": False, "same_product": True}),
        ({"given": [{"listing_ref": "new", "quantity": 1, "replaces_ref": "l1"}]}, {"same_product": None}),
        ({"taken": [{"line_ref": "l2", "quantity": 1}]}, {"same_product": None}),
        ({"method_ref": "card_1"}, {"money_goes_to": "origin", "method_is_another": False, "balance_lacks": 0}),
        ({"method_ref": "stranger"}, {"method_is_theirs": False, "money_goes_to": None}),
        ({"method_ref": ""}, {"method_is_theirs": False}),
        ({"asked_by_ref": "ann"}, {"asked_by_its_buyer": False}),
    ],
)  # fmt: skip
def test_each_says_what_is_wrong_with_a_write(changes: dict[str, Any], said: dict[str, Any]) -> None:
    found = values("exchange", **EXCHANGE | changes)
    assert {name: found[name] for name in said} == said


def test_our_own_decision_was_asked_for_by_nobody() -> None:
    assert "asked_by_its_buyer" not in values("exchange", **EXCHANGE | {"asked_by_ref": ""})


def test_what_is_not_known_is_none_and_never_a_guess() -> None:
    found = values("exchange", replace(HOME, delivered_at=None, customer_ref="", payment_method=""), **EXCHANGE)
    unknown = {"days_since_delivery", "asked_by_its_buyer", "method_is_another", "method_is_theirs", "balance_lacks",
               "price_difference", "money_goes_to", "same_product"}  # fmt: skip
    assert {name for name, value in found.items() if value is None} == unknown
    gone = values("exchange", OrderDeeds(external_id="other"), **EXCHANGE)
    assert gone["order_status"] is None


def test_a_channel_that_does_not_answer_leaves_its_terms_unknown() -> None:
    class Down(Memory):
        def fetch(self, record: type[Any], external_id: str) -> Any:
            raise Retry("down")

    command = KINDS["exchange"].command.model_validate(EXCHANGE)
    assert values_of(["order_status"], "exchange", command, Down()) == {"order_status": None}


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("same_product", "Yes", (True,)),
        ("balance_lacks", "0.50", (Decimal("0.50"),)),
        ("buyer_reason", "no longer needed; ordered by mistake", ("no longer needed", "ordered by mistake")),
    ],
)
def test_values_are_read_by_their_type(term: str, text: str, found: tuple[Any, ...]) -> None:
    assert TERMS[term].values(text) == found


@pytest.mark.parametrize(
    ("term", "text", "says"),
    [
        ("same_product", "perhaps", "say yes or no"),
        ("times_done", "1.5", "1.5 is no number"),
        ("balance_lacks", "NaN", "NaN is no amount"),
        ("order_status", "lost", "lost is none of unpaid, on_hold"),
        ("order_status", " ; ", "name a value"),
        ("times_done", "1;2", "name one value"),
    ],
)
def test_a_value_of_another_type_is_refused_in_words(term: str, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TERMS[term].values(text)


def test_every_type_has_its_operators_and_every_operator_a_type() -> None:
    assert set(OPERATORS) == set(Type)
    assert {operator for operators in OPERATORS.values() for operator in operators} == set(Operator)
