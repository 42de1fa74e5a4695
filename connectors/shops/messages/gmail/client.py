"""Calls to the Gmail API, paid in Google's quota units, and what its errors mean."""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from connectors.base import Answer, ConnectorError, Permit, Reconnect, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport import oauth
from connectors.types import Account

API = "https://gmail.googleapis.com"
KEYS = "https://www.googleapis.com"
# Units of the quota (15,000 a minute for one user): developers.google.com/workspace/gmail/api/reference/quota
UNITS = {
    "messages.get": 5, "messages.list": 5, "messages.send": 100, "threads.get": 10, "history.list": 2, "watch": 100,
    "getProfile": 1,
}  # fmt: skip
PASSING = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
AN_HOUR = 3_600.0
Query = Sequence[tuple[str, str]]


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.account.credentials['access_token']}"}

    def url(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/') or API}/gmail/v1/users/me/{path}"

    def get(self, name: str, path: str, query: Query = ()) -> Row:
        """`name` is the method's in Google's discovery document: "messages.get"."""
        url = self.url(path) + (f"?{urlencode(query)}" if query else "")
        answer = self.transport.read("GET", url, operation=name, headers=self.headers, cost=UNITS[name])
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("Gmail's answer is no object; its shape may have changed", code="drift")
        return body

    def message(self, message_ref: str) -> Row | None:
        """One message with its raw bytes; None where it is gone."""
        try:
            return self.get("messages.get", f"messages/{quote(message_ref, safe='')}", [("format", "raw")])
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def send(self, wire: bytes, thread_ref: str, permit: Permit) -> tuple[Row, bytes]:
        """(the message as Gmail took it, the raw answer)."""
        letter = {"raw": base64.urlsafe_b64encode(wire).decode()} | ({"threadId": thread_ref} if thread_ref else {})
        answer = self.transport.write(
            "POST", self.url("messages/send"), operation="messages.send", permit=permit, body=orjson.dumps(letter),
            headers={**self.headers, "Content-Type": "application/json"}, cost=UNITS["messages.send"],
        )  # fmt: skip
        body: Any = answer.json()
        if not isinstance(body, dict) or not body.get("id"):
            raise Unknown("Gmail's answer names no message; whether it was sent is not known")
        return body, answer.body

    def watch(self, topic: str) -> Row:
        """Ask for pushes on a topic for the next seven days."""
        wish = {"topicName": topic, "labelIds": ["DRAFT"], "labelFilterBehavior": "exclude"}
        answer = self.transport.housekeeping(
            "POST", self.url("watch"), purpose="webhook.subscribe", operation="watch", body=orjson.dumps(wish),
            headers={**self.headers, "Content-Type": "application/json"}, cost=UNITS["watch"],
        )  # fmt: skip
        body: Any = answer.json()
        return body if isinstance(body, dict) else {}


def place(base_url: str, host: str) -> str:
    """Another of Google's hosts: its own, or under the address that stands for all of them in a test market."""
    base = base_url.rstrip("/")
    return host if base in ("", API) else base


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    """A 403 is not always final: the reason decides."""
    if not 400 <= answer.status < 500:
        return None
    token = oauth.token_error(answer)
    if token is not None or answer.status == 401:
        return token
    error, reason = envelope(answer)
    said = f"{reason}: {error.get('message') or ''}"
    if reason in PASSING or answer.status == 429:  # turned away before anything was done
        is_mail_cap = "mail sending" in said.lower()
        return Retry(said, code=reason or "rate_limit", after_seconds=AN_HOUR if is_mail_cap else None)
    if reason in ("dailyLimitExceeded", "quotaExceeded"):
        return Retry(said, code=reason, after_seconds=AN_HOUR)
    if reason in ("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
        return Reconnect(f"{said}; connect the account again and allow what is asked", code=reason)
    return Refused(said, code=reason) if reason else None


def envelope(answer: Answer) -> tuple[Row, str]:
    """(Google's error object, its first reason)."""
    try:
        body: Any = answer.json()
    except ConnectorError:
        return {}, ""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return {}, ""
    listed = error.get("errors")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    return error, str(first.get("reason") or error.get("status") or "")
