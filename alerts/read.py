"""New messages become tickets: one a conversation, with priority, intent, mood and what probably happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from alerts.facts.payments import orders_by_name
from alerts.facts.rows import Refs, among, rows, split
from alerts.models import Ticket, TicketConversation
from alerts.reading.message import Reading, read
from connectors.models import Change

READ_KINDS = ("message", "conversation")
AT_ONCE = 5_000
BATCH = 1_000
KEPT_CHARACTERS = 2_000
# Of a long silence broken by many mails, the newest say what it is about.
LAST_MESSAGES = 5
FIELDS = (
    "subject", "customer_ref", "order_ref", "state", "priority", "intent", "language", "emotion", "text", "diagnosis",
    "reading", "first_answer_at", "last_message_at",
)  # fmt: skip

OF_MESSAGES = "SELECT DISTINCT shop_id, conversation_ref FROM connectors_message WHERE {among}"
CONVERSATIONS = """
SELECT shop_id, external_id, subject, customer_ref, customer_name, address, order_ref, last_message_at, last_direction
FROM connectors_conversation WHERE {among}
"""
MESSAGES = """
SELECT shop_id, conversation_ref, external_id, direction, sent_at, subject, text
FROM connectors_message WHERE NOT is_automatic AND {among}
ORDER BY shop_id, conversation_ref, sent_at, id
"""


@dataclass(slots=True)
class Thread:
    """One conversation with its messages by people, oldest first."""

    conversation: Mapping[str, Any]
    messages: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> tuple[int, str]:
        return self.conversation["shop_id"], self.conversation["external_id"]

    @property
    def inbound(self) -> list[Mapping[str, Any]]:
        return [message for message in self.messages if message["direction"] == "in"]

    @property
    def waiting(self) -> list[Mapping[str, Any]]:
        """What the customer wrote since our last answer; the last thing written where we have answered all."""
        newest: list[Mapping[str, Any]] = []
        for message in reversed(self.messages):
            if message["direction"] == "out":
                break
            newest.insert(0, message)
        return newest[-LAST_MESSAGES:] or self.inbound[-1:]

    @property
    def first_answer_at(self) -> datetime | None:
        begin = self.inbound[0]["sent_at"]
        return next((m["sent_at"] for m in self.messages if m["direction"] == "out" and m["sent_at"] >= begin), None)


def read_messages(limit: int = AT_ONCE, now: datetime | None = None) -> int:
    """Read up to `limit` changed messages and conversations into tickets. Returns how many changes were taken."""
    with transaction.atomic():
        taken = Change.objects.take(limit, kinds=READ_KINDS)
        refs = _conversations(taken)
        if refs:
            read_threads(load(refs), now or timezone.now())
    return len(taken)


def _conversations(taken: Iterable[tuple[str, int, str]]) -> list[tuple[int, str]]:
    changed = list(taken)
    refs = {(shop_id, ref) for kind, shop_id, ref in changed if kind == "conversation"}
    messages = [(shop_id, ref) for kind, shop_id, ref in changed if kind == "message"]
    if messages:
        found = rows(OF_MESSAGES.format(among=among(messages, "shop_id", "external_id")), split(messages))
        refs |= {(row["shop_id"], row["conversation_ref"]) for row in found}
    return sorted(refs)


def load(refs: Refs) -> list[Thread]:
    """Conversations in which at least one person has written to us."""
    messages: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(MESSAGES.format(among=among(refs, "shop_id", "conversation_ref")), split(refs)):
        messages[row["shop_id"], row["conversation_ref"]].append(row)
    found = rows(CONVERSATIONS.format(among=among(refs, "shop_id", "external_id")), split(refs))
    threads = [Thread(row, messages[row["shop_id"], row["external_id"]]) for row in found]
    return [thread for thread in threads if thread.inbound]


def read_threads(threads: Sequence[Thread], now: datetime) -> None:
    """Make or refresh the ticket of each conversation."""
    readings = [read_thread(thread) for thread in threads]
    names = [name for thread, reading in zip(threads, readings, strict=True) for name in _names(thread, reading)]
    orders = orders_by_name(names)
    keys = [thread.key for thread in threads]
    known = {
        (link.shop_id, link.conversation_ref): link.ticket
        for link in TicketConversation.objects.filter(
            shop_id__in={shop_id for shop_id, _ in keys}, conversation_ref__in=[ref for _, ref in keys]
        ).select_related("ticket")
    }
    new: list[tuple[Thread, Ticket]] = []
    changed: list[Ticket] = []
    for thread, reading in zip(threads, readings, strict=True):
        order = next((orders[name] for name in _names(thread, reading) if name in orders), None)
        ticket = known.get(thread.key)
        if ticket is None:
            ticket = Ticket(shop_id=thread.key[0], opened_at=thread.inbound[0]["sent_at"])
            new.append((thread, ticket))
        else:
            changed.append(ticket)
        _fill(ticket, thread, reading, order)
    Ticket.objects.bulk_create([ticket for _, ticket in new], batch_size=BATCH)
    TicketConversation.objects.bulk_create(
        [
            TicketConversation(ticket=ticket, shop_id=thread.key[0], conversation_ref=thread.key[1])
            for thread, ticket in new
        ],
        batch_size=BATCH,
    )
    Ticket.objects.bulk_update(changed, FIELDS, batch_size=BATCH)


def read_thread(thread: Thread) -> Reading:
    texts = [message["text"] for message in thread.waiting]
    return read(thread.conversation["subject"] or thread.waiting[0]["subject"], "\n".join(texts))


def _names(thread: Thread, reading: Reading) -> tuple[str, ...]:
    """Names an order may have, the channel's own link first."""
    linked = thread.conversation["order_ref"]
    return tuple(name for name in (linked, *reading.entities.order_numbers) if name)


def _fill(ticket: Ticket, thread: Thread, reading: Reading, order: Mapping[str, Any] | None) -> None:
    conversation, last = thread.conversation, thread.messages[-1]
    ticket.subject = (conversation["subject"] or reading.own.split("\n")[0])[:200] or "(no subject)"
    ticket.customer_ref = conversation["customer_ref"] or conversation["address"]
    ticket.order_ref = order["external_id"] if order else conversation["order_ref"]
    if ticket.state != Ticket.State.MERGED:
        ticket.state = Ticket.State.OPEN if last["direction"] == "in" else Ticket.State.WAITING
    ticket.priority = priority(reading)
    ticket.intent, ticket.language, ticket.emotion = reading.intent, reading.language, reading.mood
    ticket.text = reading.own[:KEPT_CHARACTERS]
    ticket.diagnosis = diagnosis(reading, order)
    ticket.reading = reading.to_json()
    ticket.first_answer_at = thread.first_answer_at
    ticket.last_message_at = last["sent_at"]


def priority(reading: Reading) -> int:
    if reading.mood in ("safety", "legal"):
        return Ticket.Priority.URGENT
    if reading.mood == "angry":
        return Ticket.Priority.HIGH
    return Ticket.Priority.NORMAL if reading.problems else Ticket.Priority.LOW


def diagnosis(reading: Reading, order: Mapping[str, Any] | None) -> str:
    """What the records say about it, before anyone opens it."""
    if order is None:
        return "No order of ours is named; ask for its number." if reading.problems else ""
    state = f"Order {order['number']} is {order['status'].replace('_', ' ')}"
    if order["delivered_at"]:
        state += f", delivered on {order['delivered_at']:%d %b}"
        if "not_received" in reading.problems:
            return f"{state}: the parcel may lie with a neighbour or is lost; check the proof of delivery."
    elif order["shipped_at"]:
        state += f", handed over on {order['shipped_at']:%d %b}"
    elif reading.intent in ("not_received", "order_status"):
        return f"{state}: it has not left yet."
    if reading.intent == "cancel_order" and not order["shipped_at"]:
        return f"{state}: it can still be cancelled."
    return f"{state}."


@shared_task(name="alerts.read_messages", queue="think", max_retries=0)
def read_new() -> None:
    """Rung after a save; rings itself again while more is waiting."""
    if read_messages() >= AT_ONCE:
        read_new.delay()
