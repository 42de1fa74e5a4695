"""Which facts feed which detectors, and which changed records call for which facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from alerts.detectors import BY_NAME
from alerts.facts import ads, connections, feeds, orders, parcels, payments, returns, rules, tickets
from alerts.facts import rows as reading
from alerts.facts import stock as goods
from alerts.facts import supply as buying
from alerts.lookup import Lookup, Rules
from alerts.resolve import Looked, subjects

PROMISE = "supplier_promise"
Refs: TypeAlias = Sequence[tuple[int, str]]
Changes: TypeAlias = dict[str, list[tuple[int, str]]]  # kind of record -> (shop id, the outside's id)


class Setting:
    """What one run reads once: shops, thresholds, rates."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.shops = reading.shops()
        self.lookup: Lookup = rules.lookup(now)
        self._rules = {name: self.lookup.of(name, detector.thresholds) for name, detector in BY_NAME.items()}

    def rules(self, detector: str) -> Rules:
        return self._rules[detector]

    def widest(self, detector: str, name: str, *, least: bool = False) -> float:
        """The widest value (or the least) of a threshold over all shops: what the facts must reach for."""
        places = {(shop.kind, shop.country) for shop in self.shops.values()} | {("", "")}
        values = [float(self.rules(detector).threshold(name, *place).likely) for place in places]
        return min(values) if least else max(values)


@dataclass(frozen=True, slots=True)
class Seen:
    """Looks, and the subjects they cover (None: everything)."""

    looks: Sequence[Any]
    looked: Looked | None


@dataclass(frozen=True, slots=True)
class Area:
    """`load(setting, changes)`: changes None asks for everything that could be a cause now."""

    name: str
    detectors: tuple[str, ...]
    kinds: frozenset[str]
    load: Callable[[Setting, Changes | None], Seen]


def _orders(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else changes.get("order", [])
    within = timedelta(hours=setting.widest("late_shipment", "warn_hours"))
    looks = orders.due_orders(setting.shops, setting.now, within, refs)
    return Seen(looks, None if refs is None else subjects("order", refs))


def _rates(setting: Setting, changes: Changes | None) -> Seen:
    # Judged on Mondays: what is due after that belongs to the next week.
    to_monday = timedelta(days=7 - setting.now.weekday()) - timedelta(hours=setting.now.hour)
    return Seen(orders.late_rates(setting.shops, setting.now, to_monday), None)


def _parcels(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else parcels.with_sellers(setting.shops, changes.get("shipment", []))
    days = min(setting.widest("parcel_stuck", name, least=True) for name in ("silent_days", "overdue_silent_days"))
    looks = parcels.moving_parcels(setting.shops, setting.now, timedelta(days=days), refs)
    return Seen(looks, None if refs is None else subjects("shipment", refs))


def _returns(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else changes.get("return", [])
    return Seen(
        returns.waiting_returns(setting.shops, setting.now, refs), None if refs is None else subjects("return", refs)
    )


def _charges(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else changes.get("payment", [])
    looks = payments.repeated_charges(setting.shops, setting.now, refs)
    if refs is None:
        return Seen(looks, None)
    named = [(look.shop.id, charge.ref) for look in looks for charge in look.charges]
    return Seen(looks, subjects("payment", [*refs, *named]))


def _disputes(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else changes.get("dispute", [])
    looks = payments.open_disputes(setting.shops, setting.now, refs)
    return Seen(looks, None if refs is None else subjects("dispute", refs))


def _stock(setting: Setting, changes: Changes | None) -> Seen:
    if changes is None or "supplier" in changes:
        return Seen(goods.stock(setting.shops, setting.now), None)
    skus = set(goods.skus_of_orders(changes["order"])) if "order" in changes else set()
    for kind in goods.TABLES:
        if kind in changes:
            skus |= set(goods.skus_of_records(kind, changes[kind]))
    looks = goods.stock(setting.shops, setting.now, sorted(skus)) if skus else []
    return Seen(looks, subjects("sku", [(None, sku) for sku in sorted(skus)]))


def _supply(setting: Setting, changes: Changes | None) -> Seen:
    refs = None if changes is None else buying.lines_of(changes.get("purchase_order", []), changes.get(PROMISE, []))
    looks = buying.open_lines(setting.shops, setting.now, refs)
    return Seen(looks, None if refs is None else subjects("purchase_order", refs))


def _advertised(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(ads.advertised(setting.shops, setting.now), None)


def _campaigns(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(ads.campaigns(setting.shops, setting.now), None)


def _tickets(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(tickets.waiting_tickets(setting.shops, setting.now), None)


def _waves(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(tickets.open_waves(setting.shops, setting.now), None)


def _feeds(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(feeds.feeds(setting.shops, setting.now), None)


def _connections(setting: Setting, changes: Changes | None) -> Seen:
    return Seen(connections.connections(setting.shops, setting.now), None)


AREAS = (
    Area("orders", ("late_shipment",), frozenset({"order"}), _orders),
    Area("rates", ("shopee_late_rate",), frozenset({"account_metric"}), _rates),
    Area("parcels", ("parcel_stuck",), frozenset({"shipment"}), _parcels),
    Area("returns", ("return_decision",), frozenset({"return"}), _returns),
    Area("charges", ("duplicate_charge",), frozenset({"payment"}), _charges),
    Area("disputes", ("dispute_evidence", "fraud_warning"), frozenset({"dispute"}), _disputes),
    Area("stock", ("stock_out", "bestseller_out", "oversold"), frozenset({"order", "supplier", *goods.TABLES}), _stock),
    Area("supply", ("supplier_late",), frozenset({"purchase_order", PROMISE}), _supply),
    Area("advertised", ("ads_out_of_stock",), frozenset({"ad_spend", "campaign", "stock_level"}), _advertised),
    Area("campaigns", ("ad_spend_anomaly",), frozenset({"ad_spend", "campaign"}), _campaigns),
    Area("tickets", ("angry_message", "first_answer"), frozenset({"ticket"}), _tickets),
    Area("waves", ("ticket_wave",), frozenset({"ticket"}), _waves),
    Area("feeds", ("feed_stale",), frozenset(), _feeds),
    Area("connections", ("connection_fault",), frozenset(), _connections),
)


def touched(kinds: Iterable[str]) -> list[Area]:
    """The areas that changed records of these kinds call for."""
    named = set(kinds)
    return [area for area in AREAS if area.kinds & named]
