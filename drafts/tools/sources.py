"""Reads of where everything is from: shops and their feeds, a conversation, our own written rules."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from pydantic import Field

from connectors import models
from connectors.health import fault_of
from connectors.models import Feed, Shop
from connectors.types import Direction
from drafts.knowledge.shelf import shelf_for
from drafts.pages.feeds import FAULTS
from drafts.tools.base import Answer, Arguments, Caller, Missing, Named, Number, Outside, Tool, maybe_outside, outside

LAST_MESSAGES = 20


class ShopsAsked(Arguments):
    pass


class FeedRow(Answer):
    """`trouble` is empty for a feed that can be trusted now."""

    name: str
    last_read_whole_at: datetime | None
    counted_at_source: int | None
    stored: int | None
    trouble: str
    advice: str


class ShopRow(Answer):
    shop_id: int
    name: str
    system: str
    state: str
    country: str
    currency: str
    feeds: tuple[FeedRow, ...]


class ShopList(Answer):
    """`all_can_be_trusted` is never true while one feed of these is stale, short or not yet read."""

    rows: tuple[ShopRow, ...]
    all_can_be_trusted: bool


class ConversationAsked(Arguments):
    shop_id: Number
    conversation_ref: Named


class MessageRow(Answer):
    """`text` of the buyer is fenced; what we wrote is our own."""

    direction: str
    sent_at: datetime
    message_id: str
    text: Outside | str


class WholeConversation(Answer):
    """`address` is where an answer goes, and is given to those who may draft."""

    shop_id: int
    conversation_ref: str
    channel: str
    address: str | None
    subject: Outside | None
    order_ref: str
    is_waiting: bool
    messages: tuple[MessageRow, ...] = Field(description=f"the last {LAST_MESSAGES}, oldest first")


class KnowledgeAsked(Arguments):
    question: Named
    shop_id: Number | None = Field(default=None, description="also the rules of this shop alone")
    limit: int = Field(default=4, ge=1, le=10)


class PassageRow(Answer):
    """`passage_id` is how a proposal cites it; `source` is how a text names it."""

    passage_id: int
    source: str
    text: str
    language: str
    valid_from: date
    valid_until: date | None


class PassageList(Answer):
    rows: tuple[PassageRow, ...]


def shops(caller: Caller, asked: ShopsAsked) -> ShopList:
    now = timezone.now()
    found = caller.narrow(Shop.objects.defer("credentials").prefetch_related("feeds").order_by("name"), "pk")
    rows = tuple(_shop(shop, now) for shop in found)
    return ShopList(rows=rows, all_can_be_trusted=not any(feed.trouble for row in rows for feed in row.feeds))


def conversation(caller: Caller, asked: ConversationAsked) -> WholeConversation:
    rows = caller.narrow(models.Conversation._default_manager.all())
    thread = rows.filter(shop_id=asked.shop_id, external_id=asked.conversation_ref).first()
    if thread is None:
        raise Missing(f"no conversation {asked.conversation_ref} is saved in shop {asked.shop_id}")
    messages = models.Message._default_manager.filter(shop_id=thread.shop_id, conversation_ref=thread.external_id)
    last = list(messages.order_by("-sent_at", "-id")[:LAST_MESSAGES])
    return WholeConversation(
        shop_id=thread.shop_id,
        conversation_ref=thread.external_id,
        channel=thread.channel,
        address=thread.address if caller.person.can_draft else None,
        subject=maybe_outside(thread.subject),
        order_ref=thread.order_ref,
        is_waiting=thread.last_direction == Direction.IN,
        messages=tuple(_message(row, thread.order_ref) for row in reversed(last)),
    )


def knowledge(caller: Caller, asked: KnowledgeAsked) -> PassageList:
    if asked.shop_id is not None and not caller.sees(asked.shop_id):
        raise Missing(f"there is no shop {asked.shop_id}")
    found = shelf_for(asked.shop_id).about(asked.question, asked.limit)
    return PassageList(
        rows=tuple(
            PassageRow(
                passage_id=each.id, source=each.source, text=each.text, language=each.language,
                valid_from=each.valid_from, valid_until=each.valid_until,
            )
            for each in found
        )
    )  # fmt: skip


def _shop(shop: Shop, now: datetime) -> ShopRow:
    feeds = sorted(shop.feeds.all(), key=lambda feed: feed.name)
    return ShopRow(
        shop_id=shop.pk, name=shop.name, system=shop.kind, state=shop.state, country=shop.country,
        currency=shop.currency, feeds=tuple(_feed(feed, shop, now) for feed in feeds),
    )  # fmt: skip


def _feed(feed: Feed, shop: Shop, now: datetime) -> FeedRow:
    feed.shop = shop
    fault = "" if shop.state in Shop.UNREAD else fault_of(feed, now)
    trouble, advice = FAULTS.get(fault, FAULTS["failed"]) if fault else ("", "")
    return FeedRow(
        name=feed.name, last_read_whole_at=feed.last_good_at, counted_at_source=feed.count_at_source,
        stored=feed.count_stored, trouble=trouble, advice=advice,
    )  # fmt: skip


def _message(row: models.Message, order_ref: str) -> MessageRow:
    text = outside(row.text, order_ref) if row.direction == Direction.IN else row.text
    return MessageRow(direction=row.direction, sent_at=row.sent_at, message_id=row.message_id, text=text)


SHOPS = Tool(
    "shops", "Shops and feeds", "Connected shops with their feeds: when each was read whole, what is wrong with it.",
    "shops", ShopsAsked, ShopList, shops,
)  # fmt: skip
CONVERSATION = Tool(
    "conversation", "One conversation", "A buyer's conversation with its last messages.", "conversation",
    ConversationAsked, WholeConversation, conversation,
)  # fmt: skip
KNOWLEDGE = Tool(
    "knowledge", "Our written rules", "Clauses of our policies and product texts that bear on a question, to be cited.",
    "knowledge", KnowledgeAsked, PassageList, knowledge,
)  # fmt: skip
