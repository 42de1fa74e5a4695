"""Words that leave."""

from dataclasses import dataclass

from connectors.money import Money
from connectors.operations.base import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage(Operation):
    """One message to one address or buyer.

    Mail carries a Message-ID that is fixed before the first byte leaves; where `message_id` is empty, the mailbox makes
    it of the intent's key and the domain of its own address.
    """

    to: str
    text: str
    subject: str = ""
    conversation_ref: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTemplate(Operation):
    """A message whose form the channel has approved beforehand: a WhatsApp template, one of Amazon's message kinds.

    `parameters` fill the template's places in order; `text` is the whole as the buyer will read it.
    """

    to: str
    template: str
    language: str = ""
    parameters: tuple[str, ...] = ()
    order_ref: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReview(Operation):
    review_ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Operation):
    """Give a case to the company's helpdesk or CRM. `fields` are (name, value) of the case, without personal data
    beyond what the other side needs to answer."""

    subject_ref: str
    title: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Operation):
    """Tell a marketing system what happened to a profile, so that its own flows act on it (Klaviyo)."""

    metric: str
    email: str
    properties: tuple[tuple[str, str], ...] = ()
    value: Money | None = None
