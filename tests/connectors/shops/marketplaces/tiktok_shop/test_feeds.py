"""TikTok Shop's feeds: windows and pages, what is read of each row, and rows that cannot be read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Connector, Reconnect, Refused, Retry
from connectors.types import (
    AccountMetric,
    BadRow,
    Conversation,
    Direction,
    Listing,
    Message,
    Order,
    OrderStatus,
    Payout,
    Product,
    RefusalReason,
    RefusalReasons,
    Return,
    ReturnStatus,
    SettlementLine,
    Shipment,
    ShipmentStatus,
    StockLevel,
)
from tests.connectors.shops.marketplaces.tiktok_shop.outside import (
    BY_ID,
    CANCELS,
    CREATED,
    RECORDS,
    RETURNS,
    SEARCH,
    Outside,
    aftersale,
    body_of,
    cancellation,
    found,
    order,
    refusal,
    shop,
    unit,
)
from tests.connectors.shops.stand import NOW

SCANS = "GET /fulfillment/202309/orders/{}/tracking"
TALKS = "GET /customer_service/202309/conversations"
WORDS = "GET /customer_service/202309/conversations/{}/messages"
PRODUCTS, STOCK = "POST /product/202502/products/search", "POST /product/202309/inventory/search"
STATEMENTS = "GET /finance/202309/statements"
LINES = "GET /finance/202501/statements/{}/statement_transactions"


def recent(hours: float = 12) -> str:
    since = int((NOW - timedelta(hours=hours)).timestamp())
    return orjson.dumps({"since": since, "until": 0, "page": ""}).decode()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def only(connector: Connector, feed: str, cursor: str = "") -> list[Any]:
    return [row for page in connector.pull(feed, cursor) for row in page.records]


def paged(ids: list[str], size: int = 100) -> Any:
    def answer(request: httpx.Request) -> Any:
        begin = int(request.url.params.get("page_token", "0"))
        rows = [order(ref) for ref in ids[begin : begin + size]]
        following = str(begin + size) if begin + size < len(ids) else ""
        return found(*rows, total=len(ids), following=following)

    return answer


def test_windows_of_a_day_follow_one_another_up_to_now() -> None:
    outside = Outside({SEARCH: found()})
    pages = list(shop(outside).pull("orders", ""))
    spans = [(body_of(call)["update_time_ge"], body_of(call)["update_time_lt"] - 1) for call in outside.requests]
    assert spans[0][0] <= int((NOW - timedelta(days=30)).timestamp())
    assert spans[-1][1] == int(NOW.timestamp())
    assert all(after[0] == before[1] for before, after in pairwise(spans))
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert {call.url.params["page_size"] for call in outside.requests} == {"100"}


def test_the_next_pull_reads_again_a_little_of_the_last_one() -> None:
    outside = Outside({SEARCH: found()})
    list(shop(outside).pull("orders", recent()))
    assert body_of(outside.requests[0])["update_time_ge"] == int((NOW - timedelta(hours=12, minutes=10)).timestamp())


def test_pages_are_read_to_the_end_and_counted_against_the_source() -> None:
    ids = [f"576{number:04}" for number in range(250)]
    pages = list(shop(Outside({SEARCH: paged(ids)})).pull("orders", recent()))
    assert [row.external_id for page in pages for row in page.records if isinstance(row, Order)] == ids
    assert [page.seen for page in pages] == [100, 100, 50]
    assert pages[-1].count_at_source == 250


def test_an_order_that_slips_past_the_paging_is_caught_by_a_second_look() -> None:
    ids = [f"576{number:04}" for number in range(150)]
    calls = 0

    def shifting(request: httpx.Request) -> Any:
        nonlocal calls
        calls += 1
        return paged(ids if calls == 1 else ids[1:])(request)  # one order left the window after page one was read

    outside = Outside({SEARCH: shifting})
    pages = list(shop(outside).pull("orders", recent()))
    read = [row.external_id for page in pages for row in page.records if isinstance(row, Order)]
    assert sorted(read) == ids
    assert (pages[-1].is_last, pages[-1].count_at_source) == (True, 150)


def test_a_crash_between_pages_goes_on_where_it_stopped() -> None:
    ids = [f"576{number:04}" for number in range(250)]
    outside = Outside({SEARCH: paged(ids)})
    first = next(iter(shop(outside).pull("orders", recent())))
    outside.requests.clear()
    rest = list(shop(outside).pull("orders", first.cursor))
    assert outside.requests[0].url.params["page_token"] == "100"
    assert {row.external_id for page in [first, *rest] for row in page.records if isinstance(row, Order)} == set(ids)
    assert rest[-1].is_last


def test_a_list_that_does_not_move_on_is_a_short_read() -> None:
    with pytest.raises(Retry) as caught:
        list(shop(Outside({SEARCH: found(following="9")})).pull("orders", recent()))
    assert caught.value.code == "short_read"


@pytest.mark.parametrize("data", [{"total_count": 3, "next_page_token": ""}, {"order_list": [{}]}])
def test_an_answer_without_its_list_is_drift_and_no_empty_shop(data: dict[str, Any]) -> None:
    with pytest.raises(Retry) as caught:
        list(shop(Outside({SEARCH: data})).pull("orders", recent()))
    assert caught.value.code == "drift"


def test_an_order_is_read_field_by_field() -> None:
    units = [unit(1), unit(2), unit(3, sku_id="1730002", seller_sku="", sku_name="", display_status="CANCELLED")]
    item = order(line_items=units, collection_time=CREATED + 90_000, status="IN_TRANSIT")
    [row] = [row for row in only(shop(Outside({SEARCH: found(item)})), "orders", recent()) if isinstance(row, Order)]
    assert (row.external_id, row.number, row.status) == ("576001", "576001", OrderStatus.SHIPPED)
    assert (row.platform_status, row.total, row.currency) == ("IN_TRANSIT", Decimal("399.00"), "PHP")
    assert (row.ship_by, row.shipped_at, row.cancel_after) == (at(CREATED + 172_800), at(CREATED + 90_000), None)
    assert (row.customer_ref, row.country, row.region) == ("7021001", "PH", "Cebu")
    lamp, other = row.lines
    assert (lamp.external_id, lamp.sku, lamp.title) == ("1730001", "LAMP-R", "Lamp (red)")
    assert (lamp.quantity, lamp.unit_price, lamp.cancelled_quantity) == (2, Decimal("199.50"), 0)
    assert (other.sku, other.quantity, other.cancelled_quantity) == ("1730002", 1, 1)
    assert lamp.listing_ref == "1729001:1730001"
    assert orjson.loads(row.raw) == item


def test_units_of_one_sku_at_two_prices_stay_two_lines() -> None:
    item = order(line_items=[unit(1), unit(2, sale_price="150.00")])
    [row] = [row for row in only(shop(Outside({SEARCH: found(item)})), "orders", recent()) if isinstance(row, Order)]
    assert [(line.external_id, line.unit_price) for line in row.lines] == [
        ("1730001", Decimal("199.50")),
        ("1730001:1", Decimal("150.00")),
    ]


@pytest.mark.parametrize(
    ("status", "stands", "ends"),
    [
        ("UNPAID", OrderStatus.UNPAID, None),
        ("ON_HOLD", OrderStatus.ON_HOLD, CREATED + 345_600),
        ("AWAITING_SHIPMENT", OrderStatus.TO_SHIP, CREATED + 345_600),
        ("AWAITING_COLLECTION", OrderStatus.PACKED, CREATED + 432_000),
        ("COMPLETED", OrderStatus.COMPLETED, None),
        ("CANCEL", OrderStatus.CANCELLED, None),
    ],
)
def test_each_status_says_when_the_platform_cancels(status: str, stands: OrderStatus, ends: int | None) -> None:
    rows = only(shop(Outside({SEARCH: found(order(status=status))})), "orders", recent())
    assert (rows[0].status, rows[0].cancel_after) == (stands, None if ends is None else at(ends))


def test_an_order_that_its_buyer_wants_cancelled_carries_the_deadline_to_answer() -> None:
    asked = order(is_buyer_request_cancel=True)
    outside = Outside({SEARCH: found(asked), CANCELS: found(cancellation(), name="cancellations")})
    [row] = only(shop(outside), "orders", recent())
    assert (row.status, row.cancel_after) == (OrderStatus.CANCEL_ASKED, at(CREATED + 200_000))
    assert row.cancel_reason == "No longer needed"
    assert outside.body(CANCELS)["order_ids"] == ["576001"]


def test_a_cancellation_that_moved_brings_its_order_as_it_stands() -> None:
    cases = [cancellation(), {"cancel_id": "4035002"}]

    def cancels(request: httpx.Request) -> Any:
        asked = "order_ids" in body_of(request)
        return found(*(cases[:1] if asked else cases), name="cancellations")

    outside = Outside({CANCELS: cancels, BY_ID: found(order(is_buyer_request_cancel=True))})
    row, bad = only(shop(outside), "cancellations", recent())
    assert (row.external_id, row.status) == ("576001", OrderStatus.CANCEL_ASKED)
    assert (bad.kind, bad.external_id) == ("order", "4035002")
    assert bad.reason == "the cancellation names no order"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "TELEPORTED"}, "the field 'TELEPORTED' is missing or has a new value"),
        ({"id": 576461413038785752}, "576461413038785752 is no id in text"),
        ({"payment": {"currency": "PHP", "total_amount": None}}, "None is not an amount"),
        ({"payment": {"currency": "pesos", "total_amount": "1"}}, "'pesos' is not a three-letter currency code"),
        ({"create_time": "1619611561"}, "'1619611561' is no time in Unix seconds"),
        ({"line_items": None}, "line_items is no list"),
        ({"is_buyer_request_cancel": True, "id": ["x"]}, "unexpected shape: TypeError: unhashable type: 'list'"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    rows = only(shop(Outside({SEARCH: found(order(**changed), order("576009"), 7)})), "orders", recent())
    assert [type(row) for row in rows] == [BadRow, Order, BadRow]
    assert rows[0].reason == reason


def test_a_parcel_is_read_once_for_all_its_units_and_an_unknown_state_costs_only_itself() -> None:
    units = [
        unit(1, package_status="FULFILLING", tracking_number="PHJT1", shipping_provider_name="J&T"),
        unit(2, package_status="FULFILLING"),
        unit(3, package_id="1152002", package_status="BEAMED"),
        unit(4, package_id="1152003"),
    ]
    item = order(line_items=units, status="IN_TRANSIT", collection_time=CREATED + 90_000)
    _, parcel, bad = only(shop(Outside({SEARCH: found(item)})), "orders", recent())
    assert parcel == Shipment(
        external_id="576001/1152001", order_ref="576001", status=ShipmentStatus.IN_TRANSIT, carrier="J&T",
        tracking_number="PHJT1", shipped_at=at(CREATED + 90_000), last_scan_at=at(CREATED + 90_000),
    )  # fmt: skip
    assert (bad.kind, bad.external_id, bad.reason) == ("shipment", "1152002", "unknown package_status 'BEAMED'")


def test_quiet_parcels_are_asked_for_their_last_scan_which_is_told_in_milliseconds() -> None:
    moving = order(line_items=[unit(1, package_status="FULFILLING")], status="IN_TRANSIT")
    lost = order("576002", line_items=[unit(1, package_status="FULFILLING")], status="IN_TRANSIT")
    told = {"576001": {"tracking": [{"description": "hub", "update_time_millis": (CREATED + 5) * 1000}]}}
    outside = Outside(
        {
            SEARCH: found(moving, lost),
            SCANS: lambda request: told.get(
                request.url.path.split("/")[4], {"tracking": [{"update_time_millis": "x"}]}
            ),
        }
    )
    parcel, bad = only(shop(outside), "quiet_parcels")
    assert outside.body(SEARCH)["order_status"] == "IN_TRANSIT"
    assert outside.body(SEARCH)["update_time_lt"] == int((NOW - timedelta(days=2)).timestamp()) + 1
    assert parcel.last_scan_at == at(CREATED + 5)
    assert (bad.external_id, bad.reason) == ("576002/1152001", "no tracking: 'x' is no time in milliseconds")


def test_a_return_is_read_with_its_deadline_the_buyers_words_and_photos() -> None:
    told = [
        {"role": "Buyer", "note": "It is broken", "images": [{"url": "https://p.example/1.jpg"}]},
        {"role": "Seller", "note": "never shown"},
    ]
    outside = Outside({RETURNS: found(aftersale(), name="return_orders"), RECORDS: {"records": told}})
    [row] = only(shop(outside), "returns", recent())
    assert isinstance(row, Return)
    assert (row.status, row.order_ref, row.sku, row.quantity) == (ReturnStatus.ASKED, "576001", "LAMP-R", 1)
    assert (row.amount, row.currency, row.decide_by) == (Decimal("199.50"), "PHP", at(CREATED + 100_000))
    assert (row.inspect_by, row.needs_goods_back) == (None, True)
    assert (row.text, row.photos) == ("It is broken", ("https://p.example/1.jpg",))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"return_status": "RETURN_OR_REFUND__REQUEST_PENDING"}, ReturnStatus.ASKED),
        ({"return_status": "AWAITING_BUYER_SHIP"}, ReturnStatus.ACCEPTED),
        ({"return_status": "AWAITING_BUYER_RESPONSE"}, ReturnStatus.OFFERED),
        (
            {"return_status": "REFUND_OR_RETURN_REQUEST_REJECT", "arbitration_status": "IN_PROGRESS"},
            ReturnStatus.JUDGING,
        ),
        ({"return_status": "REFUND_OR_RETURN_REQUEST_REJECT", "arbitration_status": "CLOSED"}, ReturnStatus.REJECTED),
        ({"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE"}, ReturnStatus.CLOSED),
        ({"return_status": "REPLACEMENT_REQUEST_PENDING"}, ReturnStatus.ASKED),
    ],
)
def test_returns_stand_in_our_words(changed: dict[str, Any], status: ReturnStatus) -> None:
    rows = {RETURNS: found(aftersale(**changed), name="return_orders"), RECORDS: refusal(25007006)}
    [row] = only(shop(Outside(rows)), "returns", recent())
    assert row.status is status
    assert "__" not in row.platform_status


def test_goods_that_came_back_are_to_be_inspected_and_not_to_be_decided() -> None:
    item = aftersale(step="SELLER_RESPOND_RECEIVE_PACKAGE", return_status="BUYER_SHIPPED_ITEM")
    outside = Outside({RETURNS: found(item, name="return_orders")})
    [row] = only(shop(outside), "returns", recent())
    assert (row.status, row.decide_by, row.inspect_by) == (ReturnStatus.IN_TRANSIT, None, at(CREATED + 100_000))
    assert outside.called("records") == []


def talk(ref: str, when: int, role: str = "BUYER") -> dict[str, Any]:
    return {
        "id": ref,
        "participants": [{"role": "BUYER", "user_id": "7021001", "nickname": "Albert"}, {"role": "SHOP"}],
        "latest_message": said(f"{ref}9", when, role),
    }


def said(ref: str, when: int, role: str = "BUYER", kind: str = "TEXT", **content: str) -> dict[str, Any]:
    return {
        "id": ref, "type": kind, "content": orjson.dumps(content or {"content": "hello"}).decode(),
        "create_time": when, "is_visible": True, "sender": {"role": role, "nickname": role.title()},
    }  # fmt: skip


def test_talks_are_read_up_to_the_first_page_without_news() -> None:
    now = int(NOW.timestamp())
    pages = {
        "": {"conversations": [talk("7001", now - 60), talk("7002", now - 90_000)], "next_page_token": "2"},
        "2": {"conversations": [talk("7003", now - 95_000)], "next_page_token": "3"},
    }
    messages = [
        said("7109", now - 50, "ROBOT", content="We are on it"),
        said("7108", now - 60, content="Where is it?"),
        said("7107", now - 70, kind="ORDER_CARD", order_id="576001"),
        said("7106", now - 80, "SYSTEM", content="Rate us"),
        said("7105", now - 90_000, content="old"),
    ]
    messages[3]["is_visible"] = False
    outside = Outside(
        {
            TALKS: lambda request: pages[request.url.params.get("page_token", "")],
            WORDS: {"messages": messages, "next_page_token": "9"},
        }
    )
    first, last = shop(outside).pull("messages", recent())
    thread = first.records[0]
    assert isinstance(thread, Conversation)
    assert (thread.address, thread.order_ref, thread.customer_name) == ("7021001", "576001", "Albert")
    assert thread.last_direction is Direction.IN  # only a robot has answered
    told = [row for row in first.records if isinstance(row, Message)]
    assert [(row.external_id, row.direction, row.is_automatic) for row in told] == [
        ("7109", Direction.OUT, True),
        ("7108", Direction.IN, False),
        ("7107", Direction.IN, False),
    ]
    assert [row.text for row in told] == ["We are on it", "Where is it?", "[order card 576001]"]
    assert (first.cursor, last.is_last) == (recent(), True)
    assert orjson.loads(last.cursor)["since"] == now
    assert len(outside.called("messages")) == 1


def test_a_message_that_is_no_json_is_kept_with_its_reason() -> None:
    now = int(NOW.timestamp())
    broken = said("7109", now - 50) | {"content": "plain words"}
    pages = {"conversations": [talk("7001", now - 60), {"id": "7004"}], "next_page_token": ""}
    outside = Outside({TALKS: pages, WORDS: {"messages": [broken], "next_page_token": ""}})
    rows = only(shop(outside), "messages", recent())
    assert [(type(row), row.external_id) for row in rows] == [
        (Conversation, "7001"),
        (BadRow, "7109"),
        (BadRow, "7004"),
    ]


def product(**changed: Any) -> dict[str, Any]:
    sku = {"id": "1730001", "seller_sku": "LAMP-R", "price": {"currency": "PHP", "sale_price": "199.50"}}
    return {"id": "1729001", "title": "Lamp", "status": "ACTIVATE", "update_time": CREATED, "skus": [sku], **changed}


def stocked(*places: tuple[str, int, int]) -> dict[str, Any]:
    rows = [
        {"warehouse_id": name, "available_quantity": free, "committed_quantity": sold} for name, free, sold in places
    ]
    return {"inventory": [{"product_id": "1729001", "skus": [{"id": "1730001", "warehouse_inventory": rows}]}]}


def test_goods_give_a_listing_and_the_stock_of_each_warehouse() -> None:
    outside = Outside({PRODUCTS: found(product(), name="products"), STOCK: stocked(("W1", 7, 3), ("W2", 5, 0))})
    goods, listing, first, second = only(shop(outside), "goods")
    assert isinstance(goods, Product)
    assert isinstance(listing, Listing)
    assert (listing.external_id, listing.price, listing.status) == ("1729001:1730001", Decimal("199.50"), "live")
    assert first == StockLevel(
        external_id="1729001:1730001@W1", sku="LAMP-R", location="W1", listing_ref="1729001:1730001", on_hand=10,
        reserved=3,
    )  # fmt: skip
    assert (second.location, second.on_hand) == ("W2", 5)
    assert outside.body(STOCK) == {"product_ids": ["1729001"]}


@pytest.mark.parametrize(
    ("changed", "status", "issue"),
    [
        ({"status": "SELLER_DEACTIVATED"}, "paused", ""),
        ({"status": "PLATFORM_DEACTIVATED"}, "suppressed", "PLATFORM_DEACTIVATED"),
        ({"product_sync_fail_reasons": ["A paper is missing."]}, "live", "A paper is missing."),
    ],
)
def test_a_listing_says_what_is_wrong_with_it(changed: dict[str, Any], status: str, issue: str) -> None:
    outside = Outside({PRODUCTS: found(product(**changed), name="products"), STOCK: stocked(("W1", 1, 0))})
    listing = next(row for row in only(shop(outside), "goods") if isinstance(row, Listing))
    assert (listing.status, listing.issue) == (status, issue)


def test_a_product_whose_stock_is_not_told_is_quarantined() -> None:
    outside = Outside({PRODUCTS: found(product(), name="products"), STOCK: {"inventory": []}})
    rows = only(shop(outside), "goods")
    assert [row.reason for row in rows if isinstance(row, BadRow)] == [
        "the field '1730001' is missing or has a new value"
    ]


def statement(ref: str, when: int, status: str = "PAID") -> dict[str, Any]:
    return {
        "id": ref, "statement_time": when, "settlement_amount": "130", "currency": "PHP", "payment_status": status
    }  # fmt: skip


def test_statements_become_payouts_and_the_new_ones_bring_their_lines() -> None:
    day = CREATED
    lines = {
        "id": "7238002", "create_time": day, "currency": "PHP", "next_page_token": "", "total_count": 3,
        "transactions": [
            {"id": "1", "type": "ORDER", "order_id": "576001", "revenue_amount": "200", "settlement_amount": "130"},
            {"id": "2", "type": "CHARGE_BACK", "adjustment_order_id": "576002", "adjustment_amount": "-50"},
            {"id": "3", "type": "RESERVE", "reserve_amount": "-20", "associated_order_id": "576003"},
            {"id": "4", "type": "ORDER", "order_id": "576004", "settlement_amount": "1"},
        ],
    }  # fmt: skip
    known = day - 86_400
    outside = Outside(
        {
            STATEMENTS: {"statements": [statement("7238001", known), statement("7238002", day, "PROCESSING")]},
            LINES: lines,
        }
    )
    cursor = orjson.dumps({"since": known, "until": 0, "page": ""}).decode()
    [page] = shop(outside).pull("settlement", cursor)
    paid, waiting, sale, dispute, reserve, bad = page.records
    assert isinstance(paid, Payout)
    assert (paid.status, paid.amount, paid.expected_at) == ("paid", Decimal(130), at(known))
    assert isinstance(waiting, Payout)
    assert waiting.status == "in_transit"
    assert isinstance(sale, SettlementLine)
    assert (sale.kind, sale.amount, sale.fee) == ("sale", Decimal(200), Decimal(70))
    assert (sale.payout_ref, sale.order_ref, sale.posted_at) == ("7238002", "576001", at(day))
    assert isinstance(dispute, SettlementLine)
    assert isinstance(reserve, SettlementLine)
    assert [(row.kind, row.amount, row.order_ref) for row in (dispute, reserve)] == [
        ("dispute", Decimal(-50), "576002"),
        ("reserve", Decimal(-20), "576003"),
    ]
    assert isinstance(bad, BadRow)
    assert bad.reason == "the field 'revenue_amount' is missing or has a new value"
    assert orjson.loads(page.cursor)["since"] == day
    asked = outside.called("GET /finance/202309/statements")[0].url.params
    assert (asked["sort_field"], int(asked["statement_time_ge"])) == (
        "statement_time",
        int((NOW - timedelta(days=30)).timestamp()),
    )


def test_service_figures_are_read_and_one_that_was_not_measured_is_unknown() -> None:
    told = {"support_session_count": 15, "response_percentage": "93.4", "satisfaction_percentage": "",
            "response_time_mins": "3.5"}  # fmt: skip
    outside = Outside({"GET /customer_service/202407/performance": {"performance": told}})
    rows = only(shop(outside), "account_health")
    assert all(isinstance(row, AccountMetric) for row in rows)
    assert [(row.name, row.value, row.unit, row.denominator) for row in rows] == [
        ("response_rate", Decimal("93.4"), "percent", 15),
        ("satisfaction_rate", None, "percent", None),
        ("response_time", Decimal("210.0"), "seconds", None),
    ]
    assert outside.requests[0].url.params["support_date_ge"] == "2026-11-14"


def test_one_order_is_read_with_what_was_given_back() -> None:
    cases = [
        aftersale("1", "", return_status="RETURN_OR_REFUND_REQUEST_COMPLETE"),
        aftersale(
            "2",
            "",
            return_status="RETURN_OR_REFUND_REQUEST_SUCCESS",
            seller_proposed_return_type="PARTIAL_REFUND",
            partial_refund={"currency": "PHP", "amount": "10"},
        ),
        aftersale("3"),
    ]
    outside = Outside({BY_ID: found(order()), RETURNS: found(*cases, name="return_orders")})
    row = shop(outside).fetch(Order, "576001")
    assert row is not None
    assert (row.external_id, row.refunded) == ("576001", Decimal("209.50"))


def test_what_is_unknown_is_none_and_what_fails_is_not_taken_for_it() -> None:
    outside = Outside({BY_ID: found(), RETURNS: found(name="return_orders"), STOCK: {"inventory": []}})
    connector = shop(outside)
    assert connector.fetch(Order, "576009") is None
    assert connector.fetch(Return, "4036009") is None
    assert connector.fetch(StockLevel, "1729001:1730009@W1") is None
    with pytest.raises(Reconnect):
        shop(Outside({BY_ID: refusal(105002)})).fetch(Order, "576001")
    with pytest.raises(Refused):
        connector.fetch(Payout, "1")


def test_one_level_of_stock_and_the_grounds_of_a_refusal_are_read_when_asked_for() -> None:
    reasons = {"reasons": [{"name": "item_is_correct", "text": "Item is correct"}]}
    outside = Outside({STOCK: stocked(("W1", 7, 3)), "GET /return_refund/202309/reject_reasons": reasons})
    level = shop(outside).fetch(StockLevel, "1729001:1730001@W1")
    assert level is not None
    assert (level.on_hand, level.reserved) == (10, 3)
    assert shop(outside).fetch(RefusalReasons, "4036001") == RefusalReasons(
        external_id="4036001", reasons=(RefusalReason("item_is_correct", "Item is correct"),)
    )
