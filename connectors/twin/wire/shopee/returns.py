"""Shopee returns: list (pages from 0), detail, and the shop's decision with its evidence."""

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.shopee.api import Call, Params, Shopee, ShopeeError, integer, require, window
from connectors.twin.wire.shopee.orders import FIRST_ITEM_ID
from connectors.twin.world.channels import DAY, encode
from connectors.twin.world.trade import Return

DISPUTE_REASONS = {
    1: "Buyer did not return the goods", 2: "Goods are not faulty", 3: "Parcel was delivered",
    50: "Goods were used by the buyer",
}  # fmt: skip
FILES = "https://cf.shopee.example/file/"


def get_return_list(api: Shopee, params: Params) -> dict[str, Any]:
    page, size = integer(params, "page_no", 0), integer(params, "page_size", 40, low=1, high=100)
    rows = [row for row in api.market.returns if row.channel == "shopee"]
    for field in ("create_time", "update_time"):
        if params.get(f"{field}_from"):
            low, high = window(params, f"{field}_from", f"{field}_to", "error_param")
            rows = [row for row in rows if low <= (row.created if field == "create_time" else row.updated) <= high]
    if params.get("status"):
        rows = [row for row in rows if row.status == params["status"]]
    if params.get("negotiation_status"):
        rows = [row for row in rows if row.negotiation == params["negotiation_status"]]
    start = page * size
    return {"more": start + size < len(rows), "return": [summary(api, row) for row in rows[start : start + size]]}


def summary(api: Shopee, row: Return) -> dict[str, Any]:
    """One return as the list shows it."""
    order = api.market.order("shopee", row.order)
    good = api.market.goods[order.lines[row.line][0]]
    buyer = api.market.buyer(order)
    return {
        "image": [f"{FILES}{row.sn}-{number}" for number in range(row.photos)], "reason": row.reason,
        "text_reason": row.text,
        "return_sn": row.sn, "refund_amount": row.amount / 100, "currency": "SGD", "create_time": row.created,
        "update_time": row.updated, "status": row.status, "due_date": row.due, "tracking_number": "",
        "dispute_reason": [], "dispute_text_reason": [], "needs_logistics": row.reason != "NOT_RECEIPT",
        "amount_before_discount": row.amount / 100,
        "user": {"username": f"buyer_{encode(order.buyer).lower()}", "email": f"****{buyer.email[-18:]}",
        "portrait": ""},
        "item": [
            {"model_id": 0, "name": good.title, "images": [], "amount": row.quantity,
            "item_price": good.price_sgd / 100,
             "is_add_on_deal": False, "is_main_item": False, "add_on_deal_id": 0, "item_id": FIRST_ITEM_ID + good.index,
             "item_sku": good.sku, "variation_sku": ""}
        ],
        "order_sn": order.number, "return_ship_due_date": row.due + 5 * DAY, "return_seller_due_date": row.due,
        "negotiation_status": row.negotiation, "seller_proof_status": "UPLOADED" if row.proof else "PENDING",
        "seller_compensation_status": "NOT_APPLICABLE", "return_refund_type": "RRBOC", "return_solution": 0,
        "is_seller_arrange": False, "is_shipping_proof_mandatory": False, "return_refund_request_type": 0,
        "validation_type": "seller_validation",
    }  # fmt: skip


def get_return_detail(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    body = summary(api, row)
    for name in ("negotiation_status", "seller_proof_status", "seller_compensation_status"):
        del body[name]
    reason = row.dispute.get("dispute_reason_id")
    return body | {
        "dispute_reason": reason if reason is not None else "",
        "dispute_text_reason": row.dispute.get("dispute_text_reason", ""),
        "seller_proof": {"seller_proof_status": "UPLOADED" if row.proof else "PENDING",
        "seller_evidence_deadline": row.due},
        "negotiation": {
            "negotiation_status": row.negotiation, "latest_solution": "REFUND" if row.offer else "RETURN_REFUND",
            "latest_offer_amount": row.offer / 100, "latest_offer_creator": "SELLER" if row.offer else "BUYER",
            "counter_limit": 3, "offer_due_date": row.due,
        },
    }  # fmt: skip


def _find(api: Shopee, params: Params) -> Return:
    wanted = str(require(params, "return_sn"))
    for row in api.market.returns:
        if row.sn == wanted and row.channel == "shopee":
            return row
    raise ShopeeError("error_data", "The return you queried doesn't exist")


def get_available_solutions(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    choice = {
        "eligibility": row.status == "REQUESTED", "refund_amount_adjustable": True,
        "max_refund_amount": row.amount / 100,
        "min_refund_amount": 0.01,
    }  # fmt: skip
    return {"return_sn": row.sn, "offer_return_refund": choice, "offer_refund": choice}


def confirm(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    deeds.decide_return(api.market, row, "accept", row.sn)
    return {"return_sn": row.sn}


def offer(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    if require(params, "proposed_solution") not in ("RETURN_REFUND", "REFUND"):
        raise ShopeeError("error_param", "Error in parameters")
    minor = round(float(params.get("proposed_adjusted_refund_amount") or row.amount / 100) * 100)
    deeds.decide_return(api.market, row, "offer", row.sn, minor, solution=params["proposed_solution"])
    return {"return_sn": row.sn}


def dispute(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    require(params, "email")
    reason = integer(params, "dispute_reason_id")
    modules = params.get("image_list") or []
    if reason not in DISPUTE_REASONS:
        raise ShopeeError("error_param", "Error in parameters")
    if any(len(module.get("image_url") or []) > 3 for module in modules):
        raise ShopeeError("error_param", "At most 3 images for each module.")
    deeds.decide_return(
        api.market, row, "reject", row.sn, reason=reason, images=sum(len(m["image_url"]) for m in modules)
    )
    row.dispute = {name: params.get(name, "") for name in ("dispute_reason_id", "dispute_text_reason", "image_list")}
    return {"return_sn": row.sn, "msg": "dispute return success"}


def get_return_dispute_reason(api: Shopee, params: Params) -> dict[str, Any]:
    _find(api, params)
    return {
        "dispute_reason_list": [
            {"dispute_reason": id, "dispute_requirement": words, "sample_evidence": [],
             "evidence_module_list": [{"module_index": 1, "requirement": "Photos that show it",
             "is_required": id == 50}]}
            for id, words in DISPUTE_REASONS.items()
        ]
    }  # fmt: skip


def convert_image(api: Shopee, params: Params) -> dict[str, str]:
    """Multipart upload of one jpg or png up to 10 MB."""
    head = f"Content-Type: {params.get('_type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + params.get("_body", b""))
    parts = [
        part for part in message.iter_parts() if part.get_param("name", header="content-disposition") == "upload_image"
    ]
    content = parts[0].get_payload(decode=True) if parts else None
    if not isinstance(content, bytes) or not content.startswith((b"\xff\xd8", b"\x89PNG")):
        raise ShopeeError("error_param", "Invalid image format, only support jpg/jpeg/png/gif")
    if len(content) > 10 << 20:
        raise ShopeeError("error_param", "File size exceeds max allowable size.")
    url = FILES + hashlib.sha256(content).hexdigest()[:32]
    api.images[url] = content
    return {"url": url, "thumbnail": f"{url}_tn"}


def upload_proof(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    photos = params.get("photo") or []
    if any(str(photo.get("url")) not in api.images for photo in photos):
        raise ShopeeError("format.unsupported", "Not Support Url")
    row.proof = {"photo": photos, "description": params.get("description", "")}
    row.updated = api.market.now
    api.market.effects.append(
        api.market.now, "shopee", "return_proof", subject=row.sn, reference=row.sn, photos=len(photos)
    )
    return {}


def query_proof(api: Shopee, params: Params) -> dict[str, Any]:
    row = _find(api, params)
    return {"image": row.proof.get("photo", []), "video": [], "description": row.proof.get("description", "")}


CALLS = {
    "/api/v2/returns/get_return_list": Call("GET", get_return_list),
    "/api/v2/returns/get_return_detail": Call("GET", get_return_detail),
    "/api/v2/returns/get_available_solutions": Call("GET", get_available_solutions),
    "/api/v2/returns/confirm": Call("POST", confirm),
    "/api/v2/returns/offer": Call("POST", offer),
    "/api/v2/returns/dispute": Call("POST", dispute),
    "/api/v2/returns/get_return_dispute_reason": Call("GET", get_return_dispute_reason),
    "/api/v2/returns/convert_image": Call("POST", convert_image),
    "/api/v2/returns/upload_proof": Call("POST", upload_proof),
    "/api/v2/returns/query_proof": Call("GET", query_proof),
}
