"""Returns with their steps and evidence. The market keeps Shopee's words for where a return stands."""

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import CHANNEL, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.grounds import RETURN, ground
from connectors.twin.wire.tiktok_shop.orders import SKU, UNIT, UNITS_APART
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, minor_of, money, sliced, text, whole
from connectors.twin.world.trade import Return

REASON = "ecom_order_delivered_refund_and_return_reason_"
REFUND_REASONS = {
    "NOT_RECEIPT": ("ecom_order_delivered_refund_reason_not_received", "Package wasn't received"),
    "ITEM_DAMAGED": (f"{REASON}damaged", "Package or product is damaged"),
    "CHANGE_MIND": (f"{REASON}no_need", "No longer needed"),
    "WRONG_ITEM": (f"{REASON}wrong_product", "Wrong product was sent"),
    "DIFFERENT_DESCRIPTION": (f"{REASON}not_match", "Product doesn't match description"),
}
FUNCTIONAL = (f"{REASON}defective", "Product is defective or doesn't work")


def _is_refund_only(row: Return) -> bool:
    return row.reason == "NOT_RECEIPT"


def _status(api: TikTokShop, row: Return) -> str:
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
        deeds.decide_return(api.market, row, "offer", reference, minor_of(offered.get("amount")))
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
    reason, images = ground(call, "return"), call.body.get("images") or []
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


BASE = "/return_refund/202309/returns"
ROUTES = {
    f"POST {BASE}/search": Route(search_returns),
    f"GET {BASE}/{{}}/records": Route(records),
    f"POST {BASE}/{{}}/approve": Route(approve, keeps_key=True),
    f"POST {BASE}/{{}}/reject": Route(reject, keeps_key=True),
    "POST /product/202309/images/upload": Route(upload, has_shop=False, scope="seller.product.basic"),
}
