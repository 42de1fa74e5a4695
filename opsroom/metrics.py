"""Prometheus figures, read from PostgreSQL when scraped: every process of the product is in them, none keeps any.

Text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Counters begin anew each Monday (UTC), which
`rate()` takes for a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from alerts.models import Alert
from connectors.health import LATENCY_BOUNDS
from connectors.models import Change, ModelCall, WebhookEvent
from connectors.watching.evidence import Evidence, Verdict
from connectors.watching.gateway import troubles
from connectors.watching.takings import takings
from connectors.watching.vitals import hour_of, judge, vitals
from drafts.models import Draft, Execution, LedgerEntry, LedgerSeal, Pause
from drafts.states import State
from opsroom.health.page import drafts_waiting

PLACES = ", ".join(f"sum(COALESCE(c.latencies[{place + 1}], 0))" for place in range(len(LATENCY_BOUNDS) + 1))
CALLED = f"""
    SELECT s.name, s.kind, c.operation, sum(c.calls), sum(c.total_ms), {PLACES}
    FROM connectors_callhealth c JOIN connectors_shop s ON s.id = c.shop_id
    WHERE c.hour >= %s GROUP BY 1, 2, 3 ORDER BY 1, 3
"""  # noqa: S608  # places of an array
FAILED = """
    SELECT s.name, s.kind, c.operation, f.key, sum(f.value::bigint)
    FROM connectors_callhealth c JOIN connectors_shop s ON s.id = c.shop_id, jsonb_each_text(c.failures) f
    WHERE c.hour >= %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4
"""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DAY = timedelta(days=1)
Labels = dict[str, str]
Value = float | int | None


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples: (suffix, labels, value); a sample without a value is left out."""

    name: str
    kind: str  # gauge, counter, histogram
    help: str
    samples: tuple[tuple[str, Labels, Value], ...]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Behind its own bearer token; a page that is not there without one."""
    token = settings.METRICS_TOKEN
    if not token:
        return HttpResponse("Set OPSROOM_METRICS_TOKEN to have metrics here.\n", status=404, content_type="text/plain")
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {token}"):
        answer = HttpResponse("Send OPSROOM_METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    return HttpResponse(exposition(families(timezone.now())), content_type=CONTENT_TYPE)


def exposition(found: Iterable[Family]) -> str:
    lines = []
    for family in found:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        lines += [
            f"{family.name}{suffix}{_labels(labels)} {_number(value)}"
            for suffix, labels, value in family.samples
            if value is not None
        ]
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float | int) -> str:
    return str(value) if isinstance(value, int) else repr(value)


def families(now: datetime) -> Iterator[Family]:
    """All figures as of one moment, in about twenty queries."""
    found = vitals(now)
    yield from connections(found, now)
    yield from feeds(found, now)
    yield from calls(now)
    yield from work(now)


def connections(found: list[Evidence], now: datetime) -> Iterator[Family]:
    judged, waiting, paid = judge(found, now), drafts_waiting(), takings(now)
    yield Family("opsroom_connection_verdict", "gauge", "1 for what holds of a connection now, 0 for the rest.", tuple(
        ("", _of(one) | {"verdict": str(verdict)}, int(judged[one.shop_id][0].verdict is verdict))
        for one in found for verdict in Verdict
    ))  # fmt: skip
    yield Family("opsroom_drafts_held", "gauge", "Approved drafts that something keeps from leaving.", tuple(
        ("", _of(one), waiting.get(one.shop_id, 0)) for one in found
    ))  # fmt: skip
    yield Family("opsroom_rate_budget_left", "gauge", "Calls or points left, as last known.", tuple(
        ("", _of(one) | {"operation": call.operation}, call.budget_left) for one in found for call in one.calls
    ))  # fmt: skip
    yield Family("opsroom_call_failing", "gauge", "Failed calls of an operation since its last good one.", tuple(
        ("", _of(one) | {"operation": call.operation}, call.failing) for one in found for call in one.calls
    ))  # fmt: skip
    by_id = {one.shop_id: one for one in found}
    yield Family("opsroom_payment_trouble", "gauge", "1 for each trouble with a shop's payments.", tuple(
        ("", _of(by_id[shop_id]) | {"trouble": trouble.what}, 1)
        for shop_id, seen in paid.items() if shop_id in by_id for trouble in troubles(seen, now)
    ))  # fmt: skip
    yield Family("opsroom_charges_recent", "gauge", "Charges of the last six hours.", tuple(
        ("", _of(by_id[shop_id]) | {"outcome": outcome}, count)
        for shop_id, seen in paid.items() if shop_id in by_id
        for outcome, count in (("declined", seen.recent.declined), ("taken", seen.recent.tried - seen.recent.declined))
    ))  # fmt: skip


def feeds(found: list[Evidence], now: datetime) -> Iterator[Family]:
    streams = [(_of(one) | {"feed": feed.name}, feed) for one in found if one.is_read for feed in one.feeds]
    yield Family("opsroom_feed_trusted", "gauge", "1 where a feed is fresh and whole.", tuple(
        ("", labels, int(not feed.fault)) for labels, feed in streams
    ))  # fmt: skip
    yield Family("opsroom_feed_age_seconds", "gauge", "Since the last whole read.", tuple(
        ("", labels, (now - feed.last_good_at).total_seconds() if feed.last_good_at else None)
        for labels, feed in streams
    ))  # fmt: skip
    yield Family("opsroom_feed_gap_rows", "gauge", "Rows counted at the source less rows stored.", tuple(
        ("", labels, feed.gap) for labels, feed in streams
    ))  # fmt: skip
    yield Family("opsroom_feed_quarantined_rows", "gauge", "Rows that could not be read and wait.", tuple(
        ("", labels, feed.quarantined) for labels, feed in streams
    ))  # fmt: skip
    yield Family("opsroom_feed_failures", "gauge", "Failed pulls since the last good one.", tuple(
        ("", labels, feed.failures) for labels, feed in streams
    ))  # fmt: skip


def calls(now: datetime) -> Iterator[Family]:
    """This week's calls by shop and operation, added up by the database, with how long they took."""
    monday = hour_of(now).replace(hour=0) - timedelta(days=now.weekday())
    names = ("shop", "kind", "operation")
    failed = [
        (dict(zip(names, row[:3], strict=True)) | {"class": row[3]}, int(row[4])) for row in _read(FAILED, monday)
    ]
    yield Family("opsroom_call_failures_total", "counter", "Failed calls by class.", tuple(
        ("", labels, count) for labels, count in failed
    ))  # fmt: skip
    yield Family("opsroom_call_seconds", "histogram", "How long calls took.", tuple(
        sample
        for shop, kind, operation, count, total_ms, *latencies in _read(CALLED, monday)
        for sample in _histogram(
            dict(zip(names, (shop, kind, operation), strict=True)), int(count), int(total_ms), list(map(int, latencies))
        )
    ))  # fmt: skip


def _read(sql: str, since: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [since])
        return list(cursor.fetchall())


def _histogram(labels: Labels, count: int, total_ms: int, latencies: list[int]) -> Iterator[tuple[str, Labels, Value]]:
    """Cumulative buckets. Calls of before latencies were kept are in the last bucket alone."""
    seen = 0
    for bound, at_most in zip(LATENCY_BOUNDS, latencies, strict=False):
        seen += at_most
        yield "_bucket", labels | {"le": f"{bound / 1000:g}"}, seen
    yield "_bucket", labels | {"le": "+Inf"}, count
    yield "_sum", labels, total_ms / 1000
    yield "_count", labels, count


def work(now: datetime) -> Iterator[Family]:
    """What waits where: pushes, changes, alerts, drafts, writes in doubt, the ledger's seal, models."""
    waiting = WebhookEvent.objects.filter(done_at=None, received_at__gte=now - 30 * DAY).count()
    yield _one("opsroom_webhooks_waiting", "Pushes stored and not yet settled.", waiting)
    yield _one("opsroom_changes_waiting", "Changed records that no detector has looked at.", Change.objects.count())
    open_alerts = Alert.objects.open().order_by().values_list("detector").annotate(Count("pk"), Sum("cash_likely"))
    rows = list(open_alerts)
    yield Family("opsroom_alerts_open", "gauge", "Alerts that wait for a decision.", tuple(
        ("", {"detector": detector}, count) for detector, count, _ in rows
    ))  # fmt: skip
    yield Family("opsroom_alerts_open_dollars", "gauge", "What they have at risk, in the base currency.", tuple(
        ("", {"detector": detector}, float(cash) if cash is not None else None) for detector, _, cash in rows
    ))  # fmt: skip
    states: Any = Draft.objects.order_by().values_list("state").annotate(Count("pk"))
    by_state = dict(states)
    yield Family("opsroom_drafts", "gauge", "Drafts by state.", tuple(
        ("", {"state": str(state)}, by_state.get(state, 0)) for state in State
    ))  # fmt: skip
    first = Execution.objects.filter(next_at__lte=now).order_by("next_at").values_list("next_at", flat=True).first()
    overdue = (now - first).total_seconds() if first else 0.0
    yield _one(
        "opsroom_execution_overdue_seconds", "How long the longest due execution has waited for a worker.", overdue
    )
    yield _one(
        "opsroom_paused", "1 while a person has paused all writes.", int(Pause.objects.filter(ended_at=None).exists())
    )
    sealed = LedgerSeal.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    newest = LedgerEntry.objects.order_by("-id").values_list("recorded_at", flat=True).first()
    lag = max(0.0, (newest - sealed).total_seconds()) if sealed and newest else 0.0
    yield _one("opsroom_ledger_unsealed_seconds", "From the last seal to the newest entry.", lag)
    models: Any = ModelCall.objects.filter(at__gte=now - DAY).order_by().values_list("model", "outcome")
    spent = list(models.annotate(Count("pk"), Sum("cost_usd")))
    yield Family("opsroom_model_calls_day", "gauge", "Model calls of the last 24 hours.", tuple(
        ("", {"model": model, "outcome": outcome}, count) for model, outcome, count, _ in spent
    ))  # fmt: skip
    yield Family("opsroom_model_dollars_day", "gauge", "What they cost.", tuple(
        ("", {"model": model, "outcome": outcome}, float(cost)) for model, outcome, _, cost in spent
    ))  # fmt: skip


def _one(name: str, text: str, value: Value) -> Family:
    return Family(name, "gauge", text, (("", {}, value),))


def _of(one: Evidence) -> Labels:
    return {"shop": one.name, "kind": one.kind}
