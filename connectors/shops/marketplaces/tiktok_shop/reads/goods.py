"""Products and stock: all of them each time, since a sale moves stock without moving the product's time."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from connectors.base import Refused
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows
from connectors.shops.marketplaces.tiktok_shop.parse.goods import levels, product
from connectors.shops.reading import Row, read_rows
from connectors.types import Page, StockLevel

PRODUCTS, INVENTORY = "/product/202502/products/search", "/product/202309/inventory/search"
PAGE = 100  # as many products as one stock search takes
SKUS_PAGE = 600


def pull(client: Client, cursor: str) -> Iterator[Page]:
    """The cursor is the list's own page token. The list ends after about ten thousand products; the count does not."""
    query = {"page_size": PAGE, "page_token": cursor}
    for batch in client.pages(PRODUCTS, "products", query, {"status": "ALL"}):
        ids = [item["id"] for item in batch.rows if isinstance(item, dict) and isinstance(item.get("id"), str)]
        stock = inventory(client, product_ids=ids)
        records = read_rows("listing", batch.rows, partial(product, inventory=stock), "id")
        yield Page(tuple(records), batch.following, len(batch.rows), not batch.following, count_at_source=batch.total)


def inventory(client: Client, **ids: list[str]) -> Mapping[str, Row]:
    """Stock rows by SKU id, for `product_ids` or `sku_ids`. Rows without an id are left out: their product is not
    found here then, and is quarantined with that reason."""
    if not any(ids.values()):
        return {}
    found: dict[str, Row] = {}
    for row in rows(client.search(INVENTORY, {}, ids), "inventory"):
        skus: Any = row.get("skus") if isinstance(row, dict) else None
        found |= {sku["id"]: sku for sku in skus or () if isinstance(sku, dict) and isinstance(sku.get("id"), str)}
    return found


def stock_of(client: Client, listing_ref: str) -> Row:
    """One variant's stock, read now. Raises Refused where TikTok Shop knows no such variant."""
    sku_id = listing_ref.partition(":")[2]
    found = inventory(client, sku_ids=[sku_id]).get(sku_id)
    if found is None:
        raise Refused(f"TikTok Shop knows no variant {sku_id}", code="not_found")
    return found


def one_level(client: Client, stock_ref: str) -> StockLevel | None:
    listing_ref, _, warehouse = stock_ref.partition("@")
    sku = stock_of(client, listing_ref)
    found = levels(listing_ref, sku.get("seller_sku") or listing_ref.partition(":")[2], sku)
    return next((level for level in found if level.location == warehouse), None)
