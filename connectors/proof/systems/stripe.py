"""Stripe by its OpenAPI document; objects may hold fields of its newer published samples besides."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from connectors.money import Money
from connectors.operations import AcceptDispute, Operation, RefundPayment, SubmitEvidence
from connectors.proof.shared import Shared
from connectors.proof.specs import OpenApi
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.types import Dispute, DisputeStatus, Payment, PaymentKind

FILE, SAMPLES = "stripe/stripe.com.apis-guru.2025-10-15.json", "stripe/fixtures3.json"
MOUNT = "/stripe"
# Lists that take a span since the document was written: Stripe's own clients have it, as for every other list.
CREATED_SINCE = frozenset({"/v1/radar/early_fraud_warnings"})
SPAN = {"type": "object", "properties": {edge: {"type": "integer"} for edge in ("gt", "gte", "lt", "lte")}}


def prove(stand: Stand, shared: Shared, tally: Tally) -> None:
    judge, shop = shared.open_api(FILE, closes=False), stand.shops["stripe"]
    for feed in shop.feeds:
        list(shop.pull(feed.name, ""))
    for operation in writes(stand):
        stand.do("stripe", operation)
    list(shop.pull("refunds", ""))
    shop.check()
    newer = newer_fields(shared.contract(SAMPLES))
    for request, response in stand.exchanges("stripe"):
        path = request.url.path.removeprefix(MOUNT)
        if path.startswith("/v1/"):
            faults = judge.reply(request.method, path, response.status_code, response.content)
            faults += strange_fields(judge, newer, response.json(), path)
            tally.judged(1, 1, [*request_faults(judge, request), *faults])


def writes(stand: Stand) -> Iterator[Operation]:
    charges = [row for row in stand.read("stripe", "charges", Payment) if row.kind is PaymentKind.CHARGE]
    paid = next(row for row in charges if not row.is_disputed and not row.refunded)
    disputes = stand.read("stripe", "disputes", Dispute)
    due = [row.external_id for row in disputes if row.status is DisputeStatus.NEEDS_RESPONSE]
    yield RefundPayment(payment_ref=paid.external_id, amount=Money(Decimal("1.00"), "USD"), note="late")
    yield SubmitEvidence(dispute_ref=due[0], fields=(("uncategorized_text", "delivered"),))
    yield AcceptDispute(dispute_ref=due[1])


def request_faults(judge: OpenApi, request: httpx.Request) -> list[str]:
    """An unknown path, a parameter or form field that the document does not list, one of another enum or type."""
    path = request.url.path.removeprefix(MOUNT)
    where, found = f"{request.method} {path} request", judge.operation(request.method, path)
    if found is None:
        return [f"{where}: the document has no such operation"]
    rows = [judge.pointed(one) for one in found[1]["parameters"]]
    listed = {row["name"]: row["schema"] for row in rows if row["in"] == "query"}
    if path in CREATED_SINCE:
        listed["created"] = SPAN
    query = {"type": "object", "properties": listed}
    content = judge.pointed(found[1].get("requestBody", {})).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("schema", {"type": "object", "properties": {}})
    faults = []
    for schema, text in ((query, request.url.query), (form, request.content)):
        for name, value in parse_qsl(text.decode(), keep_blank_values=True):
            faults += [f"{where}: {fault}" for fault in field_faults(judge, schema, name, value)]
    return faults


def field_faults(judge: OpenApi, schema: Any, name: str, value: str) -> Iterator[str]:
    """`name` is written as a form writes it: `created[gte]`, `expand[]`, `evidence[receipt]`."""
    choices = [schema]
    for step in [part for part in re.split(r"[\[\]]+", name) if part] + ([""] if name.endswith("[]") else []):
        inner = list[Any]()
        for choice in spread(judge, choices):
            if step in ("", "0") and choice.get("type") == "array":
                inner.append(choice["items"])
            elif step in choice.get("properties", {}):
                inner.append(choice["properties"][step])
            elif isinstance(choice.get("additionalProperties"), dict):
                inner.append(choice["additionalProperties"])
        if not inner:
            yield f"the document lists no {name!r}"
            return
        choices = inner
    leaves = list(spread(judge, choices))
    if not any(fits(leaf, value) for leaf in leaves):
        yield f"{name}={value!r} is none of what the document allows"


def spread(judge: OpenApi, choices: list[Any]) -> Iterator[Any]:
    for choice in map(judge.pointed, choices):
        several = choice.get("anyOf") or choice.get("oneOf")
        yield from spread(judge, several) if several else [choice]


def fits(leaf: Any, value: str) -> bool:
    """Whether a form's text can be of this type."""
    if "enum" in leaf and value not in leaf["enum"]:
        return False
    kinds = leaf.get("type")
    kind = next((one for one in kinds if one != "null"), None) if isinstance(kinds, list) else kinds
    if kind == "integer":
        return value.lstrip("-").isdigit()
    return value in ("true", "false") if kind == "boolean" else kind in ("string", None)


@lru_cache(maxsize=1)
def newer_fields(path: Path) -> dict[str, set[str]]:
    """Object → the fields of its published sample, which is newer than the document."""
    return {name: set(row) for name, row in orjson.loads(path.read_bytes())["resources"].items()}


def strange_fields(judge: OpenApi, newer: dict[str, set[str]], value: Any, place: str) -> Iterator[str]:
    """Fields of Stripe's objects that neither the document nor the samples know."""
    if isinstance(value, list):
        for one in value:
            yield from strange_fields(judge, newer, one, place)
    elif isinstance(value, dict):
        kind = value.get("object")
        known = (
            judge.document["components"]["schemas"].get(kind, {}).get("properties") if isinstance(kind, str) else None
        )
        if known:
            for name in value.keys() - known.keys() - newer.get(str(kind), set()):
                yield f"{place}: {kind}.{name} is not published"
        for name, one in value.items():
            if name != "metadata":
                yield from strange_fields(judge, newer, one, place)
