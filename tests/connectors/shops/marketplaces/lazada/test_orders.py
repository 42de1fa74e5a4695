"""Lazada's orders: pages that move with time, units that become lines, parcels, and rows that cannot be read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Retry
from connectors.shops.marketplaces.lazada import parse
from connectors.shops.marketplaces.lazada.reads import orders as reads
from connectors.shops.reading import read_rows
from connectors.types import (
    BadRow,
    Order,
    OrderLine,
    OrderStatus,
    Payment,
    Shipment,
    ShipmentStatus,
)
from tests.connectors.shops.marketplaces.lazada.outside import CREATED, Outside, items, refusal, row, shop, unit
from tests.connectors.shops.stand import NOW

LIST, UNITS = "/orders/get", "/orders/items/get"


def recent(days: float = 2) -> str:
    since = int((NOW - timedelta(days=days)).timestamp())
    return orjson.dumps({"since": since, "until": 0, "page": ""}).decode()


class Book:
    """Orders by time of change, listed and paged as Lazada does."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def listed(self, query: dict[str, str]) -> dict[str, Any]:
        low, high = (datetime.fromisoformat(query[name]) for name in ("update_after", "update_before"))
        found = [one for one in self.rows if low <= (parse.when(one["updated_at"]) or NOW) <= high]
        begin, limit = int(query["offset"]), int(query["limit"])
        assert begin <= 5000
        assert limit <= 100
        page = found[begin : begin + limit]
        return {"data": {"count": len(page), "countTotal": len(found), "orders": page}}

    def units(self, query: dict[str, str]) -> dict[str, Any]:
        ids = orjson.loads(query["order_ids"])
        assert len(ids) <= 50
        return {"data": [{"order_id": order_id, "order_items": [unit(order_id * 10)]} for order_id in ids]}

    def outside(self) -> Outside:
        return Outside({LIST: self.listed, UNITS: self.units})


def test_an_empty_span_is_one_call_and_moves_the_cursor() -> None:
    outside = Book([]).outside()
    [page] = shop(outside).pull("orders", recent())
    assert (page.is_last, page.seen, page.count_at_source) == (True, 0, 0)
    assert orjson.loads(page.cursor) == {"since": int(NOW.timestamp()), "until": 0, "page": ""}
    asked = outside.one(LIST)
    assert asked["update_after"] == (NOW - timedelta(days=2, minutes=10)).isoformat()
    assert (asked["sort_by"], asked["sort_direction"], asked["limit"]) == ("updated_at", "ASC", "100")


def test_pages_move_with_time_and_not_by_offset() -> None:
    book = Book([row(number, CREATED + number * 10) for number in range(1, 251)])
    outside = book.outside()
    pages = list(shop(outside).pull("orders", recent()))
    assert [row.external_id for page in pages for row in page.records] == [str(number) for number in range(1, 251)]
    assert {call["offset"] for call in outside.called(LIST)} == {"0"}
    assert [len(orjson.loads(call["order_ids"])) for call in outside.called(UNITS)][:2] == [50, 50]
    assert (sum(page.seen for page in pages), pages[-1].count_at_source, pages[-1].is_last) == (250, 250, True)


def test_a_crowded_second_is_paged_by_offset_with_rows_in_common() -> None:
    book = Book([row(number, CREATED) for number in range(1, 251)])
    outside = book.outside()
    pages = list(shop(outside).pull("orders", recent()))
    assert [call["offset"] for call in outside.called(LIST)] == ["0", "0", "80", "160", "0"]
    assert len({row.external_id for page in pages for row in page.records}) == 250
    assert sum(page.seen for page in pages) == 250


def test_more_changes_in_a_second_than_can_be_paged_is_no_short_read_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reads, "LAST_OFFSET", 200)
    book = Book([row(number, CREATED) for number in range(1, 401)])
    with pytest.raises(Retry) as caught:
        list(shop(book.outside()).pull("orders", recent()))
    assert caught.value.code == "short_read"


def test_an_order_that_leaves_the_span_while_it_is_paged_costs_no_other() -> None:
    book = Book([row(number, CREATED + number // 3) for number in range(1, 331)])
    outside = book.outside()
    pages = shop(outside).pull("orders", recent())
    first = next(pages)
    book.rows = book.rows[5:]  # five changed again and are now later than the span
    found = {row.external_id for page in [first, *pages] for row in page.records}
    assert found == {str(number) for number in range(1, 331)}


def test_a_page_that_is_cut_short_is_noticed_by_the_count() -> None:
    book = Book([row(number, CREATED + number) for number in range(1, 61)])
    cut = Outside({LIST: lambda query: short(book.listed(query)), UNITS: book.units})
    [page] = shop(cut).pull("orders", recent())
    assert (page.seen, page.count_at_source) == (30, 60)


def short(answer: dict[str, Any]) -> dict[str, Any]:
    answer["data"]["orders"] = answer["data"]["orders"][:30]
    return answer


def test_a_crash_between_pages_goes_on_where_it_stopped() -> None:
    book = Book([row(number, CREATED + number) for number in range(1, 251)])
    first = next(iter(shop(book.outside()).pull("orders", recent())))
    outside = book.outside()
    rest = list(shop(outside).pull("orders", first.cursor))
    assert outside.called(LIST)[0]["update_after"] == datetime.fromtimestamp(CREATED + 99, UTC).isoformat()
    assert {row.external_id for page in [first, *rest] for row in page.records} == {str(n) for n in range(1, 251)}
    assert (rest[-1].is_last, rest[-1].count_at_source) == (True, 0)  # what changed since, in a span of its own


def test_one_unknown_id_does_not_cost_its_neighbours() -> None:
    book = Book([row(number, CREATED) for number in (1, 2, 3)])

    def strict(query: dict[str, str]) -> Any:
        return refusal("37", "E037") if 2 in orjson.loads(query["order_ids"]) else book.units(query)

    [page] = shop(Outside({LIST: book.listed, UNITS: strict})).pull("orders", recent())
    assert [(type(one), one.external_id) for one in page.records] == [(Order, "1"), (BadRow, "2"), (Order, "3")]
    assert page.records[1] == parse.unread_order("2", "listed, but Lazada gives no items of it")


def test_a_list_row_without_an_id_is_quarantined() -> None:
    book = Book([row(1), {"price": "1.00", "updated_at": "2026-11-20 00:00:00 +0000"}])
    [page] = shop(book.outside()).pull("orders", recent())
    assert [type(one) for one in page.records] == [Order, BadRow]


@pytest.mark.parametrize("answer", [{"data": {"count": 0, "order_list": []}}, {"result": {}}, {"data": []}])
def test_an_answer_without_its_list_is_drift_and_no_empty_shop(answer: dict[str, Any]) -> None:
    with pytest.raises(Retry) as caught:
        list(shop(Outside({LIST: answer})).pull("orders", recent()))
    assert caught.value.code == "drift"


def pair(*units: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"order_id": 4100, "order": row(**changed), "items": list(units), "currency": "MYR", "country": "MY"}


def read(*units: dict[str, Any], **changed: Any) -> list[Any]:
    return list(read_rows("order", [pair(*units, **changed)], parse.order, "order_id"))


def test_an_order_is_read_field_by_field() -> None:
    booked = {"package_id": "FP1", "tracking_code": "MYLEX1"}
    found, parcel = read(unit(4101, "ready_to_ship", **booked), unit(4102, "ready_to_ship", **booked))
    assert found == Order(
        external_id="4100",
        raw=found.raw,
        number="4100",
        status=OrderStatus.PACKED,
        platform_status="ready_to_ship",
        ordered_at=datetime(2026, 11, 20, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, tzinfo=UTC),
        paid_at=datetime(2026, 11, 20, 0, 1, tzinfo=UTC),
        ship_by=datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC),
        cancel_after=datetime(2026, 11, 24, tzinfo=UTC),
        currency="MYR",
        total=Decimal("106.00"),
        customer_ref="7",
        customer_name="Ha Hung",
        country="MY",
        region="Selangor",
        shipping_method="LEX",
        payment_method="COD",
        lines=(
            OrderLine(
                external_id="4101", sku="LAMP-R", title="Lamp (red)", quantity=2, unit_price=Decimal("53.00"),
                listing_ref="10:20",
            ),
        ),
    )  # fmt: skip
    assert parcel == Shipment(
        external_id="4100/FP1",
        order_ref="4100",
        status=ShipmentStatus.BOOKED,
        carrier="LEX",
        tracking_number="MYLEX1",
    )
    assert orjson.loads(found.raw)["order"]["price"] == "106.00"


def test_units_of_one_sku_at_one_price_are_one_line_named_by_the_smallest_id() -> None:
    [found] = read(unit(4109, "canceled", reason="Out of Stock"), unit(4103), unit(4105, sku="HUB", sku_id="21"),
                   unit(4107, item_price="49.00"))  # fmt: skip
    assert [(line.external_id, line.quantity, line.cancelled_quantity) for line in found.lines] == [
        ("4103", 2, 1),
        ("4105", 1, 0),
        ("4107", 1, 0),
    ]
    assert (found.status, found.cancel_reason, found.platform_status) == (
        OrderStatus.TO_SHIP,
        "Out of Stock",
        "canceled,pending",
    )


@pytest.mark.parametrize(
    ("statuses", "stands"),
    [
        (["unpaid"], OrderStatus.UNPAID),
        (["pending", "shipped"], OrderStatus.TO_SHIP),
        (["repacked"], OrderStatus.TO_SHIP),
        (["packed", "ready_to_ship"], OrderStatus.PACKED),
        (["shipped", "delivered"], OrderStatus.SHIPPED),
        (["failed_delivery"], OrderStatus.SHIPPED),
        (["delivered", "returned"], OrderStatus.RETURNING),
        (["delivered", "canceled"], OrderStatus.DELIVERED),
        (["canceled", "canceled"], OrderStatus.CANCELLED),
    ],
)
def test_the_unit_that_has_come_least_far_says_where_the_order_stands(statuses: list[str], stands: OrderStatus) -> None:
    found = read(*(unit(4101 + place, status) for place, status in enumerate(statuses)))[0]
    assert found.status == stands


def test_a_buyer_who_asks_to_cancel_shows_until_it_is_shipped() -> None:
    asked = read(unit(4101, is_cancel_pending=True))[0]
    shipped = read(unit(4101, "shipped", is_cancel_pending=True))[0]
    assert (asked.status, shipped.status) == (OrderStatus.CANCEL_ASKED, OrderStatus.SHIPPED)
    assert asked.ship_by == datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-02-09T22:44:30+08:00", datetime(2018, 2, 9, 14, 44, 30, tzinfo=UTC)),
        ("2014-10-15 18:36:05 +0800", datetime(2014, 10, 15, 10, 36, 5, tzinfo=UTC)),
        ("1413786247000", datetime(2014, 10, 20, 6, 24, 7, tzinfo=UTC)),
        (1697193374592, datetime(2023, 10, 13, 10, 36, 14, 592000, tzinfo=UTC)),
        (1603698638, datetime(2020, 10, 26, 7, 50, 38, tzinfo=UTC)),
        ("", None),
        ("null", None),
        (0, None),
    ],
)
def test_a_time_is_read_in_each_of_its_spellings(text: Any, expected: datetime | None) -> None:
    assert parse.when(text) == expected


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"price": "a lot"}, "'a lot' is not an amount"),
        ({"price": None}, "None is not an amount"),
        ({"created_at": "yesterday"}, "'yesterday' is no time"),
        ({"created_at": "2026-11-20 10:00:00"}, "'2026-11-20 10:00:00' has no time zone"),
        ({"updated_at": ""}, "a time that every row has is missing"),
        ({"order_id": 0}, "order_id is empty"),
    ],
)
def test_an_order_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    [bad] = read(unit(4101), **changed)
    assert isinstance(bad, BadRow)
    assert (bad.kind, bad.reason, bad.external_id) == ("order", reason, "4100")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "teleported"}, "the field 'teleported' is missing or has a new value"),
        ({"currency": "ringgit"}, "'ringgit' is not a three-letter currency code"),
        ({"sla_time_stamp": "soon"}, "'soon' is no time"),
        ({"item_price": "nan"}, "'nan' is not a finite amount"),
    ],
)
def test_a_unit_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    [bad] = read(unit(4101, **changed))
    assert isinstance(bad, BadRow)
    assert bad.reason == reason


def test_a_price_with_commas_is_read() -> None:
    assert read(unit(4101), price="1,106.00")[0].total == Decimal("1106.00")


def test_one_order_can_be_read_again_and_an_unknown_one_is_none() -> None:
    outside = Outside({
        "/order/get": lambda query: {"data": row()} if query["order_id"] == "4100" else refusal("16"),
        "/order/items/get": items(unit(4101)),
    })  # fmt: skip
    found = shop(outside).fetch(Order, "4100")
    assert found is not None
    assert (found.external_id, found.status) == ("4100", OrderStatus.TO_SHIP)
    assert shop(outside).fetch(Order, "4200") is None
    with pytest.raises(CannotDo):
        shop(outside).fetch(Payment, "x")


SCANS = {
    "result": {
        "success": True,
        "module": [
            {
                "package_detail_info_list": [
                    {
                        "ofc_package_id": "FP1",
                        "tracking_number": "T1",
                        "logistic_detail_info_list": [
                            {"event_time": (CREATED + 100) * 1000, "status_code": "1200"},
                            {"event_time": (CREATED + 500) * 1000, "status_code": "1300"},
                        ],
                    },
                    {
                        "ofc_package_id": "FP2",
                        "tracking_number": "T2",
                        "logistic_detail_info_list": [{"event_time": (CREATED + 900) * 1000}],
                    },
                ]
            }
        ],
    }
}


def test_quiet_parcels_are_asked_for_their_last_scan() -> None:
    shipped = unit(4101, "shipped", package_id="FP1", tracking_code="T1")
    outside = Outside({
        LIST: {"data": {"count": 1, "countTotal": 1, "orders": [row()]}},
        UNITS: {"data": [{"order_id": 4100, "order_items": [shipped]}]},
        "/logistic/order/trace": SCANS,
    })  # fmt: skip
    [page] = shop(outside).pull("quiet_parcels", "")
    [parcel] = page.records
    assert isinstance(parcel, Shipment)
    assert parcel.status == ShipmentStatus.IN_TRANSIT
    assert parcel.shipped_at == datetime.fromtimestamp(CREATED + 100, UTC)
    assert parcel.last_scan_at == datetime.fromtimestamp(CREATED + 500, UTC)
    asked = outside.one(LIST)
    assert (asked["status"], asked["update_before"]) == ("shipped", (NOW - timedelta(days=2)).isoformat())


def test_a_parcel_that_cannot_be_traced_costs_no_other() -> None:
    shipped = unit(4101, "shipped", package_id="FP1")
    outside = Outside({
        LIST: {"data": {"count": 1, "countTotal": 1, "orders": [row()]}},
        UNITS: {"data": [{"order_id": 4100, "order_items": [shipped]}]},
        "/logistic/order/trace": refusal("X", "no such trade order"),
    })  # fmt: skip
    [page] = shop(outside).pull("quiet_parcels", "")
    assert [type(one) for one in page.records] == [BadRow]


def test_a_lost_connection_is_passed_on_to_the_next_turn() -> None:
    with pytest.raises(Retry):
        list(shop(Outside({LIST: httpx.ReadTimeout("slow")})).pull("orders", recent()))
