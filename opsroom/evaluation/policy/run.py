"""Judge each row as the product judges a proposal, then count where its verdict is another than the one expected.

`verdict` sees a row's actor, its earlier writes and its action, and nothing else of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drafts.deciding.judge import Judge
from drafts.deciding.preflight import Preflight, preflight
from opsroom.evaluation.policy import rulebook
from opsroom.evaluation.policy.store import BadStore, Store, World
from opsroom.evaluation.policy.writes import make, translated


@dataclass(slots=True)
class Score:
    rows: Counter[str] = field(default_factory=Counter)  # by expectation
    wrong: Counter[str] = field(default_factory=Counter)
    rule_rows: Counter[str] = field(default_factory=Counter)
    rule_wrong: Counter[str] = field(default_factory=Counter)
    gates: Counter[str] = field(default_factory=Counter)  # what refused
    examples: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        counted = sorted(self.rule_rows.items())
        return {
            "allow": {"rows": self.rows["allow"], "refused": self.wrong["allow"]},
            "deny": {"rows": self.rows["deny"], "allowed": self.wrong["deny"]},
            "rules": {name: {"rows": count, "wrong": self.rule_wrong[name]} for name, count in counted},
            "refused_by": dict(sorted(self.gates.items())),
        }

    @property
    def is_good(self) -> bool:
        return not self.wrong and bool(self.rows)


def evaluate(folder: Path, files: Iterable[Path]) -> Score:
    """Enters the store's policy into the present database, which is to be a scratch one. Raises BadStore."""
    store, score = Store(folder), Score()
    rulebook.enter()
    judge = Judge()
    for row in (row for file in files for row in read(file)):
        said = verdict(row["actor_user_id"], row["prior_actions"], row["action"], World(store), judge)
        _count(score, row, said)
    return score


def read(file: Path) -> Iterator[dict[str, Any]]:
    """Rows of a JSON Lines file. Raises BadStore with the line that is none."""
    try:
        with file.open() as lines:
            for number, text in enumerate(lines, 1):
                if text.strip():
                    yield _checked(text, f"{file}, line {number}")
    except OSError as error:
        raise BadStore(f"{file} cannot be read: {error.strerror}") from error


def verdict(
    actor: str, earlier: Iterable[Mapping[str, Any]], action: Mapping[str, Any], world: World, judge: Judge
) -> Preflight:
    """Earlier writes are judged alike and take effect where they are allowed."""
    for write in earlier:
        kind, arguments = translated(write, actor, world)
        made = preflight(kind, arguments, world, judge, None)
        if made.gate is None and made.command is not None:
            make(kind, made.command, world)
    kind, arguments = translated(action, actor, world)
    return preflight(kind, arguments, world, judge, None)


def _checked(text: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
        row["actor_user_id"], row["prior_actions"], row["action"]["name"], row["action"]["arguments"]["order_id"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadStore(f"{place} is no row of a policy evaluation: {error}") from error
    if row.get("expect") not in ("allow", "deny"):
        raise BadStore(f"{place} expects {row.get('expect')!r}; it is allow or deny")
    return dict(row)


def _count(score: Score, row: Mapping[str, Any], said: Preflight) -> None:
    expected, is_allowed = row["expect"], said.gate is None
    is_wrong = is_allowed != (expected == "allow")
    score.rows[expected] += 1
    score.gates[said.gate or "nothing"] += 1
    if row.get("rule"):
        score.rule_rows[row["rule"]] += 1
        score.rule_wrong[row["rule"]] += is_wrong
    if is_wrong:
        score.wrong[expected] += 1
        score.examples.append(f"{row.get('id')}: expected {expected} ({row.get('rule')}), {'; '.join(said.reasons)}")
