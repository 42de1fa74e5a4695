"""Cancelling: what the seller does by themselves, and buyers' requests that wait for an answer."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import CHANNEL, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.grounds import CANCEL, ground
from connectors.twin.wire.tiktok_shop.orders import UNIT, UNITS_APART
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, money, sliced, text, whole
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Step

ANSWER_TIME = 2 * DAY  # to answer a request to cancel
SELLER_REASONS = ("out_of_stock", "wrong_price", "address_not_deliver", "buyer_requested_cancellation", "hasnt_paid")
PARTIAL_COUNTRIES = ("US", "GB")


def search_cancellations(api: TikTokShop, call: Call) -> dict[str, Any]:
    low, high = whole(call.body, "update_time_ge", 0), whole(call.body, "update_time_lt", 1 << 40) - 1
    numbers, statuses = call.body.get("order_ids"), call.body.get("cancel_status")
    if numbers is not None:
        orders = [order for number in numbers if (order := api.market.find(api.kind, number)) is not None]
    else:
        begin, end = api.book.changed(low, min(high, api.market.now))
        orders = [api.book.at(place)[1] for place in range(begin, end)]
    found = [
        order for order in orders
        if order.step in (Step.CANCEL_ASKED, Step.CANCELLED) and low <= order.updated <= high
        and (not statuses or _cancel_status(order) in statuses)
    ]  # fmt: skip
    page, following = sliced(found, call.query, size=10, low=1, high=50)
    return {
        "cancellations": [_cancellation(api, order) for order in page], "total_count": len(found),
        "next_page_token": following,
    }  # fmt: skip


def _cancel_status(order: Order) -> str:
    return "CANCELLATION_REQUEST_PENDING" if order.step == Step.CANCEL_ASKED else "CANCELLATION_REQUEST_COMPLETE"


def _cancellation(api: TikTokShop, order: Order) -> dict[str, Any]:
    is_asked = order.step == Step.CANCEL_ASKED
    role = "BUYER" if is_asked else (order.cancel_by or "system").upper()
    steps = [{"action": "SELLER_RESPOND_CANCEL", "deadline": order.updated + ANSWER_TIME}] if is_asked else []
    return {
        "cancel_id": str(CANCEL + order.index), "order_id": order.number,
        "cancel_type": "BUYER_CANCEL" if role == "BUYER" else "CANCEL", "cancel_status": _cancel_status(order),
        "role": role, "cancel_reason": "ecom_order_to_ship_canceled_reason_no_longer_needed",
        "cancel_reason_text": order.cancel_reason or "No longer needed", "create_time": order.updated,
        "update_time": order.updated, "seller_next_action_response": steps,
        "refund_amount": {"currency": CHANNEL.currency, "refund_total": money(order.total)},
    }  # fmt: skip


def cancel(api: TikTokShop, call: Call) -> dict[str, Any]:
    order, reason = api.order(text(call.body, "order_id")), text(call.body, "cancel_reason")
    if not any(name in reason for name in SELLER_REASONS) or not reason.startswith("seller_cancel"):
        raise TikTokError(25001015, "The provided return reason cannot be used by the seller.")
    if ("unpaid" in reason) != (order.step == Step.UNPAID):
        raise TikTokError(25001021, "Reason not match order status")
    if order.step in (Step.SHIPPED, Step.DELIVERED, Step.COMPLETED, Step.RETURNING):
        raise TikTokError(25001045, "The order has already been shipped and we are unable to cancel shipment.")
    places = _places(api, order, call.body.get("order_line_item_ids") or [], reason)
    deeds.cancel(api.market, order, order.number, reason, pulled=places)
    return {"cancel_id": str(CANCEL + order.index), "cancel_status": "CANCELLATION_REQUEST_SUCCESS"}


def _places(api: TikTokShop, order: Order, wanted: list[str], reason: str) -> tuple[int, ...]:
    """Whole lines only: the market does not split one."""
    lines: list[set[str]] = []
    number = UNIT + order.index * UNITS_APART
    for _, quantity in order.lines:
        lines.append({str(number + unit) for unit in range(quantity)})
        number += quantity
    places = tuple(place for place, ids in enumerate(lines) if ids & set(wanted))
    if wanted and {unit for place in places for unit in lines[place]} != set(wanted):
        raise TikTokError(25005010, "Unable to cancel individual line items within this request.")
    if wanted and (api.region not in PARTIAL_COUNTRIES or "out_of_stock" not in reason):
        raise TikTokError(25005010, "Unable to cancel individual line items within this request.")
    return places


def _asked(api: TikTokShop, call: Call) -> Order:
    index = int(call.ids[0]) - CANCEL
    if not 0 <= index < len(api.book.orders):
        raise TikTokError(25007006, "Order not found.")
    order = api.book.orders[index]
    if order.step == Step.CANCELLED:
        raise TikTokError(25020009, "reverse already cancelled")
    return order


def approve_cancellation(api: TikTokShop, call: Call) -> dict[str, Any]:
    order = _asked(api, call)
    deeds.answer_cancellation(api.market, order, order.number, True)
    return {}


def reject_cancellation(api: TikTokShop, call: Call) -> dict[str, Any]:
    order = _asked(api, call)
    ground(call, "cancel")
    deeds.answer_cancellation(api.market, order, order.number, False)
    return {}


BASE = "/return_refund/202309/cancellations"
ROUTES = {
    f"POST {BASE}/search": Route(search_cancellations),
    f"POST {BASE}": Route(cancel),
    f"POST {BASE}/{{}}/approve": Route(approve_cancellation, keeps_key=True),
    f"POST {BASE}/{{}}/reject": Route(reject_cancellation, keeps_key=True),
}
