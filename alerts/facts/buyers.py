"""The order that a charge paid for, where the charge names none: the same buyer, amount and day."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from alerts.facts.rows import Refs, rows, split

# Processors keep a mail address where the shop named no customer; a charge and its order are made within minutes.
PAID_BY = """
SELECT p.shop_id AS paid_at, p.external_id AS payment_ref,
       o.shop_id, o.external_id, o.number, o.status, o.total, o.currency, o.shipped_at, o.delivered_at, o.customer_ref,
       o.customer_email
FROM unnest(%(shop_ids)s::bigint[], %(refs)s::text[]) AS wanted(shop_id, ref)
JOIN connectors_payment p ON p.shop_id = wanted.shop_id AND p.external_id = wanted.ref
JOIN connectors_order o ON lower(o.customer_email) = lower(p.customer_ref) AND o.total = p.amount
 AND o.currency = p.currency
 AND o.ordered_at BETWEEN p.created_at - interval '1 day' AND p.created_at + interval '1 day'
WHERE position('@' IN p.customer_ref) > 0
"""


def orders_by_buyer(payments: Refs) -> dict[tuple[int, str], dict[str, Any]]:
    """By (shop, payment). A charge that fits two orders is left out, since it names neither."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(PAID_BY, split(payments)) if payments else []:
        found[row["paid_at"], row["payment_ref"]].append(row)
    return {key: fitting[0] for key, fitting in found.items() if len(fitting) == 1}
