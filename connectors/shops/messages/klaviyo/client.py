"""Calls to Klaviyo's JSON:API: a dated revision in each, lists by the link that the last page gives."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from connectors.base import Answer, Budget, ConnectorError, Permit, Reconnect, Refused, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport import oauth
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

API = "https://a.klaviyo.com"
REVISION = "2026-07-15"
MEDIA = "application/vnd.api+json"
STEADY_SECONDS = 60.0


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    @property
    def headers(self) -> dict[str, str]:
        """A private key, or the token of an app that was allowed. Raises Reconnect where there is neither."""
        mine = self.account.credentials
        if mine.get("access_token"):
            who = f"Bearer {mine['access_token']}"
        elif mine.get("api_key"):
            who = f"Klaviyo-API-Key {mine['api_key']}"
        else:
            raise Reconnect("Klaviyo needs a private key or the app's permission; connect it again")
        return {"Authorization": who, "revision": REVISION, "Accept": MEDIA, "Content-Type": MEDIA}

    @property
    def base(self) -> str:
        return self.account.base_url.rstrip("/") or API

    def get(self, operation: str, path: str, query: Mapping[str, str] | None = None) -> Row:
        return self.follow(operation, f"{self.base}{path}" + (f"?{urlencode(query)}" if query else ""))

    def follow(self, operation: str, url: str) -> Row:
        body: Any = self.transport.read("GET", url, operation=operation, headers=self.headers).json()
        if not isinstance(body, dict) or "data" not in body:
            raise Retry("Klaviyo's answer holds no `data`; its shape may have changed", code="drift")
        return body

    def pages(self, operation: str, path: str, query: Mapping[str, str]) -> Iterator[tuple[Row, bool]]:
        """(the whole page, whether it is the last)."""
        body = self.get(operation, path, query)
        seen: set[str] = set()
        while True:
            links = body.get("links")
            following = str(links.get("next") or "") if isinstance(links, dict) else ""
            if not isinstance(body["data"], list):
                raise Retry("Klaviyo's `data` is no list; its shape may have changed", code="drift")
            yield body, not following
            if not following:
                return
            if following in seen:
                raise Retry("the list says there is more, but does not move on", code="short_read")
            if urlsplit(following).netloc != urlsplit(self.base).netloc:
                raise Refused("a link of Klaviyo's answer leads to another host; it is not followed", code="foreign")
            seen.add(following)
            body = self.follow(operation, following)

    def query(self, operation: str, path: str, wish: Row) -> Row:
        """A report, which is asked for by POST."""
        answer = self.transport.housekeeping(
            "POST", f"{self.base}{path}", purpose="query", operation=operation, headers=self.headers,
            body=orjson.dumps(wish),
        )  # fmt: skip
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("Klaviyo's answer is no object; its shape may have changed", code="drift")
        return body

    def write(self, method: str, operation: str, path: str, content: Row, permit: Permit, reference: str) -> Receipt:
        """One write. 202 means that Klaviyo has taken the wish and works on it."""
        answer = self.transport.write(
            method, f"{self.base}{path}", operation=operation, permit=permit, headers=self.headers,
            body=orjson.dumps(content),
        )  # fmt: skip
        if answer.status not in (200, 202, 204):
            raise Unknown(f"Klaviyo answers HTTP {answer.status}; whether it took effect is not known")
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return Receipt(reference, redacted, answer.headers.get("x-request-id", ""), is_final=answer.status != 202)


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if not 400 <= answer.status < 500:
        return None
    token = oauth.token_error(answer)
    if token is not None:
        return token
    error = first_error(answer)
    code, source = str(error.get("code") or ""), error.get("source")
    where = source.get("pointer") or source.get("parameter") or "" if isinstance(source, dict) else ""
    said = " ".join(part for part in (f"{code}:", str(error.get("detail") or error.get("title") or ""), where) if part)
    if answer.status == 429:
        return Retry(said, code=code or "throttled")  # turned away before anything was done
    if answer.status in (401, 403):
        return Reconnect(f"{said}; connect it again with a key that has these scopes", code=code)
    if answer.status == 410:
        return Refused(f"{said}; Klaviyo has retired revision {REVISION}", code=code or "revision")
    return Refused(said, code=code) if code else None


def first_error(answer: Answer) -> Row:
    try:
        body: Any = answer.json()
    except ConnectorError:
        return {}
    rows = body.get("errors") if isinstance(body, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return first if isinstance(first, dict) else {}


def budget(answer: Answer) -> Budget | None:
    """The steady window of a minute. `RateLimit-Limit: 75, 75;w=1, 700;w=60` names the burst and the steady one."""
    left, limits = answer.headers.get("ratelimit-remaining", ""), answer.headers.get("ratelimit-limit", "")
    steady = next((part for part in limits.split(",") if part.strip().endswith(";w=60")), "")
    count = steady.strip().partition(";")[0]
    if not left.isdigit() or not count.isdigit():
        return None
    return Budget(float(left), float(count), float(count) / STEADY_SECONDS)
