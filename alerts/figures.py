"""Numbers that carry their own arithmetic: a range, where each input is from, and how they were combined.

Every dollar that the product shows is a Figure, so that it opens to its formula and each input to its record, field and
time. A range is (low, likely, high); combining two figures combines their ranges corner by corner, so an unknown input
widens the answer and never turns into zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

Number = Decimal | int


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input was read: a saved record and field, or a setting (`record="setting"`), and when."""

    record: str
    field: str
    shop_id: int | None = None
    external_id: str = ""
    read_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A named range. `unit` is a currency code for money, else a word such as `share`, `units`, `days`.

    `operation` is `input` for a leaf, else how `parts` were combined.
    """

    name: str
    low: Decimal
    likely: Decimal
    high: Decimal
    unit: str = ""
    operation: str = "input"
    parts: tuple[Figure, ...] = ()
    source: Source | None = None
    is_assumed: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise ValueError(f"{self.name}: {self.low} ≤ {self.likely} ≤ {self.high} does not hold")

    def named(self, name: str, unit: str | None = None) -> Figure:
        """The same figure under the name a reader would use for it."""
        return replace(self, name=name, unit=self.unit if unit is None else unit)

    def __add__(self, other: Figure | Number) -> Figure:
        return combine("+", self, other)

    def __sub__(self, other: Figure | Number) -> Figure:
        return combine("-", self, other)

    def __mul__(self, other: Figure | Number) -> Figure:
        return combine("×", self, other)

    def __truediv__(self, other: Figure | Number) -> Figure:
        return combine("÷", self, other)

    def __radd__(self, other: Number) -> Figure:
        return combine("+", given(other), self)

    def __rsub__(self, other: Number) -> Figure:
        return combine("-", given(other), self)

    def __rmul__(self, other: Number) -> Figure:
        return combine("×", given(other), self)

    def leaves(self) -> Iterator[Figure]:
        """Every input, left to right."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def assumed(self) -> tuple[str, ...]:
        """Names of the inputs nobody has confirmed, each once."""
        return tuple(dict.fromkeys(leaf.name for leaf in self.leaves() if leaf.is_assumed))

    def recomputed(self) -> Figure:
        """The same figure worked out again from its leaves; equal to this one unless somebody changed a number."""
        if not self.parts:
            return self
        parts = tuple(part.recomputed() for part in self.parts)
        low, likely, high = _spread(self.operation, parts)
        return replace(self, low=low, likely=likely, high=high, parts=parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values; decimals and times as text."""
        data: dict[str, Any] = {"name": self.name, "range": [str(self.low), str(self.likely), str(self.high)]}
        if self.unit:
            data["unit"] = self.unit
        if self.parts:
            data |= {"operation": self.operation, "parts": [part.to_json() for part in self.parts]}
        if self.is_assumed:
            data["assumed"] = True
        if self.source:
            data["source"] = {
                "record": self.source.record,
                "field": self.source.field,
                "shop": self.source.shop_id,
                "id": self.source.external_id,
                "read_at": self.source.read_at.isoformat() if self.source.read_at else None,
                "note": self.source.note,
            }
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Figure:
        """The inverse of `to_json`."""
        low, likely, high = (Decimal(number) for number in data["range"])
        place = data.get("source")
        return cls(
            data["name"], low, likely, high, data.get("unit", ""), data.get("operation", "input"),
            tuple(cls.from_json(part) for part in data.get("parts", ())),
            _source(place) if place else None, data.get("assumed", False),
        )  # fmt: skip


def _source(data: dict[str, Any]) -> Source:
    read_at = datetime.fromisoformat(data["read_at"]) if data["read_at"] else None
    return Source(data["record"], data["field"], data["shop"], data["id"], read_at, data["note"])


def given(value: Number, name: str = "", unit: str = "", source: Source | None = None) -> Figure:
    """One known number."""
    number = Decimal(value)
    return Figure(name or f"{number:,}", number, number, number, unit, source=source)


def between(
    name: str, low: Number, likely: Number, high: Number, unit: str = "", *, source: Source | None = None,
    is_assumed: bool = False,
) -> Figure:  # fmt: skip
    """An input known as a range; `is_assumed` where nobody has confirmed it."""
    return Figure(name, Decimal(low), Decimal(likely), Decimal(high), unit, source=source, is_assumed=is_assumed)


def largest(name: str, *figures: Figure | Number) -> Figure:
    """The greatest of the figures, range by range."""
    return _node("max", tuple(_figure(figure) for figure in figures)).named(name)


def smallest(name: str, *figures: Figure | Number) -> Figure:
    """The least of the figures, range by range."""
    return _node("min", tuple(_figure(figure) for figure in figures)).named(name)


def total(name: str, figures: Iterator[Figure] | tuple[Figure, ...] | list[Figure], unit: str = "") -> Figure:
    """The sum of any number of figures."""
    parts = tuple(figures)
    return _node("+", parts).named(name) if parts else given(0, name, unit)


def combine(operation: str, left: Figure | Number, right: Figure | Number) -> Figure:
    """Two figures under one of + - × ÷. Raises ZeroDivisionError where the divisor's range holds zero."""
    return _node(operation, (_figure(left), _figure(right)))


def _figure(value: Figure | Number) -> Figure:
    return value if isinstance(value, Figure) else given(value)


def _node(operation: str, parts: tuple[Figure, ...]) -> Figure:
    low, likely, high = _spread(operation, parts)
    name = f" {operation} ".join(part.name for part in parts)
    return Figure(name, low, likely, high, _unit(operation, parts), operation, parts)


def _unit(operation: str, parts: tuple[Figure, ...]) -> str:
    money = [part.unit for part in parts if len(part.unit) == 3 and part.unit.isupper()]
    if operation == "÷" and len(money) == 2:
        return "share"
    return money[0] if money else next((part.unit for part in parts if part.unit), "")


_APPLY: dict[str, Callable[..., Decimal]] = {
    "+": lambda *values: sum(values, Decimal(0)),
    "-": lambda left, right: left - right,
    "×": lambda left, right: left * right,
    "÷": lambda left, right: left / right,
    "max": max,
    "min": min,
}


def _spread(operation: str, parts: tuple[Figure, ...]) -> tuple[Decimal, Decimal, Decimal]:
    apply = _APPLY[operation]
    likely = apply(*(part.likely for part in parts))
    if operation in ("+", "max", "min"):
        return apply(*(part.low for part in parts)), likely, apply(*(part.high for part in parts))
    if operation == "÷" and parts[1].low <= 0 <= parts[1].high:
        raise ZeroDivisionError(f"{parts[1].name} may be zero")
    corners = [apply(*corner) for corner in product(*((part.low, part.high) for part in parts))]
    return min(*corners, likely), likely, max(*corners, likely)
