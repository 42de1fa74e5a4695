"""Daily statements and what they are made of."""

from collections.abc import Iterator
from decimal import Decimal

from connectors.shops.marketplaces.tiktok_shop.parse.order import text_id
from connectors.shops.reading import Row, amount, currency_of, dump, must_moment
from connectors.types import Payout, Record, SettlementLine

PAID = {"PAID": "paid", "PROCESSING": "in_transit", "FAILED": "failed"}
KIND = {
    "CHARGE_BACK": "dispute",
    "DEDUCTIONS_INCURRED_BY_SELLER": "refund",
    "CUSTOMER_SERVICE_COMPENSATION": "refund",
    "GMV_PAYMENT_FOR_ADS": "fee",
    "PLATFORM_PENALTY": "fee",
    "FBT_WAREHOUSE_SERVICE_FEE": "fee",
    "PLATFORM_COMMISSION_ADJUSTMENT": "commission",
    "PLATFORM_COMMISSION_COMPENSATION": "commission",
    "REBATE": "commission",
    "LOGISTICS_REIMBURSEMENT": "shipping",
    "SHIPPING_FEE_ADJUSTMENT": "shipping",
    "SHIPPING_FEE_COMPENSATION": "shipping",
    "SHIPPING_FEE_REBATE": "shipping",
    "SAMPLE_SHIPPING_FEE": "shipping",
}  # any other type is an adjustment
ZERO = Decimal(0)


def statement(item: Row) -> Iterator[Record]:
    """The account of one UTC day. When its money arrived is not told here, only that it was sent."""
    yield Payout(
        external_id=text_id(item["id"]),
        raw=dump(item),
        status=PAID[item["payment_status"]],
        amount=amount(item["settlement_amount"]),
        currency=currency_of(item["currency"]),
        expected_at=must_moment(item["statement_time"]),
    )


def transaction(item: Row, account: Row) -> Iterator[Record]:
    """One line of a statement (`account`): an order's settlement, an adjustment, or a reserve kept or let go.

    An order's `amount` is its revenue; `fee` is all that was taken between revenue and settlement (fees, taxes,
    shipping), so that amount − fee is what arrives. Breakdowns change sign from field to field; these two do not.
    """
    kind, gross, fee = _figures(item)
    yield SettlementLine(
        external_id=text_id(item["id"]),
        raw=dump({**item, "statement_id": account["id"]}),
        payout_ref=text_id(account["id"]),
        order_ref=item.get("order_id") or item.get("adjustment_order_id") or item.get("associated_order_id") or "",
        kind=kind,
        amount=gross,
        fee=fee,
        currency=currency_of(account["currency"]),
        posted_at=must_moment(account["create_time"]),
    )


def _figures(item: Row) -> tuple[str, Decimal, Decimal | None]:
    if item["type"] == "ORDER":
        revenue = amount(item["revenue_amount"])
        return ("sale" if revenue >= ZERO else "refund"), revenue, revenue - amount(item["settlement_amount"])
    if item["type"] == "RESERVE":
        return "reserve", amount(item["reserve_amount"]), None
    return KIND.get(item["type"], "adjustment"), amount(item["adjustment_amount"]), None
