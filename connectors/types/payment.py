"""Payments, payouts and the lines that settle them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from connectors.types.base import Record


class PaymentKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Record):
    kind: PaymentKind
    status: PaymentStatus
    order_ref: str = ""
    order_number: str = ""  # where the payment names an order of another shop
    parent_ref: str = ""  # a refund's charge
    amount: Decimal
    currency: str
    refunded: Decimal | None = None
    created_at: datetime
    customer_ref: str = ""
    method_fingerprint: str = ""
    gateway: str = ""
    is_disputed: bool = False
    action_key: str = ""  # our own write's key, where the channel carries it back


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(Record):
    status: str
    amount: Decimal
    currency: str
    expected_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine(Record):
    payout_ref: str = ""
    order_ref: str = ""
    kind: str  # sale, refund, commission, shipping, adjustment, dispute, fee …
    amount: Decimal
    fee: Decimal | None = None
    currency: str
    posted_at: datetime
    fx_rate: Decimal | None = None
