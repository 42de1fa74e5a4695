"""Zoho's JSON → records. "Warehouse" was renamed "location" once, so both families of field names are read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.shops.reading import Row, Unreadable, amount, currency_of, dump, read_rows
from connectors.types import (
    BadRow,
    Product,
    PurchaseOrder,
    Record,
    StockLevel,
    Supplier,
    SupplierOrder,
    SupplierOrderLine,
)

ORDER_STATUS = {
    "draft": "draft", "pending_approval": "draft", "approved": "draft", "rejected": "cancelled",
    "issued": "sent", "open": "sent", "confirmed": "confirmed", "partially_received": "part_received",
    "received": "received", "partially_billed": "sent", "billed": "received", "closed": "received",
    "cancelled": "cancelled",
}  # fmt: skip
# Orders that goods may still come for; everything else only moves when somebody edits it.
OPEN = frozenset({"issued", "open", "confirmed", "partially_received", "partially_billed"})
FAMILIES = (("locations", "location"), ("warehouses", "warehouse"))


def status_of(row: Row) -> str:
    """The order's own word in lower case: the published examples write it as `Partially_Received` too."""
    return str(row["status"]).strip().lower().replace(" ", "_")


def units(value: Any) -> int:
    """Zoho writes every quantity as a float. Raises Unreadable for parts of a unit, which no SKU here has."""
    number = amount(value)
    if number != number.to_integral_value():
        raise Unreadable(f"{value!r} is no whole number of units")
    return int(number)


def day(text: Any) -> date | None:
    """`yyyy-mm-dd`; None where empty. Raises ValueError."""
    return date.fromisoformat(str(text)) if text else None


def end_of(text: Any) -> datetime | None:
    """The end of a day: goods that are due on it are not late before."""
    found = day(text)
    return datetime.combine(found, time(23, 59, 59), UTC) if found else None


def changed_at(row: Row) -> datetime | None:
    """`last_modified_time`, written with an offset; None where the list leaves it out. Raises ValueError."""
    text = row.get("last_modified_time")
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def order_ref(order_id: str, line_id: str) -> str:
    return f"{order_id}:{line_id}"


def purchase_order(item: Row) -> Iterator[Record | BadRow]:
    """One record a line; a line that cannot be read leaves the others standing."""
    status, ordered = ORDER_STATUS[status_of(item)], day(item["date"])
    if ordered is None:
        raise Unreadable("the order has no date")
    if not isinstance(item["line_items"], list):
        raise Unreadable("the order's lines are no list")
    yield from read_rows(
        "purchaseorder", item["line_items"], lambda line: [order_line(item, line, status, ordered)], "line_item_id"
    )


def order_line(item: Row, line: Row, status: str, ordered: date) -> PurchaseOrder:
    """A line whose goods have all come is received, whatever the whole order still waits for."""
    quantity, received = units(line["quantity"]), units(line.get("quantity_received") or 0)
    is_whole = status in ("sent", "confirmed", "part_received") and 0 < quantity <= received
    return PurchaseOrder(
        external_id=order_ref(str(item["purchaseorder_id"]), str(line["line_item_id"])),
        raw=dump({**item, "line_items": [line]}),
        number=str(item["purchaseorder_number"]),
        supplier_ref=str(item["vendor_id"]),
        status="received" if is_whole else status,
        sku=str(line.get("sku") or line["item_id"]),
        quantity=quantity,
        received_quantity=received,
        unit_cost=amount(line["rate"] if line.get("rate") is not None else line["purchase_rate"]),
        currency=currency_of(item["currency_code"]),
        ordered_at=datetime.combine(ordered, time(), UTC),
        due_at=end_of(item.get("expected_delivery_date") or item.get("delivery_date")),
    )


def whole_order(item: Row) -> SupplierOrder:
    """Raises what `purchase_order` raises: here no line is left out, since the order is judged as a whole."""
    lines = tuple(
        SupplierOrderLine(
            sku=str(line.get("sku") or line["item_id"]),
            quantity=units(line["quantity"]),
            unit_cost=amount(line["rate"] if line.get("rate") is not None else line["purchase_rate"]),
            received=units(line.get("quantity_received") or 0),
        )
        for line in item["line_items"]
    )
    return SupplierOrder(
        external_id=str(item["purchaseorder_number"]),
        raw=dump(item),
        status=ORDER_STATUS[status_of(item)],
        supplier_ref=str(item["vendor_id"]),
        supplier_name=str(item.get("vendor_name") or ""),
        currency=currency_of(item["currency_code"]),
        lines=lines,
        is_mailed=bool(item.get("is_emailed")),
    )


def supplier(item: Row, skus: tuple[str, ...] = ()) -> Iterator[Supplier]:
    """`skus` are those whose preferred vendor it is. What Zoho has no field for is read from the vendor's custom
    fields of these names, where the company keeps them: a list row holds them itself, a whole contact in a hash.
    """
    own = item.get("custom_field_hash") or item
    yield Supplier(
        external_id=str(item["contact_id"]),
        raw=dump(item),
        name=str(item["contact_name"]),
        email=str(item.get("email") or ""),
        lead_time_days=_own_number(own.get("cf_lead_time_days")),
        minimum_quantity=_own_number(own.get("cf_minimum_quantity")),
        case_size=_own_number(own.get("cf_case_size")),
        currency=currency_of(item["currency_code"]) if item.get("currency_code") else "",
        skus=skus,
    )


def _own_number(value: Any) -> int | None:
    return None if value in (None, "") else units(value)


def goods(item: Row, currency: str, *, is_physical: bool) -> Iterator[Product | StockLevel]:
    """The product, and what each location holds. An item that is not tracked (a service, a fee) has no stock."""
    ref, sku = str(item["item_id"]), str(item.get("sku") or item["item_id"])
    cost = item.get("purchase_rate")
    yield Product(
        external_id=ref,
        raw=dump(item),
        sku=sku,
        title=str(item["name"]),
        unit_cost=None if cost in (None, "") else amount(cost),
        currency=currency,
        description=str(item.get("purchase_description") or item.get("description") or ""),
    )
    if str(item.get("status") or "active").lower() != "active":
        return
    for names, prefix in FAMILIES:
        for place in item.get(names) or ():
            yield level(item, place, prefix, sku, is_physical=is_physical)
        if item.get(names):
            return
    if item.get("stock_on_hand") not in (None, ""):
        yield level(item, item, "", sku, is_physical=is_physical)


def level(item: Row, place: Row, prefix: str, sku: str, *, is_physical: bool) -> StockLevel:
    """Two ledgers stand side by side. The accounting one moves with bills and invoices: what is on hand less what is
    free is reserved. The physical one moves with receipts and parcels, and is told net of what is reserved.
    """
    ref, head = str(item["item_id"]), f"{prefix}_" if prefix else ""
    where = str(place[f"{prefix}_id"]) if prefix else ""
    if is_physical:
        on_hand, free = units(place[f"{head}actual_available_stock"]), None
    else:
        on_hand, free = units(place[f"{head}stock_on_hand"]), place.get(f"{head}available_stock")
    return StockLevel(
        external_id=f"{ref}:{where}" if where else ref,
        raw=dump({"item_id": ref, "sku": sku, **({prefix: place} if prefix else place)}),
        sku=sku,
        location=str(place.get(f"{prefix}_name") or "") if prefix else "",
        on_hand=on_hand,
        reserved=max(0, on_hand - units(free)) if free not in (None, "") else 0,
        updated_at=changed_at(item),
    )
