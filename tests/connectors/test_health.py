"""Calls are counted by the hour, and a feed that cannot be trusted is named with its fault."""

from datetime import timedelta

import pytest

from connectors import health
from connectors.health import Buffer, stale_feeds
from connectors.models import CallHealth, Feed, Shop
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


def feed(**changes: object) -> Feed:
    given = {"last_good_at": NOW - timedelta(minutes=2), "every_seconds": 60} | changes
    return FeedFactory.create(**given)


@pytest.mark.django_db
def test_a_feed_that_is_read_in_time_is_not_stale() -> None:
    feed()
    feed(last_good_at=NOW - timedelta(minutes=14), error_class="retry", failures=3)
    feed(last_good_at=NOW - timedelta(hours=3), every_seconds=3600)
    assert stale_feeds(NOW) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"last_good_at": NOW - timedelta(minutes=16)}, "stale"),
        ({"last_good_at": NOW - timedelta(minutes=16), "error_class": "retry"}, "retry"),
        ({"error_class": "drift", "error_text": "no status"}, "drift"),
        ({"last_good_at": None}, "unread"),
        ({"error_class": "short_read", "count_at_source": 30, "count_stored": 28}, "short_read"),
    ],
)
def test_a_feed_that_cannot_be_trusted_is_named_with_its_fault(changes: dict[str, object], fault: str) -> None:
    one = feed(**changes)
    [found] = stale_feeds(NOW)
    assert (found.feed_id, found.fault, found.since) == (one.pk, fault, one.last_good_at or one.shop.created_at)
    assert found.rows_lacking == (2 if fault == "short_read" else 0)


@pytest.mark.django_db
def test_a_lost_permission_counts_at_once_and_a_paused_shop_not_at_all() -> None:
    lost = ShopFactory.create(state=Shop.State.NEEDS_RECONNECT, state_reason="revoked")
    feed(shop=lost)
    feed(shop=ShopFactory.create(state=Shop.State.PAUSED), last_good_at=None)
    assert [(one.shop_id, one.fault, one.text) for one in stale_feeds(NOW)] == [(lost.pk, "reconnect", "revoked")]
