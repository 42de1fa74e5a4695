"""Products with their variants and the stock of each warehouse."""

from collections.abc import Iterator, Mapping

from connectors.shops.marketplaces.tiktok_shop.parse.order import goods_id, text_id
from connectors.shops.reading import Row, Unreadable, amount, count, currency_of, dump, moment
from connectors.types import Listing, Product, Record, StockLevel

STATUS = {
    "ACTIVATE": "live",
    "DRAFT": "paused",
    "PENDING": "paused",
    "SELLER_DEACTIVATED": "paused",
    "DELETED": "paused",
}  # all else (FAILED, PLATFORM_DEACTIVATED, FREEZE …) was taken off sale by the platform


def stock_id(listing_ref: str, warehouse_id: str) -> str:
    return f"{listing_ref}@{warehouse_id}"


def product(item: Row, inventory: Mapping[str, Row]) -> Iterator[Record]:
    """Product, listing and stock of each variant. `inventory` is the stock search's row, by SKU id."""
    product_id, status = text_id(item["id"]), item["status"]
    reasons = [str(reason) for reason in item.get("product_sync_fail_reasons") or ()]
    is_known = status in STATUS
    if not isinstance(item["skus"], list) or not (item["skus"] or status == "DRAFT"):
        raise Unreadable("the product has no variants")
    for sku in item["skus"]:
        sku_id = text_id(sku["id"])
        ref, name = goods_id(product_id, sku_id), sku.get("seller_sku") or sku_id
        price = sku["price"]
        currency = currency_of(price["currency"])
        own = (sku.get("status_info") or {}).get("status") or "NORMAL"
        yield Product(external_id=ref, sku=name, title=item["title"], currency=currency)
        yield Listing(
            external_id=ref,
            raw=dump({"product": {**item, "skus": [sku]}}),
            sku=name,
            title=item["title"],
            price=amount(price.get("sale_price") or price["tax_exclusive_price"]),
            currency=currency,
            status="paused" if is_known and own == "DEACTIVATED" else STATUS.get(status, "suppressed"),
            issue="; ".join(reasons) or ("" if is_known else status),
            updated_at=moment(item.get("update_time")),
        )
        yield from levels(ref, name, inventory[sku_id])


def levels(listing_ref: str, name: str, sku: Row) -> Iterator[StockLevel]:
    """A warehouse's `available_quantity` leaves out what is sold and not shipped (`committed_quantity`)."""
    for place in sku["warehouse_inventory"]:
        committed, warehouse = count(place.get("committed_quantity") or 0), text_id(place["warehouse_id"])
        yield StockLevel(
            external_id=stock_id(listing_ref, warehouse),
            sku=name,
            location=warehouse,
            listing_ref=listing_ref,
            on_hand=count(place["available_quantity"]) + committed,
            reserved=committed,
        )
