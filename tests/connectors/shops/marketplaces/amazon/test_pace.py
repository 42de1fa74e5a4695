"""A large shop's first reading through Amazon's slow lane: page by page as the lane allows, and never stuck."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.base import Retry
from connectors.http import LANE_IS_FULL, Patience
from connectors.registry import open_connector
from connectors.transport.throttle import LocalBucket
from connectors.types import Account
from tests.connectors.shops.marketplaces.amazon.outside import KEYS, US, Outside, order
from tests.connectors.shops.stand import NOW

PAGES = 25


class Paged:
    """The past orders over many pages, counted by their token; nothing came since."""

    def __call__(self, query: dict[str, str]) -> dict[str, Any]:
        if datetime.fromisoformat(query["lastUpdatedAfter"]) > NOW - timedelta(hours=1):
            return {"orders": []}
        number = int(query.get("paginationToken", "0"))
        after = {"nextToken": str(number + 1)} if number + 1 < PAGES else {}
        return {"orders": [order(f"114-{number}")], "pagination": after}


class Moving:
    """A clock moved by hand, for the lane and for the connector alike."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def seconds(self) -> float:
        return self.now.timestamp()


def test_a_first_reading_beyond_the_burst_goes_on_page_by_page() -> None:
    outside, clock = Outside({"GET /orders/2026-01-01/orders": Paged()}), Moving()
    buckets: dict[str, LocalBucket] = {}
    account = Account("amazon", 1, "Large", "S", "https://amazon.example", "USD", "US", {"marketplace_id": US}, KEYS)
    seen: list[str] = []
    waits: list[tuple[str, float | None]] = []
    cursor, is_done = "", False
    while not is_done and len(waits) < 2 * PAGES:
        shop = open_connector(
            account, clock=lambda: clock.now, patience=Patience(attempts=1), sleep=lambda seconds: None,
            client=httpx.Client(transport=httpx.MockTransport(outside)),
            lane=lambda name, pace: buckets.setdefault(name, LocalBucket(pace, now=clock.seconds)),
        )  # fmt: skip
        try:
            for page in shop.pull("orders", cursor):
                seen += [row.external_id for row in page.records if hasattr(row, "external_id")]
                cursor, is_done = page.cursor, page.is_last
        except Retry as error:
            waits.append((error.code, error.after_seconds))
            clock.now += timedelta(seconds=error.after_seconds or 0)
    assert seen == [f"114-{number}" for number in range(PAGES)]
    assert {code for code, _ in waits} == {LANE_IS_FULL}
    assert [seconds for _, seconds in waits] == pytest.approx([1 / 0.0056] * len(waits), rel=0.15)
    assert len(waits) == PAGES - 20 + 1  # the burst, then one call a wait; the last one asks what came meanwhile
    windows = {(call["lastUpdatedAfter"], call["lastUpdatedBefore"]) for call in outside.asked("/orders")}
    assert len(windows) == 2  # the large one, and what came while it was read
