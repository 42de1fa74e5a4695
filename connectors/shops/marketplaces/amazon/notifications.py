"""Notifications: Amazon puts them into the seller's own queue (SQS) or event bus, unsigned, more than once, unordered.

The operator's bridge reads that queue and posts each message here as it is, with `x-bridge-signature`: the HMAC-SHA256
of the body, in hex, under the shop's `webhook_secret`. So a stranger can tell nothing, and who may write to the queue
is the queue's own policy. A message may come bare, as SQS wraps it (`Body`), or as EventBridge does (`detail`).
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

HEADER = "x-bridge-signature"
TOUCHED = {
    "ORDER_CHANGE": ("orders",),
    "ORDER_STATUS_CHANGE": ("orders",),
    "FULFILLMENT_ORDER_STATUS": ("orders",),
    "SHIPMENT_TRACKING_MILESTONE_CHANGED": ("orders",),
    "LISTINGS_ITEM_STATUS_CHANGE": ("listings",),
    "LISTINGS_ITEM_ISSUES_CHANGE": ("listings",),
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": ("listings",),
    "ITEM_PRODUCT_TYPE_CHANGE": ("listings",),
    "FBA_INVENTORY_AVAILABILITY_CHANGES": ("fba_stock",),
    "TRANSACTION_UPDATE": ("settlement", "payouts"),
    "ACCOUNT_STATUS_CHANGED": ("account_health",),
}
# Amazon's word for a report, and the feed that waits for it.
REPORTS = {
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": ("returns",),
    "GET_V2_SELLER_PERFORMANCE_REPORT": ("account_health",),
}
# A processed feed is one of our cancellations or refunds: what it changed is read from orders and finances.
FEEDS = {
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": ("orders",),
    "POST_PAYMENT_ADJUSTMENT_DATA": ("settlement",),
}


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, headers: Mapping[str, str], secrets: tuple[str, ...]) -> bool:
    given = headers.get(HEADER, "").removeprefix("sha256=").encode()
    return any(hmac.compare_digest(signature(secret, body).encode(), given) for secret in secrets)


def event_id(body: bytes) -> str:
    """Amazon's id of the notification, the same on every delivery; the body's digest where it has none."""
    message = unwrapped(body)
    metadata = field(message, "notificationMetadata")
    found = field(metadata, "notificationId") if isinstance(metadata, dict) else None
    return str(found) if found else hashlib.sha256(body).hexdigest()


def touched(body: bytes) -> tuple[str, ...]:
    message = unwrapped(body)
    kind, payload = str(field(message, "notificationType") or ""), field(message, "payload")
    if kind == "REPORT_PROCESSING_FINISHED":
        return REPORTS.get(_inner(payload, "reportProcessingFinishedNotification", "reportType"), ())
    if kind == "FEED_PROCESSING_FINISHED":
        return FEEDS.get(_inner(payload, "feedProcessingFinishedNotification", "feedType"), ())
    return TOUCHED.get(kind, ())


def unwrapped(body: bytes) -> dict[str, Any]:
    """The notification itself; empty for what is none."""
    try:
        message: Any = orjson.loads(body)
        if isinstance(message, dict) and isinstance(message.get("Body"), str):
            message = orjson.loads(message["Body"])
    except orjson.JSONDecodeError:
        return {}
    if isinstance(message, dict) and isinstance(message.get("detail"), dict):
        message = message["detail"]
    return message if isinstance(message, dict) else {}


def field(message: Mapping[str, Any], name: str) -> Any:
    """Amazon's older notifications begin their names with a capital, the newer do not."""
    return message.get(name, message.get(name[:1].upper() + name[1:]))


def _inner(payload: Any, wrapper: str, name: str) -> str:
    inner = field(payload, wrapper) if isinstance(payload, dict) else None
    return str(field(inner, name) or "") if isinstance(inner, dict) else ""
