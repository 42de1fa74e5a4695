"""Every Lazada call the twin answers."""

from connectors.twin.market import Market
from connectors.twin.wire.lazada import goods, orders, returns, shipping, shop, words
from connectors.twin.wire.lazada.api import Lazada

CALLS = orders.CALLS | shipping.CALLS | returns.CALLS | goods.CALLS | words.CALLS | shop.CALLS


def make_lazada(market: Market, *, has_limits: bool = True) -> Lazada:
    """The wire with its whole table."""
    return Lazada(market, CALLS, has_limits=has_limits)
