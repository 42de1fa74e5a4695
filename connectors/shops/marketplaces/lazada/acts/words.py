"""A message in a chat, and the public answer under a review."""

from datetime import datetime, timedelta
from typing import Any

from connectors.base import ConnectorError, Permit, Refused, Unknown
from connectors.operations import ReplyReview, SendMessage
from connectors.shops.marketplaces.lazada.client import Client
from connectors.shops.marketplaces.lazada.reads.words import SELLER, content_of, is_blocked, lines, review_rows
from connectors.shops.reading import UNREADABLE, Row
from connectors.types import Receipt, Sight, Sighting

TEXT = 1  # template
CLOCKS_APART = timedelta(minutes=2)


def send(client: Client, operation: SendMessage, permit: Permit) -> Receipt:
    """`conversation_ref` (or `to`) names the chat; an order's number opens the chat with its buyer first."""
    session_id = operation.conversation_ref or operation.to
    if session_id.isdigit():
        session_id = _opened(client, session_id, permit)
    params = {"session_id": session_id, "template_id": TEXT, "txt": operation.text}
    answer = client.write("POST", "/im/message/send", params, permit)
    body: Any = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    message_id = str(data.get("message_id") or "") if isinstance(data, dict) else ""
    if not message_id:
        raise Unknown("Lazada's answer names no message; its shape may have changed", code="drift")
    _must_reach_the_buyer(client, session_id, message_id)
    return client.receipt(answer, message_id)


def _opened(client: Client, order_id: str, permit: Permit) -> str:
    """The chat with an order's buyer; the order may be at most 30 days old. Opening one shows the buyer nothing."""
    body: Any = client.write("GET", "/im/session/open", {"order_id": order_id}, permit).json()
    data = body.get("data") if isinstance(body.get("data"), dict) else body
    if not data.get("session_id"):
        raise Refused(f"Lazada opened no chat for order {order_id}", code="session")
    return str(data["session_id"])


def _must_reach_the_buyer(client: Client, session_id: str, message_id: str) -> None:
    """Moderation answers success and keeps the message back; only the message itself says so."""
    try:
        sent = next((row for row in _ours(client, session_id, 0) if str(row.get("message_id")) == message_id), None)
    except ConnectorError:
        return  # the message is out; the probe looks again
    if sent is not None and is_blocked(sent):
        raise Refused(f"Lazada's moderation kept the message from the buyer: {sent['process_msg']}", code="moderation")


def _ours(client: Client, session_id: str, since_ms: int) -> list[Row]:
    return [row for row in lines(client, session_id, since_ms or client.now_ms)
            if isinstance(row, dict) and row.get("from_account_type") == SELLER]  # fmt: skip


def see_message(client: Client, operation: SendMessage, since: datetime | None) -> Sighting:
    session_id = operation.conversation_ref or operation.to
    if session_id.isdigit():
        return Sighting(Sight.UNCLEAR, "", "which chat the order's buyer has is not known before it is opened")
    begin = int((since - CLOCKS_APART).timestamp() * 1000) if since else 0
    for row in _ours(client, session_id, begin):
        if _text(row) == operation.text and int(row.get("send_time") or 0) >= begin:
            words = (
                f"moderation kept it from the buyer: {row['process_msg']}" if is_blocked(row) else "it is in the chat"
            )
            return Sighting(Sight.UNCLEAR if is_blocked(row) else Sight.SEEN, str(row.get("message_id")), words)
    return Sighting(Sight.ABSENT, session_id, "the chat holds no such message of ours")


def _text(row: Row) -> str:
    try:
        return str(content_of(row).get("txt") or "")
    except UNREADABLE:
        return ""


def reply_review(client: Client, operation: ReplyReview, permit: Permit) -> Receipt:
    # A GET that changes something: it goes out once, through the gate.
    params = {"id": operation.review_ref, "content": operation.text}
    answer = client.write("GET", "/review/seller/reply/add", params, permit)
    body: Any = answer.json()
    if body.get("data") is False:
        raise Refused(f"Lazada did not take the answer: {body.get('error_msg') or ''}", code="review")
    return client.receipt(answer, operation.review_ref)


def see_reply(client: Client, operation: ReplyReview, since: datetime | None) -> Sighting:
    rows = review_rows(client, [operation.review_ref])
    found = next((row for row in rows if str(row.get("id")) == operation.review_ref), None)
    if found is None:
        return Sighting(Sight.UNCLEAR, operation.review_ref, "Lazada shows no such review")
    told = found.get("seller_reply") or ""
    if told.strip() == operation.text.strip():
        return Sighting(Sight.SEEN, operation.review_ref, "the answer stands under the review")
    sight = Sight.UNCLEAR if told else Sight.ABSENT
    return Sighting(sight, operation.review_ref, "another answer stands there" if told else "the review has no answer")
