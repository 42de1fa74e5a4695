"""Weigh: the first alerts are placed within their computed ranges and worded by the model, a few times an hour.

Without a model, past the day's budget, and whenever its answer may not be used, the computed rank stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from alerts.models import Alert
from alerts.rank import Weighed, weigh_top
from alerts.ranking import Rank
from alerts.weighing import Weighable, placed, question
from connectors.calls import open_model
from connectors.llm.client import Model, Unusable
from connectors.llm.routing import Offline
from connectors.models import ModelCall

log = structlog.get_logger(__name__)

TOP = 20
# After an answer that could not be used, the same question is not paid for again at once.
REST = timedelta(minutes=10)


@shared_task(name="alerts.weigh_open", queue="think", max_retries=0, expires=240)
def weigh_all() -> None:
    """Beat."""
    weigh_open()


def weigh_open(now: datetime | None = None, *, model: Model | None = None) -> int:
    """Weigh the first alerts that nobody has worded yet. How many were worded; 0 where the computed rank stands."""
    now = now or timezone.now()
    if ModelCall.objects.filter(task="weigh", at__gt=now - REST).exclude(outcome="used").exists():
        return 0
    try:
        asked = model or open_model()
    except Offline:
        return 0
    return weigh_top(lambda alerts, ranks: weigh(asked, alerts, ranks), TOP, now)


def weigh(model: Model, alerts: Sequence[Alert], ranks: Sequence[Rank]) -> tuple[int | None, Sequence[Weighed]]:
    """One call for all of them; (None, ()) where its answer may not be used."""
    known = {
        alert.pk: (alert, rank) for alert, rank in zip(alerts, ranks, strict=True) if alert.cash_likely is not None
    }
    if not known:
        return None, ()
    try:
        completion = model.complete(question([weighable(alert) for alert, _ in known.values()]))
    except (Offline, Unusable) as error:
        log.info("computed_rank_stands", reason=str(error))
        return None, ()
    return completion.call_id, [
        Weighed(
            id=each.alert,
            rank=placed(each.weight, known[each.alert][1].low, known[each.alert][1].high),
            why=" ".join(said.text for said in each.why),
            tradeoff=each.tradeoff.text,
            missing=tuple(each.missing),
        )
        for each in completion.value.alerts
    ]


def weighable(alert: Alert) -> Weighable:
    """An alert as the model sees it: no customer, only figures, evidence and times."""
    figures = {
        "low": f"{alert.cash_low:.2f} {alert.currency}",
        "likely": f"{alert.cash_likely:.2f} {alert.currency}",
        "high": f"{alert.cash_high:.2f} {alert.currency}",
        "deadline": f"{alert.deadline:%Y-%m-%d %H:%M} UTC" if alert.deadline else "none",
        "safe_until": f"{alert.safe_until:%Y-%m-%d %H:%M} UTC" if alert.safe_until else "waiting costs already",
        "minutes": f"{alert.minutes:f}",
    }
    lines = {f"e{place}": line for place, line in enumerate(alert.evidence, start=1)}
    return Weighable(
        id=alert.pk,
        title=alert.title,
        figures=figures,
        evidence={name: f"{line['claim']}: {str(line['value'])[:300]}" for name, line in lines.items()},
        missing=tuple(alert.missing),
        assumed=tuple(alert.assumed),
        keep=(alert.subject_ref, alert.subject_label, *(str(line.get("id", "")) for line in lines.values())),
    )
