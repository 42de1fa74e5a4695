"""Pushes pass by what only pages need, and nothing else does."""

from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory

from connectors import webhooks
from connectors.models import WebhookEvent
from opsroom.wsgi import application
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db(transaction=True)  # a request closes and opens connections of its own


def ask(method: str, path: str, body: bytes = b"", **headers: str) -> tuple[str, dict[str, str], bytes]:
    environ: dict[str, Any] = RequestFactory().generic(method, path, body, content_type="a/b", headers=headers).environ
    environ["wsgi.input"] = BytesIO(body)
    told: list[Any] = []
    answer = b"".join(application(environ, lambda status, given: told.extend((status, dict(given)))))
    return told[0], told[1], answer


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks.drain_webhooks, "apply_async", lambda **_: None)
    webhooks.known.forget()


def test_a_push_is_stored_without_session_or_policy() -> None:
    shop = ShopFactory.create(kind="shopify", credentials={"client_secret": "s3cret"})
    status, headers, answer = ask("POST", f"/webhooks/{shop.pk}/", b"{}", **{"X-Shopify-Hmac-Sha256": "forged"})
    assert (status, WebhookEvent.objects.count()) == ("401 Unauthorized", 0)
    assert headers["Content-Length"] == str(len(answer))
    assert "Set-Cookie" not in headers
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-ID"]


def test_a_shop_that_is_not_there_is_said_in_plain_words() -> None:
    status, _, answer = ask("POST", "/webhooks/999999/")
    assert (status, answer) == ("404 Not Found", b"There is no such shop here.")


def test_pages_keep_their_policy() -> None:
    status, headers, _ = ask("GET", "/account/login/")
    assert status == "200 OK"
    assert "Content-Security-Policy" in headers
