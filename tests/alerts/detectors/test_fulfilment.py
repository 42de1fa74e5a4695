"""Orders due, the late-shipment runway, parcels that do not move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts.arithmetic.odds import Tally, more_than
from alerts.detectors import BY_NAME
from alerts.detectors.fulfilment.shopee_late_rate import is_broken, late_budget, next_monday, points_chance
from alerts.looks import DueOrder, LineLook, OrderLook, ParcelLook, RateLook
from alerts.lookup import Rules
from alerts.types import Finding
from tests.alerts.conftest import NOW, SHOPEE, SHOPIFY, known

MakeRules = Callable[..., Rules]
HOUR = timedelta(hours=1)


def run(name: str, look: object, rules: Rules) -> list[Finding]:
    return list(BY_NAME[name].detect((look,), NOW, rules))


def order(**changes: object) -> OrderLook:
    look = OrderLook(
        shop=SHOPIFY, ref="55", number="#1042", status="to_ship", ordered_at=NOW - 40 * HOUR, ship_by=NOW + 5 * HOUR,
        currency="USD", total=Decimal(100), read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


# Of this shop's orders that stood so near their deadline all were late, and half of the late ones were cancelled.
SURE = {
    "late": Tally(10_000_000, 10_000_000, "order", "shipped_at"),
    "cancelled_when_late": Tally(5_000_000, 10_000_000),
}


def test_an_order_near_its_deadline_costs_its_margin_times_the_odds_and_the_penalty(rules: MakeRules) -> None:
    context = rules("late_shipment", known("margin", "0.4"), known("handling_cost", "2", "USD"))
    (found,) = run("late_shipment", order(**SURE), context)
    assert found.ignored is not None
    assert round(found.ignored.likely, 2) == Decimal("0.5") * (40 + 2) + Decimal("1.5")
    assert found.cash is not None
    assert found.cash.likely == found.ignored.likely * Decimal("0.9")
    assert found.deadline == NOW + 5 * HOUR
    assert found.drafts[0] == "arrange_shipment"
    assert found.gmv is not None
    assert found.gmv.likely == 100


def test_a_late_order_is_certain_and_its_next_deadline_is_the_channels_own_cancellation(rules: MakeRules) -> None:
    (found,) = run("late_shipment", order(ship_by=NOW - HOUR, cancel_after=NOW + 30 * HOUR), rules("late_shipment"))
    assert found.probability == 1
    assert found.deadline == NOW + 30 * HOUR
    assert found.title == "Order #1042 is late to ship"


@pytest.mark.parametrize(
    "changes", [{"status": "shipped"}, {"status": "cancelled"}, {"status": "unpaid"}, {"ship_by": NOW + 13 * HOUR}]
)
def test_an_order_that_has_left_or_has_time_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("late_shipment", order(**changes), rules("late_shipment")) == []


def test_without_stock_the_draft_is_a_cancellation(rules: MakeRules) -> None:
    (found,) = run("late_shipment", order(short_skus=("MUG",)), rules("late_shipment"))
    assert found.drafts == ("cancel_order", "reply", "change_items", "ask_buyer", "send_template")
    assert "not enough stock of MUG" in found.why


def test_an_order_without_a_total_is_worth_its_lines_and_without_those_unknown(rules: MakeRules) -> None:
    lines = (LineLook(sku="MUG", quantity=2, unit_price=Decimal(30)),)
    (found,) = run("late_shipment", order(total=None, lines=lines), rules("late_shipment"))
    assert found.gmv is not None
    assert found.gmv.likely == 60
    (unknown,) = run("late_shipment", order(total=None), rules("late_shipment"))
    assert (unknown.cash, unknown.missing) == (None, ("the order total is not known",))


def test_money_in_another_currency_is_ranked_at_its_dated_rate(rules: MakeRules) -> None:
    (found,) = run("late_shipment", order(currency="SGD"), rules("late_shipment"))
    assert found.gmv is not None
    assert found.gmv.likely == 75
    assert "on 2026-11-01" in found.gmv.parts[1].name


# --- golden example 2, and the rules of the budget -----------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "counted", "bad", "is_at_least", "budget"),
    [
        ("0.10", 500, 43, True, 6),
        ("0.10", 500, 43, False, 7),
        ("0.01", 812, 5, True, 3),
        ("0.01", 812, 5, False, 3),
        ("0.10", 500, 49, True, 0),
        ("0.10", 500, 50, True, 0),
        ("0.10", 500, 49, False, 1),
        ("0.10", 0, 0, True, 0),
    ],
)
def test_the_budget_of_late_orders_in_both_forms_of_the_rule(
    limit: str, counted: int, bad: int, is_at_least: bool, budget: int
) -> None:
    assert late_budget(Decimal(limit), counted, bad, is_at_least=is_at_least) == budget


@pytest.mark.parametrize("is_at_least", [True, False])
@pytest.mark.parametrize("counted", [1, 9, 10, 11, 37, 500])
def test_the_budget_is_exactly_what_may_still_come(counted: int, is_at_least: bool) -> None:
    limit = Decimal("0.10")
    for bad in range(counted):
        if is_broken(limit, counted, bad, is_at_least=is_at_least):
            assert late_budget(limit, counted, bad, is_at_least=is_at_least) == 0
            continue
        budget = late_budget(limit, counted, bad, is_at_least=is_at_least)
        assert not is_broken(limit, counted, bad + budget, is_at_least=is_at_least)
        assert is_broken(limit, counted, bad + budget + 1, is_at_least=is_at_least)


def test_the_week_is_judged_on_monday_of_the_shops_own_clock() -> None:
    assert next_monday(NOW, "Asia/Singapore") == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert next_monday(datetime(2026, 11, 22, 16, tzinfo=UTC), "Asia/Singapore") == datetime(
        2026, 11, 29, 16, tzinfo=UTC
    )


def rate(**changes: object) -> RateLook:
    due = tuple(
        DueOrder(ref=f"O{n}", number=f"{n}", ship_by=NOW + (n - 4) * HOUR, total=Decimal(20), currency="SGD")
        for n in range(20)
    )
    look = RateLook(
        shop=SHOPEE, metric="late_shipment_rate", metric_ref="late_shipment_rate", bad=22, counted=240,
        limit=Decimal("0.10"), due=due, late=Tally(22, 240), daily_sales=Decimal(6000), measured_at=NOW, read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


def test_a_nearly_used_budget_is_shown_with_the_orders_to_ship_first(rules: MakeRules) -> None:
    (found,) = run("shopee_late_rate", rate(), rules("shopee_late_rate"))
    assert found.title == "Lumen SG: 1 late order left before penalty points"
    assert found.arguments["order_refs"][:2] == ["O0", "O1"]
    assert found.deadline == next_monday(NOW, "Asia/Singapore")
    assert found.cash is not None
    assert found.cash.likely > 0
    assert found.cash.recomputed() == found.cash


def test_shipping_what_is_not_late_yet_lowers_the_chance_of_points() -> None:
    waiting = points_chance(rate(), Decimal("0.10"), NOW, is_shipped=False)
    shipped = points_chance(rate(), Decimal("0.10"), NOW, is_shipped=True)
    assert waiting.likely > shipped.likely


def test_over_the_limit_points_are_nearly_certain_and_far_under_it_nothing_is_shown(rules: MakeRules) -> None:
    (found,) = run("shopee_late_rate", rate(bad=60), rules("shopee_late_rate"))
    assert found.probability == Decimal("0.95")
    assert "over its limit" in found.title
    assert run("shopee_late_rate", rate(bad=2, due=rate().due[6:]), rules("shopee_late_rate")) == []


def test_without_sales_history_the_cost_is_unknown_and_said_so(rules: MakeRules) -> None:
    (found,) = run("shopee_late_rate", rate(daily_sales=None), rules("shopee_late_rate"))
    assert found.cash is None
    assert "no sales of the last four weeks" in found.missing[0]


def test_the_tail_of_a_poisson_variable() -> None:
    assert more_than(0, 1.0) == pytest.approx(0.6321, abs=1e-4)
    assert more_than(2, 1.0) == pytest.approx(0.0803, abs=1e-4)
    assert more_than(5, 0.0) == 0.0
    assert more_than(-1, 3.0) == 1.0


# --- parcels ----------------------------------------------------------------------------------------------------------


def parcel(**changes: object) -> ParcelLook:
    look = ParcelLook(
        shop=SHOPIFY, ref="T1", order_ref="55", number="#1042", status="in_transit", carrier="UPS", currency="USD",
        total=Decimal(80), shipped_at=NOW - timedelta(days=9), last_scan_at=NOW - timedelta(days=6),
        promised_at=NOW - timedelta(days=3), order_status="shipped", read_at=NOW,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]  # the test names the fields


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "no scan for 6 days"),
        ({"last_scan_at": None, "shipped_at": NOW - timedelta(days=8)}, "no scan for 8 days"),
        ({"last_scan_at": NOW - timedelta(days=3)}, "promised 3 days ago and not moving"),
        ({"status": "exception", "last_scan_at": NOW}, "the courier reports a problem"),
        ({"status": "returned", "last_scan_at": NOW}, "it came back, and the buyer has nothing"),
    ],
)
def test_a_parcel_is_stuck_for_a_reason_that_is_told(changes: dict[str, object], reason: str, rules: MakeRules) -> None:
    (found,) = run("parcel_stuck", parcel(**changes), rules("parcel_stuck"))
    assert found.title == f"Parcel of order #1042 is stuck: {reason}"
    assert found.cash is not None
    assert found.cash.likely > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"last_scan_at": NOW - timedelta(hours=30)},
        {"last_scan_at": NOW - timedelta(days=3), "promised_at": NOW + timedelta(days=1)},
        {"status": "delivered"},
        {"order_status": "cancelled"},
    ],
)
def test_a_parcel_that_moves_or_has_arrived_is_no_alert(changes: dict[str, object], rules: MakeRules) -> None:
    assert run("parcel_stuck", parcel(**changes), rules("parcel_stuck")) == []


def test_a_parcel_that_came_back_is_settled_with_money_first(rules: MakeRules) -> None:
    (found,) = run("parcel_stuck", parcel(status="returned", last_scan_at=NOW), rules("parcel_stuck"))
    assert found.drafts == ("refund", "escalation_note", "reship", "store_credit")
    assert found.arguments["shipment_ref"] == "T1"


def test_what_a_tracker_saw_is_linked_to_the_trackers_row(rules: MakeRules) -> None:
    look = parcel(status="exception", told_by=9, told_ref="trk_1", told_at=NOW - timedelta(hours=1))
    (found,) = run("parcel_stuck", look, rules("parcel_stuck"))
    places = {row.claim: (row.source.shop_id, row.source.external_id) for row in found.evidence}
    assert places == {"Last scan": (9, "trk_1"), "Promised": (2, "T1"), "State at the courier": (9, "trk_1")}


def test_a_buyer_who_has_written_is_likelier_to_claim_and_gets_a_reply(rules: MakeRules) -> None:
    (quiet,) = run("parcel_stuck", parcel(), rules("parcel_stuck"))
    (asked,) = run(
        "parcel_stuck", parcel(complaints=2, conversation_ref="C1", conversation_shop_id=4), rules("parcel_stuck")
    )
    assert asked.cash is not None
    assert quiet.cash is not None
    assert asked.cash.likely > quiet.cash.likely
    assert (asked.drafts[0], quiet.drafts[0]) == ("reply", "escalation_note")
    assert asked.arguments["conversation_ref"] == "C1"
