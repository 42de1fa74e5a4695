"""Shopify's root queries. Search works by field and comparator; an unknown field matches all, with only a warning."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.twin.deeds.changes import returned
from connectors.twin.market import Book, Market
from connectors.twin.wire.shopify.execute import Refused
from connectors.twin.wire.shopify.shapes.baskets import begun
from connectors.twin.wire.shopify.shapes.lines import has_fulfillment
from connectors.twin.wire.shopify.shapes.orders import fulfillment_status
from connectors.twin.wire.shopify.shapes.paging import Connection, decode_cursor, encode_cursor, slice_of
from connectors.twin.wire.shopify.shapes.payments import financial_status
from connectors.twin.wire.shopify.shapes.returns import return_status
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GID, LOCATION, REFUND_TRANSACTIONS, gid, index_of, iso
from connectors.twin.world.baskets import EVERY
from connectors.twin.world.changes import Promotion
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order

TERM = re.compile(
    r"""(?P<name>\w+):(?P<op>>=|<=|>|<)?(?:'(?P<quoted>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>[^\s()]+))"""
)
REACH = 60 * DAY  # without read_all_orders only the last 60 days of orders are shown
MOST = 250


def moment(text: str) -> int:
    """RFC 3339 to Unix seconds. Raises ValueError."""
    when = datetime.fromisoformat(text)
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


class Search:
    """A parsed `query`: time bounds, and tests on single fields joined by AND (OR inside brackets of one field)."""

    def __init__(self, text: str, api: Any) -> None:
        self.created, self.updated = [0, 1 << 40], [0, 1 << 40]
        self.tests: list[Callable[[Order], bool]] = []
        alternatives: dict[str, list[str]] = {}
        for match in TERM.finditer(text or ""):
            value = match["quoted"] or match["double"] or match["plain"] or ""
            name = match["name"]
            if name in ("created_at", "updated_at", "processed_at"):
                self._bound(self.updated if name == "updated_at" else self.created, match["op"] or "", moment(value))
            else:
                alternatives.setdefault(name, []).append(value)
        for name, values in alternatives.items():
            self._add(name, values, text, api)

    @staticmethod
    def _bound(bounds: list[int], comparator: str, at: int) -> None:
        if comparator.startswith(">"):
            bounds[0] = max(bounds[0], at + (comparator == ">"))
        elif comparator.startswith("<"):
            bounds[1] = min(bounds[1], at - (comparator == "<"))
        else:
            bounds[0], bounds[1] = at, at + DAY - 1

    def _add(self, name: str, values: list[str], text: str, api: Any) -> None:
        made = FILTERS.get(name)
        if made is None:
            warning = {"field": name, "message": "Invalid search field for this query.", "code": "invalid_field"}
            api.search_notes.append({"path": ["orders"], "query": text, "parsed": {}, "warnings": [warning]})
        else:
            self.tests.append(lambda order: made(order, api) in {value.lower().lstrip("#") for value in values})

    def takes(self, order: Order) -> bool:
        return (
            self.created[0] <= order.created <= self.created[1] and self.updated[0] <= order.updated <= self.updated[1]
            and all(test(order) for test in self.tests)
        )  # fmt: skip


FILTERS: dict[str, Callable[[Order, Any], str]] = {
    "id": lambda order, api: str(FIRST["Order"] + order.index),
    "name": lambda order, api: order.number.lstrip("#"),
    "email": lambda order, api: api.market.buyer(order).email,
    "status": lambda order, api: "cancelled" if order.cancelled else "open",
    "financial_status": lambda order, api: financial_status(order).lower(),
    "fulfillment_status": lambda order, api: fulfillment_status(order, api).lower(),
    "return_status": lambda order, api: return_status(order, api).lower(),
}


def orders(api: Any, arguments: Mapping[str, Any]) -> Connection:
    """A page of orders, by last change or by creation."""
    size = page_size(arguments)
    search = Search(arguments.get("query") or "", api)
    search.created[0] = max(search.created[0], api.market.now - REACH)
    book: Book = api.market.books["shopify"]
    after = decode_cursor(arguments["after"]) if arguments.get("after") else None
    by_update = arguments.get("sortKey") == "UPDATED_AT"
    low, high = book.changed(*search.updated) if by_update else book.created(*search.created)
    is_backward = bool(arguments.get("reverse"))
    if by_update and after is not None:
        low, high = (
            (low, book.changed(0, 1 << 40, after - 1)[0])
            if is_backward
            else (book.changed(search.updated[0], 1 << 40, after)[0], high)
        )
    elif after is not None:
        low, high = (low, min(high, after)) if is_backward else (max(low, after + 1), high)
    return _walk(book, search, range(low, high), is_backward, by_update, size, has_previous=after is not None)


def _walk(
    book: Book, search: Search, places: range, is_backward: bool, by_update: bool, size: int, *, has_previous: bool
) -> Connection:
    items: list[Order] = []
    keys: dict[int, int] = {}
    for place in reversed(places) if is_backward else places:
        key, order = book.at(place) if by_update else (place, book.orders[place])
        if not search.takes(order):
            continue
        if len(items) == size:
            return Connection(items, True, has_previous, lambda order: encode_cursor(keys[order.index]))
        items.append(order)
        keys[order.index] = key
    return Connection(items, False, has_previous, lambda order: encode_cursor(keys[order.index]))


def page_size(arguments: Mapping[str, Any]) -> int:
    """Raises Refused where neither `first` nor `last` is given, or it is above 250."""
    size = arguments.get("first") if arguments.get("first") is not None else arguments.get("last")
    if size is None:
        raise Refused({"message": "you must provide one of first or last", "extensions": {"code": "BAD_REQUEST"}})
    if not 0 <= size <= MOST:
        raise Refused({"message": f"first cannot exceed {MOST}", "extensions": {"code": "BAD_REQUEST"}})
    return int(size)


def orders_count(api: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    search = Search(arguments.get("query") or "", api)
    found = sum(search.takes(order) for order in api.market.books["shopify"].orders)
    limit = arguments.get("limit") or 10_000
    return {"count": min(found, limit), "precision": "EXACT" if found <= limit else "AT_LEAST"}


def rows_of(api: Any, kind: str) -> Sequence[Any]:
    """Where the rows of a kind stand in the market."""
    market: Market = api.market
    if kind in ("Order", "Fulfillment", "FulfillmentOrder"):
        return market.books["shopify"].orders
    if kind == "Return":
        return market.returns
    return market.refunds if kind == "Refund" else market.goods


def one(api: Any, kind: str, id: str) -> Any:
    """The row of a gid, or None."""
    index = index_of(kind, id)
    if index is None:
        return None
    if kind == "OrderTransaction":
        rows = api.market.refunds if index >= REFUND_TRANSACTIONS else api.market.charges
        index %= REFUND_TRANSACTIONS
        return rows[index] if index < len(rows) else None
    if kind == "ReturnLineItem":
        return api.market.returns[index // 10] if index // 10 < len(api.market.returns) else None
    rows = rows_of(api, kind)
    row = rows[index] if index < len(rows) else None
    if kind == "Return" and row is not None and row.channel != "shopify":
        return None
    return None if kind == "Fulfillment" and row is not None and not has_fulfillment(row) else row


def node(api: Any, arguments: Mapping[str, Any]) -> Any:
    kind = arguments["id"].removeprefix(GID).partition("/")[0]
    return one(api, kind, arguments["id"]) if kind in FIRST else None


def customer(api: Any, arguments: Mapping[str, Any]) -> Any:
    index = index_of("Customer", arguments["id"])
    known = next((order for order in api.market.books["shopify"].orders if order.buyer == index), None)
    return None if known is None else api.market.buyer(known)


def goods(api: Any, arguments: Mapping[str, Any]) -> Connection:
    page_size(arguments)
    text = arguments.get("query") or ""
    skus = {
        match["quoted"] or match["double"] or match["plain"] for match in TERM.finditer(text) if match["name"] == "sku"
    }
    rows = [good for good in api.market.goods if good.sku in skus] if skus else api.market.goods
    return slice_of(rows, arguments)


def checkouts(api: Any, arguments: Mapping[str, Any]) -> Connection:
    """Baskets left behind, of a company that uses everything, by number; searched by time of change alone."""
    page_size(arguments)
    search = Search(arguments.get("query") or "", api)
    low, high = search.updated
    book = api.market.books["shopify"].orders if api.market.has_everything else []
    return slice_of(
        [row for row in book if row.index % EVERY == 0 and low <= begun(row) <= min(high, api.market.now)], arguments
    )


def drafts(api: Any, arguments: Mapping[str, Any]) -> Connection:
    page_size(arguments)
    wanted = {
        match["quoted"] or match["double"] or match["plain"]
        for match in TERM.finditer(arguments.get("query") or "")
        if match["name"] == "tag"
    }
    return slice_of([row for row in api.drafts if not wanted or wanted & set(row.tags)], arguments)


def returnable(api: Any, arguments: Mapping[str, Any]) -> Connection:
    """The order's one parcel with what of it can still come back."""
    order: Order | None = one(api, "Order", arguments["orderId"])
    if order is None or not order.shipped:
        return Connection([])
    back = returned(api.market, order)
    rows = [
        {
            "quantity": units - back.get(place, 0),
            "fulfillmentLineItem": {
                "id": gid("FulfillmentLineItem", order.index * 10 + place), "lineItem": (order, place),
                "quantity": units,
            },
        }
        for place, (_, units) in enumerate(order.lines)
        if place not in order.pulled_lines and units > back.get(place, 0)
    ]  # fmt: skip
    parcel = {
        "id": f"{GID}ReturnableFulfillment/{order.index}", "fulfillment": order,
        "returnableFulfillmentLineItems": Connection(rows),
    }  # fmt: skip
    return Connection([parcel] if rows else [])


def promotion(api: Any, kind: str, id: str) -> Promotion | None:
    index = index_of(kind, id)
    rows = api.market.changes.promotions
    row: Promotion | None = rows[index] if index is not None and index < len(rows) else None
    wanted = {"DiscountCodeNode": "code", "DiscountAutomaticNode": "automatic"}[kind]
    return row if row is not None and (row.channel, row.kind) == ("shopify", wanted) else None


def discount(kind: str, inner: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    def read(api: Any, arguments: Mapping[str, Any]) -> Any:
        row = promotion(api, kind, arguments["id"])
        if row is None:
            return None
        status = "EXPIRED" if row.ends <= api.market.now else "ACTIVE"
        told = {"title": row.name, "status": status, "startsAt": iso(row.starts), "endsAt": iso(row.ends)}
        return {"id": arguments["id"], inner: told}

    return read


def shop(api: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{GID}Shop/61000000001", "name": "Lumen & Loft", "email": "owner@lumenandloft.example",
        "currencyCode": "USD",
        "myshopifyDomain": api.domain, "ianaTimezone": "America/Chicago",
        "shopAddress": {"id": f"{GID}ShopAddress/62000000001", "countryCodeV2": "US"},
    }  # fmt: skip


def by_id(kind: str) -> Callable[[Any, Mapping[str, Any]], Any]:
    return lambda api, arguments: one(api, kind, arguments["id"])


ROOTS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "shop": shop, "orders": orders, "ordersCount": orders_count, "node": node, "customer": customer,
    "order": by_id("Order"),
    "return": by_id("Return"), "refund": by_id("Refund"), "fulfillment": by_id("Fulfillment"),
    "fulfillmentOrder": by_id("FulfillmentOrder"), "products": goods, "productVariants": goods, "inventoryItems": goods,
    "productVariant": by_id("ProductVariant"), "inventoryItem": by_id("InventoryItem"),
    "inventoryLevel": by_id("InventoryLevel"),
    "locations": lambda api, arguments: slice_of([LOCATION], arguments),
    # The store is paid through Stripe, so Shopify Payments has no disputes of its own.
    "disputes": lambda api, arguments: Connection([]), "dispute": lambda api, arguments: None,
    "abandonedCheckouts": checkouts, "draftOrders": drafts, "returnableFulfillments": returnable,
    "codeDiscountNode": discount("DiscountCodeNode", "codeDiscount"),
    "automaticDiscountNode": discount("DiscountAutomaticNode", "automaticDiscount"),
    "job": lambda api, arguments: api.jobs.get(arguments["id"]),
}  # fmt: skip
