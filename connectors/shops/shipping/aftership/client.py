"""Calls to AfterShip's Tracking API 2026-07: one key, an envelope `{meta, data}`, lists by cursor."""

from collections.abc import Mapping
from typing import Any

from connectors.base import Answer, Budget, ConnectorError, Reconnect, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.types import Account

VERSION = "2026-07"
PAGE = 200
WINDOW_SECONDS = 1.0  # limits are per second and endpoint


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    def get(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> Row:
        """The envelope's `data`. Raises Retry (drift) where there is none."""
        url = f"{self.account.base_url.rstrip('/')}/tracking/{VERSION}{path}"
        headers = {"as-api-key": self.account.credentials["api_key"]}
        body: Any = self.transport.read("GET", url, operation=operation, params=params, headers=headers).json()
        data = body.get("data") if isinstance(body, dict) else None
        if not isinstance(data, dict):
            raise Retry("AfterShip's answer holds no `data`; its shape may have changed", code="drift")
        return data


def meta_of(answer: Answer) -> Row:
    try:
        body: Any = answer.json()
    except ConnectorError:
        return {}
    meta = body.get("meta") if isinstance(body, dict) else None
    return meta if isinstance(meta, dict) else {}


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    """AfterShip's own number for what went wrong stands in `meta.code`; 4000 to 4999 are faults of the request."""
    if answer.status < 400:
        return None
    meta = meta_of(answer)
    code = str(meta.get("code") or "")
    said = f"{code} {meta.get('type') or ''}: {meta.get('message') or ''}"
    if answer.status == 429:
        return Retry(said, code=code or "429", after_seconds=WINDOW_SECONDS)  # turned away, not executed
    if answer.status == 401:
        return Reconnect(f"{said}; enter the API key again", code=code)
    if answer.status >= 500:
        return Unknown(said, code=code) if is_write else Retry(said)
    return Refused(said, code=code) if code else None


def budget(answer: Answer) -> Budget | None:
    limit, left = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("limit", "remaining"))
    if not limit.isdigit() or not left.isdigit() or limit == "0":
        return None
    return Budget(available=int(left), capacity=int(limit), per_second=int(limit) / WINDOW_SECONDS)
