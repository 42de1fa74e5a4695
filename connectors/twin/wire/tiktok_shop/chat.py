"""Talks of the shop with its buyers, and how well it answers them."""

import re
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import SHOP_ID, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.grants import SHOP
from connectors.twin.wire.tiktok_shop.orders import BUYER, buyer_id
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, content_of, sliced, text
from connectors.twin.world.channels import CHANNELS, DAY
from connectors.twin.world.chat import Line, Talk
from connectors.twin.world.people import Person, person

LONGEST = 2_000
REACH = 60 * DAY  # an order of the last sixty days lets the shop write
SENSITIVE = re.compile(r"(?i)https?://|whatsapp|telegram")  # nobody is led off the platform


def conversations(api: TikTokShop, call: Call) -> dict[str, Any]:
    talks = sorted(
        (talk for talk in api.market.chat.on(api.kind) if talk.lines), key=lambda talk: talk.updated, reverse=True
    )
    page, following = sliced(talks, call.query, size=10, low=1, high=20)
    return {"next_page_token": following, "conversations": [_talk(talk) for talk in page]}


def _buyer(talk: Talk) -> Person:
    return person(talk.buyer, CHANNELS[talk.channel].country)


def _talk(talk: Talk) -> dict[str, Any]:
    return {
        "id": talk.id, "participant_count": 3, "can_send_message": True, "create_time": talk.lines[0].at,
        "unread_count": int(talk.lines[-1].is_buyer),
        "participants": [
            {"im_user_id": talk.id, "user_id": buyer_id(talk.buyer), "role": "BUYER", "nickname": _buyer(talk).first},
            {"im_user_id": SHOP_ID, "user_id": SHOP_ID, "role": "SHOP", "nickname": SHOP},
        ],
        "latest_message": _message(talk, talk.lines[-1]),
    }  # fmt: skip


def _message(talk: Talk, line: Line) -> dict[str, Any]:
    role, name = ("BUYER", _buyer(talk).first) if line.is_buyer else ("CUSTOMER_SERVICE", SHOP)
    return {
        "id": line.id, "index": line.id, "type": "TEXT", "content": content_of(line), "create_time": line.at,
        "is_visible": True, "sender": {"im_user_id": talk.id if line.is_buyer else SHOP_ID, "role": role,
                                       "nickname": name},
    }  # fmt: skip


def _find(api: TikTokShop, call: Call) -> Talk:
    talk = api.market.chat.find(call.ids[0])
    if talk is None or talk.channel != api.kind:
        raise TikTokError(45101003, "Record not found. Please check the parameters.")
    return talk


def messages(api: TikTokShop, call: Call) -> dict[str, Any]:
    talk = _find(api, call)
    lines = talk.lines if call.query.get("sort_order", "DESC") == "ASC" else talk.lines[::-1]
    page, following = sliced(lines, call.query, size=10, low=1, high=10)
    return {
        "next_page_token": following, "messages": [_message(talk, line) for line in page],
        "unsupported_msg_tips": "Please check this message in Seller Center.",
    }  # fmt: skip


def send(api: TikTokShop, call: Call) -> dict[str, Any]:
    talk = _find(api, call)
    if text(call.body, "type") != "TEXT":
        raise TikTokError(45111001, "not support")
    try:
        content = orjson.loads(text(call.body, "content"))
    except orjson.JSONDecodeError as error:
        raise TikTokError(45101001, "Invalid parameter: content is not a JSON string.") from error
    words = str(content.get("content") or "") if isinstance(content, dict) else ""
    if not words or len(words) > LONGEST:
        raise TikTokError(45101001, f"Invalid parameter: a text has 1 to {LONGEST} characters.")
    if SENSITIVE.search(words):
        raise TikTokError(45101006, "You cannot send the message containing sensitive content.")
    return {"message_id": deeds.say(api.market, talk, words).id}


def open_talk(api: TikTokShop, call: Call) -> dict[str, Any]:
    """The talk with a buyer, begun where there is none. Only buyers of the last sixty days may be written to."""
    ref = text(call.body, "buyer_user_id")
    buyer = int(ref) - BUYER if ref.isdigit() else -1
    begin, end = api.book.created(api.market.now - REACH, api.market.now)
    order = next((row for row in reversed(api.book.orders[begin:end]) if row.buyer == buyer), None)
    if order is None:
        raise TikTokError(45109001, "Unable to send messages due to conversation rules.")
    return {"conversation_id": api.market.chat.open(api.kind, buyer, order.index).id}


def performance(api: TikTokShop, call: Call) -> dict[str, Any]:
    """Over the talks that began in the span (days, UTC)."""
    low, high = (_day(text(call.query, name)) for name in ("support_date_ge", "support_date_lt"))
    begun = [talk for talk in api.market.chat.on(api.kind) if talk.lines and low <= talk.lines[0].at < high]
    waits = [wait for talk in begun if (wait := _wait(talk)) is not None]
    rated = [row.rating for row in api.market.chat.reviews_on(api.kind) if low <= row.created < high]
    told = {
        "support_session_count": len(begun),
        "response_percentage": _share(sum(wait <= DAY for wait in waits), len(begun)),
        "satisfaction_percentage": _share(sum(rating >= 4 for rating in rated), len(rated)),
        "response_time_mins": f"{sum(waits) / len(waits) / 60:.1f}" if waits else "",
    }
    return {"performance": told}


def _wait(talk: Talk) -> int | None:
    """Seconds from the first line to our first answer."""
    answer = next((line.at for line in talk.lines if not line.is_buyer), None)
    return None if answer is None else answer - talk.lines[0].at


def _share(part: int, all_of_it: int) -> str:
    return f"{100 * part / all_of_it:.1f}" if all_of_it else ""


def _day(name: str) -> int:
    try:
        return int(datetime.fromisoformat(name).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise TikTokError(45101001, f"Invalid parameter: {name} is no date.") from error


ROUTES = {
    "GET /customer_service/202309/conversations": Route(conversations),
    "POST /customer_service/202309/conversations": Route(open_talk),
    "GET /customer_service/202309/conversations/{}/messages": Route(messages),
    "POST /customer_service/202309/conversations/{}/messages": Route(send),
    "GET /customer_service/202407/performance": Route(performance, scope="seller.shop.info"),
}
