"""How a Shopify store is connected: the authorisation code grant with expiring offline tokens."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import orjson

from connectors.base import Clock, ConnectorError, Reconnect, Refused, Transport, Unknown
from connectors.consent import App, Ask, Asking, Grant
from connectors.shops.marketplaces.shopify import queries
from connectors.shops.marketplaces.shopify.client import Client
from connectors.transport.oauth import code_of
from connectors.types import Account

DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
TOLERANCE = timedelta(minutes=15)  # as long as a visit to the consent page may take
ORDERS, FULFILMENT = ("write_orders",), ("write_merchant_managed_fulfillment_orders",)


class Install:
    read_scopes: ClassVar[tuple[str, ...]] = (
        "read_orders", "read_customers", "read_products", "read_inventory", "read_locations", "read_returns",
        "read_merchant_managed_fulfillment_orders", "read_shopify_payments_disputes",
    )  # fmt: skip
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "RefundPayment": ORDERS, "CancelOrder": ORDERS, "ChangeAddress": ORDERS, "AskPayment": ORDERS,
        "DecideReturn": ("write_returns",), "Exchange": ("write_returns",),
        "ArrangeShipment": FULFILMENT, "HoldOrder": FULFILMENT, "ChangeItems": ("write_order_edits",),
        "Reship": ("write_draft_orders",), "SetStock": ("write_inventory",), "SetPrice": ("write_products",),
        "FixListing": ("write_products",), "EndPromotion": ("write_discounts", "read_discounts"),
        "StoreCredit": ("write_store_credit_account_transactions", "read_store_credit_accounts"),
    }  # fmt: skip
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = (Ask("shop", "The store's own address", "your-store.myshopify.com"),)

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        domain = domain_of(asking)
        query = {
            "client_id": app.credentials["client_id"], "scope": ",".join(asking.scopes), "state": asking.state,
            "redirect_uri": asking.redirect_uri,
        }  # fmt: skip
        return f"{app.consent_url or f'https://{domain}'}/admin/oauth/authorize?{urlencode(query)}"

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        domain = domain_of(asking)
        check_callback(callback, domain, app.credentials["client_secret"], clock())
        base_url, now = app.base_url or f"https://{domain}", clock()
        told = trade(app, base_url, code_of(callback), transport)
        credentials = {**app.credentials, "access_token": str(told["access_token"])}
        if told.get("refresh_token"):
            credentials["refresh_token"] = str(told["refresh_token"])
        shop = shop_of(Account("shopify", 0, domain, domain, base_url, credentials=credentials), transport)
        return (
            Grant(
                external_id=domain,
                name=str(shop.get("name") or domain),
                base_url=base_url,
                credentials=credentials,
                expires_at=after(now, told.get("expires_in")),
                renewable_until=after(now, told.get("refresh_token_expires_in")),
                scopes=with_implied(str(told.get("scope") or "").split(",")),
                country=str((shop.get("shopAddress") or {}).get("countryCodeV2") or ""),
                currency=str(shop.get("currencyCode") or ""),
                time_zone=str(shop.get("ianaTimezone") or ""),
            ),
        )


def domain_of(asking: Asking) -> str:
    """The store's permanent domain. Raises Refused for anything else: our secret is sent to that host."""
    typed = asking.given.get("shop", "").strip().lower().removeprefix("https://").rstrip("/")
    domain = typed if "." in typed else f"{typed}.myshopify.com"
    if not DOMAIN.fullmatch(domain):
        raise Refused(f"{typed!r} is no store's own address; it looks like your-store.myshopify.com", code="shop")
    return domain


def check_callback(callback: Mapping[str, str], domain: str, secret: str, now: datetime) -> None:
    """Raises Refused unless Shopify signed this callback, for this store, just now."""
    given = callback.get("hmac", "").encode()
    if not any(hmac.compare_digest(made.encode(), given) for made in callback_signatures(callback, secret)):
        raise Refused("the callback's signature does not hold; check the app's client secret", code="hmac")
    if callback.get("shop") != domain:
        raise Refused(f"{domain} was to be connected and {callback.get('shop')!r} answered", code="shop")
    stamp = callback.get("timestamp", "")
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise Refused("the callback is too old; start the connection again", code="timestamp")


def callback_signatures(callback: Mapping[str, str], secret: str) -> tuple[str, ...]:
    """Hex HMAC-SHA256 of the sorted query without `hmac` and `signature`, in both of Shopify's own renderings.

    Its Python library escapes only what delimits; its JavaScript library percent-encodes, a space as %20. They differ
    where a value holds a space or a bracket.
    """
    pairs = sorted((name, value) for name, value in callback.items() if name not in ("hmac", "signature"))
    return tuple(
        hmac.new(secret.encode(), "&".join(f"{way(n)}={way(v)}" for n, v in pairs).encode(), hashlib.sha256).hexdigest()
        for way in (delimiters_escaped, percent_encoded)
    )


def delimiters_escaped(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26").replace("=", "%3D")


def percent_encoded(text: str) -> str:
    return quote(text, safe="-_.!~*'()")


def trade(app: App, base_url: str, code: str, transport: Transport) -> dict[str, Any]:
    """The code for an hour's token and the token that renews it."""
    try:
        answer = transport.housekeeping(
            "POST", f"{base_url}/admin/oauth/access_token", purpose="token.exchange",
            headers={"Content-Type": "application/json"},
            body=orjson.dumps({**app.credentials, "code": code, "expiring": "1"}),
        )  # fmt: skip
    except Reconnect as error:
        raise Refused(f"{error}; check the app's client id and secret", code="invalid_client") from error
    told: Any = answer.json()
    if not isinstance(told, dict) or not told.get("access_token"):
        raise Unknown("Shopify's answer holds no token; start the connection again", code="drift")
    return told


def shop_of(account: Account, transport: Transport) -> dict[str, Any]:
    try:
        shop: Any = Client(account, transport).query(queries.SHOP, {}).get("shop")
    except ConnectorError:  # the token is good; what the store is called is no reason to lose it
        return {}
    return shop if isinstance(shop, dict) else {}


def with_implied(granted: Iterable[str]) -> tuple[str, ...]:
    """A write scope holds its read scope, and Shopify then leaves the read scope out of its answer."""
    named = [scope.strip() for scope in granted if scope.strip()]
    implied = [scope.replace("write_", "read_", 1) for scope in named if scope.startswith("write_")]
    return tuple(dict.fromkeys([*named, *implied]))


def after(now: datetime, seconds: object) -> datetime | None:
    return now + timedelta(seconds=int(seconds)) if isinstance(seconds, int | float) else None
