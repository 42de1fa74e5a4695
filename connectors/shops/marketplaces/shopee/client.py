"""Signed calls to the Shopee Open Platform v2, and the windows and pages of its lists."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, Permit, Retry, Transport
from connectors.shops.marketplaces.shopee.signing import signature
from connectors.shops.reading import Row
from connectors.shops.windows import Mark
from connectors.shops.windows import windows as spans
from connectors.types import Account

WIDEST_WINDOW = 15 * 86_400  # orders and returns refuse a wider span
LIST_PAGE = 100
DETAIL_PAGE = 50


def windows(mark: Mark, now: int, overlap: int) -> Iterator[tuple[int, int, str]]:
    """(from, to, page to begin at) up to now, none wider than Shopee allows."""
    return spans(mark, now, overlap, WIDEST_WINDOW)


class Client:
    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock

    def url(self, path: str, query: Mapping[str, object] | None = None, *, is_public: bool = False) -> str:
        """The signed address of one call. A list in `query` is repeated; the signature covers none of `query`."""
        mine, stamp = self.account.credentials, str(int(self.clock().timestamp()))
        common = {"partner_id": mine["partner_id"], "timestamp": stamp}
        parts = [mine["partner_id"], path, stamp]
        if not is_public:
            common |= {"access_token": mine["access_token"], "shop_id": mine["shop_id"]}
            parts += [mine["access_token"], mine["shop_id"]]
        common["sign"] = signature(mine["partner_key"], *parts)
        return f"{self.account.base_url.rstrip('/')}{path}?{urlencode({**common, **(query or {})}, doseq=True)}"

    def get(self, path: str, query: Mapping[str, object]) -> Row:
        answer = self.transport.read("GET", self.url(path, query), operation=operation_of(path))
        return inner(answer)

    def write(self, path: str, body: Mapping[str, object], permit: Permit) -> Answer:
        return self.transport.write(
            "POST", self.url(path), operation=operation_of(path), permit=permit,
            headers={"Content-Type": "application/json"}, body=orjson.dumps(body),
        )  # fmt: skip


def operation_of(path: str) -> str:
    return path.removeprefix("/api/v2/")


def inner(answer: Answer) -> Row:
    """The `response` part of a good answer. Raises Retry where there is none (a drifted or cut answer)."""
    body: Any = answer.json()
    response = body.get("response") if isinstance(body, dict) else None
    if not isinstance(response, dict):
        raise Retry("Shopee's answer holds no `response`; its shape may have changed", code="drift")
    return response


def rows(response: Row, name: str) -> list[Any]:
    """A list of the answer. Raises Retry where it is absent: an absent list is no empty list."""
    found = response.get(name)
    if not isinstance(found, list):
        raise Retry(f"Shopee's answer holds no list `{name}`; its shape may have changed", code="drift")
    return found
