"""After-sales: requests to cancel, returns with their steps, evidence, and refunds that the seller opens."""

import hashlib
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import (
    CHANNEL,
    Call,
    Route,
    TikTokError,
    TikTokShop,
    money,
    sliced,
    text,
    whole,
)
from connectors.twin.wire.tiktok_shop.orders import SKU, UNIT, UNITS_APART
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Return, Step

CANCEL, RETURN = 4_035_000_000_000_000_000, 4_036_000_000_000_000_000
ANSWER_TIME = 2 * DAY  # to answer a request to cancel
SELLER_REASONS = ("out_of_stock", "wrong_price", "address_not_deliver", "buyer_requested_cancellation", "hasnt_paid")
PARTIAL_COUNTRIES = ("US", "GB")
REFUNDING_COUNTRIES = ("US", "GB", "ID")  # where the seller may open a refund for the buyer
GROUNDS = {
    "cancel": {
        "order_manage_list_action_respond_popup_reject_reason_delivered": "Product delivery is on schedule",
        "order_manage_list_action_respond_popup_reject_reason_buyer_agree": "Reached an agreement with the buyer",
        "seller_reject_apply_product_has_been_packed": "Product has been packed",
    },
    "return": {
        "reverse_reject_request_reason_2": "Change of mind returns are not applicable",
        "reverse_reject_request_reason_4": "Product delivery is on schedule",
        "seller_reject_apply_item_is_correct": "Item is correct",
        "seller_reject_apply_reason_is_unclear_or_lack_of_evidence": "Reason is unclear or lack of evidence",
        "seller_reject_apply_package_was_delivered": "The parcel was delivered",
    },
}
REASON = "ecom_order_delivered_refund_and_return_reason_"
REFUND_REASONS = {
    "NOT_RECEIPT": ("ecom_order_delivered_refund_reason_not_received", "Package wasn't received"),
    "ITEM_DAMAGED": (f"{REASON}damaged", "Package or product is damaged"),
    "CHANGE_MIND": (f"{REASON}no_need", "No longer needed"),
    "WRONG_ITEM": (f"{REASON}wrong_product", "Wrong product was sent"),
    "DIFFERENT_DESCRIPTION": (f"{REASON}not_match", "Product doesn't match description"),
}
FUNCTIONAL = (f"{REASON}defective", "Product is defective or doesn't work")


def _minor(value: object) -> int:
    try:
        return int(Decimal(str(value)) * 100)
    except InvalidOperation as error:
        raise TikTokError(25001001, f"Invalid parameters: {value!r} is no amount.") from error


# -- cancellations --------------------------------------------------------------------------------------------------


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
    _ground(call, "cancel")
    deeds.answer_cancellation(api.market, order, order.number, False)
    return {}


# -- returns ----------------------------------------------------------------------------------------------------------


def _is_refund_only(row: Return) -> bool:
    return row.reason == "NOT_RECEIPT"


def _status(api: TikTokShop, row: Return) -> str:
    """The market keeps Shopee's words."""
    if row.status == "PROCESSING":
        return "AWAITING_BUYER_RESPONSE" if row.offer else "BUYER_SHIPPED_ITEM"
    if row.status == "ACCEPTED":
        is_paid = _is_refund_only(row) or row.index in api.opened
        return "RETURN_OR_REFUND_REQUEST_SUCCESS" if is_paid else "AWAITING_BUYER_SHIP"
    return {
        "REQUESTED": "RETURN_OR_REFUND_REQUEST_PENDING", "CLOSED": "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "CANCELLED": "RETURN_OR_REFUND_REQUEST_CANCEL",
    }.get(row.status, "REFUND_OR_RETURN_REQUEST_REJECT")  # fmt: skip


def _step(api: TikTokShop, row: Return) -> str:
    """What TikTok Shop waits for from the seller; empty for nothing."""
    status = _status(api, row)
    if status == "RETURN_OR_REFUND_REQUEST_PENDING":
        only = _is_refund_only(row) or row.index in api.opened
        return "SELLER_RESPOND_REFUND" if only else "SELLER_RESPOND_RETURN"
    return "SELLER_RESPOND_RECEIVE_PACKAGE" if status == "BUYER_SHIPPED_ITEM" else ""


def search_returns(api: TikTokShop, call: Call) -> dict[str, Any]:
    low, high = whole(call.body, "update_time_ge", 0), whole(call.body, "update_time_lt", 1 << 40) - 1
    ids, numbers = call.body.get("return_ids"), call.body.get("order_ids")
    statuses = call.body.get("return_status")
    found = [
        row for row in api.market.returns
        if row.channel == api.kind and low <= row.updated <= high
        and (ids is None or str(RETURN + row.index) in ids)
        and (numbers is None or api.book.orders[row.order].number in numbers)
        and (not statuses or _status(api, row) in statuses)
    ]  # fmt: skip
    found.sort(key=lambda row: row.updated if call.query.get("sort_field") == "update_time" else row.created)
    page, following = sliced(found, call.query, size=10, low=10, high=50)
    return {
        "return_orders": [_return(api, row) for row in page], "total_count": len(found), "next_page_token": following,
    }  # fmt: skip


def _return(api: TikTokShop, row: Return) -> dict[str, Any]:
    order, step = api.book.orders[row.order], _step(api, row)
    good, first = order.lines[row.line][0], UNIT + order.index * UNITS_APART
    before = sum(quantity for _, quantity in order.lines[: row.line])
    code, words = REFUND_REASONS.get(row.reason, FUNCTIONAL)
    told: dict[str, Any] = {
        "return_id": str(RETURN + row.index), "order_id": order.number, "return_status": _status(api, row),
        "return_type": "REFUND" if _is_refund_only(row) or row.index in api.opened else "RETURN_AND_REFUND",
        "role": "SELLER" if row.index in api.opened else "BUYER", "return_reason": code, "return_reason_text": words,
        "create_time": row.created, "update_time": row.updated, "can_buyer_keep_item": False,
        "seller_next_action_response": [{"action": step, "deadline": row.due}] if step else [],
        "refund_amount": {"currency": CHANNEL.currency, "refund_total": money(row.amount)},
        "return_line_items": [
            {
                "return_line_item_id": str(RETURN + row.index * 100 + unit), "sku_id": str(SKU + good),
                "order_line_item_id": str(first + before + unit), "sku_name": "",
                "product_name": api.market.goods[good].title, "seller_sku": api.market.goods[good].sku,
            }
            for unit in range(row.quantity)
        ],
    }  # fmt: skip
    if row.offer:
        told["partial_refund"] = {"currency": CHANNEL.currency, "amount": money(row.offer)}
        told["seller_proposed_return_type"] = "PARTIAL_REFUND"
    if row.status == "JUDGING":
        told["arbitration_status"] = "IN_PROGRESS"
    return told


def _find(api: TikTokShop, ref: str) -> Return:
    index = int(ref) - RETURN
    if not 0 <= index < len(api.market.returns) or api.market.returns[index].channel != api.kind:
        raise TikTokError(25007006, "Order not found.")
    return api.market.returns[index]


def records(api: TikTokShop, call: Call) -> dict[str, Any]:
    row = _find(api, call.ids[0])
    images = [
        {"url": f"https://p16-oec.example/proof/{row.index}-{number}", "width": 800, "height": 800}
        for number in range(row.photos)
    ]
    role = "Seller" if row.index in api.opened else "Buyer"
    told: dict[str, Any] = {
        "event": "ORDER_RETURN", "role": role, "description": "A return was asked for", "note": row.text,
        "reason_text": REFUND_REASONS.get(row.reason, FUNCTIONAL)[1], "images": images, "create_time": row.created,
    }  # fmt: skip
    return {"records": [told]}


def reject_reasons(api: TikTokShop, call: Call) -> dict[str, Any]:
    number = int(text(call.query, "return_or_cancel_id"))
    kind = "cancel" if number < RETURN else "return"
    if kind == "return":
        _find(api, str(number))
    return {"reasons": [{"name": name, "text": words} for name, words in GROUNDS[kind].items()]}


def _ground(call: Call, kind: str) -> str:
    reason = text(call.body, "reject_reason")
    if reason not in GROUNDS[kind]:
        raise TikTokError(25001014, "Unknown return reason. Please ensure you are passing a valid return reason.")
    return reason


def approve(api: TikTokShop, call: Call) -> dict[str, Any]:
    row, decision = _find(api, call.ids[0]), text(call.body, "decision")
    reference = str(RETURN + row.index)
    _check_step(api, row, {
        "SELLER_RESPOND_REFUND": ("APPROVE_REFUND", "OFFER_PARTIAL_REFUND"),
        "SELLER_RESPOND_RETURN": ("APPROVE_RETURN", "OFFER_PARTIAL_REFUND"),
        "SELLER_RESPOND_RECEIVE_PACKAGE": ("APPROVE_RECEIVED_PACKAGE",),
    }, decision)  # fmt: skip
    if decision == "OFFER_PARTIAL_REFUND":
        offered = call.body.get("partial_refund") or {}
        if offered.get("currency") != CHANNEL.currency:
            raise TikTokError(25011032, "ReverseInvalidStatusPartialRefund")
        deeds.decide_return(api.market, row, "offer", reference, _minor(offered.get("amount")))
    elif row.index in api.opened:
        order = api.book.orders[row.order]
        deeds.refund_order(
            api.market, order, row.amount, reference=reference, key=call.query.get("idempotency_key", "")
        )
        row.status, row.updated = "ACCEPTED", api.market.now
    else:
        deeds.decide_return(api.market, row, "accept", reference)
        row.status = "CLOSED" if decision == "APPROVE_RECEIVED_PACKAGE" else row.status
    return {}


def reject(api: TikTokShop, call: Call) -> dict[str, Any]:
    row, decision = _find(api, call.ids[0]), text(call.body, "decision")
    _check_step(api, row, {
        "SELLER_RESPOND_REFUND": ("REJECT_REFUND",), "SELLER_RESPOND_RETURN": ("REJECT_RETURN",),
        "SELLER_RESPOND_RECEIVE_PACKAGE": ("REJECT_RECEIVED_PACKAGE",),
    }, decision)  # fmt: skip
    reason, images = _ground(call, "return"), call.body.get("images") or []
    for image in images:
        if image.get("image_id") not in api.images or not image.get("mime_type"):
            raise TikTokError(25001001, "An image is not known; upload it first.")
        whole(image, "height", low=1)
        whole(image, "width", low=1)
    deeds.decide_return(api.market, row, "reject", str(RETURN + row.index), reason=reason, images=len(images))
    return {}


def _check_step(api: TikTokShop, row: Return, allowed: dict[str, tuple[str, ...]], decision: str) -> None:
    step = _step(api, row)
    if not step:
        raise TikTokError(25011012, "reverse status cannot approve application")
    if decision not in allowed[step]:
        raise TikTokError(25020004, "decision not match reverse type")


def upload(api: TikTokShop, call: Call) -> dict[str, Any]:
    """Multipart upload of one jpg or png up to 10 MB, under the name `data`."""
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + call.content).iter_parts()
    named = [part for part in parts if part.get_param("name", header="content-disposition") == "data"]
    content = named[0].get_payload(decode=True) if named else None
    if not isinstance(content, bytes) or not content.startswith((b"\xff\xd8", b"\x89PNG")):
        raise TikTokError(12052217, "Unsupported image format.")
    if len(content) > 10 << 20:
        raise TikTokError(12052218, "The image is larger than 10 MB.")
    uri = f"tos-twin-i-o3syd03w52/{hashlib.sha256(content).hexdigest()[:32]}"
    api.images[uri] = content
    return {"uri": uri, "url": f"https://p-oec.example/{uri}", "height": 720, "width": 720, "use_case": "MAIN_IMAGE"}


# -- refunds that the seller opens ------------------------------------------------------------------------------------


def _refusal(api: TikTokShop, order: Order) -> tuple[int, str] | None:
    """Why the seller may open no refund on this order; None where it may."""
    if api.region not in REFUNDING_COUNTRIES:
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
    minor, market = _minor(text(call.body, "refund_total")), api.market
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


def _route(answer: Callable[[TikTokShop, Call], Any], *, keeps_key: bool = False) -> Route:
    return Route(answer, keeps_key=keeps_key)


BASE = "/return_refund/202309"
ROUTES = {
    f"POST {BASE}/cancellations/search": _route(search_cancellations),
    f"POST {BASE}/cancellations": _route(cancel),
    f"POST {BASE}/cancellations/{{}}/approve": _route(approve_cancellation, keeps_key=True),
    f"POST {BASE}/cancellations/{{}}/reject": _route(reject_cancellation, keeps_key=True),
    f"POST {BASE}/returns/search": _route(search_returns),
    f"POST {BASE}/returns": _route(open_return, keeps_key=True),
    f"GET {BASE}/returns/{{}}/records": _route(records),
    f"POST {BASE}/returns/{{}}/approve": _route(approve, keeps_key=True),
    f"POST {BASE}/returns/{{}}/reject": _route(reject, keeps_key=True),
    f"GET {BASE}/reject_reasons": _route(reject_reasons),
    f"GET {BASE}/orders/{{}}/aftersale_eligibility": _route(eligibility),
    "POST /product/202309/images/upload": Route(upload, has_shop=False, scope="seller.product.basic"),
}
