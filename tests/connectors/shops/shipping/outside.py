"""A scripted outside that keeps what was sent, and the bends that a changed format can take."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import orjson

from connectors.types import Record, Shipment
from tests.connectors.shops.stand import reply

VALUES: tuple[Any, ...] = (None, "BRAND_NEW_VALUE", 7, [], {"nested": True})
Bend = Callable[[dict[str, Any]], None]


class Outside:
    """Answers by method and path, or by a function of the request; an exception as an answer is raised."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        name = f"{request.method} {request.url.path}"
        found = self.answers[name] if name in self.answers else self.answers["*"]
        found = found(request) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)

    def sent(self, method: str = "POST") -> list[tuple[str, Any]]:
        """(path, body) of the JSON that was sent."""
        asked = [one for one in self.calls if one.method == method]
        return [(one.url.path, orjson.loads(one.content)) for one in asked if "json" in one.headers["content-type"]]


def is_whole(record: Record) -> bool:
    """Whether every field of a parcel holds what its type says: what is saved must fit its column."""
    assert isinstance(record, Shipment)
    words = (record.external_id, record.order_ref, record.carrier, record.tracking_number)
    times = (record.shipped_at, record.last_scan_at, record.promised_at, record.delivered_at)
    return all(isinstance(word, str) for word in words) and all(
        time is None or (isinstance(time, datetime) and time.tzinfo is UTC) for time in times
    )


def bends(row: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The row with each of its fields taken away, renamed, and retyped in five ways, one at a time."""
    for name in row:
        for word, bend in ways(name):
            bent = deepcopy(row)
            bend(bent)
            yield f"{name} {word}", bent


def ways(name: str) -> Iterator[tuple[str, Bend]]:
    yield "removed", lambda row: row.__delitem__(name)
    yield "renamed", lambda row: row.__setitem__(f"{name}_v2", row.pop(name))
    for value in VALUES:
        yield f"as {value!r}", partial(put, name, value)


def put(name: str, value: Any, row: dict[str, Any]) -> None:
    row[name] = value
