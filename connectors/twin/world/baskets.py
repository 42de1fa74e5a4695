"""Baskets that were begun and left: they follow from the storefront's orders, so nothing is kept twice."""

from connectors.twin.world.people import spread
from connectors.twin.world.trade import Order

EVERY = 6  # so many orders come with one basket that is left behind
TYPING = 480  # seconds from a basket's start to its order


def left_behind(order: Order) -> int:
    """Who began the same basket and left it."""
    return order.buyer + 500_000


def may_be_mailed(buyer: int) -> bool:
    return spread(buyer, 61, 0, 99) < 62
