"""Webhooks: signed, doubled and shuffled on demand, and kept where they were not taken."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
import stripe

from connectors.twin.faults import Faults
from connectors.twin.wire.push import Pusher
from tests.connectors.twin.conftest import Client

Received = Queue[tuple[bytes, dict[str, str]]]


@pytest.fixture
def callback() -> Iterator[tuple[str, Received]]:
    """An address that takes everything, and what it took."""
    taken: Received = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.put((body, dict(self.headers.items())))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_refund_is_pushed_with_stripes_signature(fresh: Client, callback: tuple[str, Received]) -> None:
    url, taken = callback
    fresh.control("POST", "webhooks", {"kind": "stripe", "url": url})
    charge = next(
        row["id"] for row in fresh.stripe("GET", "charges?limit=50").json()["data"] if row["status"] == "succeeded"
    )
    fresh.stripe("POST", "refunds", {"charge": charge, "amount": "100"})
    body, headers = taken.get(timeout=5)
    secret = fresh.shops["stripe"]["credentials"]["webhook_secret"]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
    assert event.type == "charge.refunded"


def test_a_shopee_push_is_signed_over_the_address_and_the_body(fresh: Client, callback: tuple[str, Received]) -> None:
    url, taken = callback
    fresh.control("POST", "webhooks", {"kind": "shopee", "url": url})
    late = next(row for row in fresh.truth("late_shipment") if row["shop"] == "shopee")["subject_ref"]
    fresh.shopee("order/cancel_order", {"order_sn": late, "cancel_reason": "CUSTOMER_REQUEST"})
    body, headers = taken.get(timeout=5)
    key = fresh.shops["shopee"]["credentials"]["partner_key"].encode()
    assert headers["Authorization"] == hmac.new(key, url.encode() + b"|" + body, hashlib.sha256).hexdigest()
    assert late.encode() in body


def test_a_push_that_nobody_takes_can_be_fetched_later(fresh: Client) -> None:
    fresh.control("POST", "webhooks", {"kind": "shopee", "url": "http://127.0.0.1:9/closed"})
    late = next(row for row in fresh.truth("late_shipment") if row["shop"] == "shopee")["subject_ref"]
    fresh.shopee("order/cancel_order", {"order_sn": late, "cancel_reason": "CUSTOMER_REQUEST"})
    found: list[dict[str, object]] = []
    for _ in range(200):
        found = fresh.shopee("push/get_lost_push_message", is_public=True).json()["response"]["push_message_list"]
        if found:
            break
    assert [row["code"] for row in found] == [3]


def test_pushes_are_doubled_and_shuffled_on_demand(fresh: Client) -> None:
    faults = Faults(5)
    pusher = Pusher(fresh.server.wires, faults, {"shopee": "http://127.0.0.1:9/x"})
    orders = fresh.server.market.books["shopee"].orders[:6]
    for order in orders:
        pusher.note("shopee", "orders/updated", order)
    in_order = [body for _, _, body, _ in pusher.queue]
    assert len(in_order) == 6
    pusher.queue.clear()
    faults.add({"shop": "shopee", "operation": "webhook", "kind": "duplicated_webhook", "remaining": 1})
    pusher.note("shopee", "orders/updated", orders[0])
    assert [body for _, _, body, _ in pusher.queue] == [in_order[0], in_order[0]]
    pusher.queue.clear()
    faults.add({"shop": "shopee", "operation": "webhook", "kind": "reordered_webhook"})
    for order in orders:
        pusher.note("shopee", "orders/updated", order)
    shuffled = [body for _, _, body, _ in pusher.queue]
    assert sorted(shuffled) == sorted(in_order)
    assert shuffled != in_order
