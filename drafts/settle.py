"""Settle: a person says what became of a write whose effect no read could show."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from drafts.deciding.clock import Clock, now
from drafts.deciding.errors import NotValid, stale
from drafts.deciding.person import Person
from drafts.deciding.rights import check_role
from drafts.execute import ring
from drafts.models import Attempt, Draft, Execution
from drafts.move import Lost, move
from drafts.running.outcome import DOUBTFUL
from drafts.states import State


@transaction.atomic
def settle(draft: Draft, *, happened: bool, by: Person, evidence: str, send_again: bool = False) -> Draft:
    """It happened: the draft is verified by this person's word. It did not: it has failed, and may be edited and
    proposed again, or, with `send_again`, it is sent once more under its approval.

    Raises NotAllowed, NotValid without evidence, or Stale where it is no longer in doubt.
    """
    check_role(by, "settle what is in doubt")
    if draft.state != State.NEEDS_HUMAN:
        raise stale(draft)
    if not evidence.strip():
        raise NotValid(["Say where you looked and what you saw: the ledger keeps it."])
    state = State.VERIFIED if happened else State.APPROVED if send_again else State.FAILED
    changes: dict[str, Any] = {"reason": evidence.strip()}
    if state is not State.APPROVED:
        changes["finished_at"] = Clock()
    try:
        move(draft, state, "settled", by=by, changes=changes, happened=happened, evidence=evidence.strip())
    except Lost as error:
        raise stale(draft) from error
    _close(draft, happened=happened, is_sent_again=state is State.APPROVED)
    return draft


def _close(draft: Draft, *, happened: bool, is_sent_again: bool) -> None:
    """What a person has seen is no longer in doubt."""
    ended = Attempt.Outcome.DONE if happened else Attempt.Outcome.RETRY
    Attempt.objects.filter(execution__draft=draft, outcome__in=DOUBTFUL).update(outcome=ended, ended_at=Clock())
    executions = Execution.objects.filter(draft=draft)
    executions.update(next_at=now() if is_sent_again else None, lease_until=None, probes=0, absent_reads=0)
    if is_sent_again:
        for pk in executions.values_list("pk", flat=True):
            transaction.on_commit(partial(ring, pk))
