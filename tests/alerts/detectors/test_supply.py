"""A supplier's word against the order: late, silent, short, dearer; and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.detectors import BY_NAME
from alerts.looks import InboundLook, PromiseLook, SupplyLook
from alerts.lookup import Rules
from alerts.supply import Reckoned, reconcile
from alerts.types import Finding
from tests.alerts.conftest import NOW, SHOPIFY, known
from tests.alerts.detectors.test_stock import sku

MakeRules = Callable[..., Rules]
KNOWN = (known("margin", "0.35"), known("substitution", "0.2"))


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def line(**changes: Any) -> SupplyLook:
    """200 mugs due in eight days; a hundred are free to sell, ten go a day."""
    look = SupplyLook(
        shop=SHOPIFY, ref="300:71", number="PO-300", supplier_ref="900", supplier_name="Brightline", sku="MUG-1",
        quantity=200, unit_cost=Decimal(8), currency="USD", due_at=at(8), stock=sku(), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)


def word(**said: Any) -> PromiseLook:
    return PromiseLook(shop_id=9, ref="PO-300:MUG-1", read_at=NOW, **{"currency": "USD", **said})


def found(look: SupplyLook, rules: Rules) -> list[Finding]:
    return list(BY_NAME["supplier_late"].detect((look,), NOW, rules))


@pytest.fixture
def context(rules: MakeRules) -> Rules:
    return rules("supplier_late", *KNOWN)


# -- reconciliation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Reckoned()),
        ({"promise": word(quantity=200, unit_cost=Decimal(8), due_at=at(8))}, Reckoned()),
        ({"promise": word(due_at=at(6), quantity=250, unit_cost=Decimal("7.5"))}, Reckoned()),
        ({"promise": word(due_at=at(15))}, Reckoned(late_days=Decimal(7))),
        ({"promise": word(quantity=140)}, Reckoned(short=60)),
        ({"promise": word(quantity=140), "received": 160}, Reckoned(short=40)),
        ({"promise": word(unit_cost=Decimal("8.50"))}, Reckoned(dearer=Decimal("0.50"))),
        ({"promise": word(unit_cost=Decimal(58), currency="CNY")}, Reckoned(currency="CNY")),
        ({"due_at": at(-3)}, Reckoned(overdue_days=Decimal(3))),
        ({"due_at": at(-3), "promise": word(due_at=at(4))}, Reckoned(late_days=Decimal(7))),
        ({"due_at": at(-9), "promise": word(due_at=at(-2))},
         Reckoned(late_days=Decimal(7), overdue_days=Decimal(2))),
        ({"due_at": None}, Reckoned()),
        ({"due_at": None, "promise": word(due_at=at(-1))}, Reckoned(overdue_days=Decimal(1))),
    ],
)  # fmt: skip
def test_a_promise_is_reckoned_against_what_was_agreed(changes: dict[str, Any], expected: Reckoned) -> None:
    assert reconcile(line(**changes), NOW) == expected
    assert reconcile(line(**changes), NOW).is_off == (expected != Reckoned())


# -- dollars ----------------------------------------------------------------------------------------------------------


def test_a_week_late_costs_the_days_beyond_what_is_in_stock(context: Rules) -> None:
    """Cover is ten days, the goods come on the fifteenth: five days of $70 are lost, not the seven of the slip."""
    (row,) = found(line(promise=word(due_at=at(15))), context)
    assert row.ignored is not None
    assert row.ignored.likely == 5 * 70
    assert row.cash is not None
    assert row.cash.likely == 175
    assert row.cash.recomputed() == row.cash
    assert (row.subject.kind, row.subject.ref, row.subject.shop_id) == ("purchase_order", "300:71", SHOPIFY.id)
    assert row.title == "Brightline promises it 7 days late on PO-300"
    assert row.drafts[:2] == ("chase_supplier", "purchase_order")
    assert (row.arguments["purchase_ref"], row.arguments["purchase_shop_id"]) == (row.subject.ref, row.subject.shop_id)
    assert row.arguments["sku"] == "MUG-1"


def test_missing_units_cost_the_days_before_a_new_order_could_come(context: Rules) -> None:
    """Ten days of cover and five of what comes end on the fifteenth; a new order takes eighteen."""
    (row,) = found(line(promise=word(quantity=50)), context)
    assert row.ignored is not None
    assert row.ignored.likely == 3 * 70


def test_a_higher_price_costs_what_the_units_still_to_come_cost_more(context: Rules) -> None:
    (row,) = found(line(received=50, promise=word(unit_cost=Decimal("8.50"))), context)
    assert row.ignored is not None
    assert row.ignored.likely == 75
    assert "asks 0.5 more a unit than agreed" in row.why.lower()


def test_a_silent_supplier_is_expected_after_a_usual_slip_and_the_card_says_that_it_is_assumed(context: Rules) -> None:
    (row,) = found(line(due_at=at(-3), stock=sku(on_hand=20)), context)
    assert row.ignored is not None
    assert row.ignored.likely == 7 * 70
    assert row.ignored.low < row.ignored.likely < row.ignored.high
    assert "days until it may come" in row.ignored.assumed()
    assert "3 days overdue without a word" in row.why


def test_other_goods_that_come_before_shrink_the_gap(context: Rules) -> None:
    other = InboundLook(ref="301:1", number="PO-301", quantity=30, due_at=at(4))
    mine = InboundLook(ref="300:71", number="PO-300", quantity=200, due_at=at(15))
    (row,) = found(line(promise=word(due_at=at(15)), stock=sku(inbound=(other, mine))), context)
    assert row.ignored is not None
    assert row.ignored.likely == 2 * 70


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"promise": word(due_at=at(8.5))},  # less than a day
        {"promise": word(due_at=at(9.5))},  # stock lasts until then
        {"promise": word(quantity=190)},  # a new order comes before those ten are missed
        {"promise": word(unit_cost=Decimal("8.05"))},  # within rounding
        {"promise": word(due_at=at(15)), "stock": None},
        {"promise": word(due_at=at(15)), "stock": sku(daily_units=(0,) * 30)},
    ],
)
def test_a_slip_that_costs_nothing_is_no_exception(changes: dict[str, Any], context: Rules) -> None:
    assert found(line(**changes), context) == []


def test_what_cannot_be_counted_is_told_without_dollars(context: Rules) -> None:
    (row,) = found(line(promise=word(due_at=at(15)), stock=sku(offers=())), context)
    assert (row.cash, row.missing) == (None, ("a price of this SKU",))
    (foreign,) = found(line(promise=word(unit_cost=Decimal(58), currency="CNY")), context)
    assert foreign.cash is None
    assert "CNY" in foreign.missing[0]


def test_a_new_word_makes_a_rejected_draft_worth_asking_again(context: Rules) -> None:
    states = {found(line(promise=word(due_at=at(days))), context)[0].state for days in (15, 16)}
    assert len(states) == 2
