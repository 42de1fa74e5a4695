"""What Klaviyo knows of the market: profiles of the storefront's buyers, their checkouts and orders, flows, campaigns.

Everything but what was written by API follows from the storefront's orders, so nothing is kept twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.twin.market import Market
from connectors.twin.world.baskets import EVERY, TYPING, left_behind
from connectors.twin.world.channels import encode
from connectors.twin.world.people import Person, index_of, person
from connectors.twin.world.trade import Order

SHOP = "shopify"
STARTED, PLACED = "Checkout Started", "Placed Order"
VISIBLE_AFTER = 60  # seconds until an event that was sent is shown
Json = dict[str, Any]


@dataclass(slots=True)
class Flow:
    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is when it happened, `shown` from when the API tells of it."""

    id: str
    metric: str
    buyer: int
    at: int
    properties: Json = field(repr=False)
    shown: int = 0


class Book:
    def __init__(self, market: Market) -> None:
        self.market = market
        self.written: list[Event] = []
        self.keys: set[tuple[int, str, str]] = set()
        self.metrics = [STARTED, PLACED, "Received Email", "Opened Email"]
        self.flows = [
            Flow("XcartA", "Abandoned checkout", "live"), Flow("XwelcB", "Welcome", "live"),
            Flow("XwinbC", "Win back", "draft"), Flow("XstokD", "Back in stock", "manual"),
        ]  # fmt: skip

    def orders(self) -> list[Order]:
        return self.market.books[SHOP].orders if SHOP in self.market.books else []

    def metric_id(self, name: str) -> str:
        return f"M{encode(self.metrics.index(name))[:6]}"

    def buyers(self) -> dict[int, int]:
        """Each buyer with when the profile last changed, oldest change first."""
        seen: dict[int, int] = {}
        for order in self.orders():
            for buyer in (order.buyer, *([left_behind(order)] if order.index % EVERY == 0 else [])):
                seen[buyer] = max(order.created, seen.get(buyer, 0))
        for event in self.written:
            seen[event.buyer] = max(event.at, seen.get(event.buyer, 0))
        return dict(sorted(seen.items(), key=lambda row: (row[1], row[0])))

    def events(self, metric: str) -> Iterator[Event]:
        """Those of one metric, by time."""
        now = self.market.now
        found = [event for event in self.written if event.metric == metric and event.shown <= now]
        if metric in (STARTED, PLACED):
            for order in self.orders():
                found += self._of_order(order, metric)
        return iter(sorted((event for event in found if event.at <= now), key=lambda event: (event.at, event.id)))

    def _of_order(self, order: Order, metric: str) -> list[Event]:
        properties = self.contents(order)
        if metric == PLACED:
            return [Event(f"E{encode(order.index)}P", PLACED, order.buyer, order.created, properties)]
        made = [Event(f"E{encode(order.index)}S", STARTED, order.buyer, order.created - TYPING, properties)]
        if order.index % EVERY == 0:
            made.append(
                Event(f"E{encode(order.index)}L", STARTED, left_behind(order), order.created + TYPING, properties)
            )
        return made

    def contents(self, order: Order) -> Json:
        lines = [
            {"SKU": self.market.goods[good].sku, "Quantity": quantity, "ProductName": self.market.goods[good].title}
            for good, quantity in order.lines
        ]
        url = f"https://lumen-and-loft.example/checkouts/{encode(order.index)}"
        return {"$value": order.total / 100, "$currency_code": "USD", "Items": lines, "$extra": {"checkout_url": url}}


def profile_id(buyer: int) -> str:
    return f"01K{encode(buyer)}"


def buyer_of(email: str) -> int | None:
    return index_of(email)


def who(buyer: int) -> Person:
    return person(buyer, "US")


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
