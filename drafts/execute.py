"""Execute: one approved write, once. Claim, read the facts again, commit the attempt, call, record.

No transaction is open during a call. The rows are the queue; a task only rings, and a lost or doubled ring is harmless.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from random import uniform
from typing import Any

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError

from connectors.base import Connector, ConnectorError, Permit, Reconnect, Refused, Retry, Unknown
from drafts.deciding.binding import digest
from drafts.deciding.by_hand import prepared
from drafts.deciding.clock import Clock, now
from drafts.deciding.judge import Judge
from drafts.kinds import KINDS, read_command
from drafts.kinds.base import Command, Difference, Facts, Kind
from drafts.models import Attempt, Pause
from drafts.move import Lost, move, repropose
from drafts.policy import Flag
from drafts.preparing.facts import reader_for
from drafts.running import canaries, desk, outcome
from drafts.running.channel import needs_reconnect, open_channel
from drafts.running.claim import Claim, claimed, due
from drafts.running.hold import CHECK, hold_of
from drafts.running.keep import keep
from drafts.running.pace import pace_of
from drafts.running.points import reached
from drafts.states import State

log = structlog.get_logger()

READY = {State.APPROVED, State.HELD}


def run_due(moment: datetime | None = None, limit: int = 50) -> int:
    """Execute what may go now, here; returns how many were taken up. Nothing leaves during a pause."""
    taken = 0
    for pk in due(READY, moment or now(), limit):
        taken += execute(pk, moment)
    return taken


def execute(pk: int, moment: datetime | None = None) -> bool:
    """Take one execution as far as it goes now; False where it is not due, held by another worker, or paused."""
    if Pause.objects.filter(ended_at=None).exists():
        return False
    with claimed(pk, READY, moment) as claim:
        if claim is None:
            return False
        try:
            _run(claim)
        except Lost as error:
            log.info("execution moved by another", execution=pk, reason=str(error))
        except DatabaseError:
            log.exception("the database failed this one; it is taken up again when its lease is over", execution=pk)
    return True


def _run(claim: Claim) -> None:
    draft = claim.draft
    if draft.hold_until is not None and draft.hold_until > now():
        outcome.schedule(claim, draft.hold_until - now())
        return
    if digest(draft.kind, draft.shop_id, draft.version, draft.command, draft.facts) != draft.digest:
        _stop(claim, "altered", "What is stored is not what was approved; nothing was sent.")
        return
    if _reopened_for_lost_right(claim) or _held_back(claim):
        return
    kind, command = KINDS[draft.kind], read_command(draft.kind, draft.command)
    try:
        connector = None if kind.is_internal else open_channel(draft)
        reader = reader_for(draft.shop_id, connector)
        facts = kind.read_facts(command, reader)
    except (ConnectorError, LookupError) as error:
        _unreadable(claim, error)
        return
    reached("after_facts")
    if differences := kind.differences(draft.facts, facts):
        _moved(claim, differences, facts)
    elif reasons := kind.refusals(command, facts):
        _stop(claim, "refused_by_facts", "; ".join(reasons))
    elif reasons := Judge().refusals(draft.kind, draft.shop_id, command, reader):
        _stop(claim, "refused_by_policy", "; ".join(reasons))
    else:
        _send(claim, kind, command, connector)


def _send(claim: Claim, kind: Kind[Any], command: Command, connector: Connector | None) -> None:
    attempt = _begin(claim)
    if attempt is None:
        return
    reached("after_attempt")
    permit = permit_of(claim)
    if connector is None:
        desk.do(claim, attempt, kind, command)
        return
    try:
        reached("before_call")
        receipt = kind.perform(command, claim.draft.facts, connector, permit)
        reached("after_call")
    except ConnectorError as error:
        outcome.failed(claim, attempt, error, _by_hand(kind, command, claim))
    except Exception as error:
        log.exception("a write ended in an error of our own", execution=claim.execution.pk)
        outcome.failed(claim, attempt, Unknown(f"our own error during the call: {type(error).__name__}: {error}"))
    else:
        outcome.done(claim, attempt, receipt)
        keep(claim)
    reached("after_record")


def _begin(claim: Claim) -> Attempt | None:
    """To `sending`, with the attempt's row, committed before byte one. None where there is no time left for a call."""
    draft, execution = claim.draft, claim.execution
    if timezone.now() >= claim.deadline:
        return None
    in_time = Q(expires_at=None) | Q(expires_at__gt=Clock())
    with transaction.atomic():
        if canaries.full(draft, now(), locked=True):
            return None  # another worker took the last room; the next look says so
        sent_first = Coalesce("first_sent_at", Clock())
        if not claim.owned().update(first_sent_at=sent_first, waiting_for=""):
            raise Lost(f"execution {execution.pk} is no longer held by {claim.worker}")
        execution.refresh_from_db(fields=["first_sent_at"])
        number = execution.attempts.count() + 1
        attempt = Attempt.objects.create(
            execution=execution, number=number, fence=claim.fence, worker=claim.worker, started_at=now(),
            deadline=claim.deadline,
        )  # fmt: skip
        told: dict[str, Any] = {"attempt": number, "key": str(execution.key), "approval": execution.approval_id}
        move(draft, State.SENDING, "sending", only_if=in_time, **told)
    return attempt


def permit_of(claim: Claim) -> Permit:
    return Permit(
        execution_id=claim.execution.pk,
        approval_id=claim.execution.approval_id,
        digest=claim.draft.digest,
        key=str(claim.execution.key),
        fence=claim.fence,
        deadline=claim.deadline,
    )


def _reopened_for_lost_right(claim: Claim) -> bool:
    """Whoever approved must still be allowed to when it is sent."""
    approvals = claim.draft.approvals.filter(version=claim.draft.version, voided_at=None).select_related("by")
    lost = [str(approval.by) for approval in approvals if not approval.by.can_approve]
    if not lost or outcome.may_have_happened(claim.execution):
        return False
    gone = [{"field": "approved by", "approved": ", ".join(lost), "now": "may no longer approve"}]
    with transaction.atomic():
        repropose(claim.draft, "right_lost", changes={"drift": gone})
        outcome.schedule(claim, None)
    return True


def _held_back(claim: Claim) -> bool:
    """Wait while the shop is not well, in quiet hours, and where what is new has run enough for today. What may have
    happened already is not held: only a read settles it."""
    if outcome.may_have_happened(claim.execution):
        return False
    hold = hold_of(claim.draft, now()) or pace_of(claim.draft, now())
    if hold is None:
        return False
    outcome.schedule(claim, CHECK * uniform(0.5, 1), waiting_for=hold.why)
    return True


def _moved(claim: Claim, differences: list[Difference], facts: Facts) -> None:
    """What was approved rests on facts that have moved: back to the inbox, or, after a doubtful call, to a read."""
    drift = [asdict(difference) for difference in differences]
    with transaction.atomic():
        if outcome.may_have_happened(claim.execution):
            move(claim.draft, State.UNKNOWN, "unknown", changes={"drift": drift}, drift=drift)
            outcome.schedule(claim, settings.EXECUTION_READ_GAP)
            return
        repropose(
            claim.draft, "facts_moved", facts=facts, facts_read_at=now(), flags=frozenset({Flag.FACTS_CHANGED}),
            changes={"drift": drift}, drift=drift,
        )  # fmt: skip
        outcome.schedule(claim, None)


def _unreadable(claim: Claim, error: ConnectorError | LookupError) -> None:
    """The facts could not be read: wait while that may change, stop where it will not."""
    since = now() - claim.execution.approval.decided_at
    if isinstance(error, Reconnect):
        needs_reconnect(claim.draft, str(error))
        outcome.schedule(claim, outcome.RECONNECT_CHECK, waiting_for=str(error))
    elif isinstance(error, LookupError | Refused) or since > settings.EXECUTION_GIVE_UP:
        _stop(claim, "facts_gone", str(error))
    else:
        advice = error.after_seconds if isinstance(error, Retry) else None
        tries = int(since / settings.EXECUTION_FIRST_RETRY).bit_length()
        outcome.schedule(claim, outcome.backoff(tries, advice), waiting_for=str(error))


def _stop(claim: Claim, action: str, why: str) -> None:
    with transaction.atomic():
        doubtful = outcome.may_have_happened(claim.execution)
        if doubtful:
            move(claim.draft, State.UNKNOWN, "unknown", changes={"reason": why}, error=why)
        else:
            changes = {"reason": why, "finished_at": Clock()}
            move(claim.draft, State.FAILED, action, changes=changes, error=why)
        outcome.schedule(claim, settings.EXECUTION_READ_GAP if doubtful else None)


def _by_hand(kind: Kind[Any], command: Command, claim: Claim) -> str:
    """What is left to a person where the channel turned out to have no such call."""
    draft = claim.draft
    if draft.shop is None:
        return draft.by_hand
    operation = kind.operation(command, draft.facts, str(claim.execution.key))
    return prepared(draft.shop, operation, kind.preview(command, draft.facts))


def ring(pk: int, in_seconds: float = 0) -> None:
    """Wake a worker. Without a broker the tick finds the row a little later."""
    try:
        current_app.send_task("drafts.execute", args=[pk], queue="execute", countdown=in_seconds)
    except OperationalError as error:
        log.warning("the queue does not answer; the tick will find it", execution=pk, error=str(error))


@shared_task(name="drafts.execute", queue="execute", max_retries=0)
def run(pk: int) -> None:
    execute(pk)


@shared_task(name="drafts.execute_due", queue="execute", max_retries=0)
def run_all_due() -> None:
    """Beat: ring for every row that is due, so that idle workers share them."""
    for pk in due(READY, now(), 500):
        ring(pk)
