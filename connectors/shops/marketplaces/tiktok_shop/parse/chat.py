"""Talks of buyers with the shop. A message's content is JSON inside a string, by its type."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from connectors.shops.marketplaces.tiktok_shop.parse.order import text_id
from connectors.shops.reading import Row, Unreadable, dump, must_moment
from connectors.types import Conversation, Direction, Message, Record

AUTOMATIC = frozenset({"SYSTEM", "ROBOT"})
OURS = frozenset({"SHOP", "CUSTOMER_SERVICE"})
FILES = frozenset({"IMAGE", "VIDEO"})
ABOUT_ORDER = frozenset({"ORDER_CARD", "BUYER_ENTER_FROM_ORDER", "RETURN_REFUND_CARD", "LOGISTICS_CARD"})


def content_of(item: Row) -> Row:
    """Raises Unreadable for content that is no JSON object."""
    content = orjson.loads(item["content"])
    if not isinstance(content, dict):
        raise Unreadable(f"a message's content is {content!r}, not an object")
    return content


def message(item: Row, conversation_id: str) -> Iterator[Record]:
    """One message; those that TikTok Shop hides from the shop's people are left out."""
    if item.get("is_visible") is False:
        return
    kind, content, sender = item["type"], content_of(item), item["sender"]
    link = str(content.get("url") or "") if kind in FILES else ""
    yield Message(
        external_id=text_id(item["id"]),
        raw=dump(item),
        conversation_ref=conversation_id,
        direction=Direction.IN if sender["role"] == "BUYER" else Direction.OUT,
        author=sender.get("nickname") or "",
        sent_at=must_moment(item["create_time"]),
        text=_words(kind, content),
        message_id=item["id"],
        is_automatic=sender["role"] in AUTOMATIC,
        attachments=(link,) if link else (),
    )


def _words(kind: str, content: Row) -> str:
    """What a person reads: the text itself, or in brackets what kind of thing was sent and of which order or goods."""
    if isinstance(content.get("content"), str):
        return str(content["content"])
    about = next((str(content[name]) for name in ("order_id", "product_id", "coupon_id") if content.get(name)), "")
    return f"[{kind.lower().replace('_', ' ')} {about}".rstrip() + "]"


def conversation(item: Row, messages: Iterable[Row]) -> Iterator[Record]:
    """The talk with its last word by a person; a robot's answer leaves the buyer waiting."""
    buyer: Row = next((row for row in item["participants"] if row.get("role") == "BUYER"), {})
    latest = item["latest_message"]
    spoken = [row for row in (*messages, latest) if row["sender"]["role"] not in AUTOMATIC] or [latest]
    last = max(spoken, key=lambda row: row["create_time"])
    yield Conversation(
        external_id=text_id(item["id"]),
        raw=dump(item),
        channel="chat",
        customer_ref=buyer.get("user_id") or "",
        customer_name=buyer.get("nickname") or "",
        address=buyer.get("user_id") or "",
        order_ref=_order_of(messages),
        last_message_at=must_moment(latest["create_time"]),
        last_direction=Direction.OUT if last["sender"]["role"] in OURS | AUTOMATIC else Direction.IN,
    )


def _order_of(messages: Iterable[Row]) -> str:
    """The order that the newest card in the talk names."""
    cards = [row for row in messages if row.get("type") in ABOUT_ORDER]
    named: list[Any] = [content_of(row).get("order_id") for row in sorted(cards, key=lambda row: -row["create_time"])]
    return next((str(ref) for ref in named if ref), "")
