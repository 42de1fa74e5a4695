"""What really happened, by the market's own log, against what was approved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from connectors.operations import SendMessage
from drafts.kinds import KINDS, read_command
from drafts.models import Draft, Execution
from drafts.states import State
from opsroom.chaos.cast import Cast

HAPPENED = {State.SENT, State.VERIFIED}
# The executor's own words for an approval that it gave back.
HELD_BACK = {State.PROPOSED, State.FAILED, State.EXPIRED}


@dataclass
class Reckoning:
    writes: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unapproved: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unknown_parked: int = 0
    false_holds: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.unapproved or self.stale)


def reckon(cast: Cast, effects: list[dict[str, Any]]) -> Reckoning:
    """Every effect belongs to one approved draft; every draft that says it was done has its effect once."""
    drafts = {draft.pk: draft for draft in Draft.objects.filter(pk__in=[*cast.approved, *cast.bait])}
    names = {name: pk for pk, draft in drafts.items() for name in _names(draft)}
    found: dict[int, Counter[str]] = {pk: Counter() for pk in drafts}
    reckoning = Reckoning(writes=sum(draft.state in HAPPENED for draft in drafts.values()))
    for effect in effects:
        if effect["key"] in cast.hands:
            continue
        owner = next((names[name] for name in _marks(effect) if name in names), None)
        if owner is None or owner in cast.bait:
            reckoning.unapproved.append(f"{effect['shop']} {effect['operation']} {effect['subject']} {effect['key']}")
        else:
            found[owner][effect["operation"]] += 1
    for pk, draft in drafts.items():
        _judge(reckoning, draft, found[pk], is_moved=pk in cast.moved, is_bait=pk in cast.bait)
    return reckoning


def _judge(reckoning: Reckoning, draft: Draft, found: Counter[str], *, is_moved: bool, is_bait: bool) -> None:
    said = f"draft {draft.pk} {draft.kind} {draft.state} {dict(found)} {draft.reason}"
    if any(count > 1 for count in found.values()):
        reckoning.doubled.append(said)
    if is_moved and found:
        reckoning.stale.append(said)
    has_effect = bool(found) or KINDS[draft.kind].is_internal
    is_over = draft.state in HAPPENED | HELD_BACK | {State.NEEDS_HUMAN}
    if not is_bait and ((draft.state in HAPPENED and not has_effect) or not is_over):
        reckoning.lost.append(said)
    if draft.state == State.NEEDS_HUMAN:
        reckoning.unknown_parked += 1
    if not is_bait and not is_moved and draft.state in HELD_BACK:
        reckoning.false_holds.append(said)
    if draft.state in HELD_BACK and found:
        reckoning.lost.append(f"{said}: it happened, and the draft says it did not")


def _names(draft: Draft) -> set[tuple[str, str]]:
    """By what the market's log could name this write: our key, its place in our Message-ID, or its subject."""
    if KINDS[draft.kind].is_internal or draft.shop is None:
        return set()
    execution = Execution.objects.filter(draft=draft).first()
    key = str(execution.key) if execution else f"bait {draft.pk}"
    operation: Any = KINDS[draft.kind].operation(read_command(draft.kind, draft.command), draft.facts, key)
    if isinstance(operation, SendMessage):
        return {("letter", key)}
    names = {("key", key)}
    for name in ("order_ref", "return_ref", "dispute_ref", "payment_ref"):
        if ref := getattr(operation, name, ""):
            names.add((draft.shop.kind, ref))
    return names


def _marks(effect: dict[str, Any]) -> list[tuple[str, str]]:
    letter = effect["reference"].strip("<>").partition("@")[0]
    marks = [("key", effect["key"]), ("letter", letter), (effect["shop"], effect["subject"])]
    return [*marks, (effect["shop"], str(effect["detail"].get("charge", "")))]
