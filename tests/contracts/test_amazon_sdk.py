"""A well-known client of the Selling Partner API, unmodified: only its hosts are told where the test market is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.twin.server import TwinServer, serve
from connectors.twin.world.trade import Order, Step

api = pytest.importorskip("sp_api.api", reason="python-amazon-sp-api is not installed")
auth = pytest.importorskip("sp_api.auth")
base = pytest.importorskip("sp_api.base")

US = "ATVPDKIKX0DER"
REFUND = """<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>
<MerchantIdentifier>{seller}</MerchantIdentifier></Header><MessageType>OrderAdjustment</MessageType><Message>
<MessageID>1</MessageID><OrderAdjustment><AmazonOrderID>{order}</AmazonOrderID><AdjustedItem><AmazonOrderItemCode>{item}
</AmazonOrderItemCode><AdjustmentReason>GeneralAdjustment</AdjustmentReason><ItemPriceAdjustments><Component>
<Type>Principal</Type><Amount currency="USD">2.50</Amount></Component></ItemPriceAdjustments></AdjustedItem>
</OrderAdjustment></Message>
</AmazonEnvelope>"""


class Sdk:
    """The client's classes, opened for the market's own shop."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        row = next(row for row in server.accounts() if row["kind"] == "amazon")
        self.keys = row["credentials"]
        self.opened: dict[tuple[str, str], Any] = {}
        self.place = SimpleNamespace(endpoint=row["base_url"], marketplace_id=US, region="us-east-1")

    def __call__(self, name: str, version: str = "") -> Any:
        """One client of each kind, kept until the market closes."""
        credentials = {"lwa_app_id": self.keys["client_id"], "lwa_client_secret": self.keys["client_secret"]}
        if (name, version) not in self.opened:
            options = {"version": version} if version else {}
            self.opened[name, version] = getattr(api, name)(
                marketplace=self.place, refresh_token=self.keys["refresh_token"], credentials=credentials, **options
            )
        return self.opened[name, version]

    def close(self) -> None:
        for client in self.opened.values():
            client.close()
            client._auth._transport.close()

    def wait(self, seconds: float) -> None:
        self.server.clock.set(advance_seconds=seconds)
        self.server.tick()

    def order(self, *steps: Step) -> Order:
        """The latest order at one of these steps."""
        return next(row for row in reversed(self.server.market.books["amazon"].orders) if row.step in steps)


@pytest.fixture(scope="module")
def sdk() -> Iterator[Sdk]:
    with serve("company", seed=12, has_limits=False) as server, pytest.MonkeyPatch.context() as patch:
        host = urlsplit(server.url).netloc
        patch.setattr(auth.AccessTokenClient, "scheme", "http://")
        patch.setattr(auth.AccessTokenClient, "host", f"{host}/amazon")
        opened = Sdk(server)
        yield opened
        opened.close()


def test_the_seller_is_known(sdk: Sdk) -> None:
    [row] = sdk("Sellers").get_marketplace_participation().payload
    assert row["marketplace"]["id"] == US


def test_orders_are_searched_and_read(sdk: Sdk) -> None:
    orders = sdk("Orders", version="2026-01-01")
    since = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    found = orders.search_orders(createdAfter=since, maxResultsPerPage=3, includedData=["FULFILLMENT"]).payload[
        "orders"
    ]
    assert len(found) == 3
    one = orders.get_order(found[0]["orderId"], includedData=["PROCEEDS", "FULFILLMENT"]).payload["order"]
    assert one["orderId"] == found[0]["orderId"]
    assert float(one["proceeds"]["grandTotal"]["amount"]) > 0


def test_the_older_orders_api_answers_in_its_own_words(sdk: Sdk) -> None:
    since = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    answer = sdk("Orders", version="v0").get_orders(CreatedAfter=since, MaxResultsPerPage=2)
    assert [set(row) >= {"AmazonOrderId", "OrderStatus"} for row in answer.payload["Orders"]] == [True, True]


def test_a_shipment_is_confirmed(sdk: Sdk) -> None:
    order = sdk.order(Step.TO_SHIP)
    sdk("Orders", version="v0").confirm_shipment(
        order.number,
        marketplaceId=US,
        packageDetail={
            "packageReferenceId": "1", "carrierCode": "UPS", "trackingNumber": "1Z999AA10123456784",
            "shipDate": datetime.now(UTC).isoformat(),
            "orderItems": [{"orderItemId": f"{60_000_000_000_000 + order.index * 10 + place}", "quantity": quantity}
                           for place, (_, quantity) in enumerate(order.lines)],
        },
    )  # fmt: skip
    assert (order.step, order.tracking) == (Step.PACKED, "1Z999AA10123456784")


def test_a_feed_is_put_made_and_its_result_read(sdk: Sdk) -> None:
    order, feeds = sdk.order(Step.SHIPPED, Step.DELIVERED), sdk("Feeds")
    item = f"{60_000_000_000_000 + order.index * 10}"
    text = REFUND.format(seller=sdk.keys["selling_partner_id"], order=order.number, item=item).replace("\n", "")
    document = feeds.create_feed_document(BytesIO(text.encode()), "text/xml; charset=UTF-8").payload
    feed = feeds.create_feed("POST_PAYMENT_ADJUSTMENT_DATA", document["feedDocumentId"]).payload["feedId"]
    assert feeds.get_feed(feed).payload["processingStatus"] == "IN_QUEUE"
    sdk.wait(31)
    done = feeds.get_feed(feed).payload
    result = feeds.get_feed_document(done["resultFeedDocumentId"])
    assert "<MessagesSuccessful>1</MessagesSuccessful>" in result
    assert order.refunded == 250


def test_the_finances_show_what_was_given_back(sdk: Sdk) -> None:
    since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    found = sdk("Finances", version="2024-06-19").list_transactions(postedAfter=since).payload["transactions"]
    assert {row["transactionType"] for row in found} >= {"Shipment"}


def test_a_report_is_made_and_unpacked(sdk: Sdk) -> None:
    reports = sdk("Reports")
    report = reports.create_report(reportType="GET_V2_SELLER_PERFORMANCE_REPORT", marketplaceIds=[US]).payload[
        "reportId"
    ]
    sdk.wait(31)
    done = reports.get_report(report).payload
    assert done["processingStatus"] == "DONE"
    document = reports.get_report_document(done["reportDocumentId"], download=True, decrypt=True).payload
    assert '"lateShipmentRate"' in document["document"]


def test_a_listing_is_found_and_patched(sdk: Sdk) -> None:
    listings, good = sdk("ListingsItems"), sdk.server.market.goods[3]
    seller = sdk.keys["selling_partner_id"]
    found = listings.search_listings_items(seller, includedData="summaries", pageSize=5).payload
    assert (len(found["items"]), found["numberOfResults"]) == (5, len(sdk.server.market.goods))
    kind = listings.get_listings_item(seller, good.sku, includedData="summaries").payload["summaries"][0]["productType"]
    value = [{"marketplace_id": US, "currency": "USD", "our_price": [{"schedule": [{"value_with_tax": 12.5}]}]}]
    patch = {"op": "replace", "path": "/attributes/purchasable_offer", "value": value}
    answer = listings.patch_listings_item(
        seller, good.sku, marketplaceIds=[US], body={"productType": kind, "patches": [patch]}
    ).payload
    assert answer["status"] == "ACCEPTED"
    sdk.wait(21)
    assert good.price("amazon") == 1250


def test_stock_at_amazon_is_told_as_none(sdk: Sdk) -> None:
    found = sdk("Inventories").get_inventory_summary_marketplace(granularityId=US, details=True).payload
    assert found["inventorySummaries"] == []


def test_messages_and_requests_for_a_review_follow_what_is_offered(sdk: Sdk) -> None:
    order = sdk.order(Step.SHIPPED)
    offered = sdk("Messaging").get_messaging_actions_for_order(order.number).payload
    assert "unexpectedProblem" in {row["name"] for row in offered["_links"]["actions"]}
    sdk("Messaging").create_unexpected_problem(order.number, body={"text": "It is a day late, sorry."})
    assert order.notices == ("unexpectedProblem",)
    asked = sdk("Solicitations").get_solicitation_actions_for_order(order.number).payload
    assert asked["_links"]["actions"] == []


def test_a_destination_needs_a_token_without_a_grant(sdk: Sdk) -> None:
    made = sdk("Notifications").create_destination(name="bridge", arn="arn:aws:sqs:us-east-1:1:ops").payload
    assert sdk("Notifications").get_destinations().payload == [made]


def test_a_refusal_is_raised_in_amazons_words(sdk: Sdk) -> None:
    with pytest.raises(base.SellingApiNotFoundException, match="could not be found"):
        sdk("Orders", version="2026-01-01").get_order("114-0000000-0000000")
