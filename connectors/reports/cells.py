"""Cells of a row to typed values: each mapped field has a reader, made once from the first rows of the report."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, get_args
from zoneinfo import ZoneInfo

from connectors import types
from connectors.money import BadMoney
from connectors.reports import values
from connectors.reports.mapping import Column, Defaults, Mapped, bare, target_fields
from connectors.reports.reading import BadReport, Numbered, Table
from connectors.reports.words import STATUS_WORDS

THOUSANDS_BY_POINT = frozenset(["IDR", "VND"])  # written 150.000, and never with a fraction
_SURROGATES = range(0xDC80, 0xDD00)  # how `surrogateescape` marks a byte the encoding lacks
Found = dict[str, Any]


class Cells:
    """Reads the mapped fields of one table's rows. Raises BadReport where a column's dates cannot be understood."""

    def __init__(self, table: Table, kind: str, mapped: Mapped, defaults: Defaults, sample: list[Numbered]) -> None:
        self.table, self.mapped, self.defaults = table, mapped, defaults
        types_of = target_fields(kind)
        self.places = {
            name: tuple((sign, table.header.index(column)) for sign, column in entry.signed)
            for name, entry in mapped.items()
        }
        rows = [cells for _, cells in sample]
        self.readers = {name: self._reader(name, _plain_type(types_of[name]), rows) for name in mapped}

    def read(self, cells: list[str]) -> Found:
        """Typed values of the mapped fields; an empty cell leaves its field out. Raises BadValue or BadMoney."""
        if len(cells) > len(self.table.header) and any(cells[len(self.table.header) :]):
            raise values.BadValue(f"the row has {len(cells)} cells under {len(self.table.header)} column names")
        if any(ord(letter) in _SURROGATES for cell in cells if not cell.isascii() for letter in cell):
            raise values.BadValue(f"the row has bytes that are not {self.table.encoding} text")
        found: Found = {}
        for name, read in self.readers.items():
            entry = self.mapped[name]
            texts = [cell_at(cells, place) for _, place in self.places[name]]
            if not any(texts):
                texts = [entry.constant or ""]
            if not any(texts):
                continue
            try:
                found[name] = read(texts)
            except (values.BadValue, BadMoney) as error:
                raise values.BadValue(f"{entry.words or name}: {error}") from error
        for name, value in found.items():
            if isinstance(value, values.After):
                found[name] = self._after(name, value, found)
        return {name: value for name, value in found.items() if value is not None}

    def _reader(self, name: str, hint: type[Any], rows: list[list[str]]) -> Callable[[list[str]], object]:
        entry = self.mapped[name]
        if hint in (Decimal, int):
            return self._number(name, hint, rows)
        one = self._one(entry, name, hint, rows)
        if hint is not str and not issubclass(hint, StrEnum):
            return lambda texts: one(next(filter(None, texts)))
        return lambda texts: None if (text := _joined(texts, entry.format)) == "" else one(text)

    def _one(self, entry: Column, name: str, hint: type[Any], rows: list[list[str]]) -> Callable[[str], object]:
        if hint is datetime and (span := values.span_after(entry.format)):
            return lambda text: values.read_after(text, *span)
        if hint in (datetime, date):
            style, zone = self._time_style(name, rows), ZoneInfo(entry.zone) if entry.zone else self.defaults.zone
            return (lambda text: values.read_time(text, style, zone)) if hint is datetime else (
                lambda text: values.read_date(text, style)
            )  # fmt: skip
        if hint is bool:
            return values.read_bool
        if issubclass(hint, StrEnum):
            words = {bare(key): value for key, value in entry.values.items()}
            return lambda text: _member(hint, words.get(bare(text)) or entry.own(text))
        whole = entry.format == "integer"
        return lambda text: str(values.read_integer(text)) if whole else entry.own(text)

    def _number(self, name: str, hint: type[Any], rows: list[list[str]]) -> Callable[[list[str]], object]:
        entry = self.mapped[name]
        is_first = entry.format == "first"
        style = (entry.format if not is_first else "") or self._decimal_style(name, rows)
        if hint is int:
            return lambda texts: values.read_integer(texts[0], style)
        signs = [sign for sign, _ in self.places[name]] or [1]

        def read(texts: list[str]) -> Decimal:
            amounts = [
                sign * values.read_decimal(text, style) for sign, text in zip(signs, texts, strict=False) if text
            ]
            return next((one for one in amounts if one), amounts[0]) if is_first else sum(amounts, Decimal(0))

        return read

    def _texts(self, name: str, rows: list[list[str]]) -> list[str]:
        return [cell_at(cells, place) for cells in rows for _, place in self.places[name]]

    def _decimal_style(self, name: str, rows: list[list[str]]) -> str:
        texts = self._texts(name, rows)
        if self.defaults.currency in THOUSANDS_BY_POINT and values.are_thousands(texts):
            return "comma"
        return values.guess_decimal_style(texts)

    def _time_style(self, name: str, rows: list[list[str]]) -> str:
        entry = self.mapped[name]
        try:
            return entry.format or values.guess_time_style(self._texts(name, rows))
        except values.BadValue as error:
            advice = f'give {{"{name}": {{"column": …, "format": …}}}} in the mapping'
            raise BadReport(f"column {entry.words!r}: {error}; {advice}") from error

    def _after(self, name: str, value: values.After, found: Found) -> datetime | None:
        """The time that a span leads to; None where the row lacks the time it begins at."""
        base = found.get(value.field)
        if value.field not in self.mapped or not (base is None or isinstance(base, datetime)):
            raise values.BadValue(f"{name}: its format counts from {value.field}, which is no mapped time")
        try:
            return None if base is None else base + value.span
        except OverflowError as error:
            raise values.BadValue(f"{name}: {value.span} after {base} is no date") from error


def cell_at(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _joined(texts: list[str], form: str) -> str:
    """Several cells as one text: in the form's places, and nothing where one of those is empty; else in a row."""
    if form == "first":
        return next(filter(None, texts), "")
    if "{" in form:
        return form.format(*texts) if all(texts) else ""
    return " / ".join(text for text in texts if text)


def _plain_type(hint: Any) -> type[Any]:
    """`datetime | None` → datetime."""
    plain = next(part for part in get_args(hint) if part is not NoneType) if isinstance(hint, UnionType) else hint
    return plain if isinstance(plain, type) else str


@lru_cache(4096)
def _member(enum: type[StrEnum], text: str) -> StrEnum:
    word = bare(text)
    known = {bare(member.value): member for member in enum}
    found = known.get(word) or known.get(bare(STATUS_WORDS.get(word, "")) if enum is types.OrderStatus else "")
    if found is None:
        known_words = ", ".join(member.value for member in enum)
        raise values.BadValue(f"{text!r} is no known state; map it under `values` to one of {known_words}")
    return found
