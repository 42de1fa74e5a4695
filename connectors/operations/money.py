"""Money, credit and claims."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from connectors.money import Money
from connectors.operations.base import Operation


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
class CreditNote(Operation):
    """Credit a customer's account in the books against an order or invoice; no money leaves."""

    order_ref: str
    customer_ref: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCredit(Operation):
    """Give a customer credit to spend in the shop."""

    customer_ref: str
    amount: Money
    note: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFraud(Operation):
    """Tell the payment processor that a charge was fraudulent, so that it learns; moves no money."""

    payment_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileClaim(Operation):
    """Ask a courier or platform for money back for what was lost, damaged or wrongly charged."""

    order_ref: str
    tracking_number: str = ""
    cause: Literal["lost", "damaged", "overcharged", "not_returned"]
    amount: Money
    text: str
    documents: tuple[str, ...] = ()
