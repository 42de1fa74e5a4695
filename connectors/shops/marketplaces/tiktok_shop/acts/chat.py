"""Writing to a buyer. TikTok Shop keeps no key for messages; the talk itself shows what was said."""

from datetime import datetime, timedelta

import orjson

from connectors.base import Permit, Refused
from connectors.operations import SendMessage
from connectors.shops.marketplaces.tiktok_shop.client import Client, written
from connectors.shops.marketplaces.tiktok_shop.parse.chat import OURS, content_of
from connectors.shops.marketplaces.tiktok_shop.reads.chat import CONVERSATIONS, messages
from connectors.shops.reading import UNREADABLE, Row
from connectors.types import Receipt, Sight, Sighting

LONGEST = 2000  # characters of a text
CLOCKS = timedelta(minutes=1)  # their clock and ours


def send(client: Client, operation: SendMessage, permit: Permit) -> Receipt:
    """Where no talk is named one is opened with the buyer first; an opened talk without a word is seen by nobody."""
    if not operation.text.strip() or len(operation.text) > LONGEST:
        raise Refused(f"a message has 1 to {LONGEST} characters; this one has {len(operation.text)}", code="text")
    conversation_id = operation.conversation_ref or _opened(client, operation.to, permit)
    content = orjson.dumps({"content": operation.text}).decode()
    answer = client.write(f"{CONVERSATIONS}/{conversation_id}/messages", {"type": "TEXT", "content": content}, permit)
    return client.receipt(answer, str(written(answer).get("message_id") or conversation_id))


def _opened(client: Client, buyer: str, permit: Permit) -> str:
    if not buyer.isdigit():
        raise Refused(f"{buyer!r} is no buyer of TikTok Shop; name the conversation", code="to")
    made = written(client.write(CONVERSATIONS, {"buyer_user_id": buyer}, permit))
    if not made.get("conversation_id"):
        raise Refused("TikTok Shop opened no talk with this buyer, so nothing was said", code="no_conversation")
    return str(made["conversation_id"])


def see_message(client: Client, operation: SendMessage, since: datetime) -> Sighting:
    """The same words from our side since the intent began."""
    if not operation.conversation_ref:
        return Sighting(Sight.UNCLEAR, "", "no talk was named, so none can be looked into")
    earliest = int((since - CLOCKS).timestamp())
    for row in messages(client, operation.conversation_ref, earliest):
        if _is_ours(row, operation.text):
            return Sighting(Sight.SEEN, str(row["id"]), "these words stand in the talk")
    return Sighting(Sight.ABSENT, operation.conversation_ref, "these words do not stand in the talk")


def _is_ours(row: Row, text: str) -> bool:
    try:
        return row["sender"]["role"] in OURS and content_of(row).get("content") == text
    except UNREADABLE:
        return False
