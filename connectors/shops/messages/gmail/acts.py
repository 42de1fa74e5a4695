"""Gmail's one write: a letter, sent once, and the reads that find it again.

There is no idempotency key. The letter carries a Message-ID that is fixed before the first byte leaves, and the
intent's key in a header of ours, since Gmail may replace a Message-ID.
"""

import re
from dataclasses import replace
from datetime import datetime

from connectors.base import Permit, Refused
from connectors.operations import SendMessage
from connectors.shops import letters
from connectors.shops.messages.gmail.client import Client
from connectors.shops.messages.gmail.reads import INDEXED_AFTER
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Receipt, Sight, Sighting

THREAD = re.compile(r"[0-9a-f]{10,20}")


def send(client: Client, operation: SendMessage, permit: Permit, now: datetime) -> Receipt:
    """To stay in its thread a letter names the thread and its parent, and keeps the subject."""
    sender = address(client)
    operation = replace(operation, message_id=letters.message_id(operation, permit.key, sender))
    name = str(client.account.settings.get("shown_name") or "")
    wire = letters.compose(operation, sender=sender, shown_name=name, key=permit.key, now=now).as_bytes()
    made, answer = client.send(wire, thread_of(operation), permit)
    return Receipt(str(made["id"]), Redactor(client.account.credentials.values()).body(answer))


def address(client: Client) -> str:
    return str(client.account.settings.get("address") or client.account.external_id)


def thread_of(operation: SendMessage) -> str:
    return operation.conversation_ref if THREAD.fullmatch(operation.conversation_ref) else ""


def see(client: Client, operation: SendMessage, key: str, since: datetime, now: datetime) -> Sighting:
    """Gmail keeps a copy of everything it sends, so two searches that find none prove that it did not leave."""
    thread = thread_of(operation)
    sender = address(client)
    message_id = letters.message_id(operation, key, sender)
    found = by_message_id(client, message_id) or (in_thread(client, thread, key) if thread else "")
    if found:
        return Sighting(Sight.SEEN, found, "the letter lies in Sent", now)
    if now - since < INDEXED_AFTER:
        return Sighting(Sight.UNCLEAR, detail="not found yet; Gmail's search is some seconds behind", read_at=now)
    return Sighting(Sight.ABSENT, detail="no letter in Sent carries our Message-ID or key", read_at=now)


def by_message_id(client: Client, message_id: str) -> str:
    query = [("q", f"rfc822msgid:{message_id.strip('<>')}"), ("includeSpamTrash", "true"), ("maxResults", "10")]
    for row in client.get("messages.list", "messages", query).get("messages") or []:
        whole = client.get("messages.get", f"messages/{row['id']}", [("format", "minimal")])
        if "SENT" in (whole.get("labelIds") or ()):
            return str(row["id"])
    return ""


def in_thread(client: Client, thread: str, key: str) -> str:
    query = [("format", "metadata"), ("metadataHeaders", letters.ACTION)]
    try:
        rows: list[Row] = client.get("threads.get", f"threads/{thread}", query).get("messages") or []
    except Refused as error:
        if error.status == 404:
            return ""
        raise
    for row in rows:
        headers = (row.get("payload") or {}).get("headers") or []
        ours = any(one["name"].lower() == letters.ACTION.lower() and one["value"] == key for one in headers)
        if ours and "SENT" in (row.get("labelIds") or ()):
            return str(row["id"])
    return ""
