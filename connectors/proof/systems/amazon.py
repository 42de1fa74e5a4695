"""Amazon's own Swagger models and JSON schemas judge what we send and what the twin answers and pushes."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson
from jsonschema import Draft4Validator

from connectors.base import Connector
from connectors.money import Money
from connectors.operations import (
    ArrangeShipment,
    CancelOrder,
    FixListing,
    Operation,
    RefundPayment,
    SendTemplate,
    SetPrice,
    SetStock,
)
from connectors.proof.shared import Shared
from connectors.proof.specs import Exchange
from connectors.proof.stand import HOOK, Stand
from connectors.proof.tally import Tally
from connectors.shops.marketplaces.amazon import messages, reports
from connectors.twin.wire.amazon import reports as twin_reports
from connectors.types import Listing, Order, OrderStatus

MODELS = {
    "/sellers/": "sellers.json",
    "/orders/2026-01-01/": "orders_2026-01-01.json",
    "/orders/v0/": "ordersV0.json",
    "/finances/2024-06-19/": "finances_2024-06-19.json",
    "/finances/transfers/": "transfers_2024-06-01.json",
    "/feeds/": "feeds_2021-06-30.json",
    "/reports/": "reports_2021-06-30.json",
    "/listings/": "listingsItems_2021-08-01.json",
    "/fba/": "fbaInventory.json",
    "/messaging/": "messaging.json",
    "/solicitations/": "solicitations.json",
    "/notifications/": "notifications.json",
}
MOUNT, TRACKING = "/amazon", "1Z999AA10123456784"


def model_of(path: str) -> str | None:
    return next((name for prefix, name in MODELS.items() if path.startswith(prefix)), None)


def faults(shared: Shared, exchanges: list[Exchange]) -> list[str]:
    """What Amazon's models find wrong with the exchanges; documents and tokens have no model."""
    found: list[str] = []
    for request, response in exchanges:
        name = model_of(request.url.path.removeprefix(MOUNT))
        if name is not None:
            found += shared.open_api(f"amazon/{name}").judge([(request, response)], MOUNT)
            found += enum_faults(shared, name, request)
    return found


def enum_faults(shared: Shared, name: str, request: httpx.Request) -> list[str]:
    """Parameters whose value, or one of whose comma-joined values, is none that the model lists."""
    model, path = shared.open_api(f"amazon/{name}"), request.url.path.removeprefix(MOUNT)
    operation = model.operation(request.method, path)
    if operation is None:
        return []  # the judge has named it
    parameters = {one["name"]: one for one in map(model.pointed, operation[1]["parameters"])}
    found = []
    for key, value in parse_qsl(urlsplit(str(request.url)).query):
        one = parameters.get(key)
        if one is None:
            continue  # the judge has named it
        listed = one.get("enum") or one.get("items", {}).get("enum")
        parts = value.split(",") if one["type"] == "array" else [value]
        found += [f"{path}: {key}={part} is not listed" for part in parts if listed and part not in listed]
        if len(parts) > one.get("maxItems", len(parts)) or (one["type"] == "integer" and not value.isdecimal()):
            found.append(f"{path}: {key}={value} is too long or of another type")
    return found


def pull_all(stand: Stand) -> None:
    """Every feed; a report is ordered, waited for and read."""
    connector = stand.shops["amazon"]
    for feed in connector.feeds:
        cursor = ""
        for _ in range(3 if feed.name in reports.KINDS else 1):
            cursor = list(connector.pull(feed.name, cursor))[-1].cursor
            if feed.name in reports.KINDS:
                stand.wait(30)


def writes(stand: Stand) -> Iterator[Operation]:
    found = sorted(stand.read("amazon", "orders", Order), key=lambda row: row.ordered_at, reverse=True)
    waiting = [row.external_id for row in found if row.status is OrderStatus.TO_SHIP]
    gone = [row.external_id for row in found if row.status is OrderStatus.SHIPPED]
    long_gone = [row.external_id for row in found if row.status is OrderStatus.DELIVERED]
    sku = stand.read("amazon", "listings", Listing)[0].sku
    asked = next(ref for ref in long_gone if ASKS in review_kinds(stand.shops["amazon"], ref))
    yield ArrangeShipment(order_ref=waiting[0], method="own_courier", carrier="UPS", tracking_number=TRACKING)
    yield CancelOrder(order_ref=waiting[1], reason="out_of_stock")
    yield RefundPayment(order_ref=gone[0], amount=Money(Decimal("1.00"), "USD"))
    yield SetStock(listing_ref=sku, sku=sku, quantity=17)
    yield SetPrice(listing_ref=sku, sku=sku, price=Money(Decimal("31.90"), "USD"))
    yield FixListing(listing_ref=sku, sku=sku, fields=(("item_name", "Desk Lamp, oak, dimmable"),))
    yield SendTemplate(to="", order_ref=gone[1], template="unexpectedProblem", text="One day late, with our apologies.")
    years = ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
    yield SendTemplate(to="", order_ref=gone[2], template="warranty", parameters=years)
    yield SendTemplate(to="", order_ref=asked, template=ASKS)


ASKS = "productReviewAndSellerFeedback"


def review_kinds(connector: Connector, ref: str) -> list[str]:
    return messages.allowed(connector.client, ref, messages.REVIEW)  # type: ignore[attr-defined]  # Amazon's own


def prove(stand: Stand, shared: Shared, tally: Tally) -> None:
    pull_all(stand)
    for operation in writes(stand):
        stand.do("amazon", operation, settle_seconds=40)
    judge = [one for one in stand.exchanges("amazon") if model_of(one[0].url.path.removeprefix(MOUNT))]
    tally.judged(len(judge), len(judge), faults(shared, judge))
    told = schemas(stand, shared)
    tally.judged(0, len(told), [fault for found in told.values() for fault in found])


def schemas(stand: Stand, shared: Shared) -> dict[str, list[str]]:
    """Schema → what it finds wrong with the health report and the notifications of the twin."""
    api: Any = stand.server.wires["amazon"]
    market = stand.server.market
    feed = next(feed for feed in api.feeds if feed.result)
    pushes = {
        "OrderChangeNotification": api.push("orders/updated", market.books["amazon"].orders[-1], HOOK),
        "ListingsItemMfnQuantityChange": api.push("inventory_levels/update", market.goods[0], HOOK),
        "FeedProcessingFinishedNotification": api.push("feeds/done", feed, HOOK),
    }
    told = {f"notification-schemas/{name}": orjson.loads(body) for name, (body, _) in pushes.items()}
    told["accountHealthReport-2020-11-18"] = twin_reports.health(api)
    found = {}
    for name, value in told.items():
        judge = Draft4Validator(orjson.loads(shared.contract(f"amazon/{name}.json").read_bytes()))
        found[name] = [f"{name}: {error.message[:300]}" for error in judge.iter_errors(value)]
    return found
