"""Faults on demand: which call goes wrong, and how. All chances come from one seeded source."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

import orjson

KINDS = frozenset(
    {
        "rate_limited",  # 429 or the protocol's own way; `seconds` becomes Retry-After
        "server_error",  # 500, 502 with HTML, 503
        "timeout_before",  # hangs; the effect never happens
        "timeout_after",  # the effect happens, then it hangs
        "reset_before", "reset_after",  # the connection is reset before / after the effect
        "late_effect",  # the connection is reset now, the effect lands `seconds` later
        "truncated",  # the effect happens, the body stops half-way
        "not_json",  # the effect happens, the answer is HTML with status 200
        "drifted",  # a field is renamed, removed, retyped, or has a new enum value
        "short_page",  # rows are missing from a list that says it is whole
        "slow",  # answers after `seconds`
        "expired_token",
        "duplicated_webhook", "reordered_webhook",
    }
)  # fmt: skip
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class BadRule(ValueError):
    """A rule that cannot be; the message says what is allowed."""


@dataclass(slots=True)
class Rule:
    """`shop` and `operation` are shell patterns. It fires by chance, and at most `remaining` times (None: always)."""

    id: int
    shop: str
    operation: str
    kind: str
    probability: float = 1.0
    remaining: int | None = None
    seconds: float | None = None

    @property
    def is_lasting(self) -> bool:
        """Goes on until somebody removes it, and so makes a feed stale."""
        return self.remaining is None and self.probability >= 1


class Faults:
    """The rules in force; the first that matches and fires decides."""

    def __init__(self, seed: int) -> None:
        self.rules: list[Rule] = []
        self.rng = random.Random(f"faults {seed}")
        self._made = 0

    def add(self, row: Mapping[str, Any]) -> Rule:
        """Raises BadRule for an unknown kind or field."""
        kind = str(row.get("kind", ""))
        if kind not in KINDS:
            raise BadRule(f"fault kind {kind!r} is unknown; choose one of {', '.join(sorted(KINDS))}")
        unknown = set(row) - {"shop", "operation", "kind", "probability", "remaining", "seconds"}
        if unknown:
            raise BadRule(f"a fault rule has no field {', '.join(sorted(unknown))}")
        self._made += 1
        rule = Rule(
            self._made, str(row.get("shop", "*")), str(row.get("operation", "*")), kind, float(row.get("probability",
            1)),
            None if row.get("remaining") is None else int(row["remaining"]),
            None if row.get("seconds") is None else float(row["seconds"]),
        )  # fmt: skip
        self.rules.append(rule)
        return rule

    def clear(self, id: int | None = None) -> None:
        self.rules = [rule for rule in self.rules if id is not None and rule.id != id]

    def pick(self, shop: str, operation: str) -> Rule | None:
        """The rule that hits this call, if any; counts it."""
        for rule in self.rules:
            if rule.remaining == 0 or not (fnmatchcase(shop, rule.shop) and fnmatchcase(operation, rule.operation)):
                continue
            if rule.probability >= 1 or self.rng.random() < rule.probability:
                if rule.remaining is not None:
                    rule.remaining -= 1
                return rule
        return None

    def as_rows(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules]

    # -- answers bent out of shape ----------------------------------------------------------------------------------

    def drift(self, body: bytes) -> bytes:
        """The same JSON with one field of its records renamed, removed, retyped or given a new enum value."""
        value = orjson.loads(body)
        records = [row for row in _records(value) if len(row) > 2]
        if not records:
            return body
        rows = max(records, key=len)
        names = sorted(rows)
        name, how = names[self.rng.randrange(len(names))], self.rng.choice(("rename", "remove", "retype", "enum"))
        for row in [row for row in records if name in row and len(row) == len(rows)]:
            old = row.pop(name)
            if how == "rename":
                row[f"{name}_v2"] = old
            elif how == "retype":
                row[name] = {"value": old}
            elif how == "enum":
                row[name] = "SOMETHING_NEW" if isinstance(old, str) else [old]
        return orjson.dumps(value)

    def shorten(self, body: bytes) -> bytes:
        """The same JSON with the second half of its longest list missing; counts and cursors still say it is whole."""
        value = orjson.loads(body)
        longest = max(_lists(value), key=len, default=[])
        del longest[len(longest) // 2 :]
        return orjson.dumps(value)


def _records(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += _records(child)
    return found


def _lists(value: Any) -> list[list[Any]]:
    found = [value] if isinstance(value, list) else []
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += _lists(child)
    return found
