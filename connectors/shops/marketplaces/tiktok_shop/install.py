"""Connecting a shop: TikTok Shop's consent page, tokens, and the shops that a seller let us into.

`*_expire_in` are absolute Unix seconds. The token calls are not signed and carry the app's secret in their address.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors.base import Answer, Clock, Reconnect, Refused, Renewed, Transport
from connectors.consent import App, Ask, Asking, Grant
from connectors.shops.marketplaces.tiktok_shop.client import Client, data_of, rows
from connectors.shops.reading import Row, must_moment
from connectors.types import Account

API = "https://open-api.tiktokglobalshop.com"
AUTH = "https://auth.tiktok-shops.com"
CONSENT = {"US": "https://services.us.tiktokshop.com", "": "https://services.tiktokshop.com"}
SHOPS = "/authorization/202309/shops"
CURRENCIES = {
    "US": "USD", "GB": "GBP", "ID": "IDR", "MY": "MYR", "PH": "PHP", "SG": "SGD", "TH": "THB", "VN": "VND",
    "ES": "EUR", "IE": "EUR", "IT": "EUR", "DE": "EUR", "FR": "EUR", "MX": "MXN", "BR": "BRL", "JP": "JPY",
}  # fmt: skip
DENIED = "auth_denied"


def auth_host(base_url: str) -> str:
    """Tokens have a host of their own; a market that stands in for TikTok Shop serves both."""
    return AUTH if base_url.rstrip("/") in ("", API) else base_url.rstrip("/")


class Install:
    """What TikTok Shop's class needs to be an `Installs`. The app's scopes are registered with TikTok; the seller may
    take some away on the consent page, so what was granted is read from the tokens."""

    app_credentials: ClassVar[tuple[str, ...]] = ("app_key", "app_secret", "service_id")
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("country", "Where the seller is registered", "US", choices=("US", "elsewhere")),
    )
    read_scopes: ClassVar[tuple[str, ...]] = (
        "seller.authorization.info", "seller.shop.info", "seller.order.info", "seller.product.basic",
        "seller.return_refund.basic", "seller.fulfillment.basic", "seller.logistics", "seller.finance.info",
    )  # fmt: skip
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "SetStock": ("seller.product.write",),
        "SetPrice": ("seller.product.write",),
        "SendMessage": ("seller.customer_service",),
    }
    account: Account
    transport: Transport
    clock: Callable[[], datetime]

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        """TikTok Shop sends the browser back to the address that is registered with the app."""
        country = "US" if asking.given.get("country") == "US" else ""
        query = urlencode({"service_id": app.credentials["service_id"], "state": asking.state})
        return f"{app.consent_url.rstrip('/') or CONSENT[country]}/open/authorize?{query}"

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        code = callback.get("code") or ""
        if callback.get("error") or code in ("", "null"):
            said = "the seller did not allow it" if callback.get("error") == DENIED else "TikTok Shop sent no code"
            raise Refused(f"{said}; start from the connect page again", code=callback.get("error") or "no_code")
        mine = app.credentials
        query = {
            "app_key": mine["app_key"], "app_secret": mine["app_secret"], "auth_code": code,
            "grant_type": "authorized_code",
        }  # fmt: skip
        base = app.base_url.rstrip("/") or API
        try:
            told = _tokens(transport, f"{auth_host(base)}/api/v2/token/get", query, purpose="token.exchange")
        except Reconnect as error:  # there is no connection yet that could be made again
            raise Refused(str(error), code=error.code) from error
        if int(told.get("user_type") or 0) != 0:
            raise Refused("this is no seller's account; connect with the seller's own", code="user_type")
        tokens = _pair(told)
        account = Account(
            "tiktok_shop", 0, str(told.get("seller_name") or ""), "", base,
            credentials={**mine, **tokens, "shop_cipher": ""},
        )  # fmt: skip
        shops = rows(Client(account, transport, clock).get(SHOPS, has_shop=False), "shops")
        if not shops:
            raise Refused("this seller has let us into no shop", code="no_shop")
        return tuple(_grant(shop, told, {**mine, **tokens}, base) for shop in shops)

    def refresh(self) -> Renewed:
        """A new pair; the access token lasts a week, the refresh token as long as the seller's grant."""
        mine = self.account.credentials
        query = {
            "app_key": mine["app_key"], "app_secret": mine["app_secret"], "refresh_token": mine["refresh_token"],
            "grant_type": "refresh_token",
        }  # fmt: skip
        url = f"{auth_host(self.account.base_url)}/api/v2/token/refresh"
        told = _tokens(self.transport, url, query, purpose="token.refresh")
        return Renewed(
            {**mine, **_pair(told)}, must_moment(told["access_token_expire_in"]),
            must_moment(told["refresh_token_expire_in"]),
        )  # fmt: skip


def _tokens(transport: Transport, url: str, query: Mapping[str, str], *, purpose: str) -> Row:
    """Raises Reconnect where TikTok Shop gives no tokens."""
    answer: Answer = transport.housekeeping("GET", f"{url}?{urlencode(query)}", purpose=purpose)
    told = data_of(answer)
    if not told.get("access_token") or not told.get("refresh_token"):
        raise Reconnect("TikTok Shop gave no tokens; connect the shop again")
    return told


def _pair(told: Row) -> dict[str, str]:
    return {"access_token": str(told["access_token"]), "refresh_token": str(told["refresh_token"])}


def _grant(shop: Any, told: Row, credentials: Mapping[str, str], base_url: str) -> Grant:
    country = str(shop.get("region") or "")
    return Grant(
        external_id=str(shop["id"]),
        name=str(shop.get("name") or told.get("seller_name") or shop["id"]),
        base_url=base_url,
        credentials={**credentials, "shop_cipher": str(shop["cipher"])},
        expires_at=must_moment(told["access_token_expire_in"]),
        renewable_until=must_moment(told["refresh_token_expire_in"]),
        scopes=tuple(str(scope) for scope in told.get("granted_scopes") or ()),
        country=country,
        currency=CURRENCIES.get(country, ""),
    )
