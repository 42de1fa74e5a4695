"""Calls to the Google Ads API by REST: a query and its pages, one mutate. Facts: services/google_ads_service.proto."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.base import Answer, Permit, Retry, Transport, Unknown
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Receipt

HOST = "https://googleads.googleapis.com"
VERSION = "v25"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a query's rows. `total` is the source's count of all of them."""

    rows: list[Any]
    total: int | None
    is_last: bool


class Client:
    """`customer` is the account that is asked about, ten digits; empty for calls that name none."""

    def __init__(self, base_url: str, credentials: Mapping[str, str], transport: Transport, customer: str = "") -> None:
        self.base_url, self.credentials, self.transport, self.customer = base_url, credentials, transport, customer

    def url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{VERSION}/{path}"

    @property
    def headers(self) -> dict[str, str]:
        mine = self.credentials
        # The developer token is read no more since September 2026, but a later account may still be asked for it.
        optional = {"login-customer-id": mine.get("login_customer_id"), "developer-token": mine.get("developer_token")}
        return {
            "Authorization": f"Bearer {mine['access_token']}",
            "Content-Type": "application/json",
            **{name: value for name, value in optional.items() if value},
        }

    def accessible(self) -> list[str]:
        """Ids of the accounts that the person's login reaches by itself, managers among them."""
        url = self.url("customers:listAccessibleCustomers")
        body: Any = self.transport.read("GET", url, operation="customers:list", headers=self.headers).json()
        names = body.get("resourceNames", []) if isinstance(body, dict) else None
        if not isinstance(names, list):
            raise Retry("Google's answer holds no `resourceNames`; its shape may have changed", code="drift")
        return [str(name).removeprefix("customers/") for name in names]

    def search(self, query: str, *, operation: str) -> Iterator[Found]:
        """All pages of a query. A page's size is Google's own; asking for one is an error."""
        body: dict[str, object] = {"query": query, "searchSettings": {"returnTotalResultsCount": True}}
        token = ""
        while True:
            page = self._page({**body, "pageToken": token} if token else body, operation)
            rows, following = page.get("results", []), str(page.get("nextPageToken") or "")
            if not isinstance(rows, list):
                raise Retry("Google's answer holds no list of `results`; its shape may have changed", code="drift")
            if following and following == token:
                raise Retry("the query says there is more, but does not move on", code="short_read")
            refuse_another_shape(query, page, has_rows=bool(rows))
            yield Found(rows, total_of(page), is_last=not following)
            if not following:
                return
            token = following

    def _page(self, body: Mapping[str, object], operation: str) -> Row:
        url = self.url(f"customers/{self.customer}/googleAds:search")
        answer = self.transport.housekeeping(
            "POST", url, purpose="query", operation=operation, headers=self.headers, body=orjson.dumps(body)
        )
        page: Any = answer.json()
        if not isinstance(page, dict):
            raise Retry("Google's answer is no object; its shape may have changed", code="drift")
        return page

    def mutate(self, service: str, update: Mapping[str, object], mask: str, permit: Permit) -> Receipt:
        """Change exactly the fields of `mask` on one resource. What the mask does not name is left as it is, and
        without one nothing would change at all."""
        body = {"operations": [{"update": update, "updateMask": mask}], "responseContentType": "MUTABLE_RESOURCE"}
        answer = self.transport.write(
            "POST", self.url(f"customers/{self.customer}/{service}:mutate"), operation=f"{service}:mutate",
            permit=permit, headers=self.headers, body=orjson.dumps(body),
        )  # fmt: skip
        return self._receipt(answer, str(update["resourceName"]))

    def _receipt(self, answer: Answer, resource: str) -> Receipt:
        body: Any = answer.json()
        results = body.get("results") if isinstance(body, dict) else None
        named = [row.get("resourceName") for row in results or () if isinstance(row, dict)]
        if named != [resource]:
            raise Unknown(f"Google's answer does not name {resource}; whether it was changed is not known")
        redacted = Redactor(self.credentials.values()).body(answer.body)
        return Receipt(resource, redacted, answer.headers.get("request-id", ""))


def total_of(page: Row) -> int | None:
    total = page.get("totalResultsCount")  # an int64, which JSON carries as text
    return int(total) if isinstance(total, str) and total.isdigit() else None


def refuse_another_shape(query: str, page: Row, *, has_rows: bool) -> None:
    """A value that is absent means the field's default, so a field that is no longer sent would read as zero: the
    reply's own mask must name all that was asked for. Raises Retry."""
    mask = page.get("fieldMask")
    if not has_rows or not isinstance(mask, str):
        return
    told = set(mask.split(","))
    asked = query.partition(" FROM ")[0].removeprefix("SELECT ").replace(" ", "").split(",")
    missing = [path for path in asked if camel(path) not in told]
    if missing:
        raise Retry(f"Google's answer leaves out {', '.join(missing)}; its shape may have changed", code="drift")


def camel(path: str) -> str:
    """A field path as JSON writes it: "metrics.cost_micros" → "metrics.costMicros"."""
    return ".".join(
        "".join(word if place == 0 else word.capitalize() for place, word in enumerate(part.split("_")))
        for part in path.split(".")
    )
