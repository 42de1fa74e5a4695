"""Shopify's three privacy webhooks are verified, stored, done by the task, and noted without a name."""

import base64
import hashlib
import hmac
import json

import pytest
from django.test import Client

from connectors.models import App, Customer, Shop, WebhookEvent
from connectors.webhooks import known
from drafts.models import LedgerEntry
from opsroom.privacy.models import Request
from opsroom.privacy.requests import take
from tests.factories import NOW, ShopFactory


@pytest.fixture
def shop(db: None) -> Shop:
    known.forget()
    made = ShopFactory.create(kind="shopify", credentials={"client_secret": "s3cret"})
    for number in (7001234, 7005678):
        Customer.objects.create(
            shop=made, external_id=f"gid://shopify/Customer/{number}", name=f"Person {number}", digest=b"0" * 16,
            email=f"{number}@example.com", changed_at=NOW, fetched_at=NOW,
        )  # fmt: skip
    return made


def push(shop: Shop, topic: str, secret: str = "s3cret") -> int:
    told = {"shop_domain": "mug.myshopify.com", "customer": {"id": 7001234, "email": "7001234@example.com"}}
    body = json.dumps(told).encode()
    sign = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"X-Shopify-Hmac-Sha256": sign, "X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": topic}
    return Client().post(
        f"/webhooks/{shop.pk}/", body, content_type="application/json", headers=headers
    ).status_code  # fmt: skip


def names() -> list[str]:
    return list(Customer.objects.order_by("external_id").values_list("name", flat=True))


def test_a_customer_is_erased_on_the_platforms_word(shop: Shop) -> None:
    assert push(shop, "customers/redact") == 200
    assert take(WebhookEvent.objects.get().received_at) == 1
    assert names() == ["", "Person 7005678"]
    assert not WebhookEvent.objects.exists()
    assert Request.objects.get().outcome == "1 customers erased, 2 rows"  # the record, and the push that names them
    said = b"".join(bytes(body) for body in LedgerEntry.objects.values_list("body", flat=True))
    assert said
    assert b"7001234" not in said


def test_a_demand_is_met_once(shop: Shop) -> None:
    push(shop, "customers/redact")
    now = WebhookEvent.objects.get().received_at
    assert [take(now), take(now)] == [1, 0]


def test_a_forged_demand_erases_nobody(shop: Shop) -> None:
    assert push(shop, "customers/redact", secret="other") == 401
    assert take(NOW) == 0
    assert names() == ["Person 7001234", "Person 7005678"]


def test_a_paused_shop_hears_a_demand_all_the_same(shop: Shop) -> None:
    Shop.objects.update(state=Shop.State.PAUSED)
    assert push(shop, "orders/create") == push(shop, "customers/redact") == 200
    assert [event.topic for event in WebhookEvent.objects.all()] == ["privacy:customers/redact"]


def test_a_disconnected_shop_is_known_by_our_apps_secret(shop: Shop) -> None:
    App.objects.create(kind="shopify", credentials={"client_secret": "s3cret"})
    shop.state, shop.credentials = Shop.State.DISCONNECTED, {}
    shop.save()
    assert push(shop, "shop/redact", secret="other") == 401
    assert push(shop, "shop/redact") == 200
    assert take(WebhookEvent.objects.get().received_at) == 1
    assert names() == ["", ""]


def test_all_customers_of_a_shop_that_left_are_erased(shop: Shop) -> None:
    push(shop, "shop/redact")
    assert take(WebhookEvent.objects.get().received_at) == 1
    assert names() == ["", ""]


def test_a_customer_who_asks_is_counted_for_the_owner_to_answer(shop: Shop) -> None:
    push(shop, "customers/data_request")
    assert take(WebhookEvent.objects.get().received_at) == 1
    assert Request.objects.get().outcome.startswith("1 rows are kept")
    assert names() == ["Person 7001234", "Person 7005678"]
