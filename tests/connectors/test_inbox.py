"""The durable inbox read as the record: in order, by shop, by words; and a channel that tries an address first."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client

from connectors import account as accounts
from connectors import webhooks
from connectors.inbox import CHUNK, StoredPushes
from connectors.models import Conversation, Feed, Message, QuarantinedRow, Shop, WebhookEvent
from connectors.pull import make_feeds, pull
from connectors.registry import open_connector
from opsroom.management.commands.connect_twin import push_addresses
from tests.connectors.shops.messages.test_whatsapp import HEARD, KEYS, push, status, wrote
from tests.connectors.shops.stand import reply
from tests.factories import NOW, ShopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks.drain_webhooks, "apply_async", lambda **_: None)
    webhooks.known.forget()


@pytest.fixture
def shop() -> Shop:
    return ShopFactory.create(kind="whatsapp", credentials=KEYS, settings={})


def send(shop: Shop, body: bytes, secret: str = "s3cret") -> int:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/webhooks/{shop.pk}/", body, "application/json", headers=headers).status_code


def keep(shop: Shop, at: datetime, body: bytes, topic: str = "messages") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO connectors_webhookevent (received_at, shop_id, event_id, topic, body) VALUES (%s,%s,%s,%s,%s)",
            [at, shop.pk, "e", topic, body],
        )


def bodies(shop: Shop, since: datetime, containing: str = "") -> list[bytes]:
    return [one.body for one in StoredPushes(shop.pk).since("messages", since, containing)]


def test_pushes_are_read_oldest_first_and_only_the_shops_own_feed(shop: Shop) -> None:
    other = ShopFactory.create(kind="whatsapp", credentials=KEYS)
    keep(shop, NOW, b"second")
    keep(shop, NOW - timedelta(minutes=1), b"first", "messages,account_health")
    keep(shop, NOW, b"health", "account_health")
    keep(shop, NOW - timedelta(days=40), b"long ago, in another month's partition")
    keep(other, NOW, b"another shop's")
    assert bodies(shop, NOW - timedelta(hours=1)) == [b"first", b"second"]
    assert bodies(shop, NOW) == [b"second"]
    assert len(bodies(shop, NOW - timedelta(days=50))) == 3


def test_many_pushes_of_one_moment_are_each_read_once(shop: Shop) -> None:
    for number in range(CHUNK + 20):
        keep(shop, NOW, str(number).encode())
    assert bodies(shop, NOW) == [str(number).encode() for number in range(CHUNK + 20)]


def test_pushes_are_found_by_words_in_them(shop: Shop) -> None:
    keep(shop, NOW, b'{"key": "intent-1"}')
    keep(shop, NOW, b'{"key": "intent-2", "binary": "\xff"}')
    assert bodies(shop, NOW, "intent-2") == [b'{"key": "intent-2", "binary": "\xff"}']
    assert bodies(shop, NOW, "intent-3") == []


def test_reading_the_record_uses_its_index(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT received_at, id, body FROM connectors_webhookevent WHERE shop_id = 7"
            " AND topic LIKE 'messages%%' AND received_at >= %s ORDER BY received_at, id LIMIT 500", [NOW],
        )  # fmt: skip
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "shop_id_received_at_id" in plan or "webhook_record" in plan


def answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    """Connectors are opened as ever, with the channel's reads answered from here."""

    def answer(request: httpx.Request) -> httpx.Response:
        return reply(answers[f"{request.method} {request.url.path.removeprefix('/v23.0/')}"])

    client = httpx.Client(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(
        accounts, "open_connector", lambda *given, **named: open_connector(*given, **named, client=client)
    )


def test_a_push_is_stored_then_pulled_into_its_conversation(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, HEARD)
    feed = next(one for one in make_feeds(shop) if one.name == "messages")
    assert [send(shop, push(wrote())), send(shop, push(wrote())), send(shop, b"rubbish")] == [200, 200, 200]
    assert [send(shop, push(wrote(ref="wamid.f")), secret="forged")] == [401]
    assert WebhookEvent.objects.count() == 2
    assert set(webhooks.drain(NOW)) == {feed.pk}

    pull(feed.pk)

    assert Message.objects.get().external_id == "wamid.1"
    assert Conversation.objects.get().last_direction == "in"
    assert bytes(QuarantinedRow.objects.get().raw) == b"rubbish"
    send(shop, push(status("sent")))
    Feed.objects.update(next_pull_at=NOW)
    pull(feed.pk)
    assert Conversation.objects.get().last_direction == "out"
    assert Message.objects.count() == 2


def test_a_feed_that_nobody_is_subscribed_to_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"GET 104/subscribed_apps": {"data": []}})
    feed = next(one for one in make_feeds(shop) if one.name == "messages")
    pull(feed.pk)
    feed.refresh_from_db()
    assert (feed.failures, feed.error_class, feed.last_good_at) == (1, "refused", None)
    assert "subscribe the app" in feed.error_text


def test_a_paused_shop_keeps_what_cannot_be_read_again(shop: Shop, fake_shop: Shop) -> None:
    Shop.objects.update(state=Shop.State.PAUSED)
    assert send(shop, push(wrote())) == 200
    answer = Client().post(f"/webhooks/{fake_shop.pk}/", b"orders", "text/plain", headers={"X-Sign": "s3cret"})
    assert (answer.status_code, answer.content) == (200, b"This shop is paused.")
    assert [event.shop_id for event in WebhookEvent.objects.all()] == [shop.pk]


def test_the_first_try_of_an_address_is_answered_with_its_challenge(shop: Shop, fake_shop: Shop) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "lantern", "hub.challenge": "1158201444"}
    answer = Client().get(f"/webhooks/{shop.pk}/", asked)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200, b"1158201444", "text/plain; charset=utf-8",
    )  # fmt: skip
    wrong = Client().get(f"/webhooks/{shop.pk}/", asked | {"hub.verify_token": "guessed"})
    assert (wrong.status_code, b"1158201444" in wrong.content) == (403, False)
    assert Client().get(f"/webhooks/{shop.pk}/").status_code == 405
    assert Client().get(f"/webhooks/{fake_shop.pk}/", asked).status_code == 403
    assert WebhookEvent.objects.count() == 0


def test_the_market_is_told_where_to_push_what_no_pull_brings(shop: Shop, fake_shop: Shop, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example"
    assert push_addresses([shop, fake_shop]) == {"whatsapp": f"https://ops.example/webhooks/{shop.pk}/"}
