"""Systemic patterns in a week of calls, pulls and quarantined rows, each with a proposed fix. Pure.

A single bad hour is an incident and was an alert; a pattern is what comes back: the same error at the same hour, in the
same operation, on several days.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

DAYS_AGAIN = 3  # of seven
LEAST_FAILED = 10
CROWDED = 3.0  # times the mean hour
FAILED_SHARE = 0.05
SLOW_MS, SLOW_CALLS, SLOWER_FACTOR = 3000, 20, 2.0
MOST_OF_EACH = 5

FIXES = {
    "throttled": "Set calls_per_second for the shop a fifth lower, or read its feeds less often; see what else uses "
    "the same app's quota.",
    "down": "It is their side. If it is always at one hour, it is their maintenance: decide before it.",
    "unknown": "Writes ended without a clear answer, and each was settled by a read: ask the platform about it.",
    "reconnect": "The permission ends early: connect again with all scopes, and check that one app holds the token.",
    "refused": "A permission or a rule is lacking: compare the scopes on Connections with what the operation needs.",
    "retry": "The platform turns the call away for now: see its code in the log, and space the calls.",
}


@dataclass(frozen=True, slots=True)
class Hour:
    """One operation's calls of one hour (UTC)."""

    shop: str
    operation: str
    hour: datetime
    calls: int
    failures: Mapping[str, int] = field(default_factory=dict)
    total_ms: int = 0
    slowest_ms: int = 0


@dataclass(frozen=True, slots=True)
class Pulls:
    """One feed's pulls of the week."""

    shop: str
    feed: str
    pulls: int
    failures: Mapping[str, int] = field(default_factory=dict)
    lacking: int = 0
    rows_read: int = 0
    rows_quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """Quarantined rows of one shop and kind with one reason."""

    shop: str
    kind: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What comes back, in words; `size` orders patterns of one group, `shows` are its figures, `fix` what to try."""

    group: str
    title: str
    fix: str
    size: float
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    monday: date
    calls: int
    failed: int
    failed_share_before: float | None
    patterns: tuple[Pattern, ...]

    @property
    def failed_share(self) -> float:
        return self.failed / self.calls if self.calls else 0.0

    @property
    def failed_percent(self) -> str:
        return f"{100 * self.failed_share:.1f} %"

    @property
    def before_percent(self) -> str:
        """Empty where nothing was called the week before."""
        return "" if self.failed_share_before is None else f"{100 * self.failed_share_before:.1f} %"

    @property
    def groups(self) -> dict[str, list[Pattern]]:
        """Patterns by group, in the order they are told."""
        found: dict[str, list[Pattern]] = {}
        for each in self.patterns:
            found.setdefault(each.group, []).append(each)
        return found


def compose(
    monday: date, hours: Sequence[Hour], before: Sequence[Hour], pulls: Iterable[Pulls], unread: Iterable[Unread]
) -> Report:
    """The week that began on `monday`, against the one before."""
    groups = (
        by_hour(hours),
        by_operation(hours),
        gaps(pulls),
        slow(hours, before),
        drift(unread),
    )
    patterns = tuple(
        pattern for group in groups for pattern in sorted(group, key=lambda each: -each.size)[:MOST_OF_EACH]
    )
    calls, failed = _totals(hours)
    calls_before, failed_before = _totals(before)
    return Report(monday, calls, failed, failed_before / calls_before if calls_before else None, patterns)


def _totals(hours: Iterable[Hour]) -> tuple[int, int]:
    calls = failed = 0
    for hour in hours:
        calls, failed = calls + hour.calls, failed + sum(hour.failures.values())
    return calls, failed


def by_hour(hours: Iterable[Hour]) -> Iterator[Pattern]:
    """One class of error at one hour of the day, on several days, crowded there."""
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    days: dict[tuple[str, str, int], set[date]] = defaultdict(set)
    for each in hours:
        for fault, count in each.failures.items():
            counts[each.shop, fault][each.hour.hour] += count
            days[each.shop, fault, each.hour.hour].add(each.hour.date())
    for (shop, fault), found in counts.items():
        mean = found.total() / 24
        for hour, count in found.items():
            on = len(days[shop, fault, hour])
            if on >= DAYS_AGAIN and count >= max(LEAST_FAILED, CROWDED * mean):
                shows = (f"{count} of the week's {found.total()} such failures", f"on {on} of 7 days")
                yield Pattern(
                    "Same hour, same error", f"{shop}: {fault} around {hour:02d}:00 UTC", fix_of(fault), count, shows
                )


def by_operation(hours: Iterable[Hour]) -> Iterator[Pattern]:
    """One class of error in one operation, on several days and for a share of its calls that matters."""
    calls: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str, str]] = Counter()
    days: dict[tuple[str, str, str], set[date]] = defaultdict(set)
    for each in hours:
        calls[each.shop, each.operation] += each.calls
        for fault, count in each.failures.items():
            failed[each.shop, each.operation, fault] += count
            days[each.shop, each.operation, fault].add(each.hour.date())
    for (shop, operation, fault), count in failed.items():
        on, share = len(days[shop, operation, fault]), count / calls[shop, operation]
        if on >= DAYS_AGAIN and count >= LEAST_FAILED and share >= FAILED_SHARE:
            shows = (f"{count} of {calls[shop, operation]:,} calls ({share:.0%})", f"on {on} of 7 days")
            yield Pattern(
                "Operations that keep failing", f"{shop}: {operation} is {fault}", fix_of(fault), count, shows
            )


def gaps(pulls: Iterable[Pulls]) -> Iterator[Pattern]:
    """Feeds that came back short, or whose pulls often fail."""
    for each in pulls:
        short, failed = each.failures.get("short_read", 0), sum(each.failures.values())
        name = f"{each.shop}: {each.feed}"
        if short:
            shows = (f"{each.lacking:,} rows lacking in {short} of {each.pulls:,} pulls",)
            fix = (
                "A list that moves while it is read loses rows: read the feed more often, so that each window is short."
            )
            yield Pattern("Feeds with gaps", f"{name} comes back short", fix, each.lacking + short, shows)
        elif failed >= LEAST_FAILED and failed >= each.pulls * FAILED_SHARE:
            worst = max(each.failures, key=lambda fault: each.failures[fault])
            shows = (f"{failed:,} of {each.pulls:,} pulls failed, most of them {worst}",)
            yield Pattern("Feeds with gaps", f"{name} is often not read", fix_of(worst), failed, shows)


def slow(hours: Iterable[Hour], before: Iterable[Hour]) -> Iterator[Pattern]:
    """Operations whose mean call takes seconds, or twice as long as the week before."""
    now, past = _means(hours), _means(before)
    for (shop, operation), (calls, mean, slowest) in now.items():
        was = past.get((shop, operation), (0, 0.0, 0))
        is_slower = was[0] >= SLOW_CALLS and mean >= was[1] * SLOWER_FACTOR and mean >= SLOW_MS / 3
        if calls >= SLOW_CALLS and (mean >= SLOW_MS or is_slower):
            shows = [f"{mean / 1000:.1f} s on average, {slowest / 1000:.1f} s at most, {calls:,} calls"]
            shows += [f"{was[1] / 1000:.1f} s the week before"] if was[0] >= SLOW_CALLS else []
            fix = "Read its feed less often, or at a quieter hour; a slow shop holds two threads at most."
            yield Pattern("Slowest operations", f"{shop}: {operation}", fix, mean, tuple(shows))


def _means(hours: Iterable[Hour]) -> dict[tuple[str, str], tuple[int, float, int]]:
    """(calls, mean milliseconds, slowest) by shop and operation."""
    calls: Counter[tuple[str, str]] = Counter()
    spent: Counter[tuple[str, str]] = Counter()
    slowest: dict[tuple[str, str], int] = defaultdict(int)
    for each in hours:
        key = (each.shop, each.operation)
        calls[key] += each.calls
        spent[key] += each.total_ms
        slowest[key] = max(slowest[key], each.slowest_ms)
    return {key: (count, spent[key] / count, slowest[key]) for key, count in calls.items() if count}


def drift(unread: Iterable[Unread]) -> Iterator[Pattern]:
    """Fields that most often could not be read: the format has moved."""
    rows: Counter[tuple[str, str, str]] = Counter()
    for each in unread:
        rows[each.shop, each.kind, field_of(each.reason)] += each.rows
    for (shop, kind, name), count in rows.items():
        fix = f"Teach the {kind} parser this, then read the rows again from Quarantined rows; nothing of them is lost."
        yield Pattern("Fields that could not be read", f"{shop}: {kind}, {name}", fix, count, (f"{count:,} rows",))


FIELD = re.compile(r"the field '([^']+)'")


def field_of(reason: str) -> str:
    """The field that a reason names, else the reason without what differs from row to row."""
    named = FIELD.search(reason)
    if named:
        return named[1]
    return re.sub(r"\d+", "#", re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason))[:80].strip()


def fix_of(fault: str) -> str:
    return FIXES.get(fault, "See the log of the pull lane at those times; the error is ours.")
