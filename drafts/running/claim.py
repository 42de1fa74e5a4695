"""Claim: one worker at a time holds an execution, by a lease and a fence in its row and by a session's advisory lock.

The lease says when others may look; the lock says whether the process still lives: a paused one is not declared dead.
The lock needs a direct connection to PostgreSQL (no pooling by transaction).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from drafts.deciding.clock import now
from drafts.models import Draft, Execution
from drafts.running.points import reached
from drafts.states import State

# Advisory locks share one space of numbers; executions have theirs from here on.
FIRST_LOCK = 7_204 << 40


@dataclass(slots=True)
class Claim:
    """`deadline` is when byte one may leave last, by this machine's clock: a call then still ends within the lease."""

    execution: Execution
    draft: Draft
    fence: int
    worker: str
    deadline: datetime
    drift: list[dict[str, str]] = field(default_factory=list)  # facts found moved while this claim was held

    def owned(self) -> QuerySet[Execution]:
        """The row, if it is still ours; lock it in the transaction that writes."""
        return Execution.objects.filter(pk=self.execution.pk, fence=self.fence)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def free(moment: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=moment)


def due(states: set[State], moment: datetime, limit: int) -> list[int]:
    """Executions whose next step may be taken, the longest waiting first."""
    rows = Execution.objects.filter(free(moment), next_at__lte=moment, draft__state__in=states)
    return list(rows.order_by("next_at").values_list("pk", flat=True)[:limit])


@contextmanager
def claimed(pk: int, states: set[State], moment: datetime | None = None) -> Iterator[Claim | None]:
    """Hold one execution whose draft is in one of `states` and due; None where somebody else does, or it is not due."""
    reached("before_claim")
    if not try_lock(pk):
        yield None
        return
    try:
        claim = _take(pk, states, moment or now())
        if claim is not None:
            reached("after_claim")
        try:
            yield claim
        finally:
            if claim is not None:
                _give_back(claim)
    finally:
        unlock(pk)


@transaction.atomic
def _take(pk: int, states: set[State], moment: datetime) -> Claim | None:
    rows = Execution.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "draft__shop", "draft__alert", "approval__by"
    )
    found = rows.filter(free(moment), pk=pk, next_at__lte=moment, draft__state__in=states).first()
    if found is None:
        return None
    lease = settings.EXECUTION_LEASE
    found.fence += 1
    found.worker = worker_name()
    found.lease_until = now() + lease
    found.save(update_fields=["fence", "worker", "lease_until"])
    deadline = timezone.now() + lease - settings.EXECUTION_CALL_TIMEOUT
    return Claim(found, found.draft, found.fence, found.worker, deadline)


def _give_back(claim: Claim) -> None:
    """A draft left in `sending` keeps its lease: only the reaper may say what became of it."""
    try:
        claim.owned().exclude(draft__state=State.SENDING).update(lease_until=None)
    except DatabaseError:
        connection.close()  # the lease runs out by itself


def try_lock(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [FIRST_LOCK + pk])
        row = cursor.fetchone()
    return bool(row and row[0])


def unlock(pk: int) -> None:
    """A broken connection has let go of its locks already."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [FIRST_LOCK + pk])
    except DatabaseError:
        connection.close()
