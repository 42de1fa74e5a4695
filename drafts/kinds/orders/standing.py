"""Where an order stands, as decisions about it rest on it. Each kind binds to as much of it as it needs."""

from decimal import Decimal

from connectors.types import Order, OrderStatus
from drafts.kinds.base import Facts, amount_in, text_of

OPEN = (OrderStatus.UNPAID, OrderStatus.ON_HOLD, OrderStatus.TO_SHIP)
GONE = (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.RETURNING)
CLOSED = {
    OrderStatus.PACKED: "is packed, and its courier booked: call the hand-over off first",
    OrderStatus.CANCEL_ASKED: "waits for an answer to the buyer's request to cancel; answer that first",
}


def state(order: Order) -> Facts:
    """Number and status."""
    return {"number": order.number, "status": str(order.status)}


def account(order: Order) -> Facts:
    """Whose it is and what it holds; not where it is on its way, which changes nothing about the money."""
    return {
        "number": order.number,
        "currency": order.currency,
        "total": text_of(order.total),
        "refunded": text_of(order.refunded),
        "customer_ref": order.customer_ref,
    }


def standing(order: Order) -> Facts:
    """Number, status, money, and of each line the units that are the buyer's, its SKU and its price."""
    return {
        **state(order),
        **account(order),
        "lines": {
            line.external_id: line.quantity - line.cancelled_quantity - line.returned_quantity for line in order.lines
        },
        "skus": {line.external_id: line.sku for line in order.lines},
        "prices": {line.external_id: text_of(line.unit_price) for line in order.lines},
    }


def said(facts: Facts) -> str:
    """The status in plain words."""
    return str(facts["status"]).replace("_", " ")


def not_open(facts: Facts) -> list[str]:
    """Why an order cannot be changed any more; empty while it can."""
    if facts["status"] in OPEN:
        return []
    words = CLOSED.get(facts["status"], f"is {said(facts)}; it can no longer be changed")
    return [f"order {facts['number']} {words}"]


def left_of(facts: Facts) -> Decimal | None:
    """What of an order's total has not gone back; None where the channel does not say."""
    total, refunded = amount_in(facts, "total"), amount_in(facts, "refunded")
    return None if total is None else total - (refunded or Decimal(0))


def over_left(amount: Decimal, currency: str, facts: Facts) -> list[str]:
    """Why an amount cannot be given on an order: another currency, an unknown total, or more than is left of it."""
    number, left = facts["number"], left_of(facts)
    if currency != facts["currency"]:
        return [f"order {number} is in {facts['currency']}, not {currency}"]
    if left is None:
        return [f"the total of order {number} is not known; read it again"]
    return [f"{amount} is more than the {left} {currency} that order {number} still holds"] if amount > left else []
