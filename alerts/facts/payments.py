"""Charges that may be double, and disputes and warnings with what the order, the parcel and the mails say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from alerts.arithmetic.odds import NOTHING, Tally
from alerts.facts.buyers import orders_by_buyer
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import ChargeLook, ChargesLook, DisputeLook

# Charges that stand beside another of the same shop, order (or card) and amount. Materialized: without statistics the
# planner would work the groups out anew for each charge.
REPEATED = """
WITH wanted AS MATERIALIZED (
  SELECT DISTINCT shop_id, paid_for FROM connectors_payment p
  WHERE {standing} AND {among}
),
many AS MATERIALIZED (
  SELECT shop_id, paid_for FROM connectors_payment p JOIN wanted USING (shop_id, paid_for)
  WHERE {standing} GROUP BY 1, 2 HAVING count(*) > 1
)
SELECT c.shop_id, c.paid_for AS name, c.external_id, c.order_ref, c.order_number, c.amount, c.currency, c.created_at,
       c.customer_ref,
       c.method_fingerprint, c.is_disputed, c.fetched_at,
       greatest(coalesce(c.refunded, 0),
                coalesce((SELECT sum(r.amount) FROM connectors_payment r
                          WHERE r.shop_id = c.shop_id AND r.parent_ref = c.external_id AND r.kind = 'refund'
                            AND r.status IN ('succeeded', 'pending')), 0)) AS refunded
FROM connectors_payment c JOIN many USING (shop_id, paid_for)
WHERE {standing_c}
ORDER BY c.shop_id, c.paid_for, c.created_at
"""
STANDING = "{0}.kind = 'charge' AND {0}.status = 'succeeded' AND {0}.paid_for <> '' AND {0}.created_at > %(since)s"

ORDERS = """
SELECT shop_id, external_id, number, status, total, currency, shipped_at, delivered_at, customer_ref, customer_email
FROM connectors_order WHERE number = ANY(%(names)s) OR external_id = ANY(%(names)s)
"""


def repeated_charges(shops: Shops, now: datetime, refs: Refs | None = None) -> list[ChargesLook]:
    """Groups of two and more standing charges of one order, or of one card and amount."""
    since = {"since": now - timedelta(days=30), **split(refs)}
    groups: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    wanted = among(refs, "p.shop_id", "p.external_id")
    statement = REPEATED.format(standing=STANDING.format("p"), standing_c=STANDING.format("c"), among=wanted)
    for row in rows(statement, since):
        groups[row["shop_id"], row["name"]].append(row)
    if not groups:
        return []
    orders = orders_by_name([name for _, name in groups])
    return [_charges(shops, key, found, orders.get(key[1])) for key, found in groups.items()]


def orders_by_name(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Orders of any shop by number and by id; a number that two shops use is left out, since it names neither."""
    wanted = sorted({name for name in names if name} | {name.lstrip("#") for name in names if name})
    found: dict[str, dict[str, Any]] = {}
    twice: set[str] = set()
    for row in rows(ORDERS, {"names": [*wanted, *(f"#{name}" for name in wanted)]}) if wanted else []:
        for name in {row["number"], row["number"].lstrip("#"), f"#{row['number'].lstrip('#')}", row["external_id"]}:
            if name in found and found[name] is not row:
                twice.add(name)
            found[name] = row
    return {name: row for name, row in found.items() if name not in twice}


def _charges(
    shops: Shops, key: tuple[int, str], found: Sequence[Mapping[str, Any]], order: Mapping[str, Any] | None
) -> ChargesLook:
    first = found[0]
    charges = tuple(
        ChargeLook(
            ref=row["external_id"], amount=row["amount"], currency=row["currency"], created_at=row["created_at"],
            refunded=row["refunded"], fingerprint=row["method_fingerprint"], is_disputed=row["is_disputed"],
        )
        for row in found
    )  # fmt: skip
    return ChargesLook(
        shop=shops[key[0]], group=key[1], order_ref=order["external_id"] if order else first["order_ref"],
        order_number=order["number"] if order else first["order_number"],
        order_shop_id=order["shop_id"] if order else None, order_total=order["total"] if order else None,
        order_currency=order["currency"] if order else "", customer_ref=first["customer_ref"], charges=charges,
        read_at=first["fetched_at"],
    )  # fmt: skip


GONE = ("shipped", "delivered", "completed")

OPEN_DISPUTES = """
SELECT d.shop_id, d.external_id, d.status, d.reason, d.amount, d.currency, d.opened_at, d.evidence_by, d.has_evidence,
       d.submission_count, d.is_refundable, d.payment_ref, d.order_ref, d.fetched_at, p.order_number,
       p.order_ref AS paid_order,
       coalesce(p.refunded, 0) AS refunded, coalesce(p.customer_ref, '') AS customer_ref
FROM connectors_dispute d
LEFT JOIN connectors_payment p ON p.shop_id = d.shop_id AND p.external_id = d.payment_ref
WHERE d.status IN ('warning', 'needs_response') AND {among}
"""

VERDICTS = """
SELECT shop_id, count(*) FILTER (WHERE status = 'won') AS won,
       count(*) FILTER (WHERE status = 'lost' AND has_evidence) AS lost
FROM connectors_dispute WHERE status IN ('won', 'lost') GROUP BY 1
"""

PARCELS = """
SELECT DISTINCT ON (shop_id, order_ref) shop_id, order_ref, tracking_number, delivered_at, status
FROM connectors_shipment WHERE {among} ORDER BY shop_id, order_ref, delivered_at NULLS LAST
"""

GOODS = """
SELECT l.shop_id, l.order_ref, max(p.currency) AS currency, max(l.sku) AS sku,
       CASE WHEN bool_and(p.unit_cost IS NOT NULL) AND count(DISTINCT p.currency) = 1
            THEN sum(p.unit_cost * (l.quantity - l.cancelled_quantity)) END AS cost
FROM connectors_orderline l
LEFT JOIN LATERAL (SELECT unit_cost, currency FROM connectors_product p
                   WHERE p.sku = l.sku AND p.unit_cost IS NOT NULL LIMIT 1) p ON TRUE
WHERE {among} GROUP BY 1, 2
"""

MAILS = """
SELECT t.order_ref, count(*) AS messages
FROM alerts_ticket t
JOIN alerts_ticketconversation c ON c.ticket_id = t.id
JOIN connectors_message m ON m.shop_id = c.shop_id AND m.conversation_ref = c.conversation_ref
WHERE t.order_ref = ANY(%(numbers)s) GROUP BY 1
"""


def open_disputes(shops: Shops, now: datetime, refs: Refs | None = None) -> list[DisputeLook]:
    """Disputes and warnings that can still be answered."""
    found = rows(OPEN_DISPUTES.format(among=among(refs, "d.shop_id", "d.external_id")), split(refs))
    if not found:
        return []
    orders = orders_by_name(
        [name for row in found for name in (row["order_number"], row["order_ref"], row["paid_order"]) if name]
    )
    by_name = [_order_of(row, orders) for row in found]
    unnamed = [(row["shop_id"], row["payment_ref"]) for row, order in zip(found, by_name, strict=True) if not order]
    by_buyer = orders_by_buyer(unnamed)
    named = [
        order or by_buyer.get((row["shop_id"], row["payment_ref"])) for row, order in zip(found, by_name, strict=True)
    ]
    keys = sorted({(order["shop_id"], order["external_id"]) for order in named if order})
    place = {"among": among(keys, "shop_id", "order_ref")}
    parcels = {(row["shop_id"], row["order_ref"]): row for row in rows(PARCELS.format(**place), split(keys))}
    goods_sql = GOODS.format(among=among(keys, "l.shop_id", "l.order_ref"))
    goods = {(row["shop_id"], row["order_ref"]): row for row in rows(goods_sql, split(keys))}
    numbers = [name for order in named if order for name in (order["number"], order["external_id"])]
    mails = {row["order_ref"]: row["messages"] for row in rows(MAILS, {"numbers": numbers})}
    won = {row["shop_id"]: Tally(row["won"], row["won"] + row["lost"], "dispute", "status") for row in rows(VERDICTS)}
    return [_dispute(shops, row, order, parcels, goods, mails, won) for row, order in zip(found, named, strict=True)]


def _order_of(row: Mapping[str, Any], orders: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    names = (row["order_number"], row["order_ref"], row["paid_order"])
    return next((orders[name] for name in names if name and name in orders), None)


def _dispute(
    shops: Shops, row: Mapping[str, Any], order: Mapping[str, Any] | None,
    parcels: Mapping[tuple[int, str], Mapping[str, Any]], goods: Mapping[tuple[int, str], Mapping[str, Any]],
    mails: Mapping[str, int], won: Mapping[int, Tally],
) -> DisputeLook:  # fmt: skip
    key = (order["shop_id"], order["external_id"]) if order else (0, "")
    parcel, good = parcels.get(key), goods.get(key)
    cost: Decimal | None = good["cost"] if good else None
    is_delivered = bool(order and order["delivered_at"]) or bool(parcel and parcel["delivered_at"])
    return DisputeLook(
        shop=shops[row["shop_id"]], ref=row["external_id"], status=row["status"], reason=row["reason"],
        amount=row["amount"], currency=row["currency"], opened_at=row["opened_at"], evidence_by=row["evidence_by"],
        has_evidence=row["has_evidence"], submission_count=row["submission_count"],
        is_refundable=row["is_refundable"], payment_ref=row["payment_ref"], payment_refunded=row["refunded"],
        order_ref=order["external_id"] if order else "",
        order_number=order["number"] if order else row["order_number"] or "",
        order_shop_id=order["shop_id"] if order else None, order_status=order["status"] if order else "",
        goods_cost=cost, goods_currency=good["currency"] or "" if good else "",
        is_shipped=bool(parcel) or bool(order and (order["shipped_at"] or order["status"] in GONE)),
        is_delivered=is_delivered, tracking_number=parcel["tracking_number"] if parcel else "",
        messages=(mails.get(order["number"], 0) or mails.get(order["external_id"], 0)) if order else 0,
        customer_ref=row["customer_ref"] or (order["customer_ref"] if order else ""),
        won=won.get(row["shop_id"], NOTHING), read_at=row["fetched_at"],
    )  # fmt: skip
