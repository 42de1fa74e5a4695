"""Reap: what a dead worker left behind becomes unknown; what nobody decided or sent in time expires."""

from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction

from drafts.deciding.clock import Clock, now
from drafts.models import Attempt, Draft, Execution
from drafts.move import Lost, move
from drafts.running.claim import try_lock, unlock
from drafts.running.outcome import may_have_happened
from drafts.states import State

log = structlog.get_logger()


def reap(moment: datetime | None = None, limit: int = 200) -> int:
    """Executions in `sending` whose lease has run out and whose process is gone; returns how many became unknown."""
    rows = Execution.objects.filter(draft__state=State.SENDING, lease_until__lte=moment or now())
    return sum(_reap(pk) for pk in rows.values_list("pk", flat=True)[:limit])


def _reap(pk: int) -> bool:
    """A process that still holds the lock is only slow: it is left alone."""
    if not try_lock(pk):
        return False
    try:
        with transaction.atomic():
            execution = Execution.objects.select_for_update().select_related("draft").get(pk=pk)
            if execution.draft.state != State.SENDING:
                return False
            lost = "the worker was lost during the call"
            pending = execution.attempts.filter(outcome=Attempt.Outcome.PENDING)
            pending.update(outcome=Attempt.Outcome.UNKNOWN, ended_at=Clock(), error=lost)
            move(execution.draft, State.UNKNOWN, "worker_lost", changes={"reason": lost}, worker=execution.worker)
            execution.next_at = now() + settings.EXECUTION_QUIET
            execution.lease_until, execution.absent_reads, execution.probes = None, 0, 0
            execution.fence += 1
            execution.save(update_fields=["next_at", "lease_until", "absent_reads", "probes", "fence"])
    except Lost:
        return False
    finally:
        unlock(pk)
    return True


def expire(moment: datetime | None = None, limit: int = 500) -> int:
    """Drafts past their deadline, decided or not; one whose call may have happened goes to a read instead."""
    states = [State.PROPOSED, State.AWAITING_SECOND, State.APPROVED, State.HELD]
    late = Draft.objects.filter(state__in=states, expires_at__lte=moment or now())
    return sum(_expire(draft) for draft in late.order_by("pk")[:limit])


def _expire(draft: Draft) -> bool:
    try:
        with transaction.atomic():
            execution = Execution.objects.select_for_update().select_related("approval").filter(draft=draft).first()
            if execution and draft.state == State.APPROVED and may_have_happened(execution):
                move(draft, State.UNKNOWN, "unknown", changes={"reason": "its time ran out while it was in doubt"})
                return True
            gone = {"reason": "Its time ran out.", "finished_at": Clock()}
            move(draft, State.EXPIRED, "expired", changes=gone)
            Execution.objects.filter(draft=draft).update(next_at=None)
    except Lost:
        return False
    return True


@shared_task(name="drafts.reap", queue="execute", max_retries=0)
def run() -> None:
    """Beat, every five seconds."""
    if lost := reap():
        log.warning("workers were lost during calls", executions=lost)
    expire()
