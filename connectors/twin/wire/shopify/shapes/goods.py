"""A good as Shopify tells it: product, variant, stock item and stock level in one."""

import re
from typing import Any

from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GID, LOCATION, gid, iso, money
from connectors.twin.world.channels import DAY
from connectors.twin.world.goods import Good


def quantities(good: Good, names: list[str]) -> list[dict[str, Any]]:
    """Both storefronts sell from this one place; what Shopify itself has promised is `committed`."""
    known = {
        "on_hand": good.on_hand,
        "committed": good.open_at("shopify"),
        "available": good.on_hand - good.open_at("shopify"),
        "incoming": sum(inbound.quantity for inbound in good.inbound),
    }
    return [
        {"id": f"{GID}InventoryQuantity/{FIRST['InventoryLevel'] + good.index}?name={name}", "name": name,
         "quantity": known.get(name, 0), "updatedAt": iso(good.updated)}
        for name in names
    ]  # fmt: skip


TAG = re.compile(r"<[^>]*>")


def told(good: Good, name: str, else_: str) -> str:
    """What the company has written into a field of the listing, or what stood there before."""
    return good.texts.get(("shopify", name), else_)


def html(good: Good) -> str:
    return told(good, "descriptionHtml", f"{good.title}. Ships from Singapore.")


PRODUCT: dict[str, Resolver] = {
    "id": lambda g, a, c: gid("Product", g.index),
    "legacyResourceId": lambda g, a, c: str(FIRST["Product"] + g.index),
    "title": lambda g, a, c: told(g, "title", g.title),
    "handle": lambda g, a, c: told(g, "handle", g.sku.lower()),
    "status": lambda g, a, c: told(g, "status", "ACTIVE"),
    "description": lambda g, a, c: TAG.sub("", html(g))[: a.get("truncateAt")],
    "descriptionHtml": lambda g, a, c: html(g),
    "seo": lambda g, a, c: {name: told(g, f"seo.{name}", "") or None for name in ("title", "description")},
    "productType": lambda g, a, c: told(g, "productType", g.category),
    "vendor": lambda g, a, c: told(g, "vendor", "Lumen & Loft"),
    "createdAt": lambda g, a, c: iso(c.market.began - 400 * DAY),
    "updatedAt": lambda g, a, c: iso(g.updated),
    "totalInventory": lambda g, a, c: g.on_hand - g.open_at("shopify"),
    "tags": lambda g, a, c: [],
    "variants": lambda g, a, c: slice_of([g], a),
}
VARIANT: dict[str, Resolver] = {
    "id": lambda g, a, c: gid("ProductVariant", g.index),
    "legacyResourceId": lambda g, a, c: str(FIRST["ProductVariant"] + g.index),
    "sku": lambda g, a, c: g.sku,
    "title": lambda g, a, c: "Default Title",
    "displayName": lambda g, a, c: told(g, "title", g.title),
    "price": lambda g, a, c: f"{g.price('shopify') / 100:.2f}",
    "compareAtPrice": lambda g, a, c: None,
    "createdAt": lambda g, a, c: iso(c.market.began - 400 * DAY),
    "updatedAt": lambda g, a, c: iso(g.updated),
    "inventoryQuantity": lambda g, a, c: g.on_hand - g.open_at("shopify"),
    "availableForSale": lambda g, a, c: g.on_hand > g.open_at("shopify"),
    "barcode": lambda g, a, c: None,
    "product": lambda g, a, c: g,
    "inventoryItem": lambda g, a, c: g,
}
ITEM: dict[str, Resolver] = {
    "id": lambda g, a, c: gid("InventoryItem", g.index),
    "legacyResourceId": lambda g, a, c: str(FIRST["InventoryItem"] + g.index),
    "sku": lambda g, a, c: g.sku,
    "tracked": lambda g, a, c: True,
    "requiresShipping": lambda g, a, c: True,
    "unitCost": lambda g, a, c: money(g.cost_usd),
    "createdAt": lambda g, a, c: iso(c.market.began - 400 * DAY),
    "updatedAt": lambda g, a, c: iso(g.updated),
    "inventoryLevel": lambda g, a, c: g if a["locationId"] == LOCATION["id"] else None,
    "inventoryLevels": lambda g, a, c: slice_of([g], a),
    "variants": lambda g, a, c: slice_of([g], a),
}
LEVEL: dict[str, Resolver] = {
    "id": lambda g, a, c: f"{gid('InventoryLevel', g.index)}?inventory_item_id={FIRST['InventoryItem'] + g.index}",
    "item": lambda g, a, c: g,
    "location": lambda g, a, c: LOCATION,
    "createdAt": lambda g, a, c: iso(c.market.began - 400 * DAY),
    "updatedAt": lambda g, a, c: iso(g.updated),
    "isActive": lambda g, a, c: True,
    "quantities": lambda g, a, c: quantities(g, a["names"]),
}
