"""What the market's suppliers, its warehouse and its product catalogue publish: lists as CSV, XLSX and paged JSON.

Each list is made of the market's state when it is asked for. None of them speaks a protocol of a platform; each has the
habits of its kind: semicolons and decimal commas, a title above the header, rows nested in a document.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import openpyxl
import orjson

from connectors.twin.market import Market
from connectors.twin.wire.web import Reply, Request, json_reply, pace
from connectors.twin.wire.zoho.shapes import VENDOR
from connectors.twin.world.goods import Good
from connectors.twin.world.supply import OPEN

TOKEN = "Bearer twin-supply-7c1e0f"  # noqa: S105 - the twin's own
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 50
OFFERS = (
    "Supplier code",
    "Your SKU",
    "Product",
    "Net price",
    "Currency",
    "In stock",
    "Lead time (days)",
    "MOQ",
    "Case",
)
PROMISES = ("Supplier code", "Your order number", "Your SKU", "Confirmed qty", "Price", "Currency", "Confirmed date")
Row = Sequence[Any]
Serve = Callable[[Market, Request], Reply]


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d.%m.%Y")


def comma(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


def offers(market: Market) -> Iterable[Row]:
    for good in market.goods:
        supplier = market.suppliers[good.supplier]
        there = 0 if good.index % 17 == 3 else 40 + good.index * 37 % 900
        yield (
            str(VENDOR + supplier.index), good.sku, good.title, good.cost_usd, "USD", there, supplier.lead_days,
            good.minimum, good.case,
        )  # fmt: skip


def promises(market: Market) -> Iterable[Row]:
    for order in market.supply.purchases:
        for line in order.lines:
            if order.status in OPEN and order.promised_at and line.promised is not None:
                yield (
                    str(VENDOR + order.supplier), order.number, market.goods[line.good].sku, line.promised,
                    line.promised_cost, "USD", order.promised_at,
                )  # fmt: skip


def offers_sheet(market: Market, request: Request) -> Reply:
    """As a salesman keeps it: a title and an empty row above the header."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Prices")
    sheet.append(["Price and stock list"])
    sheet.append([])
    sheet.append(OFFERS)
    for row in offers(market):
        sheet.append([*row[:3], row[3] / 100, *row[4:]])
    stream = io.BytesIO()
    book.save(stream)
    return Reply(200, stream.getvalue(), content_type=SHEET)


def offers_csv(market: Market, request: Request) -> Reply:
    return _csv(OFFERS, ([*row[:3], comma(row[3]), *row[4:]] for row in offers(market)))


def offers_json(market: Market, request: Request) -> Reply:
    names = ("supplier", "sku", "title", "price", "currency", "available", "lead_time_days", "moq", "case_size")
    rows = [dict(zip(names, row, strict=True)) for row in offers(market)]
    return json_reply({"data": {"items": [row | {"price": {"net": row["price"] / 100}} for row in rows]}})


def promises_csv(market: Market, request: Request) -> Reply:
    return _csv(PROMISES, ([*row[:4], comma(row[4]), row[5], day(row[6])] for row in promises(market)))


def _csv(header: Row, rows: Iterable[Row]) -> Reply:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(header)
    writer.writerows(rows)
    return Reply(200, stream.getvalue().encode("cp1252", "replace"), content_type="text/csv")


def stock_json(market: Market, request: Request) -> Reply:
    """A warehouse system's list, page by page; the next page's address stands in the answer."""
    number = int(request.params().get("page") or 1)
    goods = market.goods[(number - 1) * PAGE : number * PAGE]
    following = f"stock.json?page={number + 1}" if number * PAGE < len(market.goods) else None
    return json_reply({"stock": [_bin(good) for good in goods], "paging": {"page": number, "next": following}})


def _bin(good: Good) -> dict[str, Any]:
    return {
        "article": {"sku": good.sku, "name": good.title}, "site": {"code": "SIN-1"},
        "counts": {"physical": good.on_hand, "allocated": good.reserved},
        "counted_at": datetime.fromtimestamp(good.updated, UTC).isoformat(),
    }  # fmt: skip


def products_json(market: Market, request: Request) -> Reply:
    rows = [
        {
            "sku": good.sku, "name": {"en": good.title}, "family": good.category,
            "cost": {"amount": f"{good.cost_usd / 100:.2f}", "currency": "USD"},
            "description": f"{good.title} of our {good.category.lower()} range. Sold in cases of {good.case}. "
                           f"Delivered with a two-year guarantee.",
        }
        for good in market.goods
    ]  # fmt: skip
    return Reply(200, orjson.dumps({"products": rows}))


class FileHost:
    """One account that is read as files. `sources` are the settings by which our connector reads them."""

    def __init__(
        self, market: Market, kind: str, name: str, files: Mapping[str, Serve], sources: dict[str, Any], *,
        has_limits: bool = True, **settings: Any,
    ) -> None:  # fmt: skip
        self.market, self.kind, self.name, self.files, self.has_limits = market, kind, name, files, has_limits
        self.settings = {"sources": sources, "is_test_market": True, **settings}
        market.supply.open_books(market.goods, market.now)

    def account(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": self.name, "external_id": f"twin-{self.kind}", "country": "SG",
            "currency": "USD", "time_zone": "UTC", "settings": self.settings | pace(self.has_limits),
            "credentials": {"authorization": TOKEN},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        return f"{request.method} {request.path}"

    def handle(self, request: Request) -> Reply:
        if request.headers.get("authorization") != TOKEN:
            return json_reply({"error": "sign in first"}, 401)
        serve = self.files.get(request.path)
        if serve is None or request.method != "GET":
            return json_reply({"error": "no such file"}, 404)
        return serve(self.market, request)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        headers = {} if seconds is None else {"retry-after": f"{seconds:g}"}
        return Reply(429, b"Too Many Requests", headers, content_type="text/plain")

    def expired(self, request: Request) -> Reply:
        return json_reply({"error": "sign in again"}, 401)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Nothing: files are fetched."""
        return None


def supplier_files(market: Market, has_limits: bool) -> FileHost:
    files = {
        "/offers.xlsx": offers_sheet, "/offers.csv": offers_csv, "/offers.json": offers_json,
        "/promises.csv": promises_csv,
    }  # fmt: skip
    offers_by = {
        "supplier_ref": "Supplier code", "sku": "Your SKU", "unit_cost": "Net price", "currency": "Currency",
        "available": "In stock", "lead_time_days": "Lead time (days)", "minimum_quantity": "MOQ", "case_size": "Case",
    }  # fmt: skip
    promises_by = {
        "supplier_ref": "Supplier code", "order_number": "Your order number", "sku": "Your SKU",
        "quantity": "Confirmed qty", "unit_cost": "Price", "currency": "Currency",
        "due_at": {"column": "Confirmed date", "format": "%d.%m.%Y"},
    }  # fmt: skip
    sources = {
        "offers": {"url": "offers.xlsx", "mapping": offers_by},
        "promises": {"url": "promises.csv", "mapping": promises_by},
    }
    return FileHost(market, "supplier_feed", "Buying agent (lists)", files, sources, has_limits=has_limits)


def warehouse(market: Market, has_limits: bool) -> FileHost:
    mapping = {
        "sku": "article.sku", "location": "site.code", "on_hand": "counts.physical", "reserved": "counts.allocated",
        "updated_at": "counted_at",
    }  # fmt: skip
    sources = {"stock": {"url": "stock.json", "items": "stock", "next": "paging.next", "mapping": mapping}}
    files = {"/stock.json": stock_json}
    return FileHost(market, "warehouse", "Singapore warehouse", files, sources, has_limits=has_limits)


def catalogue(market: Market, has_limits: bool) -> FileHost:
    mapping = {
        "sku": "sku", "title": "name.en", "unit_cost": "cost.amount", "currency": "cost.currency",
        "description": "description",
    }  # fmt: skip
    sources = {"products": {"url": "products.json", "items": "products", "mapping": mapping}}
    files = {"/products.json": products_json}
    return FileHost(market, "catalogue", "Product catalogue", files, sources, has_limits=has_limits)
