"""Talks with buyers, the latest first; of each the messages that came since the last pull."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.shops.marketplaces.tiktok_shop.client import Client
from connectors.shops.marketplaces.tiktok_shop.parse.chat import conversation, message
from connectors.shops.reading import UNREADABLE, Row, bad_row, count, read_rows, reason_of
from connectors.shops.windows import Mark
from connectors.types import BadRow, Page, Record

CONVERSATIONS = "/customer_service/202309/conversations"
TALKS_PAGE, MESSAGES_PAGE = 20, 10


def pull(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """Up to the first page without news: a shop has ten thousand chat queries a day, and the list has no filter.

    The cursor moves at the end alone, since the newest come first.
    """
    now = client.clock()
    mark = Mark.read(cursor, int((now - first_span).timestamp()))
    since = mark.since - int(overlap.total_seconds())
    done = str(Mark(int(now.timestamp())))
    for batch in client.pages(CONVERSATIONS, "conversations", {"page_size": TALKS_PAGE}):
        news = [item for item in batch.rows if _last(item) is None or _last(item) >= since]
        records = tuple(row for item in news for row in talk(client, item, since))
        is_last = not batch.following or not news
        yield Page(records, done if is_last else str(mark), len(news), is_last, as_of=now)
        if is_last:
            return


def _last(item: Any) -> Any:
    """When the talk's last message came; None where the row does not say, which talk() will put into words."""
    latest = item.get("latest_message") if isinstance(item, dict) else None
    when = latest.get("create_time") if isinstance(latest, dict) else None
    return when if type(when) is int else None


def talk(client: Client, item: Any, since: int) -> Iterator[Record | BadRow]:
    try:
        found = messages(client, item["id"], since)
        yield from conversation(item, [row for row in found if isinstance(row, dict)])
    except UNREADABLE as error:
        yield bad_row("conversation", item, "id", reason_of(error))
        return
    yield from read_rows("message", found, lambda row: message(row, item["id"]), "id")


def messages(client: Client, conversation_id: str, since: int) -> list[Any]:
    """The messages of one talk from `since` (Unix seconds) on, the newest first."""
    found: list[Any] = []
    query = {"page_size": MESSAGES_PAGE, "sort_field": "create_time", "sort_order": "DESC"}
    for batch in client.pages(f"{CONVERSATIONS}/{conversation_id}/messages", "messages", query):
        fresh = [row for row in batch.rows if not isinstance(row, dict) or _time(row) >= since]
        found += fresh
        if len(fresh) < len(batch.rows):
            break
    return found


def _time(item: Row) -> int:
    """A message whose time cannot be read counts as new, so that it is kept with its reason."""
    try:
        return count(item.get("create_time"))
    except UNREADABLE:
        return 1 << 62
