"""Calls to UPS: a token for client id and secret, the headers that every call carries, and what its errors mean."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.base import (
    Answer,
    Clock,
    ConnectorError,
    Permit,
    Reconnect,
    Refused,
    Renewed,
    Retry,
    Transport,
    Unknown,
)
from connectors.shops.reading import Row
from connectors.transport.oauth import REFRESH, Tokens, trade
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

INTERCEPT = "/api/deliveryintercept/v2"
TRACK = "/api/track/v1"
SOURCE = "opsroom"
# UPS answers 401 also where the parcel is not ours to change; these say nothing about our permission.
NOT_ABOUT_US = frozenset({"605"})
ITS_FAULT = frozenset({"500", "503"})


class Client:
    """`credentials` hold `client_id` and `client_secret`; `access_token` once the frame has stored one, until it ends.
    Without it a token is asked for, and lives as long as this object."""

    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock
        self._token = account.credentials.get("access_token", "")

    def url(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/')}{path}"

    def token(self) -> Tokens:
        """A fresh token, about four hours long. Raises Reconnect where UPS knows the pair no more, and Retry where the
        answer is lost: the token that may have been made hurts nobody."""
        held = self.account.credentials
        pair = base64.b64encode(f"{held['client_id']}:{held['client_secret']}".encode()).decode()
        merchant = self.account.settings.get("account_number")
        headers = {"Authorization": f"Basic {pair}", **({"x-merchant-id": str(merchant)} if merchant else {})}
        form = {"grant_type": "client_credentials"}
        url = self.url("/security/v1/oauth/token")
        try:
            return trade(self.transport, url, form, self.clock, purpose=REFRESH, headers=headers)
        except Unknown as error:
            raise Retry(f"no token from UPS, and nothing else was asked: {error}") from error

    def renewed(self) -> Renewed:
        return self.token().renewed(self.account.credentials)

    def headers(self, path: str, seed: str) -> dict[str, str]:
        """`transId` names the call in UPS's logs: 3 to 14 letters and digits."""
        self._token = self._token or self.token().access
        trace = hashlib.sha256(f"{path}\n{seed}".encode()).hexdigest()[:14]
        common = {
            "Authorization": f"Bearer {self._token}", "transId": trace, "Content-Type": "application/json",
            "Accept": "application/json",
        }  # fmt: skip
        if path.startswith(TRACK):
            return common | {"transactionSrc": SOURCE}
        return common | {"platformType": "XOLT", "inquiryType": "U"}

    def get(self, path: str, operation: str, params: Mapping[str, str] | None = None) -> Row:
        headers = self.headers(path, self.clock().isoformat())
        return body_of(self.transport.read("GET", self.url(path), operation=operation, params=params, headers=headers))

    def ask(self, path: str, body: Row, operation: str) -> Row:
        """A question that UPS wants as a POST; it changes nothing."""
        headers = self.headers(path, self.clock().isoformat())
        return body_of(
            self.transport.housekeeping(
                "POST", self.url(path), purpose="query", operation=operation, headers=headers, body=orjson.dumps(body)
            )
        )

    def write(self, path: str, body: Row, permit: Permit, operation: str, reference: str) -> Receipt:
        """UPS keeps no key of ours. A good answer says `success: true`; one without it settles nothing."""
        answer = self.transport.write(
            "POST", self.url(path), operation=operation, permit=permit, headers=self.headers(path, permit.key),
            body=orjson.dumps(body),
        )  # fmt: skip
        said: Any = answer.json()
        if not isinstance(said, dict) or unwrapped(said).get("success") is not True:
            raise Unknown("UPS did not say that it took the change; whether it did is not known")
        redacted = Redactor([*self.account.credentials.values(), self._token]).body(answer.body)
        return Receipt(reference, redacted, str(unwrapped(said).get("transactionId") or ""), is_final=False)


def body_of(answer: Answer) -> Row:
    body: Any = answer.json()
    if not isinstance(body, dict):
        raise Retry("UPS's answer is no object; its shape may have changed", code="drift")
    return body


def unwrapped(body: Row) -> Row:
    """Most answers stand under `response`, those of a change do not."""
    inner = body.get("response")
    return inner if isinstance(inner, dict) else body


def error_of(body: Row) -> tuple[str, str] | None:
    """(code, message) where an answer says that it failed; UPS writes both names in two ways."""
    said = unwrapped(body)
    errors = said.get("errors")
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    if rows:
        code = rows[0].get("code") or rows[0].get("errorCode") or said.get("statusCode") or ""
        return str(code), "; ".join(str(row.get("message") or row.get("errorMessage") or "") for row in rows)
    if said.get("success") is False:
        return str(said.get("statusCode") or ""), str(said.get("statusMsg") or "UPS says that it failed")
    return None


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status >= 500:
        return None
    try:
        body: Any = answer.json()
    except ConnectorError:
        return None
    found = error_of(body) if isinstance(body, dict) else None
    if found is None:
        return None
    code, message = found
    said = f"{code}: {message}"
    if answer.status == 429:
        return Retry(said, code=code)  # turned away, not executed
    if answer.status in (401, 403) and code not in NOT_ABOUT_US:
        return Reconnect(f"{said}; check client id and secret at developer.ups.com", code=code)
    if answer.status < 300 and code in ITS_FAULT:
        return Unknown(said, code=code) if is_write else Retry(said, code=code)
    return Refused(said, code=code)
