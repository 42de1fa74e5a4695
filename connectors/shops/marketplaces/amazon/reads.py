"""Amazon's feeds that are lists: orders, transactions, payouts, listings, and stock in Amazon's warehouses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops.marketplaces.amazon import money, parse
from connectors.shops.marketplaces.amazon.client import LAG, Client, next_token, rows, segment, stamp
from connectors.shops.reading import Row, must_iso, read_rows
from connectors.types import BadRow, Page, Record

ORDERS, LISTINGS, FINANCES = "/orders/2026-01-01/orders", "/listings/2021-08-01/items", "/finances/2024-06-19"
TRANSFERS = "/finances/transfers/2024-06-01"
DATA = ("BUYER", "RECIPIENT", "PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES", "PAYMENT")
LISTING_DATA = ("summaries", "attributes", "issues", "offers", "fulfillmentAvailability")
ORDERS_PAGE, LISTINGS_PAGE = 100, 20
TOKEN_LASTS = timedelta(hours=23)  # Amazon keeps a page token for 24 hours
WIDEST = timedelta(days=179)  # a wider span of transactions answers with none at all
Call = Callable[[str], tuple[list[Any], str]]  # token -> (items, the next page's token)


@dataclass(frozen=True, slots=True)
class Mark:
    """A feed's cursor: what changed before `since` is stored. While a window is half read, `until`, `token` and the
    moment `at` which the token was given; all pages of a window ask with the same parameters."""

    since: str
    until: str = ""
    token: str = ""
    at: str = ""

    @classmethod
    def read(cls, text: str, default_since: datetime) -> "Mark":
        return cls(**orjson.loads(text)) if text else cls(stamp(default_since))

    def __str__(self) -> str:
        return orjson.dumps({"since": self.since, "until": self.until, "token": self.token, "at": self.at}).decode()

    def is_half_read(self, now: datetime) -> bool:
        return bool(self.token) and now - must_iso(self.at) < TOKEN_LASTS


def windows(mark: Mark, now: datetime, overlap: timedelta, widest: timedelta | None) -> Iterator[Mark]:
    """One mark for each window, up to as near to now as Amazon answers."""
    newest, start = now - LAG, must_iso(mark.since) - overlap
    if mark.is_half_read(now):
        yield mark
        start = must_iso(mark.until) - overlap
    while start < newest:
        end = newest if widest is None else min(newest, start + widest)
        yield Mark(stamp(start), stamp(end))
        if end >= newest:
            return
        start = end - overlap


def pages(
    client: Client, mark: Mark, is_last_window: bool, ask: Callable[[Mark, str], Row], path: tuple[str, ...],
    read: Callable[[list[Any], str], list[Record | BadRow]],
) -> Iterator[Page]:  # fmt: skip
    token, number = mark.token, 0
    while True:
        try:
            body = ask(mark, token)
        except Refused:
            if not token or number:
                raise
            token = ""  # a token kept from an earlier turn has ended: the window begins again
            body = ask(mark, token)
        number += 1
        items = rows(body, *path)
        token = next_token(body["payload"] if "payload" in path else body, token)
        records = tuple(read(items, f"page {number}"))
        if not token:
            yield Page(records, str(Mark(mark.until)), len(items), is_last_window)
            return
        after = Mark(mark.since, mark.until, token, stamp(client.clock()))
        yield Page(records, str(after), len(items), is_last=False)


def orders(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = client.clock()

    def ask(mark: Mark, token: str) -> Row:
        return client.get(
            ORDERS, "searchOrders", lastUpdatedAfter=mark.since, lastUpdatedBefore=mark.until,
            marketplaceIds=client.marketplace, maxResultsPerPage=ORDERS_PAGE, includedData=DATA, paginationToken=token,
        )  # fmt: skip

    def read(items: list[Any], place: str) -> list[Record | BadRow]:
        return read_rows("order", items, lambda item: parse.order(item, client.currency), "orderId", place=place)

    spans = list(windows(Mark.read(cursor, now - first_span), now, overlap, None))
    for mark in spans:
        yield from pages(client, mark, mark is spans[-1], ask, ("orders",), read)
    if not spans:
        yield Page((), cursor, 0, is_last=True)


def order_row(client: Client, order_ref: str) -> Row:
    """One order in full. Raises Refused (code NotFound) where Amazon has none of that id."""
    body = client.get(f"{ORDERS}/{segment(order_ref)}", "getOrder", includedData=DATA)
    found = body.get("order", body)
    if not isinstance(found, dict) or "orderId" not in found:
        raise Retry("Amazon's answer holds no order; its shape may have changed", code="drift")
    return found


def transactions(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """By the time of posting. What Amazon posts late (up to 48 hours) is caught by the overlap."""
    now = client.clock()

    def ask(mark: Mark, token: str) -> Row:
        return client.get(
            f"{FINANCES}/transactions", "listTransactions", postedAfter=mark.since, postedBefore=mark.until,
            marketplaceId=client.marketplace, nextToken=token,
        )  # fmt: skip

    def read(items: list[Any], place: str) -> list[Record | BadRow]:
        return read_rows("settlementline", items, money.transaction, "transactionId", place=place)

    spans = list(windows(Mark.read(cursor, now - first_span), now, overlap, WIDEST))
    for mark in spans:
        yield from pages(client, mark, mark is spans[-1], ask, ("payload", "transactions"), read)
    if not spans:
        yield Page((), cursor, 0, is_last=True)


def transactions_of(client: Client, order_ref: str) -> list[Row]:
    """All that was posted for one order."""

    def ask(token: str) -> tuple[list[Any], str]:
        body = client.get(
            f"{FINANCES}/transactions", "listTransactions", relatedIdentifierName="ORDER_ID",
            relatedIdentifierValue=order_ref, nextToken=token,
        )  # fmt: skip
        return rows(body, "payload", "transactions"), next_token(body["payload"], token)

    return [item for items in listed(ask) for item in items if isinstance(item, dict)]


def listed(ask: Call) -> Iterator[list[Any]]:
    """All pages of a list whose token lives too short to be kept."""
    token = ""
    while True:
        items, token = ask(token)
        yield items
        if not token:
            return


def payouts(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """What was paid since, and what Amazon means to pay next."""
    now = client.clock()
    since = must_iso(Mark.read(cursor, now - first_span).since) - overlap

    def made(token: str) -> tuple[list[Any], str]:
        body = client.get(
            f"{TRANSFERS}/payouts", "listPayouts", marketplaceIds=client.marketplace, createdAfter=since,
            nextToken=token,
        )  # fmt: skip
        return rows(body, "payouts"), next_token(body, token)

    def planned(token: str) -> tuple[list[Any], str]:
        body = client.get(
            f"{TRANSFERS}/payouts/expected", "listExpectedPayouts", marketplaceIds=client.marketplace, nextToken=token
        )
        return rows(body, "expectedPayouts"), next_token(body, token)

    for items in listed(planned):
        records = tuple(read_rows("payout", items, money.expected_payout, "id"))
        yield Page(records, cursor, len(items), is_last=False)
    for items in listed(made):
        yield Page(tuple(read_rows("payout", items, money.payout, "id")), cursor, len(items), is_last=False)
    # A payout changes until it is paid: the next pull begins some days back, by the overlap.
    yield Page((), str(Mark(stamp(now))), 0, is_last=True)


def listings(client: Client, cursor: str) -> Iterator[Page]:
    """All listings each time, oldest first. A search ends after a thousand, so the next begins where it ended."""
    after: str = cursor
    total: int | None = None
    while True:
        before, in_search, search_total = after, 0, 0
        for items, search_total in _search(client, after):
            if total is None:
                total = search_total
            in_search += len(items)
            after = max([after, *(_created(item, client.marketplace) for item in items)])
            records = tuple(
                read_rows("listing", items, lambda i: parse.listing(i, client.marketplace, client.currency), "sku")
            )
            yield Page(records, after, len(items), is_last=False)
        if in_search >= search_total:
            yield Page((), "", 0, is_last=True, count_at_source=None if cursor else total)
            return
        if after <= before:
            raise Retry("the listings say there are more, but do not move on", code="short_read")


def _search(client: Client, after: str) -> Iterator[tuple[list[Any], int]]:
    """(items, how many the search holds) page by page."""
    token = ""
    while True:
        body = client.get(
            f"{LISTINGS}/{segment(client.seller)}", "searchListingsItems", marketplaceIds=client.marketplace,
            includedData=LISTING_DATA, sortBy="createdDate", sortOrder="ASC", pageSize=LISTINGS_PAGE,
            createdAfter=after, pageToken=token,
        )  # fmt: skip
        total = body.get("numberOfResults")
        if type(total) is not int:
            raise Retry("Amazon's answer does not count the listings; its shape may have changed", code="drift")
        token = next_token(body, token)
        yield rows(body, "items"), total
        if not token:
            return


def _created(item: Any, marketplace: str) -> str:
    summaries = item.get("summaries") if isinstance(item, dict) else None
    for row in summaries if isinstance(summaries, list) else ():
        if isinstance(row, dict) and row.get("marketplaceId") == marketplace:
            return str(row.get("createdDate") or "")
    return ""


def listing_row(client: Client, sku: str) -> Row:
    """One listing in full. Raises Refused (code NotFound)."""
    return client.get(
        f"{LISTINGS}/{segment(client.seller)}/{segment(sku)}", "getListingsItem",
        marketplaceIds=client.marketplace, includedData=LISTING_DATA,
    )  # fmt: skip


def fba_stock(client: Client, skus: tuple[str, ...] = ()) -> Iterator[Page]:
    """Stock in Amazon's warehouses, whole each time: a page's token lives 30 seconds, so none is kept."""

    def ask(token: str) -> tuple[list[Any], str]:
        body = client.get(
            "/fba/inventory/v1/summaries", "getInventorySummaries", details=True, granularityType="Marketplace",
            granularityId=client.marketplace, marketplaceIds=client.marketplace, sellerSkus=skus, nextToken=token,
        )  # fmt: skip
        return rows(body, "payload", "inventorySummaries"), next_token(body, token)

    for items in listed(ask):
        yield Page(tuple(read_rows("stocklevel", items, parse.fba_stock, "sellerSku")), "", len(items), is_last=False)
    yield Page((), "", 0, is_last=True)
