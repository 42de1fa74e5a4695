"""How calls go, in running hourly counts; and which feeds cannot be trusted now.

The transport reports every call; counts gather in the process and are written together, so that a call costs no row.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from celery import signals
from django.db import connection
from django.db.models.functions import Coalesce
from django.utils import timezone
from psycopg.types.json import Jsonb

from connectors.models import Feed, Shop

FLUSH_SECONDS = 5.0
# A feed is stale after so many of its intervals, but not sooner than the least time.
STALE_INTERVALS = 4
STALE_LEAST = timedelta(minutes=15)

UPSERT = """
    INSERT INTO connectors_callhealth AS h
        (shop_id, operation, hour, calls, failures, total_ms, slowest_ms, remaining_budget, last_error)
    SELECT %s::bigint, %s, %s::timestamptz, %s::int, %s::jsonb, %s::bigint, %s::int, %s::float8, %s
    WHERE EXISTS (SELECT FROM connectors_shop WHERE id = %s)
    ON CONFLICT (shop_id, operation, hour) DO UPDATE SET
        calls = h.calls + excluded.calls,
        failures = (
            SELECT COALESCE(jsonb_object_agg(key, total), '{}') FROM (
                SELECT key, sum(value::bigint) AS total FROM (
                    SELECT * FROM jsonb_each_text(h.failures) UNION ALL SELECT * FROM jsonb_each_text(excluded.failures)
                ) AS both_sides GROUP BY key
            ) AS summed
        ),
        total_ms = h.total_ms + excluded.total_ms,
        slowest_ms = GREATEST(h.slowest_ms, excluded.slowest_ms),
        remaining_budget = COALESCE(excluded.remaining_budget, h.remaining_budget),
        last_error = COALESCE(NULLIF(excluded.last_error, ''), h.last_error)
"""


@dataclass(slots=True)
class Tally:
    calls: int = 0
    total_ms: float = 0
    slowest_ms: float = 0
    left: float | None = None
    last_error: str = ""
    failures: Counter[str] = field(default_factory=Counter)


class Buffer:
    """Counts of this process that are not written yet, by (shop, operation, hour)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tallies: dict[tuple[int, str, datetime], Tally] = {}
        self._flushed_at = time.monotonic()

    def add(self, shop_id: int, operation: str, failure: str, milliseconds: float, left: float | None) -> None:
        hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        with self._lock:
            tally = self._tallies.setdefault((shop_id, operation[:80], hour), Tally())
            tally.calls += 1
            tally.total_ms += milliseconds
            tally.slowest_ms = max(tally.slowest_ms, milliseconds)
            tally.left = left if left is not None else tally.left
            if failure:
                tally.failures[failure] += 1
                tally.last_error = failure
            is_due = time.monotonic() - self._flushed_at > FLUSH_SECONDS
        if is_due and not connection.in_atomic_block:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered. Rows are taken in key order, so that two processes cannot wait for one another."""
        with self._lock:
            tallies, self._tallies, self._flushed_at = self._tallies, {}, time.monotonic()
        if tallies:
            with connection.cursor() as cursor:
                cursor.executemany(UPSERT, [values(key, tally) for key, tally in sorted(tallies.items(), key=first)])


def first(pair: tuple[tuple[int, str, datetime], Tally]) -> tuple[int, str, datetime]:
    return pair[0]


def values(key: tuple[int, str, datetime], tally: Tally) -> tuple[Any, ...]:
    milliseconds = (round(tally.total_ms), round(tally.slowest_ms))
    counts = (tally.calls, Jsonb(dict(tally.failures)), *milliseconds, tally.left, tally.last_error)
    return (*key, *counts, key[0])  # last: a shop that was removed meanwhile has no health to keep


BUFFER = Buffer()
flush = BUFFER.flush


def recorder(shop_id: int) -> Callable[[str, str, float, float | None], None]:
    """The health sink of one shop's transport."""

    def record(operation: str, error_class: str, milliseconds: float, left: float | None) -> None:
        BUFFER.add(shop_id, operation, error_class, milliseconds, left)

    return record


@signals.task_postrun.connect
def flush_after_task(**_: object) -> None:
    BUFFER.flush()


@dataclass(frozen=True, slots=True)
class StaleFeed:
    """`fault`: reconnect, short_read, drift, unread, retry, refused, unknown, failed; stale where nothing was said."""

    feed_id: int
    shop_id: int
    shop_name: str
    feed: str
    fault: str
    text: str
    since: datetime  # of the last good read; of the connection where there was none
    rows_lacking: int


def stale_feeds(now: datetime) -> list[StaleFeed]:
    """Feeds whose figures cannot be trusted at `now`, longest blind first. Shops that a person paused are left out."""
    feeds = (
        Feed.objects.exclude(shop__state__in=Shop.UNREAD)
        .select_related("shop")
        .order_by(Coalesce("last_good_at", "shop__created_at"), "pk")
    )
    return [stale(feed, fault) for feed in feeds if (fault := fault_of(feed, now))]


def fault_of(feed: Feed, now: datetime) -> str:
    """Why a feed cannot be trusted at `now`; empty where it can. A feed that was never read whole cannot."""
    if feed.shop.state == Shop.State.NEEDS_RECONNECT:
        return "reconnect"
    if feed.error_class in ("short_read", "drift"):
        return feed.error_class
    if feed.last_good_at is None:
        return feed.error_class or "unread"
    limit = max(timedelta(seconds=feed.every_seconds) * STALE_INTERVALS, STALE_LEAST)
    return (feed.error_class or "stale") if now - feed.last_good_at > limit else ""


def stale(feed: Feed, fault: str) -> StaleFeed:
    lacking = max(0, (feed.count_at_source or 0) - (feed.count_stored or 0)) if fault == "short_read" else 0
    text = feed.error_text or feed.shop.state_reason
    since = feed.last_good_at or feed.shop.created_at
    return StaleFeed(feed.pk, feed.shop_id, feed.shop.name, feed.name, fault, text, since, lacking)
