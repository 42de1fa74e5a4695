"""Stripe's objects → records. Amounts are integers of minor units, times Unix seconds."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.money import Money, parse_amount
from connectors.shops.reading import Row, Unreadable, count, currency_of, dump, moment, must_moment
from connectors.types import (
    BadRow,
    Dispute,
    DisputeStatus,
    Payment,
    PaymentKind,
    PaymentStatus,
    Payout,
    Record,
    SettlementLine,
)

CHARGE_STATUS = {
    "succeeded": PaymentStatus.SUCCEEDED,
    "pending": PaymentStatus.PENDING,
    "failed": PaymentStatus.FAILED,
}
REFUND_STATUS = {
    "succeeded": PaymentStatus.SUCCEEDED,
    "pending": PaymentStatus.PENDING,
    "requires_action": PaymentStatus.PENDING,
    "failed": PaymentStatus.FAILED,
    "canceled": PaymentStatus.CANCELLED,
}
DISPUTE_STATUS = {
    "warning_needs_response": DisputeStatus.WARNING,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "prevented": DisputeStatus.CLOSED,
    "appeal_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "appeal_under_review": DisputeStatus.UNDER_REVIEW,
}
UNANSWERED = frozenset({"warning_needs_response", "needs_response", "appeal_needs_response"})
LINE_KIND = {"charge": "sale", "fee": "fee", "platform_earning": "commission"}
ORDER_KEYS = ("order_number", "order_name", "order_id", "order")
ORDER_IN_TEXT = re.compile(r"(?i)\border\s*(?:no\.?|number)?\s*[:#]*\s*([A-Z]{0,4}-?\d{3,})")
ACTION_KEY = "ops_action_id"


def money(minor: Any, currency: str) -> Decimal:
    return Money.from_minor(count(minor), currency).amount


def order_number(item: Row) -> str:
    """What the charge says it pays for: the shop's metadata first, then words like "Order #1001"."""
    metadata: Row = item.get("metadata") or {}
    named = next((str(metadata[key]) for key in ORDER_KEYS if metadata.get(key)), "")
    if named:
        return named
    found = ORDER_IN_TEXT.search(item.get("description") or "")
    return found[1] if found else ""


def charge(item: Row) -> Iterator[Record | BadRow]:
    if item.get("object", "charge") != "charge":
        raise Unreadable(f"a {item['object']} where a charge is expected")
    currency = currency_of(item["currency"])
    card = (item.get("payment_method_details") or {}).get("card") or {}
    status = CHARGE_STATUS[item["status"]]
    is_held_only = status is PaymentStatus.SUCCEEDED and item.get("captured") is False
    yield Payment(
        external_id=item["id"],
        raw=dump(item),
        kind=PaymentKind.CHARGE,
        status=PaymentStatus.PENDING if is_held_only else status,
        order_number=order_number(item),
        parent_ref=item.get("payment_intent") or "",
        amount=money(item["amount"], currency),
        currency=currency,
        refunded=money(item["amount_refunded"], currency),
        created_at=must_moment(item["created"]),
        customer_ref=item.get("customer") or (item.get("billing_details") or {}).get("email") or "",
        method_fingerprint=card.get("fingerprint") or "",
        gateway="stripe",
        is_disputed=bool(item.get("disputed")),
    )


def refund(item: Row) -> Iterator[Record | BadRow]:
    currency = currency_of(item["currency"])
    yield Payment(
        external_id=item["id"],
        raw=dump(item),
        kind=PaymentKind.REFUND,
        status=REFUND_STATUS[item["status"]],
        order_number=order_number(item),
        parent_ref=item.get("charge") or item.get("payment_intent") or "",
        amount=money(item["amount"], currency),
        currency=currency,
        created_at=must_moment(item["created"]),
        gateway="stripe",
        action_key=str((item.get("metadata") or {}).get(ACTION_KEY) or ""),
    )


def dispute(item: Row) -> Iterator[Record | BadRow]:
    currency, details = currency_of(item["currency"]), item.get("evidence_details") or {}
    yield Dispute(
        external_id=item["id"],
        raw=dump(item),
        status=DISPUTE_STATUS[item["status"]],
        platform_status=item["status"],
        payment_ref=item["charge"],
        reason=item.get("reason") or "",
        amount=money(item["amount"], currency),
        currency=currency,
        opened_at=must_moment(item["created"]),
        evidence_by=moment(details.get("due_by")),
        has_evidence=bool(details.get("has_evidence")),
        submission_count=count(details.get("submission_count") or 0),
        is_refundable=item.get("is_charge_refundable"),
    )


def fraud_warning(item: Row) -> Iterator[Record | BadRow]:
    """An issuer's warning before a dispute. `charge` is the whole charge, for its amount."""
    paid: Row = item["charge"]
    currency = currency_of(paid["currency"])
    left = count(paid["amount"]) - count(paid["amount_refunded"])
    is_open = bool(item["actionable"])
    yield Dispute(
        external_id=item["id"],
        raw=dump(item),
        status=DisputeStatus.WARNING if is_open else DisputeStatus.CLOSED,
        platform_status="actionable" if is_open else "not_actionable",
        payment_ref=paid["id"],
        reason=item["fraud_type"],
        amount=money(paid["amount"], currency),
        currency=currency,
        opened_at=must_moment(item["created"]),
        is_refundable=is_open and left > 0 and not paid.get("disputed"),
    )


def settlement(item: Row, payout_ref: str = "") -> Iterator[Record | BadRow]:
    currency = currency_of(item["currency"])
    category = str(item.get("reporting_category") or item["type"])
    rate = item.get("exchange_rate")
    yield SettlementLine(
        external_id=item["id"],
        raw=dump({**item, "payout": payout_ref} if payout_ref else item),
        payout_ref=payout_ref,
        kind=LINE_KIND.get(category, category),
        amount=money(item["amount"], currency),
        fee=money(item["fee"], currency),
        currency=currency,
        posted_at=must_moment(item["created"]),
        fx_rate=None if rate is None else parse_amount(rate),
    )


def payout(item: Row) -> Iterator[Record | BadRow]:
    currency, arrives = currency_of(item["currency"]), must_moment(item["arrival_date"])
    yield Payout(
        external_id=item["id"],
        raw=dump(item),
        status=item["status"],
        amount=money(item["amount"], currency),
        currency=currency,
        expected_at=arrives,
        paid_at=arrives if item["status"] == "paid" else None,
    )
