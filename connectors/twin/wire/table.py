"""Every HTTP protocol that the twin speaks, in one table. A new one is one line here."""

from collections.abc import Callable, Mapping

from connectors.twin.market import Market
from connectors.twin.wire.aftership.api import AfterShip
from connectors.twin.wire.amazon.routes import make_amazon
from connectors.twin.wire.easypost.api import EasyPost
from connectors.twin.wire.easypost.calls import ROUTES as EASYPOST_ROUTES
from connectors.twin.wire.gmail import calls as gmail
from connectors.twin.wire.gmail.api import Gmail
from connectors.twin.wire.google_ads.api import GoogleAds
from connectors.twin.wire.helpdesk.api import Helpdesk
from connectors.twin.wire.klaviyo.api import Klaviyo
from connectors.twin.wire.klaviyo.calls import ROUTES as KLAVIYO_ROUTES
from connectors.twin.wire.lazada.calls import make_lazada
from connectors.twin.wire.meta_ads.api import MetaAds
from connectors.twin.wire.shopee.calls import make_shopee
from connectors.twin.wire.shopify.api import Shopify
from connectors.twin.wire.stripe.api import Stripe
from connectors.twin.wire.stripe.calls import ROUTES
from connectors.twin.wire.supply_files import catalogue, supplier_files, warehouse
from connectors.twin.wire.tiktok_shop.calls import make_tiktok_shop
from connectors.twin.wire.ups.api import Ups
from connectors.twin.wire.web import Wire
from connectors.twin.wire.whatsapp.api import WhatsApp
from connectors.twin.wire.zoho.api import Zoho
from connectors.twin.wire.zoho.calls import ROUTES as ZOHO_ROUTES
from connectors.twin.world.channels import CHANNELS

Make = Callable[[Market, bool], Wire]  # the market, and whether the platform limits its callers

WIRES: Mapping[str, Make] = {
    "shopee": lambda market, has_limits: make_shopee(market, has_limits=has_limits),
    "shopify": lambda market, has_limits: Shopify(market, has_limits=has_limits),
    "stripe": lambda market, has_limits: Stripe(market, ROUTES, has_limits=has_limits),
    "zoho": lambda market, has_limits: Zoho(market, ZOHO_ROUTES, has_limits=has_limits),
    "supplier_feed": supplier_files,
    "warehouse": warehouse,
    "catalogue": catalogue,
    "aftership": lambda market, has_limits: AfterShip(market, has_limits=has_limits),
    "easypost": lambda market, has_limits: EasyPost(market, EASYPOST_ROUTES, has_limits=has_limits),
    "ups": lambda market, has_limits: Ups(market, has_limits=has_limits),
    "google_ads": lambda market, has_limits: GoogleAds(market, has_limits=has_limits),
    "meta_ads": lambda market, has_limits: MetaAds(market, has_limits=has_limits),
    "gmail": lambda market, has_limits: Gmail(market, gmail.ROUTES, has_limits=has_limits),
    "klaviyo": lambda market, has_limits: Klaviyo(market, KLAVIYO_ROUTES, has_limits=has_limits),
    "helpdesk": lambda market, has_limits: Helpdesk(market, has_limits=has_limits),
    "whatsapp": lambda market, has_limits: WhatsApp(market, has_limits=has_limits),
    "lazada": lambda market, has_limits: make_lazada(market, has_limits=has_limits),
    "amazon": lambda market, has_limits: make_amazon(market, has_limits=has_limits),
    "tiktok_shop": lambda market, has_limits: make_tiktok_shop(market, has_limits=has_limits),
}


def wires(market: Market, *, has_limits: bool) -> dict[str, Wire]:
    """The protocols of the systems that this market's company uses."""
    return {kind: make(market, has_limits) for kind, make in WIRES.items() if is_used(market, kind)}


def is_used(market: Market, kind: str) -> bool:
    """Sales channels by the scenario's list, cards where a channel takes them, all else where there is everything."""
    if kind in CHANNELS:
        return kind in market.books
    takes_cards = any(CHANNELS[channel].charges_cards for channel in market.books)
    return market.has_everything or (kind == "stripe" and takes_cards)
