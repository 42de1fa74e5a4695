"""Every TikTok Shop call the twin answers."""

from connectors.twin.market import Market
from connectors.twin.wire.tiktok_shop import cancels, chat, finance, goods, grounds, orders, refunds, returns
from connectors.twin.wire.tiktok_shop.api import TikTokShop


def make_tiktok_shop(market: Market, *, has_limits: bool = True) -> TikTokShop:
    """The wire with its whole table."""
    sales = orders.ROUTES | goods.ROUTES | chat.ROUTES | finance.ROUTES
    routes = sales | cancels.ROUTES | grounds.ROUTES | returns.ROUTES | refunds.ROUTES
    return TikTokShop(market, routes, has_limits=has_limits)
