"""Orders whose hand-over is near or past, and the rate by which a channel judges lateness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from alerts.arithmetic.odds import NOTHING, Tally
from alerts.facts.promises import Promises, forecasts
from alerts.facts.rows import Refs, Shops, among, rows, split
from alerts.looks import DueOrder, LineLook, OrderLook, RateLook
from connectors.models.order import OPEN

WAITING = [status.value for status in OPEN if status != "cancel_asked"]
# Slack is counted in steps of four hours, up to four days to either side of the deadline.
STEP_HOURS, MOST_STEPS = 4, 24

DUE = """
SELECT o.id, o.shop_id, o.external_id, o.number, o.status, o.ordered_at, o.ship_by, o.cancel_after, o.currency, o.total,
       o.refunded, o.customer_ref, o.customer_name, o.fetched_at, o.deliver_by,
       EXISTS (SELECT 1 FROM connectors_shipment s
               WHERE s.shop_id = o.shop_id AND s.order_ref = o.external_id AND s.tracking_number <> '') AS has_parcel
FROM connectors_order o
WHERE o.status = ANY(%(waiting)s) AND o.status IN ('on_hold', 'to_ship', 'packed', 'cancel_asked')
  AND (o.ship_by <= %(until)s OR o.deliver_by IS NOT NULL) AND {among}
"""

LINES = """
SELECT shop_id, order_ref, external_id, sku, title, quantity - cancelled_quantity AS quantity, unit_price
FROM connectors_orderline
WHERE {among} AND quantity > cancelled_quantity ORDER BY id
"""

SHORT = """
SELECT stock.sku FROM (
  SELECT sku, max(on_hand) AS on_hand
  FROM (SELECT sku, shop_id, sum(on_hand) AS on_hand
        FROM connectors_stocklevel WHERE sku = ANY(%(skus)s) GROUP BY 1, 2) per_shop
  GROUP BY sku) stock
WHERE stock.on_hand <= 0
"""

# How the orders of the last month stood to their deadline when they were handed over or cancelled.
SLACK = """
SELECT shop_id, status = 'cancelled' AS is_cancelled,
       greatest(least(floor(extract(epoch FROM coalesce(shipped_at, cancelled_at) - ship_by) / %(step)s), %(most)s),
                -%(most)s)::int
         AS steps,
       count(*) AS orders
FROM connectors_order
WHERE ship_by BETWEEN %(since)s AND %(now)s AND coalesce(shipped_at, cancelled_at) IS NOT NULL
GROUP BY 1, 2, 3
"""


def due_orders(shops: Shops, now: datetime, within: timedelta, refs: Refs | None = None) -> list[OrderLook]:
    """Open orders that must be handed over within the given time, or should have been."""
    found = rows(
        DUE.format(among=among(refs, "o.shop_id", "o.external_id")),
        {"waiting": WAITING, "until": now + within, **split(refs)},
    )
    if not found:
        return []
    promises = forecasts({row["shop_id"] for row in found if row["deliver_by"]}, now)
    found = [row for row in found if row["ship_by"] or (row["shop_id"], row["external_id"]) in promises.late]
    slack = slack_by_shop(now)
    keys = [(row["shop_id"], row["external_id"]) for row in found]
    lines = lines_by_order(keys)
    short = _short({line.sku for those in lines.values() for line in those})
    return [
        _order(row, shops, now, slack, lines.get(key, ()), short, promises)
        for key, row in zip(keys, found, strict=True)
    ]


def lines_by_order(refs: Refs) -> dict[tuple[int, str], tuple[LineLook, ...]]:
    found: dict[tuple[int, str], list[LineLook]] = defaultdict(list)
    for row in rows(LINES.format(among=among(refs, "shop_id", "order_ref")), split(refs)):
        line = LineLook(
            sku=row["sku"], quantity=row["quantity"], unit_price=row["unit_price"], title=row["title"],
            external_id=row["external_id"],
        )  # fmt: skip
        found[row["shop_id"], row["order_ref"]].append(line)
    return {key: tuple(lines) for key, lines in found.items()}


def _short(skus: set[str]) -> set[str]:
    return {row["sku"] for row in rows(SHORT, {"skus": sorted(skus)})} if skus else set()


Slack = Mapping[int, Mapping[bool, Mapping[int, int]]]


def slack_by_shop(now: datetime) -> Slack:
    """By shop, cancelled or not, and steps after the deadline: how many orders."""
    found: dict[int, dict[bool, dict[int, int]]] = defaultdict(lambda: {False: {}, True: {}})
    parameters = {"step": STEP_HOURS * 3600, "most": MOST_STEPS, "since": now - timedelta(days=30), "now": now}
    for row in rows(SLACK, parameters):
        found[row["shop_id"]][row["is_cancelled"]][row["steps"]] = row["orders"]
    return found


def late_tally(slack: Slack, shop_id: int, hours_left: float) -> Tally:
    """Of this shop's orders that were as near to their deadline and not handed over: how many became late."""
    if shop_id not in slack:
        return NOTHING
    begin = -int(hours_left // STEP_HOURS) - 1
    stood = late = 0
    for orders in slack[shop_id].values():
        for steps, count in orders.items():
            stood += count * (steps >= begin)
            late += count * (steps >= 0)
    return Tally(late, stood, "order", "shipped_at")


def cancelled_tally(slack: Slack, shop_id: int) -> Tally:
    """Of this shop's late orders: how many ended cancelled."""
    if shop_id not in slack:
        return NOTHING
    late = {
        is_cancelled: sum(n for steps, n in orders.items() if steps >= 0)
        for is_cancelled, orders in slack[shop_id].items()
    }
    return Tally(late[True], late[True] + late[False], "order", "cancelled_at")


def _order(
    row: Mapping[str, Any], shops: Shops, now: datetime, slack: Slack, lines: tuple[LineLook, ...], short: set[str],
    promises: Promises,
) -> OrderLook:  # fmt: skip
    key = (row["shop_id"], row["external_id"])
    ship_by = row["ship_by"] or promises.ship_by[key]
    hours_left = (ship_by - now) / timedelta(hours=1)
    return OrderLook(
        shop=shops[row["shop_id"]], ref=row["external_id"], number=row["number"], status=row["status"],
        ordered_at=row["ordered_at"], ship_by=ship_by, cancel_after=row["cancel_after"], currency=row["currency"],
        total=row["total"], refunded=row["refunded"] or Decimal(0), customer_ref=row["customer_ref"],
        customer_name=row["customer_name"], lines=lines,
        short_skus=tuple(line.sku for line in lines if line.sku in short), has_parcel=row["has_parcel"],
        late=late_tally(slack, row["shop_id"], max(hours_left, 0.0)),
        cancelled_when_late=cancelled_tally(slack, row["shop_id"]), deliver_by=row["deliver_by"],
        forecast=promises.late.get(key), is_derived=row["ship_by"] is None, read_at=row["fetched_at"],
    )  # fmt: skip


METRICS = """
SELECT shop_id, external_id, name, value, target, boundary, unit, numerator, denominator, points, measured_at,
       fetched_at
FROM connectors_accountmetric WHERE name = 'late_shipment_rate'
"""

COUNTED = """
SELECT shop_id, count(*) AS orders,
       count(*) FILTER (WHERE coalesce(shipped_at, cancelled_at, %(now)s) > ship_by) AS late
FROM connectors_order
WHERE shop_id = ANY(%(shops)s) AND ship_by BETWEEN %(since)s AND %(now)s AND status NOT IN ('unpaid')
GROUP BY 1
"""

SALES = """
SELECT shop_id, currency, percentile_disc(0.5) WITHIN GROUP (ORDER BY total) AS a_day
FROM (SELECT shop_id, currency, floor(extract(epoch FROM %(now)s - ordered_at) / 86400) AS ago,
             CASE WHEN count(total) = count(*) THEN sum(total) END AS total
      FROM connectors_order
      WHERE shop_id = ANY(%(shops)s) AND ordered_at BETWEEN %(since)s AND %(now)s
        AND status NOT IN ('unpaid', 'cancelled')
      GROUP BY 1, 2, 3) days
GROUP BY 1, 2
"""

SOON = """
SELECT shop_id, external_id, number, ship_by, total, currency
FROM connectors_order
WHERE status IN ('on_hold', 'to_ship', 'packed', 'cancel_asked') AND status <> 'cancel_asked'
  AND shop_id = ANY(%(shops)s) AND ship_by <= %(until)s
ORDER BY ship_by LIMIT 2000
"""


def late_rates(shops: Shops, now: datetime, within: timedelta) -> list[RateLook]:
    """Shops whose channel publishes a late-shipment rate, with the open orders that could still move it."""
    metrics = rows(METRICS)
    if not metrics:
        return []
    ids = {"shops": [row["shop_id"] for row in metrics], "now": now}
    counted = {row["shop_id"]: row for row in rows(COUNTED, {**ids, "since": now - timedelta(days=7)})}
    sales = {
        (row["shop_id"], row["currency"]): row["a_day"]
        for row in rows(SALES, {**ids, "since": now - timedelta(days=28)})
    }
    due: dict[int, list[DueOrder]] = defaultdict(list)
    for row in rows(SOON, {**ids, "until": now + within}):
        order = DueOrder(
            ref=row["external_id"],
            number=row["number"],
            ship_by=row["ship_by"],
            total=row["total"],
            currency=row["currency"],
        )
        due[row["shop_id"]].append(order)
    return [_rate(row, shops, counted, sales, due[row["shop_id"]]) for row in metrics]


def _rate(
    row: Mapping[str, Any], shops: Shops, counted: Mapping[int, Mapping[str, Any]],
    sales: Mapping[tuple[int, str], Decimal], due: Sequence[DueOrder],
) -> RateLook:  # fmt: skip
    shop = shops[row["shop_id"]]
    percent = Decimal(100) if row["unit"] == "percent" else Decimal(1)
    own = counted.get(shop.id, {"orders": 0, "late": 0})
    orders = row["denominator"] or own["orders"]
    bad = row["numerator"]
    if bad is None:
        # The channel gives its rate alone: the count behind it is that rate of the orders we know to be in its window.
        bad = own["late"] if row["value"] is None else int((row["value"] / percent * orders).to_integral_value())
    return RateLook(
        shop=shop, metric=row["name"], metric_ref=row["external_id"], bad=bad, counted=orders,
        limit=None if row["target"] is None else row["target"] / percent, is_at_least=row["boundary"] != "above",
        points=row["points"], due=tuple(due), late=Tally(bad, orders, "account metric", "value"),
        daily_sales=sales.get((shop.id, shop.currency)), measured_at=row["measured_at"], read_at=row["fetched_at"],
    )  # fmt: skip
