"""python-amazon-sp-api, a well-known client of the Selling Partner API; only its hosts are told where the market is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from sp_api import api
from sp_api.auth import AccessTokenClient
from sp_api.base import SellingApiNotFoundException

from connectors.proof.clients.told import Step
from connectors.proof.stand import Stand
from connectors.twin.world.trade import Order
from connectors.twin.world.trade import Step as Stage

US, TRACKING = "ATVPDKIKX0DER", "1Z999AA10123456784"
ITEM = 60_000_000_000_000
REFUND = """<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>
<MerchantIdentifier>{seller}</MerchantIdentifier></Header><MessageType>OrderAdjustment</MessageType><Message>
<MessageID>1</MessageID><OrderAdjustment><AmazonOrderID>{order}</AmazonOrderID><AdjustedItem><AmazonOrderItemCode>{item}
</AmazonOrderItemCode><AdjustmentReason>GeneralAdjustment</AdjustmentReason><ItemPriceAdjustments><Component>
<Type>Principal</Type><Amount currency="USD">2.50</Amount></Component></ItemPriceAdjustments></AdjustedItem>
</OrderAdjustment></Message>
</AmazonEnvelope>"""


class Client:
    """The client's classes, opened for the market's own shop, each once."""

    def __init__(self, stand: Stand) -> None:
        self.stand, row = stand, stand.rows["amazon"]
        self.keys: dict[str, str] = row["credentials"]
        self.opened: dict[tuple[str, str], Any] = {}
        self.place = SimpleNamespace(endpoint=row["base_url"], marketplace_id=US, region="us-east-1")

    def __call__(self, name: str, version: str = "") -> Any:
        if (name, version) not in self.opened:
            keys = {"lwa_app_id": self.keys["client_id"], "lwa_client_secret": self.keys["client_secret"]}
            options = {"version": version} if version else {}
            self.opened[name, version] = getattr(api, name)(
                marketplace=self.place, refresh_token=self.keys["refresh_token"], credentials=keys, **options
            )
        return self.opened[name, version]

    def close(self) -> None:
        for client in self.opened.values():
            client.close()
            client._auth._transport.close()

    def order(self, *steps: Stage) -> Order:
        """The latest order at one of these steps."""
        return next(row for row in reversed(self.stand.server.market.books["amazon"].orders) if row.step in steps)


@contextmanager
def opened(stand: Stand) -> Iterator[Client]:
    """The client signs in at a fixed host, which is a class attribute and no parameter."""
    sign_in: Any = AccessTokenClient
    before = sign_in.scheme, sign_in.host
    sign_in.scheme, sign_in.host = "http://", f"{urlsplit(stand.server.url).netloc}/amazon"
    client = Client(stand)
    try:
        yield client
    finally:
        client.close()
        sign_in.scheme, sign_in.host = before


def session(stand: Stand) -> Iterator[Step]:
    with opened(stand) as sdk:
        yield from reads(sdk)
        yield from changes(sdk)
        yield from later(sdk)


def reads(sdk: Client) -> Iterator[Step]:
    [row] = sdk("Sellers").get_marketplace_participation().payload
    yield "get_marketplace_participation", row["marketplace"]["id"] == US
    since = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    orders = sdk("Orders", "2026-01-01")
    found = orders.search_orders(createdAfter=since, maxResultsPerPage=3, includedData=["FULFILLMENT"])
    found = found.payload["orders"]
    yield "search_orders", len(found) == 3
    one = orders.get_order(found[0]["orderId"], includedData=["PROCEEDS", "FULFILLMENT"]).payload["order"]
    yield "get_order", one["orderId"] == found[0]["orderId"] and float(one["proceeds"]["grandTotal"]["amount"]) > 0
    older = sdk("Orders", "v0").get_orders(CreatedAfter=since, MaxResultsPerPage=2).payload["Orders"]
    yield "get_orders (v0)", [set(row) >= {"AmazonOrderId", "OrderStatus"} for row in older] == [True, True]
    stock = sdk("Inventories").get_inventory_summary_marketplace(granularityId=US, details=True).payload
    yield "get_inventory_summary_marketplace", stock["inventorySummaries"] == []
    try:
        orders.get_order("114-0000000-0000000")
    except SellingApiNotFoundException as error:
        yield "a refusal", "could not be found" in str(error)
    else:
        yield "a refusal", False


def changes(sdk: Client) -> Iterator[Step]:
    waiting = sdk.order(Stage.TO_SHIP)
    items = [
        {"orderItemId": f"{ITEM + waiting.index * 10 + place}", "quantity": quantity}
        for place, (_, quantity) in enumerate(waiting.lines)
    ]
    parcel = {"packageReferenceId": "1", "carrierCode": "UPS", "trackingNumber": TRACKING,
              "shipDate": datetime.now(UTC).isoformat(), "orderItems": items}  # fmt: skip
    sdk("Orders", "v0").confirm_shipment(waiting.number, marketplaceId=US, packageDetail=parcel)
    yield "confirm_shipment", (waiting.step, waiting.tracking) == (Stage.PACKED, TRACKING)
    order, feeds = sdk.order(Stage.SHIPPED), sdk("Feeds")
    text = REFUND.format(
        seller=sdk.keys["selling_partner_id"], order=order.number, item=f"{ITEM + order.index * 10}"
    ).replace("\n", "")
    document = feeds.create_feed_document(BytesIO(text.encode()), "text/xml; charset=UTF-8").payload
    yield "create_feed_document", bool(document["feedDocumentId"])
    feed = feeds.create_feed("POST_PAYMENT_ADJUSTMENT_DATA", document["feedDocumentId"]).payload["feedId"]
    yield "create_feed", feeds.get_feed(feed).payload["processingStatus"] == "IN_QUEUE"
    given = order.refunded
    sdk.stand.wait(31)
    done = feeds.get_feed(feed).payload
    yield "get_feed", done["processingStatus"] == "DONE"
    result = feeds.get_feed_document(done["resultFeedDocumentId"])
    is_done = "<MessagesSuccessful>1</MessagesSuccessful>" in result
    yield "get_feed_document", is_done and order.refunded == given + 250


def later(sdk: Client) -> Iterator[Step]:
    since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    money = sdk("Finances", "2024-06-19").list_transactions(postedAfter=since).payload["transactions"]
    yield "list_transactions", "Shipment" in {row["transactionType"] for row in money}
    reports = sdk("Reports")
    report = reports.create_report(reportType="GET_V2_SELLER_PERFORMANCE_REPORT", marketplaceIds=[US]).payload
    sdk.stand.wait(31)
    done = reports.get_report(report["reportId"]).payload
    yield "create_report, get_report", done["processingStatus"] == "DONE"
    document = reports.get_report_document(done["reportDocumentId"], download=True, decrypt=True).payload
    yield "get_report_document", '"lateShipmentRate"' in document["document"]
    listings, good, seller = sdk("ListingsItems"), sdk.stand.server.market.goods[3], sdk.keys["selling_partner_id"]
    found = listings.search_listings_items(seller, includedData="summaries", pageSize=5).payload
    yield "search_listings_items", len(found["items"]) == 5
    one = listings.get_listings_item(seller, good.sku, includedData="summaries").payload
    yield "get_listings_item", one["sku"] == good.sku
    shipped = sdk.order(Stage.SHIPPED)
    offered = sdk("Messaging").get_messaging_actions_for_order(shipped.number).payload
    yield "get_messaging_actions_for_order", "_links" in offered
    made = sdk("Notifications").create_destination(name="bridge", arn="arn:aws:sqs:us-east-1:1:ops").payload
    yield "create_destination", sdk("Notifications").get_destinations().payload == [made]
