"""Where an order stands, as decisions about it rest on it."""

from decimal import Decimal

from connectors.types import Order, OrderStatus
from drafts.kinds.base import Facts, amount_in, text_of

OPEN = (OrderStatus.UNPAID, OrderStatus.ON_HOLD, OrderStatus.TO_SHIP, OrderStatus.PACKED)
GONE = (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.RETURNING)


def standing(order: Order) -> Facts:
    """Number, status, money and open units of each line."""
    return {
        "number": order.number,
        "status": str(order.status),
        "currency": order.currency,
        "total": text_of(order.total),
        "refunded": text_of(order.refunded),
        "customer_ref": order.customer_ref,
        "lines": {line.external_id: line.quantity - line.cancelled_quantity for line in order.lines},
        "skus": {line.external_id: line.sku for line in order.lines},
        "prices": {line.external_id: text_of(line.unit_price) for line in order.lines},
    }


def not_open(facts: Facts) -> list[str]:
    """Why an order cannot be changed any more; empty while it can."""
    if facts["status"] in OPEN:
        return []
    said = "waits for an answer to the buyer's request to cancel"
    words = said if facts["status"] == OrderStatus.CANCEL_ASKED else f"is {facts['status'].replace('_', ' ')}"
    return [f"order {facts['number']} {words}; it can no longer be changed"]


def left_of(facts: Facts) -> Decimal | None:
    """What of an order's total has not gone back; None where the channel does not say."""
    total, refunded = amount_in(facts, "total"), amount_in(facts, "refunded")
    return None if total is None else total - (refunded or Decimal(0))
