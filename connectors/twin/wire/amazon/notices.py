"""Notifications: what Amazon puts into the seller's queue, as the operator's bridge posts it on; subscriptions."""

import hashlib
import hmac
from typing import Any

import orjson

from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.words import APPLICATION_ID, MARKETPLACE, SELLER, invalid, iso, missing
from connectors.twin.world.goods import Good
from connectors.twin.world.trade import Order, Step

OLD_STATUS = {
    Step.UNPAID: "Pending", Step.TO_SHIP: "Unshipped", Step.PACKED: "Unshipped", Step.CANCEL_ASKED: "Unshipped",
    Step.CANCELLED: "Canceled",
}  # fmt: skip
Row = dict[str, Any]


def push(api: Amazon, topic: str, thing: Any, secret: str) -> tuple[bytes, dict[str, str]] | None:
    """The bridge signs each message with the secret that the shop gave it."""
    if isinstance(thing, Order):
        body = capital("ORDER_CHANGE", order_change(api, thing), api)
    elif isinstance(thing, Good):
        own = {"SellerId": SELLER, "FulfillmentChannelCode": "DEFAULT", "Sku": thing.sku}
        left = {"Quantity": max(0, thing.on_hand - thing.reserved)}
        body = capital("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", own | left, api)
    elif topic == "feeds/done":
        body = feed_done(thing, api)
    else:
        return None
    raw = orjson.dumps(body)
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return raw, {"x-bridge-signature": f"sha256={signature}", "Content-Type": "application/json"}


def capital(kind: str, payload: Row, api: Amazon) -> Row:
    """The older envelope, whose names begin with a capital."""
    at = iso(api.market.now)
    number = next(api.serial)
    return {
        "NotificationVersion": "1.0", "NotificationType": kind, "PayloadVersion": "1.0", "EventTime": at,
        "Payload": payload,
        "NotificationMetadata": {
            "ApplicationId": APPLICATION_ID, "SubscriptionId": f"subscription-{kind.lower()}", "PublishTime": at,
            "NotificationId": f"notification-{number:08d}",
        },
    }  # fmt: skip


def order_change(api: Amazon, order: Order) -> Row:
    is_asked, at = order.step == Step.CANCEL_ASKED, iso(order.updated)
    return {
        "OrderChangeNotification": {
            "NotificationLevel": "OrderLevel", "SellerId": SELLER, "AmazonOrderId": order.number,
            "OrderChangeType": "BuyerRequestedChange" if is_asked else "OrderStatusChange",
            "OrderChangeTrigger": {
                "TimeOfOrderChange": at,
                "ChangeReason": "Buyer Requested Cancel" if is_asked else "Order Status Change",
            },
            "Summary": {
                "MarketplaceId": MARKETPLACE, "OrderStatus": OLD_STATUS.get(Step(order.step), "Shipped"),
                "PurchaseDate": iso(order.created), "DestinationPostalCode": None, "FulfillmentType": "MFN",
                "OrderType": "StandardOrder", "OrderPrograms": [], "ShippingPrograms": [],
                "OrderItems": [
                    {"OrderItemId": f"{60_000_000_000_000 + order.index * 10 + place}",
                     "SellerSKU": api.market.goods[good].sku, "SupplySourceId": None, "Quantity": quantity}
                    for place, (good, quantity) in enumerate(order.lines)
                ],
            },
        }
    }  # fmt: skip


def feed_done(feed: Any, api: Amazon) -> Row:
    """The newer envelope."""
    at = iso(api.market.now)
    number = next(api.serial)
    return {
        "notificationVersion": "2020-09-04", "notificationType": "FEED_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04", "eventTime": at,
        "payload": {
            "feedProcessingFinishedNotification": {
                "sellerId": SELLER, "accountId": f"amzn1.merchant.o.{SELLER}", "feedId": feed.id,
                "feedType": feed.type, "processingStatus": "DONE", "resultFeedDocumentId": feed.result,
            }
        },
        "notificationMetadata": {
            "applicationId": APPLICATION_ID, "subscriptionId": "subscription-feed", "publishTime": at,
            "notificationId": f"notification-{number:08d}",
        },
    }  # fmt: skip


def make_destination(api: Amazon, call: Call) -> Row:
    name, resource = call.text("name"), call.body.get("resourceSpecification")
    if not isinstance(resource, dict) or not (resource.get("sqs") or resource.get("eventBridge")):
        raise invalid("resourceSpecification must name an SQS queue or an event bus.")
    id = f"destination-{next(api.serial):06d}"
    api.destinations[id] = {"name": name, "destinationId": id, "resource": resource}
    return {"payload": api.destinations[id]}


def list_destinations(api: Amazon, call: Call) -> Row:
    return {"payload": list(api.destinations.values())}


def make_subscription(api: Amazon, call: Call) -> Row:
    kind, destination = call.names[0], call.text("destinationId")
    if destination not in api.destinations:
        raise invalid("The destination is not known.")
    id = f"subscription-{next(api.serial):06d}"
    api.subscriptions[kind] = {
        "subscriptionId": id, "payloadVersion": call.text("payloadVersion"), "destinationId": destination,
    }  # fmt: skip
    return {"payload": api.subscriptions[kind]}


def one_subscription(api: Amazon, call: Call) -> Row:
    if call.names[0] not in api.subscriptions:
        raise missing(call.names[0])
    return {"payload": api.subscriptions[call.names[0]]}
