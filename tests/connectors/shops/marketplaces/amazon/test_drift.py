"""When Amazon changes its format: every row of a changed page is a record or in quarantine; no run ends in a crash."""

import contextlib
import random
from typing import Any

import orjson
import pytest

from connectors.base import ConnectorError
from connectors.shops.marketplaces.amazon.client import stamp
from connectors.shops.marketplaces.amazon.reports import State
from connectors.types import BadRow, Record
from tests.connectors.shops.marketplaces.amazon.outside import Outside, listing, order, posted, shop, transaction
from tests.connectors.shops.marketplaces.amazon.test_reports import figure, health, made, ordered
from tests.connectors.shops.stand import NOW

WRONG: tuple[Any, ...] = (None, "", "new", -1, 3.7, True, [], {}, [None], {"x": 1}, "2026-13-45", "NaN", 10**15)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, part in inner for found in places(part, (*path, name)))][(not path) :]


def bent(value: Any, path: tuple[Any, ...], how: str, wrong: Any) -> Any:
    """A copy with one field retyped, removed or renamed."""
    copy = orjson.loads(orjson.dumps(value))
    part = copy
    for name in path[:-1]:
        part = part[name]
    if how == "retyped":
        part[path[-1]] = wrong
    else:
        kept = part.pop(path[-1])
        if how == "renamed" and isinstance(part, dict):
            part[f"{path[-1]}V2"] = kept
    return copy


def variants(value: Any) -> list[Any]:
    dice = random.Random(7)
    changes = [(path, how) for path in places(value) for how in ("removed", "renamed")]
    changed = [bent(value, path, how, None) for path, how in changes]
    return changed + [bent(value, path, "retyped", wrong) for path in places(value) for wrong in dice.sample(WRONG, 5)]


def full_order() -> dict[str, Any]:
    parcel = {
        "packageReferenceId": "1", "packageStatus": {"status": "SHIPPED"}, "carrier": "UPS", "trackingNumber": "1Z",
        "shipTime": "2026-11-20T12:00:00Z",
    }  # fmt: skip
    payment = {"paymentExecutions": [{"paymentMethod": "CreditCard"}]}
    return order(packages=[parcel], payment=payment)


PAYOUT = {
    "id": "77", "currentStatus": "PAID", "amount": {"currencyCode": "USD", "currencyAmount": 120.5},
    "statusHistory": [{"status": "PAID", "lastUpdatedDate": "2026-11-10T00:00:00Z"}],
    "period": {"startDate": "2026-10-24T00:00:00Z", "endDate": "2026-11-08T00:00:00Z"},
}  # fmt: skip
FBA = {
    "sellerSku": "LAMP", "totalQuantity": 20, "lastUpdatedTime": "2026-11-20T00:00:00Z",
    "inventoryDetails": {"fulfillableQuantity": 12, "reservedQuantity": {"pendingCustomerOrderQuantity": 3}},
}  # fmt: skip
PAGES: dict[str, tuple[Any, Any]] = {
    "orders": (full_order(), lambda row, good: {"GET /orders": {"orders": [row, good]}}),
    "settlement": (
        transaction("r1", "Refund", -17.61, 2.39),
        lambda row, good: {"GET /transactions": posted(row, good)},
    ),
    "listings": (
        listing(),
        lambda row, good: {"GET /items/SELLER": {"numberOfResults": 2, "items": [row, good], "pagination": {}}},
    ),
    "fba_stock": (FBA, lambda row, good: {"GET /summaries": {"payload": {"inventorySummaries": [row, good]}}}),
    "payouts": (
        PAYOUT,
        lambda row, good: {"GET /payouts": {"payouts": [row, good]}, "GET /expected": {"expectedPayouts": []}},
    ),
}


@pytest.mark.parametrize("feed", PAGES)
def test_a_changed_row_is_read_or_quarantined_and_its_neighbour_is_read(feed: str) -> None:
    good, page = PAGES[feed]
    whole = len(rows(feed, page(good, good))) // 2
    for row in variants(good):
        found = rows(feed, page(row, good))
        untouched = [one for one in found if not isinstance(one, BadRow)]
        assert len(untouched) >= whole, row
        assert len(found) > whole, row
        assert all(one.reason for one in found if isinstance(one, BadRow))
    assert len(variants(good)) > 40


def rows(feed: str, answers: dict[str, Any]) -> list[Record | BadRow]:
    return [row for page in shop(Outside(answers)).pull(feed, "") for row in page.records]


def test_a_changed_envelope_is_an_error_that_the_frame_knows() -> None:
    for feed, (good, page) in PAGES.items():
        for name, body in page(good, good).items():
            for changed in (bent(body, path, "removed", None) for path in places(body) if len(path) == 1):
                with contextlib.suppress(ConnectorError):
                    assert len(rows(feed, {**page(good, good), name: changed})) >= 2


def test_a_changed_health_report_loses_no_figure() -> None:
    told = orjson.loads(health(lateShipmentRate=figure(), validTrackingRate=figure()))
    for changed in variants(told["performanceMetrics"][0]["lateShipmentRate"]):
        told["performanceMetrics"][0]["lateShipmentRate"] = changed
        outside = made(orjson.dumps(told))
        found = [row for page in shop(outside).pull("account_health", ordered()) for row in page.records]
        assert "valid_tracking_rate" in {getattr(row, "name", "") for row in found}


def test_a_changed_report_is_an_error_that_the_frame_knows() -> None:
    good = {"reportId": "r1", "processingStatus": "DONE", "reportDocumentId": "d1", "processingEndTime": stamp(NOW)}
    for changed in variants(good):
        outside = made(b"")
        outside.answers["GET /reports/2021-06-30/reports/r1"] = changed
        with contextlib.suppress(ConnectorError):
            [page] = shop(outside).pull("returns", ordered())
            assert State.read(page.cursor) in (State.read(ordered()), State(read_at=State.read(ordered()).asked_at))
