"""Calls are counted by the hour, and a feed that cannot be trusted is named with its fault."""

from datetime import timedelta

import pytest

from connectors import health
from connectors.health import Buffer, Pulled, fault_of
from connectors.models import CallHealth, Feed, FeedHealth, Shop
from tests.factories import NOW, FeedFactory, ShopFactory


@pytest.mark.django_db
def test_counts_of_two_workers_add_up() -> None:
    shop = ShopFactory.create()
    for failure, left in (("retry", 3.0), ("", None)):
        worker = Buffer()
        worker.add(shop.pk, "orders.list", failure, 120.4, left)
        worker.add(shop.pk, "orders.list", "retry", 80.2, None)
        worker.add(shop.pk, "orders.list", "", 10.0, None)
        worker.flush()
        worker.flush()
    row = CallHealth.objects.get()
    assert (row.calls, row.failures, row.total_ms, row.slowest_ms) == (6, {"retry": 3}, 422, 120)
    assert (row.remaining_budget, row.last_error) == (3.0, "retry")


@pytest.mark.django_db
def test_a_recorder_writes_for_its_own_shop() -> None:
    shop = ShopFactory.create()
    health.recorder(shop.pk)("orders.list", "", 5, None)
    health.flush()
    assert CallHealth.objects.values_list("shop_id", "operation", "calls").get() == (shop.pk, "orders.list", 1)


@pytest.mark.django_db
def test_calls_of_a_shop_that_is_gone_are_dropped_and_sink_no_others() -> None:
    shop = ShopFactory.create()
    buffer = Buffer()
    buffer.add(shop.pk + 1, "orders.list", "", 1, None)
    buffer.add(shop.pk, "orders.list", "", 1, None)
    buffer.flush()
    assert list(CallHealth.objects.values_list("shop_id", flat=True)) == [shop.pk]


def test_only_the_fault_after_the_last_good_call_counts_as_lasting() -> None:
    buffer = Buffer()
    for failure in ("down", "", "throttled", "throttled"):
        buffer.add(1, "orders.list", failure, 1, None)
    [tally] = buffer._tallies.values()
    assert (tally.failing, dict(tally.failures), tally.last_error) == (2, {"down": 1, "throttled": 2}, "throttled")
    assert tally.last_good_at is not None
    assert tally.last_failed_at is not None
    assert tally.last_good_at < tally.last_failed_at


@pytest.mark.django_db
def test_a_row_of_failures_goes_on_over_flushes_until_a_good_call_ends_it() -> None:
    shop = ShopFactory.create()
    buffer = Buffer()
    seen = []
    for failures in (("down", "down"), ("down",), ("",), ("down",)):
        for failure in failures:
            buffer.add(shop.pk, "orders.list", failure, 300, None)
        buffer.flush()
        row = CallHealth.objects.get()
        seen.append((row.failing, row.last_good_at is not None))
    assert seen == [(2, False), (3, False), (0, True), (1, True)]
    assert row.latencies == [0, 0, 5, 0, 0, 0, 0, 0, 0]


@pytest.mark.django_db
def test_pulls_are_counted_by_the_hour_with_what_they_lacked() -> None:
    one = FeedFactory.create()
    for minute, fault, lacking in ((1, "", 0), (2, "short_read", 7), (59, "short_read", 3), (61, "down", 0)):
        health.record_pull(Pulled(one.pk, NOW + timedelta(minutes=minute), fault, 1.5, lacking, 100, 2))
    rows = list(FeedHealth.objects.order_by("hour").values_list("hour", "pulls", "failures", "lacking", "rows_read"))
    assert rows == [(NOW, 3, {"short_read": 2}, 10, 300), (NOW + timedelta(hours=1), 1, {"down": 1}, 0, 100)]


@pytest.mark.django_db
def test_counts_older_than_a_quarter_are_dropped() -> None:
    one = FeedFactory.create()
    for age in (99, 101):
        hour = NOW - timedelta(days=age)
        CallHealth.objects.create(shop=one.shop, operation="orders.list", hour=hour)
        FeedHealth.objects.create(feed=one, hour=hour)
    assert health.forget(NOW) == 2
    kept = NOW - timedelta(days=99)
    assert (CallHealth.objects.get().hour, FeedHealth.objects.get().hour) == (kept, kept)


def feed(**changes: object) -> Feed:
    given = {"shop": Shop(), "last_good_at": NOW - timedelta(minutes=2), "every_seconds": 60} | changes
    return FeedFactory.build(**given)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, ""),
        ({"last_good_at": NOW - timedelta(minutes=14), "error_class": "retry", "failures": 3}, ""),
        ({"last_good_at": NOW - timedelta(hours=3), "every_seconds": 3600}, ""),
        ({"last_good_at": NOW - timedelta(minutes=16)}, "stale"),
        ({"last_good_at": NOW - timedelta(minutes=16), "error_class": "retry"}, "retry"),
        ({"error_class": "drift", "error_text": "no status"}, "drift"),
        ({"last_good_at": None}, "unread"),
        ({"error_class": "short_read", "count_at_source": 30, "count_stored": 28}, "short_read"),
        ({"shop": Shop(state=Shop.State.NEEDS_RECONNECT)}, "reconnect"),
    ],
)
def test_a_feed_that_cannot_be_trusted_is_named_with_its_fault(changes: dict[str, object], fault: str) -> None:
    assert fault_of(feed(**changes), NOW) == fault
