"""Shopify's JSON → records. Ids are gid strings, money decimal strings in the shop's currency, times RFC 3339."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.money import parse_amount
from connectors.operations import Address
from connectors.shops.reading import Row, currency_of, dump, iso_moment, must_iso
from connectors.types import (
    BadRow,
    Checkout,
    Customer,
    DeliveryAddress,
    Dispute,
    DisputeStatus,
    Listing,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentKind,
    PaymentStatus,
    Product,
    Record,
    Return,
    ReturnStatus,
    Shipment,
    ShipmentStatus,
    StockLevel,
)

SHIPPING_STATUS = {
    "UNFULFILLED": OrderStatus.TO_SHIP,
    "OPEN": OrderStatus.TO_SHIP,
    "PARTIALLY_FULFILLED": OrderStatus.TO_SHIP,
    "SCHEDULED": OrderStatus.TO_SHIP,
    "REQUEST_DECLINED": OrderStatus.TO_SHIP,
    "PENDING_FULFILLMENT": OrderStatus.TO_SHIP,
    "ON_HOLD": OrderStatus.ON_HOLD,
    "IN_PROGRESS": OrderStatus.PACKED,
    "FULFILLED": OrderStatus.SHIPPED,
    "FULFILLMENT_NOT_REQUIRED": OrderStatus.COMPLETED,
    "RESTOCKED": OrderStatus.CANCELLED,
}
COMING_BACK = frozenset({"RETURN_REQUESTED", "IN_PROGRESS"})
NOT_PAID = frozenset({"PENDING", "EXPIRED", "VOIDED"})
PAYMENT_KIND = {"SALE": PaymentKind.CHARGE, "CAPTURE": PaymentKind.CHARGE, "REFUND": PaymentKind.REFUND}
NO_MONEY_MOVES = frozenset({"AUTHORIZATION", "VOID", "CHANGE", "EMV_AUTHORIZATION", "SUGGESTED_REFUND"})
PAYMENT_STATUS = {
    "SUCCESS": PaymentStatus.SUCCEEDED,
    "PENDING": PaymentStatus.PENDING,
    "AWAITING_RESPONSE": PaymentStatus.PENDING,
    "UNKNOWN": PaymentStatus.PENDING,
    "FAILURE": PaymentStatus.FAILED,
    "ERROR": PaymentStatus.FAILED,
}
PARCEL_STATUS = {
    "ATTEMPTED_DELIVERY": ShipmentStatus.EXCEPTION,
    "DELAYED": ShipmentStatus.EXCEPTION,
    "FAILURE": ShipmentStatus.EXCEPTION,
    "NOT_DELIVERED": ShipmentStatus.EXCEPTION,
    "CONFIRMED": ShipmentStatus.BOOKED,
    "FULFILLED": ShipmentStatus.BOOKED,
    "LABEL_PRINTED": ShipmentStatus.BOOKED,
    "LABEL_PURCHASED": ShipmentStatus.BOOKED,
    "MARKED_AS_FULFILLED": ShipmentStatus.BOOKED,
    "SUBMITTED": ShipmentStatus.BOOKED,
    "CARRIER_PICKED_UP": ShipmentStatus.IN_TRANSIT,
    "IN_TRANSIT": ShipmentStatus.IN_TRANSIT,
    "OUT_FOR_DELIVERY": ShipmentStatus.OUT_FOR_DELIVERY,
    "READY_FOR_PICKUP": ShipmentStatus.OUT_FOR_DELIVERY,
    "DELIVERED": ShipmentStatus.DELIVERED,
    "PICKED_UP": ShipmentStatus.DELIVERED,
}
VOIDED = frozenset({"CANCELED", "LABEL_VOIDED"})
RETURN_STATUS = {
    "REQUESTED": ReturnStatus.ASKED,
    "OPEN": ReturnStatus.ACCEPTED,
    "CLOSED": ReturnStatus.CLOSED,
    "DECLINED": ReturnStatus.REJECTED,
    "CANCELED": ReturnStatus.CANCELLED,
}
DISPUTE_STATUS = {
    "NEEDS_RESPONSE": DisputeStatus.NEEDS_RESPONSE,
    "UNDER_REVIEW": DisputeStatus.UNDER_REVIEW,
    "WON": DisputeStatus.WON,
    "LOST": DisputeStatus.LOST,
    "ACCEPTED": DisputeStatus.CLOSED,
    "CHARGE_REFUNDED": DisputeStatus.CLOSED,
    "PREVENTED": DisputeStatus.CLOSED,
}
PRODUCT_STATUS = {"ACTIVE": "live", "UNLISTED": "live", "DRAFT": "paused", "ARCHIVED": "paused"}
RISK = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}
ADDRESS_PARTS = {
    "name": "name", "line1": "address1", "line2": "address2", "city": "city", "region": "provinceCode",
    "postcode": "zip", "country": "countryCodeV2", "phone": "phone",
}  # fmt: skip
KEY_IN_NOTE = re.compile(r"\[([0-9A-Za-z_:.-]{8,})\]\s*$")  # our refunds end their note with their key


def money(bag: Row) -> Decimal:
    return parse_amount(bag["shopMoney"]["amount"])


def order(item: Row) -> Iterator[Record | BadRow]:
    customer = item.get("customer") or {}
    shipments = list(item.get("fulfillments") or ())
    if customer:
        yield buyer(customer)
    yield Order(
        external_id=item["id"],
        raw=dump(item),
        number=item["name"],
        status=order_status(item, shipments),
        platform_status=f"{item['displayFinancialStatus'] or ''}/{item['displayFulfillmentStatus']}",
        ordered_at=must_iso(item["processedAt"]),
        updated_at=must_iso(item["updatedAt"]),
        paid_at=paid_at(item),
        ship_by=ship_by(item),
        shipped_at=min((must_iso(row["createdAt"]) for row in shipments), default=None),
        delivered_at=delivered_at(shipments),
        completed_at=iso_moment(item.get("closedAt")),
        cancelled_at=iso_moment(item.get("cancelledAt")),
        cancel_reason=item.get("cancelReason") or "",
        currency=currency_of(item["currencyCode"]),
        total=money(item["totalPriceSet"]),
        refunded=money(item["totalRefundedSet"]),
        customer_ref=customer.get("id") or "",
        customer_name=customer.get("displayName") or "",
        customer_email=item.get("email") or "",
        country=(item.get("shippingAddress") or {}).get("countryCodeV2") or "",
        payment_method=", ".join(item.get("paymentGatewayNames") or ())[:60],
        risk=risk(item.get("risk") or {}),
        lines=tuple(line(row) for row in item["lineItems"]["nodes"]),
    )
    yield from payments(item)
    for row in shipments:
        yield from shipment(row, item["id"])


def order_status(item: Row, shipments: list[Row]) -> OrderStatus:
    if item.get("cancelledAt"):
        return OrderStatus.CANCELLED
    if item.get("returnStatus") in COMING_BACK:
        return OrderStatus.RETURNING
    status = SHIPPING_STATUS[item["displayFulfillmentStatus"]]
    if status is OrderStatus.TO_SHIP and item.get("displayFinancialStatus") in NOT_PAID:
        return OrderStatus.UNPAID
    if status is OrderStatus.SHIPPED and delivered_at(shipments):
        return OrderStatus.DELIVERED
    return status


def delivered_at(shipments: list[Row]) -> datetime | None:
    """When the last parcel came; None while one is still under way."""
    times = [iso_moment(row.get("deliveredAt")) for row in shipments]
    known = [when for when in times if when]
    return max(known) if known and len(known) == len(times) else None


def paid_at(item: Row) -> datetime | None:
    times = [
        must_iso(row["createdAt"])
        for row in item.get("transactions") or ()
        if row["kind"] in PAYMENT_KIND and row["kind"] != "REFUND" and row["status"] == "SUCCESS"
    ]
    return min(times, default=None)


def ship_by(item: Row) -> datetime | None:
    """The earliest `fulfillBy` of what is still to be sent."""
    waiting = (item.get("fulfillmentOrders") or {}).get("nodes") or ()
    times = [
        iso_moment(row.get("fulfillBy")) for row in waiting if row["status"] in ("OPEN", "IN_PROGRESS", "SCHEDULED")
    ]
    return min((when for when in times if when), default=None)


def risk(summary: Row) -> str:
    levels = [RISK.get(row.get("riskLevel") or "", "") for row in summary.get("assessments") or ()]
    return next((level for level in ("high", "medium", "low") if level in levels), "")


def buyer(item: Row) -> Customer:
    spent = item.get("amountSpent") or {}
    return Customer(
        external_id=item["id"],
        raw=dump(item),
        name=item.get("displayName") or "",
        email=(item.get("defaultEmailAddress") or {}).get("emailAddress") or "",
        phone=(item.get("defaultPhoneNumber") or {}).get("phoneNumber") or "",
        orders_count=int(item["numberOfOrders"]) if item.get("numberOfOrders") is not None else None,
        lifetime_value=parse_amount(spent["amount"]) if spent else None,
        currency=currency_of(spent["currencyCode"]) if spent else "",
        is_vip=any(tag.lower() == "vip" for tag in item.get("tags") or ()),
    )


def line(item: Row) -> OrderLine:
    variant = item.get("variantTitle")
    return OrderLine(
        external_id=item["id"],
        sku=item.get("sku") or (item.get("variant") or {}).get("id") or item["id"],
        title=f"{item['title']} ({variant})" if variant and variant != "Default Title" else item["title"],
        quantity=item["quantity"],
        unit_price=money(item["discountedUnitPriceAfterAllDiscountsSet"]),
        cancelled_quantity=item["quantity"] - item["currentQuantity"],
        listing_ref=(item.get("variant") or {}).get("id") or "",
    )


def payments(item: Row) -> Iterator[Payment]:
    keys = refund_keys(item)
    for row in item.get("transactions") or ():
        if row["kind"] not in NO_MONEY_MOVES:
            yield payment(row, item["id"], item["name"], keys)


def refund_keys(item: Row) -> dict[str, str]:
    """Transaction id → our write's key, from the notes of this order's refunds."""
    return {
        transaction["id"]: found[1]
        for refund in item.get("refunds") or ()
        if (found := KEY_IN_NOTE.search(refund.get("note") or ""))
        for transaction in refund["transactions"]["nodes"]
    }


def payment(row: Row, order_ref: str, order_number: str, keys: Mapping[str, str]) -> Payment:
    return Payment(
        external_id=row["id"],
        kind=PAYMENT_KIND[row["kind"]],
        status=PAYMENT_STATUS[row["status"]],
        order_ref=order_ref,
        order_number=order_number,
        parent_ref=(row.get("parentTransaction") or {}).get("id") or "",
        amount=money(row["amountSet"]),
        currency=currency_of(row["amountSet"]["shopMoney"]["currencyCode"]),
        created_at=must_iso(row["createdAt"]),
        gateway=row.get("gateway") or "",
        action_key=keys.get(row["id"], ""),
    )


def shipment(row: Row, order_ref: str) -> Iterator[Shipment]:
    shown = row.get("displayStatus") or "FULFILLED"
    if shown in VOIDED or row["status"] == "CANCELLED":
        return
    tracking: dict[str, Any] = next(iter(row.get("trackingInfo") or ()), {})
    events = (row.get("events") or {}).get("nodes") or ()
    scans = [must_iso(event["happenedAt"]) for event in events]
    moved = iso_moment(row.get("inTransitAt"))
    yield Shipment(
        external_id=row["id"],
        order_ref=order_ref,
        status=PARCEL_STATUS[shown],
        carrier=tracking.get("company") or "",
        tracking_number=tracking.get("number") or "",
        shipped_at=must_iso(row["createdAt"]),
        last_scan_at=max(scans, default=moved),
        promised_at=iso_moment(row.get("estimatedDeliveryAt")),
        delivered_at=iso_moment(row.get("deliveredAt")),
    )


def aftersale(item: Row) -> Iterator[Record | BadRow]:
    goods = item["returnLineItems"]["nodes"]
    first = goods[0] if goods else {}
    reason = first.get("returnReasonDefinition") or {}
    words = [row.get("customerNote") or row.get("returnReasonNote") or "" for row in goods]
    asked = must_iso(item["createdAt"])
    yield Return(
        external_id=item["id"],
        raw=dump(item),
        order_ref=item["order"]["id"],
        status=RETURN_STATUS[item["status"]],
        platform_status=item["status"],
        reason=reason.get("handle") or reason.get("name") or "",
        text="\n".join(word for word in words if word),
        sku=((first.get("fulfillmentLineItem") or {}).get("lineItem") or {}).get("sku") or "",
        quantity=item.get("totalQuantity"),
        amount=sum((money(row["withCodeDiscountedTotalPriceSet"]) for row in goods), Decimal(0)),
        currency=currency_of(item["order"]["currencyCode"]),
        asked_at=asked,
        updated_at=max(asked, must_iso(item["order"]["updatedAt"])),
        needs_goods_back=True,
    )


def goods(item: Row, currency: str) -> Iterator[Record | BadRow]:
    product, stock = item["product"], item["inventoryItem"]
    sku = item.get("sku") or item["id"]
    name = item.get("title")
    title = f"{product['title']} ({name})" if name and name != "Default Title" else product["title"]
    cost = stock.get("unitCost") or {}
    yield Product(
        external_id=item["id"],
        sku=sku,
        title=title,
        unit_cost=parse_amount(cost["amount"]) if cost else None,
        currency=currency_of(cost["currencyCode"]) if cost else "",
        description=product.get("description") or "",
    )
    yield Listing(
        external_id=item["id"],
        raw=dump(item),
        sku=sku,
        title=title,
        price=parse_amount(item["price"]),
        currency=currency_of(currency),
        status=PRODUCT_STATUS[product["status"]],
        updated_at=iso_moment(item.get("updatedAt")),
    )
    if stock["tracked"]:
        for row in stock["inventoryLevels"]["nodes"]:
            yield level(row, sku, item["id"])


def level(row: Row, sku: str, listing_ref: str) -> StockLevel:
    counts = {entry["name"]: entry["quantity"] for entry in row["quantities"]}
    return StockLevel(
        external_id=row["id"],
        sku=sku,
        location=row["location"]["name"],
        listing_ref=listing_ref,
        on_hand=counts["on_hand"],
        reserved=counts["committed"],
        updated_at=iso_moment(row.get("updatedAt")),
    )


def dispute(item: Row) -> Iterator[Record | BadRow]:
    status = DISPUTE_STATUS[item["status"]]
    is_inquiry = item["type"] == "INQUIRY" and status is DisputeStatus.NEEDS_RESPONSE
    yield Dispute(
        external_id=item["id"],
        raw=dump(item),
        status=DisputeStatus.WARNING if is_inquiry else status,
        platform_status=item["status"],
        payment_ref="",
        order_ref=(item.get("order") or {}).get("id") or "",
        reason=item["reasonDetails"]["reason"],
        amount=parse_amount(item["amount"]["amount"]),
        currency=currency_of(item["amount"]["currencyCode"]),
        opened_at=must_iso(item["initiatedAt"]),
        evidence_by=iso_moment(item.get("evidenceDueBy")),
        has_evidence=item.get("evidenceSentOn") is not None,
        submission_count=1 if item.get("evidenceSentOn") else 0,
    )


def checkout(item: Row) -> Iterator[Record | BadRow]:
    """A basket whose buyer left before paying. Mail about it may go to those alone who have asked for mail."""
    customer = item.get("customer") or {}
    mail = customer.get("defaultEmailAddress") or {}
    price = item["totalPriceSet"]["shopMoney"]
    yield Checkout(
        external_id=item["id"],
        raw=dump(item),
        customer_ref=customer.get("id") or "",
        customer_email=mail.get("emailAddress") or "",
        started_at=must_iso(item["createdAt"]),
        completed_at=iso_moment(item.get("completedAt")),
        total=parse_amount(price["amount"]),
        currency=currency_of(price["currencyCode"]),
        recovery_url=item.get("abandonedCheckoutUrl") or "",
        may_be_mailed=mail.get("marketingState") == "SUBSCRIBED",
        skus=tuple(row["sku"] for row in item["lineItems"]["nodes"] if row.get("sku")),
    )


def delivery_address(item: Row) -> DeliveryAddress | None:
    """None where Shopify gives no address: nothing to ship, or no approval to see buyers' data."""
    found = item.get("shippingAddress")
    if not found:
        return None
    told = {part: str(found.get(name) or "") for part, name in ADDRESS_PARTS.items()}
    return DeliveryAddress(external_id=item["id"], raw=dump(item), address=Address(**told))
