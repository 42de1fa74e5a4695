"""Zoho's feeds: purchase orders by time of change, items with their stock and vendors by whole sweeps.

Lists are paged by offset and sorted by creation, so that a row which changes meanwhile keeps its place. No list is
trusted to filter by change; what is read in full is chosen here. Sales orders are not read: they are the channels' own
orders once more.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops.reading import UNREADABLE, Row, bad_row, dump, read_rows, reason_of
from connectors.shops.supply.zoho import parse
from connectors.shops.supply.zoho.answers import MISSING
from connectors.shops.supply.zoho.client import Client
from connectors.types import (
    BadRow,
    BooksContact,
    Page,
    Product,
    PurchaseOrder,
    Record,
    StockLevel,
    Supplier,
    SupplierOrder,
)

AT_ONCE = 25  # orders read in full before they are given on: at a hundred calls a minute that takes a quarter minute
DETAILS = 100  # items asked for by one call
WHOLE_EVERY = timedelta(days=1)  # receipts need not touch an order's time of change, so open ones are read again
CREATED = {"sort_column": "created_time", "sort_order": "A"}


@dataclass(frozen=True, slots=True)
class Sweep:
    """A feed's cursor in Unix seconds: what changed before `since` is stored; `whole` is when all open orders were
    last read. While a sweep runs: when it `began`, its list page, and the last order of it that is stored.
    """

    since: int
    whole: int = 0
    began: int = 0
    is_whole: bool = False
    page: int = 1
    after: str = ""

    @classmethod
    def read(cls, text: str, default_since: int) -> "Sweep":
        return cls(**orjson.loads(text)) if text else cls(default_since)

    def __str__(self) -> str:
        return orjson.dumps({name: getattr(self, name) for name in self.__slots__}).decode()

    def started(self, now: datetime) -> "Sweep":
        if self.began:
            return self
        second = int(now.timestamp())
        return replace(self, began=second, is_whole=second - self.whole >= WHOLE_EVERY.total_seconds())

    @property
    def from_second(self) -> int:
        """A row that a deletion moved over a page's edge was missed; the daily look reaches back to the one before."""
        return min(self.since, self.whole) if self.is_whole and self.whole else self.since

    def done(self) -> "Sweep":
        return Sweep(self.began, self.began if self.is_whole else self.whole)


def purchase_orders(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = client.clock()
    sweep = Sweep.read(cursor, int((now - first_span).timestamp())).started(now)
    since = datetime.fromtimestamp(sweep.from_second, UTC) - overlap
    for rows, number, is_last in client.pages("/purchaseorders", "purchaseorders", CREATED, sweep.page):
        wanted = [row for row in rows if is_wanted(row, since, is_whole=sweep.is_whole)]
        left = behind(wanted, sweep.after) if number == sweep.page else wanted
        for begin in range(0, len(left), AT_ONCE):
            chunk = left[begin : begin + AT_ONCE]
            records = tuple(in_full(client, chunk))
            mark = replace(sweep, page=number, after=id_of(chunk[-1]))
            yield Page(records, str(mark), len(chunk), is_last=False)
        sweep = replace(sweep, page=number + 1, after="")
        yield Page((), str(sweep.done() if is_last else sweep), 0, is_last=is_last)


def is_wanted(row: Any, since: datetime, *, is_whole: bool) -> bool:
    """A row that cannot be judged is read in full, and is judged there."""
    try:
        changed = parse.changed_at(row)
        return changed is None or changed >= since or (is_whole and parse.status_of(row) in parse.OPEN)
    except UNREADABLE:
        return True


def behind(rows: list[Any], after: str) -> list[Any]:
    """What follows the last stored order; all of it where that one has gone from the page."""
    ids = [id_of(row) for row in rows]
    return rows[ids.index(after) + 1 :] if after in ids else rows


def id_of(row: Any) -> str:
    return str(row.get("purchaseorder_id") or "") if isinstance(row, dict) else ""


def in_full(client: Client, rows: list[Any]) -> Iterator[Record | BadRow]:
    for row in rows:
        ref = id_of(row)
        found = order(client, ref) if ref else row
        if found is None:
            yield bad_row("purchaseorder", row, "purchaseorder_id", "listed, but Zoho gives no detail of it")
        else:
            yield from read_rows("purchaseorder", [found], parse.purchase_order, "purchaseorder_id")


def order(client: Client, order_id: str) -> Row | None:
    """One purchase order with its lines; None where Zoho has none of that id."""
    try:
        return client.one(f"/purchaseorders/{order_id}", "purchaseorder", "purchase_order")
    except Refused as error:
        if gone(error):
            return None
        raise


def gone(error: Refused) -> bool:
    return error.code == MISSING or error.status == 404


def items(client: Client, cursor: str) -> Iterator[Page]:
    """All items each time: a sale moves stock without moving the item's own time. The cursor is a page number."""
    is_physical = physical(client)
    for rows, number, is_last in client.pages("/items", "items", CREATED, int(cursor or 1)):
        records: list[Record | BadRow] = []
        for begin in range(0, len(rows), DETAILS):
            records += read_rows(
                "product", with_places(client, rows[begin : begin + DETAILS]),
                lambda item: list(parse.goods(item, client.account.currency, is_physical=is_physical)), "item_id",
            )  # fmt: skip
        yield Page(tuple(records), "" if is_last else str(number + 1), len(rows), is_last=is_last)


def physical(client: Client) -> bool:
    return client.account.settings.get("stock_ledger") == "physical"


def with_places(client: Client, rows: list[Any]) -> list[Any]:
    """The items with their locations. One that the second call leaves out stays as it was listed."""
    ids = [str(row["item_id"]) for row in rows if isinstance(row, dict) and row.get("item_id")]
    if not ids:
        return rows
    detailed = client.rows("/itemdetails", "items", {"item_ids": ",".join(ids)})
    by_id = {str(row.get("item_id")): row for row in detailed if isinstance(row, dict)}
    return [by_id.get(str(row.get("item_id")), row) if isinstance(row, dict) else row for row in rows]


def vendors(client: Client, cursor: str) -> Iterator[Page]:
    """Suppliers with the SKUs whose preferred vendor they are, which only the items tell."""
    supplied = supplied_by(client)
    query = {**CREATED, "contact_type": "vendor"}
    for rows, number, is_last in client.pages("/contacts", "contacts", query, int(cursor or 1)):
        named = [row for row in rows if not isinstance(row, dict) or row.get("contact_type", "vendor") == "vendor"]
        records = read_rows(
            "supplier", named, lambda row: list(parse.supplier(row, supplied.get(str(row["contact_id"]), ()))),
            "contact_id",
        )  # fmt: skip
        yield Page(tuple(records), "" if is_last else str(number + 1), len(rows), is_last=is_last)


def supplied_by(client: Client) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for rows, _, _ in client.pages("/items", "items", CREATED):
        for row in rows:
            if isinstance(row, dict) and row.get("vendor_id") and row.get("sku"):
                found[str(row["vendor_id"])].append(str(row["sku"]))
    return {vendor: tuple(sorted(skus)) for vendor, skus in found.items()}


def one_line(client: Client, ref: str) -> PurchaseOrder | None:
    order_id = ref.partition(":")[0]
    found = order(client, order_id)
    rows = parse.purchase_order(found) if found else ()
    return next((row for row in rows if isinstance(row, PurchaseOrder) and row.external_id == ref), None)


def listed(client: Client, path: str, name: str, field: str, value: str) -> list[Row]:
    """Rows whose field has this value. A filter that Zoho does not know is ignored in silence, so each is compared."""
    rows = client.rows(path, name, {field: value, "per_page": 200})
    return [row for row in rows if isinstance(row, dict) and str(row.get(field) or "") == value]


def one_numbered(client: Client, number: str) -> SupplierOrder | None:
    """The whole order of that number; None where Zoho has none, or more than one. Raises Retry where it cannot be
    read: a part of an order is none to decide on."""
    rows = listed(client, "/purchaseorders", "purchaseorders", "purchaseorder_number", number)
    found = order(client, id_of(rows[0])) if len(rows) == 1 else None
    try:
        return parse.whole_order(found) if found else None
    except UNREADABLE as error:
        raise Retry(f"order {number} cannot be read: {reason_of(error)}", code="drift") from error


def one_supplier(client: Client, ref: str) -> Supplier:
    return next(iter(parse.supplier(client.one(f"/contacts/{ref}", "contact"), supplied_by(client).get(ref, ()))))


def one_customer(client: Client, email: str) -> BooksContact | None:
    """The one customer with this address; None where Zoho has none or several of them."""
    rows = client.rows("/contacts", "contacts", {"contact_type": "customer", "email": email, "per_page": 2})
    found = [row for row in rows if isinstance(row, dict) and str(row.get("email")).casefold() == email.casefold()]
    if len(found) != 1:
        return None
    return BooksContact(
        external_id=email,
        raw=dump(found[0]),
        reference=str(found[0]["contact_id"]),
        name=str(found[0].get("contact_name") or ""),
        currency=str(found[0].get("currency_code") or ""),
    )


def one_of_item(client: Client, ref: str) -> list[Product | StockLevel]:
    item = client.one(f"/items/{ref.partition(':')[0]}", "item")
    return list(parse.goods(item, client.account.currency, is_physical=physical(client)))
