"""Verify: read the whole ledger again, hash it again, and name the first entry that is not what was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from drafts.ledger.entries import CONTENT, streamed
from drafts.ledger.merkle import GENESIS, chain, leaf, root, split

ENTRIES = f"SELECT id, txid, {CONTENT} FROM drafts_ledgerentry ORDER BY id"  # noqa: S608  # constants of this package alone
SEALS = """
    SELECT number, horizon, entry_ids, leaves, root, previous, chain FROM drafts_ledgerseal ORDER BY number
"""


class Broken(Exception):
    """The first thing that is wrong: the entry (None where a seal without entries is) and what it is."""

    def __init__(self, entry: int | None, why: str) -> None:
        super().__init__(why)
        self.entry = entry
        self.why = why


@dataclass(frozen=True, slots=True)
class Report:
    """`head` is the newest seal as `number:chain`; kept elsewhere, it shows a ledger cut off or rewritten whole."""

    entries: int
    sealed: int
    valid: bool
    first_bad: int | None
    why: str
    head: str
    seconds: float

    @property
    def rows_per_second(self) -> int:
        return round(self.entries / self.seconds) if self.seconds else 0


class Walk:
    """Entries in the order of their ids, held until the seal that names them comes by."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self.rows = rows
        self.waiting: dict[int, tuple[int, bytes]] = {}  # id -> (txid, leaf)
        self.count = 0
        self.newest = 0

    def forward(self, to: int | None) -> None:
        """Read on up to the entry `to`, or to the end."""
        if to is not None and self.newest >= to:
            return
        for number, txid, content in self.rows:
            if number == self.newest and self.count:
                raise Broken(number, "this number stands on two entries")
            self.newest = number
            self.waiting[number] = (txid, leaf(content))
            self.count += 1
            if to is not None and number >= to:
                return

    def take(self, number: int, sealed: bytes) -> None:
        _, found = self.waiting.pop(number, (0, b""))
        if not found:
            raise Broken(number, "the entry was sealed and is gone")
        if found != sealed:
            raise Broken(number, "the entry is not what was sealed")


def verify(*, expect: str = "") -> Report:
    """Check everything. `expect` is a head (`number:chain`) noted earlier, that this ledger must still contain."""
    began = perf_counter()
    heads: dict[str, None] = {}
    first_bad, why, sealed = None, "", 0
    with streamed("ledger_seals", SEALS) as seals, streamed("ledger_entries", ENTRIES) as rows:
        walk = Walk(rows)
        try:
            for head, count in _checked(seals, walk):
                sealed += count
                heads[head] = None
            if expect and expect not in heads:
                raise Broken(None, f"seal {expect}, noted earlier, is gone: the ledger was cut off or rewritten")
        except Broken as error:
            first_bad, why = error.entry, error.why
            walk.count += sum(1 for _ in rows)
    head = next(reversed(heads), "")
    return Report(walk.count, sealed, not why, first_bad, why, head, perf_counter() - began)


def _checked(seals: Iterator[tuple[Any, ...]], walk: Walk) -> Iterator[tuple[str, int]]:
    """Each seal that holds, as its head and count. Raises Broken."""
    before, horizon = GENESIS, 0
    for number, seal in enumerate(seals, 1):
        number_found, horizon_found, ids, leaves, tree, previous, bound = seal
        _check_seal(number, before, number_found, horizon_found, ids, leaves, tree, previous, bound)
        walk.forward(max(ids))
        for entry, sealed in zip(ids, split(leaves), strict=True):
            walk.take(entry, sealed)
        before, horizon = bound, horizon_found
        yield f"{number}:{bound.hex()}", len(ids)
    walk.forward(None)
    for entry, (txid, _) in sorted(walk.waiting.items()):
        if txid < horizon:
            raise Broken(entry, "the entry was put in later than it says: its time was sealed without it")


def _check_seal(
    expected: int, before: bytes, number: int, horizon: int, ids: list[int], leaves: bytes, tree: bytes,
    previous: bytes, bound: bytes,
) -> None:  # fmt: skip
    first = min(ids, default=None)
    if number != expected:
        raise Broken(first, f"seal {expected} is missing")
    if previous != before:
        raise Broken(first, f"seal {number} does not follow the seal before it")
    if not ids or len(leaves) != 32 * len(ids):
        raise Broken(first, f"seal {number} counts {len(ids)} entries and holds {len(leaves) // 32} leaves")
    if root(split(leaves)) != tree:
        raise Broken(first, f"the leaves of seal {number} do not give its root")
    if chain(number, previous, tree, len(ids), horizon) != bound:
        raise Broken(first, f"seal {number} is not what was chained")
