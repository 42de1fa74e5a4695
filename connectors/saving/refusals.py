"""Why the database would refuse a record, in words that a person can act on. Asked only after it refused a batch."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models

from connectors.money import BadMoney, parse_currency
from connectors.saving.staging import Column, Table
from connectors.types import Order, Record

INTEGERS = {"IntegerField": (-(2**31), 2**31 - 1), "PositiveIntegerField": (0, 2**31 - 1)}
INTEGERS |= {"PositiveSmallIntegerField": (0, 2**15 - 1), "BigIntegerField": (-(2**63), 2**63 - 1)}


def refusal(table: Table, record: Record) -> str:
    """What is wrong with this record, or empty text."""
    pairs = zip(table.columns, table.values(record), strict=True)
    reasons = [f"{column.name}: {why}" for column, value in pairs for why in value_faults(column, value)]
    if isinstance(record, Order):
        reasons += line_faults(record)
    return "; ".join(reasons)


def value_faults(column: Column, value: Any) -> Iterator[str]:
    if value is None:
        if not column.field.null:
            yield "is missing"
    elif isinstance(value, str):
        yield from text_faults(column, value)
    elif isinstance(value, Decimal):
        yield from amount_faults(value, column.field)
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            yield "is a time without a zone"
    elif isinstance(value, int) and not isinstance(value, bool):
        low, high = INTEGERS.get(column.field.get_internal_type(), (-(2**63), 2**63 - 1))
        if not low <= value <= high:
            yield f"{value} is outside {low} to {high}"
    elif isinstance(value, tuple):
        yield from (fault for item in value for fault in character_faults(item))


def text_faults(column: Column, value: str) -> Iterator[str]:
    yield from character_faults(value)
    limit = column.field.max_length if isinstance(column.field, models.CharField) else None
    if limit is not None and len(value) > limit:
        yield f"{len(value)} characters, {limit} at most"
    if column.name == "external_id" and not 0 < len(value.encode("utf-8", "replace")) <= 2000:
        yield "an id needs 1 to 2,000 bytes"  # a PostgreSQL index entry ends at 2,704 bytes
    if column.name == "currency" and (value or not column.field.blank):
        try:
            if parse_currency(value) != value:
                yield f"{value!r} is not in capitals"
        except BadMoney as error:
            yield str(error)


def character_faults(value: str) -> Iterator[str]:
    if "\x00" in value:
        yield "holds a NUL character, which PostgreSQL cannot store"
    try:
        value.encode()
    except UnicodeEncodeError:
        yield "holds half of a surrogate pair, which is no text"


def amount_faults(value: Decimal, field: "models.Field[Any, Any]") -> Iterator[str]:
    if not value.is_finite():
        yield f"{value} is not an amount"
    elif isinstance(field, models.DecimalField):
        whole = (field.max_digits or 0) - (field.decimal_places or 0)
        if abs(value) >= Decimal(10) ** whole:
            yield f"{value} has more than {whole} digits before the point"


def line_faults(order: Order) -> Iterator[str]:
    """Lines are counted against `OrderLine`'s own limits."""
    ids = [line.external_id for line in order.lines]
    if len(set(ids)) < len(ids):
        yield f"line {repeated(ids)} appears twice"
    for line in order.lines:
        if not line.unit_price.is_finite() or abs(line.unit_price) >= Decimal(10) ** 16:
            yield f"line {line.external_id!r}: {line.unit_price} is not a price"
        for quantity in (line.quantity, line.cancelled_quantity, line.returned_quantity):
            if not 0 <= quantity < 2**31:
                yield f"line {line.external_id!r}: {quantity} is not a quantity"
        for text in (line.external_id, line.sku, line.title, line.listing_ref):
            yield from (f"line {line.external_id!r}: {fault}" for fault in character_faults(text))


def repeated(ids: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(one for one in ids if one in seen or seen.add(one))  # type: ignore[func-returns-value]  # set.add gives None
