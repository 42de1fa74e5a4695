"""Late parcels, lost parcels, returns that wait for a decision, and the late-shipment rate."""

from connectors.twin.market import Market
from connectors.twin.planting.letters import RETURN_REASONS
from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.trade import Order, Refund, Return, Step
from connectors.twin.world.truth import Planted


def plant_late_shipments(pool: Pool) -> None:
    """Orders that the warehouse has forgotten, from 20 hours past their deadline to 12 hours before it."""
    found = pool.aged("shopee", 68, 36, lambda order: True)
    chosen = pool.choose(found, pool.many(6), by_value=True)
    chosen += pool.choose(
        pool.aged("shopify", 68, 36, lambda order: not order.is_forgotten), pool.many(2), by_value=True
    )
    for order in chosen:
        pool.reopen(order, order.created + 90)
        order.is_forgotten = True
        hours_left = (order.ship_by - pool.market.now) / HOUR
        odds = min(0.9, 0.30 + 0.02 * max(0.0, 12 - hours_left) + pool.rng.uniform(-0.05, 0.05))
        points = 2.5 if order.channel == "shopee" else 0.0
        ignored = odds * (pool.margin(order) + 0.4) + points
        acted = 0.4 + (0.35 * ignored if hours_left < 0 else 0.05 * ignored)
        pool.market.truth.plant(
            Planted("late_shipment", order.channel, "order", order.number, order.created + 20 * HOUR, order.ship_by,
                    ignored, acted, "the warehouse has not picked it, and will not by itself"),
            odds,
        )  # fmt: skip


def plant_late_rate(pool: Pool) -> None:
    """The shop's late-shipment rate is just under the limit at which Shopee gives penalty points."""
    market = pool.market
    week = market.books["shopee"].created(market.now - 9 * DAY, market.now - 2 * DAY)
    shipped = max(120, week[1] - week[0])
    late = int(shipped * 0.094)
    market.late_counts = (late, shipped)
    market.penalty_points = [(market.now - 11 * DAY, 1), (market.now - 25 * DAY, 1)]
    daily = sum(pool.usd(order) for order in market.books["shopee"].orders[week[0] : week[1]]) / 7
    lost = 28 * daily * 0.08 * 0.36
    market.truth.plant(
        Planted("shopee_late_rate", "shopee", "account_metric", "late_shipment_rate", market.now - DAY,
                market.now + (7 - (market.now // DAY + 3) % 7) * DAY, 0.6 * lost, 0.15 * lost,
                f"{late} of {shipped} shipped late; a third penalty point closes campaigns for 28 days"),
        0.6,
    )  # fmt: skip


def plant_stuck_parcels(pool: Pool) -> None:
    """Parcels without a courier scan for six days or more, past the promised day."""
    for channel, week_count in (("shopee", 4), ("shopify", 3)):
        found = pool.aged(channel, 17 * 24, 11 * 24, lambda order: True)
        for order in pool.choose(found, pool.many(week_count), by_value=True):
            _lose(pool, order)
            odds = pool.rng.uniform(0.6, 0.85)
            ignored = odds * (pool.usd(order) + 6.5)
            acted = 0.5 + odds * (pool.cost_of_goods(order) + 6.5) * 0.8
            pool.market.truth.plant(
                Planted("parcel_stuck", channel, "order", order.number, order.scans_end + 4 * DAY,
                        order.deliver_by + 10 * DAY, ignored, min(acted, ignored * 0.8),
                        f"{order.courier} lost it after the last scan", [order.tracking]),
                odds,
            )  # fmt: skip


def _lose(pool: Pool, order: Order) -> None:
    packed, shipped, _, _ = order.plan()
    order.packed, order.shipped, order.delivered = packed, shipped, 0
    order.step, order.updated = Step.SHIPPED, shipped
    order.scans_end = min(shipped + pool.rng.randint(20, 60) * HOUR, pool.market.now - 6 * DAY)


def plant_returns(pool: Pool) -> None:
    """Returns that the shop must answer within two days, or the platform refunds in full."""
    for channel, week_count in (("shopee", 7), ("shopify", 2)):
        found = pool.aged(
            channel, 20 * 24, 7 * 24, lambda order: order.step >= Step.DELIVERED and order.step != Step.CANCELLED
        )
        for order in pool.choose(found, pool.many(week_count), by_value=True):
            asked = pool.market.now - pool.rng.randint(3, 40) * HOUR
            ask_return(pool, order, asked, asked + 48 * HOUR + pool.rng.randint(0, 5) * HOUR)
    _plant_closed_returns(pool)


def ask_return(pool: Pool, order: Order, asked: int, due: int) -> Return:
    """The buyer asks for a return of the first line; planted with what the decision is worth."""
    reason, words, odds, photos = RETURN_REASONS[pool.rng.randrange(len(RETURN_REASONS))]
    good, quantity = order.lines[0]
    minor = pool.market.goods[good].price(order.channel) * quantity
    row = make_return(pool, order, asked, reason, words, minor, quantity)
    row.due, row.photos = due, photos
    row.win_odds = min(0.95, max(0.03, odds + pool.rng.uniform(-0.08, 0.08)))
    order.updated = max(order.updated, asked)
    if order.channel != "shopify":
        order.step = Step.RETURNING
    refund = pool.usd(order, minor)
    ignored = refund + 5.2
    pool.market.truth.plant(
        Planted("return_decision", order.channel, "return", row.sn, asked, due, ignored,
                min(ignored, ignored - row.win_odds * refund + 1.2),
                f"{reason}; contesting it would win with odds {row.win_odds:.2f}", [order.number],
                is_borderline=order.channel == "shopify"),
    )  # fmt: skip
    return row


def make_return(pool: Pool, order: Order, asked: int, reason: str, words: str, minor: int, quantity: int) -> Return:
    """One return row, filed with its order."""
    market = pool.market
    row = Return(len(market.returns), order.channel, order.index, 0, quantity, minor, asked, asked, reason, words)
    market.returns.append(row)
    market.returns_of_order.setdefault((order.channel, order.index), []).append(row)
    return row


def _plant_closed_returns(pool: Pool) -> None:
    """Settled returns of the past weeks: history to learn from, and near misses."""
    found = pool.aged("shopee", 50 * 24, 12 * 24, lambda order: order.step >= Step.DELIVERED)
    for order in pool.choose(found, pool.many(18)):
        reason, words, _, photos = RETURN_REASONS[pool.rng.randrange(len(RETURN_REASONS))]
        good, quantity = order.lines[0]
        minor = pool.market.goods[good].price("shopee") * quantity
        asked = max(order.delivered, order.created + 4 * DAY) + pool.rng.randint(2, 60) * HOUR
        row = make_return(pool, order, min(asked, pool.market.now - 3 * DAY), reason, words, minor, quantity)
        row.status, row.negotiation = pool.rng.choice(("CLOSED", "ACCEPTED", "JUDGING", "CANCELLED")), "TERMINATED"
        row.updated, row.due, row.photos = row.created + 40 * HOUR, row.created + 48 * HOUR, photos
        if row.status in ("CLOSED", "ACCEPTED"):
            order.refunded = round(minor if row.status == "ACCEPTED" else minor * 0.5)


def plant_cancellations(pool: Pool) -> None:
    """Orders that ended as cancelled: ordinary noise."""
    for channel in ("shopee", "shopify"):
        for order in pool.choose(pool.aged(channel, 55 * 24, 30, lambda order: True), pool.many(14)):
            if order.is_open:
                pool.market.reserve(order, -1)
            order.packed = order.shipped = order.delivered = 0
            order.step, order.cancelled = Step.CANCELLED, order.created + 5 * HOUR
            order.updated, order.cancel_by, order.cancel_reason = order.cancelled, "buyer", "CUSTOMER_REQUEST"
            if channel == "shopify":
                _give_back(pool.market, order)


def _give_back(market: Market, order: Order) -> None:
    charge = market.charge_of(order)
    made = Refund(len(market.refunds), charge.index, charge.amount, order.cancelled, source="shopify", note="cancelled")
    market.refunds.append(made)
    market.refunds_of_charge[charge.index] = [made]
    charge.refunded = order.refunded = charge.amount
