"""The drill: change a sealed ledger in every way an intruder with the database's password could, and see each found.

It needs a database of its own, since it writes entries that mean nothing and turns the triggers off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.db import connection, transaction

from drafts.ledger.seal import seal
from drafts.ledger.verify import Report, verify
from drafts.record import record

SEALS, ENTRIES_A_SEAL = 5, 8
ENTRY = "drafts_ledgerentry"

# Each column of an entry, and what is put there instead.
FIELDS = {
    "action": "action || 'x'",
    "actor_id": "coalesce(actor_id, 0) + 1",
    "draft_id": "coalesce(draft_id, 0) + 1",
    "txid": "txid + 1",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "body": "body || 'x'::bytea",
}
SEAL_FIELDS = {
    "root": "set_byte(root, 3, get_byte(root, 3) # 1)",
    "previous": "set_byte(previous, 3, get_byte(previous, 3) # 1)",
    "chain": "set_byte(chain, 3, get_byte(chain, 3) # 1)",
    "leaves": "set_byte(leaves, 3, get_byte(leaves, 3) # 1)",
    "horizon": "horizon + 1",
}


@dataclass(frozen=True, slots=True)
class Drill:
    """`found`: the ledger no longer verified. `located`: and the first bad entry was the one that was touched."""

    tampered: int
    found: int
    located: int
    missed: tuple[str, ...]


def drill() -> Drill:
    """Raises RuntimeError where the untouched ledger does not verify."""
    _fill()
    if not (clean := verify()).valid:
        raise RuntimeError(f"the drill needs a ledger that verifies, and this one does not: {clean.why}")
    tampered = found = located = 0
    missed = []
    for name, tampering, entry in _tamperings():
        report = _under(tampering)
        tampered += 1
        found += not report.valid
        located += not report.valid and report.first_bad == entry
        if report.valid or report.first_bad != entry:
            missed.append(f"{name}: expected {entry}, found {report.first_bad} ({report.why})")
    return Drill(tampered, found, located, tuple(missed))


def _fill() -> None:
    for number in range(SEALS):
        with transaction.atomic():
            for item in range(ENTRIES_A_SEAL):
                record("drill", item=item, amount=f"{number}.{item:02}")
        seal()


def _under(tampering: Callable[[], None]) -> Report:
    """What `verify` says while the change stands; then the change is undone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        tampering()
        report = verify()
        transaction.set_rollback(True)
    return report


def _run(sql: str, *values: int) -> Callable[[], None]:
    def tampering() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    return tampering


def _tamperings() -> Iterator[tuple[str, Callable[[], None], int]]:
    """(what is done, the deed, the first entry that must be named)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, entry_ids FROM drafts_ledgerseal ORDER BY number")
        seals: list[tuple[int, list[int]]] = cursor.fetchall()
    ids = [entry for _, entries in seals for entry in entries]
    for entry in ids:
        yield from _of_entry(entry)
    for entry, other in pairwise(ids):
        yield f"swap {entry}", _run(SWAP, entry, other, other, entry), entry
    for number, entries in seals:
        for field, value in SEAL_FIELDS.items():
            sql = f"UPDATE drafts_ledgerseal SET {field} = {value} WHERE number = %s"  # noqa: S608  # from the table above
            yield f"seal {number} {field}", _run(sql, number), entries[0]
        if number < seals[-1][0]:
            following = seals[number][1][0]
            yield f"seal {number} gone", _run("DELETE FROM drafts_ledgerseal WHERE number = %s", number), following


def _of_entry(entry: int) -> Iterator[tuple[str, Callable[[], None], int]]:
    for field, value in FIELDS.items():
        sql = f"UPDATE {ENTRY} SET {field} = {value} WHERE id = %s"  # noqa: S608  # from the table above
        yield f"{field} of {entry}", _run(sql, entry), entry
    for bit in range(0, 160, 16):
        yield f"bit {bit} of {entry}", _run(FLIP, bit, bit, entry), entry
    yield f"{entry} gone", _run(f"DELETE FROM {ENTRY} WHERE id = %s", entry), entry  # noqa: S608  # a constant
    yield f"{entry} doubled", _run(DOUBLE, entry), entry
    yield f"put in with the time of {entry}", _run(INSERT, NEW_ENTRY, entry), NEW_ENTRY


NEW_ENTRY = 10**12
SWAP = f"""
    UPDATE {ENTRY} mine SET body = other.body FROM {ENTRY} other
    WHERE (mine.id, other.id) IN ((%s, %s), (%s, %s))
"""  # noqa: S608  # constants of this package alone
FLIP = f"UPDATE {ENTRY} SET body = set_bit(body, %s, 1 - get_bit(body, %s)) WHERE id = %s"  # noqa: S608  # constants of this package alone
DOUBLE = f"""
    INSERT INTO {ENTRY} (id, recorded_at, txid, action, actor_id, draft_id, body) OVERRIDING SYSTEM VALUE
    SELECT id, recorded_at + interval '1 second', txid, action, actor_id, draft_id, body FROM {ENTRY} WHERE id = %s
"""  # noqa: S608  # constants of this package alone
INSERT = f"""
    INSERT INTO {ENTRY} (id, recorded_at, txid, action, actor_id, draft_id, body) OVERRIDING SYSTEM VALUE
    SELECT %s, recorded_at, txid, action, actor_id, draft_id, body FROM {ENTRY} WHERE id = %s
"""  # noqa: S608  # constants of this package alone
