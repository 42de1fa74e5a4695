"""Writes on orders: confirm the shipment at once, cancel and refund by feed, and the reads that prove them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import Element

from connectors.base import CannotDo, Permit, Refused
from connectors.money import ZERO, Money
from connectors.operations import AnswerCancellation, ArrangeShipment, CancelOrder, RefundPayment
from connectors.shops.marketplaces.amazon import feeds, money, parse, reads
from connectors.shops.marketplaces.amazon.client import Client, segment, stamp
from connectors.shops.reading import Row, amount, count
from connectors.types import Receipt, Sight, Sighting

CANCEL_REASONS = {
    "out_of_stock": "NoInventory",
    "customer_request": "BuyerCanceled",
    "undeliverable": "ShippingAddressUndeliverable",
    "fraud": "RiskAssessmentInformationNotValid",
    "other": "GeneralAdjustment",
}
REFUND_REASON = "GeneralAdjustment"  # every other reason of the feed claims something of the goods or the address
# Couriers that Amazon knows by a code; any other is named in words.
CARRIERS = {
    name.lower(): name
    for name in ("UPS", "USPS", "FedEx", "DHL", "DHL eCommerce", "OnTrac", "Royal Mail", "DPD", "GLS", "Hermes",
                 "Canada Post", "Australia Post", "SingPost", "Yamato", "Sagawa", "Evri")
}  # fmt: skip
OTHER = "Other"
SHIPPED = frozenset({"SHIPPED", "PARTIALLY_SHIPPED"})
OPEN = frozenset({"PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "PENDING_AVAILABILITY"})


def own_order(client: Client, order_ref: str) -> Row:
    """The order as it stands. Raises CannotDo for one that Amazon's warehouse fulfils."""
    item = reads.order_row(client, order_ref)
    if item["fulfillment"].get("fulfilledBy") == parse.AMAZON:
        raise CannotDo(f"Amazon itself fulfils {order_ref}; it ships, cancels and refunds such orders")
    return item


def status_of(item: Row) -> str:
    return str(item["fulfillment"]["fulfillmentStatus"])


# -- ship -----------------------------------------------------------------------------------------------------------


def ship(client: Client, operation: ArrangeShipment, permit: Permit) -> Receipt:
    if operation.method != "own_courier":
        raise CannotDo("Amazon books no courier through this API; ship with your own and confirm its tracking number")
    if not operation.tracking_number or not operation.carrier:
        raise Refused("Amazon asks for the courier and its tracking number", code="tracking_number")
    item = own_order(client, operation.order_ref)
    left = list(unshipped(item["orderItems"]))
    if status_of(item) not in ("UNSHIPPED", "PARTIALLY_SHIPPED") or not left:
        raise Refused(f"the order stands as {status_of(item)}: nothing of it is left to ship", code="wrong_state")
    known = CARRIERS.get(operation.carrier.lower())
    body = {
        "marketplaceId": client.marketplace,
        "packageDetail": {
            "packageReferenceId": package_reference(permit.key),
            "carrierCode": known or OTHER,
            **({} if known else {"carrierName": operation.carrier}),
            "trackingNumber": operation.tracking_number,
            "shipDate": stamp(client.clock()),
            "orderItems": [{"orderItemId": ref, "quantity": quantity} for ref, quantity in left],
        },
    }
    path = f"/orders/v0/orders/{segment(operation.order_ref)}/shipmentConfirmation"
    answer = client.write("POST", path, "confirmShipment", body, permit)
    return Receipt(operation.order_ref, answer.body, answer.headers.get("x-amzn-requestid", ""))


def package_reference(key: str) -> str:
    """A positive number, as text (Amazon refuses it as a number), the same for every try of one intent."""
    return str(feeds.message_number(key) % 1_000_000_000 + 1)


def unshipped(items: Iterable[Row]) -> Iterator[tuple[str, int]]:
    for item in items:
        told = (item.get("fulfillment") or {}).get("quantityUnfulfilled")
        quantity = count(item["quantityOrdered"]) if told is None else count(told)
        if quantity > 0 and not (item.get("cancellation") or {}).get("cancellationExecution"):
            yield item["orderItemId"], quantity


def see_ship(client: Client, operation: ArrangeShipment, key: str, since: datetime) -> Sighting:
    item = reads.order_row(client, operation.order_ref)
    for row in item.get("packages") or ():
        if row.get("trackingNumber") == operation.tracking_number:
            return Sighting(Sight.SEEN, operation.order_ref, f"its package {row['packageReferenceId']} is confirmed")
    sight = Sight.UNCLEAR if status_of(item) in SHIPPED else Sight.ABSENT
    return Sighting(sight, operation.order_ref, f"the order stands as {status_of(item)}, without this tracking number")


# -- cancel ---------------------------------------------------------------------------------------------------------


def cancel(client: Client, operation: CancelOrder, permit: Permit) -> Receipt:
    item = own_order(client, operation.order_ref)
    if status_of(item) not in OPEN:
        raise Refused(f"the order stands as {status_of(item)}: it cannot be cancelled any more", code="wrong_state")
    wanted = dict(operation.lines)
    lines = {row["orderItemId"]: count(row["quantityOrdered"]) for row in item["orderItems"]}
    if wanted and any(lines.get(ref) != quantity for ref, quantity in wanted.items()):
        raise CannotDo("Amazon cancels whole lines; cancel a part of a line's units by hand in Seller Central")
    root, body = feeds.envelope(client.seller, "OrderAcknowledgement", permit.key)
    feeds.put(body, "AmazonOrderID", operation.order_ref)
    feeds.put(body, "StatusCode", "Failure")
    for ref in wanted or lines:
        row = feeds.put(body, "Item", "")
        feeds.put(row, "AmazonOrderItemCode", ref)
        feeds.put(row, "CancelReason", CANCEL_REASONS[operation.reason])
    return feeds.submit(client, feeds.CANCELLATIONS, root, permit)


def see_cancel(client: Client, operation: CancelOrder, key: str, since: datetime) -> Sighting:
    item = reads.order_row(client, operation.order_ref)
    gone = {row["orderItemId"] for row in item["orderItems"]
            if (row.get("cancellation") or {}).get("cancellationExecution")}  # fmt: skip
    wanted = {ref for ref, _ in operation.lines} or {row["orderItemId"] for row in item["orderItems"]}
    if status_of(item) == "CANCELLED" or wanted <= gone:
        return Sighting(
            Sight.SEEN, operation.order_ref, "the order is cancelled" if not operation.lines else "they are"
        )
    return feeds.look(client, feeds.CANCELLATIONS, key, since)


def answer_cancellation(client: Client, operation: AnswerCancellation, permit: Permit) -> Receipt:
    return cancel(client, _as_cancellation(operation), permit)


def see_answer(client: Client, operation: AnswerCancellation, key: str, since: datetime) -> Sighting:
    return see_cancel(client, _as_cancellation(operation), key, since)


def _as_cancellation(operation: AnswerCancellation) -> CancelOrder:
    if not operation.is_accepted:
        raise CannotDo("Amazon knows no refusal of a buyer's request: shipping the order is the refusal")
    return CancelOrder(order_ref=operation.order_ref, reason="customer_request")


# -- refund ---------------------------------------------------------------------------------------------------------


def refund(client: Client, operation: RefundPayment, permit: Permit) -> Receipt:
    if not operation.order_ref:
        raise CannotDo("Amazon refunds orders, not payments; name the order")
    item = own_order(client, operation.order_ref)
    if status_of(item) not in SHIPPED:
        raise Refused(f"the order stands as {status_of(item)}: before it ships it is cancelled, not refunded",
                      code="wrong_state")  # fmt: skip
    given = refunded(client, operation.order_ref)
    if given and operation.amount.amount + given > total_of(item):
        raise Refused(f"{given} of the order's {total_of(item)} was given back already", code="too_much")
    root, body = feeds.envelope(client.seller, "OrderAdjustment", permit.key)
    feeds.put(body, "AmazonOrderID", operation.order_ref)
    for ref, parts in shares(item, operation):
        _adjusted(body, ref, parts, operation.amount.currency, permit.key)
    return feeds.submit(client, feeds.REFUNDS, root, permit)


def _adjusted(body: Element, ref: str, parts: list[tuple[str, Decimal]], currency: str, key: str) -> None:
    row = feeds.put(body, "AdjustedItem", "")
    feeds.put(row, "AmazonOrderItemCode", ref)
    feeds.put(row, "MerchantAdjustmentItemID", f"{feeds.message_number(key)}-{ref}"[:50])
    feeds.put(row, "AdjustmentReason", REFUND_REASON)
    prices = feeds.put(row, "ItemPriceAdjustments", "")
    for kind, part in parts:
        component = feeds.put(prices, "Component", "")
        feeds.put(component, "Type", kind)
        feeds.put(component, "Amount", str(Money(part, currency).quantized().amount), currency=currency)


def shares(item: Row, operation: RefundPayment) -> Iterator[tuple[str, list[tuple[str, Decimal]]]]:
    """The amount over the lines: first the goods of each, then their postage, then tax, never more than was paid."""
    named = {ref for ref, _ in operation.lines}
    lines = [row for row in item["orderItems"] if not named or row["orderItemId"] in named]
    if not lines or len(lines) < len(named):
        raise Refused("the order has no such line", code="line")
    left, taken = operation.amount.amount, {row["orderItemId"]: list[tuple[str, Decimal]]() for row in lines}
    for kind in ("Principal", "Shipping", "Tax"):
        for row in lines:
            part = min(left, paid(row).get(kind, ZERO))
            if part > 0:
                taken[row["orderItemId"]].append((kind, part))
                left -= part
    if left > 0:
        raise Refused(f"{operation.amount} is {left} more than was paid for these lines", code="too_much")
    yield from ((ref, parts) for ref, parts in taken.items() if parts)


def paid(item: Row) -> dict[str, Decimal]:
    """What the buyer paid for a line, by the feed's words. A discount counts against the goods."""
    found = {
        row["type"]: amount(row["subtotal"]["amount"]) for row in (item.get("proceeds") or {}).get("breakdowns") or ()
    }
    goods = found.get("ITEM")
    if goods is None:
        price = (item["product"].get("price") or {}).get("unitPrice")
        goods = amount(price["amount"]) * count(item["quantityOrdered"]) if price else ZERO
    goods -= abs(found.get("DISCOUNT", ZERO))
    return {"Principal": max(goods, ZERO), "Shipping": found.get("SHIPPING", ZERO), "Tax": found.get("TAX", ZERO)}


def total_of(item: Row) -> Decimal:
    return amount(item["proceeds"]["grandTotal"]["amount"])


def refunded(client: Client, order_ref: str) -> Decimal:
    """What the finances show as given back on an order; up to 48 hours behind."""
    found = money.refunds_after(reads.transactions_of(client, order_ref))
    return sum((money.given_back(item) for item in found), ZERO)


def see_refund(client: Client, operation: RefundPayment, key: str, since: datetime) -> Sighting:
    found = money.refunds_after(reads.transactions_of(client, operation.order_ref), since - feeds.SKEW)
    for item in found:
        if money.given_back(item) == operation.amount.amount:
            ref = str(item.get("transactionId") or "")
            return Sighting(Sight.SEEN, ref, f"the finances show {operation.amount} given back")
    if found:
        given = ", ".join(str(money.given_back(item)) for item in found)
        return Sighting(Sight.UNCLEAR, detail=f"the finances show {given} given back since, not {operation.amount}")
    return feeds.look(client, feeds.REFUNDS, key, since)
