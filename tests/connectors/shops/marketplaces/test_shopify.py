"""Shopify: every document against the published schemas, costs, the layers of errors, refunds with their key."""

import base64
import gzip
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from graphql import build_client_schema, validate
from graphql import parse as parse_document

from connectors.base import CannotDo, Connector, NotApproved, Reconnect, Refreshes, Refused, Retry, Unknown, closed_gate
from connectors.http import Reply
from connectors.money import Money
from connectors.operations import ArrangeShipment, CancelOrder, DecideReturn, Operation, RefundPayment, SendMessage
from connectors.shops.marketplaces.shopify import Shopify, mutations, parse, queries
from connectors.shops.marketplaces.shopify.client import budget, sort
from connectors.shops.reading import read_rows
from connectors.types import (
    BadRow,
    Customer,
    Dispute,
    DisputeStatus,
    Listing,
    Order,
    OrderStatus,
    Payment,
    PaymentKind,
    PaymentStatus,
    Product,
    RefusalReasons,
    Return,
    ReturnStatus,
    Review,
    Shipment,
    ShipmentStatus,
    Sight,
    StockLevel,
)
from tests.connectors.shops.stand import NOW, SHARED, open_with, permit, reply

KEYS = {"access_token": "shpat_secret", "client_id": "id", "client_secret": "hush", "refresh_token": "old"}
DOCUMENTS = {
    name: text
    for name, text in {**vars(queries), **vars(mutations)}.items()
    if name.isupper() and isinstance(text, str) and text.startswith(("query ", "mutation "))
}
GID = "gid://shopify/Order/1"


@pytest.fixture(scope="module", params=["2026-01", "2026-04", "2026-07", "2026-10"])
def schema(request: pytest.FixtureRequest) -> Any:
    path = SHARED / "contracts" / "shopify" / f"admin_{request.param}.json.gz"
    if not path.exists():
        pytest.skip(f"the published schema is not here ({path})")
    with gzip.open(path) as text:
        return build_client_schema(orjson.loads(text.read())["data"], assume_valid=True)


def test_every_document_fits_the_published_schema(schema: Any) -> None:
    errors = {name: validate(schema, parse_document(text)) for name, text in DOCUMENTS.items()}
    assert {name: found for name, found in errors.items() if found} == {}
    assert len(DOCUMENTS) == 53


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def order(**changed: Any) -> dict[str, Any]:
    return {
        "id": GID,
        "name": "#1001",
        "createdAt": "2026-11-20T01:00:00Z",
        "updatedAt": "2026-11-20T02:00:00Z",
        "processedAt": "2026-11-20T01:00:00Z",
        "closedAt": None,
        "cancelledAt": None,
        "cancelReason": None,
        "email": "ann@example.com",
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "returnStatus": "NO_RETURN",
        "currencyCode": "USD",
        "paymentGatewayNames": ["stripe"],
        "totalPriceSet": money("40.00"),
        "currentTotalPriceSet": money("40.00"),
        "totalRefundedSet": money("0.0"),
        "shippingAddress": {"countryCodeV2": "US"},
        "risk": {"recommendation": "INVESTIGATE", "assessments": [{"riskLevel": "LOW"}, {"riskLevel": "MEDIUM"}]},
        "customer": {
            "id": "gid://shopify/Customer/9",
            "displayName": "Ann",
            "numberOfOrders": "4",
            "tags": ["VIP"],
            "amountSpent": {"amount": "512.5", "currencyCode": "USD"},
            "defaultEmailAddress": {"emailAddress": "ann@example.com"},
            "defaultPhoneNumber": None,
        },
        "lineItems": {
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "nodes": [
                {
                    "id": "gid://shopify/LineItem/5",
                    "sku": "LAMP",
                    "title": "Lamp",
                    "variantTitle": "Red",
                    "quantity": 2,
                    "currentQuantity": 1,
                    "refundableQuantity": 1,
                    "unfulfilledQuantity": 1,
                    "discountedUnitPriceAfterAllDiscountsSet": money("20.00"),
                    "variant": {"id": "gid://shopify/ProductVariant/3"},
                }
            ],
        },
        "transactions": [
            {
                "id": "gid://shopify/OrderTransaction/7",
                "kind": "SALE",
                "status": "SUCCESS",
                "gateway": "stripe",
                "createdAt": "2026-11-20T01:00:05Z",
                "amountSet": money("40.00"),
                "parentTransaction": None,
            }
        ],
        "refunds": [],
        "fulfillments": [],
        "fulfillmentOrders": {"nodes": [{"status": "OPEN", "fulfillBy": "2026-11-22T00:00:00Z"}]},
        **changed,
    }


SHIPPED = {
    "id": "gid://shopify/Fulfillment/8",
    "status": "SUCCESS",
    "displayStatus": "IN_TRANSIT",
    "createdAt": "2026-11-20T05:00:00Z",
    "updatedAt": "2026-11-20T05:00:00Z",
    "inTransitAt": "2026-11-20T06:00:00Z",
    "deliveredAt": None,
    "estimatedDeliveryAt": "2026-11-25T00:00:00Z",
    "trackingInfo": [{"company": "UPS", "number": "1Z"}],
    "events": {"nodes": [{"happenedAt": "2026-11-20T09:00:00Z", "status": "IN_TRANSIT"}]},
}


COUNT_UNKNOWN = {"ordersCount": {"count": 10_000, "precision": "AT_LEAST"}}


class Outside:
    """Answers by the operation's name, and keeps variables."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.documents: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("graphql.json"):
            self.calls.append((request.url.path, orjson.loads(request.content)))
            return reply(self.answers["token"])
        body = orjson.loads(request.content)
        name = body["query"].split(None, 1)[1].partition("(")[0].partition(" ")[0].strip()
        self.calls.append((name, body["variables"]))
        self.documents.append(body["query"])
        answer = self.answers.get(name, COUNT_UNKNOWN) if name == "OrdersCount" else self.answers[name]
        found = answer(body["variables"]) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply({"data": found})

    def named(self, name: str) -> list[dict[str, Any]]:
        return [variables for called, variables in self.calls if called == name]


def shop(outside: Outside, **account: Any) -> Connector:
    return open_with(outside, "shopify", KEYS, currency="USD", **account)


def failed(code: str, data: Any = None, **extensions: Any) -> httpx.Response:
    return reply(
        {"data": data, "errors": [{"message": "said", "extensions": {"code": code}}], "extensions": extensions}
    )


def page_of(*nodes: Any, after: str | None = None, root: str = "orders") -> dict[str, Any]:
    return {root: {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "nodes": list(nodes)}}


def test_an_order_brings_its_buyer_payments_and_parcels() -> None:
    item = order(fulfillments=[SHIPPED], displayFulfillmentStatus="FULFILLED")
    customer, found, paid, parcel = read_rows("order", [item], parse.order, "id")
    assert isinstance(customer, Customer)
    assert (customer.orders_count, customer.lifetime_value, customer.is_vip) == (4, Decimal("512.5"), True)
    assert isinstance(found, Order)
    assert (found.number, found.status, found.total) == ("#1001", OrderStatus.SHIPPED, Decimal("40.00"))
    assert (found.ship_by, found.risk, found.country) == (datetime(2026, 11, 22, tzinfo=UTC), "medium", "US")
    [line] = found.lines
    assert (line.sku, line.title, line.quantity, line.cancelled_quantity) == ("LAMP", "Lamp (Red)", 2, 1)
    assert isinstance(paid, Payment)
    assert (paid.kind, paid.status, paid.order_ref, paid.order_number) == (
        PaymentKind.CHARGE,
        PaymentStatus.SUCCEEDED,
        GID,
        "#1001",
    )
    assert isinstance(parcel, Shipment)
    assert (parcel.status, parcel.tracking_number) == (ShipmentStatus.IN_TRANSIT, "1Z")
    assert parcel.last_scan_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, OrderStatus.TO_SHIP),
        ({"displayFinancialStatus": "PENDING"}, OrderStatus.UNPAID),
        ({"displayFulfillmentStatus": "ON_HOLD"}, OrderStatus.ON_HOLD),
        ({"cancelledAt": "2026-11-20T03:00:00Z"}, OrderStatus.CANCELLED),
        ({"returnStatus": "RETURN_REQUESTED"}, OrderStatus.RETURNING),
        (
            {
                "displayFulfillmentStatus": "FULFILLED",
                "fulfillments": [{**SHIPPED, "deliveredAt": "2026-11-21T00:00:00Z"}],
            },
            OrderStatus.DELIVERED,
        ),
    ],
)
def test_the_channels_states_become_one_status(changed: dict[str, Any], status: OrderStatus) -> None:
    found = next(row for row in read_rows("order", [order(**changed)], parse.order, "id") if isinstance(row, Order))
    assert found.status is status


@pytest.mark.parametrize(
    "changed",
    [
        {"displayFulfillmentStatus": "BEAMED"},
        {"totalPriceSet": money("NaN")},
        {"totalPriceSet": None},
        {"updatedAt": "2026-11-20"},
        {"currencyCode": None},
        {"lineItems": {"nodes": [{"id": 1}]}},
    ],
)
def test_a_row_that_cannot_be_read_is_kept_with_its_reason(changed: dict[str, Any]) -> None:
    rows = read_rows("order", [order(**changed), order(id="GOOD")], parse.order, "id")
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert len(bad) == 1
    assert bad[0].reason
    assert any(isinstance(row, Order) and row.external_id == "GOOD" for row in rows)


def test_a_refund_carries_back_the_key_of_our_write() -> None:
    sale = order()["transactions"][0]
    refund = {
        **sale,
        "id": "gid://shopify/OrderTransaction/8",
        "kind": "REFUND",
        "parentTransaction": {"id": sale["id"]},
    }
    noted = {"id": "r", "note": "broken lamp [intent-0001]", "transactions": {"nodes": [{"id": refund["id"]}]}}
    rows = read_rows("order", [order(transactions=[sale, refund], refunds=[noted])], parse.order, "id")
    keys = {row.external_id: row.action_key for row in rows if isinstance(row, Payment)}
    assert keys == {sale["id"]: "", refund["id"]: "intent-0001"}


def test_orders_are_read_in_the_order_of_change_and_resumed_by_cursor() -> None:
    outside = Outside(
        Orders=lambda given: page_of(order(), after="c1") if not given["after"] else page_of(order(id="2"))
    )
    first, last = shop(outside).pull("orders", "")
    assert (first.is_last, last.is_last) == (False, True)
    assert (
        "updated_at:>='2026-09-22T08:00:00Z' AND updated_at:<='2026-11-21T08:00:00Z'"
        in outside.named("Orders")[0]["query"]
    )
    outside.calls.clear()
    [resumed] = shop(outside).pull("orders", first.cursor)
    assert outside.named("Orders")[0]["after"] == "c1"
    assert resumed.cursor == last.cursor
    outside.calls.clear()
    list(shop(outside).pull("orders", last.cursor))
    assert "updated_at:>='2026-11-21T07:50:00Z'" in outside.named("Orders")[0]["query"]


def test_the_source_is_counted_after_the_window_was_read() -> None:
    outside = Outside(Orders=page_of(order()), OrdersCount={"ordersCount": {"count": 3, "precision": "EXACT"}})
    [page] = shop(outside).pull("orders", "")
    assert (page.seen, page.count_at_source) == (1, 3)
    assert [name for name, _ in outside.calls] == ["Orders", "OrdersCount"]
    assert outside.named("OrdersCount")[0]["query"] == outside.named("Orders")[0]["query"]


def test_a_page_that_is_too_dear_is_asked_for_in_halves() -> None:
    outside = Outside(Orders=lambda given: page_of(order()) if given["first"] <= 25 else failed("MAX_COST_EXCEEDED"))
    list(shop(outside).pull("orders", ""))
    assert [given["first"] for given in outside.named("Orders")] == [100, 50, 25]


def test_lines_beyond_the_page_are_read_too() -> None:
    item = order()
    item["lineItems"]["pageInfo"] = {"hasNextPage": True, "endCursor": "l1"}
    more = {
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [{**item["lineItems"]["nodes"][0], "id": "L2"}],
    }
    outside = Outside(Orders=page_of(item), OrderLines={"order": {"lineItems": more}})
    [page] = shop(outside).pull("orders", "")
    found = next(row for row in page.records if isinstance(row, Order))
    assert [line.external_id for line in found.lines] == ["gid://shopify/LineItem/5", "L2"]


def test_a_search_that_shopify_ignored_is_an_error_and_no_page() -> None:
    body = {
        "data": page_of(order()),
        "extensions": {"search": [{"warnings": [{"field": "updated_att", "message": "?"}]}]},
    }
    with pytest.raises(Refused) as caught:
        list(shop(Outside(Orders=reply(body))).pull("orders", ""))
    assert caught.value.code == "search_warning"


def test_an_answer_of_another_version_is_refused() -> None:
    answer = httpx.Response(200, json={"data": page_of()}, headers={"X-Shopify-API-Version": "2027-01"})
    with pytest.raises(Refused, match="2027-01"):
        list(shop(Outside(Orders=answer)).pull("orders", ""))


def test_throttling_tells_how_long_the_bucket_needs() -> None:
    cost = {
        "requestedQueryCost": 500,
        "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 300, "restoreRate": 100},
    }
    with pytest.raises(Retry) as caught:
        list(shop(Outside(Orders=failed("THROTTLED", cost=cost))).pull("orders", ""))
    assert caught.value.after_seconds == 2.0


def test_the_allowance_is_read_from_every_reply() -> None:
    status = {"maximumAvailable": 2000, "currentlyAvailable": 1500, "restoreRate": 100}
    body = orjson.dumps({"data": {}, "extensions": {"cost": {"throttleStatus": status}}})
    told = budget(Reply(200, {}, body))
    assert told is not None
    assert (told.available, told.capacity, told.per_second) == (1500, 2000, 100)
    assert budget(Reply(200, {}, b'{"data": {}}')) is None


def test_buyer_data_that_is_not_allowed_comes_as_null_beside_the_rest() -> None:
    outside = Outside(Orders=failed("ACCESS_DENIED", data=page_of(order(customer=None, email=None))))
    [page] = shop(outside).pull("orders", "")
    assert [type(row) for row in page.records] == [Order, Payment]


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (200, {"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, Retry, Unknown),
        (200, {"errors": [{"message": "x", "extensions": {"code": "BAD_REQUEST"}}]}, Refused, Refused),
        (200, {"errors": [{"message": "x", "extensions": {"code": "THROTTLED"}}]}, Retry, Retry),
        (200, {"errors": "Not Found"}, Refused, Refused),
        (429, {}, Retry, Retry),
        (423, {}, Reconnect, Reconnect),
    ],
)
def test_the_layers_of_errors_are_sorted(status: int, body: Any, read: type, write: type) -> None:
    for is_write, kind in ((False, read), (True, write)):
        error = sort(Reply(status, {}, orjson.dumps(body), is_write), is_write=is_write)
        assert type(error) is kind


def test_returns_are_read_through_their_orders() -> None:
    line = {
        "id": "RL",
        "quantity": 1,
        "customerNote": "broken",
        "returnReasonNote": "",
        "returnReasonDefinition": {"handle": "defective", "name": "Defective"},
        "withCodeDiscountedTotalPriceSet": money("20.00"),
        "fulfillmentLineItem": {"lineItem": {"sku": "LAMP"}},
    }
    item = {
        "id": "gid://shopify/Return/4",
        "name": "#1001-R1",
        "status": "REQUESTED",
        "totalQuantity": 1,
        "createdAt": "2026-11-20T01:00:00Z",
        "returnLineItems": {"nodes": [line]},
        "order": {"id": GID, "updatedAt": "2026-11-20T02:00:00Z", "currencyCode": "USD"},
    }
    outside = Outside(Returns=page_of({"id": GID, "returns": {"nodes": [item]}}), Return={"return": item})
    connector = shop(outside)
    [page] = connector.pull("returns", "")
    [found] = page.records
    assert isinstance(found, Return)
    assert (found.status, found.reason, found.text, found.amount) == (
        ReturnStatus.ASKED,
        "defective",
        "broken",
        Decimal("20.00"),
    )
    assert "return_status:return_requested" in outside.named("Returns")[0]["query"]
    assert connector.fetch(Return, "gid://shopify/Return/4") == found


def test_a_return_may_be_declined_for_the_reasons_of_the_schema_without_a_call() -> None:
    outside = Outside()
    found = shop(outside).fetch(RefusalReasons, "gid://shopify/Return/4")
    assert found is not None
    assert [each.code for each in found.reasons] == ["RETURN_PERIOD_ENDED", "FINAL_SALE", "OTHER"]
    assert outside.calls == []


def test_goods_bring_cost_price_and_stock_of_each_place() -> None:
    level = {
        "id": "gid://shopify/InventoryLevel/1?inventory_item_id=2",
        "updatedAt": "2026-11-20T00:00:00Z",
        "location": {"id": "L", "name": "Main"},
        "quantities": [
            {"name": "available", "quantity": 5},
            {"name": "on_hand", "quantity": 8},
            {"name": "committed", "quantity": 3},
        ],
    }
    item = {
        "id": "gid://shopify/ProductVariant/3",
        "sku": "LAMP",
        "title": "Default Title",
        "price": "25.00",
        "updatedAt": "2026-11-20T00:00:00Z",
        "product": {"id": "P", "title": "Lamp", "status": "ACTIVE", "description": ""},
        "inventoryItem": {
            "id": "I",
            "tracked": True,
            "unitCost": {"amount": "9.5", "currencyCode": "USD"},
            "inventoryLevels": {"nodes": [level]},
        },
    }
    [page] = shop(Outside(Goods=page_of(item, root="productVariants"))).pull("goods", "")
    product, listing, stock = page.records
    assert isinstance(product, Product)
    assert isinstance(listing, Listing)
    assert isinstance(stock, StockLevel)
    assert (product.unit_cost, listing.price, listing.title) == (Decimal("9.5"), Decimal("25.00"), "Lamp")
    assert (stock.location, stock.on_hand, stock.reserved) == ("Main", 8, 3)


def test_disputes_are_read_back_to_where_none_is_open() -> None:
    item = {
        "id": "D1",
        "status": "NEEDS_RESPONSE",
        "type": "INQUIRY",
        "initiatedAt": "2026-11-01T00:00:00Z",
        "evidenceDueBy": "2026-11-30T00:00:00Z",
        "evidenceSentOn": None,
        "finalizedOn": None,
        "amount": {"amount": "40.0", "currencyCode": "USD"},
        "reasonDetails": {"reason": "FRAUDULENT"},
        "order": {"id": GID},
    }
    old = {**item, "id": "D2", "initiatedAt": "2025-01-01T00:00:00Z", "type": "CHARGEBACK"}
    outside = Outside(Disputes=page_of(item, old, after="c1", root="disputes"))
    [page] = shop(outside).pull("disputes", "")
    first, second = page.records
    assert isinstance(first, Dispute)
    assert isinstance(second, Dispute)
    assert (first.status, second.status) == (DisputeStatus.WARNING, DisputeStatus.NEEDS_RESPONSE)


REFUND = RefundPayment(order_ref=GID, amount=Money(Decimal("12.50"), "USD"), note="broken lamp")
NO_REFUNDS: dict[str, Any] = {"order": {"refunds": []}}


def suggested(*parts: tuple[str, str], presentment: str = "USD") -> dict[str, Any]:
    def bag(amount: str) -> dict[str, Any]:
        return {**money(amount), "presentmentMoney": {"amount": amount, "currencyCode": presentment}}

    rows = [
        {
            "gateway": "stripe",
            "kind": "SUGGESTED_REFUND",
            "amountSet": bag(amount),
            "maximumRefundableSet": bag(amount),
            "parentTransaction": {"id": parent},
        }
        for parent, amount in parts
    ]
    return {
        "order": {
            "currencyCode": "USD",
            "presentmentCurrencyCode": presentment,
            "suggestedRefund": {"suggestedTransactions": rows},
        }
    }


def refunded(status: str = "SUCCESS") -> dict[str, Any]:
    made = {"id": "gid://shopify/Refund/1", "transactions": {"nodes": [{"id": "t", "status": status}]}}
    return {"refundCreate": {"refund": made, "userErrors": []}}


def test_a_refund_moves_money_over_the_payments_it_goes_back_to() -> None:
    outside = Outside(
        Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "10.00"), ("p2", "30.00")), RefundCreate=refunded()
    )
    receipt = shop(outside).perform(REFUND, permit())
    [given] = outside.named("RefundCreate")
    assert given["key"] == "intent-0001"
    assert given["input"]["note"] == "broken lamp [intent-0001]"
    assert [(row["parentId"], row["amount"], row["kind"]) for row in given["input"]["transactions"]] == [
        ("p1", "10.00", "REFUND"),
        ("p2", "2.50", "REFUND"),
    ]
    assert given["input"]["allowOverRefunding"] is False
    assert "@idempotent(key: $key)" in outside.documents[-1]
    assert (receipt.reference, receipt.is_final) == ("gid://shopify/Refund/1", True)


def test_a_pending_refund_is_not_final() -> None:
    outside = Outside(Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "40.00")), RefundCreate=refunded("PENDING"))
    assert not shop(outside).perform(REFUND, permit()).is_final


def test_a_refund_that_our_key_already_made_is_not_made_again() -> None:
    done = {"order": {"refunds": [{"id": "r9", "note": "x [intent-0001]", "transactions": {"nodes": []}}]}}
    outside = Outside(Refunds=done)
    receipt = shop(outside).perform(REFUND, permit())
    assert (receipt.reference, receipt.is_replay) == ("r9", True)
    assert outside.named("RefundCreate") == []


@pytest.mark.parametrize(("amount", "currency"), [("41.00", "USD"), ("5.00", "EUR"), ("5.005", "USD")])
def test_a_refund_that_cannot_be_exact_is_refused_before_it_is_sent(amount: str, currency: str) -> None:
    outside = Outside(Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "40.00")))
    with pytest.raises(Refused):
        shop(outside).perform(RefundPayment(order_ref=GID, amount=Money(Decimal(amount), currency)), permit())
    assert outside.named("RefundCreate") == []


def test_a_refund_in_the_buyers_currency_names_it() -> None:
    outside = Outside(
        Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "40.00"), presentment="EUR"), RefundCreate=refunded()
    )
    shop(outside).perform(RefundPayment(order_ref=GID, amount=Money(Decimal(5), "EUR")), permit())
    assert outside.named("RefundCreate")[0]["input"]["currency"] == "EUR"


USER_ERROR = {"field": ["input"], "message": "Refund amount $25.00 is greater than net payment received $15.00"}


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ({"refundCreate": {"refund": None, "userErrors": [USER_ERROR]}}, Refused),
        (
            {
                "refundCreate": {
                    "refund": None,
                    "userErrors": [{**USER_ERROR, "code": "IDEMPOTENCY_CONCURRENT_REQUEST"}],
                }
            },
            Unknown,
        ),
        (
            {
                "refundCreate": {
                    "refund": None,
                    "userErrors": [{**USER_ERROR, "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}],
                }
            },
            Unknown,
        ),
        ({"refundCreate": None}, Unknown),
        (failed("INTERNAL_SERVER_ERROR"), Unknown),
        (failed("THROTTLED"), Retry),
        (failed("BAD_REQUEST"), Refused),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.Response(200, text="<html>"), Unknown),
        (httpx.Response(502), Unknown),
        (httpx.ConnectError("refused"), Retry),
        (httpx.Response(401), Reconnect),
    ],
)
def test_each_ending_of_a_refund_is_sorted_and_sent_once(ending: Any, kind: type[Exception]) -> None:
    outside = Outside(Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "40.00")), RefundCreate=ending)
    with pytest.raises(kind):
        shop(outside).perform(REFUND, permit())
    assert len(outside.named("RefundCreate")) == 1


def test_no_write_leaves_without_an_approval() -> None:
    outside = Outside(Refunds=NO_REFUNDS, SuggestedRefund=suggested(("p1", "40.00")))
    with pytest.raises(NotApproved):
        shop(outside, gate=closed_gate).perform(REFUND, permit())
    assert outside.named("RefundCreate") == []


def state(**changed: Any) -> dict[str, Any]:
    return {"order": {"cancelledAt": None, "displayFulfillmentStatus": "UNFULFILLED", "fulfillments": [], **changed}}


def test_a_cancellation_is_a_job_that_ends_later() -> None:
    job = {"orderCancel": {"job": {"id": "j1", "done": False}, "orderCancelUserErrors": []}}
    outside = Outside(OrderCancel=job)
    receipt = shop(outside).perform(CancelOrder(order_ref=GID, reason="out_of_stock", should_refund=False), permit())
    [given] = outside.named("OrderCancel")
    assert (given["reason"], given["refund"], given["restock"], given["notify"]) == ("INVENTORY", False, True, True)
    assert (receipt.reference, receipt.is_final) == ("j1", False)


def test_a_refused_cancellation_of_a_cancelled_order_is_a_replay() -> None:
    refused = {
        "orderCancel": {"job": None, "orderCancelUserErrors": [{"field": None, "message": "no", "code": "INVALID"}]}
    }
    outside = Outside(OrderCancel=refused, OrderState=state(cancelledAt="2026-11-20T00:00:00Z"))
    assert shop(outside).perform(CancelOrder(order_ref=GID, reason="fraud"), permit()).is_replay


@pytest.mark.parametrize(
    "operation",
    [
        CancelOrder(order_ref=GID, reason="out_of_stock", lines=(("5", 1),)),
        DecideReturn(return_ref="R", decision="offer", amount=Money(Decimal(5), "USD")),
        SendMessage(to="a@b.c", text="x"),
    ],
)
def test_what_shopify_lacks_is_done_by_hand_and_nothing_is_sent(operation: Operation) -> None:
    outside = Outside()
    with pytest.raises(CannotDo):
        shop(outside).perform(operation, permit())
    assert outside.calls == []


def test_a_return_request_is_approved_or_declined_with_a_reason() -> None:
    answer = {"return": {"id": "R", "status": "OPEN"}, "userErrors": []}
    outside = Outside(ReturnApprove={"returnApproveRequest": answer}, ReturnDecline={"returnDeclineRequest": answer})
    shop(outside).perform(DecideReturn(return_ref="R", decision="accept"), permit())
    shop(outside).perform(
        DecideReturn(return_ref="R", decision="reject", reason_code="FINAL_SALE", text="final sale"), permit()
    )
    assert outside.named("ReturnApprove") == [{"input": {"id": "R", "notifyCustomer": True}}]
    assert outside.named("ReturnDecline") == [
        {"input": {"id": "R", "declineReason": "FINAL_SALE", "declineNote": "final sale"}}
    ]


def test_a_shipment_covers_what_waits_and_carries_its_tracking() -> None:
    waiting = {
        "order": {"fulfillmentOrders": {"nodes": [{"id": "f1", "status": "OPEN"}, {"id": "f2", "status": "CLOSED"}]}}
    }
    made = {"fulfillmentCreate": {"fulfillment": {"id": "F", "status": "SUCCESS"}, "userErrors": []}}
    outside = Outside(FulfillmentOrders=waiting, FulfillmentCreate=made)
    operation = ArrangeShipment(order_ref=GID, method="own_courier", carrier="UPS", tracking_number="1Z")
    assert shop(outside).perform(operation, permit()).reference == "F"
    assert outside.named("FulfillmentCreate")[0]["fulfillment"] == {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": "f1"}],
        "notifyCustomer": True,
        "trackingInfo": {"company": "UPS", "number": "1Z"},
    }


PARCEL = {"id": "F", "status": "SUCCESS", "trackingInfo": [{"number": "1Z"}]}


@pytest.mark.parametrize(
    ("operation", "answers", "sight"),
    [
        (REFUND, {"Refunds": NO_REFUNDS}, Sight.ABSENT),
        (
            REFUND,
            {
                "Refunds": {
                    "order": {"refunds": [{"id": "r", "note": "x [intent-0001]", "transactions": {"nodes": []}}]}
                }
            },
            Sight.SEEN,
        ),
        (CancelOrder(order_ref=GID, reason="fraud"), {"OrderState": state()}, Sight.ABSENT),
        (
            CancelOrder(order_ref=GID, reason="fraud"),
            {"OrderState": state(cancelledAt="2026-11-20T00:00:00Z")},
            Sight.SEEN,
        ),
        (
            ArrangeShipment(order_ref=GID, tracking_number="1Z"),
            {"OrderState": state(fulfillments=[PARCEL])},
            Sight.SEEN,
        ),
        (
            ArrangeShipment(order_ref=GID, tracking_number="2Z"),
            {"OrderState": state(fulfillments=[PARCEL])},
            Sight.ABSENT,
        ),
        (ArrangeShipment(order_ref=GID), {"OrderState": state(displayFulfillmentStatus="FULFILLED")}, Sight.SEEN),
        (
            DecideReturn(return_ref="R", decision="accept"),
            {"Return": {"return": {"status": "REQUESTED"}}},
            Sight.ABSENT,
        ),
        (DecideReturn(return_ref="R", decision="accept"), {"Return": {"return": {"status": "OPEN"}}}, Sight.SEEN),
        (DecideReturn(return_ref="R", decision="reject"), {"Return": {"return": {"status": "OPEN"}}}, Sight.UNCLEAR),
    ],
)
def test_a_probe_reads_the_state(operation: Operation, answers: dict[str, Any], sight: Sight) -> None:
    seen = shop(Outside(**answers)).probe(operation, "intent-0001", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


def test_single_records_can_be_read_again() -> None:
    sale = {**order()["transactions"][0], "order": {"id": GID, "name": "#1001"}}
    outside = Outside(
        Order={"order": order()},
        Shipment={"fulfillment": {**SHIPPED, "order": {"id": GID}}},
        Transaction={"node": sale},
    )
    connector = shop(outside)
    found = connector.fetch(Order, GID), connector.fetch(Shipment, "F"), connector.fetch(Payment, "t")
    assert [type(row) for row in found] == [Order, Shipment, Payment]
    outside.answers["Order"] = {"order": None}
    assert connector.fetch(Order, GID) is None
    with pytest.raises(CannotDo):
        connector.fetch(Review, "x")


def test_the_token_pair_is_traded_whole() -> None:
    outside = Outside(token={"access_token": "new", "refresh_token": "newer", "expires_in": 3600, "scope": "x"})
    connector = shop(outside)
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.credentials == {**KEYS, "access_token": "new", "refresh_token": "newer"}
    assert renewed.expires_at == NOW + timedelta(hours=1)


def test_a_webhook_is_signed_as_in_the_known_answer() -> None:
    body, sign = b'{"foo": "bar"}', "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="
    check: Callable[..., bool] = Shopify.verify
    assert check(body, {"x-shopify-hmac-sha256": sign}, "", ("test_secret_key",), NOW)
    assert check(body, {"x-shopify-hmac-sha256": sign}, "", ("new", "test_secret_key"), NOW)
    assert not check(body + b" ", {"x-shopify-hmac-sha256": sign}, "", ("test_secret_key",), NOW)
    assert not check(body, {}, "", ("test_secret_key",), NOW)
    assert base64.b64encode(hmac.new(b"test_secret_key", body, hashlib.sha256).digest()).decode() == sign


def test_a_webhook_names_its_delivery_and_the_feed_that_it_touches() -> None:
    headers = {"x-shopify-webhook-id": "w1", "x-shopify-topic": "refunds/create"}
    assert (Shopify.event_id(b"{}", headers), Shopify.touched(b"{}", headers)) == ("w1", ("orders",))
    assert Shopify.touched(b"{}", {"x-shopify-topic": "app/uninstalled"}) == ()
