"""Stripe's feeds: new objects by time of creation, changed ones by the event log, open cases by sweep."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused
from connectors.shops.payments.stripe import parse
from connectors.shops.payments.stripe.client import Client
from connectors.shops.reading import Row, read_rows
from connectors.types import BadRow, Page, Record

SWEEP = timedelta(days=120)  # the longest that a dispute stays open with the networks
EVENTS_REACH = timedelta(days=29)  # events are kept for 30 days
CHANGES = [
    "charge.refunded", "charge.updated", "charge.captured", "charge.expired", "refund.updated", "refund.failed",
    "charge.refund.updated", "payout.paid", "payout.failed", "payout.updated",
]  # fmt: skip
OBJECTS: dict[str, tuple[str, Callable[[Row], Iterator[Record | BadRow]]]] = {
    "charge": ("/v1/charges/", parse.charge),
    "refund": ("/v1/refunds/", parse.refund),
    "payout": ("/v1/payouts/", parse.payout),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A feed's cursor: everything created before `since` is stored; `until` and `after` while half read."""

    since: int
    until: int = 0
    after: str = ""

    @classmethod
    def read(cls, text: str, default_since: datetime) -> "Mark":
        return cls(**orjson.loads(text)) if text else cls(int(default_since.timestamp()))

    def __str__(self) -> str:
        return orjson.dumps({"since": self.since, "until": self.until, "after": self.after}).decode()


def created(
    client: Client, path: str, kind: str, read: Callable[[Row], Iterator[Record | BadRow]], cursor: str, now: datetime,
    *, first_span: timedelta, overlap: timedelta,
) -> Iterator[Page]:  # fmt: skip
    """The upper end stands while the list is paged, so what is created meanwhile shifts nothing."""
    mark = Mark.read(cursor, now - first_span)
    is_resumed = bool(mark.until)
    until = mark.until or int(now.timestamp())
    since = mark.since if is_resumed or not cursor else mark.since - int(overlap.total_seconds())
    query = {"created[gte]": since, "created[lte]": until}
    for rows, after in client.pages(path, query, mark.after):
        following = Mark(since, until, after) if after else Mark(until)
        yield Page(tuple(read_rows(kind, rows, read, "id")), str(following), len(rows), is_last=not after)


def disputes(client: Client, now: datetime) -> Iterator[Page]:
    """Disputes, and with each that waits for an answer its charge: it may be older than all that was read before, and
    without it nobody knows which order is meant."""
    query = {"created[gte]": int((now - SWEEP).timestamp())}
    for rows, after in client.pages("/v1/disputes", query):
        records = read_rows("dispute", rows, parse.dispute, "id")
        for row in rows:
            if isinstance(row, dict) and row.get("status") in parse.UNANSWERED and isinstance(row.get("charge"), str):
                records += now_of(client, "charge", row["charge"])
        yield Page(tuple(records), "", len(rows), is_last=not after)


def fraud_warnings(client: Client, now: datetime) -> Iterator[Page]:
    query = {"created[gte]": int((now - SWEEP).timestamp()), "expand[]": "data.charge"}
    for rows, after in client.pages("/v1/radar/early_fraud_warnings", query):
        whole = [with_charge(client, row) for row in rows]
        yield Page(tuple(read_rows("dispute", whole, parse.fraud_warning, "id")), "", len(rows), is_last=not after)


def with_charge(client: Client, warning: Any) -> Any:
    if isinstance(warning, dict) and isinstance(warning.get("charge"), str):
        return {**warning, "charge": client.get(f"/v1/charges/{warning['charge']}")}
    return warning


def changes(client: Client, cursor: str, now: datetime) -> Iterator[Page]:
    """Objects that the event log says have changed, read as they are now (events come in no order)."""
    earliest = now - EVENTS_REACH
    mark = Mark.read(cursor, earliest)
    until = mark.until or int(now.timestamp())
    since = max(mark.since, int(earliest.timestamp()))
    query = {"created[gte]": since, "created[lte]": until, "types[]": CHANGES}
    done: set[str] = set()
    for rows, after in client.pages("/v1/events", query, mark.after):
        objects = [object_of(row) for row in rows]
        fresh = {ref: kind for kind, ref in objects if kind in OBJECTS and ref not in done}
        done |= fresh.keys()
        records = [row for ref, kind in fresh.items() for row in now_of(client, kind, ref)]
        following = Mark(since, until, after) if after else Mark(until)
        yield Page(tuple(records), str(following), len(rows), is_last=not after)


def object_of(event: Any) -> tuple[str, str]:
    """(kind, id) of what an event is about; empty where it says neither."""
    data = event.get("data") if isinstance(event, dict) else None
    found = data.get("object") if isinstance(data, dict) else None
    return (str(found.get("object")), str(found.get("id"))) if isinstance(found, dict) else ("", "")


def now_of(client: Client, kind: str, ref: str) -> list[Record | BadRow]:
    path, read = OBJECTS[kind]
    try:
        return read_rows("payment", [client.get(path + ref)], read, "id")
    except Refused as error:
        return [BadRow("payment", ref, f"an event names it, but it cannot be read: {error}", b"")]


def payouts(client: Client, cursor: str, now: datetime, *, first_span: timedelta) -> Iterator[Page]:
    """Payouts, and for each paid automatic one the lines that it pays, with the payout named."""
    mark = Mark.read(cursor, now - first_span)
    until = int(now.timestamp())
    query = {"created[gte]": mark.since - int(timedelta(days=7).total_seconds()), "created[lte]": until}
    for rows, after in client.pages("/v1/payouts", query):
        records = read_rows("payout", rows, parse.payout, "id")
        for row in rows:
            if isinstance(row, dict) and row.get("status") == "paid" and row.get("automatic"):
                records += payout_lines(client, str(row["id"]))
        yield Page(tuple(records), cursor if after else str(Mark(until)), len(rows), is_last=not after)


def payout_lines(client: Client, payout_ref: str) -> list[Record | BadRow]:
    found: list[Record | BadRow] = []
    for rows, _ in client.pages("/v1/balance_transactions", {"payout": payout_ref}):
        found += read_rows("settlementline", rows, lambda row: parse.settlement(row, payout_ref), "id")
    return found
