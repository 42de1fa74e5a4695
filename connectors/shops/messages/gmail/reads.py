"""Gmail read: everything of the first span, oldest first, then changes by history id.

A history id that Google has dropped (404; they live a week as a rule, at times only hours) starts the listing again
from where the last good read was.
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops import letters
from connectors.shops.messages.gmail.client import Client
from connectors.shops.reading import UNREADABLE, Row, Unreadable, bad_row, reason_of
from connectors.types import BadRow, Conversation, Direction, Message, Page, Record

LISTED, CHANGED = 500, 100  # rows of one page of ids (the most there are), and of changes
BATCH = 50  # messages read for one page of records
NOT_LETTERS = frozenset({"DRAFT", "CHAT", "SPAM", "TRASH"})
ARRIVING = frozenset({"INBOX", "SENT"})  # a label that makes a letter of what was spam before
INDEXED_AFTER = timedelta(minutes=2)  # the search finds a letter some seconds after it came
WATCH_MARGIN = timedelta(days=5)  # of seven; Google advises to renew every day


@dataclass(frozen=True, slots=True)
class Mark:
    """`history`: changes up to here are stored. `listing` is the last message stored of a listing that is under way
    (empty at its start), None where it is done. `listed_at` is when it was done, until what the search had not found by
    then has been looked for once more; 0 after that. It, `read_at` and `watch_until` are Unix seconds."""

    history: str = ""
    listing: str | None = ""
    listed_at: int = 0
    read_at: int = 0
    watch_until: int = 0

    @classmethod
    def read(cls, text: str) -> "Mark":
        return cls(**orjson.loads(text)) if text else cls()

    def __str__(self) -> str:
        return orjson.dumps(asdict(self)).decode()


def pull(client: Client, cursor: str, now: datetime, first_span: timedelta, topic: str) -> Iterator[Page]:
    mark = Mark.read(cursor)
    if topic and now + WATCH_MARGIN > datetime.fromtimestamp(mark.watch_until, UTC):
        mark = replace(mark, watch_until=int(client.watch(topic).get("expiration") or 0) // 1000)
    earliest = int((now - first_span).timestamp())
    if mark.history and mark.listing is None:
        if mark.listed_at and now.timestamp() - mark.listed_at >= INDEXED_AFTER.total_seconds():
            refs = listed(client, mark.listed_at - int(INDEXED_AFTER.total_seconds()))
            rows, seen = read_all(client, refs)
            mark = replace(mark, listed_at=0)
            yield Page(tuple(rows), str(mark), seen, is_last=False)
        try:
            yield from changes(client, mark, now)
            return
        except Refused as error:
            if error.status != 404:
                raise
        earliest = min(earliest, mark.read_at - 86_400)
        mark = Mark(watch_until=mark.watch_until)
    yield from everything(client, mark, earliest, now)


def everything(client: Client, mark: Mark, since: int, now: datetime) -> Iterator[Page]:
    """The history id is taken first, so that what arrives during the listing comes again as a change. What arrived
    right before it may be missing from both, since the search is behind: a later pull lists those minutes again."""
    if not mark.history:
        mark = replace(mark, history=str(must_number(client.get("getProfile", "profile"), "historyId")), listing="")
    refs = listed(client, since)
    rest = refs[refs.index(mark.listing) + 1 :] if mark.listing in refs else refs
    gone = 0
    for begin in range(0, max(1, len(rest)), BATCH):
        batch = rest[begin : begin + BATCH]
        rows, seen = read_all(client, batch)
        gone += len(batch) - seen
        is_last = begin + BATCH >= len(rest)
        at = int(now.timestamp())
        ended = {"listing": None, "listed_at": at} if is_last else {"listing": batch[-1]}
        mark = replace(mark, read_at=at, **ended)
        yield Page(tuple(rows), str(mark), seen, is_last, count_at_source=len(refs) - gone if is_last else None)


def listed(client: Client, since: int) -> list[str]:
    """Ids of all letters since a second, oldest first."""
    query = [("q", f"after:{since} -in:drafts -in:chats"), ("maxResults", str(LISTED))]
    refs: dict[str, None] = {}
    token = ""
    while True:
        body = client.get("messages.list", "messages", [*query, *([("pageToken", token)] if token else [])])
        if not body.get("messages") and body.get("resultSizeEstimate"):
            raise Retry("Gmail counts messages and lists none; its shape may have changed", code="drift")
        refs |= dict.fromkeys(must_id(row, "id") for row in body.get("messages") or [])
        following = str(body.get("nextPageToken") or "")
        if not following:
            return list(reversed(refs))
        if following == token:
            raise Retry("the list says there is more, but does not move on", code="short_read")
        token = following


def changes(client: Client, mark: Mark, now: datetime) -> Iterator[Page]:
    """Letters that came, or came out of spam, since the mark. The mark moves on also where there is nothing."""
    start, token, newest = mark.history, "", int(mark.history)
    done: set[str] = set()
    while True:
        query = [
            ("startHistoryId", start), ("maxResults", str(CHANGED)),
            ("historyTypes", "messageAdded"), ("historyTypes", "labelAdded"),
        ]  # fmt: skip
        body = client.get("history.list", "history", [*query, *([("pageToken", token)] if token else [])])
        records: list[Any] = body.get("history") or []
        refs = [ref for ref in dict.fromkeys(ref for row in records for ref in arrived(row)) if ref not in done]
        done.update(refs)
        rows, seen = read_all(client, refs)
        following = str(body.get("nextPageToken") or "")
        if following and following == token:
            raise Retry("the history says there is more, but does not move on", code="short_read")
        reached = [must_number(row, "id") for row in records] if following else [must_number(body, "historyId")]
        newest = max([newest, *reached])
        mark = replace(mark, history=str(newest), read_at=int(now.timestamp()))
        yield Page(tuple(rows), str(mark), seen, is_last=not following)
        if not following:
            return
        token = following


def arrived(row: Any) -> list[str]:
    """Ids of the messages that one history record brings. Raises Retry where its shape is another."""
    try:
        added = [entry["message"] for entry in row.get("messagesAdded") or []]
        moved = [entry["message"] for entry in row.get("labelsAdded") or [] if ARRIVING & set(entry["labelIds"])]
        return [one["id"] for one in (*added, *moved) if not NOT_LETTERS & set(one.get("labelIds") or ())]
    except UNREADABLE as error:
        raise Retry(f"Gmail's history has another shape: {reason_of(error)}", code="drift") from error


def must_id(row: Any, name: str) -> str:
    """An id without which nothing can be read on. Raises Retry."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, str) or not value:
        raise Retry(f"Gmail's answer has no {name!r}; its shape may have changed", code="drift")
    return value


def must_number(row: Any, name: str) -> int:
    value = must_id(row, name)
    if not value.isdigit():
        raise Retry(f"Gmail's {name!r} is {value[:40]!r}, not a number; its shape may have changed", code="drift")
    return int(value)


def read_all(client: Client, refs: list[str]) -> tuple[list[Record | BadRow], int]:
    """(records, how many of the messages are letters that are still there)."""
    rows: list[Record | BadRow] = []
    seen = 0
    for ref in refs:
        found = client.message(ref)
        made = [] if found is None else records_of(found, client.account.external_id)
        rows += made
        seen += bool(made)
    return rows, seen


def records_of(item: Row, address: str) -> list[Record | BadRow]:
    """Message and Conversation of one answer of messages.get; empty for what is no letter (drafts, chats, spam)."""
    try:
        labels = set(item.get("labelIds") or ())
        if labels & NOT_LETTERS:
            return []
        message_ref, thread_ref = required(item, "id"), required(item, "threadId")
        raw = urlsafe_b64decode(required(item, "raw").rstrip("=") + "==")  # padding is not guaranteed
        when = datetime.fromtimestamp(int(item["internalDate"]) / 1000, UTC)
        direction = Direction.OUT if "SENT" in labels or is_from(raw, address) else Direction.IN
        message, conversation = letters.records(raw, direction, when, thread_ref)
        return [replace(message, external_id=message_ref), conversation]
    except UNREADABLE as error:
        return [bad_row("message", item, "id", reason_of(error))]


def is_from(raw: bytes, address: str) -> bool:
    return bool(address) and letters.sender(letters.read_mail(raw))[1].casefold() == address.casefold()


def required(item: Row, name: str) -> str:
    value = item[name]
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is {value!r}, not text")
    return value


def conversation(client: Client, thread_ref: str) -> Conversation | None:
    """A thread as it stands now, by its last letter."""
    try:
        body = client.get("threads.get", f"threads/{thread_ref}", [("format", "minimal")])
    except Refused as error:
        if error.status == 404:
            return None
        raise
    for row in reversed(body.get("messages") or []):
        if NOT_LETTERS & set(row.get("labelIds") or ()):
            continue
        found = client.message(must_id(row, "id"))
        for made in records_of(found, client.account.external_id) if found else ():
            if isinstance(made, Conversation):
                return made
    return None


def message(client: Client, message_ref: str) -> Message | None:
    found = client.message(message_ref)
    made = records_of(found, client.account.external_id) if found else []
    return next((row for row in made if isinstance(row, Message)), None)
