"""What is known of every shop's connection now, read in three queries whatever the number of shops."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from connectors.health import LATENCY_BOUNDS, fault_of
from connectors.models import CallHealth, Feed, Shop
from connectors.watching.diagnose import diagnose
from connectors.watching.evidence import Calls, Diagnosis, Evidence, Stream

DAY = timedelta(days=1)
SLOW_SHARE = 0.95


def vitals(now: datetime, *, kind: str = "", window: timedelta = DAY) -> list[Evidence]:
    """Every shop's evidence, by name; of one `kind` where it is given. `window` is how far back calls are counted."""
    shops = Shop.objects.defer("credentials").order_by("name")
    feeds = Feed.objects.select_related("shop").defer("shop__credentials").order_by("name")
    rows = CallHealth.objects.filter(hour__gte=hour_of(now - window)).order_by("-hour")
    if kind:
        shops, feeds, rows = shops.filter(kind=kind), feeds.filter(shop__kind=kind), rows.filter(shop__kind=kind)
    streams: dict[int, list[Stream]] = defaultdict(list)
    for feed in feeds:
        streams[feed.shop_id].append(stream(feed, now))
    counted: dict[int, dict[str, list[CallHealth]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        counted[row.shop_id][row.operation].append(row)
    return [
        Evidence(
            shop.pk, shop.kind, shop.name, shop.state, shop.state_reason,
            tuple(calls(name, hours) for name, hours in sorted(counted[shop.pk].items())), tuple(streams[shop.pk]),
        )
        for shop in shops
    ]  # fmt: skip


def diagnoses(now: datetime, *, kind: str = "", window: timedelta = DAY) -> dict[int, tuple[Diagnosis, ...]]:
    """What is wrong with each shop, worst first, by the shop's id."""
    return judge(vitals(now, kind=kind, window=window), now)


def judge(found: list[Evidence], now: datetime) -> dict[int, tuple[Diagnosis, ...]]:
    return {one.shop_id: diagnose(one, found, now) for one in found}


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def stream(feed: Feed, now: datetime) -> Stream:
    return Stream(
        feed.pk, feed.name, fault_of(feed, now), feed.error_text[:200], feed.last_good_at, feed.next_pull_at,
        feed.count_at_source, feed.count_stored, feed.count_quarantined, feed.failures,
    )  # fmt: skip


def calls(operation: str, hours: list[CallHealth]) -> Calls:
    """One operation's hours, newest first, as one."""
    failures: Counter[str] = Counter()
    for row in hours:
        failures.update(row.failures)
    count = sum(row.calls for row in hours)
    return Calls(
        operation, count, dict(failures), in_a_row(hours),
        last_fault=next((row.last_error for row in hours if row.last_error), ""),
        last_good_at=_latest(row.last_good_at for row in hours),
        last_failed_at=_latest(row.last_failed_at for row in hours),
        mean_ms=sum(row.total_ms for row in hours) / count if count else 0.0,
        slow_ms=percentile(added([row.latencies for row in hours]), SLOW_SHARE),
        slowest_ms=max(row.slowest_ms for row in hours),
        budget_left=next((row.remaining_budget for row in hours if row.remaining_budget is not None), None),
    )  # fmt: skip


def in_a_row(hours: Iterable[CallHealth]) -> int:
    """Failed calls since the last good one, over the ends of hours."""
    failing = 0
    for row in hours:
        failing += row.failing
        if row.last_good_at is not None:
            break
    return failing


def added(counts: Iterable[list[int]]) -> list[int]:
    """Latency counts bound by bound; an hour that was kept before latencies were counted has none."""
    total = [0] * (len(LATENCY_BOUNDS) + 1)
    for each in counts:
        for place, count in enumerate(each):
            total[place] += count
    return total


def percentile(counts: list[int], share: float) -> int | None:
    """The least bound that so large a share of the calls did not pass; None where there is none."""
    wanted, seen = sum(counts) * share, 0
    for bound, count in zip(LATENCY_BOUNDS, counts, strict=False):
        seen += count
        if seen and seen >= wanted:
            return bound
    return None


def _latest(moments: Iterable[Any]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
