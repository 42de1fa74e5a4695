"""Approve: a person's decision on exactly what was shown, and the execution it allows, in one transaction.

`edit`, `reject`, `snooze` and `undo` stand in `drafts.revise` and are offered here too: the pages know one door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q

from drafts.deciding.binding import canonical
from drafts.deciding.caps import check_caps
from drafts.deciding.clock import Clock, now
from drafts.deciding.errors import DecisionError, NotAllowed, PastDeadline, ProofNeeded, ScopeNeeded, Stale, stale
from drafts.deciding.judge import Judge
from drafts.deciding.person import Person, approvers
from drafts.deciding.reach import check_reach
from drafts.deciding.rights import check_limit, check_role
from drafts.execute import ring
from drafts.kinds import KINDS, read_command
from drafts.kinds.base import Command
from drafts.models import Approval, Draft, Execution
from drafts.move import Lost, move
from drafts.policy import Flag, strictest
from drafts.preparing.facts import SavedReader
from drafts.revise import edit, reject, snooze, undo
from drafts.running import canaries
from drafts.states import State, Tier

__all__ = [
    "Decision", "DecisionError", "NotAllowed", "PastDeadline", "Proof", "ProofNeeded", "ScopeNeeded", "Shown", "Stale",
    "approve", "approve_batch", "batch_digest", "edit", "reject", "snooze", "undo",
]  # fmt: skip

STRONG = {Approval.Method.TOTP, Approval.Method.WEBAUTHN}
WITH_FACTOR = {Tier.SECOND_FACTOR, Tier.SECOND_PERSON}


@dataclass(frozen=True, slots=True)
class Proof:
    """A second factor just given by `by` on a page that named `digest`: a passkey's assertion or a fresh code."""

    by: int
    method: Approval.Method
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One draft as a page showed it."""

    draft: int
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one row of a batch: an execution, a wait for a second person (neither), or why not."""

    draft: int
    execution: Execution | None = None
    error: str = ""


def approve(
    draft: Draft,
    *,
    by: Person,
    version: int,
    digest: str,
    edited: Command | None = None,
    proof: Proof | None = None,
    seconds_on_card: float | None = None,
    parts: Mapping[int, str] | None = None,
) -> Execution | None:
    """Approve what was shown. Returns its execution, or None where a second person is still asked for.

    `parts` maps each part that was shown and kept to its digest; parts left out are rejected with it. Raises
    NotAllowed, ProofNeeded, ScopeNeeded, Stale or NotValid; then nothing has changed.
    """
    with transaction.atomic():
        fresh = _as_shown(Shown(draft.pk, version, digest))
        check_role(by, "approve this")
        if edited is not None:
            edit(fresh, edited, by)
        kept, left_out = _parts(fresh, parts)
        tier = _tier(fresh, kept, by, Judge())
        check_reach([fresh, *kept])
        check_caps([fresh, *kept])
        if tier in WITH_FACTOR:
            check_proof(proof, by, fresh.digest, "The policy asks for a second factor")
        return _take(fresh, kept, left_out, by, tier, proof, seconds_on_card)


def approve_batch(
    items: Iterable[Shown], *, by: Person, proof: Proof | None = None, seconds_on_card: float | None = None
) -> list[Decision]:
    """Approve each row as it was shown, each in a transaction of its own: one that fails sinks no other.

    Only drafts that one click is enough for may be batched. Many at once take a second factor on `batch_digest`.
    """
    rows = list(items)
    check_role(by, "approve these")
    judge = Judge()
    tier = judge.judge("", None, None, items=len(rows)).tier
    if tier in WITH_FACTOR:
        check_proof(proof, by, batch_digest(rows), f"{len(rows)} writes at once take a second factor")
    each = None if not rows or seconds_on_card is None else seconds_on_card / len(rows)
    return [_one_of_batch(row, by, judge, proof, each) for row in rows]


def batch_digest(items: Iterable[Shown]) -> str:
    """What one second factor for a whole batch binds to: the digests shown, in their order."""
    return sha256(canonical([[row.draft, row.version, row.digest] for row in items]).encode()).hexdigest()


def check_proof(proof: Proof | None, by: Person, digest: str, why: str) -> None:
    """Raises ProofNeeded unless this person gave a second factor for this digest a moment ago."""
    age = timedelta(seconds=settings.PROOF_SECONDS)
    good = proof is not None and proof.by == by.pk and proof.digest == digest and proof.method in STRONG
    if proof is None or not good or not timedelta() <= now() - proof.at + timedelta(seconds=1) <= age:
        raise ProofNeeded(f"{why}: confirm with your passkey or a fresh code.", digest=digest)


def _one_of_batch(row: Shown, by: Person, judge: Judge, proof: Proof | None, seconds: float | None) -> Decision:
    try:
        with transaction.atomic():
            draft = _as_shown(row)
            kept, _ = _parts(draft, None)
            tier = _tier(draft, kept, by, judge)
            if tier is not Tier.CLICK:
                raise NotAllowed(f"This needs a look of its own: {' '.join(draft.tier_reasons)}")
            check_reach([draft, *kept])
            check_caps([draft, *kept])
            return Decision(row.draft, _take(draft, kept, [], by, tier, proof, seconds))
    except DecisionError as error:
        return Decision(row.draft, error=str(error))
    except DatabaseError as error:
        return Decision(row.draft, error=f"The database refused this one ({type(error).__name__}); try it alone.")


def _as_shown(shown: Shown) -> Draft:
    draft = Draft.objects.select_related("alert", "shop").filter(pk=shown.draft).first()
    if draft is None:
        raise Stale("Nothing was done: this draft is no longer there.")
    is_waiting = draft.state in (State.PROPOSED, State.AWAITING_SECOND)
    if not is_waiting or (draft.version, draft.digest) != (shown.version, shown.digest):
        raise stale(draft)
    if draft.expires_at is not None and draft.expires_at <= now():
        raise Stale(f"Nothing was done: this draft expired at {draft.expires_at:%H:%M:%S} UTC.")
    return draft


def _parts(draft: Draft, shown: Mapping[int, str] | None) -> tuple[list[Draft], list[Draft]]:
    """(kept, left out). Raises Stale where a part is not as it was shown."""
    waiting = list(draft.parts.filter(state=draft.state).select_related("alert").order_by("pk"))
    if waiting and shown is None:
        raise NotAllowed(f"Draft {draft.pk} has {len(waiting)} parts: it can only be approved where each was shown.")
    kept = [part for part in waiting if part.pk in (shown or {})]
    changed = [part for part in kept if part.digest != (shown or {})[part.pk]]
    gone = set(shown or {}) - {part.pk for part in kept}
    if changed or gone:
        which = ", ".join(str(pk) for pk in sorted(gone | {part.pk for part in changed}))
        raise Stale(f"Nothing was done: parts of this draft have changed since they were shown ({which}).")
    return kept, [part for part in waiting if part not in kept]


def _tier(draft: Draft, parts: list[Draft], by: Person, judge: Judge) -> Tier:
    """Limits, and the policy as it stands now; the tier shown is never undercut by a policy loosened since."""
    tiers = []
    for each in [draft, *parts]:
        flags = {Flag.FACTS_CHANGED} if each.drift else set()
        command = read_command(each.kind, each.command)
        judgement = judge.of_draft(
            each, command, each.facts, SavedReader(each.shop_id), items=1 + len(parts), flags=flags
        )
        check_limit(by, each, judge)
        tiers += [each.tier, judgement.tier]
        if Tier.REFUSE in (each.tier, judgement.tier):
            reasons = judgement.reasons if judgement.tier is Tier.REFUSE else each.tier_reasons
            raise NotAllowed(f"The policy does not allow this write: {' '.join(reasons)}")
    tier = Tier(strictest(*tiers))
    if draft.approvals.filter(version=draft.version, by=by.pk, voided_at=None).exists():
        raise NotAllowed("You have approved this already; the policy asks for a second person.")
    return tier


def _take(
    draft: Draft, kept: list[Draft], left_out: list[Draft], by: Person, tier: Tier, proof: Proof | None,
    seconds: float | None,
) -> Execution | None:  # fmt: skip
    """The decision itself, parts included. Raises Stale where somebody was first."""
    try:
        with transaction.atomic():
            execution = _decide(draft, by, tier, proof, seconds)
            for part in kept:
                _decide(part, by, tier, proof, seconds)
            for part in left_out:
                move(part, State.REJECTED, "left_out", by=by, changes={"reason": f"Left out of draft {draft.pk}."})
    except (Lost, IntegrityError) as error:
        raise stale(draft) from error
    return execution


def _decide(draft: Draft, by: Person, tier: Tier, proof: Proof | None, seconds: float | None) -> Execution | None:
    approval = Approval.objects.create(
        draft=draft,
        version=draft.version,
        digest=draft.digest,
        by_id=by.pk,
        method=proof.method if proof else Approval.Method.SESSION,
        decided_at=now(),
        seconds_on_card=seconds,
    )
    in_time = Q(expires_at=None) | Q(expires_at__gt=Clock())
    firm: dict[str, Any] = {"tier": tier}
    proven: dict[str, Any] = {"method": str(approval.method), "approval": approval.pk}
    delay = KINDS[draft.kind].hold if settings.EXECUTION_HOLD is None else settings.EXECUTION_HOLD
    if tier is Tier.SECOND_PERSON and draft.state == State.PROPOSED:
        if any(person.pk != by.pk for person in approvers()):
            move(draft, State.AWAITING_SECOND, "approved_first", by=by, only_if=in_time, changes=firm, **proven)
            return None
        # A single owner has nobody to ask: the second factor and time to think stand in for the second person.
        delay = max(delay, settings.EXECUTION_ALONE_DELAY)
    move(
        draft,
        State.APPROVED,
        "approved",
        by=by,
        only_if=in_time,
        changes=firm | {"decided_at": Clock()},
        **proven,
    )
    start = now() + delay
    if delay:
        until = start.isoformat()
        move(draft, State.HELD, "held", by=by, changes={"hold_until": start}, until=until)
    execution, _ = Execution.objects.update_or_create(
        draft=draft,
        defaults={
            "approval": approval, "key": uuid4(), "next_at": start, "lease_until": None, "worker": "",
            "first_sent_at": None, "absent_reads": 0, "probes": 0, "waiting_for": "", "reference": "",
        },
    )  # fmt: skip
    canaries.begin(draft)
    _supersede_alternatives(draft, by)
    transaction.on_commit(lambda: ring(execution.pk, delay.total_seconds()))
    return execution


def _supersede_alternatives(draft: Draft, by: Person) -> None:
    """Of several proposals of one kind for one matter, one is done; the others fall."""
    others = Draft.objects.waiting().filter(alert=draft.alert_id, kind=draft.kind, parent=None).exclude(pk=draft.pk)
    if draft.alert_id is None or draft.parent_id is not None:
        return
    for other in others.select_for_update():
        move(other, State.SUPERSEDED, "superseded", by=by, by_draft=draft.pk)
