"""Klaviyo's calls: lists with filters, events taken for later, flows, and the report of campaigns."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from time import time
from typing import Any

import orjson

from connectors.twin.deeds.marketing import record_event, switch_flow
from connectors.twin.wire.klaviyo import shapes
from connectors.twin.wire.klaviyo.api import Klaviyo, KlaviyoError, listed
from connectors.twin.wire.klaviyo.book import VISIBLE_AFTER, Event, Flow, Json, buyer_of, profile_id
from connectors.twin.wire.web import Reply, Request
from connectors.twin.world.baskets import may_be_mailed
from connectors.twin.world.channels import encode
from connectors.twin.world.people import spread

TERM = re.compile(r'([a-z-]+)\(([\w.]+),(\[[^\]]*\]|"[^"]*"|[^)]*)\)')
CAMPAIGNS = 4
KNOWN = {
    "profiles": {"id", "email", "phone_number", "external_id", "created", "updated"},
    "events": {"metric_id", "profile_id", "datetime", "timestamp"},
}


def terms(request: Request, place: str) -> list[tuple[str, str, str]]:
    """(operator, field, value) of the filter. Raises KlaviyoError for what cannot be read."""
    text = request.params().get("filter", "")
    found = TERM.findall(text)
    if ",".join(f"{name}({field},{value})" for name, field, value in found) != text:
        raise KlaviyoError(f"Invalid filter provided: {text}", parameter="filter")
    for _, field, _ in found:
        if field not in KNOWN[place]:
            raise KlaviyoError(f"Filtering on {field} is not allowed.", parameter="filter")
    return [(name, field, value.strip('"')) for name, field, value in found]


def seconds(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise KlaviyoError(f"Invalid datetime {text}", parameter="filter") from error


def holds(operator: str, mine: float, wanted: float) -> bool:
    return {
        "greater-than": mine > wanted, "greater-or-equal": mine >= wanted, "less-than": mine < wanted,
        "less-or-equal": mine <= wanted,
    }[operator]  # fmt: skip


def profiles(wire: Klaviyo, request: Request) -> Json:
    rows = list(wire.book.buyers().items())
    for operator, field, value in terms(request, "profiles"):
        if field == "id":
            wanted = set(re.findall(r'"([^"]*)"', value)) or {value}
            rows = [row for row in rows if profile_id(row[0]) in wanted]
        elif field == "email":
            rows = [row for row in rows if row[0] == buyer_of(value)]
        else:
            rows = [row for row in rows if holds(operator, row[1], seconds(value))]
    if request.params().get("sort", "").startswith("-"):
        rows.reverse()
    base, additional = wire.base(request), set(request.params().get("additional-fields[profile]", "").split(","))
    return listed(wire, request, rows, lambda row: shapes.profile(row[0], row[1], base, additional), 20, 100)


def events(wire: Klaviyo, request: Request) -> Json:
    found = terms(request, "events")
    wanted = next((value for _, field, value in found if field == "metric_id"), "")
    names = [name for name in wire.book.metrics if wanted in ("", wire.book.metric_id(name))]
    rows = [event for name in names for event in wire.book.events(name)]
    for operator, field, value in found:
        if field == "profile_id":
            rows = [row for row in rows if profile_id(row.buyer) == value]
        elif field == "datetime":
            rows = [row for row in rows if holds(operator, row.at, seconds(value))]
    base = wire.base(request)
    return listed(wire, request, rows, lambda row: shapes.event(row, wire.book, base), 200, 1_000)


def create_event(wire: Klaviyo, request: Request) -> Reply:
    """Taken at once, shown later. Of one profile, metric and unique id only the first is kept."""
    try:
        told = orjson.loads(request.body)["data"]["attributes"]
        metric = str(told["metric"]["data"]["attributes"]["name"])
        email = str(told["profile"]["data"]["attributes"]["email"])
        properties = dict(told["properties"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise KlaviyoError(f"A required field is missing or malformed: {error}", pointer="/data/attributes") from error
    at = int(seconds(str(told["time"]))) if told.get("time") else wire.market.now
    buyer = buyer_of(email)
    if buyer is None:
        raise KlaviyoError("Invalid email address", pointer="/data/attributes/profile/data/attributes/email")
    key = str(told.get("unique_id") or at)
    if metric not in wire.book.metrics:
        wire.book.metrics.append(metric)
    if (buyer, metric, key) not in wire.book.keys:
        wire.book.keys.add((buyer, metric, key))
        value = told.get("value")
        shown = {**properties, "$event_id": key, **({} if value is None else {"$value": value})}
        row = Event(
            f"E{encode(len(wire.book.written) + 900_000)}W", metric, buyer, at, shown, wire.market.now + VISIBLE_AFTER
        )
        wire.book.written.append(row)
        record_event(wire.market, metric, email, key, row.id)
        wire.market.tell("klaviyo", "event", row)
    return Reply(202, b"")


def metrics(wire: Klaviyo, request: Request) -> Json:
    base = wire.base(request)
    return listed(wire, request, wire.book.metrics, lambda name: shapes.metric(name, wire.book, base), 200, 200)


def flows(wire: Klaviyo, request: Request) -> Json:
    base = wire.base(request)
    return listed(wire, request, wire.book.flows, lambda row: shapes.flow(row, wire.book, base), 50, 50)


def _flow(wire: Klaviyo, ref: str) -> Flow:
    found = next((row for row in wire.book.flows if row.id == ref), None)
    if found is None:
        raise KlaviyoError(f"A flow with id {ref} does not exist.", 404, "not_found")
    return found


def get_flow(wire: Klaviyo, request: Request, ref: str) -> Json:
    return {"data": shapes.flow(_flow(wire, ref), wire.book, wire.base(request))}


def patch_flow(wire: Klaviyo, request: Request, ref: str) -> Json:
    row = _flow(wire, ref)
    status = str(orjson.loads(request.body)["data"]["attributes"].get("status") or "")
    if status not in ("draft", "manual", "live"):
        raise KlaviyoError("Invalid status", pointer="/data/attributes/status")
    if status != row.status:
        row.status = status
        switch_flow(wire.market, row.id, status)
    return {"data": shapes.flow(row, wire.book, wire.base(request))}


def accounts(wire: Klaviyo, request: Request) -> Json:
    base = wire.base(request)
    return {"data": [shapes.account(base)], "links": {"self": f"{base}/api/accounts/"}}


def campaign_values(wire: Klaviyo, request: Request) -> Json:
    """Each campaign went to those who may be mailed; how it was taken follows from its number."""
    told = orjson.loads(request.body)["data"]["attributes"]
    if wire.has_limits and not wire.reports.take(1, time()):
        raise KlaviyoError("Request was throttled.", 429, "throttled")
    people = sum(may_be_mailed(buyer) for buyer in wire.book.buyers())
    results = []
    for number in range(CAMPAIGNS):
        every = {
            "recipients": people, "delivered": people, "spam_complaint_rate": spread(number, 71, 2, 14) / 10_000,
            "bounce_rate": spread(number, 72, 20, 160) / 10_000, "unsubscribe_rate": spread(number, 73, 5, 60) / 10_000,
        }  # fmt: skip
        ref = f"01JC{encode(number)}"
        results.append(
            {
                "groupings": {"send_channel": "email", "campaign_id": ref, "campaign_message_id": ref},
                "statistics": {name: every[name] for name in told["statistics"] if name in every},
            }
        )
    return {
        "data": {"type": "campaign-values-report", "attributes": {"results": results}},
        "links": {"self": f"{wire.base(request)}{request.path}"},
    }


ROUTES: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "GET /api/accounts": ("accounts:read", accounts),
    "GET /api/profiles": ("profiles:read", profiles),
    "GET /api/events": ("events:read", events),
    "POST /api/events": ("events:write", create_event),
    "GET /api/metrics": ("metrics:read", metrics),
    "GET /api/flows": ("flows:read", flows),
    "GET /api/flows/*": ("flows:read", get_flow),
    "PATCH /api/flows/*": ("flows:write", patch_flow),
    "POST /api/campaign-values-reports": ("campaigns:read", campaign_values),
}
