"""Parcels that their couriers could not hand over: tried and nobody there, or an address that does not exist."""

from connectors.twin.market import tracking_number
from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.parcels import TROUBLES, Event
from connectors.twin.world.trade import Order, Step
from connectors.twin.world.truth import Planted

SENT_BY_COURIERS_OF_OURS = ("shopify", "amazon")
WORDS = {
    Event.ATTEMPT: "nobody was there to take it; after the third try it comes back",
    Event.BAD_ADDRESS: "the address does not exist; it comes back in a week",
}


def plant_troubled_parcels(pool: Pool) -> None:
    """Only couriers and who asks them know of these: the sales channel shows a parcel that is under way."""
    for channel in SENT_BY_COURIERS_OF_OURS:
        found = pool.aged(channel, 8 * 24, 4 * 24, lambda order: True)
        for number, order in enumerate(pool.choose(found, 2, by_value=True)):
            _trouble(pool, order, TROUBLES[number % len(TROUBLES)])


def _trouble(pool: Pool, order: Order, event: Event) -> None:
    market = pool.market
    order.packed, order.shipped, *_ = order.plan()
    order.step, order.delivered, order.updated = Step.SHIPPED, 0, order.shipped
    order.scans_end = market.now - pool.rng.randint(3, 20) * HOUR
    market.parcels.trouble[order.channel, order.index] = event
    odds = pool.rng.uniform(0.55, 0.8)
    ignored = odds * (pool.usd(order) + 6.5)
    market.truth.plant(
        Planted("parcel_stuck", order.channel, "order", order.number, order.scans_end, order.deliver_by + 10 * DAY,
                ignored, min(0.5 + odds * (pool.cost_of_goods(order) + 6.5) * 0.5, 0.8 * ignored), WORDS[event],
                [tracking_number(order)]),
        odds,
    )  # fmt: skip
