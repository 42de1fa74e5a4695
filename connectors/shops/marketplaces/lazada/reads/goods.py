"""Products with their variants: price, state and stock of each.

Paging `/products/get` by offset is deprecated, so the list is cut by time of creation until a slice fits one page. All
of it is read each time: a sale moves stock without moving the product's time of change.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.base import Retry
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.parse import goods_ref, price, when
from connectors.shops.marketplaces.lazada.ventures import Home
from connectors.shops.reading import Row, Unreadable, count, dump, read_rows
from connectors.types import BadRow, Listing, Page, Product, Record, StockLevel

PAGE = 50
OPENED = int(datetime(2012, 1, 1, tzinfo=UTC).timestamp())  # Lazada's first year
MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T]?(\d\d):(\d\d)|(\d{4})-(\d\d)-(\d\d)$")
LIVE, PAUSED, SUPPRESSED = "live", "paused", "suppressed"
STATES = {"active": LIVE, "live": LIVE, "inactive": PAUSED, "sold-out": LIVE}


def goods(client: Client, cursor: str) -> Iterator[Page]:
    """The cursor is the time of creation up to which this turn has read (Unix seconds)."""
    now, begin = int(client.clock().timestamp()), int(cursor or OPENED)
    whole = _listed(client, OPENED, now, 0, 1)[1]
    slices = _slices(client, begin, now)
    for end, rows in slices:
        records = tuple(read_rows("listing", rows, partial(variants, home=client.home, now=client.clock()), "item_id"))
        is_last = end >= now
        yield Page(records, "" if is_last else str(end), len(rows), is_last, whole if is_last else None)


def _slices(client: Client, begin: int, end: int) -> Iterator[tuple[int, list[Any]]]:
    """(end, products created in [begin, end)) in order of time; halved until they fit a page."""
    rows, total = _listed(client, begin, end, 0, PAGE)
    if total > PAGE and end - begin > 1:
        middle = (begin + end) // 2
        yield from _slices(client, begin, middle)
        yield from _slices(client, middle, end)
        return
    for offset in range(PAGE, total, PAGE):  # more than a page was created in one second
        rows += _listed(client, begin, end, offset, PAGE)[0]
    yield end, rows


def _listed(client: Client, begin: int, end: int, offset: int, limit: int) -> tuple[list[Any], int]:
    data = part(client.get("/products/get", {
        "filter": "all", "create_after": _iso(begin), "create_before": _iso(end - 1), "offset": offset, "limit": limit,
        "options": "1",
    }), "data", dict)  # fmt: skip
    total = data.get("total_products")
    if not isinstance(total, int):
        raise Retry("Lazada's product list names no total; its shape may have changed", code="drift")
    return part(data, "products", list) if total else [], total


def _iso(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}+0000"


def item(client: Client, item_id: str) -> Row:
    """One product, read now. Raises Refused."""
    return part(client.get("/product/item/get", {"item_id": item_id}), "data", dict)


def sku_of(client: Client, listing_ref: str) -> tuple[Row, Row] | None:
    """(product, variant) of a listing, read now; None where the product has no such variant."""
    item_id, _, sku_id = listing_ref.partition(":")
    found = item(client, item_id)
    sku = next((row for row in part(found, "skus", list) if str(row.get("SkuId")) == sku_id), None)
    return None if sku is None else (found, sku)


def variants(row: Row, *, home: Home, now: datetime) -> Iterator[Record | BadRow]:
    if not row["skus"]:
        raise Unreadable("a product without a SKU")
    for sku in row["skus"]:
        yield from variant(row, sku, home=home, now=now)


def variant(row: Row, sku: Row, *, home: Home, now: datetime) -> Iterator[Record]:
    ref = goods_ref(row["item_id"], sku["SkuId"])
    if not row["item_id"] or not sku["SkuId"]:
        raise Unreadable("a product or its SKU has no id")
    fields: Row = row.get("attributes") or {}
    name, code = str(fields.get("name") or ""), str(sku["SellerSku"] or ref)
    state, issue = _state(row, sku)
    yield Product(
        external_id=ref, sku=code, title=name, currency=home.currency, description=fields.get("description") or ""
    )
    yield Listing(
        external_id=ref,
        raw=dump({**row, "skus": [sku]}),
        sku=code,
        title=name,
        price=selling_price(sku, home=home, now=now),
        currency=home.currency,
        status=state,
        issue=issue,
        updated_at=when(row.get("updated_time")),
    )
    yield stock(ref, sku)


def selling_price(sku: Row, *, home: Home, now: datetime) -> Decimal:
    """What a buyer pays now: the special price inside its time, else the price."""
    special = price(sku.get("special_price") or 0)
    listed: Decimal = price(sku["price"])
    return special if special and _is_within(sku, home, now) else listed


def has_special(sku: Row, *, home: Home, now: datetime) -> bool:
    return bool(price(sku.get("special_price") or 0)) and _is_within(sku, home, now)


def _is_within(sku: Row, home: Home, now: datetime) -> bool:
    begin, end = (_local(sku.get(name), home) for name in ("special_from_time", "special_to_time"))
    return (begin is None or begin <= now) and (end is None or now < end)


def _local(value: Any, home: Home) -> datetime | None:
    """A time as sellers write it, in the venture's own: "2015-07-31 00:00", the space at times left out."""
    if not value:
        return None
    found = MOMENT.match(str(value))
    if found is None:
        raise Unreadable(f"{value!r} is no time of a special price")
    return datetime(*(int(number) for number in found.groups() if number is not None), tzinfo=home.zone)  # type: ignore[arg-type, misc]


def _state(row: Row, sku: Row) -> tuple[str, str]:
    """(status, issue) of a variant. A product that Lazada holds back is suppressed, with its words."""
    words = str(row.get("status") or sku["Status"]), str(sku["Status"])
    states = [STATES.get(word.casefold(), SUPPRESSED) for word in words]
    if SUPPRESSED not in states:
        return (PAUSED if PAUSED in states else LIVE), ""
    reasons: Iterable[Any] = row.get("rejectReason") or ()
    told = "; ".join(str(reason.get("violationDetail") or "") for reason in reasons if isinstance(reason, dict))
    return SUPPRESSED, f"{words[0]}: {told}".rstrip(": ")


def stock(ref: str, sku: Row) -> StockLevel:
    """Units over all warehouses: the total, of which some are withheld (unpaid) or occupied (sold, not shipped)."""
    places = sku.get("multiWarehouseInventories") or []
    if places:
        on_hand = sum(count(place["totalQuantity"]) for place in places)
        reserved = sum(count(place["withholdQuantity"]) + count(place["occupyQuantity"]) for place in places)
    else:
        on_hand = count(sku["quantity"])
        reserved = max(0, on_hand - count(sku.get("Available", on_hand)))
    return StockLevel(
        external_id=ref, sku=str(sku["SellerSku"] or ref), listing_ref=ref, on_hand=on_hand, reserved=reserved
    )


def warehouses(sku: Row) -> list[str]:
    return [str(place.get("warehouseCode")) for place in sku.get("multiWarehouseInventories") or ()]


def sellable(sku: Row, location: str = "") -> int:
    """What buyers can still buy, in one warehouse or in all."""
    places = sku.get("multiWarehouseInventories") or []
    chosen = [place for place in places if location in ("", place.get("warehouseCode"))]
    if not chosen:
        return count(sku.get("Available", sku.get("quantity")))
    return sum(count(place["sellableQuantity"]) for place in chosen)
