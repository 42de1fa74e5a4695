"""What was paid and given back for an order."""

from collections.abc import Mapping
from typing import Any

from connectors.twin.market import FREE
from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.lines import good_of
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GATEWAY, REFUND_TRANSACTIONS, bag, gid, iso
from connectors.twin.world.trade import Charge, Order, Refund, Step


def financial_status(order: Order) -> str:
    if order.step == Step.UNPAID:
        return "PENDING"
    if order.total and order.refunded >= order.total:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if order.refunded else "PAID"


def transactions(order: Order, api: Any) -> list[Charge | Refund]:
    charge = api.market.charge_of(order)
    if order.step == Step.UNPAID or charge.index == FREE:
        return []
    return [charge, *api.market.refunds_of(charge)]


def suggested_refund(order: Order, arguments: Mapping[str, Any], api: Any) -> dict[str, Any]:
    charge = api.market.charge_of(order)
    left = 0 if charge.is_disputed else charge.amount - charge.refunded
    wanted = left
    if not arguments.get("suggestFullRefund"):
        lines = arguments.get("refundLineItems") or []
        places = {gid("LineItem", order.index * 10 + place): good for place, (good, _) in enumerate(order.lines)}
        prices = [
            api.market.goods[places[row["lineItemId"]]].price_usd * row["quantity"]
            for row in lines
            if row["lineItemId"] in places
        ]
        wanted = min(left, sum(prices))
    row = {
        "amountSet": bag(wanted), "maximumRefundableSet": bag(left), "gateway": GATEWAY, "formattedGateway": "Stripe",
        "kind": "SUGGESTED_REFUND", "parentTransaction": charge,
    }  # fmt: skip
    return {
        "amountSet": bag(wanted), "subtotalSet": bag(wanted), "totalTaxSet": bag(0), "maximumRefundableSet": bag(left),
        "suggestedTransactions": [row] if wanted else [],
    }  # fmt: skip


def transaction_number(row: Charge | Refund) -> int:
    return row.index + (REFUND_TRANSACTIONS if isinstance(row, Refund) else 0)


def _order_of(row: Charge | Refund, api: Any) -> Order:
    charge = api.market.charges[row.charge] if isinstance(row, Refund) else row
    order: Order = api.market.order("shopify", charge.order)
    return order


TRANSACTION: dict[str, Resolver] = {
    "id": lambda t, a, c: gid("OrderTransaction", transaction_number(t)),
    "kind": lambda t, a, c: "REFUND" if isinstance(t, Refund) else "SALE",
    "status": lambda t, a, c: "SUCCESS" if isinstance(t, Refund) or t.status == "succeeded" else "FAILURE",
    "errorCode": lambda t, a, c: None,
    "createdAt": lambda t, a, c: iso(t.created),
    "processedAt": lambda t, a, c: iso(t.created),
    "gateway": lambda t, a, c: GATEWAY,
    "formattedGateway": lambda t, a, c: "Stripe",
    "amountSet": lambda t, a, c: bag(t.amount),
    "parentTransaction": lambda t, a, c: c.market.charges[t.charge] if isinstance(t, Refund) else None,
    "order": lambda t, a, c: _order_of(t, c),
    "test": lambda t, a, c: False,
    "paymentId": lambda t, a, c: t.id,
}
REFUND: dict[str, Resolver] = {
    "id": lambda r, a, c: gid("Refund", r.index),
    "legacyResourceId": lambda r, a, c: str(FIRST["Refund"] + r.index),
    "note": lambda r, a, c: r.note or None,
    "createdAt": lambda r, a, c: iso(r.created),
    "updatedAt": lambda r, a, c: iso(r.created),
    "totalRefundedSet": lambda r, a, c: bag(r.amount),
    "order": lambda r, a, c: _order_of(r, c),
    "transactions": lambda r, a, c: slice_of([r], a),
    "refundLineItems": lambda r, a, c: slice_of([(_order_of(r, c), place, count) for place, count in r.lines], a),
}
REFUND_LINE: dict[str, Resolver] = {
    "id": lambda x, a, c: None,
    "lineItem": lambda x, a, c: (x[0], x[1]),
    "quantity": lambda x, a, c: x[2],
    "restockType": lambda x, a, c: "NO_RESTOCK",
    "subtotalSet": lambda x, a, c: bag(good_of(x, c).price_usd * x[2]),
}
