"""Rows of a report to records: typed by the record's own field types, order lines gathered by their order's id.

A row that cannot be read is a BadRow with its number and reason. An order of which one line cannot be read is set aside
whole, since its total would be wrong.
"""

import hashlib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import chain, groupby, islice
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

import orjson

from connectors import types
from connectors.money import BadMoney, parse_currency
from connectors.reports import values
from connectors.reports.mapping import KINDS, LINE_FIELDS, Mapped, refuse_incomplete, target_fields
from connectors.reports.reading import BadReport, Table
from connectors.reports.words import STATUS_WORDS

SAMPLE_ROWS = 500
HAPPENED = ("ordered_at", "paid_at", "shipped_at", "delivered_at", "completed_at", "cancelled_at")
Numbered = tuple[int, list[str]]  # a row's number in the file, and its cells
_SURROGATES = range(0xDC80, 0xDD00)  # how `surrogateescape` marks a byte the encoding lacks


@dataclass(frozen=True, slots=True)
class Read:
    """One record or bad row, with how many rows of the report stand behind it."""

    record: types.Record | types.BadRow
    rows: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the shop says where the report does not."""

    currency: str = ""
    zone: tzinfo = UTC


class Reader:
    """Reads the rows of one table as records of one kind. Raises BadReport where the mapping cannot work."""

    def __init__(self, table: Table, kind: str, mapped: Mapped, defaults: Defaults) -> None:
        refuse_incomplete(mapped, kind, table.header)
        self.table, self.kind, self.mapped, self.defaults = table, kind, mapped, defaults
        self.types = target_fields(kind)
        self.names = frozenset(one.name for one in fields(KINDS[kind]))
        self.places = {name: table.header.index(entry.column) for name, entry in mapped.items() if entry.column}
        self.readers: dict[str, Callable[[str], object]] = {}
        self.counts: Counter[bytes] = Counter()

    def __iter__(self) -> Iterator[Read]:
        sample, rows = _peek(self.table.rows, SAMPLE_ROWS)
        self.readers = {name: self._reader(name, [cells for _, cells in sample]) for name in self.mapped}
        return self._orders(rows) if self.kind == "orders" else self._flat(rows)

    # --- one row ---------------------------------------------------------------------------------------------------

    def _reader(self, name: str, sample: list[list[str]]) -> Callable[[str], object]:
        entry, hint = self.mapped[name], _plain_type(self.types[name])
        texts = [cells[self.places[name]] for cells in sample if name in self.places and self.places[name] < len(cells)]
        if issubclass(hint, StrEnum):
            words = {_bare(key): value for key, value in entry.values.items()}
            return lambda text: _member(hint, words.get(_bare(text), text))
        if hint is datetime and (span := values.span_after(entry.format)):
            return lambda text: values.read_after(text, *span)
        if hint in (datetime, date):
            try:
                style = entry.format or values.guess_time_style(texts)
            except values.BadValue as error:
                advice = f'give {{"{name}": {{"column": …, "format": …}}}} in the mapping'
                raise BadReport(f"column {entry.column!r}: {error}; {advice}") from error
            zone = self.defaults.zone
            return (lambda text: values.read_time(text, style, zone)) if hint is datetime else (
                lambda text: values.read_date(text, style)
            )  # fmt: skip
        style = entry.format or (values.guess_decimal_style(texts) if hint in (Decimal, int) else "")
        if hint is Decimal:
            return lambda text: values.read_decimal(text, style)
        if hint is int:
            return lambda text: values.read_integer(text, style)
        if hint is bool:
            return values.read_bool
        whole = style == "integer"
        return lambda text: str(values.read_integer(text)) if whole else entry.values.get(text, text)

    def _values(self, cells: list[str]) -> dict[str, Any]:
        """Typed values of the mapped fields; an empty cell leaves its field out. Raises BadValue or BadMoney."""
        found: dict[str, Any] = {}
        for name, read in self.readers.items():
            entry = self.mapped[name]
            place = self.places.get(name)
            text = cells[place].strip() if place is not None and place < len(cells) else ""
            text = text or (entry.constant or "")
            if not text:
                continue
            try:
                found[name] = read(text)
            except (values.BadValue, BadMoney) as error:
                raise values.BadValue(f"{entry.column or name}: {error}") from error
        for name, value in found.items():
            if isinstance(value, values.After):
                found[name] = self._after(name, value, found)
        return {name: value for name, value in found.items() if value is not None}

    def _after(self, name: str, value: values.After, found: dict[str, Any]) -> datetime | None:
        """The time that a span leads to; None where the row lacks the time it begins at."""
        base = found.get(value.field)
        if value.field not in self.mapped or not (base is None or isinstance(base, datetime)):
            raise values.BadValue(f"{name}: its format counts from {value.field}, which is no mapped time")
        try:
            return None if base is None else base + value.span
        except OverflowError as error:
            raise values.BadValue(f"{name}: {value.span} after {base} is no date") from error

    def _checked(self, cells: list[str]) -> dict[str, Any]:
        if len(cells) > len(self.table.header) and any(cells[len(self.table.header) :]):
            raise values.BadValue(f"the row has {len(cells)} cells under {len(self.table.header)} column names")
        if any(ord(letter) in _SURROGATES for cell in cells if not cell.isascii() for letter in cell):
            raise values.BadValue(f"the row has bytes that are not {self.table.encoding} text")
        return self._values(cells)

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
                found = self._checked(numbered[1])
                found.setdefault("external_id", self._row_id(raw))
                yield Read(record(raw=raw, **self._completed(found)), 1)
            except (values.BadValue, BadMoney, TypeError) as error:
                yield self._bad([numbered], _words(error))

    def _row_id(self, raw: bytes) -> str:
        """An id for a row that has none: its content, and which of its equals it is, so that a second read agrees."""
        digest = hashlib.blake2b(raw, digest_size=12).digest()
        self.counts[digest] += 1
        return f"row:{digest.hex()}:{self.counts[digest]}"

    def _completed(self, found: dict[str, Any]) -> dict[str, Any]:
        if "currency" in self.names:
            found["currency"] = parse_currency(found.get("currency") or self.defaults.currency or None)
        if "number" in self.names:
            found.setdefault("number", found["external_id"])
        return {name: value for name, value in found.items() if name in self.names}

    def _orders(self, rows: Iterable[Numbered]) -> Iterator[Read]:
        """Rows gathered by order id on disk, so that memory stays flat whatever the report's size and order."""
        place = self.places.get("external_id")
        if place is None:
            raise BadReport("orders need a column for external_id: the order's own number")
        with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "rows.db")) as store:
            store.execute("PRAGMA journal_mode=OFF")
            store.execute("PRAGMA synchronous=OFF")
            store.execute("CREATE TABLE rows (id TEXT, number INTEGER, cells BLOB)")
            store.executemany("INSERT INTO rows VALUES (?, ?, ?)", (_stored(place, *row) for row in rows))
            ordered = store.execute("SELECT id, number, cells FROM rows ORDER BY id, number")
            for external_id, group in groupby(ordered, key=lambda row: row[0]):
                yield self._order(external_id, [(number, _restored(cells)) for _, number, cells in group])

    def _order(self, external_id: str, rows: list[Numbered]) -> Read:
        if not external_id:
            return self._bad(rows, f"{self.mapped['external_id'].column}: the order number is empty")
        try:
            typed = [(number, self._checked(cells)) for number, cells in rows]
            return Read(self._built(external_id, typed, self._raw(rows)), len(rows))
        except (values.BadValue, BadMoney, TypeError) as error:
            return self._bad(rows, _words(error), external_id)

    def _built(self, external_id: str, typed: list[tuple[int, dict[str, Any]]], raw: bytes) -> types.Order:
        head: dict[str, Any] = {}
        for _, found in reversed(typed):
            head |= {name: value for name, value in found.items() if name not in LINE_FIELDS}
        head["external_id"] = str(head.get("external_id", external_id))
        goods = [(place, found) for place, (_, found) in enumerate(typed, 1) if found.keys() & {"quantity", "sku"}]
        lines = tuple(_line(found, place) for place, found in goods)
        is_credit = bool(lines) and all(line.quantity < 0 for line in lines)
        if is_credit:
            lines = tuple(replace(line, quantity=-line.quantity, cancelled_quantity=-line.quantity) for line in lines)
            head["status"] = types.OrderStatus.CANCELLED
        if any(line.quantity < 0 for line in lines):
            raise values.BadValue("the order mixes sold and returned quantities; import the returned rows as returns")
        if any(line.unit_price < 0 for line in lines):
            raise values.BadValue("a unit price is negative: this is an adjustment, not a sale")
        head.setdefault("total", _total(lines, [found for _, found in typed]))
        head.setdefault("status", _status_by_times(head))
        head.setdefault("updated_at", max(head[name] for name in HAPPENED if name in head))
        if len(str(head.get("country", ""))) > 2:
            head.setdefault("region", head.pop("country"))  # a country's name in words is no code
        return types.Order(raw=raw, lines=lines, **self._completed(head))


def _peek(rows: Iterator[Numbered], count: int) -> tuple[list[Numbered], Iterator[Numbered]]:
    first = list(islice(rows, count))
    return first, chain(first, rows)


def _stored(place: int, number: int, cells: list[str]) -> tuple[str, int, bytes]:
    external_id = cells[place].strip() if place < len(cells) else ""
    safe = external_id.encode("utf-8", "backslashreplace").decode()
    return safe, number, "\x1f".join(cells).encode("utf-8", "surrogateescape")


def _restored(cells: bytes) -> list[str]:
    return cells.decode("utf-8", "surrogateescape").split("\x1f")


def _line(found: dict[str, Any], place: int) -> types.OrderLine:
    quantity = found.get("quantity", 1)
    price = found.get("unit_price")
    if price is None and "line_total" in found and quantity:
        price = found["line_total"] / quantity
    if price is None:
        raise values.BadValue("the row has neither a unit price nor a line total")
    return types.OrderLine(
        external_id=str(found.get("line_id", place)), sku=str(found.get("sku", "")), title=str(found.get("title", "")),
        quantity=quantity, unit_price=price, cancelled_quantity=found.get("cancelled_quantity", 0),
        returned_quantity=found.get("returned_quantity", 0),
    )  # fmt: skip


def _total(lines: tuple[types.OrderLine, ...], rows: list[dict[str, Any]]) -> Decimal | None:
    """What the goods come to; None where the report names no amount at all, which is not an order of nothing."""
    if lines:
        return sum((line.quantity * line.unit_price for line in lines), Decimal(0))
    amounts = [amount for found in rows if (amount := found.get("line_total", found.get("unit_price"))) is not None]
    return sum(amounts, Decimal(0)) if len(amounts) == len(rows) else None


def _status_by_times(head: dict[str, Any]) -> types.OrderStatus:
    """A report without states is a book of past orders, unless its own times say how far each one came."""
    steps = (
        ("cancelled_at", types.OrderStatus.CANCELLED), ("delivered_at", types.OrderStatus.DELIVERED),
        ("shipped_at", types.OrderStatus.SHIPPED), ("ship_by", types.OrderStatus.TO_SHIP),
    )  # fmt: skip
    return next((status for name, status in steps if name in head), types.OrderStatus.COMPLETED)


def _plain_type(hint: Any) -> type[Any]:
    """`datetime | None` → datetime."""
    plain = next(part for part in get_args(hint) if part is not NoneType) if isinstance(hint, UnionType) else hint
    return plain if isinstance(plain, type) else str


@lru_cache(4096)
def _member(enum: type[StrEnum], text: str) -> StrEnum:
    word = _bare(text)
    known = {_bare(member.value): member for member in enum}
    found = known.get(word) or known.get(_bare(STATUS_WORDS.get(word, "")) if enum is types.OrderStatus else "")
    if found is None:
        known_words = ", ".join(member.value for member in enum)
        raise values.BadValue(f"{text!r} is no known state; map it under `values` to one of {known_words}")
    return found


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _words(error: Exception) -> str:
    text = str(error)
    if isinstance(error, TypeError) and "missing" in text:
        return f"the row lacks {text.split(':')[-1].strip()}"
    return text
