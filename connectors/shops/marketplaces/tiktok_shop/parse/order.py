"""Orders and their parcels. A line item is one unit."""

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.shops.reading import Row, Unreadable, amount, bad_row, currency_of, dump, moment, must_moment
from connectors.types import BadRow, Order, OrderLine, OrderStatus, Record, Shipment, ShipmentStatus

ORDER_STATUS = {
    "UNPAID": OrderStatus.UNPAID,
    "ON_HOLD": OrderStatus.ON_HOLD,
    "AWAITING_SHIPMENT": OrderStatus.TO_SHIP,
    "PARTIALLY_SHIPPING": OrderStatus.TO_SHIP,
    "AWAITING_COLLECTION": OrderStatus.PACKED,
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.DELIVERED,
    "COMPLETED": OrderStatus.COMPLETED,
    "CANCELLED": OrderStatus.CANCELLED,
    "CANCEL": OrderStatus.CANCELLED,  # as pushes spell it
}
OPEN = frozenset({OrderStatus.ON_HOLD, OrderStatus.TO_SHIP, OrderStatus.PACKED})
CANCELLED = ("CANCELLED", "CANCEL")
NO_PARCEL_YET = frozenset({"", "TO_FULFILL", "CANCELLED"})
PARCEL_STATUS = {
    "PROCESSING": ShipmentStatus.BOOKED,
    "FULFILLING": ShipmentStatus.IN_TRANSIT,
    "COMPLETED": ShipmentStatus.DELIVERED,
}
STATE_LEVEL = "L1"  # of the address's rows; L0 is the country


def text_id(value: Any) -> str:
    """An id as text. Raises Unreadable for numbers, which lose digits past 2⁵³ on their way through JSON."""
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{value!r} is no id in text")
    return value


def goods_id(product_id: Any, sku_id: Any) -> str:
    """How a listing's variant is named here."""
    return f"{product_id or ''}:{sku_id}"


def parcel_id(order_id: str, package_id: str) -> str:
    """Both parts: scans are asked for by order, the hand-over by package."""
    return f"{order_id}/{package_id}"


def order(item: Row, request: Row | None = None) -> Iterator[Record | BadRow]:
    """`request` is the buyer's pending request to cancel, where there is one."""
    order_id, platform_status = text_id(item["id"]), item["status"]
    payment, address = item["payment"], item.get("recipient_address") or {}
    stands = ORDER_STATUS[platform_status]
    if not isinstance(item["line_items"], list):
        raise Unreadable("line_items is no list")
    is_asked = bool(item.get("is_buyer_request_cancel")) and stands in OPEN
    yield Order(
        external_id=order_id,
        raw=dump({"order": item, "cancellation": request} if request else item),
        number=order_id,
        status=OrderStatus.CANCEL_ASKED if is_asked else stands,
        platform_status=platform_status,
        ordered_at=must_moment(item["create_time"]),
        updated_at=must_moment(item["update_time"]),
        paid_at=moment(item.get("paid_time")),
        ship_by=moment(item.get("rts_sla_time")),
        deliver_by=moment(item.get("delivery_option_required_delivery_time") or item.get("delivery_due_time")),
        cancel_after=moment(_ends(item, stands, request)),
        shipped_at=moment(item.get("collection_time")),
        delivered_at=moment(item.get("delivery_time")),
        cancelled_at=moment(item.get("cancel_time")) if stands is OrderStatus.CANCELLED else None,
        cancel_reason=(request or {}).get("cancel_reason_text") or item.get("cancel_reason") or "",
        currency=currency_of(payment["currency"]),
        total=amount(payment["total_amount"]),
        customer_ref=item.get("user_id") or "",
        customer_name=address.get("name") or "",
        customer_email=item.get("buyer_email") or "",
        country=address.get("region_code") or "",
        region=_state(address),
        shipping_method=item.get("delivery_option_name") or item.get("shipping_provider") or "",
        payment_method=item.get("payment_method_name") or "",
        lines=lines(item["line_items"]),
    )
    yield from parcels(item)


def _ends(item: Row, stands: OrderStatus, request: Row | None) -> Any:
    """When TikTok Shop cancels by itself. A request that nobody answers counts as granted at its deadline; the order's
    own limits are "not yet AWAITING_COLLECTION by shipping_due_time", "not yet IN_TRANSIT by collection_due_time"."""
    asked = deadline_of(request) if request else None
    if asked:
        return asked
    if stands is OrderStatus.PACKED:
        return item.get("collection_due_time")
    return (item.get("shipping_due_time") or item.get("cancel_order_sla_time")) if stands in OPEN else None


def deadline_of(case: Row, *actions: str) -> Any:
    """The first deadline of the answers that TikTok Shop waits for (only of `actions`, where named); None for none."""
    steps = case.get("seller_next_action_response") or ()
    wanted = (step for step in steps if not actions or step.get("action") in actions)
    return min((step["deadline"] for step in wanted if step.get("deadline")), default=None)


def _state(address: Row) -> str:
    for level in address.get("district_info") or ():
        if level.get("address_level") == STATE_LEVEL:
            return str(level.get("address_name") or "")
    return ""


def grouped(items: Iterable[Row]) -> dict[str, list[Row]]:
    """Units of one SKU at one price, by the id of their line, which begins with the SKU's."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for item in items:
        groups.setdefault((text_id(item["sku_id"]), item["sale_price"]), []).append(item)
    found: dict[str, list[Row]] = {}
    for (sku_id, _), units in groups.items():
        found[sku_id if sku_id not in found else f"{sku_id}:{len(found)}"] = units
    return found


def lines(items: Iterable[Row]) -> tuple[OrderLine, ...]:
    return tuple(_line(line_id, units) for line_id, units in grouped(items).items())


def _line(line_id: str, units: list[Row]) -> OrderLine:
    first, sku_id = units[0], line_id.partition(":")[0]
    variant = first.get("sku_name")
    return OrderLine(
        external_id=line_id,
        sku=first.get("seller_sku") or sku_id,
        title=f"{first['product_name']} ({variant})" if variant else first["product_name"],
        quantity=len(units),
        unit_price=amount(first["sale_price"]),
        cancelled_quantity=sum(map(is_cancelled, units)),
        listing_ref=goods_id(first.get("product_id"), sku_id),
    )


def is_cancelled(unit: Row) -> bool:
    return unit.get("display_status") in CANCELLED


def parcels(item: Row) -> Iterator[Record | BadRow]:
    """The packages of an order. Their only scans told here are the collection and the delivery."""
    seen: set[str] = set()
    collected, arrived = moment(item.get("collection_time")), moment(item.get("delivery_time"))
    for unit in item["line_items"]:
        package_id, status = unit.get("package_id") or "", unit.get("package_status") or ""
        if not package_id or package_id in seen or status in NO_PARCEL_YET:
            continue
        seen.add(package_id)
        if status not in PARCEL_STATUS:
            yield bad_row("shipment", unit, "package_id", f"unknown package_status {status!r}")
            continue
        stands = PARCEL_STATUS[status]
        yield Shipment(
            external_id=parcel_id(item["id"], package_id),
            order_ref=item["id"],
            status=stands,
            carrier=unit.get("shipping_provider_name") or item.get("shipping_provider") or "",
            tracking_number=unit.get("tracking_number") or item.get("tracking_number") or "",
            shipped_at=collected,
            last_scan_at=arrived or collected,
            promised_at=moment(item.get("delivery_option_required_delivery_time")),
            delivered_at=arrived if stands is ShipmentStatus.DELIVERED else None,
        )
