"""Open lines of purchase orders with what their suppliers promise, and the SKU each is for.

A promise belongs to the line of the same order number and SKU, in whatever shop our books are; the newest one holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts.facts import stock
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import PromiseLook, StockLook, SupplyLook

LINES = """
SELECT p.shop_id, p.external_id, p.number, p.supplier_ref, p.sku, p.quantity, p.received_quantity, p.unit_cost,
       p.currency, p.due_at, p.fetched_at, coalesce(s.name, '') AS supplier_name,
       w.shop_id AS word_shop_id, w.external_id AS word_ref, w.quantity AS word_quantity, w.unit_cost AS word_unit_cost,
       w.currency AS word_currency, w.due_at AS word_due_at, w.fetched_at AS word_read_at
FROM connectors_purchaseorder p
LEFT JOIN connectors_supplier s ON s.shop_id = p.shop_id AND s.external_id = p.supplier_ref
LEFT JOIN LATERAL (
    SELECT * FROM connectors_supplierpromise
    WHERE order_number = p.number AND sku = p.sku ORDER BY fetched_at DESC LIMIT 1
) w ON TRUE
WHERE p.status IN ('sent', 'confirmed', 'part_received') AND p.quantity > p.received_quantity
  AND (w.id IS NOT NULL OR p.due_at < %(now)s) AND {among}
"""

PROMISED = """
SELECT p.shop_id, p.external_id FROM connectors_purchaseorder p
JOIN connectors_supplierpromise w ON w.order_number = p.number AND w.sku = p.sku
WHERE {among}
"""


def open_lines(shops: Shops, now: datetime, refs: Refs | None = None) -> list[SupplyLook]:
    """One look a line of which something may be wrong: its supplier has spoken, or its day has passed."""
    condition = among(refs, "p.shop_id", "p.external_id")
    found = rows(LINES.format(among=condition), {"now": now, **split(refs)})
    if not found:
        return []
    goods = {look.sku: look for look in stock.stock(shops, now, sorted({row["sku"] for row in found}))}
    return [_look(shops, row, goods.get(row["sku"])) for row in found]


def lines_of(orders: Refs, promises: Refs) -> Sequence[tuple[int, str]]:
    """The order lines that changed themselves, or of which a promise did."""
    named = {(row["shop_id"], row["external_id"]) for row in _promised(promises)} if promises else set()
    return sorted({*orders, *named})


def _promised(promises: Refs) -> list[dict[str, Any]]:
    return rows(PROMISED.format(among=among(promises, "w.shop_id", "w.external_id")), split(promises))


def _look(shops: Shops, row: dict[str, Any], goods: StockLook | None) -> SupplyLook:
    return SupplyLook(
        shop=shops[row["shop_id"]], ref=row["external_id"], number=row["number"], supplier_ref=row["supplier_ref"],
        supplier_name=row["supplier_name"], sku=row["sku"], quantity=row["quantity"],
        received=row["received_quantity"], unit_cost=row["unit_cost"], currency=row["currency"], due_at=row["due_at"],
        promise=_promise(row), stock=goods, read_at=row["fetched_at"],
    )  # fmt: skip


def _promise(row: dict[str, Any]) -> PromiseLook | None:
    if row["word_ref"] is None:
        return None
    return PromiseLook(
        shop_id=row["word_shop_id"], ref=row["word_ref"], quantity=row["word_quantity"],
        unit_cost=row["word_unit_cost"], currency=row["word_currency"], due_at=row["word_due_at"],
        read_at=row["word_read_at"],
    )  # fmt: skip
