"""Shopee's reviews, promotions, prices, words of listings, and the shop's holiday."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal, changes
from connectors.twin.wire.shopee.api import Call, Params, Shopee, ShopeeError, integer, require
from connectors.twin.wire.shopee.orders import FIRST_ITEM_ID
from connectors.twin.wire.shopee.products import base_info, find_good
from connectors.twin.world.changes import Promotion
from connectors.twin.world.chat import BuyerReview

FIRST_COMMENT, FIRST_PROMOTION = 120_000_000, 660_000_000_000
LONGEST_ANSWER, MOST_COMMENTS = 500, 1_000
WORDS = ("item_name", "description", "item_sku")


def _item_of(api: Shopee, review: BuyerReview) -> int:
    return FIRST_ITEM_ID + api.market.order("shopee", review.order).lines[review.line][0]


def _comment(api: Shopee, review: BuyerReview) -> dict[str, Any]:
    order = api.market.order("shopee", review.order)
    row = {
        "comment_id": FIRST_COMMENT + review.index, "comment": review.text, "buyer_username": f"b***{order.buyer % 10}",
        "order_sn": order.number, "item_id": _item_of(api, review), "model_id": 0, "model_id_list": [0],
        "create_time": review.created, "rating_star": review.rating, "editable": "EDITABLE", "hidden": False,
        "media": {"image_url_list": [], "video_url_list": []},
    }  # fmt: skip
    if review.answer:
        row["comment_reply"] = {"reply": review.answer, "hidden": False, "create_time": review.answered_at}
    return row


def get_comment(api: Shopee, params: Params) -> dict[str, Any]:
    """The newest thousand, newest first; narrowed to one item or one review."""
    size, start = (
        integer(params, "page_size", low=1, high=100),
        integer(params, "cursor", 0) if params.get("cursor") else 0,
    )
    found = sorted(api.market.chat.reviews_on("shopee"), key=lambda row: (-row.created, row.index))[:MOST_COMMENTS]
    if params.get("comment_id"):
        found = [row for row in found if FIRST_COMMENT + row.index == integer(params, "comment_id")]
        if not found:
            raise ShopeeError("product.cmt_not_exist", "The comment is not exist. Please check the comment.")
    if params.get("item_id"):
        found = [row for row in found if _item_of(api, row) == integer(params, "item_id")]
    page, more = found[start : start + size], start + size < len(found)
    return {
        "item_comment_list": [_comment(api, row) for row in page], "more": more,
        "next_cursor": str(start + size) if more else "",
    }  # fmt: skip


def reply_comment(api: Shopee, params: Params) -> dict[str, Any]:
    """Each review succeeds or fails by itself, in a reply that looks normal."""
    given = require(params, "comment_list")
    if not 1 <= len(given) <= 100:
        raise ShopeeError("error_param", "Wrong parameters, detail: comment_list must hold 1 to 100.")
    known = {FIRST_COMMENT + row.index: row for row in api.market.chat.reviews_on("shopee")}
    results = []
    for row in given:
        failure = _reply(api, known.get(int(row.get("comment_id") or 0)), str(row.get("comment") or ""))
        results.append({"comment_id": row.get("comment_id"), **failure})
    return {"result_list": results}


def _reply(api: Shopee, review: BuyerReview | None, text: str) -> dict[str, str]:
    if review is None:
        return _failure("product.error_not_exist", "The Comment you replied does not exist.")
    if not 1 <= len(text) <= LONGEST_ANSWER:
        return _failure("product.comment_length_invalid", "Comment length should be between 1 and 500.")
    try:
        deeds.answer_review(api.market, review, text)
    except Refusal:
        return _failure("product.duplicate_request", "You has replied this comment already.")
    return {}


def _failure(code: str, message: str) -> dict[str, str]:
    return {"fail_error": code, "fail_message": message}


# -- listings ---------------------------------------------------------------------------------------------------------


def update_price(api: Shopee, params: Params) -> dict[str, Any]:
    """A model whose price cannot be set is listed as failed in an otherwise normal reply."""
    good = _good(api, params)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for row in require(params, "price_list"):
        model, price = int(row.get("model_id") or 0), round(float(row.get("original_price") or 0) * 100)
        if model != 0:
            failed.append({"model_id": model, "failed_reason": "model ID not exist in sku"})
            continue
        try:
            deeds.set_price(api.market, good.index, price, "shopee", str(FIRST_ITEM_ID + good.index))
            done.append({"model_id": model, "original_price": price / 100})
        except Refusal as refusal:
            failed.append({"model_id": model, "failed_reason": str(refusal)})
    return {"failure_list": failed, "success_list": done}


def _good(api: Shopee, params: Params) -> Any:
    good = find_good(api, require(params, "item_id"))
    if good is None:
        raise ShopeeError("product.error_param", "invalid field ItemId: item not found")
    return good


def update_item(api: Shopee, params: Params) -> dict[str, Any]:
    good = _good(api, params)
    texts = {name: str(params[name]) for name in WORDS if name in params}
    if "item_name" in texts and len(texts["item_name"].strip()) < 10:
        raise ShopeeError("product.error_param", "item name is too short")
    deeds.fix_listing(api.market, good.index, texts, "shopee", str(FIRST_ITEM_ID + good.index))
    return base_info(api, good)


def unlist_item(api: Shopee, params: Params) -> dict[str, Any]:
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for row in require(params, "item_list"):
        good = find_good(api, row.get("item_id"))
        if good is None:
            failed.append({"item_id": row.get("item_id"), "failed_reason": "item not found"})
            continue
        status = "UNLIST" if row.get("unlist") else "NORMAL"
        deeds.fix_listing(api.market, good.index, {"item_status": status}, "shopee", str(row["item_id"]))
        done.append({"item_id": row["item_id"], "unlist": bool(row.get("unlist"))})
    return {"failure_list": failed, "success_list": done}


# -- promotions and holiday -------------------------------------------------------------------------------------------


def promotion_id(row: Promotion) -> int:
    return FIRST_PROMOTION + row.index


def _offer(api: Shopee, params: Params, kind: str) -> Promotion:
    number = integer(params, f"{kind}_id")
    for row in api.market.changes.promotions:
        if (row.channel, row.kind) == ("shopee", kind) and promotion_id(row) == number:
            return row
    raise ShopeeError("common.error_not_found", "The information you queried is not found.")


def _stage(api: Shopee, row: Promotion) -> str:
    now = api.market.now
    return "upcoming" if row.starts > now else "ongoing" if row.ends > now else "expired"


def get_voucher(api: Shopee, params: Params) -> dict[str, Any]:
    row = _offer(api, params, "voucher")
    return {
        "voucher_id": promotion_id(row), "voucher_code": row.name, "voucher_name": row.name, "voucher_type": 1,
        "reward_type": 1, "usage_quantity": 500, "current_usage": 31, "start_time": row.starts, "end_time": row.ends,
        "is_admin": False, "voucher_purpose": 0, "discount_amount": 5.0, "min_basket_price": 40.0,
        "display_channel_list": [1], "display_start_time": row.starts, "target_voucher": 0, "usecase": 1,
    }  # fmt: skip


def end_voucher(api: Shopee, params: Params) -> dict[str, Any]:
    row = _offer(api, params, "voucher")
    changes.end_promotion(api.market, row, str(promotion_id(row)))
    return {"voucher_id": promotion_id(row)}


def get_discount(api: Shopee, params: Params) -> dict[str, Any]:
    row = _offer(api, params, "discount")
    integer(params, "page_no", low=1)
    integer(params, "page_size", low=1, high=100)
    return {
        "status": _stage(api, row), "discount_name": row.name, "item_list": [], "start_time": row.starts,
        "discount_id": promotion_id(row), "end_time": row.ends, "more": False,
    }  # fmt: skip


def end_discount(api: Shopee, params: Params) -> dict[str, Any]:
    row = _offer(api, params, "discount")
    changes.end_promotion(api.market, row, str(promotion_id(row)))
    return {"discount_id": promotion_id(row), "modify_time": api.market.now}


def get_holiday(api: Shopee, params: Params) -> dict[str, Any]:
    """A call of the shop, and yet in the common envelope."""
    since = api.market.changes.away.get("shopee", 0)
    told = {"holiday_mode_on": bool(since), "holiday_mode_mtime": since, "holiday_mode_type": 0, "debug_msg": ""}
    return {"response": told}


def set_holiday(api: Shopee, params: Params) -> dict[str, Any]:
    wanted = params.get("holiday_mode_on")
    if not isinstance(wanted, bool):
        raise ShopeeError("error_param", "Wrong parameters, detail: holiday_mode_on is a required field.")
    changes.set_holiday(api.market, "shopee", wanted)
    return {"response": {"debug_msg": ""}}


CALLS = {
    "/api/v2/product/get_comment": Call("GET", get_comment),
    "/api/v2/product/reply_comment": Call("POST", reply_comment),
    "/api/v2/product/update_price": Call("POST", update_price),
    "/api/v2/product/update_item": Call("POST", update_item),
    "/api/v2/product/unlist_item": Call("POST", unlist_item),
    "/api/v2/voucher/get_voucher": Call("GET", get_voucher),
    "/api/v2/voucher/end_voucher": Call("POST", end_voucher),
    "/api/v2/discount/get_discount": Call("GET", get_discount),
    "/api/v2/discount/end_discount": Call("POST", end_discount),
    "/api/v2/shop/get_shop_holiday_mode": Call("GET", get_holiday),
    "/api/v2/shop/set_shop_holiday_mode": Call("POST", set_holiday),
}
