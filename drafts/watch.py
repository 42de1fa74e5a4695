"""Watch: what only this app knows and a detector should judge: writes in doubt, and what models cost today."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from celery import shared_task
from django.db.models import Avg, Count, Q, Sum
from django.utils import timezone

from alerts.detect import Counts, take_in
from alerts.looks import ModelBudgetLook, ShopLook, UnknownWriteLook
from alerts.models import Alert
from connectors.calls import budget_now
from connectors.models import ModelCall
from drafts.models import Draft, Execution
from drafts.states import State


def watch(now: datetime | None = None) -> tuple[Counts, Counts]:
    """Keep an alert for each write in doubt and for a day whose model budget runs out; close those that are settled."""
    now = now or timezone.now()
    return take_in("write_unknown", doubtful_writes(now), now), take_in("model_budget", budgets(now), now)


def doubtful_writes(now: datetime) -> list[UnknownWriteLook]:
    """Writes that may have left and whose effect nobody has seen. What the channel simply cannot do is no doubt."""
    rows = (
        Execution.objects.filter(draft__state__in=(State.UNKNOWN, State.NEEDS_HUMAN), first_sent_at__isnull=False)
        .filter(draft__by_hand="")
        .select_related("draft__shop", "draft__alert")
        .order_by("first_sent_at")
    )
    return [_doubt(row, row.draft, row.first_sent_at, now) for row in rows if row.first_sent_at]


def _doubt(execution: Execution, draft: Draft, sent_at: datetime, now: datetime) -> UnknownWriteLook:
    shop, alert = draft.shop, draft.alert
    return UnknownWriteLook(
        shop=ShopLook(shop.pk, shop.kind, shop.name, shop.country, shop.currency, shop.time_zone) if shop else None,
        draft_id=draft.pk, kind=draft.kind, summary=draft.preview.get("summary") or draft.kind.replace("_", " "),
        state=draft.state, sent_at=sent_at, amount=draft.amount, currency=draft.currency, stake=_stake(alert),
        reads=execution.probes, next_look_at=execution.next_at, reason=draft.reason, read_at=now,
    )  # fmt: skip


def _stake(alert: Alert | None) -> tuple[Decimal, Decimal, Decimal] | None:
    if alert is None or alert.cash_low is None or alert.cash_likely is None or alert.cash_high is None:
        return None
    return alert.cash_low, alert.cash_likely, alert.cash_high


def budgets(now: datetime) -> list[ModelBudgetLook]:
    """Today's budget where a limit is set; nothing where models may cost what they will, or are switched off."""
    budget = budget_now()
    if not budget.limit:
        return []
    today = now.astimezone(UTC).date()
    calls = _calls_of(today)
    dearest: Any = calls.order_by().values("task").annotate(cost=Sum("cost_usd")).order_by("-cost").first() or {}
    open_ones = Alert.objects.open().filter(worded_by=None).aggregate(count=Count("pk"), mean=Avg("cash_likely"))
    return [
        ModelBudgetLook(
            day=today, limit=budget.limit, spent=budget.spent,
            last_hour=calls.filter(at__gt=now - timedelta(hours=1)).aggregate(sum=Sum("cost_usd"))["sum"] or Decimal(0),
            refused=calls.filter(~Q(outcome="used")).count(), unweighed=open_ones["count"],
            mean_cash=open_ones["mean"].quantize(Decimal("0.01")) if open_ones["mean"] is not None else None,
            dearest_task=dearest.get("task", ""), dearest_cost=dearest.get("cost") or Decimal(0), read_at=now,
        )
    ]  # fmt: skip


def _calls_of(day: date) -> Any:
    begin = datetime.combine(day, time.min, UTC)
    return ModelCall.objects.filter(at__gte=begin, at__lt=begin + timedelta(days=1))


@shared_task(name="drafts.watch", queue="think", max_retries=0, expires=90)
def watch_all() -> None:
    """Beat."""
    watch()
