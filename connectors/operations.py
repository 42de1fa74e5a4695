"""The writes a connector can be asked for: frozen arguments in the product's own words, no wire format.

A connector names the operations it can perform with their effect class; what it lacks is done by hand.
"""

from dataclasses import dataclass
from typing import Literal

from connectors.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, or one inseparable group of calls, that changes what somebody outside holds or sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment(Operation):
    """Give money back on an order or payment. `lines`: (order line id, quantity) where goods are named."""

    order_ref: str = ""
    payment_ref: str = ""
    amount: Money
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"] = "requested_by_customer"
    note: str = ""
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Operation):
    order_ref: str
    reason: Literal["out_of_stock", "customer_request", "undeliverable", "fraud", "other"]
    lines: tuple[tuple[str, int], ...] = ()
    should_restock: bool = True
    should_refund: bool = True
    should_notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCancellation(Operation):
    """Accept or refuse a buyer's request to cancel."""

    order_ref: str
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReturn(Operation):
    """`offer` proposes `amount` instead of the whole; `reject` needs a reason and evidence."""

    return_ref: str
    decision: Literal["accept", "reject", "offer"]
    amount: Money | None = None
    reason_code: str = ""
    text: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeShipment(Operation):
    """Book the hand-over. Empty choices mean the first that the channel offers."""

    order_ref: str
    method: Literal["pickup", "dropoff", "own_courier"] = "pickup"
    carrier: str = ""
    tracking_number: str = ""


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
class SubmitEvidence(Operation):
    """Answer a dispute once and for all. `fields` are (evidence field of the processor, text)."""

    dispute_ref: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Operation):
    dispute_ref: str
