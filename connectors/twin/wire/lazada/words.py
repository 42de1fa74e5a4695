"""Chats and reviews on Lazada. Moderation keeps messages back that lead a buyer off the platform."""

import re
from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal
from connectors.twin.wire.lazada import shapes
from connectors.twin.wire.lazada.api import Call, Lazada, LazadaError, Params, document, integer, require
from connectors.twin.world.channels import DAY
from connectors.twin.world.chat import BuyerReview, Line, Talk

LONGEST_PAGE, MOST_REVIEWS, REVIEW_PAGE = 20, 10, 10
CHAT_AGE = 30 * DAY
OFF_PLATFORM = re.compile(r"(?i)\bwhats ?app\b|\btelegram\b|\bbank transfer\b|https?://")
KEPT_BACK = "NOTE: The message has not been sent. Please comply with local laws & policies"


def _chat(data: Any, code: str = "0", message: str = "SUCCESS") -> dict[str, Any]:
    """The chat's own envelope inside the platform's."""
    body = {"success": code == "0", "err_code": code, "err_message": message}
    return body if data is None else {**body, "data": data}


def sessions(api: Lazada, params: Params) -> dict[str, Any]:
    begin, size = integer(params, "start_time", "17"), integer(params, "page_size", "19", low=1, high=LONGEST_PAGE)
    talks = [talk for talk in api.market.chat.on("lazada") if talk.updated * 1000 <= begin and talk.lines]
    talks.sort(key=lambda talk: (-talk.updated, talk.index))
    names = [shapes.session_id(api, talk) for talk in talks]
    start = names.index(params["last_session_id"]) + 1 if params.get("last_session_id") in names else 0
    page = talks[start : start + size]
    more = start + size < len(talks)
    following = (
        {"next_start_time": page[-1].updated * 1000, "last_session_id": names[start + len(page) - 1]} if page else {}
    )
    return _chat({"session_list": [_session(api, talk) for talk in page], "has_more": more, **following})


def _session(api: Lazada, talk: Talk) -> dict[str, Any]:
    last = talk.lines[-1]
    return {
        "session_id": shapes.session_id(api, talk), "buyer_id": shapes.buyer_id(talk.buyer), "site_id": "MY",
        "title": f"buyer{talk.buyer}", "summary": last.text[:60], "last_message_id": last.id, "head_url": "",
        "tags": [], "last_message_time": last.at * 1000, "unread_count": int(last.is_buyer), "self_position": 0,
        "to_position": 0,
    }  # fmt: skip


def session(api: Lazada, params: Params) -> dict[str, Any]:
    talk = shapes.find_talk(api, str(require(params, "session_id")))
    return _chat(None, "-3", "session not found") if talk is None else _chat(_session(api, talk))


def messages(api: Lazada, params: Params) -> dict[str, Any]:
    talk = shapes.find_talk(api, str(require(params, "session_id")))
    begin, size = integer(params, "start_time", "17"), integer(params, "page_size", "19", low=1, high=LONGEST_PAGE)
    if talk is None:
        return _chat(None, "-3", "session not found")
    rows = [row for row in _rows(api, talk) if row["send_time"] <= begin]
    ids = [row["message_id"] for row in rows]
    start = ids.index(params["last_message_id"]) + 1 if params.get("last_message_id") in ids else 0
    page = rows[start : start + size]
    following = {"next_start_time": page[-1]["send_time"], "last_message_id": page[-1]["message_id"]} if page else {}
    return _chat({"message_list": page, "has_more": start + size < len(rows), **following})


def _rows(api: Lazada, talk: Talk) -> list[dict[str, Any]]:
    """Newest first, with what moderation kept back, which only the seller sees."""
    lines = [(line.at, shapes.message(api, talk, line)) for line in talk.lines]
    kept = [
        (at, shapes.message(api, talk, Line(-1 - number, at, text, is_buyer=False), KEPT_BACK))
        for number, (at, text) in enumerate(api.blocked.get(talk.index, ()))
    ]
    return [row for _, row in sorted(lines + kept, key=lambda pair: -pair[0])]


def send(api: Lazada, params: Params) -> dict[str, Any]:
    talk = shapes.find_talk(api, str(require(params, "session_id")))
    if talk is None:
        return _chat(None, "-3", "session not found")
    if str(require(params, "template_id")) != "1":
        return _chat(None, "-4", "this template is not supported")
    text = str(params.get("txt", ""))
    if OFF_PLATFORM.search(text):
        kept = api.blocked.setdefault(talk.index, [])
        kept.append((api.market.now, text))
        message_id = Line(-len(kept), 0, "", is_buyer=False).id
    else:
        try:
            message_id = deeds.say(api.market, talk, text).id
        except Refusal as refusal:
            return _chat(None, "-5", str(refusal))
    return _chat({"message_id": message_id, "template_id": 1, "current_time": api.market.now * 1000})


def open_session(api: Lazada, params: Params) -> dict[str, Any]:
    order = api.order(params)
    if api.market.now - order.created > CHAT_AGE:
        return _chat(None, "-22", "the order is older than 30 days")
    talk = api.market.chat.open("lazada", order.buyer, order.index)
    return _chat({"session_id": shapes.session_id(api, talk)})


def review_ids(api: Lazada, params: Params) -> dict[str, Any]:
    item = str(require(params, "item_id"))
    low, high = integer(params, "start_time", "17"), integer(params, "end_time", "17")
    if not 0 <= high - low <= 7 * DAY * 1000:
        return {"success": False, "error_code": "TIME_RANGE", "error_msg": "The time range cannot exceed 7 days"}
    number = integer(params, "current", "19", 1, low=1)
    found = [shapes.review_id(review) for review in api.market.chat.reviews_on("lazada")
             if low <= review.created * 1000 <= high and _item_of(api, review) == item]  # fmt: skip
    page = found[(number - 1) * REVIEW_PAGE : number * REVIEW_PAGE]
    return {
        "success": True, "data": {"current": number, "total": len(found), "page_size": REVIEW_PAGE, "id_list": page}
    }  # fmt: skip


def _item_of(api: Lazada, review: BuyerReview) -> str:
    return str(shapes.review_row(api, review)["product_id"])


def _review(api: Lazada, text: str) -> BuyerReview | None:
    index = int(text) - shapes.REVIEW if text.isdigit() else -1
    rows = api.market.chat.reviews
    return rows[index] if 0 <= index < len(rows) and rows[index].channel == "lazada" else None


def reviews(api: Lazada, params: Params) -> dict[str, Any]:
    ids = document(params, "id_list")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_REVIEWS:
        raise LazadaError("InvalidParameter", 'The parameter "id_list" holds 1 to 10 ids')
    found = [review for review in (_review(api, str(one)) for one in ids) if review is not None]
    return {
        "success": True,
        "data": {"review_list": [shapes.review_row(api, row) for row in found], "outdated_reviews": []},
    }


def reply(api: Lazada, params: Params) -> dict[str, Any]:
    review = _review(api, str(require(params, "id")))
    if review is None:
        return {"success": False, "error_code": "REVIEW_NOT_FOUND", "error_msg": "the review is not found"}
    try:
        deeds.answer_review(api.market, review, str(require(params, "content")))
    except Refusal as refusal:
        return {"success": False, "error_code": "CANNOT_REPLY", "error_msg": str(refusal)}
    return {"success": True, "data": True}


CALLS = {
    "/im/session/list": Call("GET", sessions),
    "/im/session/get": Call("GET", session),
    "/im/session/open": Call("GET/POST", open_session),
    "/im/message/list": Call("GET", messages),
    "/im/message/send": Call("POST", send),
    "/review/seller/history/list": Call("GET/POST", review_ids),
    "/review/seller/list/v2": Call("GET", reviews),
    "/review/seller/reply/add": Call("GET", reply),
}
