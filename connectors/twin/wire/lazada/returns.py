"""Reverse orders on Lazada: list (pages from 1), detail, history, reasons, and the seller's decisions.

Amounts are in sen. The market decides a return as a whole, so a reverse order here has one line.
"""

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.lazada import shapes
from connectors.twin.wire.lazada.api import Call, Lazada, LazadaError, Params, document, integer, require
from connectors.twin.world.trade import Return

WORDS = {
    "REQUESTED": "REQUEST_INITIATE", "PROCESSING": "BUYER_RETURN_ITEM", "ACCEPTED": "SELLER_AGREE_RETURN",
    "JUDGING": "SELLER_REJECT_RETURN", "DECLINED": "SELLER_REJECT_RETURN", "CANCELLED": "REQUEST_CANCEL",
    "CLOSED": "REFUND_SUCCESS",
}  # fmt: skip
REASONS = ((1000101, "Item is as described"), (1000102, "Item was used"), (1000103, "Not the item that was sent"))
ACTIONS = {  # action → (statuses that allow it, what the market is told)
    "instantRefund": (("REQUESTED",), "accept"), "agreeReturn": (("REQUESTED",), "accept"),
    "refuseReturn": (("REQUESTED",), "reject"), "agreeRefund": (("PROCESSING",), "accept"),
    "refuseRefund": (("PROCESSING",), "reject"),
}  # fmt: skip
LONGEST_PAGE = 100
FILES = "https://my-live.slatic.example/other/"


def kind_of(row: Return) -> str:
    return "ONLY_REFUND" if row.reason == "NOT_RECEIPT" else "RETURN"


def reverse_list(api: Lazada, params: Params) -> dict[str, Any]:
    number = integer(params, "page_no", "InvalidParameter", low=1)
    size = integer(params, "page_size", "InvalidParameter", low=1, high=LONGEST_PAGE)
    kinds = document(params, "request_type_list") if params.get("request_type_list") else []
    low, high = (
        int(params.get(f"ReverseOrderLineModifiedTimeRange{end}") or default)
        for end, default in (("Start", 0), ("End", 1 << 62))
    )
    rows = [row for row in api.market.returns if row.channel == "lazada" and low <= row.updated * 1000 <= high]
    rows = [row for row in rows if not kinds or kind_of(row) in kinds]
    items = [_case(api, row) for row in rows[(number - 1) * size : number * size]]
    return {"result": {"success": True, "page_no": number, "page_size": size, "total": len(rows), "items": items}}


def _case(api: Lazada, row: Return) -> dict[str, Any]:
    order = api.market.order("lazada", row.order)
    return {
        "reverse_order_id": shapes.case_id(row), "trade_order_id": int(order.number), "request_type": kind_of(row),
        "is_rtm": True, "shipping_type": "PICK_UP", "reverse_order_lines": [_line(api, row)],
    }  # fmt: skip


def _line(api: Lazada, row: Return) -> dict[str, Any]:
    order = api.market.order("lazada", row.order)
    good = api.market.goods[order.lines[row.line][0]]
    is_refund = kind_of(row) == "ONLY_REFUND"
    return {
        "reverse_order_line_id": shapes.case_id(row) + 1,
        "trade_order_line_id": int(order.number) + 1 + row.line * shapes.PLACE,
        "reverse_status": "REFUND_SUCCESS" if is_refund and row.status == "ACCEPTED" else WORDS[row.status],
        "ofc_status": "INITIAL", "is_need_refund": True, "is_dispute": row.status == "JUDGING",
        "refund_amount": row.amount, "item_unit_price": good.price("lazada"), "refund_payment_method": "Card",
        "reason_code": 1000000 + row.index, "reason_text": row.text or row.reason, "whqc_decision": "",
        "trade_order_gmt_create": order.created * 1000, "return_order_line_gmt_create": row.created * 1000,
        "return_order_line_gmt_modified": row.updated * 1000, "sla": row.due * 1000, "seller_sku_id": good.sku,
        "platform_sku_id": str(shapes.sku_id(good)), "tracking_number": "", "receiver_address": "1 Warehouse Road",
        "product": {"product_id": shapes.ITEM + good.index, "product_sku": good.sku},
        "buyer": {"buyer_id": shapes.buyer_id(order.buyer)},
    }  # fmt: skip


def detail(api: Lazada, params: Params) -> dict[str, Any]:
    """The same under other names."""
    row = _find(api, str(require(params, "reverse_order_id")))
    case, line = _case(api, row), _line(api, row)
    del case["reverse_order_lines"]
    goods, buyer = line.pop("product"), line.pop("buyer")
    del line["receiver_address"]  # of the list alone
    line |= {
        "productDTO": {"product_id": goods["product_id"], "sku": goods["product_sku"]},
        "buyer": {"user_id": buyer["buyer_id"]},
    }
    return {"data": {**case, "reverseOrderLineDTOList": [line]}}


def _find(api: Lazada, case: str, code: str = "112") -> Return:
    index, rest = divmod(int(case) - shapes.CASE, 10) if case.isdigit() else (-1, 0)
    rows = api.market.returns
    if rest or not 0 <= index < len(rows) or rows[index].channel != "lazada":
        raise LazadaError(code, f"E0{code}: no reverse order found", "ISP")
    return rows[index]


def _of_line(api: Lazada, params: Params) -> Return:
    line = str(require(params, "reverse_order_line_id"))
    return _find(api, str(int(line) - 1) if line.isdigit() else line)


def history(api: Lazada, params: Params) -> dict[str, Any]:
    row = _of_line(api, params)
    links = [f"{FILES}{row.sn}-{number}.jpg" for number in range(row.photos)]
    entries = [{"operator": "Buyer", "picture": links, "time": row.created * 1000}]
    return {"data": {"list": entries, "page_info": {"page_size": 10, "current_page_number": 1, "total": 1}}}


def reasons(api: Lazada, params: Params) -> dict[str, Any]:
    _of_line(api, params)
    return {"data": [{"reason_id": id, "text": text, "muti_language_text": text} for id, text in REASONS]}


def decide(api: Lazada, params: Params) -> dict[str, Any]:
    row, action = _one(api, params), str(require(params, "action"))
    if action not in ACTIONS:
        raise LazadaError("107", "E0107: invalid action", "ISP")
    statuses, decision = ACTIONS[action]
    if kind_of(row) != "RETURN" or row.status not in statuses:
        raise LazadaError("114", "E0114: this reverse does not support this action", "ISP")
    images = document(params, "image_info") if params.get("image_info") else []
    if decision == "reject":
        _must_explain(api, params, [str(image.get("url")) for image in images], needs_image=action == "refuseRefund")
        if str(params.get("reason_id")) not in {str(id) for id, _ in REASONS}:
            raise LazadaError("108", "E0108: reason can't be empty if you want to refuse return or refund", "ISP")
    deeds.decide_return(
        api.market, row, decision, str(shapes.case_id(row)), action=action, reason=params.get("reason_id", ""),
        images=len(images),
    )  # fmt: skip
    return {
        "data": {"reverse_order_id": shapes.case_id(row), "reverse_order_line": [], "total_refund": str(row.amount)}
    }


def decide_refund(api: Lazada, params: Params) -> dict[str, Any]:
    row, action = _one(api, params), str(require(params, "action"))
    if action not in ("agreeRefund", "startDispute"):
        raise LazadaError("107", "E0107: invalid action", "ISP")
    if kind_of(row) != "ONLY_REFUND" or row.status != "REQUESTED":
        raise LazadaError("114", "E0114: this reverse does not support this action", "ISP")
    images = document(params, "image_info_list") if params.get("image_info_list") else []
    if action == "startDispute":
        _must_explain(api, params, [str(image.get("file_url")) for image in images], needs_image=True)
    decision = "accept" if action == "agreeRefund" else "reject"
    deeds.decide_return(api.market, row, decision, str(shapes.case_id(row)), action=action, images=len(images))
    return {"data": None}


def _one(api: Lazada, params: Params) -> Return:
    """The return of a decision, which must name its one line."""
    row, ids = _find(api, str(require(params, "reverse_order_id"))), document(params, "reverse_order_item_ids")
    if not isinstance(ids, list) or not ids:
        raise LazadaError("100", "E0100: reverse order list is empty", "ISP")
    if len(ids) > 1:
        raise LazadaError("133", "E0133: do not support batch operation", "ISP")
    if int(ids[0]) != shapes.case_id(row) + 1:
        raise LazadaError("126", "E0126: invalid reverse order lines", "ISP")
    return row


def _must_explain(api: Lazada, params: Params, links: list[str], *, needs_image: bool) -> None:
    if not params.get("comment"):
        raise LazadaError("109", "E0109: comment can't be empty if you want to refuse return or refund", "ISP")
    if needs_image and not links:
        raise LazadaError("110", "E0110: image can't be empty if you want to refuse refund", "ISP")
    if any(link not in api.images for link in links):
        raise LazadaError("110", "E0110: the image is not on our file host", "ISP")


def upload(api: Lazada, params: Params) -> dict[str, Any]:
    """Multipart upload of one jpg or png up to 1 MB."""
    head = f"Content-Type: {params.get('_type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + params.get("_body", b""))
    parts = [part for part in message.iter_parts() if part.get_param("name", header="content-disposition") == "image"]
    content = parts[0].get_payload(decode=True) if parts else None
    if not isinstance(content, bytes) or not content.startswith((b"\xff\xd8", b"\x89PNG")) or len(content) > 1 << 20:
        raise LazadaError("302", "E302: Uploaded file is not a valid image of at most 1 MB", "ISP")
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    url = f"{FILES}{digest}.jpg"
    api.images[url] = content
    return {"data": {"image": {"url": url, "hash_code": digest}}}


CALLS = {
    "/reverse/getreverseordersforseller": Call("GET/POST", reverse_list),
    "/order/reverse/return/detail/list": Call("GET", detail),
    "/order/reverse/return/history/list": Call("GET", history),
    "/order/reverse/reason/list": Call("GET", reasons),
    "/order/reverse/return/update": Call("GET", decide),
    "/order/reverse/onlyrefund/seller/decide": Call("GET", decide_refund),
    "/image/upload": Call("POST", upload),
}
