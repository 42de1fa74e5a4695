"""Connecting Google Ads: one consent may open many ad accounts, some of them only through a manager account."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.base import Clock, ConnectorError, Refused, Retry, Transport
from connectors.consent import App, Asking, Grant
from connectors.shops import google_sign_in
from connectors.shops.ads.google_ads.client import HOST, Client
from connectors.shops.ads.google_ads.reads import everything

SCOPE = "https://www.googleapis.com/auth/adwords"
SELF = (
    "SELECT customer.id, customer.descriptive_name, customer.currency_code, customer.time_zone, customer.manager, "
    "customer.status FROM customer"
)
CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, "
    "customer_client.time_zone, customer_client.manager, customer_client.status FROM customer_client "
    "WHERE customer_client.manager = FALSE AND customer_client.status = 'ENABLED'"
)


def grants(
    app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
) -> tuple[Grant, ...]:
    """One grant for each ad account. Raises Refused where the scope was unticked or no account can be reached."""
    base_url = app.base_url or HOST
    tokens = google_sign_in.redeem(
        app, asking, callback, transport, clock, url=google_sign_in.token_url(base_url, HOST)
    )
    if SCOPE not in tokens.scopes:
        raise Refused("the box for Google Ads was not ticked on Google's page; connect again and leave it on")
    held = {
        **{name: app.credentials[name] for name in ("client_id", "client_secret")},
        **({"developer_token": token} if (token := app.credentials.get("developer_token", "")) else {}),
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
    }
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for manager, account in accounts(base_url, held, transport):
        # An account that the login reaches by itself needs no manager; it is listed first.
        found.setdefault(str(account["id"]), (account, manager))
    if not found:
        raise Refused("this Google login reaches no ad account that is open; connect with one that does")
    return tuple(
        Grant(
            external_id=ref,
            name=str(account.get("descriptiveName") or f"Google Ads {ref}"),
            base_url=base_url,
            credentials={**held, "customer_id": ref, **({"login_customer_id": manager} if manager else {})},
            expires_at=tokens.expires_at,
            scopes=tokens.scopes,
            currency=str(account.get("currencyCode") or ""),
            time_zone=str(account.get("timeZone") or ""),
        )
        for ref, (account, manager) in found.items()
    )


def accounts(base_url: str, held: Mapping[str, str], transport: Transport) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(manager's id or empty, account) of every open ad account, directly reached ones first."""
    managers = []
    for ref in Client(base_url, held, transport).accessible():
        client = Client(base_url, {**held, "login_customer_id": ref}, transport, ref)
        own = _self(client)
        if own is None:
            continue
        if own.get("manager"):
            managers.append((ref, client))
        elif own.get("status") == "ENABLED":
            yield "", own
    for ref, client in managers:
        for row in everything(client, CLIENTS, "customers:list"):
            yield ref, row["customerClient"]


def _self(client: Client) -> Mapping[str, Any] | None:
    """What an account says of itself; None where it is closed or was never finished, as old logins list many."""
    try:
        rows = everything(client, SELF, "customers:list")
    except Retry:
        raise
    except ConnectorError:
        return None
    return rows[0]["customer"] if rows else None
