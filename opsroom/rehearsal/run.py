"""A whole day through the real steps: pulled from the twin over its wire, saved, read, detected, ranked, drafted."""

import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from alerts.detect import sweep
from alerts.models import Alert
from connectors.intake import onboarding
from connectors.models import Feed, Message, Order
from connectors.pull import pull
from connectors.twin.client import TwinClient, running_twin
from connectors.twin.scenarios import SCENARIOS
from drafts.draft import draft_alerts
from opsroom import collector
from opsroom.rehearsal.score import DECISIONS, Planted, Shown, judge

Seconds = dict[str, float]
PULLERS = 4  # threads, as the pull lane has
# Alerts about our own reading and writing: they depend on the run, not on what was planted in the market.
MACHINERY = ("feed_stale", "connection_fault", "write_unknown", "model_budget")
UNHELD = 100_000  # calls a second: a rehearsal measures us, not what a channel grants


def rehearse(scenario: str, orders: int | None, seed: int) -> dict[str, Any]:
    """Run one scenario in the database that is bound now; returns the keys of `manage.py rehearse --json`.

    One without exceptions planted in it is pulled and saved alone: there is nothing to judge the alerts by.
    """
    collector.calm_down()
    with running_twin(scenario, seed, orders) as twin:
        connect(twin)
        seconds: Seconds = defaultdict(float)
        pull_all(seconds)
        if not SCENARIOS[scenario].is_planted:
            return result(Order.objects.count(), seconds) | {"planted": False}
        for stage, spent in sweep(timezone.now()).seconds.items():
            seconds[stage] += spent
        with timed(seconds, "draft"):
            draft_alerts(DECISIONS)
        score = judge(shown(), [Planted.read(row) for row in twin.truth() if row["detector"] not in MACHINERY])
    return result(Order.objects.count(), seconds) | asdict(score) | {"alerts": alerts_by_detector()}


def connect(twin: TwinClient) -> None:
    """Connect every account, and enter what the founder knows by heart."""
    for account in twin.shops():
        onboarding.connect({**account, "settings": {**account["settings"], "calls_per_second": UNHELD}})
    onboarding.enter_books(twin.onboarding(), timezone.now())


def pull_all(seconds: Seconds) -> None:
    """Every feed to its last page: the shops side by side, as the pull lane's threads do, each shop's feeds in turn.

    What a feed could not read shows on the feed and in the score. `pull` and `save` share the time that passed.
    """
    started = time.perf_counter()
    shares: Seconds = defaultdict(float)
    with ThreadPoolExecutor(PULLERS, thread_name_prefix="pull") as pool:
        for pulled, saved in pool.map(pull_shop, due_feeds()):
            shares["pull"] += pulled
            shares["save"] += saved
    passed, whole = time.perf_counter() - started, sum(shares.values())
    for stage, share in shares.items():
        seconds[stage] += passed * share / whole


def due_feeds() -> list[list[int]]:
    """The feeds that are due now, shop by shop."""
    by_shop: dict[int, list[int]] = defaultdict(list)
    for shop_id, feed_id in Feed.objects.due(timezone.now()).order_by("pk").values_list("shop_id", "pk"):
        by_shop[shop_id].append(feed_id)
    return list(by_shop.values())


def pull_shop(feed_ids: list[int]) -> tuple[float, float]:
    """Seconds spent on reading and on saving one shop's feeds, on a database connection of this thread's own."""
    started = time.perf_counter()
    try:
        saving = sum(pull_whole(feed_id) for feed_id in feed_ids)
    finally:
        connection.close()
    return time.perf_counter() - started - saving, saving


def pull_whole(feed_id: int) -> float:
    """One turn, and another at once where rows are left, as the task does; the seconds spent on saving."""
    saving = pull(feed_id).seconds
    while Feed.objects.due(timezone.now()).filter(pk=feed_id).exists():
        saving += pull(feed_id).seconds
    return saving


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] += time.perf_counter() - started


def alerts_by_detector() -> dict[str, int]:
    """How many alerts each detector shows."""
    rows = Alert.objects.open().order_by().values_list("detector").annotate(count=Count("pk"))
    return dict(rows)


def shown() -> list[Shown]:
    """Every alert as the list has it, with all the names it gives its subject."""
    rows = Alert.objects.filter(state__in=[Alert.State.OPEN, Alert.State.GROUPED]).exclude(detector__in=MACHINERY)
    return [_shown(alert, names_of(alert)) for alert in rows.iterator()]


def names_of(alert: Alert) -> set[str]:
    """Every id by which an alert names its subject; a wave goes by the letters of its members."""
    names = {alert.subject_ref, alert.subject_label, *(str(value) for value in alert.arguments.values())}
    names |= {str(value) for member in alert.members for value in member.values()}
    if held := alert.arguments.get("conversation_refs"):
        names |= set(Message.objects.filter(conversation_ref__in=held).values_list("message_id", flat=True))
    return names - {"", "None"}


def _shown(alert: Alert, names: set[str]) -> Shown:
    return Shown(
        alert.detector,
        frozenset(names),
        alert.rank,
        None if alert.cash_low is None else float(alert.cash_low),
        None if alert.cash_high is None else float(alert.cash_high),
        float(alert.gmv_likely or 0),
        _since(alert.waiting, alert.first_seen_at),
        alert.state == Alert.State.OPEN,
    )


def _since(waiting: list[Any], first_seen_at: datetime) -> float:
    return datetime.fromisoformat(waiting[0][0]).timestamp() if waiting else first_seen_at.timestamp()


def result(orders: int, seconds: Seconds) -> dict[str, Any]:
    """Speed and memory. The rate is over everything up to the ranked list; drafting waits for nobody."""
    until_ranked = sum(spent for stage, spent in seconds.items() if stage != "draft")
    return {
        "orders": orders,
        "seconds": round(sum(seconds.values()), 2),
        "orders_per_second": round(orders / until_ranked) if until_ranked else 0,
        "stages": {stage: round(spent, 2) for stage, spent in seconds.items()},
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "cpu_seconds": round(time.process_time(), 2),
        "feeds_failed": list(Feed.objects.exclude(error_class="").values_list("shop__kind", "name", "error_text")),
    }
