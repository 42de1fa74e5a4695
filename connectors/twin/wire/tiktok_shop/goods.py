"""Products with one variant each, and their stock in the one warehouse."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import CHANNEL, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.orders import PRODUCT, SKU, WAREHOUSE
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, money, sliced, whole
from connectors.twin.world.channels import DAY
from connectors.twin.world.goods import Good

DEEPEST = 10_000
STATUSES = ("ALL", "ACTIVATE", "DRAFT", "PENDING", "FAILED", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE")


def search(api: TikTokShop, call: Call) -> dict[str, Any]:
    status, skus = call.body.get("status", "ALL"), call.body.get("sku_ids")
    if status not in STATUSES:
        raise TikTokError(12052910, "Invalid input parameters: status.")
    found = [good for good in api.market.goods if skus is None or str(SKU + good.index) in skus]
    found = found if status in ("ALL", "ACTIVATE") else []
    page, following = sliced(found[:DEEPEST], call.query, size=10, low=1, high=100)
    return {
        "total_count": len(found), "next_page_token": following, "products": [_product(api, good) for good in page],
    }  # fmt: skip


def _product(api: TikTokShop, good: Good) -> dict[str, Any]:
    price = money(good.price(api.kind))
    return {
        "id": str(PRODUCT + good.index), "title": good.title, "status": "ACTIVATE", "sales_regions": [api.region],
        "create_time": api.market.began - 400 * DAY, "update_time": good.updated, "has_draft": False,
        "skus": [
            {
                "id": str(SKU + good.index), "seller_sku": good.sku, "status_info": {"status": "NORMAL"},
                "price": {"currency": CHANNEL.currency, "tax_exclusive_price": price, "sale_price": price},
                "inventory": [{"warehouse_id": WAREHOUSE, "quantity": _available(api, good)}],
            }
        ],
    }  # fmt: skip


def _available(api: TikTokShop, good: Good) -> int:
    return max(0, good.on_hand - good.open_at(api.kind))


def inventory(api: TikTokShop, call: Call) -> dict[str, Any]:
    """By `sku_ids`, which go first, or `product_ids`."""
    skus, products = call.body.get("sku_ids") or [], call.body.get("product_ids") or []
    if len(products) > 100 or len(skus) > 600:
        raise TikTokError(12019120, "The number of provided product IDs exceeds the limit.")
    if not skus and not products:
        raise TikTokError(12019008, "Product id is invalid")
    named = _goods(api, skus, SKU) if skus else _goods(api, products, PRODUCT)
    return {"inventory": [_stock(api, good) for good in named]}


def _goods(api: TikTokShop, ids: Iterable[str], first: int) -> list[Good]:
    places = [int(ref) - first for ref in ids if str(ref).isdigit()]
    return [api.market.goods[place] for place in places if 0 <= place < len(api.market.goods)]


def _stock(api: TikTokShop, good: Good) -> dict[str, Any]:
    available, committed = _available(api, good), good.open_at(api.kind)
    return {
        "product_id": str(PRODUCT + good.index),
        "skus": [
            {
                "id": str(SKU + good.index), "seller_sku": good.sku, "total_available_quantity": available,
                "total_committed_quantity": committed,
                "warehouse_inventory": [
                    {"warehouse_id": WAREHOUSE, "available_quantity": available, "committed_quantity": committed}
                ],
            }
        ],
    }  # fmt: skip


def update_inventory(api: TikTokShop, call: Call) -> dict[str, Any]:
    """Absolute, of every warehouse. What cannot be set is an error inside a good reply."""
    errors = [error for sku in _skus(call) if (error := _set_stock(api, call.ids[0], sku)) is not None]
    return {"errors": errors} if errors else {}


def _skus(call: Call) -> list[dict[str, Any]]:
    skus = call.body.get("skus")
    if not isinstance(skus, list) or not skus:
        raise TikTokError(12052902, "The SKU list is empty.")
    return skus


def _set_stock(api: TikTokShop, product_id: str, sku: dict[str, Any]) -> dict[str, Any] | None:
    found = _goods(api, [str(sku.get("id"))], SKU)
    if not found or str(PRODUCT + found[0].index) != product_id:
        return _error(sku, 12052556, "The SKU id not exist.")
    places = sku.get("inventory") or []
    names = [row.get("warehouse_id", WAREHOUSE) for row in places]
    if names != [WAREHOUSE]:
        return _error(sku, 12052990, "Check failed", names)
    quantity = whole(places[0], "quantity")
    if not 1 <= quantity <= 99_999:
        return _error(sku, 12052055, "The SKU inventory quantity for the warehouse must be within allowed limits.")
    good = found[0]
    deeds.set_stock(api.market, good.index, quantity + good.open_at(api.kind), api.kind, str(SKU + good.index))
    return None


def _error(sku: dict[str, Any], code: int, message: str, names: Iterable[str] = ()) -> dict[str, Any]:
    extra = [{"warehouse_id": name, "code": 12052097, "message": "The warehouse does not exist"} for name in names]
    return {"code": code, "message": message, "detail": {"sku_id": str(sku.get("id")), "extra_errors": extra}}


def update_prices(api: TikTokShop, call: Call) -> dict[str, Any]:
    for sku in _skus(call):
        found, price = _goods(api, [str(sku.get("id"))], SKU), sku.get("price") or {}
        if not found or str(PRODUCT + found[0].index) != call.ids[0]:
            raise TikTokError(12052557, "The SKU ID does not belong to the product.")
        if price.get("currency") != CHANNEL.currency:
            raise TikTokError(12052084, "The provided currency is not available for this shop/region.")
        minor = int(Decimal(str(price.get("amount") or "0")) * 100)
        deeds.set_price(api.market, found[0].index, minor, api.kind, str(SKU + found[0].index))
    return {}


ROUTES = {
    "POST /product/202502/products/search": Route(search),
    "POST /product/202309/inventory/search": Route(inventory),
    "POST /product/202309/products/{}/inventory/update": Route(update_inventory, scope="seller.product.write"),
    "POST /product/202309/products/{}/prices/update": Route(update_prices, scope="seller.product.write"),
}
