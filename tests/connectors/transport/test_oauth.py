"""OAuth 2.0 as the RFCs have it: the consent address, a code traded once, a token renewed, refusals in words."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.base import Reconnect, Refused, Unknown
from connectors.consent import Asking
from connectors.http import HttpTransport, Reply
from connectors.registry import transport_for
from connectors.shops.messages.mailbox import Mailbox
from connectors.transport import oauth
from tests.connectors.shops.stand import NOW, reply

URL = "https://auth.example/token"
TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 3600, "scope": "read write"}
# RFC 7636, appendix B
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def way(answer: Callable[[httpx.Request], httpx.Response]) -> HttpTransport:
    made = transport_for(Mailbox, (), lambda: NOW)
    made.client = httpx.Client(transport=httpx.MockTransport(answer))
    return made


def clock() -> datetime:
    return NOW


def test_the_consent_address_carries_state_scopes_and_the_known_challenge() -> None:
    asking = Asking("st4te", "https://ops.example/back?x=1", ("read", "write"), verifier=VERIFIER)
    query = parse_qs(urlsplit(oauth.consent_url("https://auth.example/go", "id", asking, prompt="consent")).query)
    assert query == {
        "response_type": ["code"], "client_id": ["id"], "redirect_uri": ["https://ops.example/back?x=1"],
        "state": ["st4te"], "scope": ["read write"], "prompt": ["consent"], "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
    }  # fmt: skip
    bare = oauth.consent_url("https://auth.example/go", "id", Asking("s", "https://x/", ()))
    assert "scope" not in bare
    assert "code_challenge" not in bare


@pytest.mark.parametrize(
    ("callback", "says"),
    [
        ({"error": "access_denied", "error_description": "The owner said no."}, "The owner said no"),
        ({"error": "server_error"}, "server_error"),
        ({"state": "s"}, "no code"),
        ({"code": ""}, "no code"),
    ],
)
def test_a_callback_without_a_code_is_refused_in_words(callback: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        oauth.code_of(callback)
    assert oauth.code_of({"code": "c0de"}) == "c0de"


def test_a_code_is_traded_for_tokens_that_end_counted_from_the_asking() -> None:
    heard: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return reply(TOKENS)

    tokens = oauth.exchange(way(answer), URL, {"code": "c0de"}, clock, headers={"X-App": "1"})
    assert (tokens.access, tokens.refresh, tokens.scopes) == ("at", "rt", ("read", "write"))
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert parse_qs(heard[0].content.decode()) == {"grant_type": ["authorization_code"], "code": ["c0de"]}
    assert (heard[0].headers["x-app"], heard[0].headers["content-type"]) == ("1", "application/x-www-form-urlencoded")


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one() -> None:
    answer = {"access_token": "at-2", "expires_in": "1800"}
    tokens = oauth.renew(way(lambda request: reply(answer)), URL, {"refresh_token": "rt"}, clock)
    renewed = tokens.renewed({"refresh_token": "rt", "client_id": "id", "access_token": "at"})
    assert renewed.credentials == {"refresh_token": "rt", "client_id": "id", "access_token": "at-2"}
    assert renewed.expires_at == NOW + timedelta(minutes=30)
    assert "at-2" not in repr(tokens) + repr(renewed)


def test_a_token_that_does_not_end_has_no_end() -> None:
    tokens = oauth.renew(way(lambda request: reply({"access_token": "at"})), URL, {}, lambda: datetime.now(UTC))
    assert tokens.expires_at is None


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"error": "invalid_grant", "error_description": "revoked"}, 400, Reconnect),
        ({"error": "unauthorized_client"}, 400, Reconnect),
        ({"error": "invalid_client"}, 401, Refused),
        ({"error": "invalid_request"}, 400, Refused),
        ({"token": "renamed"}, 200, Unknown),
        (["at"], 200, Unknown),
        ({"access_token": 5}, 200, Unknown),
        ({"error": "temporarily_unavailable"}, 503, Unknown),
    ],
)
def test_each_ending_of_a_renewal_is_sorted(body: Any, status: int, kind: type[Exception]) -> None:
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return reply(body, status)

    with pytest.raises(kind):
        oauth.renew(way(answer), URL, {"refresh_token": "rt"}, clock)
    assert len(calls) == 1  # a refresh token may serve a single time


def test_a_used_code_is_refused_and_does_not_end_an_account() -> None:
    dead = reply({"error": "invalid_grant", "error_description": "used"}, 400)
    with pytest.raises(Refused, match="start the connection again"):
        oauth.exchange(way(lambda request: dead), URL, {"code": "c"}, clock)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": {"code": 400}}', b"{}"])
def test_what_is_no_token_error_is_left_to_the_platforms_own_sorting(body: bytes) -> None:
    assert oauth.token_error(Reply(400, {}, body)) is None
    assert oauth.token_error(Reply(200, {}, b'{"error": "invalid_grant"}')) is None


def test_the_words_for_mail_servers_are_googles() -> None:
    """The example of Google's documentation of XOAUTH2."""
    words = oauth.xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
    assert base64.b64encode(words.encode()) == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0"
        b"Q2cBAQ=="
    )
