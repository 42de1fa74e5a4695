from typing import Any

import pytest
import structlog
from django.test import Client

from opsroom import celery
from opsroom.logs import BLANK, redact


@pytest.mark.parametrize(
    "key", ["password", "api_key", "access_token", "Authorization", "client_secret", "sessionKey", "Set-Cookie"]
)
def test_values_of_secret_keys_are_blanked_at_any_depth(key: str) -> None:
    assert redact({"shop": {"list": [{key: "s3cret"}]}}) == {"shop": {"list": [{key: BLANK}]}}


@pytest.mark.parametrize(
    "text",
    ["Bearer abc.def-123", "sk_live_12345678901", "whsec_abcdefgh1234", "sk-ant-api03-abcdefgh", f"ops_{'A-z_9' * 8}"],
)
def test_secrets_inside_texts_are_blanked(text: str) -> None:
    assert redact({"event": f"called with {text}!"})["event"] == f"called with {BLANK}!"


def test_plain_values_stay() -> None:
    event = {"event": "saved", "order": "1042", "rows": 3, "currency": "USD"}
    assert redact(event) == event


@pytest.mark.django_db
def test_an_answer_carries_its_request_id(client: Client) -> None:
    assert client.get("/account/login/", headers={"X-Request-ID": "abcdefgh-1234"})["X-Request-ID"] == "abcdefgh-1234"
    forged = client.get("/account/login/", headers={"X-Request-ID": "a b\n{}"})["X-Request-ID"]
    assert len(forged) == 32


def test_a_task_inherits_the_request_id() -> None:
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        celery.carry_request_id(headers=headers)
    assert headers == {"request_id": "abc"}
