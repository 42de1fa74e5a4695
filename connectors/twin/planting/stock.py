"""Stock that will run out, bestsellers that are out, and goods sold more often than there are."""

from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.goods import Good, Inbound
from connectors.twin.world.trade import Order
from connectors.twin.world.truth import Planted

SUBSTITUTION = 0.2


def plant_stock(pool: Pool) -> None:
    """Each SKU gets at most one of the three; the next ranks are near misses with a purchase order on its way."""
    ranked = sorted(pool.market.goods, key=lambda good: -good.sold_30)
    best = pool.rng.sample(ranked[2:14], min(4, pool.many(2)))
    for good in best:
        _empty(pool, good)
    taken = {good.index for good in [*best, *contested(pool)]}
    rest = [good for good in ranked[2:45] if good.index not in taken]
    short = pool.rng.sample(rest, min(len(rest) // 2, 14, pool.many(5)))
    for good in short:
        _run_low(pool, good)
    for good in contested(pool):
        _oversell(pool, good)
    for good in [good for good in rest if good not in short][:4]:
        good.on_hand = good.reserved + round(good.demand * 6) + 1
        _order_in(pool, good, round(good.demand * (_lead(pool, good) + 60) * 3) + 60, 3)


def concentrate(pool: Pool) -> None:
    """Make sure that a few goods wait to be shipped on both storefronts; a quiet week may have none by chance.

    Must come before the charges are made, since it changes what some orders are for.
    """
    goods = sorted(pool.market.goods, key=lambda good: -good.sold_30)[26:]
    for good in pool.rng.sample(goods, max(0, 3 - len(contested(pool)))):
        for channel, count in (("shopee", 2), ("shopify", 1)):
            for order in pool.choose(pool.aged(channel, 20, 0.2, lambda order: order.is_open), count):
                pool.market.reserve(order, -1)
                order.lines = ((good.index, pool.rng.randint(2, 3)),)
                order.total = good.price(channel) * order.lines[0][1]
                pool.market.reserve(order, 1)


def contested(pool: Pool) -> list[Good]:
    """Slow goods that are sold and not shipped on both storefronts, the most wanted first."""
    slow = sorted(pool.market.goods, key=lambda good: -good.sold_30)[26:]
    both = [good for good in slow if good.open_at("shopee") and good.open_at("shopify") and good.reserved >= 3]
    return sorted(both, key=lambda good: -good.reserved)[: min(8, pool.many(3))]


def _lead(pool: Pool, good: Good) -> int:
    return pool.market.suppliers[good.supplier].lead_days


def _order_in(pool: Pool, good: Good, quantity: int, due_in_days: float) -> None:
    now = pool.market.now
    number = f"PO-{2000 + sum(len(other.inbound) for other in pool.market.goods) * 7 + good.index}"
    good.inbound.append(Inbound(number, good.index, quantity, now - 12 * DAY, now + int(due_in_days * DAY)))


def _run_low(pool: Pool, good: Good) -> None:
    """Cover ends well before a purchase order placed today could arrive."""
    lead = _lead(pool, good)
    cover = lead * pool.rng.uniform(0.12, 0.6)
    good.on_hand = good.reserved + max(1, round(good.demand * cover))
    cover = (good.on_hand - good.reserved) / good.demand
    lost = max(0.3, lead - cover) * good.demand * good.price_usd / 100 * good.margin * (1 - SUBSTITUTION)
    waits = max(lost, lost * (lead + 7 - cover) / max(0.5, lead - cover))
    pool.market.truth.plant(
        Planted("stock_out", "shopify", "sku", good.sku, pool.market.now - 6 * HOUR,
                pool.market.now + int((cover - lead) * DAY), waits, max(0.0, waits - lost) + lost * 0.12,
                f"{cover:.1f} days of cover against {lead} days of lead time", ["shopee"]),
    )  # fmt: skip


def _empty(pool: Pool, good: Good) -> None:
    """A bestseller has nothing left to sell; a purchase order is due, but not tomorrow."""
    for order in _open_orders(pool, good):
        pool.finish(order)
        pool.take(order)
    good.on_hand, good.open_units = 0, {}
    wait = max(3.0, _lead(pool, good) * 0.5)
    _order_in(pool, good, round(good.demand * (_lead(pool, good) + 60) * 3) + 80, wait)
    lost = good.demand * good.price_usd / 100 * good.margin * (1 - SUBSTITUTION)
    pool.market.truth.plant(
        Planted("bestseller_out", "shopify", "sku", good.sku, pool.market.now - 9 * HOUR, pool.market.now + DAY,
                lost * wait, lost * wait * 0.45, f"sells {good.demand:.1f} a day, next delivery in {wait:.0f} days",
                ["shopee"]),
    )  # fmt: skip


def _oversell(pool: Pool, good: Good) -> None:
    """Both storefronts sold the same last units."""
    missing = max(2, round(good.reserved * (0.4 if good.reserved < 40 else 0.1)))
    good.on_hand = max(0, good.reserved - missing)
    _order_in(pool, good, round(good.demand * (_lead(pool, good) + 60) * 3) + 60, min(5.0, _lead(pool, good) * 0.5))
    orders = _open_orders(pool, good)
    each = good.price_usd / 100 * good.margin + 0.5 + 2.5
    pool.market.truth.plant(
        Planted("oversold", "shopify", "sku", good.sku, pool.market.now - 5 * HOUR,
        min(order.ship_by for order in orders),
                missing * each, missing * each * 0.45, f"{good.reserved} sold, {good.on_hand} on hand",
                ["shopee", *(order.number for order in orders[:50])]),
    )  # fmt: skip


def _open_orders(pool: Pool, good: Good) -> list[Order]:
    return [
        order for order in pool.market.orders() if order.is_open and any(good.index == line[0] for line in order.lines)
    ]
