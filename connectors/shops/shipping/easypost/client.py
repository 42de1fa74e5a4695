"""Calls to EasyPost's v2 API: one key, JSON with a root key, lists newest first by `before_id`."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from connectors.base import Answer, ConnectorError, Permit, Reconnect, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

PAGE = 100
# Said with HTTP 422 of a purchase that may have gone through all the same: only a read can tell.
AMBIGUOUS = frozenset(
    {
        "SHIPMENT.POSTAGE.EXISTS", "SHIPMENT.PURCHASE.IN_PROGRESS", "SHIPMENT.POSTAGE.TIMED_OUT",
        "SHIPMENT.POSTAGE.NO_RESPONSE",
    }
)  # fmt: skip


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    def url(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/')}/v2{path}"

    @property
    def headers(self) -> dict[str, str]:
        """Basic authentication with the key as its user and no password."""
        pair = f"{self.account.credentials['api_key']}:".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def get(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> Row:
        answer = self.transport.read("GET", self.url(path), operation=operation, params=params, headers=self.headers)
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("EasyPost's answer is no object; its shape may have changed", code="drift")
        return body

    def one(self, kind: str, ref: str) -> Row | None:
        """An object by its id or by the reference it was made with; None where there is none."""
        try:
            return self.get(f"/{kind}/{quote(ref, safe='')}", f"{kind}.get")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def pages(self, kind: str, params: Mapping[str, str], before: str = "") -> Iterator[tuple[list[Any], str]]:
        """(rows newest first, the id to go on before, or empty at the end)."""
        while True:
            asked = {**params, "page_size": str(PAGE), **({"before_id": before} if before else {})}
            body = self.get(f"/{kind}", f"{kind}.list", asked)
            rows = body.get(kind)
            if not isinstance(rows, list):
                raise Retry(f"EasyPost's list holds no `{kind}`; its shape may have changed", code="drift")
            last = rows[-1].get("id") if rows and isinstance(rows[-1], dict) else ""
            following = str(last or "") if body.get("has_more") is True else ""
            if body.get("has_more") is True and following in ("", before):
                raise Retry("the list says there is more, but does not move on", code="short_read")
            yield rows, following
            if not following:
                return
            before = following

    def write(self, path: str, body: object, permit: Permit, operation: str) -> tuple[Row, Receipt]:
        """(the object, its receipt). EasyPost keeps no key of ours: a repeated call is a second one."""
        answer = self.transport.write(
            "POST", self.url(path), operation=operation, permit=permit, body=orjson.dumps(body),
            headers={**self.headers, "Content-Type": "application/json"},
        )  # fmt: skip
        made: Any = answer.json()
        if not isinstance(made, dict) or not made.get("id"):
            raise Unknown("EasyPost's answer names no object; whether the write took effect is not known")
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return made, Receipt(str(made["id"]), redacted, answer.headers.get("x-ep-request-uuid", ""))


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    """`{error: {code, message, errors}}`; the code is a word, and its details are texts or field and message."""
    if answer.status < 400 or answer.status >= 500:
        return None
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    found = body.get("error") if isinstance(body, dict) else None
    error: Row = found if isinstance(found, dict) else {}
    code = str(error.get("code") or "")
    said = ": ".join([code, str(error.get("message") or ""), *details(error.get("errors"))])
    if answer.status in (401, 403):
        return Reconnect(f"{said}; enter the API key again", code=code)
    if answer.status == 429:
        return Retry(said, code=code or "429", after_seconds=waiting(answer))  # turned away, not executed
    if code in AMBIGUOUS:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code) if code else None


def details(errors: object) -> list[str]:
    if not isinstance(errors, list):
        return []
    return [f"{row.get('field')} {row.get('message')}" if isinstance(row, dict) else str(row) for row in errors]


def waiting(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdigit() else 5.0
