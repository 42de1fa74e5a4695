"""Stock and price of one variant, both absolute."""

from datetime import datetime
from typing import Any

from connectors.base import CannotDo, Permit, Refused
from connectors.money import parse_amount
from connectors.operations import SetPrice, SetStock
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows
from connectors.shops.marketplaces.tiktok_shop.reads import goods
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

PRODUCTS = "/product/202309/products"
LEAST, MOST = 1, 99_999  # units in one warehouse ("Update Inventory")


def set_stock(client: Client, operation: SetStock, permit: Permit) -> Receipt:
    """Every warehouse of the variant must be listed, so the others are written as they were read a moment before:
    what they sell in between is put back on sale. One warehouse, which most shops have, knows no such gap."""
    if not LEAST <= operation.quantity <= MOST:
        raise CannotDo(
            f"TikTok Shop takes {LEAST} to {MOST:,} units in a warehouse, not {operation.quantity};"
            " take the product off sale by hand instead"
        )
    product_id, sku_id = _ids(operation.listing_ref)
    places = _places(client, operation)
    inventory = [{"warehouse_id": name, "quantity": units} for name, units in places.items()]
    body = {"skus": [{"id": sku_id, "inventory": inventory}]}
    answer = client.write(f"{PRODUCTS}/{product_id}/inventory/update", body, permit)
    return client.receipt(answer, operation.listing_ref)


def _ids(listing_ref: str) -> tuple[str, str]:
    product_id, _, sku_id = listing_ref.partition(":")
    if not product_id or not sku_id:
        raise Refused(f"{listing_ref!r} is no product:variant of TikTok Shop", code="listing_ref")
    return product_id, sku_id


def _places(client: Client, operation: SetStock) -> dict[str, int]:
    """What each warehouse shall offer. Raises Refused where the choice of one is open."""
    standing = _available(goods.stock_of(client, operation.listing_ref))
    location = operation.location or (next(iter(standing)) if len(standing) == 1 else "")
    if location not in standing:
        raise Refused(f"name the warehouse to change, one of {sorted(standing)}", code="location")
    return {**standing, location: operation.quantity}


def _available(sku: Row) -> dict[str, int]:
    return {str(row["warehouse_id"]): int(row["available_quantity"]) for row in sku["warehouse_inventory"]}


def see_stock(client: Client, operation: SetStock, since: datetime) -> Sighting:
    """A sale since then lowers the figure, so that another one is no proof that nothing was done."""
    standing = _available(goods.stock_of(client, operation.listing_ref))
    found = standing.get(operation.location) if operation.location else sum(standing.values())
    detail = f"{found} units are on sale"
    return Sighting(Sight.SEEN if found == operation.quantity else Sight.ABSENT, operation.listing_ref, detail)


def set_price(client: Client, operation: SetPrice, permit: Permit) -> Receipt:
    """The price before discounts; a variant in a running promotion is refused (12052038)."""
    product_id, sku_id = _ids(operation.listing_ref)
    price = {"amount": f"{operation.price.amount:f}", "currency": operation.price.currency}
    body = {"skus": [{"id": sku_id, "price": price}]}
    answer = client.write(f"{PRODUCTS}/{product_id}/prices/update", body, permit)
    return client.receipt(answer, operation.listing_ref)


def see_price(client: Client, operation: SetPrice, since: datetime) -> Sighting:
    _, sku_id = _ids(operation.listing_ref)
    data = client.search(goods.PRODUCTS, {"page_size": 1}, {"status": "ALL", "sku_ids": [sku_id]})
    for product in rows(data, "products"):
        for sku in product.get("skus") or ():
            if sku.get("id") == sku_id:
                price: Any = sku["price"]
                told = [price[name] for name in ("sale_price", "tax_exclusive_price") if price.get(name)]
                is_ours = any(parse_amount(value) == operation.price.amount for value in told)
                is_seen = is_ours and price.get("currency") == operation.price.currency
                return Sighting(Sight.SEEN if is_seen else Sight.ABSENT, operation.listing_ref, f"the price is {price}")
    raise Refused(f"TikTok Shop knows no variant {sku_id}", code="not_found")
