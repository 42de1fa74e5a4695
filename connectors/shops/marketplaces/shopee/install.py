"""How a Shopee shop is connected: the seller's consent page, then tokens for each shop that was let in."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, ConnectorError, Reconnect, Refused, Transport, Unknown
from connectors.consent import App, Ask, Asking, Grant
from connectors.shops.marketplaces.shopee.client import Client
from connectors.transport.oauth import code_of
from connectors.types import Account

ASIA, CHINA, BRAZIL = "Asia", "Mainland China", "Brazil or the Americas"
# By where our server stands, not by the seller's market: (API host, host of the consent page).
HOSTS = {
    ASIA: ("https://partner.shopeemobile.com", "https://open.shopee.com"),
    CHINA: ("https://openplatform.shopee.cn", "https://open.shopee.cn"),
    BRAZIL: ("https://openplatform.shopee.com.br", "https://open.shopee.com.br"),
}
CURRENCIES = {
    "SG": "SGD", "MY": "MYR", "TH": "THB", "ID": "IDR", "PH": "PHP", "VN": "VND", "TW": "TWD", "BR": "BRL", "MX": "MXN",
    "CL": "CLP", "CO": "COP", "PL": "PLN", "ES": "EUR", "FR": "EUR", "IN": "INR", "AR": "ARS",
}  # fmt: skip
TOKENS = "/api/v2/auth/token/get"


class Install:
    """Shopee grants by app, not by scope. The code works once, within ten minutes."""

    app_credentials: ClassVar[tuple[str, ...]] = ("partner_id", "partner_key")
    asks: ClassVar[tuple[Ask, ...]] = (Ask("server", "Where this server stands", choices=(ASIA, CHINA, BRAZIL)),)
    read_scopes: ClassVar[tuple[str, ...]] = ()
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        query = {
            "auth_type": "seller", "partner_id": app.credentials["partner_id"], "response_type": "code",
            "redirect_uri": asking.redirect_uri, "state": asking.state,
        }  # fmt: skip
        return f"{app.consent_url or hosts(asking)[1]}/auth?{urlencode(query)}"

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        """One grant for each shop; a main account may let us into several."""
        code = code_of(callback)
        whose = next((name for name in ("shop_id", "main_account_id") if callback.get(name, "").isdecimal()), None)
        if whose is None:
            raise Refused("Shopee did not say which shop was let in; start the connection again", code="no_shop")
        base_url = app.base_url or hosts(asking)[0]
        told = trade(app, base_url, {"code": code, whose: int(callback[whose])}, transport, clock)
        shops = [str(shop) for shop in told.get("shop_id_list") or ()]
        shops = shops or ([callback["shop_id"]] if whose == "shop_id" else [])
        if not shops:
            raise Refused("this account let us into no shop; choose at least one on Shopee's page", code="no_shop")
        return tuple(granted(app, base_url, told, shops, transport, clock))


def hosts(asking: Asking) -> tuple[str, str]:
    return HOSTS.get(asking.given.get("server", ""), HOSTS[ASIA])


def trade(app: App, base_url: str, body: Mapping[str, object], transport: Transport, clock: Clock) -> dict[str, Any]:
    """The code for its first pair of tokens. Raises Refused where the code is used, old or another app's."""
    account = Account("shopee", 0, "Shopee", "", base_url, credentials=app.credentials)
    try:
        answer = transport.housekeeping(
            "POST", Client(account, transport, clock).url(TOKENS, is_public=True), purpose="token.exchange",
            headers={"Content-Type": "application/json"},
            body=orjson.dumps({**body, "partner_id": int(app.credentials["partner_id"])}),
        )  # fmt: skip
    except Reconnect as error:
        raise Refused(f"{error}; start the connection again", code=error.code, status=error.status) from error
    told: Any = answer.json()
    if not isinstance(told, dict) or not told.get("access_token") or not told.get("refresh_token"):
        raise Unknown("Shopee's answer holds no tokens; start the connection again", code="drift")
    return told


def granted(
    app: App, base_url: str, told: Mapping[str, Any], shops: list[str], transport: Transport, clock: Clock
) -> Iterator[Grant]:
    ends = clock() + timedelta(seconds=int(told["expire_in"]))
    for shop_id in shops:
        credentials = {
            **app.credentials, "shop_id": shop_id, "access_token": str(told["access_token"]),
            "refresh_token": str(told["refresh_token"]),
        }  # fmt: skip
        account = Account("shopee", 0, "Shopee", shop_id, base_url, credentials=credentials)
        try:
            shown = shop_info(Client(account, transport, clock))
        except ConnectorError:  # the tokens are good; what the shop is called is no reason to lose them
            shown = {}
        country = str(shown.get("region") or "")
        yield Grant(
            external_id=shop_id,
            name=str(shown.get("shop_name") or f"Shopee {shop_id}"),
            base_url=base_url,
            credentials=credentials,
            expires_at=ends,
            renewable_until=permission_end(shown),
            country=country,
            currency=CURRENCIES.get(country, ""),
        )


def shop_info(client: Client) -> dict[str, Any]:
    """Name, region, and when the seller's permission ends. This call alone answers without an envelope."""
    path = "/api/v2/shop/get_shop_info"
    answer: Answer = client.transport.read("GET", client.url(path), operation="shop/get_shop_info")
    body: Any = answer.json()
    told = body.get("response") or body if isinstance(body, dict) else {}
    return told if isinstance(told, dict) else {}


def permission_end(shown: Mapping[str, Any]) -> datetime | None:
    """A seller lets an app in for 365 days at most; the refresh token renews itself only within them."""
    ends = shown.get("expire_time")
    return datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) and ends > 0 else None
