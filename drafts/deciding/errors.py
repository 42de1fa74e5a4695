"""What stands in the way of a decision: the errors that every page and interface turns into words for the person."""

from __future__ import annotations

from drafts.models import Draft, LedgerEntry


class DecisionError(Exception):
    """The decision was not taken and nothing has changed. The message says why and what to do."""


class NotAllowed(DecisionError):
    """The person's role or limit does not reach, or no policy allows it."""


class ProofNeeded(DecisionError):
    """A fresh second factor for exactly this digest is asked for."""

    def __init__(self, message: str, *, digest: str) -> None:
        super().__init__(message)
        self.digest = digest


class Stale(DecisionError):
    """Somebody or something else was first: the draft is not what was shown."""


class ScopeNeeded(DecisionError):
    """The shop has not let us do this kind of write yet; an owner asks for it on the platform's consent page."""


class PastDeadline(DecisionError):
    """Snoozing would let the deadline go by; ask again, naming the loss."""


class NotValid(DecisionError):
    """The command cannot be right. `reasons` are for the person, one a line."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def stale(draft: Draft) -> Stale:
    """Who decided what, and when."""
    now = Draft.objects.get(pk=draft.pk)
    last = LedgerEntry.objects.filter(draft_id=draft.pk).select_related("actor").order_by("-id").first()
    who = str(last.actor) if last and last.actor else "Ops Room"
    what = f"{last.action.replace('_', ' ')} by {who} at {last.recorded_at:%H:%M:%S} UTC" if last else "changed"
    return Stale(
        f"Nothing was done: this draft is now {now.get_state_display().lower()} (version {now.version}, {what}). "
        "Look at it again before you decide."
    )
