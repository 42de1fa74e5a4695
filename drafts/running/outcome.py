"""Record what became of one attempt: only by the worker that still holds the execution; a late result is evidence."""

from __future__ import annotations

from datetime import timedelta
from random import uniform
from typing import Any

from django.conf import settings
from django.db import transaction

from connectors.base import CannotDo, NotApproved, Reconnect, Refused, Retry
from connectors.types import Receipt
from drafts.deciding.clock import Clock, now
from drafts.models import Approval, Attempt, Draft, Execution
from drafts.move import Lost, move
from drafts.record import record
from drafts.running.channel import needs_reconnect
from drafts.running.claim import Claim
from drafts.states import State

RECONNECT_CHECK = timedelta(minutes=5)
DOUBTFUL = (Attempt.Outcome.UNKNOWN, Attempt.Outcome.PENDING)


def attempts_of(execution: Execution, approval: Approval) -> Any:
    """The calls made under this approval."""
    return execution.attempts.filter(started_at__gte=approval.decided_at)


def may_have_happened(execution: Execution) -> bool:
    """Whether a call under the present approval ended in doubt: then the intent keeps its key, whatever comes."""
    return bool(attempts_of(execution, execution.approval).filter(outcome__in=DOUBTFUL).exists())


def backoff(tries: int, advice: float | None = None) -> timedelta:
    """Doubling from the first wait to the longest, with jitter over the upper half; the server's advice is a floor."""
    wait: timedelta = settings.EXECUTION_FIRST_RETRY * 2 ** min(tries, 16)
    wait = min(wait, settings.EXECUTION_LONGEST_RETRY) * uniform(0.5, 1)
    return max(wait, timedelta(seconds=advice or 0))


def done(claim: Claim, attempt: Attempt, receipt: Receipt) -> None:
    """The outside took it: sent, and to be verified by a read of its own."""
    evidence = {
        "outcome": Attempt.Outcome.DONE, "reference": receipt.reference, "request_id": receipt.request_id,
        "receipt": receipt.body,
    }  # fmt: skip
    told: dict[str, Any] = {"reference": receipt.reference, "replay": receipt.is_replay, "final": receipt.is_final}
    with transaction.atomic():
        if _owned(claim, attempt, evidence):
            move(claim.draft, State.SENT, "sent", attempt=attempt.number, **told)
            schedule(claim, settings.EXECUTION_FIRST_LOOK, reference=receipt.reference, probes=0)


def failed(claim: Claim, attempt: Attempt, error: Exception, by_hand: str = "") -> None:
    """Sort an error into what it means for the draft. Whatever is not known to have ended is unknown."""
    said = str(error) or type(error).__name__
    with transaction.atomic():
        if not _owned(claim, attempt, {"outcome": _outcome(error), "error": said}):
            return
        told: dict[str, Any] = {"attempt": attempt.number, "error": said}
        match error:
            case Retry() if may_have_happened(claim.execution):
                # This call did not happen, an earlier one may have: only a read can tell.
                _unknown(claim, told)
            case Retry():
                _again(claim, error, told)
            case Reconnect():
                needs_reconnect(claim.draft, said)
                move(claim.draft, State.APPROVED, "waiting_for_connection", **told)
                schedule(claim, RECONNECT_CHECK, waiting_for=said)
            case CannotDo():
                move(claim.draft, State.NEEDS_HUMAN, "by_hand", changes={"reason": said, "by_hand": by_hand}, **told)
                schedule(claim, None)
            case Refused() | NotApproved() if may_have_happened(claim.execution):
                _unknown(claim, told)
            case Refused() | NotApproved():
                move(claim.draft, State.FAILED, "refused", changes={"reason": said, "finished_at": Clock()}, **told)
                schedule(claim, None)
            case _:
                _unknown(claim, told)


def _unknown(claim: Claim, told: dict[str, Any]) -> None:
    move(claim.draft, State.UNKNOWN, "unknown", changes={"reason": told["error"]}, **told)
    schedule(claim, settings.EXECUTION_QUIET, absent_reads=0, probes=0)


def _again(claim: Claim, error: Retry, told: dict[str, Any]) -> None:
    tries = attempts_of(claim.execution, claim.execution.approval).filter(outcome=Attempt.Outcome.RETRY).count()
    if now() - claim.execution.approval.decided_at > settings.EXECUTION_GIVE_UP:
        changes = {"reason": f"Given up after {tries} tries: {error}", "finished_at": Clock()}
        move(claim.draft, State.FAILED, "given_up", changes=changes, **told)
        schedule(claim, None)
        return
    wait = backoff(tries, error.after_seconds)
    move(claim.draft, State.APPROVED, "not_sent", wait_seconds=round(wait.total_seconds(), 3), **told)
    schedule(claim, wait, waiting_for=str(error))


def _outcome(error: Exception) -> Attempt.Outcome:
    match error:
        case Retry():
            return Attempt.Outcome.RETRY
        case Reconnect():
            return Attempt.Outcome.RECONNECT
        case Refused() | NotApproved():
            return Attempt.Outcome.REFUSED
        case _:
            return Attempt.Outcome.UNKNOWN


def _owned(claim: Claim, attempt: Attempt, evidence: dict[str, Any]) -> bool:
    """Keep the evidence; True where this worker may also move the draft."""
    Attempt.objects.filter(pk=attempt.pk).update(ended_at=Clock(), **evidence)
    owns = claim.owned().select_for_update().exists()
    state = Draft.objects.values_list("state", flat=True).get(pk=claim.draft.pk)
    if owns and state == State.SENDING:
        return True
    kept: dict[str, Any] = {
        name: str(value) for name, value in evidence.items() if name in ("outcome", "reference", "error")
    }
    record("late_result", draft=claim.draft, attempt=attempt.number, fence=claim.fence, **kept)
    return False


def schedule(claim: Claim, wait: timedelta | None, **changes: Any) -> None:
    """When the next step may be taken; None: no more. Raises Lost where another worker holds the execution now."""
    changes.setdefault("waiting_for", "")
    changes["next_at"] = None if wait is None else Clock() + wait
    if not claim.owned().update(**changes):
        raise Lost(f"execution {claim.execution.pk} is no longer held by {claim.worker}")
