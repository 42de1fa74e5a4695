"""Every TikTok Shop call the twin answers."""

from connectors.twin.market import Market
from connectors.twin.wire.tiktok_shop import cases, chat, finance, goods, orders
from connectors.twin.wire.tiktok_shop.api import TikTokShop


def make_tiktok_shop(market: Market, *, has_limits: bool = True) -> TikTokShop:
    """The wire with its whole table."""
    routes = orders.ROUTES | cases.ROUTES | goods.ROUTES | chat.ROUTES | finance.ROUTES
    return TikTokShop(market, routes, has_limits=has_limits)
