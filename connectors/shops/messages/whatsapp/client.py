"""Calls to the Graph API for one phone number, and what its error codes mean."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, ConnectorError, Permit, Reconnect, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

API = "https://graph.facebook.com"
VERSION = "v23.0"
AN_HOUR = 3_600.0
# Turned away before anything was done, with the seconds after which to come again (None: the transport's own pause).
PASSING: Mapping[int, float | None] = {
    4: None, 80007: 60.0, 130429: 1.0, 131056: 6.0, 131048: AN_HOUR, 133016: AN_HOUR, 131057: 60.0,
}  # fmt: skip
DEAD = frozenset({190, 3, 10, 131005})  # the token, or its permissions
WINDOW_CLOSED = 131_047
DOUBTFUL = frozenset({1, 2, 131000, 131016})  # "something went wrong", "unavailable"


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    @property
    def number(self) -> str:
        """The id of our phone number, which is not the number."""
        return self.account.credentials["phone_number_id"]

    @property
    def business(self) -> str:
        """The id of the WhatsApp Business account."""
        return self.account.credentials["waba_id"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.account.credentials['access_token']}"}

    def url(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/') or API}/{VERSION}/{path}"

    def get(self, operation: str, path: str, query: Mapping[str, str] | None = None) -> Row:
        url = self.url(path) + (f"?{urlencode(query)}" if query else "")
        body: Any = self.transport.read("GET", url, operation=operation, headers=self.headers).json()
        if not isinstance(body, dict):
            raise Retry("WhatsApp's answer is no object; its shape may have changed", code="drift")
        return body

    def rows(self, operation: str, path: str, query: Mapping[str, str]) -> Iterator[Any]:
        """Every row of a list, page by page."""
        after = ""
        while True:
            body = self.get(operation, path, {**query, **({"after": after} if after else {})})
            rows = body.get("data")
            if not isinstance(rows, list):
                raise Retry("WhatsApp's answer holds no `data`; its shape may have changed", code="drift")
            yield from rows
            paging = body.get("paging") or {}
            following = str((paging.get("cursors") or {}).get("after") or "") if paging.get("next") else ""
            if not following:
                return
            if following == after:
                raise Retry("the list says there is more, but does not move on", code="short_read")
            after = following

    def send(self, content: Row, permit: Permit) -> Receipt:
        """One message. 200 means accepted: whether it arrives is told by a push."""
        answer = self.transport.write(
            "POST", self.url(f"{self.number}/messages"), operation="messages.send", permit=permit,
            headers={**self.headers, "Content-Type": "application/json"}, body=orjson.dumps(content),
        )  # fmt: skip
        body: Any = answer.json()
        rows = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict) or not rows[0].get("id"):
            raise Unknown("WhatsApp's answer names no message; whether it was taken is not known")
        if rows[0].get("message_status") == "paused":
            raise Refused("WhatsApp has paused this template; nothing is delivered", code="paused")
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return Receipt(str(rows[0]["id"]), redacted, answer.headers.get("x-fb-request-id", ""), is_final=False)


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    """By the code alone: Meta's messages change."""
    error = envelope(answer)
    code = error.get("code")
    if not isinstance(code, int):
        return None
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else ""
    said = " ".join(str(part) for part in (f"{code}:", error.get("message"), details) if part)
    if code in PASSING:
        return Retry(said, code=str(code), after_seconds=PASSING[code])
    if code in DEAD or 200 <= code < 300:
        return Reconnect(f"{said}; connect the account again with a token that has its permissions", code=str(code))
    if code in DOUBTFUL or error.get("is_transient") is True:
        return Unknown(said, code=str(code)) if is_write else Retry(said, code=str(code))
    if code == WINDOW_CLOSED:
        return Refused(f"{said}; more than 24 hours have passed since the buyer wrote: use a template", code=str(code))
    return Refused(said, code=str(code)) if answer.status < 500 else None


def envelope(answer: Answer) -> Row:
    try:
        body: Any = answer.json() if answer.status >= 400 else None
    except ConnectorError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}
