"""An order's lines, and what of them has left. A line is its order and its place there."""

from typing import Any

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.scalars import bag, gid
from connectors.twin.world.goods import Good
from connectors.twin.world.trade import Order


def has_fulfillment(order: Order) -> bool:
    return bool(order.shipped or order.tracking)


def line_items(order: Order) -> list[tuple[Order, int]]:
    return [(order, place) for place in range(len(order.lines))]


def good_of(line: tuple[Order, int], api: Any) -> Good:
    good: Good = api.market.goods[line[0].lines[line[1]][0]]
    return good


def units_of(line: tuple[Order, int], api: Any) -> int:
    """As the line was ordered; an edit of the order moves its current quantity alone."""
    order, place = line
    before = api.market.changes.originals.get((order.channel, order.index), order.lines)
    return int((before if place < len(before) else order.lines)[place][1])


def units_left(line: tuple[Order, int]) -> int:
    return 0 if line[0].cancelled or line[1] in line[0].pulled_lines else line[0].lines[line[1]][1]


def _unit_price(line: tuple[Order, int], a: Any, c: Any) -> Any:
    return bag(good_of(line, c).price_usd)


def _line_total(line: tuple[Order, int], a: Any, c: Any) -> Any:
    return bag(good_of(line, c).price_usd * units_of(line, c))


LINE_ITEM: dict[str, Resolver] = {
    "id": lambda x, a, c: gid("LineItem", x[0].index * 10 + x[1]),
    "sku": lambda x, a, c: good_of(x, c).sku,
    "title": lambda x, a, c: good_of(x, c).title,
    "name": lambda x, a, c: good_of(x, c).title,
    "variantTitle": lambda x, a, c: None,
    "vendor": lambda x, a, c: "Lumen & Loft",
    "quantity": lambda x, a, c: units_of(x, c),
    "currentQuantity": lambda x, a, c: units_left(x),
    "refundableQuantity": lambda x, a, c: units_left(x) if x[0].refunded < x[0].total else 0,
    "unfulfilledQuantity": lambda x, a, c: 0 if has_fulfillment(x[0]) else units_left(x),
    "fulfillableQuantity": lambda x, a, c: 0 if has_fulfillment(x[0]) else units_left(x),
    "requiresShipping": lambda x, a, c: True,
    "originalUnitPriceSet": _unit_price,
    "discountedUnitPriceSet": _unit_price,
    "discountedUnitPriceAfterAllDiscountsSet": _unit_price,
    "originalTotalSet": _line_total,
    "discountedTotalSet": _line_total,
    "product": lambda x, a, c: good_of(x, c),
    "variant": lambda x, a, c: good_of(x, c),
}
