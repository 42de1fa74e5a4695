"""SKUs over all channels: what there is, what is promised, what comes, how fast it goes, and who supplies it.

Shops of one company sell from one pool: what is on hand is the largest count that any of them shows (each channel
counts the same goods), while what is promised adds up over them. A shop with goods of its own says so in its settings
(`"own_stock": true`); its counts are added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import InboundLook, OfferLook, OpenAllocation, StockLook

DAYS = 30
MANY = 50

LEVELS = """
SELECT s.shop_id, s.sku, sum(s.on_hand) AS on_hand, sum(s.reserved) AS reserved, min(s.external_id) AS stock_ref,
       min(s.fetched_at) AS fetched_at, bool_or(coalesce((h.settings->>'own_stock')::boolean, FALSE)) AS is_own
FROM connectors_stocklevel s JOIN connectors_shop h ON h.id = s.shop_id
WHERE s.sku <> '' AND (%(skus)s::text[] IS NULL OR s.sku = ANY(%(skus)s))
GROUP BY 1, 2
"""

PRICES = """
SELECT DISTINCT ON (shop_id, sku) shop_id, sku, price, currency, external_id, title
FROM connectors_listing
WHERE sku <> '' AND (%(skus)s::text[] IS NULL OR sku = ANY(%(skus)s))
ORDER BY shop_id, sku, (status = 'live') DESC, fetched_at DESC
"""

GOODS = """
SELECT DISTINCT ON (sku) sku, title, unit_cost, currency FROM connectors_product
WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)
ORDER BY sku, unit_cost NULLS LAST
"""

SOLD = """
SELECT l.sku, floor(extract(epoch FROM %(now)s - o.ordered_at) / 86400)::int AS ago,
       sum(l.quantity - l.cancelled_quantity) AS units
FROM connectors_order o
JOIN connectors_orderline l ON l.shop_id = o.shop_id AND l.order_ref = o.external_id
WHERE o.ordered_at > %(since)s AND o.ordered_at <= %(now)s AND o.status NOT IN ('unpaid', 'cancelled')
  AND (%(skus)s::text[] IS NULL OR l.sku = ANY(%(skus)s))
GROUP BY 1, 2
"""

PROMISED = """
SELECT l.sku, sum(l.quantity - l.cancelled_quantity) AS units
FROM connectors_order o
JOIN connectors_orderline l ON l.shop_id = o.shop_id AND l.order_ref = o.external_id
WHERE o.status IN ('on_hold', 'to_ship', 'packed', 'cancel_asked')
  AND (%(skus)s::text[] IS NULL OR l.sku = ANY(%(skus)s))
GROUP BY 1
"""

WAITING = """
SELECT l.sku, o.shop_id, o.external_id, o.number, l.quantity - l.cancelled_quantity AS quantity, l.unit_price,
       o.currency, o.ship_by, o.ordered_at
FROM connectors_order o
JOIN connectors_orderline l ON l.shop_id = o.shop_id AND l.order_ref = o.external_id
WHERE o.status IN ('on_hold', 'to_ship', 'packed', 'cancel_asked') AND l.sku = ANY(%(skus)s)
  AND l.quantity > l.cancelled_quantity
ORDER BY o.ordered_at
"""

# What a supplier has promised stands above what was agreed with it: fewer units, another day.
INBOUND = """
SELECT p.sku, p.external_id, p.number, coalesce(w.due_at, p.due_at) AS due_at,
       least(p.quantity, coalesce(w.quantity, p.quantity)) - p.received_quantity AS quantity
FROM connectors_purchaseorder p
LEFT JOIN LATERAL (
    SELECT quantity, due_at FROM connectors_supplierpromise
    WHERE order_number = p.number AND sku = p.sku ORDER BY fetched_at DESC LIMIT 1
) w ON TRUE
WHERE p.status IN ('sent', 'confirmed', 'part_received')
  AND least(p.quantity, coalesce(w.quantity, p.quantity)) > p.received_quantity
  AND (%(skus)s::text[] IS NULL OR p.sku = ANY(%(skus)s))
ORDER BY 4 NULLS LAST
"""

SUPPLIERS = """
SELECT DISTINCT ON (sku) sku, shop_id, external_id, name, lead_time_days, minimum_quantity, case_size
FROM connectors_supplier, unnest(skus) AS sku
ORDER BY sku, lead_time_days NULLS LAST
"""

OFFERS = """
SELECT DISTINCT ON (sku) sku, unit_cost, currency, lead_time_days, minimum_quantity, case_size
FROM connectors_supplieroffer
WHERE %(skus)s::text[] IS NULL OR sku = ANY(%(skus)s)
ORDER BY sku, fetched_at DESC
"""


def stock(shops: Shops, now: datetime, skus: Sequence[str] | None = None) -> list[StockLook]:
    """One look a SKU that some channel counts. `skus` None: all of them."""
    wanted = {"skus": None if skus is None else sorted(set(skus)), "since": now - timedelta(days=DAYS), "now": now}
    levels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(LEVELS, wanted):
        levels[row["sku"]].append(row)
    if not levels:
        return []
    promised = {row["sku"]: row["units"] for row in rows(PROMISED, wanted)}
    pools = {sku: pool(found) for sku, found in levels.items()}
    short = [sku for sku, on_hand in pools.items() if promised.get(sku, 0) > on_hand]
    waiting = _allocations(shops, short)
    # Of few SKUs, the sales of all others are read only where a place among them may matter: when one is out.
    is_out = any(on_hand <= promised.get(sku, 0) for sku, on_hand in pools.items())
    sold = _sold({**wanted, "skus": None} if is_out or skus is None or len(pools) > MANY else wanted)
    history = _history(now)
    places = _places(sold)
    prices = {(row["sku"], row["shop_id"]): row for row in rows(PRICES, wanted)}
    goods = {row["sku"]: row for row in rows(GOODS, wanted)}
    inbound = _inbound(wanted)
    suppliers = {row["sku"]: row for row in rows(SUPPLIERS)}
    _fill_gaps(goods, suppliers, rows(OFFERS, wanted))
    return [
        _look(
            shops, sku, found, prices, goods.get(sku, {}), suppliers.get(sku, {}), waiting.get(sku, ()),
            inbound.get(sku, ()), daily_units(sold.get(sku, {}), history, pools[sku] <= 0), places.get(sku),
            pools[sku], promised.get(sku, 0),
        )
        for sku, found in levels.items()
    ]  # fmt: skip


def pool(levels: Sequence[Mapping[str, Any]]) -> int:
    """Units that all channels together can hand over."""
    common = [int(level["on_hand"]) for level in levels if not level["is_own"]]
    return max(common, default=0) + sum(int(level["on_hand"]) for level in levels if level["is_own"])


def daily_units(sold: Mapping[int, int], history: int, is_out: bool) -> tuple[int, ...]:
    """Units of each of the last 30 days that the shops' history covers, the running hours being the last day.

    Days are counted back from now, not by the calendar, so that the last one is whole. While it is out, the empty days
    at the end are dropped: it could not be bought.
    """
    if not sold:
        return ()
    days = [int(sold.get(ago, 0)) for ago in range(min(history, DAYS) - 1, -1, -1)]
    while is_out and days and days[-1] == 0:
        days.pop()
    return tuple(days)


def _history(now: datetime) -> int:
    """Days since the oldest order that is stored; a company of yesterday has no month to average over."""
    first = rows("SELECT min(ordered_at) AS first_at FROM connectors_order")[0]["first_at"]
    return DAYS if first is None else max(1, min(DAYS, (now - first).days))


def _sold(wanted: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    sold: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows(SOLD, wanted):
        sold[row["sku"]][row["ago"]] = int(row["units"])
    return sold


def _places(sold: Mapping[str, Mapping[int, int]]) -> dict[str, int]:
    """Rank by units of the last 30 days among the SKUs that were read."""
    totals = sorted((-sum(days.values()), sku) for sku, days in sold.items())
    return {sku: place for place, (_, sku) in enumerate(totals, start=1)}


def _allocations(shops: Shops, skus: Sequence[str]) -> dict[str, list[OpenAllocation]]:
    found: dict[str, list[OpenAllocation]] = defaultdict(list)
    for row in rows(WAITING, {"skus": list(skus)}) if skus else []:
        allocation = OpenAllocation(
            shop=shops[row["shop_id"]], order_ref=row["external_id"], number=row["number"], quantity=row["quantity"],
            unit_price=row["unit_price"], currency=row["currency"], ship_by=row["ship_by"],
            ordered_at=row["ordered_at"],
        )  # fmt: skip
        found[row["sku"]].append(allocation)
    return found


def _fill_gaps(
    goods: dict[str, dict[str, Any]], suppliers: dict[str, dict[str, Any]], offers: Sequence[Mapping[str, Any]]
) -> None:
    """What our books leave open is taken from the supplier's own list; what they say stands."""
    for offer in offers:
        supplier = suppliers.setdefault(offer["sku"], {})
        for name in ("lead_time_days", "minimum_quantity", "case_size"):
            if supplier.get(name) is None:
                supplier[name] = offer[name]
        good = goods.setdefault(offer["sku"], {})
        if good.get("unit_cost") is None:
            good["unit_cost"], good["currency"] = offer["unit_cost"], offer["currency"]


def _inbound(wanted: Mapping[str, Any]) -> dict[str, list[InboundLook]]:
    found: dict[str, list[InboundLook]] = defaultdict(list)
    for row in rows(INBOUND, wanted):
        order = InboundLook(
            ref=row["external_id"], number=row["number"], quantity=row["quantity"], due_at=row["due_at"]
        )
        found[row["sku"]].append(order)
    return found


def _look(
    shops: Shops, sku: str, levels: Sequence[Mapping[str, Any]], prices: Mapping[tuple[str, int], Mapping[str, Any]],
    good: Mapping[str, Any], supplier: Mapping[str, Any], waiting: Sequence[OpenAllocation],
    inbound: Sequence[InboundLook], units: tuple[int, ...], place: int | None, on_hand: int, promised: int,
) -> StockLook:  # fmt: skip
    offers = []
    for level in levels:
        price: Mapping[str, Any] = prices.get((sku, level["shop_id"]), {})
        offer = OfferLook(
            shop=shops[level["shop_id"]], on_hand=int(level["on_hand"]), reserved=int(level["reserved"]),
            price=price.get("price"), currency=price.get("currency", ""), stock_ref=level["stock_ref"],
            listing_ref=price.get("external_id", ""),
        )  # fmt: skip
        offers.append(offer)
    titles = [prices[sku, level["shop_id"]]["title"] for level in levels if (sku, level["shop_id"]) in prices]
    return StockLook(
        sku=sku, title=good.get("title") or next((title for title in titles if title), ""), on_hand=on_hand,
        reserved=max(sum(int(level["reserved"]) for level in levels), int(promised)), offers=tuple(offers),
        open_orders=tuple(waiting), inbound=tuple(inbound), daily_units=units, place=place,
        lead_time_days=supplier.get("lead_time_days"), supplier_ref=supplier.get("external_id", ""),
        supplier_name=supplier.get("name", ""), supplier_shop_id=supplier.get("shop_id"),
        minimum_quantity=supplier.get("minimum_quantity"), case_size=supplier.get("case_size"),
        unit_cost=good.get("unit_cost"), cost_currency=good.get("currency", "") or "",
        read_at=min(level["fetched_at"] for level in levels),
    )  # fmt: skip


SKUS_OF = """
SELECT DISTINCT sku FROM connectors_orderline WHERE {among} AND sku <> ''
"""
SKUS_OF_RECORDS = "SELECT DISTINCT sku FROM {table} WHERE {among} AND sku <> ''"


def skus_of_orders(refs: Refs) -> list[str]:
    return [row["sku"] for row in rows(SKUS_OF.format(among=among(refs, "shop_id", "order_ref")), split(refs))]


def skus_of_records(table: str, refs: Refs) -> list[str]:
    """SKUs of changed stock levels, listings, products or purchase orders."""
    found = rows(SKUS_OF_RECORDS.format(table=TABLES[table], among=among(refs, "shop_id", "external_id")), split(refs))
    return [row["sku"] for row in found]


TABLES = {
    "stock_level": "connectors_stocklevel",
    "listing": "connectors_listing",
    "product": "connectors_product",
    "purchase_order": "connectors_purchaseorder",
}
