"""Connecting a TikTok Shop: the consent page, the code, several shops of one grant, and the next pair of tokens."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.base import Reconnect, Refreshes, Refused
from connectors.consent import App, Asking, Installs
from connectors.http import HttpTransport, Patience
from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.transport.breaker import Breaker
from connectors.transport.redaction import Redactor
from connectors.transport.throttle import LocalBucket
from tests.connectors.shops.marketplaces.tiktok_shop.outside import KEYS, Outside, refusal, shop
from tests.connectors.shops.stand import NOW, open_with

GET, REFRESH = "GET /api/v2/token/get", "GET /api/v2/token/refresh"
SHOPS = "GET /authorization/202309/shops"
ACCESS_ENDS, REFRESH_ENDS = 1_796_000_000, 1_826_000_000
APP = App("tiktok_shop", {"app_key": "app-key", "app_secret": "app-secret", "service_id": "743"})
ASKING = Asking("state-1", "https://ops.example/callback", ("seller.order.info",), given={"country": "US"})
TOLD = {
    "access_token": "TTP_new", "access_token_expire_in": ACCESS_ENDS, "refresh_token": "TTR_new",
    "refresh_token_expire_in": REFRESH_ENDS, "seller_name": "Lumen", "user_type": 0,
    "granted_scopes": ["seller.order.info"],
}  # fmt: skip
TWO = {
    "shops": [
        {"id": "7001", "name": "Lumen PH", "region": "PH", "cipher": "cipher-1"},
        {"id": "7002", "name": "Lumen UK", "region": "GB", "cipher": "cipher-2"},
    ]
}


def transport(outside: Outside) -> HttpTransport:
    return HttpTransport(
        httpx.Client(transport=httpx.MockTransport(outside)), limiter=LocalBucket(TikTokShop.allowance),
        breaker=Breaker(lambda: NOW), clock=lambda: NOW, sort=TikTokShop.sort, patience=Patience(attempts=1),
    )  # fmt: skip


def grant(outside: Outside, callback: dict[str, str], app: App = APP) -> Any:
    return TikTokShop.grant(app, ASKING, callback, transport(outside), lambda: NOW)


def test_it_can_be_installed_and_its_tokens_renewed() -> None:
    connector: object = shop(Outside({}))
    assert isinstance(connector, Installs)
    assert isinstance(connector, Refreshes)


@pytest.mark.parametrize(
    ("country", "host"),
    [("US", "https://services.us.tiktokshop.com"), ("elsewhere", "https://services.tiktokshop.com")],
)
def test_the_consent_page_is_the_sellers_own_countrys(country: str, host: str) -> None:
    page = TikTokShop.consent(APP, Asking("state-1", "https://ops.example/cb", (), given={"country": country}))
    assert page == f"{host}/open/authorize?service_id=743&state=state-1"


def test_a_market_that_stands_in_shows_its_own_page() -> None:
    app = App("tiktok_shop", APP.credentials, consent_url="http://127.0.0.1:9/tiktok_shop/")
    assert TikTokShop.consent(app, ASKING) == (
        "http://127.0.0.1:9/tiktok_shop/open/authorize?service_id=743&state=state-1"
    )


def test_one_grant_gives_each_shop_with_its_own_cipher() -> None:
    outside = Outside({GET: TOLD, SHOPS: TWO})
    first, second = grant(outside, {"code": "one-time", "state": "state-1"})
    exchange, listing = outside.requests
    assert exchange.url.host == "auth.tiktok-shops.com"
    assert dict(exchange.url.params) == {
        "app_key": "app-key", "app_secret": "app-secret", "auth_code": "one-time", "grant_type": "authorized_code",
    }  # fmt: skip
    assert listing.url.host == "open-api.tiktokglobalshop.com"
    assert listing.headers["x-tts-access-token"] == "TTP_new"
    assert (first.external_id, first.name, first.country, first.currency) == ("7001", "Lumen PH", "PH", "PHP")
    assert second.credentials == {
        **APP.credentials, "access_token": "TTP_new", "refresh_token": "TTR_new", "shop_cipher": "cipher-2",
    }  # fmt: skip
    assert first.expires_at == datetime.fromtimestamp(ACCESS_ENDS, UTC)
    assert first.renewable_until == datetime.fromtimestamp(REFRESH_ENDS, UTC)
    assert first.scopes == ("seller.order.info",)
    assert set(TikTokShop.credentials) <= set(first.credentials)


@pytest.mark.parametrize(
    ("callback", "answers", "kind"),
    [
        ({"code": "null", "error": "auth_denied"}, {}, Refused),
        ({"state": "state-1"}, {}, Refused),
        ({"code": "used"}, {GET: refusal(36004004, "auth code is used")}, Refused),
        ({"code": "fine"}, {GET: {}}, Refused),
        ({"code": "fine"}, {GET: {**TOLD, "user_type": 1}}, Refused),
        ({"code": "fine"}, {GET: TOLD, SHOPS: {"shops": []}}, Refused),
    ],
)
def test_a_visit_that_gave_nothing_says_why(
    callback: dict[str, str], answers: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        grant(Outside(answers), callback)


def test_a_new_pair_keeps_the_rest_and_tells_both_ends_which_are_absolute() -> None:
    outside = Outside({REFRESH: TOLD})
    connector = open_with(outside, "tiktok_shop", KEYS)
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.credentials == {**KEYS, "access_token": "TTP_new", "refresh_token": "TTR_new"}
    assert renewed.expires_at == datetime.fromtimestamp(ACCESS_ENDS, UTC)
    assert renewed.renewable_until == datetime.fromtimestamp(REFRESH_ENDS, UTC)
    assert outside.requests[0].url.params["refresh_token"] == "refresh-token"


@pytest.mark.parametrize("code", [36004001, 36004005, 105001])
def test_a_dead_refresh_token_asks_for_a_person(code: int) -> None:
    connector = shop(Outside({REFRESH: refusal(code)}))
    assert isinstance(connector, Refreshes)
    with pytest.raises(Reconnect):
        connector.refresh()


def test_a_grant_that_lost_our_shop_is_told_by_the_check() -> None:
    with pytest.raises(Refused, match="connect it again"):
        shop(Outside({SHOPS: TWO})).check()


def test_the_apps_secret_and_the_code_are_cut_out_of_an_address_that_is_logged() -> None:
    address = "https://auth.tiktok-shops.com/api/v2/token/get?app_key=k&app_secret=s3cr3t&auth_code=c0de&grant_type=g"
    assert Redactor()(address) == (
        "https://auth.tiktok-shops.com/api/v2/token/get?app_key=k&app_secret=•••&auth_code=•••&grant_type=g"
    )
