"""Stock-outs, best sellers out, oversold SKUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.detectors import BY_NAME
from alerts.detectors.stock.oversold import orders_to_short
from alerts.looks import InboundLook, OfferLook, OpenAllocation, StockLook
from alerts.lookup import Rules
from alerts.pace import order_quantity, pace
from alerts.types import Finding
from tests.alerts.conftest import NOW, SHOPEE, SHOPIFY, known

MakeRules = Callable[..., Rules]
KNOWN = (known("margin", "0.35"), known("substitution", "0.2"))


def run(name: str, look: StockLook, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


def sku(**changes: object) -> StockLook:
    """Golden example 6: on hand 120, reserved 20, ten a day, 18 days of lead time, $25."""
    look = StockLook(
        sku="MUG-1", title="Mug", on_hand=120, reserved=20, daily_units=(10,) * 30, lead_time_days=18, place=1,
        offers=(OfferLook(shop=SHOPIFY, on_hand=120, price=Decimal(25), currency="USD"),), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_gap_of_eight_days_costs_560_dollars_and_is_already_late(rules: MakeRules) -> None:
    (found,) = run("stock_out", sku(), rules("stock_out", *KNOWN))
    assert found.cash is not None
    assert found.cash.likely == 560
    assert found.deadline is None
    assert "Already late: each day costs 70.00 USD." in found.why
    assert found.cash.recomputed() == found.cash


def test_the_order_covers_lead_time_review_and_spread(rules: MakeRules) -> None:
    (found,) = run("stock_out", sku(), rules("stock_out", *KNOWN))
    assert found.arguments["quantity"] == 10 * (18 + 7) - 100


@pytest.mark.parametrize(
    ("minimum", "case", "expected"), [(None, None, 150), (200, None, 200), (None, 48, 192), (170, 48, 192)]
)
def test_quantities_respect_minimum_and_case(minimum: int | None, case: int | None, expected: int) -> None:
    speed = pace((10,) * 30)
    assert speed is not None
    assert order_quantity(speed, 18, 7, 1.28, 100, minimum, case) == expected


def test_inbound_that_arrives_in_time_closes_the_gap(rules: MakeRules) -> None:
    coming = InboundLook(ref="p", number="PO-1", quantity=500, due_at=NOW + timedelta(days=5))
    assert run("stock_out", sku(inbound=(coming,)), rules("stock_out", *KNOWN)) == []


def test_inbound_without_a_date_is_not_counted_on(rules: MakeRules) -> None:
    coming = InboundLook(ref="p", number="PO-1", quantity=500, due_at=None)
    assert len(run("stock_out", sku(inbound=(coming,)), rules("stock_out", *KNOWN))) == 1


@pytest.mark.parametrize(
    "changes", [{"on_hand": 900}, {"daily_units": ()}, {"daily_units": (0,) * 30}, {"on_hand": 20}]
)
def test_enough_stock_no_sales_or_nothing_left_is_no_coming_stock_out(
    changes: dict[str, object], rules: MakeRules
) -> None:
    assert run("stock_out", sku(**changes), rules("stock_out", *KNOWN)) == []


def test_an_order_day_that_nears_is_the_deadline(rules: MakeRules) -> None:
    (found,) = run("stock_out", sku(on_hand=20 + 190), rules("stock_out", *KNOWN))
    assert found.deadline == NOW + timedelta(days=1)


def test_an_unknown_margin_widens_the_range_instead_of_vanishing(rules: MakeRules) -> None:
    (found,) = run("stock_out", sku(), rules("stock_out"))
    assert found.cash is not None
    assert found.cash.low < found.cash.likely < found.cash.high
    assert {"margin", "substitution"} <= set(found.cash.assumed())


def test_a_sku_without_a_price_says_that_its_price_is_missing(rules: MakeRules) -> None:
    (found,) = run("stock_out", sku(offers=()), rules("stock_out", *KNOWN))
    assert found.cash is None
    assert "a price of this SKU" in found.missing


def test_a_best_seller_out_costs_its_margin_until_more_arrives(rules: MakeRules) -> None:
    coming = InboundLook(ref="p", number="PO-1", quantity=500, due_at=NOW + timedelta(days=6))
    (found,) = run("bestseller_out", sku(on_hand=20, inbound=(coming,)), rules("bestseller_out", *KNOWN))
    assert found.ignored is not None
    assert found.ignored.likely == 6 * 70
    assert found.arguments["is_express"] is True


@pytest.mark.parametrize(
    "changes", [{"on_hand": 21}, {"place": 21}, {"place": None}, {"daily_units": (0,) * 29 + (1,)}]
)
def test_what_is_in_stock_or_sells_little_is_no_best_seller_out(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("bestseller_out", sku(**{"on_hand": 20, **changes}), rules("bestseller_out", *KNOWN)) == []


def allocation(ref: str, quantity: int = 1, price: str = "25", hours: float = 24) -> OpenAllocation:
    return OpenAllocation(
        shop=SHOPEE if ref.startswith("s") else SHOPIFY, order_ref=ref, number=ref, quantity=quantity,
        unit_price=Decimal(price), currency="USD", ship_by=NOW + timedelta(hours=hours), ordered_at=NOW,
    )  # fmt: skip


def test_more_promised_than_on_hand_names_the_orders_to_short(rules: MakeRules) -> None:
    orders = (allocation("s1"), allocation("f1", price="20"), allocation("f2", hours=8))
    context = rules("oversold", *KNOWN, known("handling_cost", "4", "USD"))
    (found,) = run("oversold", sku(on_hand=2, reserved=3, open_orders=orders), context)
    assert [order["order_ref"] for order in found.arguments["orders"]] == ["f1"]
    assert found.deadline == NOW + timedelta(hours=8)
    assert found.ignored is not None
    assert found.ignored.likely == 20 * Decimal("0.35") + 4 + 4


def test_as_many_as_promised_is_not_oversold(rules: MakeRules) -> None:
    orders = (allocation("s1"), allocation("f1"))
    assert run("oversold", sku(on_hand=2, open_orders=orders), rules("oversold", *KNOWN)) == []


def test_inbound_before_the_first_hand_over_covers_the_shortage(rules: MakeRules) -> None:
    coming = InboundLook(ref="p", number="PO-1", quantity=5, due_at=NOW + timedelta(hours=2))
    orders = (allocation("s1"), allocation("f1"))
    assert run("oversold", sku(on_hand=1, open_orders=orders, inbound=(coming,)), rules("oversold", *KNOWN)) == []


def test_the_cheapest_and_latest_orders_go_without_first() -> None:
    orders = [allocation("a", 2, "30"), allocation("b", 1, "10", hours=5), allocation("c", 1, "10", hours=9)]
    assert [order.order_ref for order in orders_to_short(orders, 1)] == ["c"]
    assert [order.order_ref for order in orders_to_short(orders, 3)] == ["c", "b", "a"]


def test_a_coming_stock_out_can_be_slowed_by_a_small_rise_where_the_price_counts(rules: MakeRules) -> None:
    offers = (
        OfferLook(shop=SHOPIFY, on_hand=60, price=Decimal(25), currency="USD", listing_ref="v1"),
        OfferLook(shop=SHOPIFY, on_hand=60, price=Decimal(40), currency="USD", listing_ref="v2"),
    )
    (found,) = run("stock_out", sku(offers=offers), rules("stock_out", *KNOWN))

    assert found.drafts == ("purchase_order", "create_purchase_order", "set_price", "escalation_note")
    asked = {name: found.arguments[name] for name in ("listing_ref", "listing_shop_id", "price")}
    assert asked == {"listing_ref": "v1", "listing_shop_id": SHOPIFY.id, "price": "26.25"}
    (bare,) = run("stock_out", sku(), rules("stock_out", *KNOWN))
    assert "listing_ref" not in bare.arguments


def test_what_is_oversold_is_no_longer_offered_where_most_of_it_still_is(rules: MakeRules) -> None:
    context = rules("oversold", *KNOWN, known("handling_cost", "4", "USD"))
    offers = (
        OfferLook(shop=SHOPIFY, on_hand=3, reserved=2, stock_ref="s1"),
        OfferLook(shop=SHOPIFY, on_hand=9, reserved=4, stock_ref="s2"),
        OfferLook(shop=SHOPIFY, on_hand=9, reserved=9, stock_ref="s3"),
    )
    orders = tuple(allocation(f"o{number}") for number in range(3))
    (found,) = run("oversold", sku(on_hand=2, open_orders=orders, offers=offers), context)

    assert "set_stock" in found.drafts
    asked = {name: found.arguments[name] for name in ("stock_ref", "stock_shop_id", "sellable")}
    assert asked == {"stock_ref": "s2", "stock_shop_id": SHOPIFY.id, "sellable": 0}
    (bare,) = run("oversold", sku(on_hand=2, open_orders=orders, offers=offers[2:]), context)
    assert "stock_ref" not in bare.arguments
