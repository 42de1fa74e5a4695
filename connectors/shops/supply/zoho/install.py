"""Connecting Zoho: consent in the account's own data centre, and one account for each organisation of the person."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from connectors.base import Clock, Refused, Renewed, Retry, Transport
from connectors.consent import App, Asking, Grant
from connectors.shops.reading import Row
from connectors.shops.supply.zoho import centres
from connectors.transport import oauth
from connectors.types import Account


def consent(app: App, asking: Asking) -> str:
    host = app.consent_url or app.base_url or centres.asked_of(asking.given.get("location", "")).accounts
    return oauth.consent_url(
        f"{host.rstrip('/')}/oauth/v2/auth", app.credentials["client_id"], asking,
        scope=",".join(asking.scopes), access_type="offline", prompt="consent",
    )  # fmt: skip


def grant(
    app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
) -> tuple[Grant, ...]:
    """Zoho says in the callback which centre the person lives in, and there the code is traded. Each organisation is an
    account of its own: which of them is meant is never guessed.
    """
    code = oauth.code_of(callback)
    accounts = centres.accounts_server(app, callback.get("accounts-server", ""), asking.given.get("location", ""))
    ours = {name: app.credentials[name] for name in ("client_id", "client_secret")}
    form = {**ours, "redirect_uri": asking.redirect_uri, "code": code}
    tokens = oauth.exchange(transport, f"{accounts}/oauth/v2/token", form, clock)
    if not tokens.refresh:
        raise Refused("Zoho gave no refresh token; remove the app under Connected Apps there and connect again")
    host = centres.api_domain(app, tokens.body.get("api_domain"), accounts)
    credentials = {**ours, "access_token": tokens.access, "refresh_token": tokens.refresh}
    found = tuple(
        Grant(
            external_id=str(row["organization_id"]), name=f"{row['name']} (Zoho)", base_url=host,
            credentials=credentials, expires_at=tokens.expires_at, scopes=tokens.scopes or asking.scopes,
            currency=str(row.get("currency_code") or ""), time_zone=_zone(row),
        )
        for row in organisations(transport, host, tokens.access)
    )  # fmt: skip
    if not found:
        raise Refused("this Zoho user owns no organisation in Inventory; open Zoho Inventory once and set one up")
    return found


def organisations(transport: Transport, host: str, token: str) -> Iterator[Row]:
    """The active ones. Raises Retry where the answer has drifted."""
    answer = transport.read(
        "GET", f"{host.rstrip('/')}{centres.INVENTORY}/organizations", operation="organizations",
        headers={"Authorization": f"Zoho-oauthtoken {token}"},
    )  # fmt: skip
    body: Any = answer.json()
    rows = body.get("organizations") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise Retry("Zoho's answer holds no organisations; its shape may have changed", code="drift")
    yield from (row for row in rows if isinstance(row, dict) and row.get("is_org_active", True))


def _zone(row: Row) -> str:
    """Zoho also writes short names such as PST, which name no zone."""
    named = str(row.get("time_zone") or "")
    return named if named in available_timezones() else ""


def refresh(account: Account, transport: Transport, clock: Clock) -> Renewed:
    """A new access token (one hour); the refresh token lives on. Ten in ten minutes are the most that Zoho gives."""
    mine = account.credentials
    form = {name: mine[name] for name in ("client_id", "client_secret", "refresh_token")}
    return oauth.renew(transport, centres.token_url(account), form, clock).renewed(mine)
