"""Returns that wait for a decision, with their order and how such requests ended before."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.arithmetic.odds import NOTHING, Tally
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import ReturnLook

WAITING = """
SELECT r.shop_id, r.external_id, r.order_ref, r.status, r.reason, r.text, r.sku, r.quantity, r.amount, r.currency,
       r.asked_at,
       r.decide_by, r.needs_goods_back, cardinality(r.photos) AS photos, r.fetched_at, coalesce(o.number, '') AS number,
       o.delivered_at, coalesce(o.customer_ref, '') AS customer_ref,
       (SELECT count(*) FROM connectors_order mine
        JOIN connectors_return past ON past.shop_id = mine.shop_id AND past.order_ref = mine.external_id
        WHERE o.customer_ref <> '' AND mine.shop_id = r.shop_id AND mine.customer_ref = o.customer_ref
          AND past.external_id <> r.external_id) AS past_returns
FROM connectors_return r
LEFT JOIN connectors_order o ON o.shop_id = r.shop_id AND o.external_id = r.order_ref
WHERE r.status = 'asked' AND {among}
"""

# Refused requests that stayed refused, of all that were contested.
WON = """
SELECT shop_id, count(*) FILTER (WHERE status IN ('rejected', 'cancelled')) AS won, count(*) AS ended
FROM connectors_return
WHERE status IN ('rejected', 'cancelled', 'closed') AND updated_at > %(since)s
GROUP BY 1
"""


def waiting_returns(shops: Shops, now: datetime, refs: Refs | None = None) -> list[ReturnLook]:
    found = rows(WAITING.format(among=among(refs, "r.shop_id", "r.external_id")), split(refs))
    if not found:
        return []
    won = {
        row["shop_id"]: Tally(row["won"], row["ended"], "return", "status")
        for row in rows(WON, {"since": now - timedelta(days=180)})
    }
    return [
        ReturnLook(
            shop=shops[row["shop_id"]], ref=row["external_id"], order_ref=row["order_ref"], number=row["number"],
            status=row["status"], reason=row["reason"], text=row["text"], sku=row["sku"], quantity=row["quantity"],
            amount=row["amount"], currency=row["currency"], asked_at=row["asked_at"], decide_by=row["decide_by"],
            needs_goods_back=row["needs_goods_back"], photos=row["photos"], delivered_at=row["delivered_at"],
            customer_ref=row["customer_ref"], won=won.get(row["shop_id"], NOTHING), past_returns=row["past_returns"],
            read_at=row["fetched_at"],
        )
        for row in found
    ]  # fmt: skip
