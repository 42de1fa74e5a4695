"""Rows of a report to records: typed by the record's own field types, order lines gathered by their order's id.

A row that cannot be read is a BadRow with its number and reason. An order of which one line cannot be read is set aside
whole, since its total would be wrong.
"""

import hashlib
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import orjson

from connectors import types
from connectors.money import BadMoney, parse_currency
from connectors.reports import values
from connectors.reports.cells import Cells, Found, cell_at
from connectors.reports.mapping import KINDS, PLAIN, Defaults, Mapped, Shape, refuse_incomplete
from connectors.reports.orders import order_of
from connectors.reports.reading import BadReport, Numbered, Table

SAMPLE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Read:
    """One record or bad row, with how many rows of the report stand behind it."""

    record: types.Record | types.BadRow
    rows: int


class Reader:
    """Reads the rows of one table as records of one kind. Raises BadReport where the mapping cannot work.

    `passed` counts the rows that the shape leaves to another reading of the same report.
    """

    def __init__(self, table: Table, kind: str, mapped: Mapped, defaults: Defaults, shape: Shape = PLAIN) -> None:
        given = {"amount"} if kind == "returns" and defaults.price else set()
        refuse_incomplete(mapped, kind, table.header, given)
        self.table, self.kind, self.mapped, self.defaults, self.shape = table, kind, mapped, defaults, shape
        self.names = frozenset(one.name for one in fields(KINDS[kind]))
        self.counts: Counter[bytes] = Counter()
        self.passed = 0

    def __iter__(self) -> Iterator[Read]:
        rows = self._own(self._filled(self.table.rows))
        sample = list(islice(rows, SAMPLE_ROWS))
        self.cells = Cells(self.table, self.kind, self.mapped, self.defaults, sample)
        every = chain(sample, rows)
        return self._orders(every) if self.kind == "orders" else self._flat(every)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _filled(self, rows: Iterator[Numbered]) -> Iterator[Numbered]:
        """Cells that a report names once, for all the rows below."""
        places = [self.table.header.index(name) for name in self.shape.carried]
        last: dict[int, str] = {}
        for number, cells in rows:
            for place in places:
                if text := cell_at(cells, place):
                    last[place] = text
                elif place in last:
                    cells += [""] * (place + 1 - len(cells))
                    cells[place] = last[place]
            yield number, cells

    def _own(self, rows: Iterator[Numbered]) -> Iterator[Numbered]:
        """Rows of this kind alone."""
        only = [(self.table.header.index(name), re.compile(words)) for name, words in self.shape.only.items()]
        for number, cells in rows:
            if all(words.fullmatch(cell_at(cells, place)) for place, words in only):
                yield number, cells
            else:
                self.passed += 1

    def _bad(self, rows: list[Numbered], reason: str, external_id: str = "") -> Read:
        numbers = f"row {rows[0][0]}" + (f" and {len(rows) - 1} more of the same order" if len(rows) > 1 else "")
        kind = KINDS[self.kind].__name__.lower()
        return Read(types.BadRow(kind, external_id, reason, self._raw(rows), numbers), len(rows))

    def _raw(self, rows: list[Numbered]) -> bytes:
        named = [dict(zip(self.table.header, cells, strict=False)) for _, cells in rows]
        try:
            return orjson.dumps(named)
        except orjson.JSONEncodeError:  # lone surrogates: keep the bytes readable
            return repr(named).encode("utf-8", "backslashreplace")

    # --- records ---------------------------------------------------------------------------------------------------

    def _flat(self, rows: Iterable[Numbered]) -> Iterator[Read]:
        record = KINDS[self.kind]
        for numbered in rows:
            raw = self._raw([numbered])
            try:
                found = self.cells.read(numbered[1])
                found.setdefault("external_id", self._row_id(raw))
                yield Read(record(raw=raw, **self._completed(found)), 1)
            except (values.BadValue, BadMoney, TypeError) as error:
                yield self._bad([numbered], _words(error))

    def _row_id(self, raw: bytes) -> str:
        """An id for a row that has none: its content, and which of its equals it is, so that a second read agrees."""
        digest = hashlib.blake2b(raw, digest_size=12).digest()
        self.counts[digest] += 1
        return f"row:{digest.hex()}:{self.counts[digest]}"

    def _completed(self, found: Found) -> dict[str, Any]:
        if "currency" in self.names:
            found["currency"] = parse_currency(found.get("currency") or self.defaults.currency or None)
        if "number" in self.names:
            found.setdefault("number", found["external_id"])
        if self.kind == "returns" and "amount" not in found and self.defaults.price:
            found["amount"] = self._price(found)
        return {name: value for name, value in found.items() if name in self.names}

    def _price(self, found: Found) -> object:
        """What a return is worth where its report names no amount: the order's own price of those goods."""
        order, sku = found.get("order_ref", ""), found.get("sku", "")
        price = self.defaults.price(order, sku) if self.defaults.price else None
        if price is None:
            raise values.BadValue(
                f"no amount is named, and no order {order} with SKU {sku} is known: import orders first"
            )
        return price * found.get("quantity", 1)

    def _orders(self, rows: Iterable[Numbered]) -> Iterator[Read]:
        """Rows gathered by order on disk, so that memory stays flat whatever the report's size and order."""
        entry = self.mapped.get("external_id")
        together = self.shape.together or (entry.signed[0][1] if entry and entry.signed else "")
        if not together:
            raise BadReport("orders need a column for external_id: the order's own number")
        place = self.table.header.index(together)
        with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "rows.db")) as store:
            store.execute("PRAGMA journal_mode=OFF")
            store.execute("PRAGMA synchronous=OFF")
            store.execute("CREATE TABLE rows (id TEXT, number INTEGER, cells BLOB)")
            store.executemany("INSERT INTO rows VALUES (?, ?, ?)", (_stored(place, *row) for row in rows))
            ordered = store.execute("SELECT id, number, cells FROM rows ORDER BY id, number")
            for external_id, group in groupby(ordered, key=lambda row: row[0]):
                yield self._order(external_id, together, [(number, _restored(cells)) for _, number, cells in group])

    def _order(self, external_id: str, together: str, rows: list[Numbered]) -> Read:
        if not external_id:
            return self._bad(rows, f"{together}: the order number is empty")
        try:
            typed = [(number, self.cells.read(cells)) for number, cells in rows]
            found = self._completed(order_of(external_id, typed))
            return Read(types.Order(raw=self._raw(rows), **found), len(rows))
        except (values.BadValue, BadMoney, TypeError) as error:
            return self._bad(rows, _words(error), external_id)


def _stored(place: int, number: int, cells: list[str]) -> tuple[str, int, bytes]:
    safe = cell_at(cells, place).encode("utf-8", "backslashreplace").decode()
    return safe, number, "\x1f".join(cells).encode("utf-8", "surrogateescape")


def _restored(cells: bytes) -> list[str]:
    return cells.decode("utf-8", "surrogateescape").split("\x1f")


def _words(error: Exception) -> str:
    text = str(error)
    if isinstance(error, TypeError) and "missing" in text:
        return f"the row lacks {text.split(':')[-1].strip()}"
    return text
