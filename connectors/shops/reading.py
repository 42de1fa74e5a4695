"""Reading rows off the wire, for every shop: a row that cannot be read becomes a BadRow with its reason."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from connectors.money import BadMoney, parse_amount, parse_currency
from connectors.types import BadRow, Record

Row = dict[str, Any]
Parse = Callable[[Row], Iterable[Record | BadRow]]
# What a row of an unexpected shape can raise while it is read; anything else is a fault of ours and is not caught.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError)


NUMBERS = frozenset({int, float})  # by exact type, which keeps booleans out
YEAR_2200 = 7_258_118_400

currency_of = lru_cache(maxsize=256)(parse_currency)  # the same few codes on every row


class Unreadable(ValueError):
    """A row whose content contradicts what the channel documents; the message is the reason shown."""


def dump(item: object) -> bytes:
    """The item's own JSON again. NaN and integers past 64 bits, which orjson refuses or changes, go the slow way."""
    return orjson.dumps(item)


def json_object(body: bytes) -> Row:
    """The object that the body of a push holds; empty for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def dump_bad(item: object) -> bytes:
    return json.dumps(item, ensure_ascii=False, default=repr).encode("utf-8", "surrogatepass")


def reason_of(error: Exception) -> str:
    """Why a row could not be read, in words."""
    if isinstance(error, KeyError):
        return f"the field {error.args[0]!r} is missing or has a new value"
    if isinstance(error, BadMoney | Unreadable):
        return str(error)
    return f"unexpected shape: {type(error).__name__}: {error}"


def read_rows(
    kind: str, items: Iterable[Any], parse: Parse, id_field: str, *, place: str = ""
) -> list[Record | BadRow]:
    """All records of all items, in order; `place` names the page in a BadRow."""
    records: list[Record | BadRow] = []
    for number, item in enumerate(items, 1):
        try:
            records.extend(parse(item))
        except UNREADABLE as error:
            where = f"{place} item {number}".strip()
            records.append(bad_row(kind, item, id_field, reason_of(error), where))
    return records


def bad_row(kind: str, item: object, id_field: str, reason: str, place: str = "") -> BadRow:
    external_id = str(item.get(id_field) or "") if isinstance(item, dict) else ""
    return BadRow(kind, external_id, reason, dump_bad(item), place)


def moment(seconds: Any) -> datetime | None:
    """Unix seconds → UTC; None and 0 mean that it did not happen. Raises Unreadable for anything else."""
    if not seconds:
        return None
    if type(seconds) not in NUMBERS or not 0 < seconds < YEAR_2200:
        raise Unreadable(f"{seconds!r} is no time in Unix seconds")
    return datetime.fromtimestamp(seconds, UTC)


def must_moment(seconds: Any) -> datetime:
    found = moment(seconds)
    if found is None:
        raise Unreadable("a time that every row has is missing")
    return found


def iso_moment(text: Any) -> datetime | None:
    """RFC 3339 text → UTC; None where empty. Raises ValueError."""
    if not text:
        return None
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise Unreadable(f"{text!r} has no time zone")
    return when.astimezone(UTC)


def must_iso(text: Any) -> datetime:
    found = iso_moment(text)
    if found is None:
        raise Unreadable("a time that every row has is missing")
    return found


def count(value: Any) -> int:
    """A whole number of things. Raises Unreadable for fractions, words and booleans."""
    if type(value) is not int:
        raise Unreadable(f"{value!r} is no whole number")
    return int(value)


def amount(value: Any) -> Decimal:
    """`parse_amount`, with a short way for JSON's numbers. Raises BadMoney."""
    if type(value) in NUMBERS:
        number = Decimal(repr(value))
        if number.is_finite():
            return number
    return parse_amount(value)
