"""Zoho Inventory: sweeps and their cursor, two families of field names, writes with our reference, the envelope."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from connectors.base import CannotDo, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.consent import App, Asking
from connectors.money import Money
from connectors.operations import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    CreditNote,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    Operation,
    PurchaseLine,
    SetStock,
)
from connectors.registry import allowance_of
from connectors.shops.supply.zoho import Zoho, centres, parse, reads
from connectors.shops.supply.zoho.client import operation_of
from connectors.types import (
    Account,
    BadRow,
    Order,
    Page,
    Product,
    PurchaseOrder,
    Record,
    Sight,
    StockLevel,
    Supplier,
)
from tests.connectors.shops.stand import NOW, allow, open_with, permit, reply

KEYS = {
    "client_id": "1000.ID", "client_secret": "client-secret-1", "access_token": "1000.access-1",
    "refresh_token": "1000.refresh-1",
}  # fmt: skip
PATH = "/inventory/v1"
LINES = (PurchaseLine(sku="LAMP-1", quantity=40, unit_cost=Decimal("8.50")),)
CREATE = CreatePurchaseOrder(
    supplier_ref="900", number="PO-261121-7", lines=LINES, currency="USD", due_on=date(2026, 12, 20)
)


def line(ref: str = "71", **changed: Any) -> dict[str, Any]:
    return {
        "line_item_id": ref, "item_id": "500", "sku": "LAMP-1", "name": "Desk Lamp", "quantity": 40.0,
        "quantity_received": 0.0, "rate": 8.5, **changed,
    }  # fmt: skip


def order(ref: str = "300", **changed: Any) -> dict[str, Any]:
    return {
        "purchaseorder_id": ref, "purchaseorder_number": f"PO-{ref}", "reference_number": "", "vendor_id": "900",
        "date": "2026-11-18", "delivery_date": "2026-12-01", "status": "issued", "currency_code": "USD",
        "is_emailed": False, "created_time": "2026-11-18T09:00:00+0800",
        "last_modified_time": "2026-11-21T15:30:00+0800", "line_items": [line()], **changed,
    }  # fmt: skip


def item(ref: str = "500", **changed: Any) -> dict[str, Any]:
    return {
        "item_id": ref, "name": "Desk Lamp", "sku": "LAMP-1", "status": "active", "purchase_rate": 8.5,
        "vendor_id": "900", "stock_on_hand": 30.0, "available_stock": 22.0, "actual_available_stock": 21.0,
        "last_modified_time": "2026-11-20T10:00:00+0800", **changed,
    }  # fmt: skip


def vendor(**changed: Any) -> dict[str, Any]:
    return {
        "contact_id": "900", "contact_name": "Brightline", "contact_type": "vendor", "currency_code": "USD",
        "email": "orders@brightline.example", **changed,
    }  # fmt: skip


def listed(name: str, *rows: Any, has_more: bool = False) -> dict[str, Any]:
    return {"code": 0, "message": "success", name: list(rows), "page_context": {"has_more_page": has_more}}


Answers = dict[str, Any]


class Outside:
    """Answers by method and path below the product; a list of answers is used up in turn."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.removeprefix(PATH)}"
        query = {key: values[0] for key, values in parse_qs(request.url.query.decode()).items()}
        self.calls.append((name, query))
        self.requests.append(request)
        found = self.answers[name]
        if isinstance(found, list):
            found = found.pop(0)
        if callable(found):
            found = found(query)
        return found if isinstance(found, httpx.Response) else reply(found)

    def body(self, place: int = -1) -> Any:
        return orjson.loads(self.requests[place].content)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def opened(answers: Answers, gate: Any = allow, **account: Any) -> tuple[Zoho, Outside]:
    outside = Outside(answers)
    connector = open_with(outside, "zoho", KEYS, gate, currency="USD", **account)
    return cast(Zoho, connector), outside


def pages(connector: Zoho, feed: str, cursor: str = "") -> list[Page]:
    return list(connector.pull(feed, cursor))


def records(found: list[Page]) -> list[Record | BadRow]:
    return [row for page in found for row in page.records]


# -- reads --------------------------------------------------------------------------------------------------------


def test_a_purchase_order_is_read_line_by_line() -> None:
    whole = order(
        line_items=[line(quantity_received=10.0), line("72", sku="LAMP-2", quantity=5.0, quantity_received=5)]
    )
    connector, outside = opened(
        {"GET /purchaseorders": listed("purchaseorders", order()), "GET /purchaseorders/300": {"purchaseorder": whole}}
    )
    first, second = cast(list[PurchaseOrder], records(pages(connector, "purchase_orders")))
    assert (first.external_id, first.number, first.supplier_ref) == ("300:71", "PO-300", "900")
    assert (first.status, first.quantity, first.received_quantity) == ("sent", 40, 10)
    assert (first.unit_cost, first.currency) == (Decimal("8.5"), "USD")
    assert first.ordered_at == datetime(2026, 11, 18, tzinfo=UTC)
    assert first.due_at == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
    assert (second.external_id, second.status) == ("300:72", "received")
    assert all(query["organization_id"] == "1" for _, query in outside.calls)
    assert outside.requests[0].headers["authorization"] == "Zoho-oauthtoken 1000.access-1"


def test_the_published_spelling_of_the_key_is_read_too() -> None:
    answers = {"GET /purchaseorders": listed("purchaseorders", order()), "GET /purchaseorders/300": {
        "purchase_order": order(status="Partially_Received")}}  # fmt: skip
    [row] = records(pages(opened(answers)[0], "purchase_orders"))
    assert isinstance(row, PurchaseOrder)
    assert row.status == "part_received"


def test_the_next_sweep_reads_in_full_only_what_has_changed_since() -> None:
    old = order("301", last_modified_time="2026-11-20T10:00:00+0800")
    answers = {
        "GET /purchaseorders": lambda query: listed("purchaseorders", old, order()),
        "GET /purchaseorders/300": {"purchaseorder": order()},
        "GET /purchaseorders/301": {"purchaseorder": old},
    }
    connector, outside = opened(answers)
    cursor = pages(connector, "purchase_orders")[-1].cursor
    assert orjson.loads(cursor) | {"since": 0, "whole": 0} == orjson.loads(str(reads.Sweep(0)))
    outside.calls.clear()
    seen = pages(connector, "purchase_orders", cursor)
    assert outside.names == ["GET /purchaseorders"]
    assert (len(seen), seen[0].is_last) == (1, True)


def test_once_a_day_every_open_order_is_read_again() -> None:
    stamp = int(NOW.timestamp())
    row = order(last_modified_time="2026-11-01T10:00:00+0800")
    connector, outside = opened(
        {"GET /purchaseorders": listed("purchaseorders", row), "GET /purchaseorders/300": {"purchaseorder": row}}
    )
    pages(connector, "purchase_orders", str(reads.Sweep(stamp - 60, stamp - 3_600)))
    assert outside.names == ["GET /purchaseorders"]
    last = pages(connector, "purchase_orders", str(reads.Sweep(stamp - 60, stamp - 86_400)))[-1]
    assert outside.names[1:] == ["GET /purchaseorders", "GET /purchaseorders/300"]
    assert orjson.loads(last.cursor)["whole"] == stamp


def test_a_sweep_that_was_cut_goes_on_behind_its_last_order() -> None:
    rows = [order(str(300 + number)) for number in range(60)]
    answers: Answers = {"GET /purchaseorders": lambda query: listed("purchaseorders", *rows)}
    answers |= {f"GET /purchaseorders/{row['purchaseorder_id']}": {"purchaseorder": row} for row in rows}
    connector, outside = opened(answers)
    turn = connector.pull("purchase_orders", "")
    first = next(iter(turn))
    assert (len(first.records), first.is_last) == (reads.AT_ONCE, False)
    outside.calls.clear()
    left = records(pages(connector, "purchase_orders", first.cursor))
    assert [cast(Record, row).external_id for row in left] == [f"{ref}:71" for ref in range(325, 360)]
    assert len(outside.calls) == 1 + 35


def test_lists_are_paged_by_creation_and_to_the_end() -> None:
    def answer(query: dict[str, str]) -> Any:
        return listed("items", item(query["page"], sku=f"S-{query['page']}"), has_more=query["page"] != "3")

    connector, outside = opened(
        {"GET /items": answer, "GET /itemdetails": lambda query: listed("items", item(query["item_ids"]))}
    )
    seen = pages(connector, "items")
    assert [page.cursor for page in seen] == ["2", "3", ""]
    asked = [query for name, query in outside.calls if name == "GET /items"]
    assert [query["page"] for query in asked] == ["1", "2", "3"]
    assert {(query["per_page"], query["sort_column"], query["sort_order"]) for query in asked} == {
        ("200", "created_time", "A")
    }


@pytest.mark.parametrize("family", ["location", "warehouse"])
def test_stock_is_read_by_place_under_either_name(family: str) -> None:
    place = {
        f"{family}_id": "26", f"{family}_name": "Singapore", f"{family}_stock_on_hand": 30.0,
        f"{family}_available_stock": 22.0, f"{family}_actual_available_stock": 21.0,
    }  # fmt: skip
    answers = {"GET /items": lambda query: listed("items", item()),
               "GET /itemdetails": lambda query: listed("items", item() | {f"{family}s": [place]})}  # fmt: skip
    product, stock = records(pages(opened(answers)[0], "items"))
    assert isinstance(product, Product)
    assert isinstance(stock, StockLevel)
    assert (product.sku, product.unit_cost, product.currency) == ("LAMP-1", Decimal("8.5"), "USD")
    assert (stock.external_id, stock.location, stock.on_hand, stock.reserved) == ("500:26", "Singapore", 30, 8)
    [_, physical] = records(pages(opened(answers, settings={"stock_ledger": "physical"})[0], "items"))
    assert isinstance(physical, StockLevel)
    assert (physical.on_hand, physical.reserved) == (21, 0)


def test_a_service_has_no_stock_and_an_inactive_item_is_not_counted() -> None:
    service, ended = item("501", stock_on_hand="", available_stock=""), item("502", status="inactive")
    answers = {"GET /items": listed("items", service, ended), "GET /itemdetails": listed("items", service, ended)}
    assert [type(row) for row in records(pages(opened(answers)[0], "items"))] == [Product, Product]


def test_vendors_come_with_the_skus_they_supply_and_what_custom_fields_tell() -> None:
    row = vendor(cf_lead_time_days="24", cf_minimum_quantity=50)
    customer = vendor(contact_id="901", contact_type="customer")
    answers = {"GET /items": listed("items", item(), item("501", sku="LAMP-2"), item("502", vendor_id="")),
               "GET /contacts": listed("contacts", row, customer)}  # fmt: skip
    [found] = records(pages(opened(answers)[0], "vendors"))
    assert found == Supplier(
        external_id="900", raw=orjson.dumps(row), name="Brightline", email="orders@brightline.example",
        lead_time_days=24, minimum_quantity=50, currency="USD", skus=("LAMP-1", "LAMP-2"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "body"),
    [
        ("purchase_orders", {"code": 0, "orders": []}),
        ("purchase_orders", {"code": 0, "purchaseorders": [], "page_context": None}),
        ("vendors", {"code": 0, "contacts": {}}),
    ],
)
def test_an_answer_without_its_list_is_drift_and_no_empty_shop(feed: str, body: Any) -> None:
    answers = {"GET /purchaseorders": body, "GET /contacts": body, "GET /items": listed("items")}
    with pytest.raises(Retry) as caught:
        pages(opened(answers)[0], feed)
    assert caught.value.code == "drift"


def test_a_list_that_says_more_and_gives_nothing_is_a_short_read() -> None:
    with pytest.raises(Retry) as caught:
        pages(opened({"GET /purchaseorders": listed("purchaseorders", has_more=True)})[0], "purchase_orders")
    assert caught.value.code == "short_read"


Bend = Callable[[dict[str, Any]], Any]
BENDS: list[Bend] = [
    lambda row: {**row, "status": "teleported"},
    lambda row: {key: value for key, value in row.items() if key != "vendor_id"},
    lambda row: {**row, "currency_code": 42},
    lambda row: {**row, "date": "yesterday"},
    lambda row: {**row, "delivery_date": {"day": 1}},
    lambda row: {**row, "line_items": "none"},
    lambda row: {**row, "line_items": [line(quantity="many")]},
    lambda row: {**row, "line_items": [line(quantity=1.5)]},
    lambda row: {**row, "line_items": [None]},
    lambda row: {**row, "line_items": [{"id": 1}]},
    lambda row: {**row, "last_modified_time": "soon"},
]


@pytest.mark.parametrize("bend", BENDS)
def test_a_drifted_order_is_set_aside_and_its_neighbour_is_read(bend: Bend) -> None:
    bent = bend(order())
    answers = {
        "GET /purchaseorders": listed("purchaseorders", bent, order("301")),
        "GET /purchaseorders/300": {"purchaseorder": bent},
        "GET /purchaseorders/301": {"purchaseorder": order("301")},
    }
    found = records(pages(opened(answers)[0], "purchase_orders"))
    refs = [row.external_id for row in found if isinstance(row, PurchaseOrder)]
    assert "301:71" in refs
    assert len(found) == 2
    assert all(row.reason and row.raw for row in found if isinstance(row, BadRow))


@pytest.mark.parametrize(
    "bent",
    [{"item_id": "500"}, item(stock_on_hand="x"), item(purchase_rate=True), item(locations=[{"id": 3}]), "text", None],
)
def test_a_drifted_item_is_set_aside_and_its_neighbour_is_read(bent: Any) -> None:
    answers = {
        "GET /items": listed("items", bent, item("501")),
        "GET /itemdetails": listed("items", *([bent] if isinstance(bent, dict) else []), item("501")),
    }
    found = records(pages(opened(answers)[0], "items"))
    assert [type(row).__name__ for row in found] == ["BadRow", "Product", "StockLevel"]


@pytest.mark.parametrize(
    "bent",
    [{"contact_id": "1"}, vendor(contact_id="1", currency_code="dollars"), vendor(cf_case_size="a dozen"), None, 7],
)
def test_a_drifted_vendor_is_set_aside_and_its_neighbour_is_read(bent: Any) -> None:
    answers = {"GET /items": listed("items", "text"), "GET /contacts": listed("contacts", bent, vendor())}
    found = records(pages(opened(answers)[0], "vendors"))
    assert [type(row) for row in found] == [BadRow, Supplier]


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ({}, 0.6),
        ({"calls_per_day": 1_000}, (1_000 * 0.9 - 60) / 86_400),
        ({"calls_per_day": 10}, 1 / 86_400),
        ({"calls_per_day": 10_000_000}, 0.6),
        ({"calls_per_day": True}, 0.6),
        ({"calls_per_day": 1_000, "calls_per_second": 5}, 5),
    ],
)
def test_a_plans_daily_calls_are_spread_over_the_day(given: dict[str, Any], rate: float) -> None:
    account = Account("zoho", 1, "Zoho", "1", "https://www.zohoapis.com", settings=given)
    assert allowance_of(account).per_second == pytest.approx(rate)


def test_a_line_that_cannot_be_read_leaves_the_others_of_its_order_standing() -> None:
    whole = order(line_items=[line(), line("72", quantity="x"), line("73")])
    found = list(parse.purchase_order(whole))
    assert [type(row).__name__ for row in found] == ["PurchaseOrder", "BadRow", "PurchaseOrder"]


def test_one_record_is_read_now_and_none_where_zoho_has_none() -> None:
    gone = httpx.Response(404, json={"code": 1002, "message": "Resource does not exist."})
    connector, _ = opened(
        {
            "GET /purchaseorders/300": {"purchaseorder": order()},
            "GET /purchaseorders/999": gone,
            "GET /items/500": {"item": item()},
        }
    )
    found = connector.fetch(PurchaseOrder, "300:71")
    assert found is not None
    assert found.quantity == 40
    assert connector.fetch(PurchaseOrder, "300:99") is None
    assert connector.fetch(PurchaseOrder, "999:1") is None
    stock = connector.fetch(StockLevel, "500")
    assert stock is not None
    assert stock.on_hand == 30
    with pytest.raises(CannotDo):
        connector.fetch(Order, "1")


# -- the envelope -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "after"),
    [
        (429, {"code": 44, "message": "per minute"}, Retry, "44", 60.0),
        (429, {"code": 45, "message": "per day"}, Retry, "45", 3600.0),
        (400, {"code": 44, "message": "per minute"}, Retry, "44", 60.0),
        (429, {"message": "slow down"}, Retry, "None", 60.0),
        (401, {"code": 14, "message": "Invalid token"}, Reconnect, "14", None),
        (401, {"code": 57, "message": "nicht erlaubt"}, Reconnect, "57", None),
        (200, {"code": 1002, "message": "gone"}, Refused, "1002", None),
        (400, {"code": 6041, "message": "another organisation"}, Refused, "6041", None),
        (500, {"code": 1000, "message": "internal"}, Retry, "1000", None),
    ],
)
def test_the_envelopes_code_says_what_went_wrong(
    status: int, body: Any, kind: type[Any], code: str, after: float | None
) -> None:
    connector, _ = opened({"GET /purchaseorders": httpx.Response(status, json=body)})
    with pytest.raises(kind) as caught:
        pages(connector, "purchase_orders")
    assert caught.value.code == code
    if after is not None:
        assert caught.value.after_seconds == after


def test_a_server_error_on_a_write_is_unknown_and_a_limit_is_not() -> None:
    answers: Answers = {"GET /purchaseorders": lambda query: listed("purchaseorders", order(status="draft")),
                        "GET /purchaseorders/300": {"purchaseorder": order(status="draft")}}  # fmt: skip
    for status, code, kind in ((500, 1000, Unknown), (429, 44, Retry), (400, 36_023, Refused)):
        failing = httpx.Response(status, json={"code": code, "message": "x"})
        connector, _ = opened(answers | {"POST /purchaseorders/300/status/issued": failing})
        with pytest.raises(kind):
            connector.perform(IssuePurchaseOrder(number="PO-300"), permit())


# -- writes -----------------------------------------------------------------------------------------------------------


def for_create(**more: Any) -> Answers:
    made = order(status="draft", purchaseorder_number="PO-261121-7", reference_number="OPS-intent-0001")
    return {
        "GET /contacts/900": {"contact": vendor()},
        "GET /items": listed("items", item()),
        "POST /purchaseorders": reply({"code": 0, "purchaseorder": made}, 201),
        **more,
    }


def test_a_purchase_order_is_made_under_our_number_with_our_reference_and_price() -> None:
    connector, outside = opened(for_create())
    receipt = connector.perform(CREATE, permit())
    assert receipt.reference == "300"
    assert outside.calls[-1][1]["ignore_auto_number_generation"] == "true"
    assert outside.body() == {
        "vendor_id": "900", "purchaseorder_number": "PO-261121-7", "reference_number": "OPS-intent-0001",
        "date": "2026-11-21", "delivery_date": "2026-12-20", "notes": "",
        "line_items": [{"item_id": "500", "quantity": 40, "rate": 8.5}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"GET /contacts/900": {"contact": vendor(currency_code="CNY")}}, "CNY"),
        ({"GET /contacts/900": {"contact": vendor(contact_type="customer")}}, "no vendor"),
        ({"GET /contacts/900": httpx.Response(404, json={"code": 1002, "message": "x"})}, "knows no vendor"),
        ({"GET /items": listed("items", item(sku="LAMP-10"))}, "0 items"),
        ({"GET /items": listed("items", item(), item("501"))}, "2 items"),
    ],
)
def test_an_order_that_would_come_out_otherwise_is_refused_before_anything_is_sent(more: Any, reason: str) -> None:
    connector, outside = opened(for_create(**more))
    with pytest.raises(Refused, match=reason):
        connector.perform(CREATE, permit())
    assert not [name for name in outside.names if name.startswith("POST")]


def test_a_write_without_approval_sends_nothing() -> None:
    connector, outside = opened(for_create(), gate=closed_gate)
    with pytest.raises(NotApproved):
        connector.perform(CREATE, permit())
    assert not [name for name in outside.names if name.startswith("POST")]


@pytest.mark.parametrize("body", [{"code": 0}, {"code": 0, "purchaseorder": {}}, [], {"code": 0, "purchaseorder": "x"}])
def test_a_write_whose_answer_names_nothing_is_unknown(body: Any) -> None:
    connector, _ = opened(for_create(**{"POST /purchaseorders": reply(body, 201)}))
    with pytest.raises(Unknown):
        connector.perform(CREATE, permit())


@pytest.mark.parametrize(
    ("rows", "detail", "sight"),
    [
        ([], None, Sight.ABSENT),
        ([order(reference_number="another")], None, Sight.ABSENT),  # a filter that was ignored
        ([order(reference_number="OPS-k")], order(), Sight.SEEN),
        ([order(reference_number="OPS-k")], order(line_items=[line(quantity=41.0)]), Sight.UNCLEAR),
        ([order(reference_number="OPS-k")], order(line_items=[line(rate=8.4)]), Sight.UNCLEAR),
        ([order(reference_number="OPS-k")], order(line_items=[{}]), Sight.UNCLEAR),
    ],
)
def test_a_made_order_is_found_by_our_reference_with_the_lines_that_were_approved(
    rows: list[Any], detail: Any, sight: Sight
) -> None:
    connector, outside = opened(
        {"GET /purchaseorders": listed("purchaseorders", *rows), "GET /purchaseorders/300": {"purchaseorder": detail}}
    )
    sighting = connector.probe(CREATE, "k", NOW)
    assert (sighting.sight, sighting.read_at) == (sight, NOW)
    assert outside.calls[0][1]["reference_number"] == "OPS-k"


def standing(status: str, **changed: Any) -> Answers:
    row = order(status=status, **changed)
    return {
        "GET /purchaseorders": lambda query: listed("purchaseorders", row, order("301", purchaseorder_number="PO-9")),
        "GET /purchaseorders/300": {"purchaseorder": row},
        "POST /purchaseorders/300/status/issued": {"code": 0, "message": "ok"},
        "POST /purchaseorders/300/status/cancelled": {"code": 0, "message": "ok"},
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("draft", "sent"), ("approved", "sent"), ("issued", "replay"), ("received", "replay"),
     ("pending_approval", "refused"), ("cancelled", "refused")],
)  # fmt: skip
def test_an_order_is_issued_once_and_only_from_a_draft(status: str, outcome: str) -> None:
    connector, outside = opened(standing(status))
    operation = IssuePurchaseOrder(number="PO-300")
    if outcome == "refused":
        with pytest.raises(Refused, match=status):
            connector.perform(operation, permit())
    else:
        assert connector.perform(operation, permit()).is_replay == (outcome == "replay")
    sent = [name for name in outside.names if name.startswith("POST")]
    assert sent == (["POST /purchaseorders/300/status/issued"] if outcome == "sent" else [])


@pytest.mark.parametrize(
    ("operation", "status", "sight"),
    [
        (IssuePurchaseOrder(number="PO-300"), "draft", Sight.ABSENT),
        (IssuePurchaseOrder(number="PO-300"), "partially_received", Sight.SEEN),
        (IssuePurchaseOrder(number="PO-300"), "cancelled", Sight.UNCLEAR),
        (CancelPurchaseOrder(number="PO-300"), "issued", Sight.ABSENT),
        (CancelPurchaseOrder(number="PO-300"), "cancelled", Sight.SEEN),
    ],
)
def test_a_changed_state_is_seen_by_reading_it(operation: Operation, status: str, sight: Sight) -> None:
    assert opened(standing(status))[0].probe(operation, "k", NOW).sight is sight


@pytest.mark.parametrize(("status", "is_sent"), [("draft", True), ("issued", True), ("partially_received", False)])
def test_an_order_is_taken_back_only_before_its_goods_come(status: str, is_sent: bool) -> None:
    connector, outside = opened(standing(status))
    if is_sent:
        connector.perform(CancelPurchaseOrder(number="PO-300"), permit())
    else:
        with pytest.raises(Refused, match="hang on it"):
            connector.perform(CancelPurchaseOrder(number="PO-300"), permit())
    assert ("POST /purchaseorders/300/status/cancelled" in outside.names) is is_sent


def test_a_number_that_several_orders_bear_is_refused() -> None:
    rows = [order(), order("301", purchaseorder_number="PO-300")]
    connector, _ = opened({"GET /purchaseorders": listed("purchaseorders", *rows)})
    with pytest.raises(Refused, match="2 purchase orders"):
        connector.perform(IssuePurchaseOrder(number="PO-300"), permit())


MAIL = MailPurchaseOrder(number="PO-300", to="orders@brightline.example", subject="Our order", text="40 < 50\nThanks")


def test_a_mail_goes_through_books_with_its_text_escaped() -> None:
    sent = f"POST {centres.BOOKS}/purchaseorders/300/email"
    connector, outside = opened(standing("issued") | {sent: {"code": 0, "message": "sent"}})
    assert connector.perform(MAIL, permit()).reference == "300"
    assert outside.calls[-1] == (sent, {"organization_id": "1", "send_attachment": "true"})
    assert outside.body() == {
        "to_mail_ids": ["orders@brightline.example"], "subject": "Our order", "body": "40 &lt; 50<br>Thanks",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "reason"), [(standing("draft"), "issue it"), (standing("issued", is_emailed=True), "mailed already")]
)
def test_a_draft_or_a_mailed_order_is_not_mailed(answers: Answers, reason: str) -> None:
    connector, outside = opened(answers)
    with pytest.raises(Refused, match=reason):
        connector.perform(MAIL, permit())
    assert not [name for name in outside.names if name.startswith("POST")]


@pytest.mark.parametrize(("is_emailed", "sight"), [(True, Sight.SEEN), (False, Sight.UNCLEAR)])
def test_only_the_mark_on_the_order_proves_a_mail(is_emailed: bool, sight: Sight) -> None:
    assert opened(standing("issued", is_emailed=is_emailed))[0].probe(MAIL, "k", NOW).sight is sight


CREDIT = CreditNote(order_ref="#1042", customer_ref="950", amount=Money(Decimal("12.40"), "USD"), reason="late")


def for_credit(status: str, **more: Any) -> Answers:
    return {
        "GET /contacts/950": {"contact": vendor(contact_id="950", contact_type="customer")},
        "POST /creditnotes": reply({"code": 0, "creditnote": {"creditnote_id": "600", "status": status}}, 201),
        "POST /creditnotes/600/converttoopen": {"code": 0, "message": "ok"},
        **more,
    }


def test_a_credit_note_keeps_zohos_number_and_carries_our_reference() -> None:
    connector, outside = opened(for_credit("open"))
    assert connector.perform(CREDIT, permit()).reference == "600"
    body = outside.body()
    assert (body["customer_id"], body["reference_number"]) == ("950", "OPS-intent-0001")
    assert body["line_items"] == [
        {"name": "Credit for order #1042", "description": "late", "quantity": 1, "rate": 12.4}
    ]
    assert "creditnote_number" not in body
    assert "ignore_auto_number_generation" not in outside.calls[-1][1]


def test_a_credit_note_that_starts_as_a_draft_is_opened_and_a_failure_there_is_unknown() -> None:
    connector, outside = opened(for_credit("draft"))
    connector.perform(CREDIT, permit())
    assert outside.names[-1] == "POST /creditnotes/600/converttoopen"
    failing = httpx.Response(400, json={"code": 7, "message": "no"})
    connector, _ = opened(for_credit("draft", **{"POST /creditnotes/600/converttoopen": failing}))
    with pytest.raises(Unknown, match="stays a draft"):
        connector.perform(CREDIT, permit())


@pytest.mark.parametrize(
    ("note", "sight"),
    [
        ({"reference_number": "x"}, Sight.ABSENT),
        ({"reference_number": "OPS-k", "status": "open", "total": 12.4}, Sight.SEEN),
        ({"reference_number": "OPS-k", "status": "draft", "total": 12.4}, Sight.UNCLEAR),
        ({"reference_number": "OPS-k", "status": "open", "total": 21.4}, Sight.UNCLEAR),
        ({"reference_number": "OPS-k"}, Sight.UNCLEAR),
    ],
)
def test_a_credit_note_is_found_by_our_reference(note: dict[str, Any], sight: Sight) -> None:
    connector, _ = opened({"GET /creditnotes": listed("creditnotes", {"creditnote_id": "600", **note})})
    assert connector.probe(CREDIT, "k", NOW).sight is sight


def test_stock_is_not_set_since_zoho_takes_only_differences() -> None:
    connector, outside = opened({})
    operation = SetStock(listing_ref="500", sku="LAMP-1", quantity=10)
    with pytest.raises(CannotDo, match="by hand"):
        connector.perform(operation, permit())
    assert outside.calls == []
    account = Account("zoho", 1, "Zoho", "60021", "https://www.zohoapis.eu")
    assert Zoho.by_hand(operation, account) == "https://inventory.zoho.eu/app/60021#/inventoryadjustments/new"
    assert Zoho.by_hand(CREATE, account) == "https://inventory.zoho.eu/app/60021#/purchaseorders"


def test_the_operation_of_a_call_is_its_path_without_ids() -> None:
    assert operation_of("/purchaseorders/4815000000044001/status/issued") == "purchaseorders/status/issued"


# -- connecting ---------------------------------------------------------------------------------------------------


APP = App("zoho", {"client_id": "1000.ID", "client_secret": "our-secret-1"})


def asking(location: str = "us") -> Asking:
    return Asking("s", "https://ops.example/back/", Zoho.read_scopes, given={"location": location})


@pytest.mark.parametrize(
    ("location", "host"), [("us", "accounts.zoho.com"), ("ca", "accounts.zohocloud.ca"), ("au", "accounts.zoho.com.au")]
)
def test_consent_is_asked_for_in_the_chosen_data_centre(location: str, host: str) -> None:
    url = httpx.URL(Zoho.consent(APP, asking(location)))
    asked = {key: values[0] for key, values in parse_qs(url.query.decode()).items()}
    assert (url.host, url.path) == (host, "/oauth/v2/auth")
    assert asked["scope"] == ",".join(Zoho.read_scopes)
    assert (asked["access_type"], asked["prompt"], asked["response_type"]) == ("offline", "consent", "code")


def grants(told: Any, callback: dict[str, str], organisations: Any = None) -> tuple[Any, Outside]:
    outside = Outside({
        "POST /oauth/v2/token": told,
        "GET /organizations": {"code": 0, "organizations": organisations or [
            {"organization_id": "11", "name": "Lumen", "currency_code": "USD", "time_zone": "Asia/Singapore"},
            {"organization_id": "12", "name": "Loft", "currency_code": "EUR", "time_zone": "PST"},
            {"organization_id": "13", "name": "Closed", "is_org_active": False},
        ]},
    })  # fmt: skip
    transport = open_with(outside, "zoho", KEYS).transport
    return Zoho.grant(APP, asking(), callback, transport, lambda: NOW), outside


TOLD = {
    "access_token": "1000.new", "refresh_token": "1000.lasting", "api_domain": "https://www.zohoapis.eu",
    "expires_in": 3600, "scope": "ZohoInventory.items.READ",
}  # fmt: skip
HOME = {"code": "c", "state": "s", "location": "eu", "accounts-server": "https://accounts.zoho.eu"}


def test_the_code_is_traded_at_home_and_every_organisation_is_an_account() -> None:
    found, outside = grants(TOLD, HOME)
    token, listed_ = outside.requests
    assert token.url == "https://accounts.zoho.eu/oauth/v2/token"
    form = parse_qs(token.content.decode())
    assert (form["client_secret"], form["code"], form["grant_type"]) == (
        ["our-secret-1"],
        ["c"],
        ["authorization_code"],
    )
    assert listed_.url == "https://www.zohoapis.eu/inventory/v1/organizations"
    assert [(one.external_id, one.name, one.currency, one.time_zone) for one in found] == [
        ("11", "Lumen (Zoho)", "USD", "Asia/Singapore"), ("12", "Loft (Zoho)", "EUR", ""),
    ]  # fmt: skip
    assert found[0].base_url == "https://www.zohoapis.eu"
    assert found[0].expires_at == NOW + timedelta(hours=1)
    assert set(found[0].credentials) == set(Zoho.credentials)
    assert found[0].scopes == ("ZohoInventory.items.READ",)


@pytest.mark.parametrize(
    ("told", "callback", "reason"),
    [
        (TOLD, HOME | {"accounts-server": "https://accounts.zoho.eu.evil.example"}, "no accounts server"),
        (TOLD | {"api_domain": "https://evil.example"}, HOME, "none of its API hosts"),
        ({"error": "invalid_code"}, HOME, "start the connection again"),
        ({"error": "invalid_client_secret"}, HOME, "invalid_client_secret"),
        ({key: value for key, value in TOLD.items() if key != "refresh_token"}, HOME, "no refresh token"),
        (TOLD, {"error": "access_denied"}, "not given"),
    ],
)
def test_a_forged_or_refused_callback_lets_nobody_in(told: Any, callback: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        grants(told, callback)


def test_a_secret_never_leaves_for_a_host_that_is_not_zohos() -> None:
    outside = Outside({})
    transport = open_with(outside, "zoho", KEYS).transport
    with pytest.raises(Refused):
        Zoho.grant(APP, asking(), HOME | {"accounts-server": "http://127.0.0.1"}, transport, lambda: NOW)
    assert outside.calls == []


TOO_MANY = "You have made too many requests continuously. Please try again after some time."


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"error": "invalid_code"}, Reconnect),
        (httpx.Response(400, json={"error": "Access Denied", "error_description": TOO_MANY}), Retry),
        ({"error": "invalid_client"}, Refused),
        ({"expires_in": 3600}, Unknown),
    ],
)  # fmt: skip
def test_a_refresh_that_fails_says_how(told: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        opened({"POST /oauth/v2/token": told})[0].refresh()


def test_the_refresh_token_lives_on() -> None:
    connector, outside = opened({"POST /oauth/v2/token": {"access_token": "1000.next", "expires_in": 3600}})
    renewed = connector.refresh()
    assert renewed.credentials == KEYS | {"access_token": "1000.next"}
    assert renewed.expires_at == NOW + timedelta(hours=1)
    assert parse_qs(outside.requests[0].content.decode())["grant_type"] == ["refresh_token"]


def test_an_account_renews_in_the_centre_of_its_api_host() -> None:
    for centre in centres.CENTRES.values():
        account = Account("zoho", 1, "Zoho", "60021", centre.api)
        assert centres.token_url(account) == f"{centre.accounts}/oauth/v2/token"


def test_the_check_names_the_organisation_and_sees_that_it_was_left() -> None:
    connector, _ = opened({"GET /organizations": {"organizations": [{"organization_id": "1", "name": "Lumen"}]}})
    assert connector.check() == "organisation Lumen"
    connector, _ = opened({"GET /organizations": {"organizations": [{"organization_id": "2", "name": "Other"}]}})
    with pytest.raises(Reconnect, match="no longer belongs"):
        connector.check()


# -- pushes -----------------------------------------------------------------------------------------------------------


def signed(body: bytes, stamp: int, secret: str = "hook-secret") -> dict[str, str]:
    made = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zoho-webhook-signature": f"t={stamp},v={made}"}


def test_a_push_is_believed_by_its_signature_or_by_the_secret_in_its_address() -> None:
    body, stamp = b'{"purchaseorder": {}}', int(NOW.timestamp() * 1000)
    url = "https://ops.example/hooks/1/"
    assert Zoho.verify(body, signed(body, stamp), url, ("hook-secret",), NOW)
    assert not Zoho.verify(body + b" ", signed(body, stamp), url, ("hook-secret",), NOW)
    assert not Zoho.verify(body, signed(body, stamp), url, ("hook-secret",), NOW + timedelta(minutes=6))
    assert not Zoho.verify(body, {"x-zoho-webhook-signature": "t=,v="}, url, ("hook-secret",), NOW)
    assert Zoho.verify(body, {}, url + "?secret=hook-secret", ("hook-secret",), NOW)
    assert not Zoho.verify(body, {}, url + "?secret=guess", ("hook-secret",), NOW)
    assert not Zoho.verify(body, {}, url, ("hook-secret",), NOW)
    assert not Zoho.verify(body, {}, url + "?secret=", (), NOW)


def test_a_push_touches_the_feed_whose_module_its_body_names() -> None:
    assert Zoho.touched(b'{"purchaseorder": {"items": []}}', {}) == ("purchase_orders",)
    assert Zoho.touched(b'{"Contact": 1}', {}) == ("vendors",)
    assert Zoho.touched(b"something changed", {}) == ("purchase_orders", "items")
    same = [Zoho.event_id(b"x", signed(b"x", 1)) for _ in range(2)]
    assert same[0] == same[1]
    assert Zoho.event_id(b"x", {}) != Zoho.event_id(b"x", {})
