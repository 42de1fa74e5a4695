"""Parcels that are on their way, with their order, what the buyer wrote, and how such parcels ended before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.arithmetic.odds import NOTHING, Forecast, Tally
from alerts.facts.promises import forecasts
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import ParcelLook

MOVING = """
SELECT s.shop_id, s.external_id, s.order_ref, s.status, s.carrier, s.tracking_number, s.shipped_at, s.last_scan_at,
       s.promised_at, s.fetched_at, FALSE AS is_promise, o.number, o.status AS order_status, o.currency,
       o.total, o.customer_ref, o.customer_name, o.customer_email, o.shipped_at AS order_shipped_at, o.deliver_by
FROM connectors_shipment s
JOIN connectors_order o ON o.shop_id = s.shop_id AND o.external_id = s.order_ref
WHERE s.status IN ('booked', 'in_transit', 'out_for_delivery', 'exception') AND s.delivered_at IS NULL
  AND o.status NOT IN ('cancelled', 'completed', 'delivered') AND {among}
  AND (s.status = 'exception' OR coalesce(s.last_scan_at, s.shipped_at, o.shipped_at) < %(silent_since)s)
"""

# Orders under way of which the source tells no parcels, only when they left and what was promised.
PROMISED = """
SELECT o.shop_id, o.external_id, o.external_id AS order_ref, 'in_transit' AS status, o.shipping_method AS carrier,
       '' AS tracking_number, o.shipped_at, NULL AS last_scan_at, o.deliver_by AS promised_at, o.fetched_at,
       TRUE AS is_promise, o.number, o.status AS order_status, o.currency, o.total, o.customer_ref, o.customer_name,
       o.customer_email, o.shipped_at AS order_shipped_at, o.deliver_by
FROM connectors_order o
WHERE o.status = 'shipped' AND o.shipped_at IS NOT NULL AND o.delivered_at IS NULL AND o.deliver_by IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM connectors_shipment s WHERE s.shop_id = o.shop_id AND s.order_ref = o.external_id)
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

    Without `refs` also the orders under way that have a promise and no parcel.
    """
    found = rows(
        MOVING.format(among=among(refs, "s.shop_id", "s.external_id")), {"silent_since": now - silent, **split(refs)}
    )
    promised = [] if refs is not None else rows(PROMISED)
    late = forecasts({row["shop_id"] for row in promised}, now).late
    found += [row for row in promised if (row["shop_id"], row["external_id"]) in late]
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
        record="order" if row["is_promise"] else "shipment", forecast=forecast, read_at=row["fetched_at"],
    )  # fmt: skip
