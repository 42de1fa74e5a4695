"""Shopee items and their stock. Items here have no variants, so their one model is 0."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.shopee.api import Call, Params, Shopee, ShopeeError, integer, require
from connectors.twin.wire.shopee.orders import FIRST_ITEM_ID, LOCATION
from connectors.twin.world.channels import DAY
from connectors.twin.world.goods import Good


def get_item_list(api: Shopee, params: Params) -> dict[str, Any]:
    offset, size = integer(params, "offset"), integer(params, "page_size", low=1, high=100)
    require(params, "item_status")
    low, high = integer(params, "update_time_from", 0), integer(params, "update_time_to", 1 << 40)
    goods = [good for good in api.market.goods if low <= good.updated <= high]
    page = goods[offset : offset + size]
    has_next = offset + size < len(goods)
    return {
        "item": [
            {"item_id": FIRST_ITEM_ID + good.index, "item_status": good.texts.get(("shopee", "item_status"), "NORMAL"),
             "update_time": good.updated,
            "tag": {"kit": False}}
            for good in page
        ],
        "total_count": len(goods), "has_next_page": has_next, "next_offset": offset + size if has_next else 0,
    }  # fmt: skip


def get_item_base_info(api: Shopee, params: Params) -> dict[str, Any]:
    ids = str(require(params, "item_id_list")).split(",")
    if len(ids) > 50:
        raise ShopeeError("product.error_param", "invalid field ItemIdList: at most 50 items")
    return {"item_list": [base_info(api, good) for good in (find_good(api, id) for id in ids) if good is not None]}


def find_good(api: Shopee, item_id: object) -> Good | None:
    try:
        index = int(str(item_id)) - FIRST_ITEM_ID
    except ValueError:
        return None
    return api.market.goods[index] if 0 <= index < len(api.market.goods) else None


def _stock(good: Good) -> dict[str, Any]:
    return {
        "summary_info": {
            "total_reserved_stock": good.open_at("shopee"),
            "total_available_stock": max(0, good.on_hand - good.open_at("shopee")),
        },
        "seller_stock": [{"location_id": LOCATION, "stock": good.on_hand}],
        "shopee_stock": [],
    }


def base_info(api: Shopee, good: Good) -> dict[str, Any]:
    price = good.price("shopee") / 100
    told = {name: text for (channel, name), text in good.texts.items() if channel == "shopee"}
    return {
        "item_id": FIRST_ITEM_ID + good.index, "category_id": 100_000 + len(good.category),
        "item_name": told.get("item_name", good.title),
        "description": told.get("description", f"{good.title}. Ships from Singapore."),
        "item_sku": told.get("item_sku", good.sku),
        "create_time": api.market.began - 400 * DAY, "update_time": good.updated, "attribute_list": [],
        "price_info": [{"currency": "SGD", "original_price": price, "current_price": price}],
        "image": {"image_id_list": [], "image_url_list": []}, "weight": "0.400",
        "dimension": {"package_length": 20, "package_width": 15, "package_height": 10},
        "logistic_info": [{"logistic_id": 18_080, "logistic_name": "SPX Express", "enabled": True, "is_free": False}],
        "pre_order": {"is_pre_order": False, "days_to_ship": 2}, "condition": "NEW", "size_chart": "",
        "item_status": told.get("item_status", "NORMAL"),
        "deboost": "false", "has_model": False, "promotion_id": 0, "brand": {"brand_id": 0,
        "original_brand_name": "NoBrand"},
        "item_dangerous": 0, "description_type": "normal", "stock_info_v2": _stock(good),
    }  # fmt: skip


def get_model_list(api: Shopee, params: Params) -> dict[str, Any]:
    good = find_good(api, require(params, "item_id"))
    if good is None:
        raise ShopeeError("product.error_param", "invalid field ItemId: item not found")
    return {"tier_variation": [], "model": []}


def update_stock(api: Shopee, params: Params) -> dict[str, Any]:
    """Set seller stock. A model that cannot be set is listed as failed in an otherwise normal reply."""
    good = find_good(api, require(params, "item_id"))
    if good is None:
        raise ShopeeError("product.error_param", "invalid field ItemId: item not found")
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for row in require(params, "stock_list"):
        model, levels = int(row.get("model_id") or 0), row.get("seller_stock") or []
        wanted = int(levels[0].get("stock", -1)) if levels else -1
        if model != 0:
            failed.append({"model_id": model, "failed_reason": "model ID not exist in sku"})
        elif wanted < good.open_at("shopee"):
            failed.append({"model_id": model, "failed_reason": "stock is below the reserved stock"})
        else:
            deeds.set_stock(api.market, good.index, wanted, "shopee", str(FIRST_ITEM_ID + good.index))
            done.append({"model_id": model, "location_id": LOCATION, "stock": wanted})
    return {"failure_list": failed, "success_list": done}


CALLS = {
    "/api/v2/product/get_item_list": Call("GET", get_item_list),
    "/api/v2/product/get_item_base_info": Call("GET", get_item_base_info),
    "/api/v2/product/get_model_list": Call("GET", get_model_list),
    "/api/v2/product/update_stock": Call("POST", update_stock),
}
