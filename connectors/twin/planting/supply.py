"""Suppliers that do not keep their word: orders that come late, short or dearer than agreed."""

from connectors.twin.deeds.supply import arrive
from connectors.twin.planting.pool import Pool
from connectors.twin.planting.stock import SUBSTITUTION
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.goods import Good
from connectors.twin.world.supply import Purchase
from connectors.twin.world.truth import Planted

SLIP_DAYS = 11
DEARER = 1.08
LEFT_BY_CHASING = 0.5


def plant_supply(pool: Pool) -> None:
    """Among the orders that are awaited soon for goods that still sell: two late, one short, one dearer. All of them
    arrive in the end, on the day that the supplier keeps to.
    """
    market = pool.market
    market.supply.open_books(market.goods, market.now)
    awaited = [
        order for order in market.supply.purchases if order.due_at <= market.now + 4 * DAY and _sells(pool, order)
    ]
    for order, happen in zip(awaited, (_late, _short, _late, _dear), strict=False):
        happen(pool, order, market.goods[order.lines[0].good])
    for order in market.supply.purchases:
        market.at(order.promised_at, lambda one: arrive(market, one), order)


def _sells(pool: Pool, order: Purchase) -> bool:
    good = pool.market.goods[order.lines[0].good]
    return good.on_hand - good.reserved > good.demand


def _cover(good: Good) -> float:
    return (good.on_hand - good.reserved) / good.demand


def _a_day(good: Good) -> float:
    """Margin lost on each day without stock."""
    return good.demand * good.price_usd / 100 * good.margin * (1 - SUBSTITUTION)


def _late(pool: Pool, order: Purchase, good: Good) -> None:
    agreed = (order.due_at - pool.market.now) / DAY
    order.promised_at += SLIP_DAYS * DAY
    out = max(0.0, agreed + SLIP_DAYS - max(agreed, _cover(good)))
    _plant(pool, order, good, out * _a_day(good), f"{SLIP_DAYS} days late, {out:.1f} of them without stock")


def _short(pool: Pool, order: Purchase, good: Good) -> None:
    """Three days' worth of what was ordered; a new order takes the whole lead time."""
    line, lead = order.lines[0], pool.market.suppliers[good.supplier].lead_days
    line.promised = max(1, round(good.demand * 3))
    out = max(0.0, lead - _cover(good) - line.promised / good.demand)
    _plant(pool, order, good, out * _a_day(good), f"{line.promised} of {line.quantity} units, {out:.1f} days out")


def _dear(pool: Pool, order: Purchase, good: Good) -> None:
    line = order.lines[0]
    line.promised_cost = round(line.cost * DEARER)
    more = (line.promised_cost - line.cost) * line.quantity / 100
    _plant(pool, order, good, more, f"{line.promised_cost} cents a unit instead of {line.cost}")


def _plant(pool: Pool, order: Purchase, good: Good, cost: float, note: str) -> None:
    """The same good may now run out as well: whether that is told besides is left open."""
    now = pool.market.now
    ref = f"{order.id}:{order.line_id(0)}"
    pool.market.truth.plant(
        Planted("supplier_late", "zoho", "purchase_order", ref, now - 3 * HOUR, None, cost, cost * LEFT_BY_CHASING,
                note, [order.number], is_borderline=cost < 1)
    )  # fmt: skip
    pool.market.truth.plant(
        Planted("stock_out", "shopify", "sku", good.sku, now - 3 * HOUR, None, cost, cost, note, is_borderline=True)
    )
