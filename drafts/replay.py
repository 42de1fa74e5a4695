"""What a change of the rules would have done to the past: each past write judged under both, and the moves counted.

Pure: the past and both sets of rules are given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from drafts.limits import MONTH, Most, Used, start_of_day
from drafts.policy import TIERS, Ask, Requirement, Rule, decide

EXAMPLES = 5  # named of each direction


@dataclass(frozen=True, slots=True)
class Past:
    """One write of the past. `at` is when it was decided, or proposed where nobody decided. `was_reversed`: undone, or
    made good by a write the other way; `was_edited`, `was_approved`: by a person."""

    number: int
    what: str
    ask: Ask
    at: datetime
    customer_ref: str = ""
    was_approved: bool = False
    was_edited: bool = False
    was_reversed: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    rules: Sequence[Rule] = ()
    requirements: Sequence[Requirement] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A cap as a replay sees it: of which kind and shop, over which time, for each customer or for all."""

    most: Most
    kind: str = ""
    shop_id: int | None = None
    is_each_customer: bool = False
    is_month: bool = False

    def speaks_of(self, one: Past) -> bool:
        mine = self.kind in ("", one.ask.kind) and self.shop_id in (None, one.ask.shop_id)
        return mine and (not self.is_each_customer or bool(one.customer_ref))


@dataclass(slots=True)
class Move:
    """Past writes that would have gone from one tier to another."""

    drafts: int = 0
    dollars: Decimal = Decimal(0)
    approved: int = 0
    edited: int = 0
    reversed: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, one: Past) -> None:
        self.drafts += 1
        self.dollars += one.ask.base_amount or Decimal(0)
        self.approved += one.was_approved
        self.edited += one.was_edited
        self.reversed += one.was_reversed
        if len(self.examples) < EXAMPLES:
            self.examples.append({"draft": one.number, "what": one.what})

    def told(self, before: str, after: str) -> dict[str, Any]:
        return {
            "before": before, "after": after, "drafts": self.drafts, "dollars": f"{self.dollars:.2f}",
            "approved": self.approved, "edited": self.edited, "reversed": self.reversed, "examples": self.examples,
        }  # fmt: skip


def replay(past: Iterable[Past], before: Rules, after: Rules) -> list[dict[str, Any]]:
    """The moves between tiers, the largest first; empty where nothing would have moved."""
    moves: dict[tuple[str, str], Move] = defaultdict(Move)
    for one in past:
        old = decide(one.ask, before.rules, before.requirements).tier
        new = decide(one.ask, after.rules, after.requirements).tier
        if old != new:
            moves[old, new].add(one)
    ordered = sorted(moves.items(), key=lambda pair: (-pair[1].drafts, pair[0]))
    return [move.told(*tiers) for tiers, move in ordered]


def replay_cap(past: Iterable[Past], before: Bound | None, after: Bound | None) -> list[dict[str, Any]]:
    """The past approvals that a cap would have stopped and did not, and the other way round. What it stops leaves its
    room to those that come later."""
    approved = sorted((one for one in past if one.was_approved), key=lambda one: (one.at, one.number))
    old, new = _stopped(approved, before), _stopped(approved, after)
    moves: dict[tuple[str, str], Move] = defaultdict(Move)
    for one in approved:
        if (one.number in old) != (one.number in new):
            moves[("stopped", "allowed") if one.number in old else ("allowed", "stopped")].add(one)
    return [move.told(*pair) for pair, move in sorted(moves.items())]


def is_stricter(move: dict[str, Any]) -> bool:
    """Whether a move asks for more."""
    if move["after"] in TIERS:
        return TIERS.index(move["after"]) > TIERS.index(move["before"])
    return bool(move["after"] == "stopped")


def _stopped(approved: Sequence[Past], bound: Bound | None) -> set[int]:
    if bound is None:
        return set()
    kept: dict[str, list[Past]] = defaultdict(list)
    stopped = set()
    for one in approved:
        if not bound.speaks_of(one):
            continue
        mine = kept[one.customer_ref if bound.is_each_customer else ""]
        since = one.at - MONTH if bound.is_month else start_of_day(one.at)
        within = [each for each in mine if each.at >= since]
        used = Used(len(within), sum((each.ask.base_amount or Decimal(0) for each in within), Decimal(0)))
        if bound.most.broken_by(used, Used(1, one.ask.base_amount or Decimal(0))):
            stopped.add(one.number)
        else:
            mine.append(one)
    return stopped
