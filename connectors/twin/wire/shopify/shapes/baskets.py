"""Baskets that are no order yet: those that buyers left behind, and drafts of the company."""

from typing import Any

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import bag, gid, iso
from connectors.twin.world.baskets import TYPING, left_behind
from connectors.twin.world.channels import encode
from connectors.twin.world.people import person
from connectors.twin.world.trade import Order


def begun(order: Order) -> int:
    """When the basket beside this order was begun."""
    return order.created + TYPING


def _skus(order: Order, a: Any, api: Any) -> Any:
    return slice_of([{"sku": api.market.goods[good].sku, "quantity": units} for good, units in order.lines], a)


CHECKOUT: dict[str, Resolver] = {
    "id": lambda o, a, c: gid("AbandonedCheckout", o.index),
    "abandonedCheckoutUrl": lambda o, a, c: f"https://lumen-and-loft.example/checkouts/{encode(o.index)}",
    "createdAt": lambda o, a, c: iso(begun(o)),
    "updatedAt": lambda o, a, c: iso(begun(o)),
    "completedAt": lambda o, a, c: None,
    "totalPriceSet": lambda o, a, c: bag(o.total),
    "customer": lambda o, a, c: person(left_behind(o), "US"),
    "lineItems": _skus,
}
DRAFT: dict[str, Resolver] = {
    "id": lambda d, a, c: gid("DraftOrder", d.index),
    "status": lambda d, a, c: "COMPLETED" if d.order is not None else "OPEN",
    "tags": lambda d, a, c: d.tags,
    "order": lambda d, a, c: d.order,
    "totalPriceSet": lambda d, a, c: bag(d.total(c.market)),
}
