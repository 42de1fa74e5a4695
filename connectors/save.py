"""Step 2: records off the wire become rows, in bulk and once.

digest → look-up of what is known (an unchanged row stops here) → COPY into a staging table → one merge → lines, raw
payload and a Change for what moved. A row that the database refuses goes to quarantine alone; its batch goes on.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias

import psycopg
import zstandard
from django.db import connection, transaction

from connectors.arrays import text_array
from connectors.saving.quarantine import Cursor, quarantine, settle
from connectors.saving.refusals import refusal
from connectors.saving.staging import Table, copy_statement, digest_of, line_columns, table_of
from connectors.types import BadRow, OrderLine, Record

# What one unfit row can raise, at the client's encoder or at the server; anything else is a fault of the whole save.
REFUSED = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    UnicodeError,
    OverflowError,
    TypeError,
)
MOST = 2**31 - 1
PAYLOAD_COPY = copy_statement("connectors_rawpayload", ("received_at", "shop_id", "kind", "external_id", "body"))
PAYLOAD_TYPES = ("timestamptz", "bigint", "varchar", "text", "bytea")

Fresh: TypeAlias = tuple[Record, bytes]  # a record and the digest of its content


class LostRows(RuntimeError):
    """Rows read and rows accounted for differ. Nothing of this save is kept."""


@dataclass(slots=True)
class Counts:
    """`unchanged` counts also a row older than the stored one, and one that a later row of its batch replaced."""

    read: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    @property
    def is_conserved(self) -> bool:
        return self.read == self.stored + self.updated + self.unchanged + self.quarantined


@dataclass(slots=True)
class Saved:
    """What became of a batch, by kind of record ("order", "stock_level" …).

    `changed` holds the outside's ids of what is new or moved, `updated` those of the latter, `refused` of what went to
    quarantine: of one batch; a sum of batches holds counts alone. `seconds` is how long the saving took.
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    updated: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def of(self, kind: str) -> Counts:
        return self.counts.setdefault(kind, Counts())

    @property
    def total(self) -> Counts:
        names = Counts.__slots__
        return Counts(*(sum(getattr(counts, name) for counts in self.counts.values()) for name in names))

    def add(self, other: "Saved") -> None:
        """Count another batch of the same run in. Its ids are left behind: a turn may read a whole day."""
        self.seconds += other.seconds
        for kind, counts in other.counts.items():
            mine = self.of(kind)
            for name in Counts.__slots__:
                setattr(mine, name, getattr(mine, name) + getattr(counts, name))


def save(shop_id: int, records: Iterable[Record | BadRow], *, received_at: datetime, feed: str = "") -> Saved:
    """Store a batch in one transaction (the caller's, where there is one). Doing it again changes nothing.

    Raises LostRows, or the database's own error where the fault is not a single row's.
    """
    started = time.perf_counter()
    saved = Saved()
    bad: list[BadRow] = []
    classes: dict[type[Record], list[Record]] = {}
    for record in records:
        if isinstance(record, BadRow):
            saved.of(record.kind).read += 1
            bad.append(record)
        else:
            classes.setdefault(type(record), []).append(record)
    with transaction.atomic():
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            for record_class in sorted(classes, key=lambda one: one.__name__):  # one order of locks for every save
                batch = Batch(cursor, table_of(record_class), shop_id, received_at)
                bad += batch.save(classes[record_class], saved)
            quarantine(cursor, shop_id, feed, bad, received_at)
        for row in bad:
            saved.of(row.kind).quarantined += 1
            saved.refused.setdefault(row.kind, []).append(row.external_id)
        if lost := {kind: counts for kind, counts in saved.counts.items() if not counts.is_conserved}:
            raise LostRows(f"shop {shop_id}, feed {feed!r}: rows read and rows accounted for differ: {lost}")
    saved.seconds = time.perf_counter() - started
    return saved


@dataclass(slots=True)
class Batch:
    """The records of one class in one save."""

    cursor: Cursor
    table: Table
    shop_id: int
    received_at: datetime

    def save(self, records: Sequence[Record], saved: Saved) -> list[BadRow]:
        """Merge the records, count them into `saved`, and return those that were refused."""
        newest = self.newest(records)
        fresh = self.fresh(newest)
        bad: list[BadRow] = []
        if fresh:
            self.cursor.execute(self.table.stage)
        merged = self.accepted(fresh, bad) if fresh else []
        settle(self.cursor, self.shop_id, self.table.kind, newest, self.received_at)
        counts = saved.of(self.table.kind)
        counts.read += len(records)
        counts.stored += (stored := sum(version == 1 for _, version in merged))
        counts.updated += len(merged) - stored
        counts.unchanged += len(records) - len(merged) - len(bad)
        if merged:
            saved.changed[self.table.kind] = [external_id for external_id, _ in merged]
            saved.updated[self.table.kind] = [external_id for external_id, version in merged if version > 1]
        return bad

    def newest(self, records: Sequence[Record]) -> dict[str, Record]:
        """One record for each id: the one updated last, else the one that came last."""
        newest: dict[str, Record] = {}
        for record in records:
            other = newest.setdefault(record.external_id, record)
            if other is not record and not (self.table.has_updated_at and is_older(record, other)):
                newest[record.external_id] = record
        return newest

    def fresh(self, records: dict[str, Record]) -> list[Fresh]:
        """The records whose content is not the stored one, in the order of their ids, so that two saves lock alike."""
        ids = [external_id for external_id in records if "\x00" not in external_id]
        try:
            known: dict[str, bytes] = dict(
                self.cursor.execute(self.table.known, [self.shop_id, text_array(ids)], binary=True)
            )
        except UnicodeEncodeError:  # raised before a byte was sent; the refusal of that row follows in the merge
            known = {}
        with_digests = ((records[one], digest_of(self.table, records[one])) for one in sorted(records))
        return [(record, digest) for record, digest in with_digests if known.get(record.external_id) != digest]

    def accepted(self, rows: Sequence[Fresh], bad: list[BadRow]) -> list[tuple[str, int]]:
        """Merge the rows; where the database refuses them, find whose fault it is and go on without those."""
        try:
            with transaction.atomic():
                return self.merge(rows)
        except REFUSED as error:
            message = str(error).partition("\n")[0]
        reasons = [refusal(self.table, record) for record, _ in rows]
        if len(rows) == 1 and not reasons[0]:
            reasons = [message]
        bad += [self.bad_row(record, why) for (record, _), why in zip(rows, reasons, strict=True) if why]
        good = [row for row, why in zip(rows, reasons, strict=True) if not why]
        middle = len(good) // 2 if len(good) == len(rows) else 0
        return [row for part in (good[:middle], good[middle:]) if part for row in self.accepted(part, bad)]

    def merge(self, rows: Sequence[Fresh]) -> list[tuple[str, int]]:
        """COPY and one statement; returns (id, version) of the rows that were new or moved."""
        table, cursor = self.table, self.cursor
        cursor.execute(table.clear)
        with cursor.copy(table.copy) as copy:
            copy.set_types(table.copy_types)
            for record, digest in rows:
                copy.write_row(table.row(record, digest))
        cursor.execute(table.merge, {"shop": self.shop_id, "at": self.received_at, "kind": table.kind})
        versions: dict[str, int] = dict(cursor.fetchall())
        changed = [record for record, _ in rows if record.external_id in versions]
        if table.has_lines:
            self.replace_lines(changed, [external_id for external_id, version in versions.items() if version > 1])
        self.keep_payloads(changed)
        return list(versions.items())

    def replace_lines(self, orders: Sequence[Record], updated: list[str]) -> None:
        if updated:
            self.cursor.execute(
                "DELETE FROM connectors_orderline WHERE shop_id = %s AND order_ref = ANY(%s::text[])",
                [self.shop_id, text_array(updated)],
            )
        names, types = line_columns()
        values = attrgetter(*names)
        with self.cursor.copy(copy_statement("connectors_orderline", ("shop_id", "order_ref", *names))) as copy:
            copy.set_types(types)
            for order in orders:
                for line in order.lines:  # type: ignore[attr-defined]  # only a table with lines comes here
                    if not is_storable(line):
                        raise psycopg.DataError(f"line {line.external_id!r} has a quantity or price that is none")
                    copy.write_row((self.shop_id, order.external_id, *values(line)))

    def keep_payloads(self, records: Sequence[Record]) -> None:
        kept = [record for record in records if record.raw]
        if not kept:
            return
        # All in one call: each call lets go of the interpreter's lock, and several readers would queue for it.
        packed = zstandard.ZstdCompressor(level=3).multi_compress_to_buffer([record.raw for record in kept])
        bodies = [packed[place].tobytes() for place in range(len(packed))]
        with self.cursor.copy(PAYLOAD_COPY) as copy:
            copy.set_types(PAYLOAD_TYPES)
            for record, body in zip(kept, bodies, strict=True):
                copy.write_row((self.received_at, self.shop_id, self.table.kind, record.external_id, body))

    def bad_row(self, record: Record, reason: str) -> BadRow:
        raw = record.raw or repr(record).encode("utf-8", "replace")
        return BadRow(self.table.kind, record.external_id, reason, raw)


def is_storable(line: OrderLine) -> bool:
    """What a binary COPY would not refuse by itself: it cuts an integer to 32 bits, and NaN is a numeric."""
    quantities = (line.quantity, line.cancelled_quantity, line.returned_quantity)
    return max(quantities) <= MOST and line.unit_price.is_finite()


def is_older(record: Record, other: Record) -> bool:
    mine, theirs = getattr(record, "updated_at", None), getattr(other, "updated_at", None)
    return bool(mine and theirs and mine < theirs)
