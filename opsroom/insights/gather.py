"""The rows of one week for the stability report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count

from connectors.models import CallHealth, FeedHealth, QuarantinedRow
from opsroom.insights.stability import Hour, Pulls, Report, Unread, compose

WEEK = timedelta(days=7)


def week_before(now: datetime) -> date:
    """The Monday of the last whole week (UTC)."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday()) - WEEK


def report(monday: date) -> Report:
    begin = datetime.combine(monday, time.min, UTC)
    return compose(monday, _hours(begin), _hours(begin - WEEK), _pulls(begin), _unread(begin))


def _hours(begin: datetime) -> Sequence[Hour]:
    fields = ("shop__name", "operation", "hour", "calls", "failures", "total_ms", "slowest_ms")
    rows = CallHealth.objects.filter(hour__gte=begin, hour__lt=begin + WEEK).values_list(*fields)
    return [Hour(*row) for row in rows.order_by("shop__name", "operation", "hour")]


def _pulls(begin: datetime) -> list[Pulls]:
    sums: dict[tuple[str, str], Counter[str]] = {}
    faults: dict[tuple[str, str], Counter[str]] = {}
    rows = FeedHealth.objects.filter(hour__gte=begin, hour__lt=begin + WEEK).select_related("feed__shop")
    for row in rows.defer("feed__shop__credentials").order_by("feed"):
        key = (row.feed.shop.name, row.feed.name)
        names = ("pulls", "lacking", "rows_read", "rows_quarantined")
        sums.setdefault(key, Counter()).update({name: getattr(row, name) for name in names})
        faults.setdefault(key, Counter()).update(row.failures)
    return [
        Pulls(
            *key, counted["pulls"], dict(faults[key]), counted["lacking"], counted["rows_read"],
            counted["rows_quarantined"],
        )
        for key, counted in sums.items()
    ]  # fmt: skip


def _unread(begin: datetime) -> list[Unread]:
    rows: Any = QuarantinedRow.objects.filter(first_seen_at__gte=begin, first_seen_at__lt=begin + WEEK)
    counted = rows.order_by().values_list("shop__name", "kind", "reason").annotate(Count("pk"))
    return [Unread(*row) for row in counted]
