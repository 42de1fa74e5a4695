"""The methods of the Gmail API, each on the box of letters."""

import re
from base64 import urlsafe_b64decode
from email.utils import getaddresses
from typing import Any
from urllib.parse import parse_qs

import orjson

from connectors.twin.deeds import post_mail
from connectors.twin.wire.gmail import shapes
from connectors.twin.wire.gmail.api import Gmail, GmailError, Route
from connectors.twin.wire.gmail.box import Letter
from connectors.twin.wire.gmail.search import found
from connectors.twin.wire.mailparse import read_mail
from connectors.twin.wire.web import Request
from connectors.twin.world.post import ADDRESS

READ, CHANGE, SEND = ("readonly", "modify"), ("modify",), ("send", "compose", "modify")
WATCH_LIFE = 7 * 86_400
SIZE_LIMIT = 35 << 20
Query = dict[str, list[str]]


def query_of(request: Request) -> Query:
    return parse_qs(request.query, keep_blank_values=True)


def body_of(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise GmailError("Invalid JSON payload received.") from error
    if not isinstance(body, dict):
        raise GmailError("Invalid JSON payload received.")
    return body


def page(query: Query, rows: list[Any], default: int = 100) -> tuple[list[Any], dict[str, str]]:
    """One page and the token of the next. Raises GmailError for a size or token that cannot be."""
    size, token = query.get("maxResults", [str(default)])[0], query.get("pageToken", ["0"])[0]
    if not size.isdigit() or not 1 <= int(size) <= 500:
        raise GmailError("Invalid value at 'max_results'")
    if not token.isdigit():
        raise GmailError("Invalid pageToken")
    begin, end = int(token), int(token) + int(size)
    return rows[begin:end], ({"nextPageToken": str(end)} if end < len(rows) else {})


def profile(wire: Gmail, request: Request) -> Any:
    threads = {letter.thread_id for letter in wire.box.letters}
    return {
        "emailAddress": ADDRESS, "messagesTotal": len(wire.box.letters), "threadsTotal": len(threads),
        "historyId": str(wire.box.history),
    }  # fmt: skip


def _searched(wire: Gmail, query: Query) -> list[Letter]:
    with_spam = query.get("includeSpamTrash", ["false"])[0] == "true"
    labels = set(query.get("labelIds", []))
    try:
        return found(wire.box.letters, query.get("q", [""])[0], labels, wire.market.now, with_spam=with_spam)
    except ValueError as error:
        raise GmailError("Invalid query") from error


def list_messages(wire: Gmail, request: Request) -> Any:
    query = query_of(request)
    every = _searched(wire, query)
    rows, following = page(query, every)
    listed = {"messages": [shapes.reference(letter) for letter in rows]} if rows else {}
    return {**listed, **following, "resultSizeEstimate": min(len(every), 201)}


def get_message(wire: Gmail, request: Request, ref: str) -> Any:
    form, wanted = _form(request)
    return shapes.message(wire.letter(ref), form, wanted)


def _form(request: Request) -> tuple[str, frozenset[str]]:
    query = query_of(request)
    form = query.get("format", ["full"])[0].lower()
    if form not in shapes.FORMATS:
        raise GmailError("Invalid value at 'format'")
    return form, frozenset(name.lower() for name in query.get("metadataHeaders", []))


def get_attachment(wire: Gmail, request: Request, ref: str, attachment: str) -> Any:
    content = shapes.attachment(wire.letter(ref), attachment)
    if content is None:
        raise GmailError("Requested entity was not found.", 404, "notFound")
    return content


def send(wire: Gmail, request: Request) -> Any:
    """The mail leaves, arrives, and lies in Sent. Gmail rewrites a From that is not the account's."""
    body = body_of(request)
    try:
        raw = urlsafe_b64decode(str(body.get("raw") or "").rstrip("=") + "==")
    except ValueError as error:
        raise GmailError("Invalid value at 'message.raw'") from error
    mail = read_mail(raw, wire.market.now)
    recipients = [address for _, address in getaddresses([mail.to]) if "@" in address]
    if not recipients:
        raise GmailError("Recipient address required")
    if len(raw) > SIZE_LIMIT:
        raise GmailError("Request Entity Too Large", 413, "uploadTooLarge")
    thread = None
    if body.get("threadId"):
        of_thread = wire.box.of_thread(str(body["threadId"]))
        if not of_thread:
            raise GmailError("Requested entity was not found.", 404, "notFound")
        thread = of_thread[0]
    post_mail(wire.market, mail, recipients, shop="gmail")
    wire.market.post.file(mail)
    letter = wire.box.add(mail, wire.market.now, is_sent=True, thread=thread)
    wire.market.tell("gmail", "mail", mail)
    return shapes.reference(letter) | {"labelIds": list(letter.labels)}


def modify(wire: Gmail, request: Request, ref: str) -> Any:
    body, letter = body_of(request), wire.letter(ref)
    wire.box.relabel(letter, body.get("addLabelIds") or [], body.get("removeLabelIds") or [], wire.market.now)
    return shapes.message(letter, "minimal")


def trash(wire: Gmail, request: Request, ref: str) -> Any:
    letter = wire.letter(ref)
    wire.box.relabel(letter, ["TRASH"], ["INBOX"], wire.market.now)
    return shapes.message(letter, "minimal")


def untrash(wire: Gmail, request: Request, ref: str) -> Any:
    letter = wire.letter(ref)
    wire.box.relabel(letter, [], ["TRASH"], wire.market.now)
    return shapes.message(letter, "minimal")


def list_threads(wire: Gmail, request: Request) -> Any:
    query = query_of(request)
    newest: dict[str, Letter] = {}
    for letter in _searched(wire, query):
        newest.setdefault(letter.thread_id, letter)
    rows, following = page(query, list(newest.values()))
    shown = [{"id": row.thread_id, "historyId": str(row.history), "snippet": row.mail.subject} for row in rows]
    return {**({"threads": shown} if shown else {}), **following, "resultSizeEstimate": min(len(newest), 201)}


def get_thread(wire: Gmail, request: Request, ref: str) -> Any:
    form, wanted = _form(request)
    letters = wire.box.of_thread(ref)
    if not letters:
        raise GmailError("Requested entity was not found.", 404, "notFound")
    rows = [shapes.message(letter, form, wanted) for letter in letters]
    return {"id": ref, "historyId": str(max(letter.history for letter in letters)), "messages": rows}


def list_history(wire: Gmail, request: Request) -> Any:
    query = query_of(request)
    start = query.get("startHistoryId", [""])[0]
    if not start.isdigit():
        raise GmailError("Missing or invalid startHistoryId")
    events = wire.box.since(int(start), wire.market.now)
    if events is None:
        raise GmailError("Requested entity was not found.", 404, "notFound")
    kinds, label = query.get("historyTypes", list(shapes.HISTORY_KEYS)), query.get("labelId", [""])[0]
    chosen = [event for event in events if event.kind in kinds and (not label or label in event.letter.labels)]
    rows, following = page(query, chosen)
    listed = {"history": [shapes.history(event) for event in rows]} if rows else {}
    return {**listed, **following, "historyId": str(wire.box.history)}


def list_labels(wire: Gmail, request: Request) -> Any:
    return {"labels": [{"id": name, "name": name, "type": "system"} for name in shapes.SYSTEM_LABELS]}


def get_label(wire: Gmail, request: Request, name: str) -> Any:
    if name not in shapes.SYSTEM_LABELS:
        raise GmailError("Requested entity was not found.", 404, "notFound")
    return shapes.label(name, wire.box.letters)


def watch(wire: Gmail, request: Request) -> Any:
    topic = str(body_of(request).get("topicName") or "")
    if not re.fullmatch(r"projects/[\w-]+/topics/[\w-]+", topic):
        raise GmailError("Invalid topicName does not match projects/*/topics/*")
    wire.pubsub.until = wire.market.now + WATCH_LIFE
    return {"historyId": str(wire.box.history), "expiration": str(wire.pubsub.until * 1000)}


def stop(wire: Gmail, request: Request) -> Any:
    wire.pubsub.until = 0
    return {}


ROUTES = (
    Route("getProfile", "GET /profile", (*READ, "compose", "metadata"), 1, profile),
    Route("messages.list", "GET /messages", READ, 5, list_messages),
    Route("messages.send", "POST /messages/send", SEND, 100, send),
    Route("messages.get", "GET /messages/*", READ, 5, get_message),
    Route("messages.attachments.get", "GET /messages/*/attachments/*", READ, 5, get_attachment),
    Route("messages.modify", "POST /messages/*/modify", CHANGE, 5, modify),
    Route("messages.trash", "POST /messages/*/trash", CHANGE, 5, trash),
    Route("messages.untrash", "POST /messages/*/untrash", CHANGE, 5, untrash),
    Route("threads.list", "GET /threads", READ, 10, list_threads),
    Route("threads.get", "GET /threads/*", READ, 10, get_thread),
    Route("history.list", "GET /history", (*READ, "metadata"), 2, list_history),
    Route("labels.list", "GET /labels", (*READ, "labels", "metadata"), 1, list_labels),
    Route("labels.get", "GET /labels/*", (*READ, "labels", "metadata"), 1, get_label),
    Route("watch", "POST /watch", (*READ, "metadata"), 100, watch),
    Route("stop", "POST /stop", (*READ, "metadata"), 50, stop),
)
