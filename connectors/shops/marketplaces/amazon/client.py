"""Calls to the Selling Partner API: the token header, lists, and the token that is renewed where a call is denied."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import orjson

from connectors.base import Answer, Clock, Permit, Reconnect, Refused, Retry, Transport
from connectors.shops.marketplaces.amazon.answers import DENIED
from connectors.shops.marketplaces.amazon.places import BY_MARKETPLACE, PLACES, Place, token_url
from connectors.shops.reading import Row
from connectors.transport import oauth
from connectors.types import Account

USER_AGENT = "OpsRoom/1 (Language=Python)"  # Amazon asks for application/version (language)
LAG = timedelta(minutes=2, seconds=15)  # `…Before` must lie at least two minutes in the past
T = TypeVar("T")


class Client:
    """`place` is the marketplace of this shop; its country stands for it where no id was kept."""

    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock
        self._token = account.credentials.get("access_token", "")

    @property
    def place(self) -> Place:
        told = self.account.settings
        known = BY_MARKETPLACE.get(str(told.get("marketplace_id") or ""))
        found = known or PLACES.get(self.account.country or str(told.get("country") or "US"))
        if found is None:
            raise Refused(f"{self.account.name} names no Amazon marketplace; connect it again", code="marketplace")
        return found

    @property
    def marketplace(self) -> str:
        return self.place.marketplace_id

    @property
    def currency(self) -> str:
        return self.account.currency or self.place.currency

    @property
    def seller(self) -> str:
        return self.account.credentials["selling_partner_id"]

    def url(self, path: str) -> str:
        return (self.account.base_url or self.place.api).rstrip("/") + path

    @property
    def token(self) -> str:
        """The stored access token; an account that was connected with keys has none and asks for one when opened."""
        if not self._token:
            self._token = renewed(self.account, self.transport, self.clock).access
        return self._token

    def headers(self, **more: str) -> dict[str, str]:
        return {"x-amz-access-token": self.token, "user-agent": USER_AGENT, "accept": "application/json", **more}

    def get(self, path: str, operation: str, **params: object) -> Row:
        """A read; lists are joined with commas, empty values left out."""
        query = {name: text for name, value in params.items() if (text := said(value))}
        answer = self._sent(
            lambda: self.transport.read(
                "GET", self.url(path), operation=operation, params=query, headers=self.headers()
            )
        )
        return mapping(answer.json())

    def query(self, method: str, path: str, operation: str, body: Row, *, purpose: str, **params: object) -> Row:
        """A call that changes nothing anybody holds or sees: starting a report, a dry run."""
        answer = self._sent(
            lambda: self.transport.housekeeping(
                method, self.url(path), purpose=purpose, operation=operation, body=orjson.dumps(body),
                params={name: said(value) for name, value in params.items()},
                headers=self.headers(**{"content-type": "application/json"}),
            )
        )  # fmt: skip
        return mapping(answer.json())

    def write(
        self, method: str, path: str, operation: str, body: Row | None, permit: Permit, **params: object
    ) -> Answer:
        return self._sent(
            lambda: self.transport.write(
                method, self.url(path), operation=operation, permit=permit,
                params={name: said(value) for name, value in params.items()},
                headers=self.headers(**{"content-type": "application/json"}),
                body=None if body is None else orjson.dumps(body),
            )
        )  # fmt: skip

    def _sent(self, call: Callable[[], T]) -> T:
        """A denied call ran nothing. Login with Amazon alone can say why: a dead grant raises Reconnect, and where it
        lives the call is made once more; denied again, the app lacks a role."""
        try:
            return call()
        except Reconnect as error:
            if error.code != DENIED:
                raise
            self._token = renewed(self.account, self.transport, self.clock).access
        try:
            return call()
        except Reconnect as error:
            raise Refused(
                f"Amazon knows the account and denies this call all the same ({error}): give the app the role for it "
                "in the Solution Provider Portal, then connect the account again",
                code="role",
                status=error.status,
            ) from error


def renewed(account: Account, transport: Transport, clock: Clock) -> oauth.Tokens:
    """A fresh access token; Amazon keeps the refresh token as it is."""
    mine = account.credentials
    form = {name: mine[name] for name in ("refresh_token", "client_id", "client_secret")}
    return oauth.renew(transport, token_url(account.base_url), form, clock)


def said(value: object) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def segment(text: str) -> str:
    """A SKU or id as one part of a path."""
    return quote(text, safe="")


def mapping(body: object) -> Row:
    if not isinstance(body, dict):
        raise Retry("Amazon's answer is no JSON object; its shape may have changed", code="drift")
    return body


def rows(body: Mapping[str, Any], *path: str) -> list[Any]:
    """A list of the answer. Raises Retry where it is absent: an absent list is no empty list."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise Retry(f"Amazon's answer holds no list `{'.'.join(path)}`; its shape may have changed", code="drift")
    return found


def next_token(body: Mapping[str, Any], used: str) -> str:
    """The token of the page that follows; empty on the last one. Raises Retry where the list does not move on."""
    pagination = body.get("pagination")
    found = (pagination if isinstance(pagination, dict) else body).get("nextToken")
    token = found if isinstance(found, str) else ""
    if token and token == used:
        raise Retry("the list says there is more, but does not move on", code="short_read")
    return token
