"""Reading rows whose id is made of several fields: what cannot be read keeps the name it would have had."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from connectors.shops.reading import UNREADABLE, Row, Unreadable, dump_bad, reason_of
from connectors.types import BadRow, Record

Parse = Callable[[Row], Iterable[Record | BadRow]]


def readable(
    kind: str, rows: Iterable[Any], read: Parse, name_of: Callable[[Row], Iterable[object]]
) -> Iterator[Record | BadRow]:
    """The records of all rows. `name_of` gives the parts of a row's id, as far as they are there."""
    for number, row in enumerate(rows, 1):
        try:
            yield from read(row)
        except UNREADABLE as error:
            parts = name_of(row) if isinstance(row, dict) else ()
            name = "/".join(str(part) for part in parts if isinstance(part, str | int))
            yield BadRow(kind, name, reason_of(error), dump_bad(row), f"item {number}")


def whole(value: Any) -> int:
    """A count: decimal text, or a number. Absent is 0. Raises Unreadable."""
    if value is None:
        return 0
    if type(value) is int:
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdigit():
        return int(value)
    raise Unreadable(f"{value!r} is no whole number")


def text(value: Any) -> str:
    """Text; absent is empty. Raises Unreadable."""
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{value!r} is no text")
    return value or ""


def refuse_strange(row: Row, known: frozenset[str]) -> None:
    """An absent figure means zero, so a renamed one would be read as zero: what was not asked for gives it away."""
    if strange := row.keys() - known:
        raise Unreadable(f"the row holds {', '.join(sorted(strange))}, which was not asked for")
