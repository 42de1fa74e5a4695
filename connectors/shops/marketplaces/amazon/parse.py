"""Amazon's JSON → orders, parcels, listings and stock. Money is text with its currency, times are ISO 8601 in UTC."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.money import ZERO
from connectors.operations import Address
from connectors.shops.reading import (
    Row,
    Unreadable,
    amount,
    bad_row,
    count,
    currency_of,
    dump,
    iso_moment,
    must_iso,
)
from connectors.types import (
    BadRow,
    DeliveryAddress,
    Listing,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Record,
    Shipment,
    ShipmentStatus,
    StockLevel,
)

ORDER_STATUS = {
    "PENDING_AVAILABILITY": OrderStatus.ON_HOLD,  # a pre-order
    "PENDING": OrderStatus.UNPAID,
    "UNSHIPPED": OrderStatus.TO_SHIP,
    "PARTIALLY_SHIPPED": OrderStatus.TO_SHIP,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
    "UNFULFILLABLE": OrderStatus.ON_HOLD,
}
ADDRESS_PARTS = {
    "name": "name", "line1": "addressLine1", "city": "city", "region": "stateOrRegion", "postcode": "postalCode",
    "country": "countryCode", "phone": "phone",
}  # fmt: skip
NOT_PAID_YET = frozenset({"PENDING_AVAILABILITY", "PENDING"})
PARCEL_STATUS = {
    "PENDING": ShipmentStatus.BOOKED,
    "SHIPPED": ShipmentStatus.IN_TRANSIT,
    "IN_TRANSIT": ShipmentStatus.IN_TRANSIT,
    "DELIVERED": ShipmentStatus.DELIVERED,
    "UNDELIVERABLE": ShipmentStatus.EXCEPTION,
}
CALLED_OFF = "CANCELLED"
AMAZON = "AMAZON"  # who fulfils: Amazon, or the merchant


def order(item: Row, currency: str, refunded: Decimal | None = None) -> Iterator[Record | BadRow]:
    """The order and its parcels. `currency` is the marketplace's: a pending order names no amount and no currency."""
    ref = item["orderId"]
    if not isinstance(ref, str) or not ref:
        raise Unreadable("orderId is empty")
    fulfillment, total = item["fulfillment"], (item.get("proceeds") or {}).get("grandTotal")
    status = fulfillment["fulfillmentStatus"]
    by_amazon = fulfillment.get("fulfilledBy") == AMAZON
    buyer, address = item.get("buyer") or {}, (item.get("recipient") or {}).get("deliveryAddress") or {}
    created, parcels = must_iso(item["createdTime"]), item.get("packages") or []
    yield Order(
        external_id=ref,
        raw=dump(item),
        number=ref,
        status=standing(item, status, parcels),
        platform_status=status,
        ordered_at=created,
        updated_at=must_iso(item["lastUpdatedTime"]),
        # Amazon tells no moment of payment; an order leaves PENDING once the payment is authorised.
        paid_at=None if status in NOT_PAID_YET else created,
        # What Amazon's own warehouse ships late is not for the seller to hurry.
        ship_by=None if by_amazon else window_end(fulfillment.get("shipByWindow")),
        deliver_by=window_end(fulfillment.get("deliverByWindow")),
        shipped_at=min((when for row in parcels if (when := iso_moment(row.get("shipTime")))), default=None),
        cancel_reason=cancel_reason(item["orderItems"]),
        currency=currency_of(total["currencyCode"]) if total else currency,
        total=amount(total["amount"]) if total else None,
        refunded=refunded,
        customer_ref=buyer.get("buyerEmail") or "",
        customer_name=buyer.get("buyerName") or "",
        customer_email=buyer.get("buyerEmail") or "",
        country=address.get("countryCode") or "",
        region=address.get("stateOrRegion") or "",
        shipping_method="fulfilled by Amazon" if by_amazon else fulfillment.get("fulfillmentServiceLevel") or "",
        payment_method=", ".join(methods(item)),
        lines=tuple(line(row) for row in item["orderItems"]),
    )
    for parcel in parcels:
        yield from package(ref, parcel, window_end(fulfillment.get("deliverByWindow")))


def delivery_address(item: Row) -> DeliveryAddress | None:
    """None where Amazon tells none: to an app without the role, and some weeks after the delivery."""
    found = (item.get("recipient") or {}).get("deliveryAddress") or {}
    if not found.get("addressLine1"):
        return None
    second = ", ".join(filter(None, (found.get("addressLine2"), found.get("addressLine3"))))
    told = {part: str(found.get(name) or "") for part, name in ADDRESS_PARTS.items()}
    return DeliveryAddress(external_id=item["orderId"], raw=dump(item), address=Address(**told, line2=second))


def standing(item: Row, status: str, parcels: list[Row]) -> OrderStatus:
    """Amazon's statuses end at SHIPPED; its parcels tell of the delivery, its items of a buyer who wants out."""
    stands = ORDER_STATUS[status]
    live = [row["packageStatus"]["status"] for row in parcels if row.get("packageStatus")]
    live = [state for state in live if state != CALLED_OFF]
    if stands is OrderStatus.SHIPPED and live and all(state == "DELIVERED" for state in live):
        return OrderStatus.DELIVERED
    if stands is OrderStatus.TO_SHIP and any(is_called_off_by_buyer(row) for row in item["orderItems"]):
        return OrderStatus.CANCEL_ASKED
    return stands


def is_called_off_by_buyer(item: Row) -> bool:
    told = item.get("cancellation") or {}
    return bool(told.get("cancellationRequest")) and not told.get("cancellationExecution")


def cancel_reason(items: Iterable[Row]) -> str:
    for item in items:
        told = item.get("cancellation") or {}
        for part in ("cancellationExecution", "cancellationRequest"):
            if reason := (told.get(part) or {}).get("cancelReason"):
                return str(reason)
    return ""


def methods(item: Row) -> list[str]:
    found = [row.get("paymentMethod") or "" for row in (item.get("payment") or {}).get("paymentExecutions") or ()]
    return [name for name in dict.fromkeys(found) if name]


def window_end(window: Row | None) -> datetime | None:
    return iso_moment((window or {}).get("latestDateTime"))


def line(item: Row) -> OrderLine:
    product, done = item["product"], item.get("cancellation") or {}
    quantity = count(item["quantityOrdered"])
    price = (product.get("price") or {}).get("unitPrice")
    return OrderLine(
        external_id=item["orderItemId"],
        sku=product.get("sellerSku") or product.get("asin") or item["orderItemId"],
        title=product.get("title") or "",
        quantity=quantity,
        unit_price=amount(price["amount"]) if price else ZERO,  # a pending order has no price yet, nor a total
        cancelled_quantity=quantity if done.get("cancellationExecution") else 0,
        listing_ref=product.get("sellerSku") or "",
    )


def parcel_id(order_ref: str, package_ref: str) -> str:
    """Packages are numbered within their order."""
    return f"{order_ref}/{package_ref}"


def package(order_ref: str, item: Row, promised: datetime | None) -> Iterator[Record | BadRow]:
    status = (item.get("packageStatus") or {}).get("status") or "SHIPPED"
    if status == CALLED_OFF:
        return
    if status not in PARCEL_STATUS:
        yield bad_row("shipment", item, "packageReferenceId", f"unknown packageStatus {status!r}")
        return
    yield Shipment(
        external_id=parcel_id(order_ref, item["packageReferenceId"]),
        raw=dump(item),
        order_ref=order_ref,
        status=PARCEL_STATUS[status],
        carrier=item.get("carrier") or "",
        tracking_number=item.get("trackingNumber") or "",
        shipped_at=iso_moment(item.get("shipTime")),
        promised_at=promised,
    )


def stock_id(sku: str, channel: str) -> str:
    """A SKU's stock in one fulfilment network: DEFAULT is the seller's own."""
    return f"{sku}@{channel}"


def listing(item: Row, marketplace: str, currency: str) -> Iterator[Record | BadRow]:
    """Product, listing and the seller's own stock of one SKU. What Amazon stores is told by another call."""
    sku = item["sku"]
    if not isinstance(sku, str) or not sku:
        raise Unreadable("sku is empty")
    summary: Row = next((row for row in item.get("summaries") or () if row["marketplaceId"] == marketplace), {})
    title = summary.get("itemName") or ""
    found = price(item, marketplace, currency)
    yield Product(external_id=sku, sku=sku, title=title, currency=currency)
    if found is None:
        yield bad_row("listing", item, "sku", "it has neither an offer nor a price among its attributes")
    else:
        status, issue = state(summary, item.get("issues") or [])
        yield Listing(
            external_id=sku, raw=dump(item), sku=sku, title=title, price=found[0], currency=found[1], status=status,
            issue=issue, updated_at=iso_moment(summary.get("lastUpdatedDate")),
        )  # fmt: skip
    for place in item.get("fulfillmentAvailability") or ():
        if place.get("quantity") is not None:
            yield own_stock(sku, place, iso_moment(summary.get("lastUpdatedDate")))


def own_stock(sku: str, place: Row, updated: datetime | None = None) -> StockLevel:
    """Amazon counts what can still be sold: units of open orders are taken off already."""
    channel = place["fulfillmentChannelCode"]
    return StockLevel(
        external_id=stock_id(sku, channel), sku=sku, location=channel, listing_ref=sku,
        on_hand=count(place["quantity"]), updated_at=updated,
    )  # fmt: skip


def state(summary: Row, issues: list[Row]) -> tuple[str, str]:
    """(live, paused or suppressed; the words of the first error). A listing that can be bought is live."""
    errors = [str(row["message"]) for row in issues if row["severity"] == "ERROR"]
    words = summary.get("status") or ()
    if "BUYABLE" in words:
        return "live", errors[0] if errors else ""
    return ("suppressed", errors[0]) if errors else ("paused", "")


def price(item: Row, marketplace: str, currency: str) -> tuple[Decimal, str] | None:
    """The consumers' price, from the offer or, of a listing that is not on sale, from its attributes."""
    for offer in item.get("offers") or ():
        if offer["marketplaceId"] == marketplace and offer["offerType"] == "B2C":
            return amount(offer["price"]["amount"]), currency_of(offer["price"]["currencyCode"])
    for offer in (item.get("attributes") or {}).get("purchasable_offer") or ():
        if offer.get("audience", "ALL") == "ALL" and (found := scheduled(offer)) is not None:
            return found, currency_of(offer.get("currency") or currency)
    return None


def scheduled(offer: Row) -> Decimal | None:
    for our in offer.get("our_price") or ():
        for part in our.get("schedule") or ():
            if part.get("value_with_tax") is not None:
                return amount(part["value_with_tax"])
    return None


def fba_stock(item: Row) -> Iterator[Record | BadRow]:
    """Units in Amazon's warehouses that buyers can have, and those that open orders have taken."""
    sku, details = item["sellerSku"], item.get("inventoryDetails") or {}
    reserved: dict[str, Any] = details.get("reservedQuantity") or {}
    ordered = count(reserved.get("pendingCustomerOrderQuantity") or 0)
    free = details.get("fulfillableQuantity")
    yield StockLevel(
        external_id=stock_id(sku, AMAZON),
        raw=dump(item),
        sku=sku,
        location=AMAZON,
        listing_ref=sku,
        on_hand=count(item["totalQuantity"]) if free is None else count(free) + ordered,
        reserved=ordered,
        updated_at=iso_moment(item.get("lastUpdatedTime")),
    )
