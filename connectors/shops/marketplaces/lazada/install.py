"""How a Lazada account is connected, and its tokens renewed.

Token calls are signed like any other, on the auth host. A cross-border consent opens up to six ventures with one token:
one account each. A refresh gives a new pair and does not move the end of the refresh token.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors.base import Answer, Clock, Reconnect, Refused, Renewed, Transport, Unknown
from connectors.consent import App, Ask, Asking, Grant
from connectors.shops.marketplaces.lazada.client import FORM, signed
from connectors.shops.marketplaces.lazada.ventures import AUTH_HOST, CONSENT_HOST, VENTURES, auth_host
from connectors.shops.reading import Row
from connectors.transport.oauth import code_of
from connectors.types import Account

CROSS_BORDER = "CB"  # one token for all ventures of a seller


class Install:
    """Lazada grants by app and its category, not by scope. The code works once, within 30 minutes."""

    app_credentials: ClassVar[tuple[str, ...]] = ("app_key", "app_secret")
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("country", "Where the shop sells (CB: a cross-border seller)", choices=(*VENTURES, CROSS_BORDER)),
    )
    read_scopes: ClassVar[tuple[str, ...]] = ()
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        country = asking.given.get("country", "").upper()
        if country and country not in (*VENTURES, CROSS_BORDER):
            raise Refused(f"Lazada has no venture {country!r}; it has {', '.join(VENTURES)}", code="country")
        query = {
            "response_type": "code", "force_auth": "true", "redirect_uri": asking.redirect_uri,
            "client_id": app.credentials["app_key"], "state": asking.state,
            **({"country": country.lower()} if country else {}),
        }  # fmt: skip
        return f"{(app.consent_url or CONSENT_HOST).rstrip('/')}/oauth/authorize?{urlencode(query)}"

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        """One grant for each venture that the token opens."""
        told = _token_call(
            transport, app.base_url.rstrip("/") or AUTH_HOST, "/auth/token/create", app.credentials,
            {"code": code_of(callback)}, clock, purpose="token.exchange",
        )  # fmt: skip
        keys = {name: app.credentials[name] for name in cls.app_credentials}
        ends, renewable = (_ends(told, name, clock()) for name in ("expires_in", "refresh_expires_in"))
        return tuple(
            Grant(
                external_id=str(row["seller_id"]),
                name=f"Lazada {country} {row.get('short_code') or row['seller_id']}",
                base_url=app.base_url or VENTURES[country].host,
                credentials={**keys, **_pair(told)},
                expires_at=ends,
                renewable_until=renewable,
                country=country,
                currency=VENTURES[country].currency,
                time_zone=VENTURES[country].time_zone,
            )
            for row, country in _sellers(told)
        )


def _sellers(told: Row) -> Iterable[tuple[Row, str]]:
    """The accounts that a grant opens, each with its country. Raises Refused where none can be told."""
    rows = told.get("country_user_info") or told.get("country_user_info_list") or []
    known = [(row, str(row.get("country") or told.get("country") or "").upper()) for row in rows
             if isinstance(row, dict) and row.get("seller_id")]  # fmt: skip
    found = [(row, country) for row, country in known if country in VENTURES]
    if not found:
        raise Refused("Lazada's answer names no seller of a venture that we know; connect again", code="no_seller")
    return found


def renew(account: Account, transport: Transport, clock: Clock) -> Renewed:
    mine = {name: value for name, value in account.credentials.items() if name != "access_token"}
    told = _token_call(
        transport, auth_host(account.base_url), "/auth/token/refresh", mine, {"refresh_token": mine["refresh_token"]},
        clock, purpose="token.refresh",
    )  # fmt: skip
    ends, renewable = (_ends(told, name, clock()) for name in ("expires_in", "refresh_expires_in"))
    return Renewed({**account.credentials, **_pair(told)}, ends, renewable)


def _token_call(
    transport: Transport, host: str, path: str, credentials: Mapping[str, str], params: Mapping[str, str],
    clock: Clock, *, purpose: str,
) -> Row:  # fmt: skip
    """POST, so that the code and the refresh token stay out of addresses."""
    fields = signed(credentials, path, params, int(clock().timestamp() * 1000))
    try:
        answer: Answer = transport.housekeeping(
            "POST", f"{host}{path}", purpose=purpose, headers={"Content-Type": FORM}, body=urlencode(fields).encode()
        )
    except Reconnect as error:
        if purpose == "token.refresh":
            raise
        raise Refused(f"{error}; start the connection again", code=error.code) from error
    body: Any = answer.json()
    if not isinstance(body, dict) or not body.get("access_token"):
        raise Unknown("Lazada's token answer holds no access token; its shape may have changed", code="drift")
    return body


def _pair(told: Row) -> dict[str, str]:
    return {name: str(told[name]) for name in ("access_token", "refresh_token") if told.get(name)}


def _ends(told: Row, name: str, now: datetime) -> datetime | None:
    """When a token ends; 0 for a refresh token says that it cannot be used, so it has ended."""
    seconds = str(told.get(name, ""))
    return now + timedelta(seconds=int(seconds)) if seconds.isdigit() else None
