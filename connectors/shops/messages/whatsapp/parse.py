"""Pushes → Message and Conversation. One push may hold several changes, in any order, and some of them again."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.shops import letters
from connectors.shops.reading import UNREADABLE, Row, Unreadable, bad_row, dump, reason_of
from connectors.types import BadRow, Conversation, Direction, Message, Record

TEXTS = {
    "text": ("body",), "button": ("text",), "image": ("caption",), "video": ("caption",), "document": ("caption",),
    "location": ("name", "address"), "reaction": ("emoji",), "system": ("body",),
}  # fmt: skip
MEDIA = frozenset({"image", "video", "document", "audio", "sticker", "contacts", "location"})


def changes(body: bytes) -> list[tuple[str, Row]]:
    """(field, value) of every change in a push. Raises what a push of another shape raises."""
    event = orjson.loads(body)
    return [(change["field"], change["value"]) for entry in event["entry"] for change in entry["changes"]]


def records(body: bytes, number: str) -> tuple[list[Record | BadRow], list[Row]]:
    """(what was written to and from our number, the news of our own messages). A bad row stands alone."""
    rows: list[Record | BadRow] = []
    statuses: list[Row] = []
    try:
        found = [value for field, value in changes(body) if is_ours(field, value, number)]
    except UNREADABLE as error:
        return [BadRow("message", "", reason_of(error), body)], []
    for value in found:
        rows += each(value.get("messages"), value, incoming)
        rows += each(value.get("message_echoes"), value, echoed)
        news = value.get("statuses") or []
        statuses += [row for row in news if isinstance(row, dict)] if isinstance(news, list) else []
    return rows, statuses


def is_ours(field: str, value: Any, number: str) -> bool:
    if field not in ("messages", "smb_message_echoes"):
        return False
    return str(value["metadata"]["phone_number_id"]) == number


def each(items: Any, value: Row, read: Any) -> Iterator[Record | BadRow]:
    if items is not None and not isinstance(items, list):
        yield bad_row("message", value, "id", f"a list of messages is {type(items).__name__}")
        return
    for item in items or ():
        try:
            yield from read(item, value)
        except UNREADABLE as error:
            yield bad_row("message", item, "id", reason_of(error))


def incoming(item: Row, value: Row) -> Iterable[Record]:
    """The buyer is known by the user id where there is one: since 2026 a name may stand in place of the number."""
    address = filled(item, "from")
    who = str(item.get("from_user_id") or address)
    contacts = value.get("contacts") or []
    mine: Row = next((one for one in contacts if address in (one.get("wa_id"), one.get("user_id"))), {})
    name = str((mine.get("profile") or {}).get("name") or "")
    when, text = moment(item), text_of(item)
    return (
        message(item, who, Direction.IN, name or address, when, text),
        Conversation(
            external_id=who,
            channel="chat",
            customer_ref=who,
            customer_name=letters.clean(name),
            address=address,
            order_ref=letters.order_number(text),
            last_message_at=when,
            last_direction=Direction.IN,
        ),
    )


def echoed(item: Row, value: Row) -> Iterable[Record]:
    """What somebody of ours wrote in the WhatsApp Business app."""
    address = filled(item, "to")
    who = str(item.get("to_user_id") or address)
    return (message(item, who, Direction.OUT, "", moment(item), text_of(item)),)


def message(item: Row, who: str, direction: Direction, author: str, when: datetime, text: str) -> Message:
    kind = filled(item, "type")
    content = item.get(kind)
    shown = str(content.get("filename") or kind) if isinstance(content, dict) else kind
    is_bare = kind in MEDIA or (not text and kind not in TEXTS)
    return Message(
        external_id=filled(item, "id"),
        raw=dump(item),
        conversation_ref=who,
        direction=direction,
        author=letters.clean(author),
        sent_at=when,
        text=text,
        message_id=filled(item, "id"),
        in_reply_to=str((item.get("context") or {}).get("id") or ""),
        is_automatic=kind == "system",
        attachments=(letters.clean(shown),) if is_bare else (),
    )


def text_of(item: Row) -> str:
    kind = item.get("type")
    content = item.get(kind) if isinstance(kind, str) else None
    if kind == "interactive" and isinstance(content, dict):
        chosen = content.get("button_reply") or content.get("list_reply") or {}
        return letters.clean(str(chosen.get("title") or ""))
    if kind == "order" and isinstance(content, dict):
        return letters.clean(str(content.get("text") or ""))
    if kind not in TEXTS:
        return ""
    if not isinstance(content, dict):
        raise Unreadable(f"a message of type {kind} has no {kind}")
    words = [str(content[name]) for name in TEXTS[kind] if content.get(name)]
    if kind == "text" and not words:
        raise Unreadable("a text message without a text")
    return letters.clean(", ".join(words))[: letters.LONGEST_TEXT]


def moment(item: Row) -> datetime:
    """Seconds since 1970 as text."""
    value = item["timestamp"]
    if not str(value).isdigit():
        raise Unreadable(f"{value!r} is no time in Unix seconds")
    return datetime.fromtimestamp(int(value), UTC)


def filled(item: Row, name: str) -> str:
    value = item[name]
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is {value!r}, not text")
    return value


def sent_by_us(status: Row, talk: Conversation | None) -> list[Record | BadRow]:
    """A message of ours that is on its way: who and when, without its words, which are told by no push."""
    try:
        who = str(status.get("recipient_user_id") or filled(status, "recipient_id"))
        when = moment(status)
        ours = Message(
            external_id=filled(status, "id"), raw=dump(status), conversation_ref=who, direction=Direction.OUT,
            sent_at=when, text="", message_id=filled(status, "id"),
        )  # fmt: skip
    except UNREADABLE as error:
        return [bad_row("message", status, "id", reason_of(error))]
    known = talk or Conversation(
        external_id=who, channel="chat", customer_ref=who, address=who, last_message_at=when,
        last_direction=Direction.OUT,
    )  # fmt: skip
    return [ours, answered(known, when)]


def answered(talk: Conversation, when: datetime) -> Conversation:
    """The conversation after a message of ours, unless the buyer wrote later."""
    is_last = talk.last_direction is Direction.OUT or when >= talk.last_message_at
    return Conversation(
        external_id=talk.external_id,
        channel=talk.channel,
        customer_ref=talk.customer_ref,
        customer_name=talk.customer_name,
        address=talk.address,
        order_ref=talk.order_ref,
        last_message_at=max(when, talk.last_message_at),
        last_direction=Direction.OUT if is_last else Direction.IN,
    )
