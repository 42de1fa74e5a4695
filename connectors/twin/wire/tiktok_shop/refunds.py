"""Refunds that the seller opens for the buyer, in the countries that let them."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import CHANNEL, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.grounds import RETURN
from connectors.twin.wire.tiktok_shop.orders import SKU, UNIT, UNITS_APART
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, minor_of, text
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Return, Step

COUNTRIES = ("US", "GB", "ID")


def _refusal(api: TikTokShop, order: Order) -> tuple[int, str] | None:
    """Why the seller may open no refund on this order; None where it may."""
    if api.region not in COUNTRIES:
        return 25001003, "refunds by the seller are not supported in this market"
    if order.step not in (Step.SHIPPED, Step.DELIVERED):
        return 25001003, "invalid order status"
    if any(row.status == "REQUESTED" for row in api.market.returns_of_order.get((api.kind, order.index), ())):
        return 25001011, "a return request is already in process"
    return None


def eligibility(api: TikTokShop, call: Call) -> dict[str, Any]:
    order = api.order(call.ids[0])
    why, number = _refusal(api, order), UNIT + order.index * UNITS_APART
    rows = []
    for good, quantity in order.lines:
        told: dict[str, Any] = {
            "request_type": "REFUND", "eligible": why is None,
            "order_line_items_ids": [str(number + unit) for unit in range(quantity)],
        }  # fmt: skip
        if why is not None:
            told |= {"ineligible_code": why[0], "ineligible_reason": why[1]}
        rows.append({"sku_id": str(SKU + good), "line_item_eligibility": [told]})
        number += quantity
    return {"sku_eligibility": rows}


def open_return(api: TikTokShop, call: Call) -> dict[str, Any]:
    """A refund that the seller opens for the buyer waits for the seller's own approval."""
    order, reason = api.order(text(call.body, "order_id")), text(call.body, "return_reason")
    why = _refusal(api, order)
    if why is not None:
        raise TikTokError(*why)
    is_moving = order.step == Step.SHIPPED
    fits = reason.startswith("seller_" if is_moving else "ecom_order_delivered_") and (is_moving or "_seller" in reason)
    if not fits:
        raise TikTokError(25001021, "Reason not match order status")
    if text(call.body, "return_type") != "REFUND" or text(call.body, "currency") != CHANNEL.currency:
        raise TikTokError(25001001, "An invalid request parameter was passed.")
    minor, market = minor_of(text(call.body, "refund_total")), api.market
    if not 0 < minor <= order.total - order.refunded:
        raise TikTokError(25005005, "Refund total amount is larger than the refundable amount.")
    row = Return(len(market.returns), api.kind, order.index, 0, 1, minor, market.now, market.now, "NOT_RECEIPT", reason)
    row.due = market.now + 2 * DAY
    market.returns.append(row)
    market.returns_of_order.setdefault((api.kind, order.index), []).append(row)
    api.opened.add(row.index)
    reference = str(RETURN + row.index)
    market.effects.append(
        market.now, api.kind, "open_refund", subject=order.number, reference=reference, reason=reason,
        key=call.query.get("idempotency_key", ""), amount=deeds.amount(minor), currency=CHANNEL.currency,
    )  # fmt: skip
    return {"return_id": reference, "return_status": "RETURN_OR_REFUND_REQUEST_PENDING"}


ROUTES = {
    "GET /return_refund/202309/orders/{}/aftersale_eligibility": Route(eligibility),
    "POST /return_refund/202309/returns": Route(open_return, keeps_key=True),
}
