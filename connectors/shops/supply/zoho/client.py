"""Calls to Zoho Inventory v1 and, for the mails that only Books sends, Books v3: JSON, pages of 200 by number."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, Permit, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.shops.supply.zoho.centres import INVENTORY
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

PAGE = 200
WORD = re.compile(r"[a-z]+")


class Client:
    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock

    def url(self, path: str, query: Mapping[str, object], product: str = INVENTORY) -> str:
        """Every call names the organisation: one user may own several."""
        asked = urlencode({"organization_id": self.account.external_id, **query})
        return f"{self.account.base_url.rstrip('/')}{product}{path}?{asked}"

    @property
    def headers(self) -> dict[str, str]:
        """`Bearer`, which the token's own reply names, is refused."""
        return {"Authorization": f"Zoho-oauthtoken {self.account.credentials['access_token']}"}

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Row:
        answer = self.transport.read(
            "GET", self.url(path, query or {}), operation=operation_of(path), headers=self.headers
        )
        body: Any = answer.json()
        if not isinstance(body, dict):
            raise Retry("Zoho's answer is no object; its shape may have changed", code="drift")
        return body

    def one(self, path: str, *names: str) -> Row:
        """The object of a reply, under the first of `names` that is there. Raises Retry where none is."""
        return inner(self.get(path), *names)

    def rows(self, path: str, name: str, query: Mapping[str, object] | None = None) -> list[Any]:
        found = self.get(path, query).get(name)
        if not isinstance(found, list):
            raise Retry(f"Zoho's answer holds no list `{name}`; its shape may have changed", code="drift")
        return found

    def pages(
        self, path: str, name: str, query: Mapping[str, object], page: int = 1
    ) -> Iterator[tuple[list[Any], int, bool]]:
        """(rows, the page's number, whether it is the last one)."""
        while True:
            body = self.get(path, {**query, "page": page, "per_page": PAGE})
            rows, context = body.get(name), body.get("page_context")
            if not isinstance(rows, list) or not isinstance(context, dict):
                raise Retry(f"Zoho's answer holds no `{name}` with its page; its shape may have changed", code="drift")
            has_more = bool(context.get("has_more_page"))
            if has_more and not rows:
                raise Retry(f"the list {name} says there is more, but does not move on", code="short_read")
            yield rows, page, not has_more
            if not has_more:
                return
            page += 1

    def write(
        self, path: str, permit: Permit, body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None, product: str = INVENTORY,
    ) -> Answer:  # fmt: skip
        return self.transport.write(
            "POST", self.url(path, query or {}, product), operation=operation_of(path), permit=permit,
            headers={**self.headers, "Content-Type": "application/json"},
            body=orjson.dumps(body) if body is not None else b"",
        )  # fmt: skip

    def receipt(self, answer: Answer, reference: str) -> Receipt:
        return Receipt(reference, Redactor(self.account.credentials.values()).body(answer.body))


def inner(body: Row, *names: str) -> Row:
    for name in names:
        if isinstance(body.get(name), dict):
            found: Row = body[name]
            return found
    raise Retry(f"Zoho's answer holds no `{names[0]}`; its shape may have changed", code="drift")


def made(answer: Answer, id_field: str, *names: str) -> Row:
    """The object that a write answers with, which has its id. Raises Unknown where it is not told."""
    body: Any = answer.json()
    try:
        found = inner(body if isinstance(body, dict) else {}, *names)
    except Retry as error:
        raise Unknown(f"{error}; whether the write took effect is not known") from error
    if not found.get(id_field):
        raise Unknown(f"Zoho's answer names no {id_field}; whether the write took effect is not known")
    return found


def operation_of(path: str) -> str:
    """The endpoint without ids: "/purchaseorders/4815/status/issued" → "purchaseorders/status/issued"."""
    return "/".join(part for part in path.split("/") if WORD.fullmatch(part))
