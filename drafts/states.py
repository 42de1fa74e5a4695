"""The states of a draft and the only edges between them; the proofs a policy may ask for."""

from django.db.models import TextChoices


class State(TextChoices):
    PROPOSED = "proposed"
    AWAITING_SECOND = "awaiting_second", "waiting for a second person"
    APPROVED = "approved"
    HELD = "held", "held, can be undone"
    SENDING = "sending"
    SENT = "sent", "sent, not verified yet"
    VERIFIED = "verified"
    FAILED = "failed"
    UNKNOWN = "unknown", "unknown: being checked"
    NEEDS_HUMAN = "needs_human", "needs a person"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Tier(TextChoices):
    """Rising strictness. Nothing is ever approved without a person."""

    CLICK = "click", "one click, may be batched"
    REVIEW = "review", "alone, with the card open"
    SECOND_FACTOR = "second_factor", "with a fresh second factor"
    SECOND_PERSON = "second_person", "two people, each with a second factor"
    REFUSE = "refuse", "not allowed"


# An approved or held draft whose facts moved goes back to proposed with a new version. A call that surely did not
# happen, or an unknown one that two reads did not find, goes back to approved, under the same approval and key.
EDGES: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.AWAITING_SECOND, State.APPROVED, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.AWAITING_SECOND: frozenset({State.PROPOSED, State.APPROVED, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.APPROVED: frozenset(
        {State.HELD, State.SENDING, State.UNKNOWN, State.PROPOSED, State.REJECTED, State.EXPIRED, State.FAILED}
    ),
    State.HELD: frozenset({State.SENDING, State.APPROVED, State.PROPOSED, State.REJECTED, State.EXPIRED, State.FAILED}),
    State.SENDING: frozenset({State.SENT, State.APPROVED, State.UNKNOWN, State.FAILED, State.NEEDS_HUMAN}),
    State.SENT: frozenset({State.VERIFIED, State.UNKNOWN, State.FAILED, State.NEEDS_HUMAN}),
    State.UNKNOWN: frozenset({State.SENT, State.VERIFIED, State.APPROVED, State.NEEDS_HUMAN, State.FAILED}),
    State.NEEDS_HUMAN: frozenset({State.VERIFIED, State.FAILED, State.APPROVED}),
    State.FAILED: frozenset({State.PROPOSED, State.SUPERSEDED}),
    State.VERIFIED: frozenset(),
    State.REJECTED: frozenset({State.PROPOSED}),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
}
