"""An order as Shopify tells it."""

from typing import Any

from connectors.twin.deeds.changes import goes_to
from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.fulfilment import hold_of
from connectors.twin.wire.shopify.shapes.lines import has_fulfillment, line_items
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.payments import financial_status, suggested_refund, transactions
from connectors.twin.wire.shopify.shapes.returns import return_status, returns_of
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GATEWAY, bag, gid, iso
from connectors.twin.world.trade import Order, Step

CANCEL_REASON: dict[str, str] = {
    "CUSTOMER_REQUEST": "CUSTOMER", "CUSTOMER": "CUSTOMER", "INVENTORY": "INVENTORY", "FRAUD": "FRAUD",
    "STAFF": "STAFF", "DECLINED": "DECLINED",
}  # fmt: skip
SAFE: dict[str, Any] = {"recommendation": "ACCEPT", "assessments": [{"riskLevel": "LOW"}]}
RISKY: dict[str, Any] = {"recommendation": "INVESTIGATE", "assessments": [{"riskLevel": "HIGH"}]}


def current_total(order: Order, api: Any) -> int:
    """What the order comes to now; the total stays what it was ordered for."""
    if order.cancelled:
        return 0
    if (order.channel, order.index) not in api.market.changes.originals:
        return order.total
    return sum(api.market.goods[good].price_usd * units for good, units in order.lines)


def outstanding(order: Order, api: Any) -> int:
    paid = 0 if order.step == Step.UNPAID else order.total - order.refunded
    return max(0, current_total(order, api) - paid) if not order.refunded else 0


def fulfillment_status(order: Order, api: Any) -> str:
    if hold_of(order, api) is not None:
        return "ON_HOLD"
    if order.step == Step.CANCELLED or not order.packed:
        return "UNFULFILLED"
    return "FULFILLED" if has_fulfillment(order) else "IN_PROGRESS"


ORDER: dict[str, Resolver] = {
    "id": lambda o, a, c: gid("Order", o.index),
    "legacyResourceId": lambda o, a, c: str(FIRST["Order"] + o.index),
    "name": lambda o, a, c: o.number,
    "createdAt": lambda o, a, c: iso(o.created),
    "updatedAt": lambda o, a, c: iso(o.updated),
    "processedAt": lambda o, a, c: iso(o.created),
    "cancelledAt": lambda o, a, c: iso(o.cancelled),
    "cancelReason": lambda o, a, c: CANCEL_REASON.get(o.cancel_reason, "OTHER") if o.cancelled else None,
    "closedAt": lambda o, a, c: iso(o.updated) if o.step == Step.COMPLETED else None,
    "currencyCode": lambda o, a, c: "USD",
    "presentmentCurrencyCode": lambda o, a, c: "USD",
    "displayFinancialStatus": lambda o, a, c: financial_status(o),
    "displayFulfillmentStatus": lambda o, a, c: fulfillment_status(o, c),
    "returnStatus": lambda o, a, c: return_status(o, c),
    "totalPriceSet": lambda o, a, c: bag(o.total),
    "currentTotalPriceSet": lambda o, a, c: bag(current_total(o, c)),
    "subtotalPriceSet": lambda o, a, c: bag(o.total),
    "totalRefundedSet": lambda o, a, c: bag(o.refunded),
    "totalReceivedSet": lambda o, a, c: bag(o.total),
    "netPaymentSet": lambda o, a, c: bag(o.total - o.refunded),
    "totalOutstandingSet": lambda o, a, c: bag(outstanding(o, c)),
    "totalTaxSet": lambda o, a, c: bag(0),
    "totalShippingPriceSet": lambda o, a, c: bag(0),
    "email": lambda o, a, c: c.market.buyer(o).email,
    "phone": lambda o, a, c: c.market.buyer(o).phone,
    "note": lambda o, a, c: None,
    "tags": lambda o, a, c: [],
    "test": lambda o, a, c: False,
    "confirmed": lambda o, a, c: True,
    "fullyPaid": lambda o, a, c: not outstanding(o, c),
    "unpaid": lambda o, a, c: o.step == Step.UNPAID,
    "sourceName": lambda o, a, c: "web",
    "paymentGatewayNames": lambda o, a, c: [GATEWAY],
    "refundable": lambda o, a, c: o.refunded < o.total,
    "customer": lambda o, a, c: c.market.buyer(o),
    "shippingAddress": lambda o, a, c: goes_to(c.market, o),
    "billingAddress": lambda o, a, c: c.market.buyer(o),
    "risk": lambda o, a, c: RISKY if o.is_risky else SAFE,
    "disputes": lambda o, a, c: [],
    "lineItems": lambda o, a, c: slice_of(line_items(o), a),
    "transactions": lambda o, a, c: transactions(o, c)[: a.get("first")],
    "refunds": lambda o, a, c: c.market.refunds_of(c.market.charge_of(o))[: a.get("first")],
    "fulfillments": lambda o, a, c: [o] if has_fulfillment(o) else [],
    "fulfillmentOrders": lambda o, a, c: slice_of([o], a),
    "returns": lambda o, a, c: slice_of(returns_of(o, c), a),
    "suggestedRefund": lambda o, a, c: suggested_refund(o, a, c),
}
