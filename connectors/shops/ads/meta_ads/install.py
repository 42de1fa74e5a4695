"""Connecting Meta Ads: a person's consent, traded for a token of about 60 days; a system user's token has no end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.base import Clock, Reconnect, Refused, Transport, Unknown
from connectors.consent import App, Asking, Grant
from connectors.shops.ads.meta_ads.client import HOST, VERSION, Client
from connectors.transport.oauth import EXCHANGE, code_of

CONSENT_HOST = "https://www.facebook.com"
READ, MANAGE = "ads_read", "ads_management"
ACCOUNTS = "account_id,name,currency,timezone_name,account_status"
OPEN = frozenset({1, 3, 7, 8, 9})  # all but disabled and closed ones


def consent_page(app: App, asking: Asking) -> str:
    """Facebook Login: scopes are separated by commas, and it takes no PKCE from a server that holds the secret."""
    query = {
        "client_id": app.credentials["app_id"], "redirect_uri": asking.redirect_uri, "state": asking.state,
        "response_type": "code", "scope": ",".join(asking.scopes),
    }  # fmt: skip
    return f"{(app.consent_url or CONSENT_HOST).rstrip('/')}/{VERSION}/dialog/oauth?{urlencode(query)}"


def grants(
    app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
) -> tuple[Grant, ...]:
    """One grant for each ad account. Raises Refused where reading was not allowed or no account is assigned."""
    base_url, mine = app.base_url or HOST, app.credentials
    who = {"client_id": mine["app_id"], "client_secret": mine["app_secret"]}
    try:
        code = {**who, "redirect_uri": asking.redirect_uri, "code": code_of(callback)}
        short, _ = trade(base_url, transport, clock, code, EXCHANGE)
        token, ends = lengthened(base_url, transport, clock, mine, short, EXCHANGE)
    except Reconnect as error:
        raise Refused(f"{error}; start again from the connections page", code=error.code) from error
    # Pushes are signed with the same secret.
    signing = {"app_secret": mine["app_secret"], "webhook_secret": mine["app_secret"]}
    held = {"app_id": mine["app_id"], "access_token": token, **signing}
    client = Client(base_url, held, transport)
    scopes = granted(client)
    if not {READ, MANAGE} & set(scopes):
        raise Refused("reading ads was not allowed on Meta's page; connect again and leave it ticked")
    found = [
        row
        for rows, _ in client.pages("me/adaccounts", {"fields": ACCOUNTS}, operation="accounts")
        for row in rows
        if row.get("account_status") in OPEN
    ]
    if not found:
        raise Refused("this person has no open ad account; ask its admin to assign one, then connect again")
    return tuple(
        Grant(
            external_id=str(row["account_id"]), name=str(row.get("name") or f"Meta Ads {row['account_id']}"),
            base_url=base_url, credentials={**held, "account_id": str(row["account_id"])}, expires_at=ends,
            renewable_until=ends, scopes=scopes, currency=str(row.get("currency") or ""),
            time_zone=str(row.get("timezone_name") or ""),
        )
        for row in found
    )  # fmt: skip


def granted(client: Client) -> tuple[str, ...]:
    """A person may untick what was asked for."""
    rows = [row for page, _ in client.pages("me/permissions", {}, operation="permissions") for row in page]
    return tuple(str(row["permission"]) for row in rows if row.get("status") == "granted")


def lengthened(
    base_url: str, transport: Transport, clock: Clock, mine: Mapping[str, str], token: str, purpose: str
) -> tuple[str, datetime | None]:
    """A token that still works for one of about 60 days."""
    form = {
        "grant_type": "fb_exchange_token", "client_id": mine["app_id"], "client_secret": mine["app_secret"],
        "fb_exchange_token": token,
    }  # fmt: skip
    return trade(base_url, transport, clock, form, purpose)


def trade(
    base_url: str, transport: Transport, clock: Clock, query: Mapping[str, str], purpose: str
) -> tuple[str, datetime | None]:
    """(token, its end or None). Meta documents this call as a GET with its secrets in the query."""
    url = f"{base_url.rstrip('/')}/{VERSION}/oauth/access_token"
    asked_at = clock()
    told: Any = transport.housekeeping("GET", url, purpose=purpose, params=query).json()
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        raise Unknown("Meta's answer holds no access token; its shape may have changed", code="drift")
    seconds = told.get("expires_in")
    return told["access_token"], asked_at + timedelta(seconds=seconds) if type(seconds) is int and seconds else None
