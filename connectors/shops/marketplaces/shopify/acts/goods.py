"""Stock, price and words of one listing, and the end of a discount: all of them states that can be set again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import CannotDo, Permit, Refused, Retry
from connectors.money import parse_amount
from connectors.operations import EndPromotion, FixListing, SetPrice, SetStock
from connectors.shops.marketplaces.shopify import mutations
from connectors.shops.marketplaces.shopify.acts.orders import exact, one
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

STALE = "CHANGE_FROM_QUANTITY_STALE"
# What of a product's own words may be corrected; the two of the search engines' snippet stand in an object of theirs.
FIELDS = frozenset({"title", "descriptionHtml", "status", "vendor", "productType", "handle"})
SEO = {"seoTitle": "title", "seoDescription": "description"}
STATUSES = frozenset({"ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"})
# By the kind of its id: the read, its root, the discount below it, the write and its root.
DISCOUNTS = {
    "DiscountCodeNode": (
        mutations.CODE_DISCOUNT, "codeDiscountNode", "codeDiscount", mutations.END_CODE, "discountCodeDeactivate",
    ),
    "DiscountAutomaticNode": (
        mutations.AUTOMATIC_DISCOUNT, "automaticDiscountNode", "automaticDiscount", mutations.END_AUTOMATIC,
        "discountAutomaticDeactivate",
    ),
}  # fmt: skip


def _variant(client: Client, listing_ref: str) -> Row:
    return one(client, mutations.VARIANT_NOW, "productVariant", listing_ref)


def _level(variant: Row, location: str) -> tuple[str, int]:
    """(location id, units that can be bought there). Raises Refused where the choice of a place is open."""
    item = variant["inventoryItem"]
    if not item["tracked"]:
        raise Refused("Shopify does not count this listing's stock; switch tracking on first", code="untracked")
    places = {row["location"]["name"]: row for row in item["inventoryLevels"]["nodes"]}
    name = location or (next(iter(places)) if len(places) == 1 else "")
    if name not in places:
        raise Refused(f"name the location to change, one of {sorted(places)}", code="location")
    return places[name]["location"]["id"], int(places[name]["quantities"][0]["quantity"])


def set_stock(client: Client, operation: SetStock, permit: Permit, key: str) -> Receipt:
    """Against the count that was read a moment before, so that a sale in between is not undone. The key names that
    count: another count makes another write of it, which Shopify would refuse under the same key."""
    variant = _variant(client, operation.listing_ref)
    location, stands = _level(variant, operation.location)
    if stands == operation.quantity:
        return Receipt(operation.listing_ref, b"", is_replay=True)
    wanted = {
        "inventoryItemId": variant["inventoryItem"]["id"], "locationId": location, "quantity": operation.quantity,
        "changeFromQuantity": stands,
    }  # fmt: skip
    given = {
        "name": "available", "reason": "correction", "referenceDocumentUri": f"opsroom://intent/{key}",
        "quantities": [wanted],
    }  # fmt: skip
    variables = {"input": given, "key": f"{key}-{stands}"}
    try:
        _, receipt = client.mutate(mutations.SET_STOCK, variables, permit, "inventorySetQuantities")
    except Refused as error:
        if error.code == STALE:
            raise Retry("stock moved between the read and the write; nothing was changed", code=STALE) from error
        raise
    return replace(receipt, reference=operation.listing_ref)


def see_stock(client: Client, operation: SetStock, key: str, since: datetime | None) -> Sighting:
    """A sale since then lowers the count, so that another one is no proof that nothing was done."""
    _, stands = _level(_variant(client, operation.listing_ref), operation.location)
    sight = Sight.SEEN if stands == operation.quantity else Sight.ABSENT
    return Sighting(sight, operation.listing_ref, f"{stands} units can be bought now")


def set_price(client: Client, operation: SetPrice, permit: Permit, key: str) -> Receipt:
    currency = client.account.currency
    if operation.price.currency != currency:
        raise Refused(f"this store's prices are in {currency}, not in {operation.price.currency}", code="currency")
    variant = _variant(client, operation.listing_ref)
    wanted = {"id": operation.listing_ref, "price": exact(operation.price)}
    variables = {"product": variant["product"]["id"], "variants": [wanted]}
    _, receipt = client.mutate(mutations.SET_PRICE, variables, permit, "productVariantsBulkUpdate")
    return replace(receipt, reference=operation.listing_ref)


def see_price(client: Client, operation: SetPrice, key: str, since: datetime | None) -> Sighting:
    stands = parse_amount(_variant(client, operation.listing_ref)["price"])
    sight = Sight.SEEN if stands == operation.price.amount else Sight.ABSENT
    return Sighting(sight, operation.listing_ref, f"the price is {stands}")


def fix_listing(client: Client, operation: FixListing, permit: Permit, key: str) -> Receipt:
    """The words belong to the product, which all of its variants share."""
    fields = dict(operation.fields)
    strange = sorted(fields.keys() - FIELDS - SEO.keys())
    if strange or not fields:
        raise CannotDo(f"Shopify takes {sorted(FIELDS | SEO.keys())} of a listing here, not {strange or 'nothing'}")
    if fields.get("status", "ACTIVE") not in STATUSES:
        raise Refused(f"a product is one of {sorted(STATUSES)}, not {fields['status']!r}", code="status")
    product = _variant(client, operation.listing_ref)["product"]
    given: Row = {"id": product["id"], **{name: text for name, text in fields.items() if name in FIELDS}}
    snippet = {SEO[name]: text for name, text in fields.items() if name in SEO}
    if snippet:  # both halves are sent: what is left out of the object may be taken as emptied
        given["seo"] = {"title": None, "description": None, **(product.get("seo") or {}), **snippet}
    _, receipt = client.mutate(mutations.FIX_LISTING, {"product": given}, permit, "productUpdate")
    return replace(receipt, reference=operation.listing_ref)


def see_listing(client: Client, operation: FixListing, key: str, since: datetime | None) -> Sighting:
    product = _variant(client, operation.listing_ref)["product"]
    other = sorted(name for name, text in operation.fields if _told(product, name) != text.strip())
    if other:
        return Sighting(Sight.ABSENT, operation.listing_ref, f"these fields read otherwise: {', '.join(other)}")
    return Sighting(Sight.SEEN, operation.listing_ref, "every field reads as it was written")


def _told(product: Mapping[str, Any], name: str) -> str:
    value = (product.get("seo") or {}).get(SEO[name]) if name in SEO else product.get(name)
    return str(value or "").strip()


def _discount(promotion_ref: str) -> tuple[str, str, str, str, str]:
    kind = promotion_ref.removeprefix("gid://shopify/").partition("/")[0]
    if kind not in DISCOUNTS:
        raise Refused(f"{promotion_ref!r} is no code or automatic discount of Shopify", code="promotion_ref")
    return DISCOUNTS[kind]


def end_promotion(client: Client, operation: EndPromotion, permit: Permit, key: str) -> Receipt:
    *_, document, root = _discount(operation.promotion_ref)
    _, receipt = client.mutate(document, {"id": operation.promotion_ref}, permit, root)
    return replace(receipt, reference=operation.promotion_ref)


def see_end(client: Client, operation: EndPromotion, key: str, since: datetime | None) -> Sighting:
    document, root, inner, *_ = _discount(operation.promotion_ref)
    status = one(client, document, root, operation.promotion_ref)[inner]["status"]
    sight = Sight.SEEN if status == "EXPIRED" else Sight.ABSENT
    return Sighting(sight, operation.promotion_ref, f"the discount stands as {status}")
