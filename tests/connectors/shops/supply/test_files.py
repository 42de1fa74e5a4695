"""Files and JSON of suppliers, warehouses and catalogues: mapped as reports are, fetched from the public web alone."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import openpyxl
import orjson
import pytest

from connectors.base import CannotDo, Connector, Refused, Retry
from connectors.http import Patience
from connectors.operations import SetStock
from connectors.registry import CONNECTORS, open_connector
from connectors.shops.supply.files.connector import Files
from connectors.transport.breaker import Breaker
from connectors.twin.server import TwinServer, serve
from connectors.types import (
    Account,
    BadRow,
    Page,
    Product,
    Record,
    StockLevel,
    SupplierOffer,
    SupplierPromise,
)
from tests.connectors.shops.stand import NOW, permit

URL = "https://files.brightline.example/list"
PUBLIC = "93.184.216.34"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to a public address; nothing is resolved."""
    monkeypatch.setattr(Files, "resolve", staticmethod(lambda host, port: [PUBLIC]))


def opened(kind: str, feed: str, answer: Answer | httpx.Response, settings: Any = None, **source: Any) -> Connector:
    account = Account(
        kind, 1, "Brightline", "1", "", currency="USD",
        settings={"sources": {feed: {"url": f"{URL}.csv", **source}}, **(settings or {})},
        credentials={"authorization": "Bearer abcdef123456"},
    )  # fmt: skip
    answering = (lambda request: answer) if isinstance(answer, httpx.Response) else answer
    return open_connector(
        account, clock=lambda: NOW, breaker=Breaker(lambda: NOW, outages=1000), patience=Patience(attempts=1),
        client=httpx.Client(transport=httpx.MockTransport(answering)), sleep=lambda seconds: None,
    )  # fmt: skip


def csv(*lines: str, name: str = "text/csv") -> httpx.Response:
    return httpx.Response(200, content="\n".join(lines).encode(), headers={"content-type": name})


def records(pages: list[Page]) -> list[Record | BadRow]:
    return [row for page in pages for row in page.records]


def read(connector: Connector, feed: str, cursor: str = "") -> list[Record | BadRow]:
    return records(list(connector.pull(feed, cursor)))


def bare(row: Any) -> dict[str, Any]:
    """What a record says, without its raw bytes and what is empty."""
    fields = {name: getattr(row, name) for name in type(row).__dataclass_fields__ if name != "raw"}
    return {name: value for name, value in fields.items() if value not in (None, "", 0)}


def test_a_price_list_is_read_by_what_its_columns_are_called() -> None:
    answer = csv("Your SKU;Net price;In stock;MOQ;Lead time", "LAMP-1;7,25;120;50;24", "LAMP-2;1.200,50;0;;")
    first, second = read(opened("supplier_feed", "offers", answer, {"supplier_ref": "900"}), "offers")
    assert bare(first) == {
        "external_id": "900:LAMP-1", "supplier_ref": "900", "sku": "LAMP-1", "unit_cost": Decimal("7.25"),
        "currency": "USD", "available": 120, "lead_time_days": 24, "minimum_quantity": 50,
    }  # fmt: skip
    assert isinstance(second, SupplierOffer)
    assert (second.unit_cost, second.available, second.lead_time_days) == (Decimal("1200.50"), 0, None)


def test_confirmations_are_read_from_a_spreadsheet_with_a_title_above_its_header() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Confirmations"])
    sheet.append([])
    sheet.append(["PO number", "Your SKU", "Confirmed qty", "Price", "Confirmed date"])
    sheet.append(["PO-7", "LAMP-1", 40, 7.25, datetime(2026, 12, 20)])
    stream = io.BytesIO()
    book.save(stream)
    answer = httpx.Response(200, content=stream.getvalue())
    [row] = read(opened("supplier_feed", "promises", answer, url=f"{URL}.xlsx"), "promises")
    assert bare(row) == {
        "external_id": "PO-7:LAMP-1", "order_number": "PO-7", "sku": "LAMP-1", "quantity": 40,
        "unit_cost": Decimal("7.25"), "currency": "USD", "due_at": datetime(2026, 12, 20, tzinfo=UTC),
    }  # fmt: skip


STOCK_BY = {"sku": "article.sku", "location": "site", "on_hand": "count.physical", "reserved": "count.allocated"}


PAGED: dict[str, Any] = {
    "url": "https://wms.example/s.json", "next": "next", "items": "rows", "mapping": STOCK_BY,
}  # fmt: skip


def bin_of(sku: str, physical: Any = 30, site: str = "SIN-1") -> dict[str, Any]:
    return {"article": {"sku": sku}, "site": site, "count": {"physical": physical, "allocated": 4}}


def test_an_api_is_read_page_by_page_through_a_saved_mapping() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        page = int(request.url.params.get("page", "1"))
        following = f"?page={page + 1}" if page < 3 else None
        body = {
            "data": {"rows": [bin_of(f"S-{page}"), bin_of(f"S-{page}", site="KUL-2")]},
            "links": {"next": following},
        }
        return httpx.Response(200, content=orjson.dumps(body), headers={"content-type": "application/json; charset=x"})

    connector = opened(
        "warehouse", "stock", answer, url="https://wms.example/v1/stock", items="data.rows", next="links.next",
        mapping=STOCK_BY,
    )  # fmt: skip
    found = read(connector, "stock")
    assert [bare(row) for row in found[:2]] == [
        {"external_id": "S-1@SIN-1", "sku": "S-1", "location": "SIN-1", "on_hand": 30, "reserved": 4},
        {"external_id": "S-1@KUL-2", "sku": "S-1", "location": "KUL-2", "on_hand": 30, "reserved": 4},
    ]
    assert {request.headers["host"] for request in asked} == {"wms.example"}
    assert [str(request.url) for request in asked] == [  # at the address that was judged
        f"https://{PUBLIC}/v1/stock", f"https://{PUBLIC}/v1/stock?page=2", f"https://{PUBLIC}/v1/stock?page=3",
    ]  # fmt: skip
    assert len(found) == 6
    assert {request.headers["authorization"] for request in asked} == {"Bearer abcdef123456"}


@pytest.mark.parametrize(
    "following", ["https://evil.example/x", "//evil.example/x", "http://wms.example/x", "https://wms.example:x/"]
)
def test_a_next_page_on_another_host_is_not_fetched(following: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=orjson.dumps({"rows": [bin_of("S")], "next": following}))

    connector = opened("warehouse", "stock", answer, **PAGED)
    with pytest.raises(Refused) as caught:
        read(connector, "stock")
    assert caught.value.code == "address"
    assert asked == [f"https://{PUBLIC}/s.json"]


def test_pages_that_lead_in_a_circle_are_left() -> None:
    answer = httpx.Response(200, content=orjson.dumps({"rows": [], "next": "s.json"}))
    connector = opened("warehouse", "stock", answer, **PAGED)
    with pytest.raises(Retry, match="lead back"):
        read(connector, "stock")


def test_a_host_inside_our_own_network_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Files, "resolve", staticmethod(lambda host, port: ["169.254.169.254"]))
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return csv("sku,price")

    with pytest.raises(Refused, match="no public host"):
        read(opened("supplier_feed", "offers", answer), "offers")
    assert asked == []


def test_a_redirect_is_told_and_not_followed() -> None:
    moved = httpx.Response(302, headers={"location": "http://169.254.169.254/latest"})
    with pytest.raises(Refused, match="redirect"):
        read(opened("supplier_feed", "offers", moved), "offers")


def test_a_document_that_has_not_changed_gives_nothing_and_a_new_mapping_reads_it_again() -> None:
    answer = csv("sku,price", "LAMP-1,7.25")
    connector = opened("supplier_feed", "offers", answer)
    first = list(connector.pull("offers", ""))
    assert [page.cursor for page in first[:-1]] == [""]
    cursor = first[-1].cursor
    assert read(connector, "offers", cursor) == []
    mapped = opened("supplier_feed", "offers", answer, mapping={"sku": "sku", "unit_cost": "price"})
    assert len(read(mapped, "offers", cursor)) == 1


def test_a_feed_that_nobody_set_up_reads_nothing_and_asks_nobody() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    connector = opened("supplier_feed", "offers", answer)
    assert [(page.records, page.is_last) for page in connector.pull("promises", "")] == [((), True)]


def test_a_second_row_about_the_same_thing_is_set_aside() -> None:
    answer = csv("sku,quantity,warehouse", "A,5,East", "A,6,West", "A,7,East", "B,1,")
    found = read(opened("warehouse", "stock", answer), "stock")
    assert [row.external_id for row in found if isinstance(row, StockLevel)] == ["A@East", "A@West", "B"]
    [bad] = [row for row in found if isinstance(row, BadRow)]
    assert (bad.kind, bad.reason) == ("stocklevel", "a second row about A@East in one document")


DRIFTS: list[list[str]] = [
    ["sku,quantity,warehouse", "A,many,East", "B,2,East"],
    ["sku,quantity,warehouse", "A,1.5,East", "B,2,East"],
    ["sku,quantity,warehouse", ",3,East", "B,2,East"],
    ["sku,quantity,warehouse", "A,3,East,surplus", "B,2,East"],
    ["sku,quantity,state,warehouse", "A,?,new,East", "B,2,new,East"],
]


@pytest.mark.parametrize("lines", DRIFTS)
def test_a_row_that_cannot_be_read_is_set_aside_and_its_neighbour_stays(lines: list[str]) -> None:
    found = read(opened("warehouse", "stock", csv(*lines)), "stock")
    assert [type(row) for row in found] == [BadRow, StockLevel]
    assert found[1].external_id == "B@East"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (csv("article,count", "A,5"), "no column fills"),
        (csv(""), "no header"),
        (httpx.Response(200, content=b"PK\x03\x04 not a sheet"), "no spreadsheet"),
    ],
)
def test_a_document_of_another_shape_is_drift_and_no_empty_warehouse(answer: httpx.Response, reason: str) -> None:
    url = f"{URL}.xlsx" if answer.content.startswith(b"PK") else f"{URL}.csv"
    with pytest.raises(Retry, match=reason) as caught:
        read(opened("warehouse", "stock", answer, url=url), "stock")
    assert caught.value.code == "drift"


@pytest.mark.parametrize(
    ("body", "items", "reason"),
    [(b"<html>", "", "no JSON"), (b'{"a": [1], "b": [2]}', "", "2 lists"), (b'{"a": {}}', "a.rows", "nothing at")],
)
def test_json_without_its_rows_is_drift(body: bytes, items: str, reason: str) -> None:
    connector = opened("warehouse", "stock", httpx.Response(200, content=body), url=f"{URL}.json", items=items)
    with pytest.raises(Retry, match=reason):
        read(connector, "stock")


def test_a_document_of_no_known_kind_is_refused() -> None:
    answer = httpx.Response(200, content=b"%PDF-1.7", headers={"content-type": "application/pdf"})
    with pytest.raises(Refused, match="state its format"):
        read(opened("supplier_feed", "offers", answer, url=f"{URL}.pdf"), "offers")


def test_files_are_never_written() -> None:
    for kind in ("supplier_feed", "warehouse", "catalogue"):
        assert not CONNECTORS[kind].writes
    connector = opened("warehouse", "stock", csv(""))
    with pytest.raises(CannotDo):
        connector.perform(SetStock(listing_ref="A", sku="A", quantity=1), permit())
    with pytest.raises(CannotDo):
        connector.fetch(StockLevel, "A")


# -- against the market --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, has_limits=False) as server:
        yield server


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield client


def at_market(twin: TwinServer, http: httpx.Client, kind: str, **source: str) -> Connector:
    row = next(row for row in twin.accounts() if row["kind"] == kind)
    settings = {**row["settings"], "calls_per_second": 500}
    for feed, given in source.items():
        whole = {**settings["sources"][feed], "url": given}
        settings["sources"] = {**settings["sources"], feed: whole}
    account = Account(
        kind, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"], settings,
        row["credentials"],
    )  # fmt: skip
    return open_connector(account, clock=lambda: datetime.now(UTC), client=http, patience=Patience(attempts=1))


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_markets_price_list_says_the_same_in_every_format(twin: TwinServer, http: httpx.Client, form: str) -> None:
    found = read(at_market(twin, http, "supplier_feed", offers=f"offers.{form}"), "offers")
    costs = {row.sku: row.unit_cost for row in found if isinstance(row, SupplierOffer)}
    assert costs == {good.sku: Decimal(good.cost_usd) / 100 for good in twin.market.goods}


def test_the_markets_promises_name_our_orders(twin: TwinServer, http: httpx.Client) -> None:
    found = read(at_market(twin, http, "supplier_feed"), "promises")
    assert found
    assert all(isinstance(row, SupplierPromise) for row in found)
    numbers = {row.order_number for row in found if isinstance(row, SupplierPromise)}
    assert numbers == {order.number for order in twin.market.supply.purchases if order.promised_at}


def test_the_markets_warehouse_is_counted_over_all_its_pages(twin: TwinServer, http: httpx.Client) -> None:
    connector = at_market(twin, http, "warehouse")
    levels = {row.sku: (row.on_hand, row.reserved) for row in read(connector, "stock") if isinstance(row, StockLevel)}
    assert levels == {good.sku: (good.on_hand, good.reserved) for good in twin.market.goods}
    assert connector.check() == f"stock: {len(levels)} rows, 0 of them not readable"


def test_the_markets_catalogue_describes_every_product(twin: TwinServer, http: httpx.Client) -> None:
    found = [row for row in read(at_market(twin, http, "catalogue"), "products") if isinstance(row, Product)]
    assert {row.sku: row.title for row in found} == {good.sku: good.title for good in twin.market.goods}
    assert all("two-year guarantee" in row.description for row in found)


def test_a_wrong_key_is_told(twin: TwinServer, http: httpx.Client) -> None:
    answer = http.get(f"{twin.url}/warehouse/stock.json")
    assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"})
