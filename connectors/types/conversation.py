"""What is said with buyers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.types.base import Record


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class MessageForm:
    """One form of message that a channel has approved beforehand.

    `parts` are its own texts with places such as `{{1}}`, which are filled from the first part's first place on. A form
    without parts is filled with words of ours, at most `longest` characters; where that is 0 too, it needs none. `use`
    is the situation that it was set up for; "*": any. `fills` are the patterns that were set up for its places
    ("{name}", "{order}" or plain words), in their order.
    """

    name: str
    language: str = ""
    parts: tuple[str, ...] = ()
    longest: int = 0
    use: str = ""
    fills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageForms(Record):
    """Those that may be sent now to whom the id names: a conversation, or the buyer of an order. Asked for when one is
    wanted, never saved."""

    forms: tuple[MessageForm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(Record):
    channel: str  # mail, chat
    subject: str = ""
    customer_ref: str = ""
    customer_name: str = ""
    address: str = ""  # where a reply goes
    order_ref: str = ""
    last_message_at: datetime
    last_direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Record):
    conversation_ref: str
    direction: Direction
    author: str = ""
    sent_at: datetime
    subject: str = ""
    text: str
    message_id: str = ""  # RFC 5322 Message-ID, or the channel's own
    in_reply_to: str = ""
    is_automatic: bool = False
    is_truncated: bool = False  # the whole text is in the raw payload
    attachments: tuple[str, ...] = ()
