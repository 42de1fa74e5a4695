"""Cancelling an order, and answering a buyer who wants to cancel one."""

from datetime import datetime

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import AnswerCancellation, CancelOrder
from connectors.shops.marketplaces.tiktok_shop.client import Client, written
from connectors.shops.marketplaces.tiktok_shop.parse.order import grouped, is_cancelled
from connectors.shops.marketplaces.tiktok_shop.reads import aftersale, orders
from connectors.shops.reading import Row, moment
from connectors.types import Receipt, Sight, Sighting

CANCELLATIONS = "/return_refund/202309/cancellations"
# Reasons a seller may give, before payment and after it (Partner API, "Cancel reasons").
REASONS = {
    "out_of_stock": ("seller_cancel_unpaid_reason_out_of_stock", "seller_cancel_reason_out_of_stock"),
    "customer_request": (
        "seller_cancel_unpaid_reason_buyer_requested_cancellation",
        "seller_cancel_paid_reason_buyer_requested_cancellation",
    ),
    "undeliverable": ("", "seller_cancel_paid_reason_address_not_deliver"),
}
BRITISH = "_uk"  # the same reasons have names of their own in the United Kingdom
PARTIAL_COUNTRIES = frozenset({"US", "GB"})
DONE = frozenset({"CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"})
PACKED, ON_SCHEDULE = "has_been_packed", "reject_reason_delivered"  # parts of the reasons' names
CANCELLABLE = frozenset({"UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"})


def cancel(client: Client, operation: CancelOrder, permit: Permit) -> Receipt:
    """TikTok Shop keeps no key for this call: the order's own state shows whether it was done."""
    order = orders.one_order(client, operation.order_ref)
    body: Row = {"order_id": operation.order_ref, "cancel_reason": _reason(client, operation, order)}
    units = _units(order, operation)
    if units:
        body["order_line_item_ids"] = _partial(client, operation, units)
    answer = client.write(CANCELLATIONS, body, permit)
    said = written(answer)
    reference = str(said.get("cancel_id") or operation.order_ref)
    return client.receipt(answer, reference, is_final=said.get("cancel_status") in DONE)


def _reason(client: Client, operation: CancelOrder, order: Row) -> str:
    unpaid, paid = REASONS.get(operation.reason, ("", ""))
    name = unpaid if order["status"] == "UNPAID" else paid
    if not name:
        raise CannotDo(
            f"TikTok Shop takes no cancellation of an order that is {order['status']} for the reason"
            f" {operation.reason!r}; cancel it by hand with one of its own reasons"
        )
    return name + BRITISH if client.account.country == "GB" else name


def _units(order: Row, operation: CancelOrder) -> list[str]:
    """Ids of the units to cancel; none for the whole order. Raises Refused for more units than the order holds."""
    lines = grouped(order["line_items"])
    chosen: list[str] = []
    for line_ref, quantity in operation.lines:
        standing = [unit["id"] for unit in lines.get(line_ref, []) if not is_cancelled(unit)]
        if quantity > len(standing):
            raise Refused(f"the order holds {len(standing)} of {line_ref} to cancel, not {quantity}", code="quantity")
        chosen += standing[:quantity]
    everything = [unit["id"] for units in lines.values() for unit in units if not is_cancelled(unit)]
    return [] if set(chosen) == set(everything) else chosen


def _partial(client: Client, operation: CancelOrder, units: list[str]) -> list[str]:
    if client.account.country not in PARTIAL_COUNTRIES or operation.reason != "out_of_stock":
        raise CannotDo(
            "TikTok Shop cancels a part of an order only in the US and the UK, and only what is out of stock;"
            " cancel the whole order or do it by hand"
        )
    return units


def see_cancel(client: Client, operation: CancelOrder, since: datetime) -> Sighting:
    order = orders.one_order(client, operation.order_ref)
    status, ref = order["status"], operation.order_ref
    if status == "CANCELLED":
        return Sighting(Sight.SEEN, ref, "the order is cancelled")
    lines = grouped(order["line_items"])
    gone = {line_ref: sum(map(is_cancelled, units)) for line_ref, units in lines.items()}
    if operation.lines and all(gone.get(line_ref, 0) >= quantity for line_ref, quantity in operation.lines):
        return Sighting(Sight.SEEN, ref, f"the lines' cancelled units are {gone}")
    if orders.pending(client, [ref]):
        return Sighting(Sight.UNCLEAR, ref, "a cancellation of the order waits for a decision")
    return Sighting(Sight.ABSENT, ref, f"the order stands as {status}")


def answer(client: Client, operation: AnswerCancellation, permit: Permit) -> Receipt:
    """The key goes along; how long TikTok Shop keeps it is not told, so the order's state is what proves it."""
    case = orders.pending(client, [operation.order_ref]).get(operation.order_ref)
    if case is None:
        raise Refused(f"no request to cancel order {operation.order_ref} waits for an answer", code="no_request")
    cancel_id = str(case["cancel_id"])
    body = {} if operation.is_accepted else {"reject_reason": _ground(client, operation.order_ref, cancel_id)}
    verb = "approve" if operation.is_accepted else "reject"
    sent = client.write(f"{CANCELLATIONS}/{cancel_id}/{verb}", body, permit, key=permit.key)
    return client.receipt(sent, cancel_id)


def _ground(client: Client, order_ref: str, cancel_id: str) -> str:
    """A true ground among those that TikTok Shop offers: the goods are packed, or they will leave in time."""
    order = orders.one_order(client, order_ref)
    offered = [reason.code for reason in aftersale.refusal_reasons(client, cancel_id)]
    due = moment(order.get("rts_sla_time"))
    if order["status"] == "AWAITING_COLLECTION":
        wanted: tuple[str, ...] = (PACKED, ON_SCHEDULE)
    elif due is not None and client.clock() < due:
        wanted = (ON_SCHEDULE,)
    else:
        raise Refused("the order is late and not packed: no ground to refuse its cancellation is true", code="ground")
    for name in wanted:
        for code in offered:
            if name in code:
                return code
    raise Refused(f"none of the grounds that TikTok Shop offers is true here: {offered}", code="ground")


def see_answer(client: Client, operation: AnswerCancellation, since: datetime) -> Sighting:
    ref = operation.order_ref
    if orders.pending(client, [ref]):
        return Sighting(Sight.ABSENT, ref, "the buyer's request still waits for an answer")
    status = orders.one_order(client, ref)["status"]
    was_accepted = status == "CANCELLED"
    sight = Sight.SEEN if was_accepted == operation.is_accepted else Sight.UNCLEAR
    return Sighting(sight, ref, f"no request waits any more, and the order stands as {status}")
