"""Signed calls to the TikTok Shop Partner API, and the pages of its lists."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, Permit, Retry, Transport
from connectors.shops.marketplaces.tiktok_shop.signing import signature
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

JSON = "application/json"
Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a list: its rows, the next page's token (empty at the end), the count that TikTok tells, and what
    else stands beside the list."""

    rows: list[Any]
    following: str
    total: int | None
    data: Row


class Client:
    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock

    def url(self, path: str, query: Query | None = None, body: bytes = b"", *, has_shop: bool = True) -> str:
        """The signed address of one call; `body` as it will be sent (none for multipart). Calls that are not about
        one shop refuse its cipher."""
        mine = self.account.credentials
        params = {name: str(value) for name, value in (query or {}).items() if value not in ("", None)}
        params |= {"app_key": mine["app_key"], "timestamp": str(int(self.clock().timestamp()))}
        if has_shop:
            params["shop_cipher"] = mine["shop_cipher"]
        params["sign"] = signature(mine["app_secret"], path, params, body)
        return f"{self.account.base_url.rstrip('/')}{path}?{urlencode(params)}"

    def headers(self, content_type: str = JSON) -> dict[str, str]:
        return {"x-tts-access-token": self.account.credentials["access_token"], "content-type": content_type}

    def get(self, path: str, query: Query | None = None, *, has_shop: bool = True) -> Row:
        url = self.url(path, query, has_shop=has_shop)
        return data_of(self.transport.read("GET", url, operation=operation_of(path), headers=self.headers()))

    def search(self, path: str, query: Query, body: Query) -> Row:
        """A read that is sent as POST."""
        content = orjson.dumps(body)
        answer = self.transport.housekeeping(
            "POST", self.url(path, query, content), purpose="query", operation=operation_of(path),
            headers=self.headers(), body=content,
        )  # fmt: skip
        return data_of(answer)

    def write(
        self, path: str, body: Query, permit: Permit, *, key: str = "", content: bytes = b"", kind: str = JSON
    ) -> Answer:
        """`key` goes along where the call keeps one; `content` of type `kind` replaces the JSON (a file)."""
        sent = content or orjson.dumps(body)
        query = {"idempotency_key": key} if key else {}
        # Uploads are not about one shop: they refuse its cipher, and their bytes are not signed.
        is_file = bool(content)
        url = self.url(path, query, b"" if is_file else sent, has_shop=not is_file)
        return self.transport.write(
            "POST", url, operation=operation_of(path), permit=permit, headers=self.headers(kind), body=sent
        )

    def receipt(self, answer: Answer, reference: str, **more: Any) -> Receipt:
        """What the write's answer tells, with our secrets taken out."""
        said: Any = answer.json()
        request_id = str(said.get("request_id") or "") if isinstance(said, dict) else ""
        body = Redactor(self.account.credentials.values()).body(answer.body)
        return Receipt(reference, body, request_id, **more)

    def pages(self, path: str, name: str, query: Row, body: Query | None = None) -> Iterator[Batch]:
        """A list to its end. Raises Retry where it says that there is more and does not move on."""
        token = str(query.get("page_token") or "")
        while True:
            asked = {**query, "page_token": token}
            data = self.get(path, asked) if body is None else self.search(path, asked, body)
            following = str(data.get("next_page_token") or "")
            total = data.get("total_count")
            found = rows(data, name)
            if following and (following == token or not found):
                raise Retry(f"the list of {name} says there is more, but does not move on", code="short_read")
            yield Batch(found, following, total if type(total) is int else None, data)
            if not following:
                return
            token = following


def operation_of(path: str) -> str:
    """The call without its ids, so that its health is one row: /order/202309/orders/search → order/orders/search."""
    parts = path.strip("/").split("/")
    return "/".join([parts[0], *("{}" if part.isdigit() else part for part in parts[2:])])


def data_of(answer: Answer) -> Row:
    """The `data` of a good answer. Raises Retry where there is none (a drifted or cut answer)."""
    body: Any = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise Retry("TikTok Shop's answer holds no `data`; its shape may have changed", code="drift")
    return data


def written(answer: Answer) -> Row:
    """The `data` of a write that went through; empty where there is none, since the write is done all the same."""
    body: Any = answer.json()
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def rows(data: Row, name: str) -> list[Any]:
    """A list of the answer. An empty one may be left out, but only where nothing beside it says that there are rows.

    Raises Retry otherwise: an absent list is no empty list.
    """
    found = data.get(name)
    if isinstance(found, list):
        return found
    if found is None and not any(data.values()):
        return []
    raise Retry(f"TikTok Shop's answer holds no list `{name}`; its shape may have changed", code="drift")
