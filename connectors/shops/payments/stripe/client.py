"""Calls to Stripe's v1 API: forms in, JSON out; one key per intent; lists by id cursor, newest first."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.base import Answer, ConnectorError, Permit, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

VERSION = "2026-10-28.endive"
PAGE = 100
WORD = re.compile(r"[a-z]+(_[a-z]+)*")  # ids hold digits or capitals


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    def url(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/')}{path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.account.credentials['api_key']}", "Stripe-Version": VERSION}

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Row:
        url = self.url(path) + (f"?{urlencode(query, doseq=True)}" if query else "")
        answer = self.transport.read("GET", url, operation=operation_of(path), headers=self.headers)
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("Stripe's answer is no object; its shape may have changed", code="drift")
        return body

    def pages(self, path: str, query: Mapping[str, object], after: str = "") -> Iterator[tuple[list[Any], str]]:
        """(rows, the id to go on after, or empty at the end)."""
        while True:
            asked = {**query, "limit": PAGE, **({"starting_after": after} if after else {})}
            body = self.get(path, asked)
            rows = body.get("data")
            if not isinstance(rows, list):
                raise Retry("Stripe's answer holds no `data`; its shape may have changed", code="drift")
            following = str(rows[-1].get("id") or "") if body.get("has_more") and rows else ""
            if body.get("has_more") and following in ("", after):
                raise Retry("the list says there is more, but does not move on", code="short_read")
            yield rows, following
            if not following:
                return
            after = following

    def write(self, path: str, form: Mapping[str, object], permit: Permit) -> tuple[Row, Receipt]:
        """(the object, its receipt). The same key within a day returns the first answer."""
        answer = self.transport.write(
            "POST", self.url(path), operation=operation_of(path), permit=permit,
            headers={
                **self.headers, "Idempotency-Key": permit.key, "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode(form).encode(),
        )  # fmt: skip
        body: Any = answer.json()
        if not isinstance(body, dict) or not body.get("id"):
            raise Unknown("Stripe's answer names no object; whether the write took effect is not known")
        is_replay = answer.headers.get("idempotent-replayed") == "true"
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return body, Receipt(str(body["id"]), redacted, answer.headers.get("request-id", ""), is_replay=is_replay)


def operation_of(path: str) -> str:
    """The endpoint without ids: "/v1/disputes/dp_1/close" → "disputes/close"."""
    return "/".join(part for part in path.removeprefix("/v1/").split("/") if WORD.fullmatch(part))


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status < 400 or answer.status >= 500 or answer.status == 401:
        return None
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    found = body.get("error") if isinstance(body, dict) else None
    error: Row = found if isinstance(found, dict) else {}
    code = str(error.get("code") or error.get("type") or "")
    said = f"{code}: {error.get('message') or ''}"
    if answer.status == 429:
        return Retry(said, code=code or "rate_limit", after_seconds=waiting(answer))  # turned away, not executed
    if answer.status in (409, 424) or error.get("type") == "idempotency_error":
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code) if code else None


def waiting(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 1.0
