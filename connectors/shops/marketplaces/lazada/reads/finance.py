"""Money: what each transaction of a statement was, and the statements with what was paid out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.parse import price
from connectors.shops.marketplaces.lazada.ventures import Home
from connectors.shops.reading import Row, Unreadable, currency_of, dump, read_rows
from connectors.shops.windows import Mark, windows
from connectors.types import Page, Payout, Record, SettlementLine

PAGE = 500
WIDEST = 30 * 86_400  # Lazada allows 180 days; a month keeps the offsets small
# By the first word of "Orders-Sales", "Refunds-Logistics" …, then by the part after it.
SALES = {"Orders": "sale", "Refunds": "refund"}
PARTS = {"Logistics": "shipping", "Claims": "claim", "Marketing Fees": "marketing", "Lazada Fees": "fee"}
DAYS = ("%d %b %Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d %B %Y")


def settlement(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """Lines by day of the transaction; late ones are caught by the overlap."""
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    for start, end, page in windows(mark, now, int(overlap.total_seconds()), WIDEST):
        offset = int(page or 0)
        while True:
            rows = part(client.get("/finance/transaction/details/get", {
                "trans_type": "-1", "start_time": _day(client, start), "end_time": _day(client, end), "limit": PAGE,
                "offset": offset,
            }), "data", list)  # fmt: skip
            is_end = len(rows) < PAGE
            offset += len(rows)
            after = Mark(end) if is_end else Mark(start, end, str(offset))
            records = read_rows("settlementline", rows, partial(line, home=client.home), "transaction_number")
            yield Page(tuple(records), str(after), len(rows), is_end and end >= now)
            if is_end:
                break


def _day(client: Client, seconds: int) -> str:
    return client.venture.local_day(datetime.fromtimestamp(seconds, UTC))


def local_time(value: Any, home: Home) -> datetime:
    """A day or time in the venture's own zone → UTC. Raises Unreadable."""
    for pattern in DAYS:
        try:
            return datetime.strptime(str(value), pattern).replace(tzinfo=home.zone).astimezone(UTC)
        except ValueError:
            continue
    raise Unreadable(f"{value!r} is no day")


def line(row: Row, *, home: Home) -> Iterator[Record]:
    """One fee or price of one unit. The number of a transaction is shared by its fees, so they are part of the id."""
    number = row["transaction_number"]
    if not number:
        raise Unreadable("transaction_number is empty")
    yield SettlementLine(
        external_id=f"{number}/{row['fee_type']}/{row.get('orderItem_no') or ''}",
        raw=dump(row),
        payout_ref=row.get("statement") or "",
        order_ref=row.get("order_no") or "",
        kind=kind_of(row.get("transaction_type") or "", row.get("fee_name") or ""),
        amount=price(row["amount"]),
        currency=home.currency,
        posted_at=local_time(row["transaction_date"], home),
    )


def kind_of(transaction_type: str, fee_name: str) -> str:
    """In the product's words. Older rows put the fee's name where newer ones have "Orders-Lazada Fees"."""
    head, _, tail = transaction_type.partition("-")
    name = (fee_name if tail else f"{transaction_type} {fee_name}").casefold()
    if "commission" in name:
        return "commission"
    if tail == "Sales" and head in SALES:
        return SALES[head]
    if tail in PARTS:
        return PARTS[tail]
    if "item price" in name:
        return "refund" if "reversal" in name else "sale"
    if "shipping" in name:
        return "shipping"
    return "fee" if "fee" in name else "adjustment"


def payouts(client: Client, cursor: str, *, first_span: timedelta) -> Iterator[Page]:
    """All statements of the span each time: a statement is paid long after it was made."""
    begin = int((client.clock() - first_span).timestamp())
    rows = part(client.get("/finance/payout/status/get", {"created_after": _day(client, begin)}), "data", list)
    records = read_rows("payout", rows, partial(payout, home=client.home), "statement_number")
    yield Page(tuple(records), "", len(rows), is_last=True, count_at_source=len(rows), as_of=client.clock())


def payout(row: Row, *, home: Home) -> Iterator[Record]:
    """One statement; its payout reads "3962.41 EUR"."""
    amount, _, currency = str(row["payout"]).partition(" ")
    if not row["statement_number"]:
        raise Unreadable("statement_number is empty")
    is_paid = str(row["paid"]) not in ("0", "False", "false")
    yield Payout(
        external_id=row["statement_number"],
        raw=dump(row),
        status="paid" if is_paid else "pending",
        amount=Decimal(price(amount)),
        currency=currency_of(currency or home.currency),
        paid_at=local_time(row["updated_at"], home) if is_paid else None,
    )
