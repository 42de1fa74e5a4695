"""Lazada's JSON of orders and parcels → records.

A status belongs to a unit: each unit sold is an order item of its own. Order calls write money as decimal text, reverse
calls as whole minor units (aftersale.py); neither names a currency on the order itself. Times come as ISO text with or
without a colon in the offset, and as Unix milliseconds.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from connectors.shops.reading import Row, Unreadable, amount, bad_row, currency_of, dump, moment
from connectors.types import (
    BadRow,
    Order,
    OrderLine,
    OrderStatus,
    Record,
    Shipment,
    ShipmentStatus,
)

ITEM_STATUS = {
    "unpaid": OrderStatus.UNPAID,
    "pending": OrderStatus.TO_SHIP,
    "topack": OrderStatus.TO_SHIP,
    "repacked": OrderStatus.TO_SHIP,
    "packed": OrderStatus.PACKED,
    "toship": OrderStatus.PACKED,
    "ready_to_ship_pending": OrderStatus.PACKED,
    "ready_to_ship": OrderStatus.PACKED,
    "shipped": OrderStatus.SHIPPED,
    "shipping": OrderStatus.SHIPPED,
    "failed": OrderStatus.SHIPPED,
    "failed_delivery": OrderStatus.SHIPPED,
    "lost": OrderStatus.SHIPPED,
    "lost_by_3pl": OrderStatus.SHIPPED,
    "damaged_by_3pl": OrderStatus.SHIPPED,
    "shipped_back": OrderStatus.RETURNING,
    "shipped_back_failed": OrderStatus.RETURNING,
    "shipped_back_success": OrderStatus.RETURNING,
    "package_scrapped": OrderStatus.RETURNING,
    "returned": OrderStatus.RETURNING,
    "delivered": OrderStatus.DELIVERED,
    "confirmed": OrderStatus.COMPLETED,
    "canceled": OrderStatus.CANCELLED,
}
# The unit that has come least far says where the order stands.
LADDER = (
    OrderStatus.UNPAID, OrderStatus.TO_SHIP, OrderStatus.PACKED, OrderStatus.SHIPPED, OrderStatus.RETURNING,
    OrderStatus.DELIVERED, OrderStatus.COMPLETED,
)  # fmt: skip
UNSHIPPED = frozenset({OrderStatus.UNPAID, OrderStatus.TO_SHIP, OrderStatus.PACKED})
WAITING = UNSHIPPED | {OrderStatus.CANCEL_ASKED}
CAME_BACK = frozenset({"returned", "shipped_back_success"})
PARCEL_STATUS = {
    "packed": ShipmentStatus.BOOKED,
    "toship": ShipmentStatus.BOOKED,
    "ready_to_ship_pending": ShipmentStatus.BOOKED,
    "ready_to_ship": ShipmentStatus.BOOKED,
    "shipped": ShipmentStatus.IN_TRANSIT,
    "shipping": ShipmentStatus.IN_TRANSIT,
    "failed": ShipmentStatus.EXCEPTION,
    "failed_delivery": ShipmentStatus.EXCEPTION,
    "lost": ShipmentStatus.EXCEPTION,
    "lost_by_3pl": ShipmentStatus.EXCEPTION,
    "damaged_by_3pl": ShipmentStatus.EXCEPTION,
    "shipped_back": ShipmentStatus.EXCEPTION,
    "shipped_back_failed": ShipmentStatus.EXCEPTION,
    "package_scrapped": ShipmentStatus.EXCEPTION,
    "shipped_back_success": ShipmentStatus.RETURNED,
    "delivered": ShipmentStatus.DELIVERED,
    "confirmed": ShipmentStatus.DELIVERED,
    "returned": ShipmentStatus.DELIVERED,
}
EARLIEST_MS = 100_000_000_000  # below it a number of this size counts seconds (as pushes do)


def when(value: Any) -> datetime | None:
    """A time in any of Lazada's spellings → UTC; None where it is empty. Raises Unreadable."""
    if value in (None, "", "null", 0, "0"):
        return None
    if isinstance(value, str) and not value.isdigit():
        try:
            found = datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-"))
        except ValueError as error:
            raise Unreadable(f"{value!r} is no time") from error
        if found.tzinfo is None:
            raise Unreadable(f"{value!r} has no time zone")
        return found.astimezone(UTC)
    number = int(value) if isinstance(value, str) else value
    if type(number) not in (int, float):
        raise Unreadable(f"{value!r} is no time")
    return moment(number / 1000 if number > EARLIEST_MS else number)


def must_when(value: Any) -> datetime:
    found = when(value)
    if found is None:
        raise Unreadable("a time that every row has is missing")
    return found


def price(value: Any) -> Any:
    """Decimal text, in some ventures with commas between thousands."""
    return amount(value.replace(",", "") if isinstance(value, str) else value)


def goods_ref(product_id: Any, sku_id: Any) -> str:
    """How a listing's variant is named here."""
    return f"{product_id}:{sku_id}"


def parcel_ref(order_id: Any, package_id: Any) -> str:
    return f"{order_id}/{package_id}"


def status_of(items: list[Row], row: Row) -> OrderStatus:
    """Where the order stands. Raises KeyError for a status that nobody knows."""
    words = [item["status"] for item in items] if items else row["statuses"]
    found = {ITEM_STATUS[word] for word in words}
    live = found - {OrderStatus.CANCELLED}
    if not live:
        if not found:
            raise Unreadable("an order without a status")
        return OrderStatus.CANCELLED
    status = next(step for step in LADDER if step in live)
    if status in UNSHIPPED and any(is_yes(source.get("is_cancel_pending")) for source in (row, *items)):
        return OrderStatus.CANCEL_ASKED
    return status


def is_yes(value: Any) -> bool:
    return str(value).casefold() == "true"


def order(pair: Row) -> Iterator[Record | BadRow]:
    """`pair` is {order_id, order: the list's row, items: its units}."""
    row, items = pair["order"], pair["items"]
    order_id = row["order_id"]
    if not order_id:
        raise Unreadable("order_id is empty")
    status = status_of(items, row)
    address = row.get("address_shipping") or {}
    live = [item for item in items if item["status"] != "canceled"]
    first: Row = items[0] if items else {}
    yield Order(
        external_id=str(order_id),
        raw=dump(pair),
        number=str(row.get("order_number") or order_id),
        status=status,
        platform_status=",".join(sorted({item["status"] for item in items} or set(row["statuses"])))[:60],
        ordered_at=must_when(row["created_at"]),
        updated_at=must_when(row["updated_at"]),
        paid_at=when(first.get("payment_time")),
        ship_by=_earliest(live, "sla_time_stamp") if status in WAITING else None,
        cancel_after=_earliest(live, "cancel_trigger_time"),
        cancel_reason=next((item.get("reason") or "" for item in items if item["status"] == "canceled"), ""),
        currency=currency_of(first.get("currency") or pair["currency"]),
        total=price(row["price"]),
        customer_ref=str(first.get("buyer_id") or ""),
        customer_name=f"{row.get('customer_first_name') or ''} {row.get('customer_last_name') or ''}".strip(),
        country=pair["country"],
        region=address.get("address3") or "",
        shipping_method=first.get("shipment_provider") or first.get("shipping_provider_type") or "",
        payment_method=row.get("payment_method") or "",
        lines=lines(items),
    )
    yield from parcels(order_id, items)


def _earliest(items: Iterable[Row], name: str) -> datetime | None:
    return min((found for item in items if (found := when(item.get(name)))), default=None)


def line_key(item: Row) -> tuple[Any, ...]:
    """Units with the same key are one line."""
    return (item.get("sku_id") or item.get("shop_sku"), item["sku"], item["item_price"])


def units(items: Iterable[Row]) -> dict[str, list[Row]]:
    """Line id → its units. A line is named by the smallest order_item_id among them, which never changes."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for item in items:
        groups.setdefault(line_key(item), []).append(item)
    return {str(min(int(item["order_item_id"]) for item in group)): group for group in groups.values()}


def lines(items: Iterable[Row]) -> tuple[OrderLine, ...]:
    return tuple(_line(line_id, group) for line_id, group in units(items).items())


def _line(line_id: str, group: list[Row]) -> OrderLine:
    item, variant = group[0], group[0].get("variation")
    ids = (item.get("product_id"), item.get("sku_id"))
    return OrderLine(
        external_id=line_id,
        sku=str(item["sku"] or item.get("shop_sku") or line_id),
        title=f"{item['name']} ({variant})" if variant else item["name"],
        quantity=len(group),
        unit_price=price(item["item_price"]),
        cancelled_quantity=sum(unit["status"] == "canceled" for unit in group),
        returned_quantity=sum(unit["status"] in CAME_BACK for unit in group),
        listing_ref=goods_ref(*ids) if all(ids) else "",
    )


def parcels(order_id: Any, items: list[Row]) -> Iterator[Record | BadRow]:
    """One shipment a package. No scan is told here; scans come from the tracking feed."""
    seen: set[str] = set()
    for item in items:
        package = item.get("package_id")
        if not package or str(package) in seen or item["status"] not in PARCEL_STATUS:
            continue
        seen.add(str(package))
        yield Shipment(
            external_id=parcel_ref(order_id, package),
            order_ref=str(order_id),
            status=PARCEL_STATUS[item["status"]],
            carrier=item.get("shipment_provider") or "",
            tracking_number=item.get("tracking_code") or "",
        )


def tracked(shipment: Shipment, packages: Iterable[Row]) -> Shipment:
    """The parcel with its last scan, from `package_detail_info_list` of /logistic/order/trace."""
    package = shipment.external_id.partition("/")[2]
    scans = [
        scan
        for row in packages
        if package == str(row.get("ofc_package_id")) or shipment.tracking_number == row.get("tracking_number")
        for event in row.get("logistic_detail_info_list") or ()
        if (scan := when(event.get("event_time")))
    ]
    last = max(scans, default=shipment.last_scan_at)
    return Shipment(
        external_id=shipment.external_id,
        order_ref=shipment.order_ref,
        status=shipment.status,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        shipped_at=min(scans, default=shipment.shipped_at),
        last_scan_at=last,
        delivered_at=last if shipment.status is ShipmentStatus.DELIVERED else None,
    )


def unread_order(order_id: str, reason: str) -> BadRow:
    return bad_row("order", {"order_id": order_id}, "order_id", reason)
