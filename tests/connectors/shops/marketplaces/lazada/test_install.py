"""How a Lazada account is connected, and what its tokens are good for."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.base import Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.consent import App, Asking, Grant, Installs
from connectors.http import HttpTransport
from connectors.shops.marketplaces.lazada import Lazada
from connectors.shops.marketplaces.lazada.signing import signature
from connectors.transport.breaker import Breaker
from connectors.transport.throttle import LocalBucket
from tests.connectors.shops.marketplaces.lazada.outside import KEYS, Outside, fields, refusal, shop
from tests.connectors.shops.stand import NOW

APP = App("lazada", {"app_key": "100777", "app_secret": "app-secret"})
BACK = "https://ops.example/connect/lazada/back/"
CREATE, REFRESH = "/rest/auth/token/create", "/auth/token/refresh"


def asking(**given: str) -> Asking:
    return Asking("state-1", BACK, (), given=given)


def seller(country: str, seller_id: str) -> dict[str, str]:
    return {"country": country, "seller_id": seller_id, "user_id": "5", "short_code": f"{country.upper()}1"}


def told(*sellers: dict[str, str], country: str = "my", name: str = "country_user_info", **more: Any) -> dict[str, Any]:
    return {
        "access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 2_592_000,
        "refresh_expires_in": 15_552_000, "country": country, "account": "x@example.com", name: list(sellers), **more,
    }  # fmt: skip


def granted(outside: Outside, callback: dict[str, str] | None = None) -> tuple[Grant, ...]:
    transport = HttpTransport(
        httpx.Client(transport=httpx.MockTransport(outside)), limiter=LocalBucket(Lazada.allowance),
        breaker=Breaker(lambda: NOW), clock=lambda: NOW, sort=Lazada.sort,
    )  # fmt: skip
    return Lazada.grant(APP, asking(), {"code": "0_1"} if callback is None else callback, transport, lambda: NOW)


def test_the_consent_page_is_asked_for_with_the_apps_own_callback() -> None:
    made: Any = Lazada
    assert isinstance(made, Installs)
    url = urlsplit(Lazada.consent(APP, asking(country="MY")))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://auth.lazada.com/oauth/authorize"
    assert parse_qs(url.query) == {
        "response_type": ["code"], "force_auth": ["true"], "redirect_uri": [BACK], "client_id": ["100777"],
        "state": ["state-1"], "country": ["my"],
    }  # fmt: skip
    assert "country=cb" in Lazada.consent(APP, asking(country="CB"))
    with pytest.raises(Refused, match="no venture 'XX'"):
        Lazada.consent(APP, asking(country="XX"))


def test_a_code_is_traded_by_a_signed_post_on_the_auth_host() -> None:
    outside = Outside({CREATE: told(seller("my", "1001"))})
    [grant] = granted(outside)
    [request] = outside.requests
    sent = fields(request)
    given = sent.pop("sign")
    assert (request.method, request.url.host, sent["code"]) == ("POST", "auth.lazada.com", "0_1")
    assert given == signature("app-secret", "/auth/token/create", sent)
    assert grant == Grant(
        external_id="1001",
        name="Lazada MY MY1",
        base_url="https://api.lazada.com.my/rest",
        credentials={
            "app_key": "100777", "app_secret": "app-secret", "access_token": "new-access",
            "refresh_token": "new-refresh",
        },
        expires_at=NOW + timedelta(days=30),
        renewable_until=NOW + timedelta(days=180),
        country="MY",
        currency="MYR",
        time_zone="Asia/Kuala_Lumpur",
    )  # fmt: skip


def test_a_cross_border_grant_gives_an_account_for_each_venture() -> None:
    rows = [seller("my", "1001"), seller("VN", "1002"), seller("sg", "1003"), seller("xx", "1004"), {"country": "th"}]
    found = granted(Outside({CREATE: told(*rows, country="cb")}))
    assert [(one.external_id, one.country, one.currency, one.base_url) for one in found] == [
        ("1001", "MY", "MYR", "https://api.lazada.com.my/rest"),
        ("1002", "VN", "VND", "https://api.lazada.vn/rest"),
        ("1003", "SG", "SGD", "https://api.lazada.sg/rest"),
    ]
    assert len({one.credentials["access_token"] for one in found}) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("InvalidCode", "Invalid authorization code"), Refused),
        (refusal("IncompleteSignature"), Refused),
        (refusal("AUTH_TYPE_UNSUPPORTED", "order the app in the service market"), Refused),
        (refusal("ApiCallLimit"), Retry),
        (httpx.ReadTimeout("slow"), Unknown),
        (told(country="my"), Refused),
        ({"country": "my"}, Unknown),
    ],
)
def test_a_code_that_cannot_be_traded_is_sorted_and_sent_once(answer: Any, kind: type[Exception]) -> None:
    outside = Outside({CREATE: answer})
    with pytest.raises(kind):
        granted(outside)
    assert len(outside.requests) == 1


def test_a_person_who_said_no_costs_no_call() -> None:
    outside = Outside({})
    for callback in ({"error": "access_denied"}, {}):
        with pytest.raises(Refused):
            granted(outside, callback)
    assert outside.requests == []


def test_a_refresh_gives_a_new_pair_and_does_not_move_the_end() -> None:
    left = told(seller("my", "1"), name="country_user_info_list", refresh_expires_in=864_000)
    outside = Outside({REFRESH: left})
    connector = shop(outside)
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.credentials == {**KEYS, "access_token": "new-access", "refresh_token": "new-refresh"}
    assert (renewed.expires_at, renewed.renewable_until) == (NOW + timedelta(days=30), NOW + timedelta(days=10))
    sent = outside.one(REFRESH)
    assert (sent["refresh_token"], "access_token" in sent) == ("refresh-token", False)


def test_a_grant_that_cannot_be_refreshed_ends_with_its_token() -> None:
    connector = shop(Outside({REFRESH: told(seller("my", "1"), refresh_expires_in=0)}))
    assert isinstance(connector, Refreshes)
    assert connector.refresh().renewable_until == NOW


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("IllegalRefreshToken"), Reconnect),
        (httpx.ReadTimeout("slow"), Unknown),
        (refusal("ApiCallLimit"), Retry),
    ],
)
def test_a_refresh_that_fails_is_sorted(answer: Any, kind: type[Exception]) -> None:
    connector = shop(Outside({REFRESH: answer}))
    assert isinstance(connector, Refreshes)
    with pytest.raises(kind):
        connector.refresh()
