"""Revise: every decision but yes. Edit, reject, snooze, and taking a yes back while it is held."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts.models import Alert
from connectors.money import Money
from drafts.deciding.binding import command_text
from drafts.deciding.clock import Clock, now
from drafts.deciding.errors import NotValid, PastDeadline, Stale, stale
from drafts.deciding.person import Person
from drafts.deciding.rights import check_draft_right, check_role
from drafts.kinds import KINDS
from drafts.kinds.base import Command
from drafts.models import Draft, Execution
from drafts.move import Lost, move, repropose
from drafts.record import record
from drafts.running.outcome import may_have_happened
from drafts.states import State

EDITABLE = {State.PROPOSED, State.AWAITING_SECOND, State.FAILED, State.REJECTED}


@transaction.atomic
def edit(draft: Draft, command: Command, by: Person) -> Draft:
    """Give the draft another command: the next version, with its own digest and tier; approvals are void.

    Raises NotAllowed, NotValid (with reasons) or Stale. `draft` is brought up to date.
    """
    check_draft_right(by, "change a draft")
    text = command_text(command)
    if text == draft.command and draft.state in (State.PROPOSED, State.AWAITING_SECOND):
        return draft
    if draft.state not in EDITABLE:
        raise stale(draft)
    reasons = KINDS[draft.kind].refusals(command, draft.facts)
    if reasons:
        raise NotValid(reasons)
    try:
        repropose(
            draft, "edited", by=by, command=text,
            changes={
                "edited_by": by.pk, "written_by": str(by)[:80], "drift": [], "reason": "",
                "prepared_text": draft.prepared_text or draft.preview.get("text", ""),
            },
        )  # fmt: skip
    except Lost as error:
        raise stale(draft) from error
    return draft


@transaction.atomic
def reject(draft: Draft, *, by: Person, reason: str) -> Draft:
    """Say no. The rejected draft stands in the way of its like until a fact of the matter has changed."""
    check_role(by, "reject a draft")
    if not reason.strip():
        raise NotValid(["Give a reason: it is what the next draft learns from."])
    execution = Execution.objects.select_related("approval").filter(draft=draft).first()
    if execution and draft.state == State.APPROVED and may_have_happened(execution):
        raise Stale("Nothing was done: it may have been sent already; a read is settling that.")
    changes = {"reason": reason.strip(), "decided_at": Clock(), "finished_at": Clock()}
    try:
        move(draft, State.REJECTED, "rejected", by=by, changes=changes, reason=reason.strip())
        for part in draft.parts.filter(state__in=[State.PROPOSED, State.AWAITING_SECOND]):
            move(part, State.REJECTED, "rejected", by=by, changes=changes, parent=draft.pk)
    except Lost as error:
        raise stale(draft) from error
    _stop(draft)
    return draft


@transaction.atomic
def undo(draft: Draft, by: Person) -> Draft:
    """Take an approval back while it is held. Raises Stale where the window has closed; then it may be on its way."""
    check_role(by, "undo an approval")
    if draft.state != State.HELD:
        raise stale(draft)
    try:
        for each in [draft, *draft.parts.filter(state=State.HELD)]:
            repropose(each, "undone", by=by, only_if=Q(hold_until__gt=Clock()))
            _stop(each)
    except Lost as error:
        raise Stale("Nothing was undone: the time to undo is over, and it may be on its way already.") from error
    return draft


@transaction.atomic
def snooze(alert: Alert, until: datetime, by: Person, *, past_deadline: bool = False) -> Alert:
    """Hide an alert until then. Raises PastDeadline, unless the person has confirmed that the deadline may go by."""
    check_draft_right(by, "snooze an alert")
    if until <= now():
        raise NotValid(["Choose a time that is still to come."])
    if alert.deadline is not None and until >= alert.deadline and not past_deadline:
        loss = str(Money(alert.cash_likely, alert.currency)) if alert.cash_likely is not None else "an unknown amount"
        raise PastDeadline(
            f"The deadline is {alert.deadline:%Y-%m-%d %H:%M} UTC, before that. Snoozing past it gives up {loss}."
        )
    if not Alert.objects.filter(pk=alert.pk, state__in=[Alert.State.OPEN, Alert.State.SNOOZED]).update(
        state=Alert.State.SNOOZED, snoozed_until=until
    ):
        raise Stale("Nothing was done: somebody has decided on this already.")
    record("snoozed", by=by, alert=alert.pk, until=until.isoformat(), past_deadline=past_deadline)
    alert.refresh_from_db()
    return alert


def _stop(draft: Draft) -> None:
    Execution.objects.filter(draft=draft).update(next_at=None)
