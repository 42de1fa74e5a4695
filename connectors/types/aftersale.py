"""Returns, disputes and reviews."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from connectors.types.base import Record


class ReturnStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_TRANSIT = "in_transit"
    JUDGING = "judging"
    OFFERED = "offered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class DisputeStatus(StrEnum):
    WARNING = "warning"  # early fraud warning or inquiry: no money moved yet
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Record):
    order_ref: str
    status: ReturnStatus
    platform_status: str = ""
    reason: str = ""  # the channel's code
    text: str = ""  # the buyer's words
    sku: str = ""
    quantity: int | None = None
    amount: Decimal
    currency: str
    asked_at: datetime
    updated_at: datetime
    decide_by: datetime | None = None
    inspect_by: datetime | None = None
    compensation_by: datetime | None = None
    needs_goods_back: bool | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One ground on which a channel lets a return be refused; `code` is the channel's own."""

    code: str
    words: str
    needs_images: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReasons(Record):
    """All of them for the return of that id. Asked for when one is wanted, never saved."""

    reasons: tuple[RefusalReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Record):
    status: DisputeStatus
    platform_status: str = ""
    payment_ref: str
    order_ref: str = ""
    reason: str = ""
    amount: Decimal
    currency: str
    opened_at: datetime
    evidence_by: datetime | None = None
    has_evidence: bool = False
    submission_count: int = 0
    is_refundable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    order_ref: str = ""
    sku: str = ""
    rating: int
    text: str = ""
    created_at: datetime
    answered_at: datetime | None = None
