"""How good a list is, against a market that knows the truth. Pure.

What counts is the money that the first decisions save: the planted cost of ignoring less that of acting. Truth is read
here alone, after the list has been made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DECISIONS = 20
# The fixed classes that alerting tools sort by, first worst; what is not named is in the last class.
SEVERITY = ("dispute_evidence", "fraud_warning", "angry_message", "oversold", "late_shipment", "return_decision")


@dataclass(frozen=True, slots=True)
class Planted:
    """One exception of the market. `ids` are all names under which it may be found; money in the base currency."""

    detector: str
    ids: frozenset[str]
    planted_at: float
    saves: float
    is_borderline: bool

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Planted":
        ids = frozenset([str(row["subject_ref"]), *map(str, row["refs"])])
        saves = float(row["cost_if_ignored"]) - float(row["cost_if_acted"])
        return cls(row["detector"], ids, float(row["planted_at"]), saves, bool(row["is_borderline"]))


@dataclass(frozen=True, slots=True)
class Shown:
    """One alert as the list has it, with every id it names. `is_open` False: grouped under another."""

    detector: str
    ids: frozenset[str]
    rank: float
    low: float | None
    high: float | None
    gmv: float
    since: float
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of planted and shown, and the dollars that the first decisions save under each order of the list."""

    planted: int
    found: int
    missed: int
    false: int
    missed_by_detector: dict[str, int]
    false_by_detector: dict[str, int]
    dollars: dict[str, float]
    oracle_share_top20: float
    interval_coverage: float | None


def judge(shown: Sequence[Shown], planted: Sequence[Planted]) -> Score:
    """Match alerts with truth, then value the first decisions of every order."""
    index = _index(planted)
    matches = [_match(alert, index) for alert in shown]
    found = {id(match) for match in matches if match}
    firm = [row for row in planted if not row.is_borderline]
    missed = [row for row in firm if id(row) not in found]
    pairs = [(alert, match) for alert, match in zip(shown, matches, strict=True) if alert.is_open]
    false = [alert for alert, match in pairs if match is None]
    dollars = _dollars(pairs, planted)
    return Score(
        len(firm), len(firm) - len(missed), len(missed), len(false), _counts(missed), _counts(false), dollars,
        dollars["ours"] / dollars["oracle"] if dollars["oracle"] else 1.0, _coverage(pairs),
    )  # fmt: skip


Index = dict[tuple[str, str], Planted]
Pair = tuple[Shown, Planted | None]


def _index(planted: Iterable[Planted]) -> Index:
    return {(row.detector, name): row for row in planted for name in row.ids}


def _match(alert: Shown, index: Index) -> Planted | None:
    return next((row for name in sorted(alert.ids) if (row := index.get((alert.detector, name)))), None)


def _dollars(pairs: Sequence[Pair], planted: Sequence[Planted]) -> dict[str, float]:
    """What the first decisions save: in our order, by an oracle, and in the orders that other tools use."""
    severity = {name: place for place, name in enumerate(SEVERITY)}
    orders: dict[str, Callable[[Pair], Any]] = {
        "ours": lambda pair: -pair[0].rank,
        "gross": lambda pair: -pair[0].gmv,
        "fifo": lambda pair: pair[1].planted_at if pair[1] else pair[0].since,
        "severity": lambda pair: (severity.get(pair[0].detector, len(severity)), pair[0].since),
    }
    saved = {name: _saved(sorted(pairs, key=order)[:DECISIONS]) for name, order in orders.items()}
    return saved | {"oracle": sum(sorted((max(0.0, row.saves) for row in planted), reverse=True)[:DECISIONS])}


def _saved(pairs: Iterable[Pair]) -> float:
    """Each exception is saved once, however many alerts speak of it."""
    rows = {id(match): match.saves for _, match in pairs if match}
    return sum(rows.values())


def _coverage(pairs: Iterable[Pair]) -> float | None:
    """Share of true savings that lie within the range that was shown."""
    inside = [
        alert.low <= match.saves <= alert.high
        for alert, match in pairs
        if match and alert.low is not None and alert.high is not None
    ]
    return sum(inside) / len(inside) if inside else None


def _counts(rows: Iterable[Planted | Shown]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.detector] = counts.get(row.detector, 0) + 1
    return counts
