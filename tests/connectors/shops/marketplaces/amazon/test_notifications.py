"""Notifications: signed by the operator's bridge, in every wrapping, counted once, and each touching its feeds."""

from typing import Any

import orjson
import pytest

from connectors.shops.marketplaces.amazon import Amazon
from connectors.shops.marketplaces.amazon.notifications import signature
from tests.connectors.shops.stand import NOW

CAPITAL = {
    "NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": {"AmazonOrderId": "114-1"}},
    "NotificationMetadata": {"NotificationId": "n-1"},
}  # fmt: skip
SMALL = {
    "notificationType": "REPORT_PROCESSING_FINISHED",
    "payload": {"reportProcessingFinishedNotification": {"reportType": "GET_V2_SELLER_PERFORMANCE_REPORT"}},
    "notificationMetadata": {"notificationId": "n-2"},
}  # fmt: skip


def wrapped(message: Any) -> list[bytes]:
    """Bare, as SQS hands it out, and as EventBridge does."""
    text = orjson.dumps(message)
    return [
        text,
        orjson.dumps({"MessageId": "m", "ReceiptHandle": "h", "Body": text.decode()}),
        orjson.dumps({"id": "e", "detail-type": "ORDER_CHANGE", "detail": message}),
    ]


def verified(body: bytes, given: str, *secrets: str) -> bool:
    return Amazon.verify(body, {"x-bridge-signature": given}, "https://ops.example/hook", secrets, NOW)


def test_the_bridges_signature_is_over_the_raw_body() -> None:
    # RFC 4231, test case 2.
    body = b"what do ya want for nothing?"
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature("Jefe", body) == known
    assert verified(body, f"sha256={known}", "Jefe")
    assert verified(body, known, "other", "Jefe")


@pytest.mark.parametrize("given", ["", "sha256=", "0" * 64, "é"])
def test_a_message_that_the_bridge_did_not_sign_is_refused(given: str) -> None:
    assert not verified(b"{}", given, "bridge")
    assert not Amazon.verify(b"{}", {}, "", ("bridge",), NOW)
    assert not verified(b"{}", signature("bridge", b"{}"))


@pytest.mark.parametrize("body", wrapped(CAPITAL))
def test_an_order_change_touches_the_orders_however_it_is_wrapped(body: bytes) -> None:
    assert (Amazon.touched(body, {}), Amazon.event_id(body, {})) == (("orders",), "n-1")


@pytest.mark.parametrize("body", wrapped(SMALL))
def test_a_finished_report_touches_the_feed_that_waits_for_it(body: bytes) -> None:
    assert (Amazon.touched(body, {}), Amazon.event_id(body, {})) == (("account_health",), "n-2")


@pytest.mark.parametrize(
    ("kind", "feeds"),
    [("POST_PAYMENT_ADJUSTMENT_DATA", ("settlement",)), ("POST_ORDER_ACKNOWLEDGEMENT_DATA", ("orders",)),
     ("JSON_LISTINGS_FEED", ())],
)  # fmt: skip
def test_a_processed_feed_touches_what_it_changed(kind: str, feeds: tuple[str, ...]) -> None:
    payload = {"feedProcessingFinishedNotification": {"feedType": kind}}
    body = orjson.dumps({"notificationType": "FEED_PROCESSING_FINISHED", "payload": payload})
    assert Amazon.touched(body, {}) == feeds


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"text"', b"{}", b'{"Body": "no json"}', b'{"NotificationType": 5}', b'{"detail": {"payload": 1}}',
     b'{"NotificationType": "NEW_KIND", "Payload": []}'],
)  # fmt: skip
def test_what_is_no_notification_touches_nothing_and_still_has_an_id(body: bytes) -> None:
    assert Amazon.touched(body, {}) == ()
    assert len(Amazon.event_id(body, {})) == 64
    assert Amazon.event_id(body, {}) == Amazon.event_id(body, {})
