"""Amazon's finances → settlement lines, refunds and payouts. A transaction's total is net: charges less Amazon's fees.

Breakdowns nest: Sales and Expenses at the top, AmazonFees below Expenses or beside the charges.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from connectors.money import ZERO
from connectors.shops.reading import Row, Unreadable, amount, currency_of, dump, iso_moment, must_iso
from connectors.types import BadRow, Payment, PaymentKind, PaymentStatus, Payout, Record, SettlementLine

KINDS = {
    "Shipment": "sale",
    "Refund": "refund",
    "GuaranteeClaim": "dispute",
    "Chargeback": "dispute",
    "ServiceFee": "fee",
    "Transfer": "payout",
    "Adjustment": "adjustment",
}
FEES = "AmazonFees"
REFUND = "Refund"
RELEASED = "RELEASED"
# A deferred amount is posted again when it is released; counted as a sale too it would be money twice.
WAITING = {"DEFERRED": "deferred", "DEFERRED_RELEASED": "deferred"}
PAYOUT_STATUS = {
    "STARTED": "pending", "IN_TRANSIT": "in_transit", "PAID": "paid", "FAILED": "failed", "CANCELLED": "cancelled",
    "NO_PAYOUT": "none", "SCHEDULED": "scheduled", "DISABLED": "disabled", "AT_RISK": "at_risk",
    "NO_PAYOUT_EXPECTED": "none",
}  # fmt: skip


def transaction(item: Row) -> Iterator[Record | BadRow]:
    """A settlement line; of a refund the payment that it is as well."""
    ref, kind = item["transactionId"], item["transactionType"]
    status = item.get("transactionStatus") or RELEASED
    if status != RELEASED and status not in WAITING:
        raise Unreadable(f"unknown transactionStatus {status!r}")
    money, posted, order = item["totalAmount"], must_iso(item["postedDate"]), related(item, "ORDER_ID")
    currency = currency_of(money["currencyCode"])
    fee = fees(item.get("breakdowns"))
    yield SettlementLine(
        external_id=ref,
        raw=dump(item),
        payout_ref=related(item, "SETTLEMENT_ID") or related(item, "FINANCIAL_EVENT_GROUP_ID"),
        order_ref=order,
        kind=WAITING.get(status) or KINDS.get(kind) or kind.lower(),
        amount=amount(money["currencyAmount"]) - (fee or ZERO),
        fee=None if fee is None else -fee,
        currency=currency,
        posted_at=posted,
    )
    if kind == REFUND and order and status == RELEASED:
        yield Payment(
            external_id=ref, raw=dump(item), kind=PaymentKind.REFUND, status=PaymentStatus.SUCCEEDED, order_ref=order,
            amount=given_back(item), currency=currency, created_at=posted, gateway="Amazon",
        )  # fmt: skip


def related(item: Row, name: str) -> str:
    for row in item.get("relatedIdentifiers") or ():
        if row.get("relatedIdentifierName") == name:
            return str(row.get("relatedIdentifierValue") or "")
    return ""


def fees(breakdowns: Iterable[Row] | None) -> Decimal | None:
    """The sum of Amazon's fees, negative where they are charged; None where no breakdown names any."""
    found: list[Decimal] = []
    for part in breakdowns or ():
        if part.get("breakdownType") == FEES:
            found.append(amount(part["breakdownAmount"]["currencyAmount"]))
        elif (below := fees(part.get("breakdowns"))) is not None:
            found.append(below)
    return sum(found, ZERO) if found else None


def given_back(item: Row) -> Decimal:
    """What the buyer got: the net total without the fees that Amazon gave back to the seller."""
    return -(amount(item["totalAmount"]["currencyAmount"]) - (fees(item.get("breakdowns")) or ZERO))


def refunds_after(items: Iterable[Row], since: datetime | None = None) -> list[Row]:
    """Refunds among an order's transactions, posted from `since` on; a deferred one is not counted twice."""
    return [
        item
        for item in items
        if item.get("transactionType") == REFUND
        and (item.get("transactionStatus") or RELEASED) in (RELEASED, "DEFERRED")
        and (since is None or must_iso(item["postedDate"]) >= since)
    ]


def payout(item: Row) -> Iterator[Record | BadRow]:
    money, status = item["amount"], item["currentStatus"]
    paid = [row["lastUpdatedDate"] for row in item.get("statusHistory") or () if row["status"] == "PAID"]
    yield Payout(
        external_id=item["id"],
        raw=dump(item),
        status=PAYOUT_STATUS[status],
        amount=amount(money["currencyAmount"]),
        currency=currency_of(money["currencyCode"]),
        expected_at=iso_moment((item.get("period") or {}).get("endDate")) or iso_moment(item.get("creationDate")),
        paid_at=iso_moment(paid[-1]) if paid else None,
    )


def expected_payout(item: Row) -> Iterator[Record | BadRow]:
    """What Amazon means to pay next. It has the settlement's id, as the payout will when it is made."""
    status, money = item["status"], item.get("amount")
    if money is None and status in ("DISABLED", "NO_PAYOUT_EXPECTED"):
        return
    if money is None:
        raise Unreadable("an expected payout names no amount")
    partner = item["partnerMetadata"]
    yield Payout(
        external_id=related(item, "SETTLEMENT_ID") or f"next:{partner['marketplaceId']}:{partner['accountType']}",
        raw=dump(item),
        status=PAYOUT_STATUS[status],
        amount=amount(money["currencyAmount"]),
        currency=currency_of(money["currencyCode"]),
        expected_at=iso_moment(item.get("scheduledDate")),
    )
