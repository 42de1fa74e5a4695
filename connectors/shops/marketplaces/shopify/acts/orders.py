"""Refund, cancel, decide a return, hand over; and the reads that prove them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.base import CannotDo, Permit, Refused
from connectors.money import Money, parse_amount
from connectors.operations import ArrangeShipment, CancelOrder, DecideReturn, RefundPayment
from connectors.shops.marketplaces.shopify import queries
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

KEY_LIFETIME = timedelta(hours=24)
CANCEL_REASONS = {"out_of_stock": "INVENTORY", "customer_request": "CUSTOMER", "fraud": "FRAUD"}
DECLINE_REASONS = {
    "RETURN_PERIOD_ENDED": "The return period has ended",
    "FINAL_SALE": "The goods were a final sale",
    "OTHER": "Other",
}
SENDABLE = frozenset({"OPEN", "IN_PROGRESS"})
GONE = frozenset({"CANCELLED", "ERROR", "FAILURE"})


def one(client: Client, document: str, root: str, ref: str) -> Row:
    """Raises Refused where Shopify knows no such object."""
    found = client.query(document, {"id": ref}).get(root)
    if not isinstance(found, dict):
        raise Refused(f"Shopify knows no {root} {ref}", code="NOT_FOUND")
    return found


def refund(client: Client, operation: RefundPayment, permit: Permit, key: str) -> Receipt:
    earlier = see_refund(client, operation, key)
    if earlier.sight is Sight.SEEN:  # a repeated call would be refused: what it gives back is no longer there
        return Receipt(earlier.reference, is_replay=True, is_final=False)
    order = one(client, queries.SUGGESTED_REFUND, "order", operation.order_ref)
    transactions, is_presentment = allocate(order, operation)
    note = f"{operation.note} [{key}]".strip()
    refund_input: Row = {
        "orderId": operation.order_ref,
        "note": note,
        "notify": False,
        "allowOverRefunding": False,
        "transactions": transactions,
    }
    if is_presentment:
        refund_input["currency"] = operation.amount.currency
    if operation.lines:
        refund_input["refundLineItems"] = [
            {"lineItemId": line, "quantity": quantity, "restockType": "NO_RESTOCK"}
            for line, quantity in operation.lines
        ]
    payload, receipt = client.mutate(queries.REFUND_CREATE, {"input": refund_input, "key": key}, permit, "refundCreate")
    made = payload["refund"] or {}
    states = {row["status"] for row in (made.get("transactions") or {}).get("nodes") or ()}
    return replace(receipt, reference=str(made.get("id") or ""), is_final=states == {"SUCCESS"})


def allocate(order: Row, operation: RefundPayment) -> tuple[list[Row], bool]:
    """The amount spread over the payments it goes back to (without them a refund moves no money), and whether it is
    in the buyer's currency. Raises Refused where less than the amount can be given back."""
    wanted = operation.amount
    is_presentment = wanted.currency != order["currencyCode"]
    if is_presentment and wanted.currency != order["presentmentCurrencyCode"]:
        raise Refused(f"the order is in {order['currencyCode']}, not in {wanted.currency}", code="currency")
    side = "presentmentMoney" if is_presentment else "shopMoney"
    left, rows = wanted.amount, []
    for row in order["suggestedRefund"]["suggestedTransactions"]:
        parent = (row.get("parentTransaction") or {}).get("id")
        if operation.payment_ref and parent != operation.payment_ref:
            continue
        part = min(left, parse_amount((row.get("maximumRefundableSet") or row["amountSet"])[side]["amount"]))
        if part > 0:
            left -= part
            rows.append(
                {"orderId": operation.order_ref, "parentId": parent, "gateway": row["gateway"], "kind": "REFUND",
                 "amount": exact(Money(part, wanted.currency))}
            )  # fmt: skip
    if left > 0:
        raise Refused(f"only {Money(wanted.amount - left, wanted.currency)} of {wanted} can be refunded", code="amount")
    return rows, is_presentment


def exact(money: Money) -> str:
    """A decimal string that the currency can hold. Raises Refused for a finer one."""
    rounded: Decimal = money.quantized().amount
    if rounded != money.amount:
        raise Refused(f"{money.amount} {money.currency} is finer than the currency's smallest unit", code="amount")
    return f"{rounded:f}"


def see_refund(client: Client, operation: RefundPayment, key: str, since: datetime | None = None) -> Sighting:
    order = one(client, queries.REFUNDS, "order", operation.order_ref)
    for row in order["refunds"]:
        if f"[{key}]" in (row.get("note") or ""):
            states = sorted({transaction["status"] for transaction in row["transactions"]["nodes"]})
            return Sighting(Sight.SEEN, row["id"], f"a refund with our key stands as {', '.join(states) or 'recorded'}")
    return Sighting(Sight.ABSENT, "", f"none of the order's {len(order['refunds'])} refunds carries our key")


def cancel(client: Client, operation: CancelOrder, permit: Permit, key: str) -> Receipt:
    if operation.lines:
        raise CannotDo("Shopify cancels a whole order; remove single lines by editing the order by hand")
    variables = {
        "id": operation.order_ref,
        "reason": CANCEL_REASONS.get(operation.reason, "OTHER"),
        "restock": operation.should_restock,
        "refund": operation.should_refund,
        "notify": operation.should_notify,
        "note": f"Ops Room [{key}]",
    }
    payload, receipt = client.mutate(queries.ORDER_CANCEL, variables, permit, "orderCancel")
    job = payload.get("job") or {}
    return replace(receipt, reference=str(job.get("id") or operation.order_ref), is_final=bool(job.get("done")))


def see_cancel(client: Client, operation: CancelOrder, key: str, since: datetime | None = None) -> Sighting:
    at = one(client, queries.ORDER_STATE, "order", operation.order_ref)["cancelledAt"]
    if at:
        return Sighting(Sight.SEEN, operation.order_ref, f"cancelled at {at}")
    return Sighting(Sight.ABSENT, operation.order_ref, "the order is not cancelled")


def decide(client: Client, operation: DecideReturn, permit: Permit, key: str) -> Receipt:
    """Approving lets the goods come back; the money is a refund of its own."""
    if operation.decision == "offer":
        raise CannotDo("Shopify has no offer of a part; agree with the buyer by message, then refund that amount")
    if operation.decision == "accept":
        document, root = queries.RETURN_APPROVE, "returnApproveRequest"
        given: Row = {"id": operation.return_ref, "notifyCustomer": True}
    else:
        document, root = queries.RETURN_DECLINE, "returnDeclineRequest"
        reason = operation.reason_code if operation.reason_code in DECLINE_REASONS else "OTHER"
        given = {"id": operation.return_ref, "declineReason": reason, "declineNote": operation.text}
    _, receipt = client.mutate(document, {"input": given}, permit, root)
    return replace(receipt, reference=operation.return_ref)


def see_decision(client: Client, operation: DecideReturn, key: str, since: datetime | None = None) -> Sighting:
    status = one(client, queries.RETURN, "return", operation.return_ref)["status"]
    detail = f"the return stands as {status}"
    if status == "REQUESTED":
        return Sighting(Sight.ABSENT, operation.return_ref, detail)
    wanted = ("OPEN", "CLOSED") if operation.decision == "accept" else ("DECLINED",)
    return Sighting(Sight.SEEN if status in wanted else Sight.UNCLEAR, operation.return_ref, detail)


def arrange(client: Client, operation: ArrangeShipment, permit: Permit, key: str) -> Receipt:
    waiting = one(client, queries.FULFILLMENT_ORDERS, "order", operation.order_ref)["fulfillmentOrders"]["nodes"]
    refs = [row["id"] for row in waiting if row["status"] in SENDABLE]
    if not refs:
        raise Refused("nothing of this order waits to be sent", code="NOTHING_TO_FULFILL")
    fulfillment: Row = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": ref} for ref in refs],
        "notifyCustomer": True,
    }
    if operation.tracking_number or operation.carrier:
        fulfillment["trackingInfo"] = {"company": operation.carrier, "number": operation.tracking_number}
    payload, receipt = client.mutate(
        queries.FULFILLMENT_CREATE, {"fulfillment": fulfillment}, permit, "fulfillmentCreate"
    )
    return replace(receipt, reference=str((payload.get("fulfillment") or {}).get("id") or ""))


def see_shipment(client: Client, operation: ArrangeShipment, key: str, since: datetime | None = None) -> Sighting:
    order = one(client, queries.ORDER_STATE, "order", operation.order_ref)
    live = [row for row in order["fulfillments"] if row["status"] not in GONE]
    numbers = {tracking["number"]: row["id"] for row in live for tracking in row["trackingInfo"]}
    if operation.tracking_number:
        ref = numbers.get(operation.tracking_number)
        return Sighting(Sight.SEEN if ref else Sight.ABSENT, ref or "", f"tracking numbers seen: {sorted(numbers)}")
    is_sent = order["displayFulfillmentStatus"] == "FULFILLED"
    detail = f"the order stands as {order['displayFulfillmentStatus']}"
    return Sighting(Sight.SEEN if is_sent else Sight.ABSENT, live[0]["id"] if live else "", detail)
