"""What buyers write: chats (for apps of the chat category) and reviews."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.base import Retry
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.parse import must_when, when
from connectors.shops.marketplaces.lazada.reads.goods import goods
from connectors.shops.reading import UNREADABLE, Row, Unreadable, bad_row, count, dump, read_rows, reason_of
from connectors.shops.windows import Mark, windows
from connectors.types import BadRow, Conversation, Direction, Listing, Message, Page, Record, Review

CHAT_PAGE = 20
BUYER, SELLER = 1, 2  # account types
FROM_SYSTEM = 2  # message type
RECALLED = 1
TEXT_FIELDS = ("txt", "text", "recallContent", "title")
PICTURE_FIELDS = ("imgUrl", "img_url", "videoUrl")
REVIEW_IDS = 10
WIDEST_REVIEWS = 7 * 86_400 - 1


def messages(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """Chats come newest first, so the cursor moves when all that are newer than it have been read."""
    now = client.clock()
    since = Mark.read(cursor, int((now - first_span).timestamp())).since - int(overlap.total_seconds())
    done = str(Mark(int(now.timestamp())))
    for sessions, is_end in _sessions(client, since * 1000):
        records = tuple(row for session in sessions for row in _chat(client, session, since * 1000))
        yield Page(records, done if is_end else cursor, len(sessions), is_last=is_end)


def _sessions(client: Client, since_ms: int) -> Iterator[tuple[list[Any], bool]]:
    """Pages of chats with a message after `since_ms`, and whether that is all."""
    query: dict[str, object] = {"start_time": client.now_ms, "page_size": CHAT_PAGE}
    seen: set[str] = set()
    while True:
        data = part(client.get("/im/session/list", query), "data", dict)
        rows = part(data, "session_list", list)
        fresh = [row for row in rows if not isinstance(row, dict) or _is_after(row, since_ms)]
        new = [row for row in fresh if not isinstance(row, dict) or str(row.get("session_id")) not in seen]
        seen |= {str(row.get("session_id")) for row in new if isinstance(row, dict)}
        is_end = not data.get("has_more") or len(fresh) < len(rows) or not rows
        yield new, is_end
        if is_end:
            return
        query = _onward(data, "last_session_id", query)


def _is_after(row: Row, since_ms: int) -> bool:
    """A chat whose time cannot be read is read, never passed over."""
    try:
        return int(row["last_message_time"]) >= since_ms
    except UNREADABLE:
        return True


def _onward(data: Row, name: str, query: dict[str, object]) -> dict[str, object]:
    following = {"start_time": data.get("next_start_time"), name: data.get(name), "page_size": CHAT_PAGE}
    if not following["start_time"] or following == query:
        raise Retry("a chat list says there is more, but does not move on", code="short_read")
    return following


def _chat(client: Client, session: Any, since_ms: int) -> list[Record | BadRow]:
    """The messages of one chat since then, and the chat itself."""
    session_id = session.get("session_id") if isinstance(session, dict) else None
    if not session_id:
        return [bad_row("conversation", session, "session_id", "a chat has no session_id")]
    rows = list(lines(client, str(session_id), since_ms))
    said = read_rows("message", rows, message, "message_id")
    try:
        return [*said, conversation(session, rows, [row for row in said if isinstance(row, Message)])]
    except UNREADABLE as error:
        return [*said, bad_row("conversation", session, "session_id", reason_of(error))]


def lines(client: Client, session_id: str, since_ms: int) -> Iterator[Any]:
    """Messages of a chat, newest first: whole pages down to `since_ms`, and on to what a person last wrote."""
    query: dict[str, object] = {"start_time": client.now_ms, "page_size": CHAT_PAGE}
    has_person = False
    while True:
        data = part(client.get("/im/message/list", {**query, "session_id": session_id}), "data", dict)
        rows = part(data, "message_list", list)
        yield from rows
        has_person = has_person or any(isinstance(row, dict) and not _is_automatic(row) for row in rows)
        oldest = min((row["send_time"] for row in rows if _has_time(row)), default=since_ms)
        if not data.get("has_more") or not rows or (oldest < since_ms and has_person):
            return
        query = _onward(data, "last_message_id", query)


def _has_time(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("send_time"), int)


def _is_automatic(row: Row) -> bool:
    return bool(row.get("auto_reply")) or row.get("type") == FROM_SYSTEM


def content_of(row: Row) -> Row:
    """The content, which comes as an object or as JSON text."""
    content = row["content"]
    found = orjson.loads(content) if isinstance(content, str) else content
    if not isinstance(found, dict):
        raise Unreadable("a message's content is no object")
    return found


def is_blocked(row: Row) -> bool:
    """Whether moderation kept a message of ours from the buyer (`process_msg` then says why)."""
    return str(row.get("process_msg") or "") not in ("", "null") and row.get("from_account_type") == SELLER


def message(row: Row) -> Iterator[Record]:
    """A message; one of ours that moderation blocked never reached the buyer, so it is none."""
    if is_blocked(row):
        return
    content, direction = content_of(row), _direction(row)
    if not row["message_id"] or not row["session_id"]:
        raise Unreadable("a message or its chat has no id")
    text = next((str(content[name]) for name in TEXT_FIELDS if content.get(name)), "")
    yield Message(
        external_id=str(row["message_id"]),
        raw=dump(row),
        conversation_ref=str(row["session_id"]),
        direction=direction,
        author=str(row.get("from_account_id") or ""),
        sent_at=must_when(row["send_time"]),
        text="" if row.get("status") == RECALLED else text,
        message_id=str(row["message_id"]),
        is_automatic=_is_automatic(row),
        attachments=tuple(str(content[name]) for name in PICTURE_FIELDS if content.get(name)),
    )


def _direction(row: Row) -> Direction:
    sides = {BUYER: Direction.IN, SELLER: Direction.OUT}
    return sides[row["from_account_type"]]


def conversation(session: Row, rows: list[Any], said: list[Message]) -> Conversation:
    """A chat waits for an answer until a person of ours has written: automatic replies do not count."""
    told = [row for row in said if not row.is_automatic] or said
    newest = max(told, key=lambda row: row.sent_at, default=None)
    last_at = when(session["last_message_time"])
    if newest is None and last_at is None:
        raise Unreadable("a chat without a message has no time")
    return Conversation(
        external_id=str(session["session_id"]),
        raw=dump(session),
        channel="chat",
        customer_ref=str(session.get("buyer_id") or ""),
        customer_name=str(session.get("title") or ""),
        address=str(session["session_id"]),
        order_ref=_order_named(rows),
        last_message_at=newest.sent_at if newest else must_when(last_at and session["last_message_time"]),
        last_direction=newest.direction if newest else Direction.OUT,
    )


def _order_named(rows: list[Any]) -> str:
    """The order that a card in the chat is about, the newest first."""
    for row in rows:
        try:
            content = content_of(row)
        except UNREADABLE:
            continue
        found = content.get("orderId") or content.get("order_id")
        if found:
            return str(found)
    return ""


def reviews(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """Lazada lists reviews only by product and by seven days at most; the cursor moves after the last product."""
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    items = sorted({row.external_id.partition(":")[0] for page in goods(client, "") for row in page.records
                    if isinstance(row, Listing)})  # fmt: skip
    for start, end, _ in windows(mark, now, int(overlap.total_seconds()), WIDEST_REVIEWS):
        for item_id in items:
            ids = list(_review_ids(client, item_id, start, end))
            if ids:
                yield Page(tuple(_reviews(client, ids)), cursor, len(ids), is_last=False)
        yield Page((), str(Mark(end)), 0, is_last=end >= now)


def _review_ids(client: Client, item_id: str, start: int, end: int) -> Iterator[str]:
    number, read = 1, set[str]()
    while True:
        query = {"item_id": item_id, "start_time": start * 1000, "end_time": end * 1000, "current": number}
        data = part(client.get("/review/seller/history/list", query), "data", dict)
        ids = part(data, "id_list", list)
        fresh = [review_id for review_id in dict.fromkeys(map(str, ids)) if review_id not in read]
        yield from fresh
        read, number = read | set(fresh), number + 1
        if len(read) >= part(data, "total", int):
            return
        if not fresh:
            raise Retry("the review list says there is more, but does not move on", code="short_read")


def _reviews(client: Client, ids: list[str]) -> Iterator[Record | BadRow]:
    for begin in range(0, len(ids), REVIEW_IDS):
        asked = ids[begin : begin + REVIEW_IDS]
        rows = review_rows(client, asked)
        yield from read_rows("review", rows, review, "id")
        got = {str(row.get("id")) for row in rows if isinstance(row, dict)}
        for missing in (review_id for review_id in asked if review_id not in got):
            yield bad_row("review", {"id": missing}, "id", "listed, but Lazada gives no detail of it")


def review_rows(client: Client, ids: list[str]) -> list[Any]:
    """Reviews in full; the answer's `data` is an object, or a list that holds one."""
    data = client.get("/review/seller/list/v2", {"id_list": f"[{','.join(ids)}]"}).get("data")
    holders: list[Any] = data if isinstance(data, list) else [data]
    if any(not isinstance(holder, dict) for holder in holders):
        raise Retry("Lazada's answer holds no reviews; its shape may have changed", code="drift")
    return [row for holder in holders for row in part(holder, "review_list", list)]


def review(row: Row) -> Iterator[Record]:
    created: datetime = must_when(row.get("submit_time") or row["create_time"])
    if not row["id"]:
        raise Unreadable("a review has no id")
    yield Review(
        external_id=str(row["id"]),
        raw=dump(row),
        order_ref=str(row.get("order_id") or ""),
        sku=str(row.get("seller_sku") or ""),
        rating=count(row["ratings"]["overall_rating"]),
        text=row.get("review_content") or "",
        created_at=created,
        answered_at=created if row.get("seller_reply") else None,  # Lazada does not tell when
    )
