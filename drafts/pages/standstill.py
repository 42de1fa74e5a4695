"""Why a draft does not move, in words for its card and its row: a pause by a person, or a channel that is not well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drafts.models import Draft, Execution, Pause
from drafts.running.hold import hold_of
from drafts.states import State

WAITS_FOR_A_PERSON = frozenset({State.PROPOSED, State.AWAITING_SECOND})
WAITS_TO_LEAVE = frozenset({State.APPROVED, State.HELD})
WAITS_FOR_A_READ = frozenset({State.SENT, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Standstill:
    """`title` says what stands still, `why` the cause; `until` when it is tried again, None where nobody can say."""

    title: str
    why: str
    advice: str
    until: datetime | None = None
    can_reject: bool = False


def standstill(draft: Draft, now: datetime) -> Standstill | None:
    """None where nothing keeps the draft."""
    state = State(draft.state)
    if state in WAITS_FOR_A_READ:
        return _unread(draft, now)
    if state not in WAITS_FOR_A_PERSON | WAITS_TO_LEAVE:
        return None
    is_approved = state in WAITS_TO_LEAVE
    pause = Pause.objects.filter(ended_at=None).select_related("by").first()
    if pause is not None:
        why = f"{pause.by} paused Ops Room: {pause.reason}"
        return Standstill("Nothing leaves now", why, _patience(is_approved, "once the pause is lifted"))
    if hold := hold_of(draft, now):
        title = "Not sent yet" if is_approved else f"Sending to {draft.shop} waits"
        said = _patience(is_approved, f"once {draft.shop} is well")
        return Standstill(title, hold.why, f"{hold.advice} {said}".strip(), hold.until, can_reject=is_approved)
    waiting = Execution.objects.filter(draft=draft).exclude(waiting_for="").first() if is_approved else None
    if waiting is None:
        return None
    said = _patience(is_approved, "when it is tried again")
    return Standstill("Not sent yet", waiting.waiting_for, said, waiting.next_at, can_reject=True)


def _unread(draft: Draft, now: datetime) -> Standstill | None:
    """What was sent and cannot be looked at."""
    waiting = Execution.objects.filter(draft=draft).exclude(waiting_for="").first()
    if waiting is None:
        return None
    return Standstill("Its effect cannot be read yet", waiting.waiting_for, "We keep looking.", waiting.next_at)


def _patience(is_approved: bool, when: str) -> str:
    return f"It leaves by itself {when}." if is_approved else f"You can approve it now; it leaves by itself {when}."
