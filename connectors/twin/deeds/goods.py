"""Goods: what stands in the warehouse, and what a listing costs."""

from connectors.twin.deeds.base import Refusal, amount
from connectors.twin.market import Market
from connectors.twin.world.trade import CURRENCY


def set_stock(market: Market, good: int, quantity: int, shop: str, reference: str, key: str = "") -> None:
    """Set the warehouse count that both storefronts sell from."""
    stock = market.goods[good]
    if quantity < 0:
        raise Refusal("bad_quantity", "Stock cannot be negative.")
    before, stock.on_hand, stock.updated = stock.on_hand, quantity, market.now
    market.effects.append(
        market.now, shop, "set_stock", subject=stock.sku, reference=reference, key=key, before=before, after=quantity
    )
    market.tell(shop, "inventory_levels/update", stock)


def set_price(market: Market, good: int, minor: int, shop: str, reference: str, key: str = "") -> None:
    """Set what one unit costs on a channel, in minor units of its currency; orders that stand keep theirs."""
    if minor <= 0:
        raise Refusal("bad_price", "The price must be above zero.")
    listed = market.goods[good]
    before, listed.prices[shop], listed.updated = listed.price(shop), minor, market.now
    market.effects.append(
        market.now, shop, "set_price", subject=listed.sku, reference=reference, key=key, amount=amount(minor),
        currency=CURRENCY[shop], before=str(amount(before)),
    )  # fmt: skip
    market.tell(shop, "products/update", listed)


def fix_listing(market: Market, good: int, texts: dict[str, str], shop: str, reference: str, key: str = "") -> None:
    """Correct what a channel's listing says, field by field in the channel's own names."""
    listed = market.goods[good]
    before = {name: listed.texts.get((shop, name), "") for name in texts}
    listed.texts.update({(shop, name): text for name, text in texts.items()})
    listed.updated = market.now
    market.effects.append(
        market.now, shop, "fix_listing", subject=listed.sku, reference=reference, key=key, before=before, after=texts
    )
    market.tell(shop, "products/update", listed)
