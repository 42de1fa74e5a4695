"""Step 3: changed records and passing time → facts → detectors → alerts.

Doing it again is harmless: an alert is found by its fingerprint. A detector or a subject that fails is logged and
counted; its neighbours go on, and nothing of that detector is resolved on half a look.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from django.db import DatabaseError, transaction
from django.utils import timezone

from alerts.areas import AREAS, Area, Changes, Seen, Setting, touched
from alerts.detectors import BY_NAME
from alerts.group import fold, group_tickets
from alerts.keep import Kept, keep
from alerts.rank import rank_open
from alerts.read import READ_KINDS, read_messages
from alerts.resolve import Swept, resolve, wake
from alerts.types import Finding
from connectors.models import Change
from connectors.saving.statistics import refresh_statistics

log = structlog.get_logger()
AT_ONCE = 50_000
# A finding may be older than this only where nothing has looked again: beat runs detect_due every minute.
TURN = timedelta(seconds=90)

__all__ = ["Counts", "detect_changes", "detect_due", "keep", "sweep", "take_in"]


@dataclass(slots=True)
class Counts:
    """What a run did. `seconds` by stage: detect, group, read, rank."""

    changes: int = 0
    looked_at: int = 0
    found: int = 0
    new: int = 0
    resolved: int = 0
    woken: int = 0
    failed: int = 0
    tickets: int = 0
    waves: int = 0
    ranked: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, kept: Kept) -> None:
        self.found += kept.new + kept.known
        self.new += kept.new


def detect_changes(limit: int = AT_ONCE, now: datetime | None = None, counts: Counts | None = None) -> int:
    """Look at records that moved; how many were taken. They are taken in the transaction that keeps what was found."""
    counts = Counts() if counts is None else counts
    now = now or timezone.now()
    started = time.perf_counter()
    refresh_statistics()
    with transaction.atomic():
        changes: Changes = defaultdict(list)
        taken = Change.objects.take(limit, but_not=READ_KINDS)
        for kind, shop_id, ref in taken:
            changes[kind].append((shop_id, ref))
        areas = touched(changes)
        if areas:
            setting = Setting(now)
            for area in areas:
                _look(area, setting, changes, counts)
    counts.changes += len(taken)
    counts.seconds["detect"] += time.perf_counter() - started
    return len(taken)


def detect_due(now: datetime | None = None, counts: Counts | None = None) -> Counts:
    """Look at everything that time alone may have made a cause, and close whatever is no longer found."""
    counts = Counts() if counts is None else counts
    now = now or timezone.now()
    started = time.perf_counter()
    refresh_statistics()
    setting = Setting(now)
    for area in AREAS:
        with transaction.atomic():
            _look(area, setting, None, counts)
    with transaction.atomic():
        counts.woken += wake(now)
        fold(now)
    counts.seconds["detect"] += time.perf_counter() - started
    return counts


def _look(area: Area, setting: Setting, changes: Changes | None, counts: Counts) -> None:
    """Facts, detectors, alerts of one area; a failure of its query leaves the others standing."""
    try:
        with transaction.atomic():
            seen = area.load(setting, changes)
            findings, whole = _findings(area, setting, seen, counts)
            counts.add(keep(findings, setting.now))
            kept = frozenset(finding.fingerprint for finding in findings)
            counts.resolved += resolve(Swept(whole, seen.looked, kept), setting.now)
    except DatabaseError:
        counts.failed += 1
        log.exception("area_failed", area=area.name)


def _findings(area: Area, setting: Setting, seen: Seen, counts: Counts) -> tuple[list[Finding], tuple[str, ...]]:
    """Findings, and the detectors that looked at every subject without failing."""
    findings: list[Finding] = []
    whole = []
    for name in area.detectors:
        failed = _run(name, setting, seen.looks, findings)
        counts.looked_at += len(seen.looks)
        counts.failed += failed
        if not failed:
            whole.append(name)
    return findings, tuple(whole)


def take_in(name: str, looks: Sequence[Any], now: datetime) -> Counts:
    """One detector whose facts stand above this app: its looks are everything that it could speak of now."""
    counts, setting = Counts(), Setting(now)
    findings: list[Finding] = []
    counts.failed = _run(name, setting, looks, findings)
    counts.looked_at = len(looks)
    with transaction.atomic():
        counts.add(keep(findings, now))
        if not counts.failed:
            counts.resolved = resolve(Swept((name,), None, frozenset(each.fingerprint for each in findings)), now)
    return counts


def _run(name: str, setting: Setting, looks: Sequence[Any], findings: list[Finding]) -> int:
    """One detector over its looks, one by one. Returns how many failed."""
    detect, rules, failed = BY_NAME[name].detect, setting.rules(name), 0
    for look in looks:
        try:
            findings.extend(detect((look,), setting.now, rules))
        except Exception:
            failed += 1
            log.exception("detector_failed", detector=name, ref=getattr(look, "ref", ""))
    return failed


def detect_tickets(now: datetime | None = None) -> Counts:
    """Look at what waits for an answer, and at waves; rung after messages were read and grouped."""
    counts, now = Counts(), now or timezone.now()
    setting = Setting(now)
    for area in touched({"ticket"}):
        with transaction.atomic():
            _look(area, setting, None, counts)
    with transaction.atomic():
        fold(now)
    return counts


def sweep(now: datetime | None = None) -> Counts:
    """Everything once: read what was written, group it, look at all that is due, rank. The rehearsal's entry."""
    now = now or timezone.now()
    counts = Counts()
    started = time.perf_counter()
    while taken := read_messages(now=now):
        counts.tickets += taken
    counts.seconds["read"] += time.perf_counter() - started
    started = time.perf_counter()
    counts.waves = group_tickets(now)
    counts.seconds["group"] += time.perf_counter() - started
    left = AT_ONCE
    while left >= AT_ONCE:
        left = detect_changes(now=now, counts=counts)
    detect_due(now, counts)
    started = time.perf_counter()
    counts.ranked = rank_open(now)
    counts.seconds["rank"] += time.perf_counter() - started
    return counts


@shared_task(name="alerts.detect_changes", queue="think", max_retries=0)
def detect_changed() -> None:
    """Rung after a save; rings itself again while more is waiting."""
    if detect_changes() >= AT_ONCE:
        detect_changed.delay()


@shared_task(name="alerts.detect_tickets", queue="think", max_retries=0, expires=60)
def detect_written() -> None:
    """Rung after new messages were grouped, so that a threat or a danger is shown at once."""
    detect_tickets()


@shared_task(name="alerts.detect_due", queue="think", max_retries=0, expires=TURN.total_seconds())
def detect_all_due() -> None:
    """Beat: what passing time has made a cause."""
    detect_due()
