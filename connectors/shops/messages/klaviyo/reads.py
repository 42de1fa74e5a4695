"""Klaviyo read: profiles by change, started checkouts by time, and what mail providers think of what is sent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.shops.messages.klaviyo import parse
from connectors.shops.messages.klaviyo.client import Client
from connectors.shops.reading import UNREADABLE, Row, amount, must_iso, read_rows
from connectors.types import AccountMetric, Boundary, Page

PROFILES, EVENTS = 100, 200  # rows of a page
COMPLETES_WITHIN = timedelta(days=7)  # a checkout may still end in an order
REPORT_SPAN = "last_30_days"
# Gmail's and Yahoo's rules for bulk senders: complaints stay below 0.3 %; bounces past 2 % and leavers past 1 % are
# what Klaviyo's own deliverability figures call poor.
RATES = (
    ("spam_complaint_rate", "spam_complaint_rate", Decimal("0.3")),
    ("bounce_rate", "bounce_rate", Decimal(2)),
    ("unsubscribe_rate", "unsubscribe_rate", Decimal(1)),
)


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def since(cursor: str, now: datetime, first_span: timedelta, overlap: timedelta) -> datetime:
    return must_iso(cursor) - overlap if cursor else now - first_span


def profiles(client: Client, cursor: str, now: datetime, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    """By their last change, oldest first, so that each page may move the cursor."""
    query = {
        "filter": f"greater-than(updated,{moment(since(cursor, now, first_span, overlap))})", "sort": "updated",
        "page[size]": str(PROFILES), "additional-fields[profile]": "subscriptions,predictive_analytics",
    }  # fmt: skip
    reached, currency = cursor, client.account.currency
    for body, is_last in client.pages("profiles.list", "/api/profiles", query):
        rows = body["data"]
        reached = newest(rows, "updated", reached)
        records = read_rows("customer", rows, lambda row: parse.profile(row, currency), "id")
        yield Page(tuple(records), moment(now) if is_last else reached, len(rows), is_last)


def newest(rows: list[Any], field: str, reached: str) -> str:
    """The latest time on a page; where none can be read the cursor stays."""
    for row in reversed(rows):
        try:
            return moment(must_iso(parse.attributes(row)[field]))
        except UNREADABLE:
            continue
    return reached


def metric_ids(client: Client, names: tuple[str, ...]) -> list[str]:
    """Ids of the metrics that bear one of these names: each integration has its own."""
    found = []
    for body, _ in client.pages("metrics.list", "/api/metrics", {}):
        for row in body["data"]:
            told = row.get("attributes") if isinstance(row, dict) else None
            if isinstance(told, dict) and told.get("name") in names and row.get("id"):
                found.append(str(row["id"]))
    return found


def checkouts(
    client: Client, cursor: str, now: datetime, first_span: timedelta, names: tuple[str, ...], orders: tuple[str, ...]
) -> Iterator[Page]:
    """Those of the last week come again each time, since an order may have ended them meanwhile."""
    begin = min(since(cursor, now, first_span, timedelta()), now - COMPLETES_WITHIN)
    bought = purchases(client, metric_ids(client, orders), begin)
    wanted = metric_ids(client, names)
    for place, metric in enumerate(wanted, 1):
        for body, is_end in client.pages("events.list", "/api/events", events_since(metric, begin)):
            rows = body["data"]
            is_last = is_end and place == len(wanted)
            yield Page(
                tuple(read_checkouts(client, body, bought)), moment(now) if is_last else cursor, len(rows), is_last
            )
    if not wanted:
        yield Page((), moment(now), 0, is_last=True)


def events_since(metric: str, begin: datetime) -> dict[str, str]:
    return {
        "filter": f'equals(metric_id,"{metric}"),greater-or-equal(datetime,{moment(begin)})', "sort": "datetime",
        "page[size]": str(EVENTS),
    }  # fmt: skip


def read_checkouts(client: Client, body: Row, bought: parse.Bought) -> list[Any]:
    refs = sorted({ref for row in body["data"] if (ref := named(row))})
    people: dict[str, Row] = {}
    for begin in range(0, len(refs), PROFILES):
        people |= consents(client, refs[begin : begin + PROFILES])
    currency = client.account.currency
    return read_rows("checkout", body["data"], lambda row: parse.checkout(row, people, bought, currency), "id")


def named(row: Any) -> str:
    """The profile of an event; empty where it cannot be read."""
    try:
        return parse.profile_of(row)
    except UNREADABLE:
        return ""


def consents(client: Client, refs: list[str]) -> dict[str, Row]:
    """Profiles with their consent, which the list of events cannot tell."""
    quoted = ",".join(f'"{ref}"' for ref in refs)
    query = {
        "filter": f"any(id,[{quoted}])", "page[size]": str(PROFILES), "additional-fields[profile]": "subscriptions",
    }  # fmt: skip
    return {
        str(row.get("id")): row
        for body, _ in client.pages("profiles.list", "/api/profiles", query)
        for row in body["data"]
        if isinstance(row, dict) and isinstance(row.get("attributes"), dict)
    }


def purchases(client: Client, metrics: list[str], begin: datetime) -> parse.Bought:
    """When each profile last bought, out of the events that name an order. A row that cannot be read names none."""
    last: dict[str, datetime] = {}
    for metric in metrics:
        for body, _ in client.pages("events.list", "/api/events", events_since(metric, begin)):
            for row in body["data"]:
                try:
                    who, when = parse.profile_of(row), must_iso(parse.attributes(row)["datetime"])
                except UNREADABLE:
                    continue
                last[who] = max(when, last.get(who, when))
    return parse.Bought(last)


def health(client: Client, now: datetime, orders: tuple[str, ...]) -> Iterator[Page]:
    """How the campaigns of 30 days were taken, and which flows do not run. The report may be asked 225 times a day."""
    metrics: list[AccountMetric] = []
    conversion = next(iter(metric_ids(client, orders)), "")
    if conversion:
        metrics += rates(report(client, conversion), now)
    states: dict[str, int] = {}
    for body, _ in client.pages("flows.list", "/api/flows", {}):
        for row in body["data"]:
            told = row.get("attributes") if isinstance(row, dict) else None
            state = str(told.get("status") or "") if isinstance(told, dict) and not told.get("archived") else ""
            states[state] = states.get(state, 0) + 1
    states.pop("", None)
    running = AccountMetric(
        external_id="live_flows", name="live_flows", value=Decimal(states.get("live", 0)), unit="count", window="now",
        measured_at=now, detail=dict(states),
    )  # fmt: skip
    metrics.append(running)
    yield Page(tuple(metrics), "", len(metrics), is_last=True)


def report(client: Client, conversion: str) -> list[Any]:
    names = ["recipients", *(name for name, _, _ in RATES)]
    wish = {
        "data": {
            "type": "campaign-values-report",
            "attributes": {
                "statistics": names, "timeframe": {"key": REPORT_SPAN}, "conversion_metric_id": conversion,
            },
        }
    }  # fmt: skip
    body = client.query("campaign_values", "/api/campaign-values-reports", wish)
    try:
        results = parse.attributes(body["data"])["results"]
    except UNREADABLE:
        return []
    return results if isinstance(results, list) else []


def rates(results: list[Any], now: datetime) -> list[AccountMetric]:
    """Each rate over all campaigns, by their recipients; a campaign that cannot be read is left out and counted."""
    made = []
    for name, field, limit in RATES:
        rows, lost = [], 0
        for row in results:
            try:
                told = row["statistics"]
                rows.append((amount(told["recipients"]), amount(told[field])))
            except UNREADABLE:
                lost += 1
        people = sum((count for count, _ in rows), Decimal(0))
        made.append(
            AccountMetric(
                external_id=name,
                name=name,
                value=parse.share(rows),
                target=limit,
                boundary=Boundary.AT_LEAST,
                unit="percent",
                window=REPORT_SPAN.replace("_", " "),
                denominator=int(people),
                measured_at=now,
                detail={"campaigns": len(rows), "unreadable": lost},
            )
        )  # fmt: skip
    return made
