"""The rows of one order in a report, already typed, to the order that they are."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors import types
from connectors.reports import values
from connectors.reports.cells import Found
from connectors.reports.mapping import LINE_FIELDS

HAPPENED = ("ordered_at", "paid_at", "shipped_at", "delivered_at", "completed_at", "cancelled_at")
STEPS = tuple(types.OrderStatus)  # from the first to the last


def order_of(external_id: str, typed: list[tuple[int, Found]]) -> dict[str, Any]:
    """The fields of the order, its lines among them. `typed` is (row number, values) of each row. Raises BadValue."""
    head: dict[str, Any] = {}
    for _, found in reversed(typed):
        head |= {name: value for name, value in found.items() if name not in LINE_FIELDS}
    head["external_id"] = str(head.get("external_id", external_id))
    standing = types.OrderStatus.CANCELLED if "cancelled_at" in typed[0][1] else _standing(typed)
    if standing is not None:
        head["status"] = standing
    goods = [(place, found) for place, (_, found) in enumerate(typed, 1) if found.keys() & {"quantity", "sku"}]
    is_mixed = standing is not types.OrderStatus.CANCELLED
    lines = tuple(_line(found, place, is_mixed=is_mixed) for place, found in goods)
    if lines and all(line.quantity < 0 for line in lines):
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
    return {**head, "lines": lines}


def _standing(typed: list[tuple[int, Found]]) -> types.OrderStatus | None:
    """Where an order of several rows stands: with the row that has come least far, cancelled ones aside."""
    named: set[types.OrderStatus] = {found["status"] for _, found in typed if "status" in found}
    going = named - {types.OrderStatus.CANCELLED}
    return min(going or named, key=STEPS.index, default=None)


def _line(found: Found, place: int, *, is_mixed: bool) -> types.OrderLine:
    """`is_mixed`: the order goes on, so that a row which is cancelled is a cancelled line of it."""
    quantity = found.get("quantity", 1)
    price = found.get("unit_price")
    if price is None and "line_total" in found and quantity:
        price = found["line_total"] / quantity
    if price is None:
        raise values.BadValue("the row has neither a unit price nor a line total")
    cancelled = found.get("cancelled_quantity", 0)
    if is_mixed and found.get("status") is types.OrderStatus.CANCELLED:
        cancelled = quantity
    return types.OrderLine(
        external_id=str(found.get("line_id", place)), sku=str(found.get("sku", "")), title=str(found.get("title", "")),
        quantity=quantity, unit_price=price, cancelled_quantity=cancelled,
        returned_quantity=found.get("returned_quantity", 0),
    )  # fmt: skip


def _total(lines: tuple[types.OrderLine, ...], rows: list[Found]) -> Decimal | None:
    """What the goods come to; None where the report names no amount at all, which is not an order of nothing."""
    if lines:
        return sum((line.quantity * line.unit_price for line in lines), Decimal(0))
    amounts = [amount for found in rows if (amount := found.get("line_total", found.get("unit_price"))) is not None]
    return sum(amounts, Decimal(0)) if len(amounts) == len(rows) else None


def _status_by_times(head: Found) -> types.OrderStatus:
    """A report without states is a book of past orders, unless its own times say how far each one came."""
    steps = (
        ("cancelled_at", types.OrderStatus.CANCELLED), ("delivered_at", types.OrderStatus.DELIVERED),
        ("shipped_at", types.OrderStatus.SHIPPED), ("ship_by", types.OrderStatus.TO_SHIP),
    )  # fmt: skip
    return next((status for name, status in steps if name in head), types.OrderStatus.COMPLETED)
