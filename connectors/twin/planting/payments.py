"""Charges made twice, disputes that wait for evidence, and fraud warnings on orders not yet shipped."""

from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.trade import Charge, Dispute, FraudWarning, Order, Step
from connectors.twin.world.truth import Planted

DISPUTE_FEE = COUNTER_FEE = 15.0
REASONS = {  # the odds of winning with good evidence
    "product_not_received": 0.62, "fraudulent": 0.34, "product_unacceptable": 0.38, "credit_not_processed": 0.47,
    "general": 0.42,
}  # fmt: skip


def choose_doubled(pool: Pool) -> dict[int, int]:
    """Shopify order index -> seconds until its card is charged a second time."""
    found = pool.aged("shopify", 80, 2, lambda order: True)
    return {order.index: pool.rng.randint(8, 170) for order in pool.choose(found, pool.many(4), by_value=True)}


def plant_double_charges(pool: Pool) -> None:
    for charge in pool.market.charges:
        if charge.twin_of >= 0:
            plant_double_charge(pool, charge)


def plant_double_charge(pool: Pool, charge: Charge) -> None:
    """The buyer's bank takes the money back with a fee unless it is given back first."""
    market, odds = pool.market, 0.7
    order = market.order("shopify", charge.order)
    ignored = odds * (charge.amount / 100 + DISPUTE_FEE) + (1 - odds) * charge.amount / 100
    market.truth.plant(
        Planted("duplicate_charge", "stripe", "payment", charge.id, charge.created, charge.created + 2 * DAY, ignored,
        0.3,
                f"order {order.number} was charged twice", [market.charges[charge.twin_of].id, order.number]),
    )  # fmt: skip


def plant_disputes(pool: Pool) -> None:
    """Open disputes on delivered orders, and settled ones to learn the win rate from."""
    market, rng = pool.market, pool.rng
    found = pool.aged("shopify", 50 * 24, 12 * 24, lambda order: order.step >= Step.DELIVERED and order.total >= 9_000)
    for order in pool.choose(found, pool.many(4), by_value=True):
        reason = rng.choice(list(REASONS))
        odds = min(0.9, max(0.2, REASONS[reason] + rng.uniform(-0.08, 0.08)))
        opened = market.now - rng.randint(20, 190) * HOUR
        due = market.now + rng.randint(9, 140) * HOUR
        dispute = _open(pool, order, reason, "needs_response", opened, due)
        value = dispute.amount / 100
        market.truth.plant(
            Planted("dispute_evidence", "stripe", "dispute", dispute.id, opened, due, value,
                    value - odds * (value + COUNTER_FEE) + COUNTER_FEE + 6,
                    f"{reason}; evidence wins with odds {odds:.2f}",
                    [order.number, market.charge_of(order).id], is_borderline=odds * (value + 15) < 30),
            1.0,
        )  # fmt: skip
    for order in pool.choose(
        pool.aged("shopify", 58 * 24, 20 * 24, lambda order: order.step >= Step.DELIVERED), pool.many(22)
    ):
        reason = rng.choice(list(REASONS))
        won = rng.random() < REASONS[reason]
        status = rng.choice(("won" if won else "lost",) * 5 + ("under_review",))
        opened = max(order.created + 4 * DAY, market.now - 40 * DAY)
        dispute = _open(pool, order, reason, status, opened, opened + 9 * DAY)
        dispute.submissions, dispute.evidence = 1, {"uncategorized_text": "Delivered and signed for."}


def _open(pool: Pool, order: Order, reason: str, status: str, opened: int, due: int) -> Dispute:
    market = pool.market
    charge = market.charge_of(order)
    charge.is_disputed = True
    dispute = Dispute(len(market.disputes), charge.index, charge.amount, opened, reason, status, due)
    market.disputes.append(dispute)
    return dispute


def plant_fraud_warnings(pool: Pool) -> None:
    """Issuer warnings: on orders that can still be stopped, and (near misses) on shipped or refunded ones."""
    found = pool.aged("shopify", 30, 0.5, lambda order: order.is_open and order.total >= 4_000)
    for order in pool.choose(found, pool.many(4), by_value=True):
        order.step, order.packed, order.is_forgotten, order.is_risky = Step.TO_SHIP, 0, True, True
        order.ship_by = pool.market.now + 40 * HOUR  # on hold for review: its promise was moved
        warn(pool, order)
    shipped = pool.aged("shopify", 200, 72, lambda order: order.step in (Step.SHIPPED, Step.DELIVERED))
    for order in pool.choose(shipped, pool.many(3)):
        _file_warning(pool, order)


def warn(pool: Pool, order: Order) -> None:
    """A warning on an order not yet shipped: refunding now saves the goods and the dispute's fee."""
    warning = _file_warning(pool, order)
    odds = pool.rng.uniform(0.72, 0.92)
    goods, value = pool.cost_of_goods(order), order.total / 100
    pool.market.truth.plant(
        Planted("fraud_warning", "stripe", "dispute", warning.id, warning.created, order.ship_by,
                odds * (goods + DISPUTE_FEE), (1 - odds) * max(0.0, value - goods),
                f"a stolen card with odds {odds:.2f}",
                [order.number, pool.market.charge_of(order).id]),
        odds,
    )  # fmt: skip


def _file_warning(pool: Pool, order: Order) -> FraudWarning:
    market = pool.market
    created = min(market.now - 600, order.created + pool.rng.randint(1, 9) * HOUR)
    warning = FraudWarning(len(market.fraud_warnings), market.charge_of(order).index, max(created, order.created + 60))
    market.fraud_warnings.append(warning)
    return warning
