"""Connecting: Seller Central's consent page, the code for a refresh token, and one account for each marketplace.

The refresh token is not rotated and serves all marketplaces of its region; the seller renews the consent every year.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.base import Clock, Refused, Transport
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.shops.marketplaces.amazon.client import USER_AGENT, mapping, rows
from connectors.shops.marketplaces.amazon.places import BY_MARKETPLACE, PLACES, Place, token_url
from connectors.shops.reading import Row
from connectors.transport import oauth

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
CONSENT_LASTS = timedelta(days=365)
KEYS = (
    Key("client_id", "LWA client identifier", "Developer Central → your app → LWA credentials", is_secret=False),
    Key("client_secret", "LWA client secret", "beside the identifier; it must be changed every 180 days"),
    Key("refresh_token", "Refresh token", "Developer Central → your app → Authorize (Atzr|…)"),
    Key("selling_partner_id", "Merchant token", "Seller Central → Account info → Merchant token", is_secret=False),
    Key("webhook_secret", "Secret of your notification bridge", "a long random text of your own; may stay empty"),
)
ASKS = (Ask("country", "Country of your Seller Central account", "US", tuple(PLACES)),)


def place_of(asking: Asking) -> Place:
    country = asking.given.get("country", "").strip().upper() or "US"
    place = PLACES.get("GB" if country == "UK" else country)
    if place is None:
        raise Refused(f"{country} is no country of an Amazon marketplace; use one of {', '.join(PLACES)}")
    return place


def consent(app: App, asking: Asking) -> str:
    """`version=beta` opens the page of an app that is still a draft: set it among the app's credentials."""
    page = (app.consent_url or place_of(asking).home).rstrip("/") + "/apps/authorize/consent"
    query = {"application_id": app.credentials["application_id"], "state": asking.state}
    query |= {"redirect_uri": asking.redirect_uri}
    if app.credentials.get("version"):
        query["version"] = app.credentials["version"]
    return f"{page}?{urlencode(query)}"


def grant(
    app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
) -> tuple[Grant, ...]:
    code = oauth.code_of({**callback, "code": callback.get("spapi_oauth_code", "")})
    seller = callback.get("selling_partner_id", "")
    if not seller:
        raise Refused("Amazon named no selling_partner_id; start the connection again", code="no_seller")
    api = app.base_url or place_of(asking).api
    mine = {name: app.credentials[name] for name in ("client_id", "client_secret")}
    form = {"code": code, "redirect_uri": asking.redirect_uri, **mine}
    tokens = oauth.exchange(transport, token_url(api), form, clock)
    if not tokens.refresh:
        raise Refused("Amazon gave no refresh token; start the connection again", code="no_refresh_token")
    if app.credentials.get("webhook_secret"):
        mine["webhook_secret"] = app.credentials["webhook_secret"]
    held = {**mine, "selling_partner_id": seller, "access_token": tokens.access, "refresh_token": tokens.refresh}
    grants = [
        _grant(row, seller, api, held, tokens.expires_at, clock() + CONSENT_LASTS)
        for row in participations(transport, api, tokens.access)
    ]
    if not grants:
        raise Refused("this seller takes part in no Amazon marketplace that is known here", code="no_marketplace")
    return tuple(grants)


def participations(transport: Transport, api: str, token: str) -> list[dict[str, Any]]:
    """The marketplaces in which the seller takes part, before there is an account."""
    answer = transport.read(
        "GET", api.rstrip("/") + PARTICIPATIONS, operation="getMarketplaceParticipations",
        headers={"x-amz-access-token": token, "user-agent": USER_AGENT},
    )  # fmt: skip
    return taking_part(mapping(answer.json()))


def identity(row: Row, seller: str) -> Identity:
    marketplace, place = row["marketplace"], BY_MARKETPLACE[row["marketplace"]["id"]]
    return Identity(
        external_id=f"{seller}:{place.marketplace_id}",
        name=f"{row.get('storeName') or 'Amazon'} ({marketplace.get('name') or place.country})",
        country=place.country,
        currency=str(marketplace.get("defaultCurrencyCode") or place.currency),
    )


def taking_part(body: Row) -> list[Row]:
    """Rows of `getMarketplaceParticipations` in which the seller sells now."""
    return [row for row in rows(body, "payload") if _takes_part(row)]


def _takes_part(row: Any) -> bool:
    """Amazon lists test and wholesale marketplaces too; those have no Seller Central of their own."""
    try:
        return bool(row["participation"]["isParticipating"]) and row["marketplace"]["id"] in BY_MARKETPLACE
    except (KeyError, TypeError):
        return False


def _grant(
    row: dict[str, Any], seller: str, api: str, held: Mapping[str, str], ends: datetime | None, renewable: datetime
) -> Grant:
    who = identity(row, seller)
    return Grant(
        external_id=who.external_id, name=who.name, base_url=api, credentials=held, expires_at=ends,
        renewable_until=renewable, country=who.country, currency=who.currency,
        settings={"marketplace_id": row["marketplace"]["id"]},
    )  # fmt: skip
