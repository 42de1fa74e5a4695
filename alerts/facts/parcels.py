"""Parcels that are on their way, with their order, what the buyer wrote, and how such parcels ended before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.arithmetic.odds import NOTHING, Forecast, Tally
from alerts.facts.promises import forecasts
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import ParcelLook

# Shops that sell nothing and only tell where parcels are.
TRACKERS = frozenset({"aftership", "easypost", "ups"})

# What trackers say last of each number. One that was scanned last before this parcel left is about an older parcel that
# bore the same number: couriers use theirs again.
MOVING = """
WITH told AS (
  SELECT DISTINCT ON (tracking_number) tracking_number, shop_id, external_id, status, last_scan_at, promised_at,
         fetched_at
  FROM connectors_shipment
  WHERE shop_id = ANY(%(trackers)s) AND tracking_number <> ''
  ORDER BY tracking_number, last_scan_at DESC NULLS LAST, shop_id
), parcel AS (
  SELECT s.shop_id, s.external_id, s.order_ref, s.carrier, s.tracking_number, s.shipped_at, s.fetched_at, o.number,
         coalesce(t.status, s.status) AS status,
         greatest(s.last_scan_at, t.last_scan_at) AS last_scan_at,
         coalesce(s.promised_at, t.promised_at) AS promised_at,
         t.shop_id AS told_by, t.external_id AS told_ref, t.fetched_at AS told_at,
         FALSE AS is_promise, FALSE AS is_order, o.status AS order_status, o.currency, o.total, o.refunded,
         o.customer_ref, o.customer_name, o.customer_email, o.shipped_at AS order_shipped_at, o.deliver_by
  FROM connectors_shipment s
  JOIN connectors_order o ON o.shop_id = s.shop_id AND o.external_id = s.order_ref
  LEFT JOIN told t ON t.tracking_number = upper(replace(s.tracking_number, ' ', ''))
    AND t.last_scan_at >= coalesce(s.shipped_at, o.shipped_at, o.ordered_at) - interval '1 day'
    AND t.last_scan_at >= coalesce(s.last_scan_at, '-infinity')
  WHERE s.status IN ('booked', 'in_transit', 'out_for_delivery', 'exception') AND s.delivered_at IS NULL
    AND o.status NOT IN ('cancelled', 'completed', 'delivered') AND {among}
)
SELECT * FROM parcel
WHERE (status IN ('booked', 'in_transit', 'out_for_delivery')
       AND coalesce(last_scan_at, shipped_at, order_shipped_at) < %(silent_since)s)
   OR status = 'exception' OR (status = 'returned' AND coalesce(refunded, 0) = 0)
"""

# Orders of which the source tells no parcel and a tracker does, by the order's number, where that is one order's alone.
WATCHED = """
SELECT DISTINCT ON (o.id) o.shop_id, o.external_id, o.external_id AS order_ref, t.status, t.carrier, t.tracking_number,
       t.shipped_at, t.last_scan_at, coalesce(t.promised_at, o.deliver_by) AS promised_at, o.fetched_at,
       t.shop_id AS told_by, t.external_id AS told_ref, t.fetched_at AS told_at, FALSE AS is_promise,
       TRUE AS is_order, o.number, o.status AS order_status, o.currency, o.total, o.customer_ref, o.customer_name,
       o.customer_email, o.shipped_at AS order_shipped_at, o.deliver_by
FROM connectors_shipment t
JOIN connectors_order o ON o.number = t.order_ref AND o.shop_id <> ALL(%(trackers)s)
WHERE t.shop_id = ANY(%(trackers)s) AND t.order_ref <> ''
  AND o.status NOT IN ('cancelled', 'completed', 'delivered')
  AND ((t.status IN ('booked', 'in_transit', 'out_for_delivery')
        AND coalesce(t.last_scan_at, t.shipped_at, o.shipped_at) < %(silent_since)s)
       OR t.status = 'exception' OR (t.status = 'returned' AND coalesce(o.refunded, 0) = 0))
  AND NOT EXISTS (SELECT 1 FROM connectors_shipment s WHERE s.shop_id = o.shop_id AND s.order_ref = o.external_id)
  AND NOT EXISTS (SELECT 1 FROM connectors_order other WHERE other.number = o.number AND other.id <> o.id)
ORDER BY o.id, t.last_scan_at DESC NULLS LAST
"""

# The sellers' own rows of parcels that a tracker tells of.
SAME = """
SELECT s.shop_id, s.external_id
FROM connectors_shipment t
JOIN connectors_shipment s ON upper(replace(s.tracking_number, ' ', '')) = t.tracking_number
  AND s.shop_id <> ALL(%(trackers)s)
WHERE t.tracking_number <> '' AND {among}
"""

# Orders under way of which the source tells no parcels, only when they left and what was promised.
PROMISED = """
SELECT o.shop_id, o.external_id, o.external_id AS order_ref, 'in_transit' AS status, o.shipping_method AS carrier,
       '' AS tracking_number, o.shipped_at, NULL AS last_scan_at, o.deliver_by AS promised_at, o.fetched_at,
       NULL::bigint AS told_by, '' AS told_ref, NULL::timestamptz AS told_at, TRUE AS is_promise, TRUE AS is_order,
       o.number, o.status AS order_status, o.currency, o.total, o.customer_ref, o.customer_name,
       o.customer_email, o.shipped_at AS order_shipped_at, o.deliver_by
FROM connectors_order o
WHERE o.status = 'shipped' AND o.shipped_at IS NOT NULL AND o.delivered_at IS NULL AND o.deliver_by IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM connectors_shipment s WHERE s.shop_id = o.shop_id AND s.order_ref = o.external_id)
  AND NOT EXISTS (SELECT 1 FROM connectors_shipment t WHERE t.shop_id = ANY(%(trackers)s) AND t.order_ref = o.number)
"""

# Which of the slow parcels of the last months ended in money given back.
LOST = """
SELECT s.shop_id, count(*) AS parcels,
       count(*) FILTER (WHERE o.refunded > 0 OR o.status IN ('cancelled', 'returning')) AS refunded
FROM connectors_shipment s
JOIN connectors_order o ON o.shop_id = s.shop_id AND o.external_id = s.order_ref
WHERE s.shipped_at > %(since)s AND s.promised_at IS NOT NULL
  AND coalesce(s.delivered_at, %(now)s) > s.promised_at + interval '3 days'
GROUP BY 1
"""

WRITTEN = """
SELECT t.order_ref, t.shop_id, c.conversation_ref, count(*) AS messages
FROM alerts_ticket t
JOIN alerts_ticketconversation c ON c.ticket_id = t.id
WHERE t.order_ref = ANY(%(numbers)s) AND t.state IN ('open', 'waiting')
GROUP BY 1, 2, 3
"""


def moving_parcels(shops: Shops, now: datetime, silent: timedelta, refs: Refs | None = None) -> list[ParcelLook]:
    """Parcels under way that were not scanned for at least `silent`, or whose courier reports a problem.

    A parcel that its seller and a tracker know is one: the seller's, with the latest scan of both. Without `refs` also
    the orders under way that have a promise and no parcel, or a parcel that only a tracker knows.
    """
    known: dict[str, Any] = {"silent_since": now - silent, "trackers": list(trackers(shops))}
    found = rows(MOVING.format(among=among(refs, "s.shop_id", "s.external_id")), known | split(refs))
    watched = [] if refs is not None else rows(WATCHED, known)
    promised = [] if refs is not None else rows(PROMISED, known)
    late = forecasts({row["shop_id"] for row in promised}, now).late
    found += watched + [row for row in promised if (row["shop_id"], row["external_id"]) in late]
    if not found:
        return []
    since = {"since": now - timedelta(days=90), "now": now}
    lost = {
        row["shop_id"]: Tally(row["refunded"], row["parcels"], "shipment", "promised_at") for row in rows(LOST, since)
    }
    numbers = sorted({row["number"] for row in found} | {row["order_ref"] for row in found})
    written = {row["order_ref"]: row for row in rows(WRITTEN, {"numbers": numbers})}
    return [
        _parcel(row, shops, lost, written.get(row["number"]) or written.get(row["order_ref"]), late) for row in found
    ]


def trackers(shops: Shops) -> tuple[int, ...]:
    return tuple(shop.id for shop in shops.values() if shop.kind in TRACKERS)


def with_sellers(shops: Shops, refs: Refs) -> Refs:
    """The same parcels, and for those that a tracker told of also the sellers' own rows."""
    ids = frozenset(trackers(shops))
    told = [ref for ref in refs if ref[0] in ids]
    if not told:
        return refs
    parameters = {"trackers": list(ids), **split(told)}
    own = rows(SAME.format(among=among(told, "t.shop_id", "t.external_id")), parameters)
    return list(dict.fromkeys([*refs, *((row["shop_id"], row["external_id"]) for row in own)]))


def _parcel(
    row: Mapping[str, Any], shops: Shops, lost: Mapping[int, Tally], written: Mapping[str, Any] | None,
    late: Mapping[tuple[int, str], Forecast],
) -> ParcelLook:  # fmt: skip
    forecast = late.get((row["shop_id"], row["external_id"])) if row["is_promise"] else None
    return ParcelLook(
        shop=shops[row["shop_id"]], ref=row["external_id"], order_ref=row["order_ref"], number=row["number"],
        status=row["status"], carrier=row["carrier"], tracking_number=row["tracking_number"],
        shipped_at=row["shipped_at"] or row["order_shipped_at"], last_scan_at=row["last_scan_at"],
        promised_at=row["promised_at"] or row["deliver_by"], order_status=row["order_status"],
        currency=row["currency"], total=row["total"], customer_ref=row["customer_ref"] or row["customer_email"],
        customer_name=row["customer_name"], conversation_ref=written["conversation_ref"] if written else "",
        conversation_shop_id=written["shop_id"] if written else None,
        complaints=written["messages"] if written else 0, lost=lost.get(row["shop_id"], NOTHING),
        record="order" if row["is_order"] else "shipment", forecast=forecast,
        read_at=row["fetched_at"], told_by=row["told_by"], told_ref=row["told_ref"] or "", told_at=row["told_at"],
    )  # fmt: skip
