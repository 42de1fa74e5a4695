"""Shopee: signatures, windows and pages, rows that cannot be read, writes and the reads that prove them."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refreshes, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    Operation,
    RefundPayment,
    SendMessage,
)
from connectors.shops.marketplaces.shopee import Shopee, health, parse
from connectors.shops.marketplaces.shopee.signing import push_signature, signature
from connectors.shops.reading import read_rows
from connectors.types import (
    Account,
    AccountMetric,
    BadRow,
    Boundary,
    Listing,
    Order,
    OrderStatus,
    Payment,
    Product,
    RefusalReason,
    RefusalReasons,
    Return,
    ReturnStatus,
    Shipment,
    ShipmentStatus,
    Sight,
    StockLevel,
)
from tests.connectors.shops.stand import NOW, open_with, payloads, permit, reply

KEYS = {
    "partner_id": "2001",
    "partner_key": "partner-key",
    "shop_id": "77",
    "access_token": "access-token",
    "refresh_token": "refresh-token",
}
CREATED = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
Call = tuple[str, str, dict[str, str], Any]


def order(sn: str = "2611200ABCDEF1", **changed: Any) -> dict[str, Any]:
    return {
        "order_sn": sn,
        "order_status": "READY_TO_SHIP",
        "create_time": CREATED,
        "update_time": CREATED + 60,
        "pay_time": CREATED + 30,
        "ship_by_date": CREATED + 172_800,
        "currency": "SGD",
        "total_amount": 32.11,
        "buyer_user_id": 5,
        "buyer_username": "b***r",
        "region": "SG",
        "payment_method": "Card",
        "item_list": [
            {
                "item_id": 10,
                "item_name": "Lamp",
                "item_sku": "LAMP",
                "model_id": 2,
                "model_name": "red",
                "model_sku": "LAMP-R",
                "model_quantity_purchased": 2,
                "model_discounted_price": 16.055,
            }
        ],
        "package_list": [],
        **changed,
    }


class Outside:
    """Answers by path, and keeps what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.calls: list[Call] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, dict(request.url.params)
        body = orjson.loads(request.content) if request.headers.get("content-type") == "application/json" else None
        self.calls.append((request.method, path, query, body))
        answer = self.answers[path.rpartition("/")[2]]
        found = answer(query) if callable(answer) else answer
        if isinstance(found, httpx.Response | Exception):
            return raised(found)
        return reply({"error": "", "message": "", "request_id": "r1", "response": found})

    def written(self) -> list[Call]:
        return [call for call in self.calls if call[0] == "POST"]


def raised(found: httpx.Response | Exception) -> httpx.Response:
    if isinstance(found, Exception):
        raise found
    return found


def error(code: str, message: str = "said", status: int = 200) -> httpx.Response:
    return reply({"error": code, "message": message, "request_id": "r1"}, status)


def shop(outside: Outside, **account: Any) -> Connector:
    return open_with(outside, "shopee", KEYS, country="SG", currency="SGD", **account)


def test_the_signature_matches_the_known_answer() -> None:
    parts = ("/api/v2/auth/token/get", "123456", "test_partner_id", "test_shop_id", "test_main_account_id")
    expected = "37c864bd9821ff5f2c2f46b2faca14eb1811a718d1fdc6dcf383cba7c74bf9e9"
    assert signature("test_partner_key", *parts) == expected


def test_each_call_is_signed_over_its_path_and_the_shop() -> None:
    outside = Outside(get_order_list={"more": False, "next_cursor": "", "order_list": []})
    list(shop(outside).pull("orders", ""))
    _, path, query, _ = outside.calls[0]
    text = f"2001{path}{query['timestamp']}access-token77"
    assert query["sign"] == hmac.new(b"partner-key", text.encode(), hashlib.sha256).hexdigest()
    assert (query["partner_id"], query["shop_id"], query["access_token"]) == ("2001", "77", "access-token")


def paged(ids: list[str], size: int = 100) -> Callable[[dict[str, str]], Any]:
    def answer(query: dict[str, str]) -> Any:
        begin = int(query.get("cursor") or 0)
        more = begin + size < len(ids)
        rows = [{"order_sn": sn} for sn in ids[begin : begin + size]]
        return {"more": more, "next_cursor": str(begin + size) if more else "", "order_list": rows}

    return answer


def in_full(query: dict[str, str]) -> Any:
    return {"order_list": [order(sn) for sn in query["order_sn_list"].split(",")]}


def test_no_window_is_wider_than_fifteen_days_and_none_is_skipped() -> None:
    outside = Outside(get_order_list=paged([]))
    pages = list(shop(outside).pull("orders", ""))
    spans = [(int(call[2]["time_from"]), int(call[2]["time_to"])) for call in outside.calls]
    assert all(0 < end - begin < 15 * 86_400 for begin, end in spans)
    assert spans[0][0] <= int((NOW - timedelta(days=30)).timestamp())
    assert spans[-1][1] == int(NOW.timestamp())
    assert all(after[0] <= before[1] for before, after in pairwise(spans))
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]


def recent(days: float = 1) -> str:
    since = int((NOW - timedelta(days=days)).timestamp())
    return orjson.dumps({"since": since, "until": 0, "page": ""}).decode()


def test_the_next_pull_reads_again_a_little_of_the_last_one() -> None:
    outside = Outside(get_order_list=paged([]))
    list(shop(outside).pull("orders", recent()))
    assert int(outside.calls[0][2]["time_from"]) == int((NOW - timedelta(days=1, minutes=10)).timestamp())


def test_details_are_asked_for_fifty_at_a_time() -> None:
    ids = [f"S{number}" for number in range(120)]
    outside = Outside(get_order_list=paged(ids), get_order_detail=in_full)
    pages = list(shop(outside).pull("orders", recent()))
    asked = [len(call[2]["order_sn_list"].split(",")) for call in outside.calls if call[1].endswith("detail")]
    assert asked == [50, 50, 20]
    assert [row.external_id for page in pages for row in page.records] == ids
    assert (sum(page.seen for page in pages), pages[-1].count_at_source) == (120, 120)


def test_an_order_that_slips_past_the_paging_is_caught_by_a_second_look() -> None:
    ids = [f"S{number}" for number in range(150)]
    lists = 0

    def shifting(query: dict[str, str]) -> Any:
        nonlocal lists
        lists += 1
        return paged(ids if lists != 2 else ids[1:])(query)  # one order left the window before page two was read

    outside = Outside(get_order_list=shifting, get_order_detail=in_full)
    pages = list(shop(outside).pull("orders", recent()))
    assert {row.external_id for page in pages for row in page.records} == set(ids)
    assert pages[-1].is_last


def test_a_crash_between_pages_goes_on_where_it_stopped() -> None:
    ids = [f"S{number}" for number in range(250)]
    outside = Outside(get_order_list=paged(ids), get_order_detail=in_full)
    first = next(iter(shop(outside).pull("orders", recent())))
    outside.calls.clear()
    rest = list(shop(outside).pull("orders", first.cursor))
    assert outside.calls[0][2]["cursor"] == "100"
    assert {row.external_id for page in [first, *rest] for row in page.records} == set(ids)


def test_a_turn_that_begins_in_mid_window_holds_no_more_than_a_list_page_at_once() -> None:
    ids = [f"S{number}" for number in range(450)]
    outside = Outside(get_order_list=paged(ids), get_order_detail=in_full)
    pages = shop(outside).pull("orders", recent())
    cursor = [next(pages).cursor for _ in range(4)][-1]
    rest = list(shop(outside).pull("orders", cursor))
    assert max(len(page.records) for page in rest) == 100
    assert [len(page.records) for page in rest if page.cursor == cursor] == [50, 100, 100, 100, 100]
    assert {row.external_id for page in rest for row in page.records} == set(ids)
    assert (rest[-1].is_last, rest[-1].count_at_source) == (True, 450)


def test_an_order_without_detail_is_asked_for_again_and_then_quarantined() -> None:
    def forgetful(query: dict[str, str]) -> Any:
        return {"order_list": [order(sn) for sn in query["order_sn_list"].split(",") if sn != "S1"]}

    outside = Outside(get_order_list=paged(["S0", "S1", "S2"]), get_order_detail=forgetful)
    [page] = shop(outside).pull("orders", recent())
    assert [call[2].get("order_sn_list") for call in outside.calls[1:]] == ["S0,S1,S2", "S1"]
    assert page.records[2] == BadRow("order", "S1", "listed, but Shopee gives no detail of it", b'{"order_sn": "S1"}')


def test_one_unknown_number_does_not_cost_its_neighbours() -> None:
    def strict(query: dict[str, str]) -> Any:
        return error("error_not_found") if "S1" in query["order_sn_list"].split(",") else in_full(query)

    [page] = shop(Outside(get_order_list=paged(["S0", "S1", "S2"]), get_order_detail=strict)).pull("orders", recent())
    assert [(type(row), row.external_id) for row in page.records] == [(Order, "S0"), (Order, "S2"), (BadRow, "S1")]


def test_a_list_that_does_not_move_on_is_a_short_read() -> None:
    stuck = {"more": True, "next_cursor": "", "order_list": []}
    with pytest.raises(Retry) as caught:
        list(shop(Outside(get_order_list=stuck)).pull("orders", recent()))
    assert caught.value.code == "short_read"


def test_an_answer_without_its_list_is_drift_and_no_empty_shop() -> None:
    with pytest.raises(Retry) as caught:
        list(shop(Outside(get_order_list={"more": False, "orders": []})).pull("orders", recent()))
    assert caught.value.code == "drift"


def test_an_order_is_read_field_by_field() -> None:
    package = {"package_number": "OFG1", "logistics_status": "LOGISTICS_PICKUP_DONE", "shipping_carrier": "SPX"}
    picked_up = CREATED + 90_000
    item = order(order_status="SHIPPED", package_list=[package], pickup_done_time=picked_up)
    found, parcel = read_rows("order", [item], parse.order, "order_sn")
    assert isinstance(found, Order)
    assert (found.number, found.status, found.platform_status) == ("2611200ABCDEF1", OrderStatus.SHIPPED, "SHIPPED")
    assert (found.total, found.currency, found.ship_by) == (
        Decimal("32.11"),
        "SGD",
        datetime(2026, 11, 22, tzinfo=UTC),
    )
    [line] = found.lines
    assert (line.external_id, line.sku, line.quantity, line.unit_price) == ("10:2", "LAMP-R", 2, Decimal("16.055"))
    assert orjson.loads(found.raw) == item
    assert parcel == Shipment(
        external_id="2611200ABCDEF1/OFG1",
        order_ref="2611200ABCDEF1",
        status=ShipmentStatus.IN_TRANSIT,
        carrier="SPX",
        shipped_at=datetime.fromtimestamp(picked_up, UTC),
        last_scan_at=datetime.fromtimestamp(picked_up, UTC),
    )


def test_the_same_variant_under_two_promotions_stays_two_lines() -> None:
    goods = order()["item_list"][0]
    [found] = read_rows("order", [order(item_list=[goods, goods])], parse.order, "order_sn")
    assert isinstance(found, Order)
    assert [line.external_id for line in found.lines] == ["10:2", "10:2:1"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"order_status": "TELEPORTED"}, "the field 'TELEPORTED' is missing or has a new value"),
        ({"total_amount": float("nan")}, "nan is not a finite amount"),
        ({"total_amount": None}, "None is not an amount"),
        ({"currency": "dollars"}, "'dollars' is not a three-letter currency code"),
        ({"create_time": "yesterday"}, "'yesterday' is no time in Unix seconds"),
        ({"create_time": 0}, "a time that every row has is missing"),
        ({"item_list": None}, "unexpected shape: TypeError: 'NoneType' object is not iterable"),
        ({"order_sn": ""}, "order_sn is empty"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    bad, good = read_rows("order", [order(**changed), order("GOOD")], parse.order, "order_sn")
    assert isinstance(bad, BadRow)
    assert bad.reason == reason
    assert good.external_id == "GOOD"


def test_a_missing_field_is_named() -> None:
    item = order()
    del item["total_amount"]
    [bad] = read_rows("order", [item], parse.order, "order_sn")
    assert isinstance(bad, BadRow)
    assert bad.reason == "the field 'total_amount' is missing or has a new value"


def test_a_row_that_is_no_object_does_not_sink_the_page() -> None:
    rows = read_rows("order", [None, 7, "x", order("GOOD")], parse.order, "order_sn")
    assert [type(row) for row in rows] == [BadRow, BadRow, BadRow, Order]


def test_an_unknown_parcel_state_costs_the_parcel_and_not_the_order() -> None:
    item = order(package_list=[{"package_number": "P", "logistics_status": "LOGISTICS_BY_DRAGON"}])
    found, bad = read_rows("order", [item], parse.order, "order_sn")
    assert isinstance(found, Order)
    assert isinstance(bad, BadRow)
    assert bad.kind == "shipment"


def test_every_recorded_sample_is_read_or_quarantined_with_a_reason() -> None:
    read = quarantined = 0
    parsers: dict[str, tuple[Callable[..., Any], str]] = {
        "order_list": (parse.order, "order_sn"),
        "return": (parse.aftersale, "return_sn"),
    }
    for name, body in payloads("shopee"):
        response = body.get("response") if isinstance(body, dict) else None
        response = response if isinstance(response, dict) else {}
        rows: list[Any] = []
        if name.startswith(("v2.order.get_order_detail", "v2.order.get_order_list", "v2.returns.get_return_list")):
            for key, (parser, id_field) in parsers.items():
                rows += read_rows(key, response.get(key) or [], parser, id_field)
        elif name.startswith("v2.returns.get_return_detail") and response:
            rows = read_rows("return", [response], parse.aftersale, "return_sn")
        elif name.startswith("v2.account_health.get_shop_performance"):
            rows = read_rows(
                "accountmetric",
                response["metric_list"],
                lambda item: health.metric(item, now=NOW, points=0, late=[], counted=None),
                "metric_name",
            )
        elif name.startswith("v2.product.get_item_base_info"):
            rows = read_rows("listing", response["item_list"], lambda item: parse.goods(item, [item]), "item_id")
        read += sum(not isinstance(row, BadRow) for row in rows)
        bad = [row for row in rows if isinstance(row, BadRow)]
        quarantined += len(bad)
        assert all(row.reason for row in bad)
    print(f"Shopee samples: {read} records read, {quarantined} rows quarantined")
    assert (read, quarantined) == (21, 10)  # the ten are bare order numbers of the list call, which are no orders


def test_a_return_is_read_with_its_three_deadlines() -> None:
    detail = next(
        body["response"]
        for name, body in payloads("shopee")
        if name == "v2.returns.get_return_detail.json" and "response" in body
    )
    [found] = read_rows("return", [detail], parse.aftersale, "return_sn")
    assert isinstance(found, Return)
    assert (found.status, found.reason, found.amount) == (ReturnStatus.ACCEPTED, "NOT_RECEIPT", Decimal("13.97"))
    deadlines = [found.decide_by, found.inspect_by, found.compensation_by]
    assert [int(when.timestamp()) for when in deadlines if when] == [1655377883, 1655438336, 1655438336]


def row_of_return(**changed: Any) -> dict[str, Any]:
    return {
        "return_sn": "R1",
        "order_sn": "S1",
        "status": "REQUESTED",
        "refund_amount": 12.5,
        "currency": "SGD",
        "create_time": CREATED,
        "update_time": CREATED,
        "due_date": CREATED + 86_400,
        "needs_logistics": True,
        "negotiation": {"negotiation_status": "PENDING_RESPOND"},
        **changed,
    }


def test_returns_are_paged_from_zero_and_open_ones_read_in_full() -> None:
    def listed(query: dict[str, str]) -> Any:
        rows = {"0": [row_of_return()], "1": [row_of_return(return_sn="R2", status="CLOSED")]}
        return {"more": query["page_no"] == "0", "return": rows[query["page_no"]]}

    outside = Outside(get_return_list=listed, get_return_detail=row_of_return(text_reason="broken"))
    pages = list(shop(outside).pull("returns", recent()))
    assert [call[2]["page_no"] for call in outside.calls if call[1].endswith("list")] == ["0", "1"]
    first, second = (row for page in pages for row in page.records)
    assert isinstance(first, Return)
    assert isinstance(second, Return)
    assert (first.text, second.status) == ("broken", ReturnStatus.CLOSED)


def test_goods_give_a_listing_and_the_stock_of_each_variant() -> None:
    item = {
        "item_id": 10,
        "item_name": "Lamp",
        "item_sku": "LAMP",
        "item_status": "NORMAL",
        "has_model": True,
        "update_time": CREATED,
        "description": "a lamp",
    }
    model = {
        "model_id": 2,
        "model_sku": "LAMP-R",
        "model_name": "red",
        "price_info": [{"currency": "SGD", "current_price": 9.9}],
        "stock_info_v2": {
            "summary_info": {"total_reserved_stock": 3, "total_available_stock": 9},
            "seller_stock": [{"location_id": "A", "stock": 7}, {"location_id": "B", "stock": 5}],
        },
    }
    outside = Outside(
        get_item_list={"item": [{"item_id": 10}], "total_count": 1, "has_next_page": False, "next_offset": ""},
        get_item_base_info={"item_list": [item]},
        get_model_list={"model": [model]},
    )
    connector = shop(outside)
    [page] = connector.pull("goods", "")
    product, listing, stock = page.records
    assert isinstance(product, Product)
    assert isinstance(listing, Listing)
    assert (listing.sku, listing.title, listing.price, listing.status) == (
        "LAMP-R",
        "Lamp (red)",
        Decimal("9.9"),
        "live",
    )
    assert stock == StockLevel(external_id="10:2", sku="LAMP-R", listing_ref="10:2", on_hand=12, reserved=3)
    assert page.count_at_source == page.seen == 1
    assert connector.fetch(StockLevel, "10:2") == stock
    assert connector.fetch(StockLevel, "10:3") is None


def metric(name: str, comparator: str, target: float, value: float | None, unit: int = 2) -> dict[str, Any]:
    return {
        "metric_name": name,
        "metric_id": 1,
        "unit": unit,
        "current_period": value,
        "last_period": 1.0,
        "target": {"comparator": comparator, "value": target},
    }


def test_account_health_tells_the_rule_as_it_is_broken_and_where_the_points_stand() -> None:
    performance = {"metric_list": [metric("late_shipment_rate", "<", 10, 8.5), metric("response_rate", ">=", 70, None)]}
    this_quarter, last_quarter = CREATED, int(datetime(2026, 9, 30, tzinfo=UTC).timestamp())
    points = [{"issue_time": this_quarter, "latest_point_num": 4}, {"issue_time": last_quarter, "latest_point_num": 9}]
    late = [{"order_sn": "S1", "late_by_days": 1, "shipping_deadline": CREATED}]
    outside = Outside(
        get_shop_performance=performance,
        get_penalty_point_history={"penalty_point_list": points},
        get_late_orders={"late_order_list": late},
        get_metric_source_detail={"lsr_order_list": [], "total_count": 17},
    )
    [page] = shop(outside).pull("account_health", "")
    rate, response, penalty = page.records
    assert isinstance(rate, AccountMetric)
    assert (rate.value, rate.target, rate.boundary, rate.unit) == (
        Decimal("8.5"),
        Decimal(10),
        Boundary.AT_LEAST,
        "percent",
    )
    assert (rate.numerator, rate.points, rate.tier, rate.detail["late_orders"]) == (17, 4, 1, late)
    assert isinstance(response, AccountMetric)
    assert (response.value, response.boundary) == (None, Boundary.BELOW)
    assert isinstance(penalty, AccountMetric)
    assert (penalty.value, penalty.target, penalty.tier) == (Decimal(4), Decimal(6), 1)


def test_a_region_without_points_leaves_them_unknown_and_not_zero() -> None:
    outside = Outside(
        get_shop_performance={"metric_list": [metric("late_shipment_rate", "<", 10, 8.5)]},
        get_penalty_point_history=error("error_api_permission"),
        get_late_orders=error("error_api_permission"),
        get_metric_source_detail=error("error_api_permission"),
    )
    [page] = shop(outside).pull("account_health", "")
    [rate] = page.records
    assert isinstance(rate, AccountMetric)
    assert (rate.points, rate.tier, rate.numerator) == (None, None, None)


def test_quiet_parcels_are_asked_for_their_last_scan() -> None:
    package = {"package_number": "OFG1", "logistics_status": "LOGISTICS_PICKUP_DONE", "shipping_carrier": "SPX"}
    scans = [{"update_time": CREATED + 100, "description": "hub"}, {"update_time": CREATED + 500, "description": "van"}]
    outside = Outside(
        get_order_list=lambda query: {"more": False, "order_list": [{"order_sn": "S1"}]},
        get_order_detail={"order_list": [order("S1", order_status="SHIPPED", package_list=[package])]},
        get_tracking_info={"logistics_status": "LOGISTICS_DELIVERY_FAILED", "tracking_info": scans},
    )
    page = next(iter(shop(outside).pull("quiet_parcels", "")))
    [parcel] = page.records
    assert isinstance(parcel, Shipment)
    assert (parcel.status, parcel.last_scan_at) == (
        ShipmentStatus.EXCEPTION,
        datetime.fromtimestamp(CREATED + 500, UTC),
    )
    assert outside.calls[0][2]["order_status"] == "SHIPPED"
    assert int(outside.calls[0][2]["time_to"]) < int((NOW - timedelta(days=2)).timestamp()) + 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("error_auth", Reconnect),
        ("invalid_acceess_token", Reconnect),
        ("error_rate_limit", Retry),
        ("error_server", Retry),
        ("error_param", Refused),
        ("a_code_that_nobody_knows", Refused),
    ],
)
def test_an_error_inside_a_200_is_sorted(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=code):
        list(shop(Outside(get_order_list=error(code))).pull("orders", recent()))


CANCEL = CancelOrder(order_ref="S1", reason="out_of_stock")


def one_order(**changed: Any) -> dict[str, Any]:
    return {"order_list": [order("S1", **changed)]}


def test_a_cancellation_names_every_item_of_the_order() -> None:
    outside = Outside(get_order_detail=one_order(), cancel_order={"update_time": 1})
    receipt = shop(outside).perform(CANCEL, permit())
    [(_, path, _, body)] = outside.written()
    assert path == "/api/v2/order/cancel_order"
    assert body == {"order_sn": "S1", "cancel_reason": "OUT_OF_STOCK", "item_list": [{"item_id": 10, "model_id": 2}]}
    assert (receipt.reference, receipt.request_id, receipt.is_replay) == ("S1", "r1", False)


@pytest.mark.parametrize(
    "operation",
    [
        CancelOrder(order_ref="S1", reason="fraud"),
        CancelOrder(order_ref="S1", reason="out_of_stock", lines=(("10:2", 1),)),
        RefundPayment(order_ref="S1", amount=Money(Decimal(5), "SGD")),
        SendMessage(to="5", text="hello"),
    ],
)
def test_what_shopee_lacks_is_done_by_hand_and_nothing_is_sent(operation: Operation) -> None:
    outside = Outside(get_order_detail=one_order())
    with pytest.raises(CannotDo):
        shop(outside).perform(operation, permit())
    assert outside.written() == []


def test_a_message_by_hand_links_to_the_shops_own_chat() -> None:
    account = Account("shopee", 1, "s", "77", "https://x", country="MY")
    assert Shopee.by_hand(SendMessage(to="5", text="x"), account).startswith("https://seller.shopee.com.my/")


def test_no_write_leaves_without_an_approval() -> None:
    outside = Outside(get_order_detail=one_order(), cancel_order={})
    with pytest.raises(NotApproved):
        shop(outside, gate=closed_gate).perform(CANCEL, permit())
    assert outside.written() == []


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.Response(502, text="<html>"), Unknown),
        (error("error_server"), Unknown),
        (error("error_param", status=500), Unknown),
        (error("error_rate_limit"), Retry),
        (httpx.ConnectError("refused"), Retry),
        (error("error_auth"), Reconnect),
        (error("order.cannot_cancel"), Refused),
        (httpx.Response(200, text="not json"), Unknown),
    ],
)
def test_each_ending_of_a_write_is_sorted_and_sent_once(ending: Any, kind: type[Exception]) -> None:
    outside = Outside(get_order_detail=one_order(), cancel_order=ending)
    with pytest.raises(kind):
        shop(outside).perform(CANCEL, permit())
    assert len(outside.written()) == 1


def test_a_refusal_of_what_stands_already_is_success() -> None:
    outside = Outside(get_order_detail=one_order(order_status="CANCELLED"), cancel_order=error("order.status_wrong"))
    assert shop(outside).perform(CANCEL, permit()).is_replay


@pytest.mark.parametrize(
    ("operation", "status", "sight"),
    [
        (CANCEL, "CANCELLED", Sight.SEEN),
        (CANCEL, "READY_TO_SHIP", Sight.ABSENT),
        (CANCEL, "IN_CANCEL", Sight.UNCLEAR),
        (AnswerCancellation(order_ref="S1", is_accepted=True), "CANCELLED", Sight.SEEN),
        (AnswerCancellation(order_ref="S1", is_accepted=True), "IN_CANCEL", Sight.ABSENT),
        (AnswerCancellation(order_ref="S1", is_accepted=False), "READY_TO_SHIP", Sight.SEEN),
        (AnswerCancellation(order_ref="S1", is_accepted=False), "CANCELLED", Sight.UNCLEAR),
        (ArrangeShipment(order_ref="S1"), "PROCESSED", Sight.SEEN),
        (ArrangeShipment(order_ref="S1"), "READY_TO_SHIP", Sight.ABSENT),
    ],
)
def test_a_probe_reads_the_orders_state(operation: Operation, status: str, sight: Sight) -> None:
    seen = shop(Outside(get_order_detail=one_order(order_status=status))).probe(operation, "key", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


ACCEPT = DecideReturn(return_ref="R1", decision="accept")
OFFER = DecideReturn(return_ref="R1", decision="offer", amount=Money(Decimal("6.50"), "SGD"))
REJECT = DecideReturn(
    return_ref="R1",
    decision="reject",
    reason_code="50",
    text="sent as described",
    images=("https://files.shopee/a.png", "data:image/png;base64,aGVsbG8="),
)
SOLUTIONS = {"offer_refund": {"eligibility": True, "min_refund_amount": 5, "max_refund_amount": 10}}
REASONS = {
    "dispute_reason_list": [
        {
            "dispute_reason": 50,
            "evidence_module_list": [{"is_required": True, "module_index": 1, "requirement": "photos"}],
        }
    ]
}


def test_an_offer_stays_within_what_shopee_allows() -> None:
    outside = Outside(get_available_solutions=SOLUTIONS, offer={"return_sn": "R1"}, get_return_detail=row_of_return())
    shop(outside).perform(OFFER, permit())
    assert outside.written()[0][3] == {
        "return_sn": "R1",
        "proposed_solution": "REFUND",
        "proposed_adjusted_refund_amount": 6.5,
    }
    too_much = DecideReturn(return_ref="R1", decision="offer", amount=Money(Decimal(11), "SGD"))
    with pytest.raises(Refused, match="allows no offer"):
        shop(outside).perform(too_much, permit())
    assert len(outside.written()) == 1


def test_an_accepted_return_refunds_what_was_asked_and_nothing_else() -> None:
    outside = Outside(confirm={"return_sn": "R1"}, get_return_detail=row_of_return())
    shop(outside).perform(ACCEPT, permit())
    assert outside.written()[0][3] == {"return_sn": "R1"}
    other = DecideReturn(return_ref="R1", decision="accept", amount=Money(Decimal(5), "SGD"))
    with pytest.raises(Refused, match=r"refunds 12\.5"):
        shop(outside).perform(other, permit())
    assert len(outside.written()) == 1


def test_a_rejection_uploads_its_images_and_files_them_under_the_reasons_modules() -> None:
    outside = Outside(
        get_return_dispute_reason=REASONS,
        convert_image={"url": "https://files.shopee/b.png"},
        dispute={"return_sn": "R1"},
    )
    shop(outside, settings={"dispute_email": "ops@example.com"}).perform(REJECT, permit())
    upload, filed = outside.written()
    assert upload[1].endswith("convert_image")
    assert filed[3] == {
        "return_sn": "R1",
        "email": "ops@example.com",
        "dispute_reason_id": 50,
        "dispute_text_reason": "sent as described",
        "image_list": [
            {
                "module_index": 1,
                "requirement": "photos",
                "image_url": ["https://files.shopee/a.png", "https://files.shopee/b.png"],
            }
        ],
    }


def test_the_reasons_that_a_return_may_be_refused_for_are_told_with_what_they_ask() -> None:
    outside = Outside(get_return_dispute_reason=REASONS)
    found = shop(outside, settings={"dispute_email": "ops@example.com"}).fetch(RefusalReasons, "R1")
    assert found is not None
    assert found.reasons == (RefusalReason("50", "", needs_images=True),)
    with pytest.raises(Refused, match="dispute_email"):
        shop(outside).fetch(RefusalReasons, "R1")
    assert outside.written() == []


def test_a_lost_upload_filed_no_dispute() -> None:
    outside = Outside(get_return_dispute_reason=REASONS, convert_image=httpx.ReadTimeout("slow"))
    with pytest.raises(Retry, match="no dispute was filed"):
        shop(outside, settings={"dispute_email": "ops@example.com"}).perform(REJECT, permit())
    assert [call[1].rpartition("/")[2] for call in outside.written()] == ["convert_image"]


@pytest.mark.parametrize(
    ("operation", "changed", "sight"),
    [
        (ACCEPT, {"status": "ACCEPTED"}, Sight.SEEN),
        (ACCEPT, {"status": "REQUESTED"}, Sight.ABSENT),
        (ACCEPT, {"status": "SELLER_DISPUTE"}, Sight.UNCLEAR),
        (REJECT, {"status": "SELLER_DISPUTE"}, Sight.SEEN),
        (REJECT, {"status": "REQUESTED"}, Sight.ABSENT),
        (OFFER, {"negotiation": {"latest_offer_amount": 6.5}}, Sight.SEEN),
        (OFFER, {"negotiation": {"latest_offer_amount": 12.5}}, Sight.ABSENT),
    ],
)
def test_a_probe_reads_the_returns_state(operation: Operation, changed: dict[str, Any], sight: Sight) -> None:
    outside = Outside(get_return_detail=row_of_return(**changed))
    assert shop(outside).probe(operation, "key", NOW).sight == sight


PICKUP = {
    "info_needed": {"dropoff": [], "pickup": ["address_id", "pickup_time_id"]},
    "pickup": {
        "address_list": [
            {"address_id": 1, "address_flag": [], "time_slot_list": []},
            {"address_id": 2, "address_flag": ["pickup_address"], "time_slot_list": [{"pickup_time_id": "t1"}]},
        ]
    },
}


def test_a_shipment_is_booked_at_the_pickup_address_and_its_first_slot() -> None:
    outside = Outside(get_shipping_parameter=PICKUP, ship_order={}, get_order_detail=one_order())
    outside.answers["ship_order"] = reply({"error": "", "message": "", "request_id": "r1"})
    shop(outside).perform(ArrangeShipment(order_ref="S1"), permit())
    assert outside.written()[0][3] == {"order_sn": "S1", "pickup": {"address_id": 2, "pickup_time_id": "t1"}}


def test_an_order_that_is_shipped_already_is_a_replay() -> None:
    outside = Outside(
        get_shipping_parameter=PICKUP,
        ship_order=error("logistics.package_already_shipped"),
        get_order_detail=one_order(order_status="PROCESSED"),
    )
    assert shop(outside).perform(ArrangeShipment(order_ref="S1"), permit()).is_replay


def test_a_method_that_is_not_offered_is_refused_before_anything_is_sent() -> None:
    offered = {"info_needed": {"dropoff": ["branch_id"]}, "dropoff": {"branch_list": None}}
    outside = Outside(get_shipping_parameter=offered, get_order_detail=one_order())
    for method in ("pickup", "dropoff"):
        with pytest.raises(Refused):
            shop(outside).perform(ArrangeShipment(order_ref="S1", method=method), permit())
    assert outside.written() == []


def test_one_order_can_be_read_again_and_an_unknown_one_is_none() -> None:
    connector = shop(
        Outside(
            get_order_detail=lambda query: one_order() if query["order_sn_list"] == "S1" else error("error_not_found")
        )
    )
    found = connector.fetch(Order, "S1")
    assert found is not None
    assert found.external_id == "S1"
    assert connector.fetch(Order, "S2") is None
    with pytest.raises(CannotDo):
        connector.fetch(Payment, "x")


def test_the_token_pair_is_traded_whole() -> None:
    answer = reply({"error": "", "access_token": "new-access", "refresh_token": "new-refresh", "expire_in": 14400})
    outside = Outside(get=answer)
    connector = shop(outside)
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.expires_at == NOW + timedelta(hours=4)
    assert renewed.credentials == {**KEYS, "access_token": "new-access", "refresh_token": "new-refresh"}
    assert outside.calls[0][3] == {"refresh_token": "refresh-token", "partner_id": 2001, "shop_id": 77}


def test_a_dead_refresh_token_asks_for_a_person() -> None:
    with pytest.raises(Reconnect):
        connector = shop(Outside(get=error("error_auth")))
        assert isinstance(connector, Refreshes)
        connector.refresh()


PUSH = b'{"shop_id":77,"code":3,"timestamp":1790000000,"data":{"ordersn":"S1","status":"PROCESSED"}}'
HOOK = "https://ops.example/webhooks/7/"


def test_a_push_is_signed_over_its_address_and_body() -> None:
    headers = {"authorization": push_signature("partner-key", HOOK, PUSH)}
    assert Shopee.verify(PUSH, headers, HOOK, ("old-key", "partner-key"), NOW)
    assert not Shopee.verify(PUSH + b" ", headers, HOOK, ("partner-key",), NOW)
    assert not Shopee.verify(PUSH, headers, HOOK + "x", ("partner-key",), NOW)
    assert not Shopee.verify(PUSH, {}, HOOK, ("partner-key",), NOW)
    assert not Shopee.verify(PUSH, {"authorization": "ü"}, HOOK, ("partner-key",), NOW)


def test_a_push_names_the_feeds_that_it_touches() -> None:
    assert Shopee.touched(PUSH, {}) == ("orders",)
    assert [Shopee.touched(body, {}) for body in (b"[]", b"not json", b'{"code": 999}', b'{"code": {}}')] == [()] * 4
    assert Shopee.event_id(PUSH, {}) == Shopee.event_id(PUSH, {})
