"""The market's Selling Partner API: what it checks, what it refuses, and that a good answer is not yet an effect."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from defusedxml import ElementTree

from connectors.twin.server import TwinServer, serve
from connectors.twin.world.trade import Order, Step

US = "ATVPDKIKX0DER"
NEW_ORDERS = "/orders/2026-01-01/orders"
KIND = "POST_PAYMENT_ADJUSTMENT_DATA"


class Seller:
    """Calls the market as a seller's own program would."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        self.row = next(row for row in server.accounts() if row["kind"] == "amazon")
        self.base, self.keys = self.row["base_url"], self.row["credentials"]
        self.http = httpx.Client(timeout=10, headers={"user-agent": "Test/1 (Language=Python)"})

    def call(self, method: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> httpx.Response:
        held = self.keys["access_token"] if token is None else token
        headers = {"x-amz-access-token": held} if held else {}
        return self.http.request(method, self.base + path, params=query, json=body, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query).json()

    def token(self, **form: str) -> httpx.Response:
        mine = {name: self.keys[name] for name in ("client_id", "client_secret")}
        return self.http.post(f"{self.base}/auth/o2/token", data={**mine, **form})

    def wait(self, seconds: float) -> None:
        self.server.clock.set(advance_seconds=seconds)
        self.server.tick()

    def orders(self, *steps: Step) -> list[Order]:
        return [row for row in reversed(self.server.market.books["amazon"].orders) if row.step in steps]

    def effects(self, operation: str) -> list[Any]:
        rows = self.server.market.effects.since()
        return [row for row in rows if (row.shop, row.operation) == ("amazon", operation)]

    def feed(self, content: str, kind: str = KIND) -> str:
        made = self.call("POST", "/feeds/2021-06-30/documents", {"contentType": "text/xml"}).json()
        assert self.http.put(made["url"], content=content.encode()).status_code == 200
        body = {"feedType": kind, "marketplaceIds": [US], "inputFeedDocumentId": made["feedDocumentId"]}
        answer = self.call("POST", "/feeds/2021-06-30/feeds", body)
        assert answer.status_code == 202
        return str(answer.json()["feedId"])

    def result(self, feed: str) -> Any:
        """The processing report of a feed that is done."""
        done = self.get(f"/feeds/2021-06-30/feeds/{feed}")
        document = self.get(f"/feeds/2021-06-30/documents/{done['resultFeedDocumentId']}")
        return ElementTree.fromstring(self.http.get(document["url"]).content)


@pytest.fixture(scope="module")
def seller() -> Iterator[Seller]:
    with serve("company", seed=13, has_limits=False) as server:
        made = Seller(server)
        yield made
        made.http.close()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


# -- tokens and limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "expected"), [("", (403, "MissingAuthentication")), ("Atza|forged", (403, "Unauthorized"))]
)
def test_a_call_without_a_good_token_is_denied(seller: Seller, token: str, expected: tuple[int, str]) -> None:
    assert code(seller.call("GET", "/sellers/v1/marketplaceParticipations", token=token)) == expected


def test_a_refresh_token_lives_on_and_a_wrong_secret_gets_nothing(seller: Seller) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": seller.keys["refresh_token"]}
    first, second = seller.token(**form).json(), seller.token(**form).json()
    assert first["access_token"] != second["access_token"]
    assert (first["refresh_token"], first["expires_in"]) == (seller.keys["refresh_token"], 3600)
    refused = seller.token(**form, client_secret="guess")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert seller.token(grant_type="refresh_token", refresh_token="Atzr|no").json()["error"] == "invalid_grant"


def test_a_token_without_a_grant_opens_the_destinations_and_nothing_else(seller: Seller) -> None:
    scope = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
    told = seller.token(**scope).json()
    assert "refresh_token" not in told
    assert seller.call("GET", "/notifications/v1/destinations", token=told["access_token"]).status_code == 200
    assert code(seller.call("GET", NEW_ORDERS, token=told["access_token"])) == (403, "Unauthorized")
    assert code(seller.call("GET", "/notifications/v1/destinations")) == (403, "Unauthorized")
    assert seller.token(**{**scope, "scope": "everything"}).json()["error"] == "invalid_scope"


def test_each_operation_has_a_bucket_of_its_own() -> None:
    with serve("company", seed=13) as server:
        seller = Seller(server)
        answers = [seller.call("GET", NEW_ORDERS, createdAfter=days_ago(1)) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert code(answers[-1])[1] == "QuotaExceeded"
        assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.0056"
        assert seller.call("GET", "/sellers/v1/marketplaceParticipations").status_code == 200
        seller.http.close()


# -- orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [{}, {"createdAfter": "2026-01-01T00:00:00Z", "lastUpdatedAfter": "2026-01-01T00:00:00Z"},
     {"createdAfter": "soon"}, {"createdAfter": "2026-01-01T00:00:00Z", "maxResultsPerPage": "101"},
     {"createdAfter": "2026-01-01T00:00:00Z", "marketplaceIds": "A1F83G8C2ARO7P"},
     {"createdAfter": "2026-01-01T00:00:00Z", "includedData": "HOROSCOPE"},
     {"createdAfter": "2026-01-01T00:00:00Z", "paginationToken": "x"}],
)  # fmt: skip
def test_a_search_that_amazon_would_not_take_is_refused(seller: Seller, query: dict[str, str]) -> None:
    assert code(seller.call("GET", NEW_ORDERS, **query)) == (400, "InvalidInput")


def test_the_last_two_minutes_cannot_be_asked_for(seller: Seller) -> None:
    late = (datetime.now(UTC) - timedelta(seconds=30)).isoformat()
    answer = seller.call("GET", NEW_ORDERS, createdAfter=days_ago(1), createdBefore=late)
    assert (code(answer), "two minutes" in answer.text) == ((400, "InvalidInput"), True)


def test_a_page_token_goes_with_its_own_parameters_for_a_day(seller: Seller) -> None:
    query = {"lastUpdatedAfter": days_ago(60), "maxResultsPerPage": "100"}
    first = seller.get(NEW_ORDERS, **query)
    token = {"paginationToken": first["pagination"]["nextToken"]}
    second = seller.get(NEW_ORDERS, **query, **token)
    ids = [row["orderId"] for row in (*first["orders"], *second["orders"])]
    assert len(ids) == len(set(ids)) == 200
    assert code(seller.call("GET", NEW_ORDERS, **{**query, "maxResultsPerPage": "99"}, **token)) == (
        400,
        "InvalidInput",
    )


def test_only_the_data_that_was_asked_for_is_told(seller: Seller) -> None:
    [order] = seller.get(NEW_ORDERS, createdAfter=days_ago(9), maxResultsPerPage="1")["orders"]
    assert {"buyer", "recipient", "proceeds", "fulfillment", "packages"} & order.keys() == set()
    whole = seller.get(f"{NEW_ORDERS}/{order['orderId']}", includedData="BUYER,RECIPIENT,PROCEEDS,FULFILLMENT")["order"]
    assert {"buyer", "recipient", "proceeds", "fulfillment"} <= whole.keys()
    assert whole["buyer"]["buyerEmail"].endswith("@marketplace.amazon.com")


def package(order: Order, **changed: Any) -> dict[str, Any]:
    items = [{"orderItemId": f"{60_000_000_000_000 + order.index * 10 + place}", "quantity": quantity}
             for place, (_, quantity) in enumerate(order.lines)]  # fmt: skip
    return {
        "marketplaceId": US,
        "packageDetail": {
            "packageReferenceId": "1", "carrierCode": "UPS", "trackingNumber": "1Z999AA10123456784",
            "shipDate": "2026-11-21T08:00:00Z", "orderItems": items, **changed,
        },
    }  # fmt: skip


def confirm(seller: Seller, order: Order, **changed: Any) -> httpx.Response:
    path = f"/orders/v0/orders/{order.number}/shipmentConfirmation"
    return seller.call("POST", path, package(order, **changed))


def test_a_confirmed_parcel_ships_the_order_once_and_its_own_number_edits_it(seller: Seller) -> None:
    order, before = seller.orders(Step.TO_SHIP)[0], len(seller.effects("ship"))
    assert confirm(seller, order).status_code == 204
    assert confirm(seller, order).status_code == 204
    assert len(seller.effects("ship")) == before + 1
    assert confirm(seller, order, trackingNumber="1Z999AA10000000009").status_code == 204
    assert (len(seller.effects("ship")), order.tracking) == (before + 1, "1Z999AA10000000009")
    told = seller.get(f"{NEW_ORDERS}/{order.number}", includedData="FULFILLMENT,PACKAGES")["order"]
    assert told["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert [row["trackingNumber"] for row in told["packages"]] == ["1Z999AA10000000009"]
    assert code(confirm(seller, order, packageReferenceId="2")) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "change",
    [{"packageReferenceId": 1}, {"packageReferenceId": "x"}, {"trackingNumber": ""}, {"orderItems": []},
     {"orderItems": [{"orderItemId": "1", "quantity": 1}]}, {"carrierCode": "Other"}],
)  # fmt: skip
def test_a_parcel_that_is_not_whole_is_refused_and_nothing_ships(seller: Seller, change: dict[str, Any]) -> None:
    order, before = seller.orders(Step.TO_SHIP)[0], len(seller.effects("ship"))
    assert code(confirm(seller, order, **change)) == (400, "InvalidInput")
    assert (len(seller.effects("ship")), order.step) == (before, Step.TO_SHIP)


# -- feeds -----------------------------------------------------------------------------------------------------------


def refund(seller: Seller, order: Order, amount: str = "1.25", number: int = 1) -> str:
    return (
        f"<AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>"
        f"{seller.keys['selling_partner_id']}</MerchantIdentifier></Header><MessageType>OrderAdjustment</MessageType>"
        f"<Message><MessageID>{number}</MessageID><OrderAdjustment><AmazonOrderID>{order.number}</AmazonOrderID>"
        f"<AdjustedItem><AmazonOrderItemCode>{60_000_000_000_000 + order.index * 10}</AmazonOrderItemCode>"
        f"<AdjustmentReason>GeneralAdjustment</AdjustmentReason><ItemPriceAdjustments><Component><Type>Principal</Type>"
        f'<Amount currency="USD">{amount}</Amount></Component></ItemPriceAdjustments></AdjustedItem></OrderAdjustment>'
        "</Message></AmazonEnvelope>"
    )


def test_a_feed_that_was_taken_has_done_nothing_yet(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.SHIPPED) if not row.refunded)
    feed = seller.feed(refund(seller, order))
    assert seller.get(f"/feeds/2021-06-30/feeds/{feed}")["processingStatus"] == "IN_QUEUE"
    assert order.refunded == 0
    seller.wait(12)
    assert seller.get(f"/feeds/2021-06-30/feeds/{feed}")["processingStatus"] == "IN_PROGRESS"
    seller.wait(20)
    assert seller.get(f"/feeds/2021-06-30/feeds/{feed}")["processingStatus"] == "DONE"
    assert (order.refunded, seller.effects("refund")[-1].reference) == (125, feed)


def test_the_same_feed_twice_gives_the_money_back_twice(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.SHIPPED) if not row.refunded)
    for _ in range(2):
        seller.feed(refund(seller, order))
    seller.wait(31)
    assert order.refunded == 250


def test_a_done_feed_can_hold_a_refused_message(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.SHIPPED) if not row.refunded)
    feed = seller.feed(refund(seller, order, amount="99999.00", number=77))
    seller.wait(31)
    report = seller.result(feed)
    assert [one.text for one in report.iter("MessageID")][-1] == "77"
    assert (report.findtext(".//ResultCode"), report.findtext(".//MessagesSuccessful")) == ("Error", "0")
    assert order.refunded == 0


@pytest.mark.parametrize("content", ["<AmazonEnvelope>", "no xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_document_that_is_no_xml_is_fatal(seller: Seller, content: str) -> None:
    feed = seller.feed(content)
    seller.wait(31)
    assert seller.get(f"/feeds/2021-06-30/feeds/{feed}")["processingStatus"] == "FATAL"


def test_an_order_that_has_not_shipped_is_not_refunded(seller: Seller) -> None:
    order = seller.orders(Step.TO_SHIP)[0]
    feed = seller.feed(refund(seller, order))
    seller.wait(31)
    assert "Only an order that has shipped" in (seller.result(feed).findtext(".//ResultDescription") or "")
    assert order.refunded == 0


def test_a_feed_in_the_queue_can_be_cancelled_and_a_working_one_cannot(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.SHIPPED) if not row.refunded)
    first, second = seller.feed(refund(seller, order)), seller.feed(refund(seller, order))
    assert seller.call("DELETE", f"/feeds/2021-06-30/feeds/{first}").status_code == 200
    seller.wait(12)
    assert code(seller.call("DELETE", f"/feeds/2021-06-30/feeds/{second}")) == (400, "InvalidInput")
    seller.wait(20)
    assert order.refunded == 125


def test_the_list_of_feeds_takes_its_token_alone(seller: Seller) -> None:
    page = seller.get("/feeds/2021-06-30/feeds", feedTypes=KIND, pageSize="2")
    token = page["nextToken"]
    assert len(seller.get("/feeds/2021-06-30/feeds", nextToken=token)["feeds"]) >= 1
    assert code(seller.call("GET", "/feeds/2021-06-30/feeds", nextToken=token, pageSize="2")) == (400, "InvalidInput")
    assert code(seller.call("GET", "/feeds/2021-06-30/feeds")) == (400, "InvalidInput")


def test_a_link_ends_after_five_minutes_and_opens_only_as_it_was_given(seller: Seller) -> None:
    made = seller.call("POST", "/feeds/2021-06-30/documents", {"contentType": "text/xml"}).json()
    assert seller.http.put(made["url"].replace("Signature=", "Signature=0"), content=b"x").status_code == 403
    assert seller.http.get(made["url"]).status_code == 405
    seller.wait(301)
    late = seller.http.put(made["url"], content=b"x")
    assert (late.status_code, "expired" in late.text) == (403, True)


# -- reports, finances, listings, messages ---------------------------------------------------------------------------


def test_a_report_without_a_row_is_cancelled_and_a_wide_one_refused(seller: Seller) -> None:
    kind = {"reportType": "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", "marketplaceIds": [US]}
    span = {"dataStartTime": "2020-01-01T00:00:00Z", "dataEndTime": "2020-01-31T00:00:00Z"}
    report = seller.call("POST", "/reports/2021-06-30/reports", kind | span).json()["reportId"]
    seller.wait(21)
    assert seller.get(f"/reports/2021-06-30/reports/{report}")["processingStatus"] == "CANCELLED"
    wide = kind | {"dataStartTime": "2020-01-01T00:00:00Z", "dataEndTime": "2020-03-31T00:00:00Z"}
    assert code(seller.call("POST", "/reports/2021-06-30/reports", wide)) == (400, "InvalidInput")


def test_a_sale_is_deferred_and_released_once(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.COMPLETED) if not row.refunded)
    asked = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.number}
    found = seller.get("/finances/2024-06-19/transactions", **asked)["payload"]["transactions"]
    assert [row["transactionStatus"] for row in found] == ["DEFERRED_RELEASED", "RELEASED"]
    assert {row["totalAmount"]["currencyAmount"] for row in found} == {
        round(order.total - round(order.total * 0.15)) / 100
    }
    assert len({row["transactionId"] for row in found}) == 2


def test_a_span_of_more_than_half_a_year_answers_with_nothing(seller: Seller) -> None:
    span = {"postedAfter": days_ago(200), "postedBefore": days_ago(1)}
    assert seller.get("/finances/2024-06-19/transactions", **span)["payload"]["transactions"] == []
    assert code(seller.call("GET", "/finances/2024-06-19/transactions")) == (400, "InvalidInput")


def patch(seller: Seller, sku: str, *patches: Any, kind: str = "", **query: str) -> Any:
    path = f"/listings/2021-08-01/items/{seller.keys['selling_partner_id']}/{sku}"
    known = seller.get(path, marketplaceIds=US)["summaries"][0]["productType"]
    body = {"productType": kind or known, "patches": list(patches)}
    return seller.call("PATCH", path, body, marketplaceIds=US, **query).json()


def quantity(units: Any, **more: Any) -> dict[str, Any]:
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": units, **more}]
    return {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}


def test_a_patch_takes_effect_later_and_drops_what_it_leaves_out(seller: Seller) -> None:
    good = seller.server.market.goods[5]
    before = len(seller.effects("set_stock"))
    assert patch(seller, good.sku, quantity(3), mode="VALIDATION_PREVIEW")["status"] == "VALID"
    assert patch(seller, good.sku, quantity(3))["status"] == "ACCEPTED"
    assert len(seller.effects("set_stock")) == before
    seller.wait(21)
    assert len(seller.effects("set_stock")) == before + 1
    path = f"/listings/2021-08-01/items/{seller.keys['selling_partner_id']}/{good.sku}"
    told = seller.get(path, marketplaceIds=US, includedData="attributes,fulfillmentAvailability")
    assert told["fulfillmentAvailability"][0]["quantity"] == 3
    assert "lead_time_to_ship_max_days" not in told["attributes"]["fulfillment_availability"][0]


@pytest.mark.parametrize(
    "patches",
    [[quantity(-1)], [quantity("3")], [quantity(3), quantity(True)],
     [{"op": "replace", "path": "/attributes/horoscope", "value": [{"value": "x"}]}],
     [{"op": "replace", "path": "/attributes/item_name", "value": [{"value": "x" * 201}]}],
     [{"op": "replace", "path": "/attributes/purchasable_offer", "value": [{"currency": "USD", "our_price": []}]}]],
)  # fmt: skip
def test_a_patch_that_does_not_hold_is_invalid_inside_a_good_answer(seller: Seller, patches: list[Any]) -> None:
    good = seller.server.market.goods[6]
    before = len(seller.server.market.effects.since())
    told = patch(seller, good.sku, *patches)
    assert (told["status"], told["issues"][0]["severity"]) == ("INVALID", "ERROR")
    seller.wait(21)
    assert len(seller.server.market.effects.since()) == before


def test_a_message_is_allowed_once_for_an_order(seller: Seller) -> None:
    order = next(row for row in seller.orders(Step.SHIPPED) if not row.notices)
    path = f"/messaging/v1/orders/{order.number}/messages/unexpectedProblem"
    first = seller.call("POST", path, {"text": "Late, sorry."}, marketplaceIds=US)
    second = seller.call("POST", path, {"text": "Late, sorry."}, marketplaceIds=US)
    assert (first.status_code, second.status_code) == (201, 403)
    assert [row.subject for row in seller.effects("send_template")].count(order.number) == 1


def test_a_review_is_asked_for_in_its_season(seller: Seller) -> None:
    fresh, old = seller.orders(Step.SHIPPED)[0], seller.orders(Step.COMPLETED)
    ripe = next(row for row in old if 6 * 86_400 < seller.server.market.now - row.delivered < 29 * 86_400)
    ending = "solicitations/productReviewAndSellerFeedback"
    answers = [
        seller.call("POST", f"/solicitations/v1/orders/{row.number}/{ending}", marketplaceIds=US).status_code
        for row in (fresh, ripe, ripe)
    ]
    assert answers == [403, 201, 403]


# -- consent ---------------------------------------------------------------------------------------------------------


def test_the_consent_page_knows_its_apps_and_wants_a_state(seller: Seller) -> None:
    page, mine = f"{seller.base}/apps/authorize/consent", seller.keys["application_id"]
    back = "http://localhost:8000/back/"
    for query in ({"application_id": "other", "state": "s"}, {"application_id": mine}):
        assert seller.http.get(page, params={**query, "redirect_uri": back}).status_code == 400
    shown = seller.http.get(page, params={"application_id": mine, "state": "s", "redirect_uri": back})
    assert (shown.status_code, "Allow" in shown.text) == (200, True)


def test_the_code_goes_back_with_the_seller_and_ends_after_five_minutes(seller: Seller) -> None:
    query = {
        "application_id": seller.keys["application_id"],
        "state": "s-1",
        "redirect_uri": "http://localhost:8000/back/",
    }
    page = f"{seller.base}/apps/authorize/consent"
    visit = seller.http.get(page, params=query).text.partition('name="visit" value="')[2].partition('"')[0]
    sent = seller.http.post(page, data={"visit": visit, "answer": "allow"})
    back = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
    assert (back["state"], back["selling_partner_id"]) == ("s-1", seller.keys["selling_partner_id"])
    seller.wait(301)
    refused = seller.token(grant_type="authorization_code", code=back["spapi_oauth_code"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
