"""The mapping as a page shows it and as a person sends it back: one line for each field of the kind of record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args

from connectors.reports import Column, Mapped, guess
from connectors.reports.cells import cell_at
from connectors.reports.mapping import KINDS, required_fields, target_fields

AS_IT_IS = "="  # the choice that leaves a field as it is: a constant, or several columns
MOST_WORDS = 30
EXAMPLES = 3
FORMATTED = (datetime, date, Decimal, int)
WORDED = {"external_id": "id at the platform", "order_ref": "order", "payout_ref": "payout", "sku": "SKU"}


@dataclass(frozen=True, slots=True)
class Word:
    """One of the report's words for a state, and ours."""

    name: str  # of the form's field
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Line:
    """One field. `given` says what stands where no single column does; `members` are the states to choose from."""

    field: str
    label: str
    is_needed: bool
    column: str
    given: str
    format: str
    examples: str
    takes_format: bool
    words: tuple[Word, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def is_used(self) -> bool:
        return bool(self.is_needed or self.column or self.given)


def lines_of(kind: str, mapped: Mapped, header: tuple[str, ...], rows: list[list[str]]) -> list[Line]:
    """Needed fields first, then those that are filled, then the rest; `rows` are the first ones of the report."""
    needed = required_fields(kind)
    types = target_fields(kind)
    lines = [_line(name, hint, mapped.get(name, Column()), header, rows, needed) for name, hint in types.items()]
    return sorted(lines, key=lambda line: (not line.is_needed, not line.is_used))


def _line(
    name: str, hint: Any, entry: Column, header: tuple[str, ...], rows: list[list[str]], needed: tuple[str, ...]
) -> Line:
    place = header.index(entry.column) if entry.column in header else None
    texts = [] if place is None else [text for cells in rows if (text := cell_at(cells, place))]
    members = members_of(hint)
    words: tuple[Word, ...] = ()
    if members and texts:
        seen = sorted(set(texts))[:MOST_WORDS]
        words = tuple(Word(f"word-{name}-{text}", text, entry.values.get(text, "")) for text in seen)
    given = "" if entry.column else (entry.words or (f"always {entry.constant}" if entry.constant else ""))
    examples = ", ".join(text[:40] for text in list(dict.fromkeys(texts))[:EXAMPLES])
    return Line(
        name, label_of(name), name in needed, entry.column, given, entry.format, examples,
        not members and plain_type(hint) in FORMATTED, words, members,
    )  # fmt: skip


def label_of(field: str) -> str:
    words = WORDED.get(field, field.replace("_", " "))
    return words[0].upper() + words[1:]


def plain_type(hint: Any) -> Any:
    """`datetime | None` → datetime."""
    return next(part for part in get_args(hint) if part is not NoneType) if isinstance(hint, UnionType) else hint


def members_of(hint: Any) -> tuple[str, ...]:
    """The states of a field that has states."""
    plain = plain_type(hint)
    return tuple(plain) if isinstance(plain, type) and issubclass(plain, StrEnum) else ()


def sent(kind: str, data: Mapping[str, str], before: Mapped) -> dict[str, object]:
    """The mapping that a person sent, as JSON has it; `before` is what the page showed."""
    mapping: dict[str, object] = {}
    for name, hint in target_fields(kind).items():
        column, form = data.get(f"column-{name}", ""), data.get(f"format-{name}", "").strip()
        if column == AS_IT_IS and name in before:
            mapping[name] = before[name].to_json()
        elif column and column != AS_IT_IS:
            start, members = f"word-{name}-", members_of(hint)
            words = {
                key.removeprefix(start): ours for key, ours in data.items() if key.startswith(start) and ours in members
            }
            mapping[name] = Column(column, form, values=words).to_json()
    return mapping


def likeliest_kind(header: Iterable[str]) -> str:
    """What the rows of an unknown report are: the kind that finds all it needs, and most of its fields besides."""
    columns = list(header)

    def worth(kind: str) -> tuple[bool, int]:
        mapped = guess(columns, kind)
        return set(required_fields(kind)) <= mapped.keys(), len(mapped)

    return max(KINDS, key=worth)
