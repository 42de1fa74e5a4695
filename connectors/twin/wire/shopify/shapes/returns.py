"""Returns as Shopify tells them."""

from dataclasses import replace
from typing import Any

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import GID, bag, gid, iso
from connectors.twin.world.trade import Order, Return

RETURN_STATUS = {
    "REQUESTED": "REQUESTED", "PROCESSING": "REQUESTED", "ACCEPTED": "OPEN", "JUDGING": "DECLINED",
    "DECLINED": "DECLINED", "CLOSED": "CLOSED", "CANCELLED": "CANCELED",
}  # fmt: skip
REASONS = {
    "NOT_RECEIPT": "UNKNOWN", "ITEM_DAMAGED": "DEFECTIVE", "CHANGE_MIND": "UNWANTED", "WRONG_ITEM": "WRONG_ITEM",
    "FUNCTIONAL_DMG": "DEFECTIVE", "DIFFERENT_DESCRIPTION": "NOT_AS_DESCRIBED",
}  # fmt: skip


def return_status(order: Order, api: Any) -> str:
    rows = api.market.returns_of_order.get(("shopify", order.index))
    if not rows:
        return "NO_RETURN"
    states = {RETURN_STATUS[row.status] for row in rows}
    for state, said in (("REQUESTED", "RETURN_REQUESTED"), ("OPEN", "IN_PROGRESS"), ("CLOSED", "RETURNED")):
        if state in states:
            return said
    return "NO_RETURN"


def returns_of(order: Order, api: Any) -> list[Return]:
    rows: list[Return] = api.market.returns_of_order.get(("shopify", order.index), [])
    return rows


def lines_of(row: Return, api: Any) -> list[Return]:
    """A row for each line that comes back: an exchange may take several."""
    swapped = api.market.changes.exchanges.get(row.index)
    if swapped is None:
        return [row]
    return [replace(row, line=place, quantity=units) for place, units in swapped.taken]


def _returned_line(row: Return, api: Any) -> tuple[Order, int]:
    return api.market.order("shopify", row.order), row.line


RETURN: dict[str, Resolver] = {
    "id": lambda r, a, c: gid("Return", r.index),
    "name": lambda r, a, c: f"{c.market.order('shopify', r.order).number}-R1",
    "status": lambda r, a, c: RETURN_STATUS[r.status],
    "createdAt": lambda r, a, c: iso(r.created),
    "closedAt": lambda r, a, c: iso(r.updated) if r.status == "CLOSED" else None,
    "requestApprovedAt": lambda r, a, c: iso(r.updated) if r.status in ("ACCEPTED", "CLOSED") else None,
    "totalQuantity": lambda r, a, c: sum(row.quantity for row in lines_of(r, c)),
    "order": lambda r, a, c: c.market.order("shopify", r.order),
    "decline": lambda r, a, c: r.decline or None,
    "returnLineItems": lambda r, a, c: slice_of(lines_of(r, c), a),
    "refunds": lambda r, a, c: slice_of([row for row in c.market.refunds if row.return_index == r.index], a),
}
RETURN_LINE: dict[str, Resolver] = {
    "id": lambda r, a, c: gid("ReturnLineItem", r.index * 10 + r.line),
    "quantity": lambda r, a, c: r.quantity,
    "customerNote": lambda r, a, c: r.text,
    "returnReasonNote": lambda r, a, c: r.text,
    "returnReason": lambda r, a, c: REASONS.get(r.reason, "OTHER"),
    "returnReasonDefinition": lambda r, a, c: {
        "id": f"{GID}ReturnReasonDefinition/{REASONS.get(r.reason, 'OTHER')}", "deleted": False,
        "handle": REASONS.get(r.reason, "OTHER").lower(),
        "name": REASONS.get(r.reason, "OTHER").replace("_", " ").title(),
    },
    "refundableQuantity": lambda r, a, c: r.quantity,
    "refundedQuantity": lambda r, a, c: r.quantity if r.status == "CLOSED" else 0,
    "processedQuantity": lambda r, a, c: r.quantity if r.status == "CLOSED" else 0,
    "unprocessedQuantity": lambda r, a, c: 0 if r.status == "CLOSED" else r.quantity,
    "fulfillmentLineItem": lambda r, a, c: {
        "id": gid("FulfillmentLineItem", r.order * 10 + r.line), "lineItem": _returned_line(r, c),
        "quantity": r.quantity,
    },
    "withCodeDiscountedTotalPriceSet": lambda r, a, c: bag(r.amount),
}  # fmt: skip
