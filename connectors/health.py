"""How calls and pulls go, in running hourly counts; and why a feed cannot be trusted now.

The transport reports every call; counts gather in the process and are written together, so that a call costs no row.
A pull writes its own row: there are few of them.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import structlog
from celery import shared_task, signals
from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from connectors.models import CallHealth, Feed, FeedHealth, Shop

log = structlog.get_logger()

FLUSH_SECONDS = 5.0
KEPT = timedelta(days=100)  # a quarter, so that the weekly report can look back
# Upper bounds of the latency counts in milliseconds; the last count is of all that took longer.
LATENCY_BOUNDS = (100, 250, 500, 1000, 2500, 5000, 10000, 30000)
# A feed is stale after so many of its intervals, but not sooner than the least time.
STALE_INTERVALS = 4
STALE_LEAST = timedelta(minutes=15)

ADDED_UP = """(
            SELECT COALESCE(jsonb_object_agg(key, total), '{}') FROM (
                SELECT key, sum(value::bigint) AS total FROM (
                    SELECT * FROM jsonb_each_text(h.failures) UNION ALL SELECT * FROM jsonb_each_text(excluded.failures)
                ) AS both_sides GROUP BY key
            ) AS summed
        )"""
UPSERT = f"""
    INSERT INTO connectors_callhealth AS h
        (shop_id, operation, hour, calls, failures, total_ms, slowest_ms, remaining_budget, last_error,
         last_good_at, last_failed_at, failing, latencies)
    SELECT %s::bigint, %s, %s::timestamptz, %s::int, %s::jsonb, %s::bigint, %s::int, %s::float8, %s,
        %s::timestamptz, %s::timestamptz, %s::int, %s::int[]
    WHERE EXISTS (SELECT FROM connectors_shop WHERE id = %s)
    ON CONFLICT (shop_id, operation, hour) DO UPDATE SET
        calls = h.calls + excluded.calls,
        failures = {ADDED_UP},
        total_ms = h.total_ms + excluded.total_ms,
        slowest_ms = GREATEST(h.slowest_ms, excluded.slowest_ms),
        remaining_budget = COALESCE(excluded.remaining_budget, h.remaining_budget),
        last_error = COALESCE(NULLIF(excluded.last_error, ''), h.last_error),
        last_good_at = GREATEST(h.last_good_at, excluded.last_good_at),
        last_failed_at = GREATEST(h.last_failed_at, excluded.last_failed_at),
        failing = excluded.failing + CASE WHEN excluded.last_good_at IS NULL THEN h.failing ELSE 0 END,
        latencies = ARRAY(
            SELECT COALESCE(was, 0) + COALESCE(came, 0)
            FROM unnest(h.latencies, excluded.latencies) WITH ORDINALITY AS counts(was, came, place) ORDER BY place
        )
"""  # noqa: S608  # a part of this very statement
PULLED = f"""
    INSERT INTO connectors_feedhealth AS h
        (feed_id, hour, pulls, failures, lacking, rows_read, rows_quarantined, total_ms)
    VALUES (%s, date_trunc('hour', %s::timestamptz AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', 1, %s, %s, %s, %s, %s)
    ON CONFLICT (feed_id, hour) DO UPDATE SET
        pulls = h.pulls + 1,
        failures = {ADDED_UP},
        lacking = h.lacking + excluded.lacking,
        rows_read = h.rows_read + excluded.rows_read,
        rows_quarantined = h.rows_quarantined + excluded.rows_quarantined,
        total_ms = h.total_ms + excluded.total_ms
"""  # noqa: S608  # as above


@dataclass(slots=True)
class Tally:
    calls: int = 0
    total_ms: float = 0
    slowest_ms: float = 0
    left: float | None = None
    last_error: str = ""
    failures: Counter[str] = field(default_factory=Counter)
    last_good_at: datetime | None = None
    last_failed_at: datetime | None = None
    failing: int = 0  # in a row, at the end
    latencies: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS) + 1))


class Buffer:
    """Counts of this process that are not written yet, by (shop, operation, hour)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tallies: dict[tuple[int, str, datetime], Tally] = {}
        self._flushed_at = time.monotonic()

    def add(self, shop_id: int, operation: str, failure: str, milliseconds: float, left: float | None) -> None:
        now = timezone.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            tally = self._tallies.setdefault((shop_id, operation[:80], hour), Tally())
            tally.calls += 1
            tally.total_ms += milliseconds
            tally.slowest_ms = max(tally.slowest_ms, milliseconds)
            tally.left = left if left is not None else tally.left
            tally.latencies[bisect_left(LATENCY_BOUNDS, milliseconds)] += 1
            if failure:
                tally.failures[failure] += 1
                tally.last_error, tally.last_failed_at = failure, now
                tally.failing += 1
            else:
                tally.last_good_at, tally.failing = now, 0
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
    moments = (tally.last_good_at, tally.last_failed_at, tally.failing, tally.latencies)
    return (*key, *counts, *moments, key[0])  # last: a shop that was removed meanwhile has no health to keep


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
class Pulled:
    """How one turn at a feed went; `fault` is the feed's error class, empty where it went well."""

    feed_id: int
    at: datetime
    fault: str
    seconds: float
    lacking: int = 0
    rows_read: int = 0
    rows_quarantined: int = 0


def record_pull(pulled: Pulled) -> None:
    counts = (pulled.lacking, pulled.rows_read, pulled.rows_quarantined, round(pulled.seconds * 1000))
    failures: Any = Jsonb({pulled.fault: 1} if pulled.fault else {})
    with connection.cursor() as cursor:
        cursor.execute(PULLED, [pulled.feed_id, pulled.at, failures, *counts])


def forget(now: datetime) -> int:
    """Drop counts that no report looks at any more; returns how many rows."""
    past = {"hour__lt": now - KEPT}
    return CallHealth.objects.filter(**past).delete()[0] + FeedHealth.objects.filter(**past).delete()[0]


@shared_task(name="connectors.forget_health", queue="execute", max_retries=0)
def forget_health() -> None:
    """Beat, once a day."""
    log.info("health counts dropped", rows=forget(timezone.now()))


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
