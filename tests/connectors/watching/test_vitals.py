"""Rows of hours and feeds become one shop's evidence, in three queries."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.models import CallHealth, Shop
from connectors.watching.evidence import Reach, Verdict
from connectors.watching.vitals import diagnoses, percentile, vitals
from tests.factories import NOW, FeedFactory, ShopFactory

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def hour(shop: Shop, ago: int = 0, operation: str = "orders.list", **fields: Any) -> CallHealth:
    return CallHealth.objects.create(shop=shop, operation=operation, hour=NOW - ago * HOUR, **fields)


@pytest.mark.django_db
def test_hours_of_one_operation_add_up_and_a_row_of_failures_goes_on_over_the_hours_end() -> None:
    shop = ShopFactory.create()
    hour(shop, 0, calls=3, failures={"down": 3}, failing=3, last_error="down", last_failed_at=NOW, total_ms=90_000,
         latencies=[0] * 7 + [3, 0], slowest_ms=30_000)  # fmt: skip
    hour(shop, 1, calls=90, failures={"down": 2, "throttled": 1}, failing=2, last_error="down",
         last_good_at=NOW - 20 * MINUTE, last_failed_at=NOW - 10 * MINUTE, total_ms=9_000, remaining_budget=7.0,
         latencies=[90, 0, 0, 0, 0, 0, 0, 0, 0], slowest_ms=99)  # fmt: skip
    hour(shop, 2, calls=7, failing=5, last_failed_at=NOW - HOUR)
    hour(shop, 25, calls=1000)
    [one] = vitals(NOW)
    [call] = one.calls
    assert (call.calls, call.failures, call.failing, call.last_fault) == (100, {"down": 5, "throttled": 1}, 5, "down")
    assert (call.mean_ms, call.slow_ms, call.slowest_ms, call.budget_left) == (990.0, 100, 30_000, 7.0)
    assert (call.last_good_at, call.last_failed_at) == (NOW - 20 * MINUTE, NOW)


@pytest.mark.django_db
def test_shops_are_judged_together_in_three_queries(django_assert_num_queries: Any) -> None:
    for kind in ("shopee", "shopee", "stripe"):
        shop = ShopFactory.create(kind=kind)
        FeedFactory.create(shop=shop, last_good_at=NOW, count_at_source=5, count_stored=5)
        hour(shop, calls=9, failures={"down": 9}, failing=9, last_error="down", last_failed_at=NOW - MINUTE)
    with django_assert_num_queries(3):
        found = diagnoses(NOW)
    assert [(each[0].verdict, each[0].reach) for each in found.values()] == [
        (Verdict.DOWN, Reach.PLATFORM), (Verdict.DOWN, Reach.PLATFORM), (Verdict.DOWN, Reach.SHOP),
    ]  # fmt: skip
    assert len(diagnoses(NOW, kind="stripe")) == 1


@pytest.mark.parametrize(
    ("counts", "bound"),
    [([95, 5], 100), ([94, 6], 250), ([0] * 9, None), ([0] * 8 + [4], None), ([], None), ([0, 0, 0, 1], 1000)],
)
def test_nineteen_of_twenty_calls_took_no_longer_than_the_bound(counts: list[int], bound: int | None) -> None:
    assert percentile(counts, 0.95) == bound
