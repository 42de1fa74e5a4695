"""Every Shopee call the twin answers."""

from connectors.twin.market import Market
from connectors.twin.wire.shopee import offers, orders, products, returns, shop
from connectors.twin.wire.shopee.api import Shopee


def make_shopee(market: Market, *, has_limits: bool = True) -> Shopee:
    """The wire with its whole table."""
    return Shopee(
        market, orders.CALLS | products.CALLS | returns.CALLS | shop.CALLS | offers.CALLS, has_limits=has_limits
    )
