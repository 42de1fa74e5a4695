"""Amazon's lists: windows and tokens, what each row becomes, money that is counted once, and errors that look alike."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, Reconnect, Refreshes, Refused, Retry
from connectors.consent import Identifies
from connectors.registry import open_connector
from connectors.shops.marketplaces.amazon import Amazon
from connectors.shops.marketplaces.amazon.reads import Mark
from connectors.types import (
    Account,
    BadRow,
    Listing,
    Order,
    OrderStatus,
    Payment,
    Payout,
    Product,
    Record,
    Return,
    SettlementLine,
    Shipment,
    ShipmentStatus,
    StockLevel,
)
from tests.connectors.shops.marketplaces.amazon.outside import (
    KEYS,
    US,
    Outside,
    listing,
    order,
    posted,
    refusal,
    shop,
    standing,
    transaction,
)
from tests.connectors.shops.stand import NOW, reply

ORDERS, MONEY = "GET /orders/2026-01-01/orders", "GET /finances/2024-06-19/transactions"


def rows(outside: Outside, feed: str, cursor: str = "") -> list[Record | BadRow]:
    return [row for page in shop(outside).pull(feed, cursor) for row in page.records]


def one(outside: Outside, feed: str = "orders") -> Any:
    return rows(outside, feed)[0]


def test_an_order_is_read_whole() -> None:
    found = one(Outside({ORDERS: {"orders": [order()]}}))
    assert isinstance(found, Order)
    assert (found.number, found.status, found.platform_status) == (
        "114-1234567-1234567", OrderStatus.TO_SHIP, "UNSHIPPED",
    )  # fmt: skip
    assert (found.total, found.currency, found.refunded) == (Decimal("45.80"), "USD", None)
    assert found.ship_by == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert (found.customer_email, found.country, found.region) == ("x1@marketplace.amazon.com", "US", "TX")
    [line] = found.lines
    assert (line.external_id, line.sku, line.quantity, line.unit_price) == ("11", "LAMP", 2, Decimal("19.90"))


def test_the_search_asks_for_what_changed_and_ends_two_minutes_ago() -> None:
    outside = Outside({ORDERS: {"orders": []}})
    pages = list(shop(outside).pull("orders", ""))
    [asked] = outside.asked("/orders")
    assert asked["lastUpdatedAfter"] == (NOW - timedelta(days=30, minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert datetime.fromisoformat(asked["lastUpdatedBefore"]) <= NOW - timedelta(minutes=2)
    assert (asked["marketplaceIds"], asked["maxResultsPerPage"]) == (US, "100")
    assert set(asked["includedData"].split(",")) >= {"BUYER", "PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES"}
    assert (pages[-1].is_last, Mark.read(pages[-1].cursor, NOW).since) == (True, asked["lastUpdatedBefore"])


def test_every_page_asks_with_the_same_parameters() -> None:
    answers = [{"orders": [order("A")], "pagination": {"nextToken": "next"}}, {"orders": [order("B")]}]
    outside = Outside({ORDERS: answers})
    pages = list(shop(outside).pull("orders", ""))
    first, second = outside.asked("/orders")
    assert second == {**first, "paginationToken": "next"}
    assert [row.external_id for page in pages for row in page.records] == ["A", "B"]
    assert [page.is_last for page in pages] == [False, True]


def half_read(hours_ago: float) -> str:
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    return str(Mark("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "kept", at))


def test_a_window_that_was_left_half_read_goes_on_with_its_token() -> None:
    outside = Outside({ORDERS: {"orders": []}})
    list(shop(outside).pull("orders", half_read(2)))
    first, rest = outside.asked("/orders")
    assert (first["paginationToken"], first["lastUpdatedAfter"], first["lastUpdatedBefore"]) == (
        "kept", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z",
    )  # fmt: skip
    assert (rest["lastUpdatedAfter"], "paginationToken" in rest) == ("2026-11-20T23:50:00Z", False)


def test_a_token_older_than_a_day_is_not_used() -> None:
    outside = Outside({ORDERS: {"orders": []}})
    list(shop(outside).pull("orders", half_read(25)))
    [asked] = outside.asked("/orders")
    assert "paginationToken" not in asked
    assert asked["lastUpdatedAfter"] == "2026-11-19T23:50:00Z"


def test_a_token_that_amazon_refuses_begins_its_window_again() -> None:
    outside = Outside({ORDERS: [refusal("InvalidInput", "The token has expired"), {"orders": [order()]}]})
    found = list(shop(outside).pull("orders", half_read(2)))
    assert [row.external_id for row in found[0].records] == ["114-1234567-1234567"]
    assert "paginationToken" not in outside.asked("/orders")[1]


def test_a_list_that_does_not_move_on_is_no_end() -> None:
    outside = Outside({ORDERS: {"orders": [], "pagination": {"nextToken": "same"}}})
    with pytest.raises(Retry, match="does not move on"):
        list(shop(outside).pull("orders", ""))


@pytest.mark.parametrize("body", [{}, {"orders": None}, {"orders": {}}, []])
def test_an_absent_list_is_no_empty_list(body: Any) -> None:
    with pytest.raises(Retry, match="shape may have changed"):
        list(shop(Outside({ORDERS: reply(body)})).pull("orders", ""))


@pytest.mark.parametrize(
    ("status", "stands"),
    [("PENDING", OrderStatus.UNPAID), ("PENDING_AVAILABILITY", OrderStatus.ON_HOLD), ("SHIPPED", OrderStatus.SHIPPED),
     ("PARTIALLY_SHIPPED", OrderStatus.TO_SHIP), ("CANCELLED", OrderStatus.CANCELLED)],
)  # fmt: skip
def test_statuses_in_the_products_words(status: str, stands: OrderStatus) -> None:
    assert one(Outside({ORDERS: {"orders": [standing(status)]}})).status is stands


def test_a_pending_order_has_neither_total_nor_payment() -> None:
    item = standing("PENDING")
    del item["proceeds"], item["orderItems"][0]["product"]["price"], item["buyer"]
    found = one(Outside({ORDERS: {"orders": [item]}}))
    assert (found.total, found.paid_at, found.currency, found.lines[0].quantity) == (None, None, "USD", 2)


def parcel(status: str, ref: str = "1") -> dict[str, Any]:
    return {
        "packageReferenceId": ref, "packageStatus": {"status": status}, "carrier": "UPS", "trackingNumber": "1Z9",
        "shipTime": "2026-11-20T12:00:00Z",
    }  # fmt: skip


def test_parcels_tell_of_the_delivery() -> None:
    item = standing("SHIPPED", packages=[parcel("DELIVERED"), parcel("CANCELLED", "2")])
    found, sent = rows(Outside({ORDERS: {"orders": [item]}}), "orders")
    assert isinstance(found, Order)
    assert isinstance(sent, Shipment)
    assert (found.status, found.shipped_at) == (OrderStatus.DELIVERED, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert (sent.external_id, sent.status, sent.tracking_number) == (
        "114-1234567-1234567/1", ShipmentStatus.DELIVERED, "1Z9",
    )  # fmt: skip


def test_an_unknown_parcel_status_quarantines_the_parcel_alone() -> None:
    item = standing("SHIPPED", packages=[parcel("BEAMED")])
    found, bad = rows(Outside({ORDERS: {"orders": [item]}}), "orders")
    assert isinstance(found, Order)
    assert isinstance(bad, BadRow)
    assert (bad.kind, bad.external_id) == ("shipment", "1")


def test_a_buyer_who_wants_out_is_seen_in_the_items() -> None:
    item = order()
    item["orderItems"][0]["cancellation"] = {"cancellationRequest": {"requester": "BUYER", "cancelReason": "mistake"}}
    found = one(Outside({ORDERS: {"orders": [item]}}))
    assert (found.status, found.cancel_reason) == (OrderStatus.CANCEL_ASKED, "mistake")


def test_what_amazon_ships_is_not_for_the_seller_to_hurry() -> None:
    item = order()
    item["fulfillment"]["fulfilledBy"] = "AMAZON"
    found = one(Outside({ORDERS: {"orders": [item]}}))
    assert (found.ship_by, found.shipping_method) == (None, "fulfilled by Amazon")


def test_one_bad_order_does_not_sink_its_neighbours() -> None:
    outside = Outside({ORDERS: {"orders": [order("A"), {"orderId": "B"}, "C", order("D")]}})
    found = rows(outside, "orders")
    assert [(type(row).__name__, row.external_id) for row in found] == [
        ("Order", "A"), ("BadRow", "B"), ("BadRow", ""), ("Order", "D"),
    ]  # fmt: skip


# -- money -----------------------------------------------------------------------------------------------------------


def test_a_sale_is_its_charges_with_the_fee_beside() -> None:
    found = one(Outside({MONEY: posted(transaction())}), "settlement")
    assert isinstance(found, SettlementLine)
    assert (found.kind, found.amount, found.fee) == ("sale", Decimal("45.80"), Decimal("6.87"))
    assert (found.order_ref, found.payout_ref) == ("114-1234567-1234567", "s1")


def test_a_refund_is_a_line_and_a_payment() -> None:
    line, paid = rows(Outside({MONEY: posted(transaction("r1", "Refund", -17.61, 2.39))}), "settlement")
    assert isinstance(line, SettlementLine)
    assert isinstance(paid, Payment)
    assert (line.kind, line.amount, line.fee) == ("refund", Decimal("-20.00"), Decimal("-2.39"))
    assert (paid.amount, paid.order_ref, str(paid.kind)) == (Decimal("20.00"), "114-1234567-1234567", "refund")


@pytest.mark.parametrize("status", ["DEFERRED", "DEFERRED_RELEASED"])
def test_deferred_money_is_not_counted_as_a_sale(status: str) -> None:
    assert one(Outside({MONEY: posted(transaction(transactionStatus=status))}), "settlement").kind == "deferred"


def test_transactions_are_asked_for_in_windows_that_amazon_answers() -> None:
    outside = Outside({MONEY: posted()})
    old = str(Mark((NOW - timedelta(days=400)).isoformat()))
    pages = list(shop(outside).pull("settlement", old))
    spans = [
        (datetime.fromisoformat(asked["postedAfter"]), datetime.fromisoformat(asked["postedBefore"]))
        for asked in outside.asked("/transactions")
    ]
    assert len(spans) == 3
    assert all(end - begin < timedelta(days=180) for begin, end in spans)
    assert spans[0][0] == NOW - timedelta(days=402)
    assert [page.is_last for page in pages] == [False, False, True]


def test_payouts_made_and_planned_share_their_settlement() -> None:
    made = {
        "id": "77", "currentStatus": "PAID", "amount": {"currencyCode": "USD", "currencyAmount": 120.5},
        "statusHistory": [{"status": "PAID", "lastUpdatedDate": "2026-11-10T00:00:00Z"}],
        "period": {"startDate": "2026-10-24T00:00:00Z", "endDate": "2026-11-08T00:00:00Z"},
    }  # fmt: skip
    planned = {
        "partnerMetadata": {"marketplaceId": US, "accountType": "STANDARD"}, "status": "SCHEDULED",
        "amount": {"currencyCode": "USD", "currencyAmount": 12}, "scheduledDate": "2026-11-22T00:00:00Z",
        "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": "78"}],
    }  # fmt: skip
    nothing = {**planned, "status": "NO_PAYOUT_EXPECTED", "amount": None}
    outside = Outside({"GET /payouts": {"payouts": [made]}, "GET /expected": {"expectedPayouts": [planned, nothing]}})
    found = [row for row in rows(outside, "payouts") if isinstance(row, Payout)]
    assert [(row.external_id, row.status, row.amount) for row in found] == [
        ("78", "scheduled", Decimal(12)), ("77", "paid", Decimal("120.5")),
    ]  # fmt: skip
    assert found[1].paid_at == datetime(2026, 11, 10, tzinfo=UTC)


# -- listings and stock ----------------------------------------------------------------------------------------------

LISTINGS = "GET /items/SELLER"


def found_listings(*items: Any, total: int | None = None, token: str = "") -> dict[str, Any]:
    page = {"nextToken": token} if token else {}
    return {"numberOfResults": len(items) if total is None else total, "items": list(items), "pagination": page}


def test_a_listing_gives_product_price_and_stock() -> None:
    product, listed, stock = rows(Outside({LISTINGS: found_listings(listing())}), "listings")
    assert isinstance(product, Product)
    assert isinstance(listed, Listing)
    assert isinstance(stock, StockLevel)
    assert (listed.external_id, listed.price, listed.status) == ("LAMP", Decimal("19.90"), "live")
    assert (stock.external_id, stock.location, stock.on_hand) == ("LAMP@DEFAULT", "DEFAULT", 5)


def test_a_listing_with_an_error_that_nobody_can_buy_is_suppressed() -> None:
    item = listing(issues=[{"code": "1", "message": "Main image missing", "severity": "ERROR", "categories": []}])
    item["summaries"][0]["status"] = []
    item["offers"] = []
    listed = next(
        row for row in rows(Outside({LISTINGS: found_listings(item)}), "listings") if isinstance(row, Listing)
    )
    assert (listed.status, listed.issue, listed.price) == ("suppressed", "Main image missing", Decimal("19.9"))


def test_a_search_that_ends_at_its_limit_is_gone_on_with_where_it_ended() -> None:
    early, late = listing("A"), listing("B")
    late["summaries"][0]["createdDate"] = "2026-03-01T00:00:00Z"
    outside = Outside({LISTINGS: [found_listings(early, late, total=3), found_listings(late, listing("C"), total=2)]})
    pages = list(shop(outside).pull("listings", ""))
    assert "createdAfter" not in outside.asked("/items/SELLER")[0]
    assert outside.asked("/items/SELLER")[1]["createdAfter"] == "2026-03-01T00:00:00Z"
    skus = {row.sku for page in pages for row in page.records if isinstance(row, Listing)}
    assert (skus, pages[-1].is_last, pages[-1].count_at_source) == ({"A", "B", "C"}, True, 3)


def test_stock_in_amazons_warehouses_counts_what_buyers_can_have() -> None:
    item = {
        "sellerSku": "LAMP", "totalQuantity": 20, "lastUpdatedTime": "2026-11-20T00:00:00Z",
        "inventoryDetails": {"fulfillableQuantity": 12, "reservedQuantity": {"pendingCustomerOrderQuantity": 3}},
    }  # fmt: skip
    answers = [
        {"payload": {"inventorySummaries": [item]}, "pagination": {"nextToken": "n"}},
        {"payload": {"inventorySummaries": []}},
    ]
    outside = Outside({"GET /summaries": answers})
    [stock] = rows(outside, "fba_stock")
    assert isinstance(stock, StockLevel)
    assert (stock.external_id, stock.on_hand, stock.reserved) == ("LAMP@AMAZON", 15, 3)
    assert outside.asked("/summaries")[1]["nextToken"] == "n"


# -- one record ------------------------------------------------------------------------------------------------------

GET_ONE = "GET /114-1234567-1234567"


def test_one_order_is_read_with_what_was_given_back() -> None:
    money = posted(transaction(), transaction("r1", "Refund", -17.61, 2.39), transaction("r2", "Refund", -5, 0))
    found = shop(Outside({GET_ONE: {"order": order()}, MONEY: money})).fetch(Order, "114-1234567-1234567")
    assert found is not None
    assert found.refunded == Decimal("25.00")


def test_what_amazon_does_not_have_is_none() -> None:
    outside = Outside({"GET /nowhere": refusal("NotFound", status=404)})
    assert shop(outside).fetch(Order, "nowhere") is None


def test_a_single_record_of_another_shape_is_an_error_and_not_none() -> None:
    outside = Outside({GET_ONE: {"order": {"orderId": "114-1234567-1234567"}}, MONEY: posted()})
    with pytest.raises(Retry, match="cannot be read") as caught:
        shop(outside).fetch(Order, "114-1234567-1234567")
    assert caught.value.code == "drift"


def test_what_has_no_read_says_so() -> None:
    with pytest.raises(CannotDo):
        shop(Outside({})).fetch(Return, "DT1")


def test_a_listing_and_its_stock_are_read_one_by_one() -> None:
    outside = Outside({"GET /items/SELLER/LAMP": listing()})
    found, stock = shop(outside).fetch(Listing, "LAMP"), shop(outside).fetch(StockLevel, "LAMP@DEFAULT")
    assert found is not None
    assert stock is not None
    assert (found.price, stock.on_hand) == (Decimal("19.90"), 5)


# -- errors that look alike ------------------------------------------------------------------------------------------

DENIED = refusal("Unauthorized", "Access to requested resource is denied.", 403)


def test_a_token_that_ended_early_is_renewed_and_the_call_made_once_more() -> None:
    outside = Outside({ORDERS: [DENIED, {"orders": [order()]}]})
    assert len(rows(outside, "orders")) == 1
    assert outside.tokens == ["Atza|one", "", "Atza|two"]
    assert outside.form() == {
        "grant_type": "refresh_token", "refresh_token": "Atzr|old", "client_id": "our-id",
        "client_secret": "our-secret",
    }  # fmt: skip


def test_a_role_that_the_app_lacks_is_no_lost_permission() -> None:
    with pytest.raises(Refused, match="give the app the role") as caught:
        rows(Outside({ORDERS: DENIED}), "orders")
    assert (type(caught.value), caught.value.code) == (Refused, "role")


def test_a_grant_that_was_taken_back_needs_a_person() -> None:
    gone = httpx.Response(400, json={"error": "invalid_grant", "error_description": "The request has an invalid grant"})
    with pytest.raises(Reconnect, match="invalid_grant"):
        rows(Outside({ORDERS: DENIED, "POST /auth/o2/token": gone}), "orders")


def test_a_quota_that_is_used_up_says_how_long_to_wait() -> None:
    busy = refusal("QuotaExceeded", status=429, x_amzn_ratelimit_limit="0.0056")
    with pytest.raises(Retry) as caught:
        rows(Outside({ORDERS: busy}), "orders")
    assert caught.value.after_seconds == pytest.approx(178.6, abs=0.1)


def test_the_rate_that_a_reply_tells_is_learnt_for_its_operation() -> None:
    answer = httpx.Response(200, headers={"x-amzn-RateLimit-Limit": "0.5"}, content=orjson.dumps({"orders": []}))
    told = Amazon.budget(answer_of(answer))
    assert told is not None
    assert (told.available, told.capacity, told.per_second) == (None, None, 0.5)
    assert Amazon.budget(answer_of(httpx.Response(200))) is None


def answer_of(response: httpx.Response) -> Any:
    class Told:
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = response.content

    return Told()


PARTICIPATIONS = "GET /marketplaceParticipations"


def taking_part(marketplace: str, name: str, *, is_in: bool = True) -> dict[str, Any]:
    return {
        "marketplace": {"id": marketplace, "name": name, "defaultCurrencyCode": "EUR"},
        "participation": {"isParticipating": is_in}, "storeName": "Lamps",
    }  # fmt: skip


def test_keys_without_an_access_token_get_one_and_call_their_own_region() -> None:
    rows = [taking_part(US, "Amazon.com"), taking_part("A1PA6795UKMFR9", "Amazon.de"), {"marketplace": None}]
    outside = Outside({PARTICIPATIONS: {"payload": rows}})
    keys = {name: value for name, value in KEYS.items() if name != "access_token"}
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return outside(request)

    made = open_connector(
        Account("amazon", 1, "Typed", "", "", settings={"country": "DE"}, credentials=keys),
        clock=lambda: NOW, client=httpx.Client(transport=httpx.MockTransport(answer)),
    )  # fmt: skip
    assert isinstance(made, Identifies)
    who = made.identify()
    assert (who.external_id, who.name, who.country, who.currency) == (
        "SELLER:A1PA6795UKMFR9", "Lamps (Amazon.de)", "DE", "EUR",
    )  # fmt: skip
    assert hosts == ["api.amazon.com", "sellingpartnerapi-eu.amazon.com"]
    assert outside.tokens == ["", "Atza|two"]


def test_a_seller_who_left_the_marketplace_is_told_so() -> None:
    outside = Outside({PARTICIPATIONS: {"payload": [taking_part(US, "Amazon.com", is_in=False)]}})
    with pytest.raises(Refused, match="takes no part in US any more"):
        shop(outside).check()


def test_the_token_is_renewed_and_the_refresh_token_stays() -> None:
    connector = shop(Outside({}))
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.credentials["access_token"] == "Atza|two"
    assert renewed.credentials["refresh_token"] == "Atzr|old"
    assert renewed.credentials["selling_partner_id"] == "SELLER"
    assert renewed.expires_at == NOW + timedelta(hours=1)
