"""The record of every call of the model, and the model opened with its table, the day's budget and that record."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import structlog
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from connectors.llm.access import Access
from connectors.llm.client import Call, Model
from connectors.llm.routing import EFFORTS, Budget, Offline, Route
from connectors.models import ModelBudget, ModelCall, ModelRoute

log = structlog.get_logger(__name__)


def record_call(call: Call) -> int:
    """Keep one call; its id."""
    row = ModelCall.objects.create(
        at=call.at,
        task=call.task,
        model=call.model,
        prompt_version=call.prompt_version,
        input_tokens=call.usage.fresh,
        cache_read_tokens=call.usage.cache_read,
        cache_write_tokens=call.usage.cache_write,
        output_tokens=call.usage.output,
        cost_usd=call.cost_usd,
        latency_ms=call.latency_ms,
        stop_reason=call.stop_reason,
        outcome=call.outcome,
        detail=call.detail,
        request_id=call.request_id,
    )
    log.info("model_call", task=call.task, model=call.model, outcome=str(call.outcome), cost_usd=str(call.cost_usd))
    return row.pk


def spent_on(day: date) -> Decimal:
    """Dollars that all calls of one day (UTC) cost."""
    begin = datetime.combine(day, time.min, UTC)
    end = datetime.combine(day, time.max, UTC)
    return ModelCall.objects.filter(at__range=(begin, end)).aggregate(sum=Sum("cost_usd"))["sum"] or Decimal(0)


def budget_now() -> Budget:
    """Today's limit and what today's calls have cost so far."""
    today = timezone.now().astimezone(UTC).date()
    row = ModelBudget.objects.filter(effective_from__lte=today).order_by("-effective_from").first()
    return Budget(row.day_limit_usd if row else None, spent_on(today))


def routing_table() -> dict[str, Route]:
    """The rows of the admin, as the pure table."""
    return {
        row.task: Route(row.task, row.model, row.max_tokens, EFFORTS[row.effort], row.is_active)
        for row in ModelRoute.objects.all()
    }


def open_model() -> Model:
    """The model, ready to be asked. Raises Offline where no key is set."""
    if not settings.MODEL_API_KEY:
        raise Offline("no key for the model is set (ANTHROPIC_API_KEY)")
    access = Access(
        api_key=settings.MODEL_API_KEY,
        base_url=settings.MODEL_BASE_URL,
        timeout_seconds=settings.MODEL_TIMEOUT_SECONDS,
        max_retries=settings.MODEL_RETRIES,
    )
    return Model(access, routes=routing_table(), budget=budget_now, sink=record_call, clock=timezone.now)
