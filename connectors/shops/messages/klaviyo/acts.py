"""Klaviyo's writes: an event that its flows act on, and switching a flow. Both can be done again without harm."""

import re
from datetime import datetime, timedelta

from connectors.base import Permit, Refused
from connectors.operations import RecordEvent, SetCampaign
from connectors.shops.messages.klaviyo import parse, reads
from connectors.shops.messages.klaviyo.client import Client
from connectors.shops.reading import UNREADABLE, Row
from connectors.types import Receipt, Sight, Sighting

ADDRESS = re.compile(r"[^\s@\"\\<>(),]+@[^\s@\"\\<>(),]+\.[^\s@\"\\<>(),]+")
ACTION = "ops_action_id"
OWN_ID = "$event_id"  # under which Klaviyo shows an event's unique_id
LONGEST_METRIC, MOST_PROPERTIES = 127, 400
VISIBLE_AFTER = timedelta(minutes=10)  # an event is validated at once and shown some minutes later
EARLY = timedelta(minutes=5)


def record(client: Client, operation: RecordEvent, permit: Permit, now: datetime) -> Receipt:
    """The intent's key is the event's unique id: of one profile and metric only the first with it is kept."""
    refuse_bad(operation)
    told: Row = {
        "properties": {**dict(operation.properties), ACTION: permit.key},
        "time": reads.moment(now),
        "unique_id": permit.key,
        "metric": {"data": {"type": "metric", "attributes": {"name": operation.metric}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": operation.email}}},
    }
    if operation.value is not None:
        told |= {"value": float(operation.value.amount), "value_currency": operation.value.currency}
    content = {"data": {"type": "event", "attributes": told}}
    return client.write("POST", "events.create", "/api/events", content, permit, permit.key)


def refuse_bad(operation: RecordEvent) -> None:
    if not ADDRESS.fullmatch(operation.email):
        raise Refused(f"{operation.email!r} is no mail address; nothing was sent", code="address")
    if not 0 < len(operation.metric) <= LONGEST_METRIC:
        raise Refused(f"the event's name must have 1 to {LONGEST_METRIC} characters; nothing was sent", code="metric")
    if len(operation.properties) >= MOST_PROPERTIES:
        raise Refused(f"an event has fewer than {MOST_PROPERTIES} properties; nothing was sent", code="properties")
    if any(name.startswith("$") or name == ACTION for name, _ in operation.properties):
        raise Refused("names that begin with $ are Klaviyo's own; nothing was sent", code="properties")


def see_event(client: Client, operation: RecordEvent, key: str, since: datetime, now: datetime) -> Sighting:
    people = client.get("profiles.list", "/api/profiles", {"filter": f'equals(email,"{operation.email}")'})["data"]
    metrics = reads.metric_ids(client, (operation.metric,))
    for person in people if isinstance(people, list) else []:
        for metric in metrics:
            found = among(client, metric, str(person.get("id")), key, since)
            if found:
                return Sighting(Sight.SEEN, found, "the event stands on the profile", now)
    if now - since < VISIBLE_AFTER:
        return Sighting(Sight.UNCLEAR, detail="not shown yet; Klaviyo takes some minutes", read_at=now)
    return Sighting(Sight.ABSENT, detail="the profile has no event with our key", read_at=now)


def among(client: Client, metric: str, person: str, key: str, since: datetime) -> str:
    query = reads.events_since(metric, since - EARLY)
    query["filter"] += f',equals(profile_id,"{person}")'
    for body, _ in client.pages("events.list", "/api/events", query):
        for row in body["data"]:
            try:
                told = parse.attributes(row).get("event_properties") or {}
                if key in (told.get(OWN_ID), told.get(ACTION)):
                    return parse.filled(row, "id")
            except UNREADABLE:
                continue
    return ""


def switch(client: Client, operation: SetCampaign, permit: Permit) -> Receipt:
    """A flow is paused as draft: nobody new gets its messages, and those within it wait."""
    state = "live" if operation.is_active else "draft"
    told = {"type": "flow", "id": operation.campaign_ref, "attributes": {"status": state}}
    path = f"/api/flows/{flow_ref(operation)}"
    return client.write("PATCH", "flows.update", path, {"data": told}, permit, operation.campaign_ref)


def see_switch(client: Client, operation: SetCampaign, now: datetime) -> Sighting:
    found = client.get("flows.get", f"/api/flows/{flow_ref(operation)}")["data"]
    try:
        state = str(parse.attributes(found)["status"])
    except UNREADABLE:
        return Sighting(Sight.UNCLEAR, detail="Klaviyo's answer names no status", read_at=now)
    is_done = (state == "live") is operation.is_active
    return Sighting(Sight.SEEN if is_done else Sight.ABSENT, operation.campaign_ref, f"the flow stands as {state}", now)


def flow_ref(operation: SetCampaign) -> str:
    if not re.fullmatch(r"\w+", operation.campaign_ref):
        raise Refused(f"{operation.campaign_ref!r} is no id of a flow; nothing was changed", code="campaign_ref")
    return operation.campaign_ref
