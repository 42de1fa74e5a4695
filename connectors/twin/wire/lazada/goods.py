"""Lazada's products: each has one variant. Stock and prices are set by XML in one form field."""

import re
from typing import Any
from xml.sax.saxutils import unescape

from connectors.twin import deeds
from connectors.twin.wire.lazada import shapes
from connectors.twin.wire.lazada.api import Call, Lazada, LazadaError, Params, integer, require
from connectors.twin.world.goods import Good

LONGEST_PAGE, MOST_SKUS = 50, 50
SKU = re.compile(r"<Sku>(.*?)</Sku>", re.DOTALL)
FIELD = re.compile(r"<(ItemId|SkuId|SellerSku|SellableQuantity|Quantity|Price|SalePrice|WarehouseCode)>([^<]*)</\1>")
FILTERS = frozenset({"all", "live", "inactive", "deleted", "image-missing", "pending", "rejected", "sold-out"})


def products(api: Lazada, params: Params) -> dict[str, Any]:
    limit = integer(params, "limit", "19", 20, low=1, high=LONGEST_PAGE)
    offset = integer(params, "offset", "14", 0, high=10_000)
    if require(params, "filter") not in FILTERS:
        raise LazadaError("36", "E036: Invalid status filter", "ISP")
    low, high = _moment(params, "create_after", 0), _moment(params, "create_before", 1 << 40)
    goods = [good for good in api.market.goods if low <= shapes.made_at(api.market, good) <= high]
    rows = [_product(api, good) for good in goods[offset : offset + limit]]
    return {"data": {"total_products": len(goods), **({"products": rows} if goods else {})}}


def _moment(params: Params, name: str, default: int) -> int:
    try:
        return shapes.seconds_of(str(params[name])) if params.get(name) else default
    except ValueError as error:
        raise LazadaError("17", f'E017: "{params[name]}" Invalid Date Format', "ISP") from error


def product(api: Lazada, params: Params) -> dict[str, Any]:
    return {"data": _product(api, _good(api, str(require(params, "item_id"))))}


def _good(api: Lazada, item_id: str) -> Good:
    index = int(item_id) - shapes.ITEM if item_id.isdigit() else -1
    if not 0 <= index < len(api.market.goods):
        raise LazadaError("208", "E208: ITEM_NOT_FOUND", "ISP")
    return api.market.goods[index]


def _product(api: Lazada, good: Good) -> dict[str, Any]:
    occupied, made = good.open_at("lazada"), shapes.made_at(api.market, good)
    sellable = max(0, good.on_hand - occupied)
    place = {
        "warehouseCode": shapes.WAREHOUSE, "totalQuantity": good.on_hand, "quantity": good.on_hand,
        "occupyQuantity": occupied, "withholdQuantity": 0, "sellableQuantity": sellable,
    }  # fmt: skip
    sku = {
        "SkuId": shapes.sku_id(good), "SellerSku": good.sku, "ShopSku": f"{shapes.ITEM + good.index}_MY",
        "Status": "active",
        "price": good.price("lazada") / 100, "special_price": 0, "quantity": good.on_hand, "Available": sellable,
        "Images": [], "Url": f"https://www.lazada.example/products/i{shapes.ITEM + good.index}.html",
        "package_weight": "0.40", "package_length": "20.00", "package_width": "15.00", "package_height": "10.00",
        "multiWarehouseInventories": [place],
    }  # fmt: skip
    return {
        "item_id": shapes.ITEM + good.index, "primary_category": 10_000_211, "status": "Active", "skus": [sku],
        "attributes": {"name": good.title, "description": f"<p>{good.title}. Ships from Singapore.</p>", "brand": ""},
        "created_time": str(made * 1000), "updated_time": str((good.updated or made) * 1000), "images": [],
        "marketImages": [], "trialProduct": False,
    }  # fmt: skip


def _skus(api: Lazada, params: Params) -> list[tuple[Good, dict[str, str]]]:
    """The SKUs of a payload with the fields to be set. Raises LazadaError 501 with a detail for each bad one."""
    found, bad = list[tuple[Good, dict[str, str]]](), list[dict[str, str]]()
    blocks = SKU.findall(str(require(params, "payload")))
    if not 1 <= len(blocks) <= MOST_SKUS:
        raise LazadaError("4", "E004: 1 to 50 SKUs", "ISP")
    for block in blocks:
        fields = {name: unescape(value) for name, value in FIELD.findall(block)}
        index = int(fields["ItemId"]) - shapes.ITEM if fields.get("ItemId", "").isdigit() else -1
        good = api.market.goods[index] if 0 <= index < len(api.market.goods) else None
        if good is None or fields.get("SkuId") != str(shapes.sku_id(good)):
            bad.append({"field": "SkuId", "seller_sku": fields.get("SellerSku", ""), "message": "SKU does not exist"})
        else:
            found.append((good, fields))
    if bad:
        raise LazadaError("501", "E501: Update product failed", "ISP", bad)
    return found


def _whole(good: Good, name: str, text: str) -> int:
    if not text.isdigit():
        detail = [{"field": name, "seller_sku": good.sku, "message": f"{text!r} is not a valid number"}]
        raise LazadaError("501", "E501: Update product failed", "ISP", detail)
    return int(text)


def set_sellable(api: Lazada, params: Params) -> dict[str, Any]:
    for good, fields in _skus(api, params):
        if fields.get("WarehouseCode", shapes.WAREHOUSE) != shapes.WAREHOUSE:
            detail = [{"field": "WarehouseCode", "seller_sku": good.sku, "message": "no such warehouse"}]
            raise LazadaError("501", "E501: Update product failed", "ISP", detail)
        wanted = _whole(good, "SellableQuantity", fields.get("SellableQuantity", ""))
        deeds.set_stock(api.market, good.index, wanted + good.open_at("lazada"), "lazada", fields["SkuId"])
    return {"data": {}}


def set_price_quantity(api: Lazada, params: Params) -> dict[str, Any]:
    for good, fields in _skus(api, params):
        for name in ("SalePrice", "Price"):
            if name in fields:
                minor = _whole(good, name, f"{float(fields[name]) * 100:.0f}" if _is_decimal(fields[name]) else "no")
                deeds.set_price(api.market, good.index, minor, "lazada", fields["SkuId"])
                break
        if "Quantity" in fields:
            deeds.set_stock(
                api.market, good.index, _whole(good, "Quantity", fields["Quantity"]), "lazada", fields["SkuId"]
            )
    return {"data": {}}


def _is_decimal(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


CALLS = {
    "/products/get": Call("GET", products),
    "/product/item/get": Call("GET", product),
    "/product/stock/sellable/update": Call("GET/POST", set_sellable),
    "/product/price_quantity/update": Call("POST", set_price_quantity),
}
