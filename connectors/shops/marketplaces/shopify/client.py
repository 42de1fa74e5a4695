"""GraphQL calls to one shop's Admin API, and what its three layers of errors mean."""

from collections.abc import Mapping
from typing import Any

import orjson

from connectors.base import (
    Answer,
    Budget,
    ConnectorError,
    Permit,
    Reconnect,
    Refused,
    Retry,
    Transport,
    Unknown,
)
from connectors.shops.marketplaces.shopify.queries import VERSION
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

ITS_FAULT = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})
# An earlier call with this key runs still, or came with other arguments: it may have taken effect.
SENT_BEFORE = frozenset({"IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"})
FROZEN = (402, 423)


class Client:
    def __init__(self, account: Account, transport: Transport) -> None:
        self.account, self.transport = account, transport

    @property
    def url(self) -> str:
        return f"{self.account.base_url.rstrip('/')}/admin/api/{VERSION}/graphql.json"

    @property
    def headers(self) -> Mapping[str, str]:
        return {
            "Content-Type": "application/json",
            "X-Shopify-Access-Token": self.account.credentials["access_token"],
        }

    def query(self, document: str, variables: Mapping[str, object], *, cost: float = 10.0) -> Row:
        """`data` of a read. `cost` is drawn from the shop's bucket before; the reply then sets the bucket right."""
        answer = self.transport.housekeeping(
            "POST", self.url, purpose="query", operation=name_of(document), headers=self.headers,
            body=orjson.dumps({"query": document, "variables": variables}), cost=cost,
        )  # fmt: skip
        body: Any = answer.json()
        refuse_open_search(body)
        refuse_other_version(answer)
        data = body.get("data")
        if not isinstance(data, dict):
            raise Retry("Shopify's answer holds no data; its shape may have changed", code="drift")
        return data

    def mutate(self, document: str, variables: Mapping[str, object], permit: Permit, root: str) -> tuple[Row, Receipt]:
        """(the payload, a receipt without reference) of a write that was taken. Raises Refused on user errors."""
        answer = self.transport.write(
            "POST", self.url, operation=name_of(document), permit=permit, headers=self.headers,
            body=orjson.dumps({"query": document, "variables": variables}), cost=20.0,
        )  # fmt: skip
        body: Any = answer.json()
        payload = (body.get("data") or {}).get(root) if isinstance(body, dict) else None
        if not isinstance(payload, dict):
            raise Unknown(f"Shopify answered {root} without a result; whether it took effect is not known")
        refuse_user_errors(payload)
        redacted = Redactor(self.account.credentials.values()).body(answer.body)
        return payload, Receipt("", redacted, answer.headers.get("x-request-id", ""))


def name_of(document: str) -> str:
    """The operation's own name: "query Orders(…" → "Orders"."""
    return document.split(None, 1)[1].replace("{", "(").partition("(")[0].strip()


def refuse_open_search(body: Row) -> None:
    """An unknown search key matches everything, with only a warning; that page would be the wrong rows."""
    searches = (body.get("extensions") or {}).get("search") or []
    warnings = [warning for search in searches for warning in search.get("warnings") or ()]
    if warnings:
        raise Refused(f"Shopify ignored a part of the search: {warnings}", code="search_warning")


def refuse_other_version(answer: Answer) -> None:
    """A version past its year is silently served by a later one."""
    served = answer.headers.get("x-shopify-api-version", VERSION)
    if served != VERSION:
        raise Refused(f"asked for API version {VERSION}, served {served}; update Ops Room", code="version")


def refuse_user_errors(payload: Row) -> None:
    errors: list[Row] = payload.get("userErrors") or payload.get("orderCancelUserErrors") or []
    if not errors:
        return
    said = "; ".join(f"{'.'.join(error.get('field') or ())}: {error['message']}".lstrip(": ") for error in errors)
    code = str(errors[0].get("code") or "user_error")
    if code in SENT_BEFORE:
        raise Unknown(f"a write with this key was sent before: {said}", code=code)
    raise Refused(said, code=code)


def sort(answer: Answer, *, is_write: bool) -> ConnectorError | None:
    if answer.status in FROZEN:
        return Reconnect("the shop is frozen or locked", status=answer.status)
    if answer.status == 429:
        return Retry("too many requests", code="429")  # turned away before any document ran
    if answer.status >= 300:
        return None
    body: Any = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors:
        return None
    return _graphql_error(body, errors, is_write=is_write)


def _graphql_error(body: Row, errors: Any, *, is_write: bool) -> ConnectorError | None:
    listed: list[Row] = errors if isinstance(errors, list) else [{"message": str(errors)}]
    codes = [str((error.get("extensions") or {}).get("code") or "") for error in listed]
    said = "; ".join(str(error.get("message")) for error in listed)
    if "THROTTLED" in codes:
        return Retry(said, code="THROTTLED", after_seconds=refill_seconds(body))
    if has_some(body) and not is_write and set(codes) == {"ACCESS_DENIED"}:
        return None  # buyer data without the approval for it comes as null beside the rest
    if SENT_BEFORE & set(codes) or (is_write and ITS_FAULT & set(codes)):
        return Unknown(said, code=codes[0])
    if ITS_FAULT & set(codes):
        return Retry(said, code=codes[0])
    return Refused(said, code=codes[0] or "graphql")


def has_some(body: Row) -> bool:
    """Whether anything came at all; without its scope a whole query is null."""
    data = body.get("data")
    return isinstance(data, dict) and any(value is not None for value in data.values())


def refill_seconds(body: Row) -> float:
    """Until the bucket holds what the query asks for."""
    cost = (body.get("extensions") or {}).get("cost") or {}
    stands = cost.get("throttleStatus") or {}
    short = float(cost.get("requestedQueryCost") or 0) - float(stands.get("currentlyAvailable") or 0)
    return max(0.0, short) / float(stands.get("restoreRate") or 50) or 1.0


def budget(answer: Answer) -> Budget | None:
    if answer.status != 200 or b'"throttleStatus"' not in answer.body:
        return None
    body: Any = answer.json()
    try:
        stands = body["extensions"]["cost"]["throttleStatus"]
        return Budget(
            float(stands["currentlyAvailable"]), float(stands["maximumAvailable"]), float(stands["restoreRate"])
        )
    except (LookupError, TypeError, ValueError):
        return None
