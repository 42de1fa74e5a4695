"""Stock, price and words of one listing, the end of a promotion, and the shop's holiday."""

from typing import Any

from connectors.base import CannotDo, Permit, Refused, Unknown
from connectors.money import parse_amount
from connectors.operations import EndPromotion, FixListing, SetHoliday, SetPrice, SetStock
from connectors.shops.listings import named_by
from connectors.shops.marketplaces.shopee import reads
from connectors.shops.marketplaces.shopee.acts.orders import receipt_of
from connectors.shops.marketplaces.shopee.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

WORDS = frozenset({"item_name", "description", "item_sku"})
NAMES = {"title": "item_name"}  # what Shopee calls otherwise than we do
STATUS = "item_status"
UNLISTED = {"NORMAL": False, "UNLIST": True}
# By the kind before the colon of our reference: the write, the read, and the name of the id.
PROMOTIONS = {
    "voucher": ("/api/v2/voucher/end_voucher", "/api/v2/voucher/get_voucher", "voucher_id"),
    "discount": ("/api/v2/discount/end_discount", "/api/v2/discount/get_discount", "discount_id"),
    "bundle_deal": ("/api/v2/bundle_deal/end_bundle_deal", "/api/v2/bundle_deal/get_bundle_deal", "bundle_deal_id"),
}


def ids_of(listing_ref: str) -> tuple[int, int]:
    """(item, model); model 0 is an item without variants. Raises Refused for anything else."""
    item, _, model = listing_ref.partition(":")
    if not item.isdigit() or not (model or "0").isdigit():
        raise Refused(f"{listing_ref!r} is no item:model of Shopee", code="listing_ref")
    return int(item), int(model or 0)


def _found(client: Client, listing_ref: str) -> tuple[Row, Row]:
    """(item, model). Raises Refused where Shopee has none such."""
    item_id, model_id = ids_of(listing_ref)
    found = reads.variant_of(client, str(item_id), str(model_id))
    if found is None:
        raise Refused(f"Shopee knows no variant {listing_ref}", code="error_not_found")
    return found


def _checked(client: Client, path: str, body: Row, permit: Permit, reference: str) -> Receipt:
    """A write whose good answer may still name what it did not do. Raises Refused, or Unknown for an empty answer."""
    answer = client.write(path, body, permit)
    said: Any = answer.json()
    response = said.get("response") if isinstance(said, dict) else None
    told: Row = response if isinstance(response, dict) else {}
    failed = [str(row.get("failed_reason") or row) for row in told.get("failure_list") or ()]
    if failed:
        raise Refused(f"Shopee did not do it: {'; '.join(failed)}", code="failure_list")
    if not told.get("success_list"):
        raise Unknown("Shopee's answer names neither a success nor a failure", code="drift")
    return receipt_of(client, answer, reference)


def _reserved(model: Row) -> int:
    return int(model["stock_info_v2"]["summary_info"]["total_reserved_stock"])


def set_stock(client: Client, operation: SetStock, permit: Permit) -> Receipt:
    """Shopee's count holds what is promised to orders not yet shipped, so that much is put on top."""
    _, model = _found(client, operation.listing_ref)
    item_id, model_id = ids_of(operation.listing_ref)
    places = [str(row.get("location_id") or "") for row in model["stock_info_v2"].get("seller_stock") or ()]
    if len(places) > 1:
        raise CannotDo(
            f"this listing stands in {len(places)} places and Shopee tells what is promised for all together; "
            "set its stock in the Seller Centre"
        )
    if operation.location and operation.location not in places:
        raise Refused(f"this listing stands in {places}, not in {operation.location!r}", code="location")
    level: Row = {"stock": operation.quantity + _reserved(model)}
    if places and places[0]:
        level["location_id"] = places[0]
    body = {"item_id": item_id, "stock_list": [{"model_id": model_id, "seller_stock": [level]}]}
    return _checked(client, "/api/v2/product/update_stock", body, permit, operation.listing_ref)


def see_stock(client: Client, operation: SetStock) -> Sighting:
    """A sale since then lowers the count, so that another one is no proof that nothing was done."""
    _, model = _found(client, operation.listing_ref)
    left = int(model["stock_info_v2"]["summary_info"]["total_available_stock"])
    sight = Sight.SEEN if left == operation.quantity else Sight.ABSENT
    return Sighting(sight, operation.listing_ref, f"{left} units can be bought now")


def set_price(client: Client, operation: SetPrice, permit: Permit) -> Receipt:
    """The price before promotions; one that is running holds its own price, and Shopee then takes no other."""
    price = _price(client, operation.listing_ref)
    if operation.price.currency != price["currency"]:
        raise Refused(f"this shop sells in {price['currency']}, not in {operation.price.currency}", code="currency")
    if parse_amount(price["current_price"]) != parse_amount(price["original_price"]):
        raise CannotDo(
            f"a promotion sells this listing for {price['current_price']}; end it before the price is changed"
        )
    item_id, model_id = ids_of(operation.listing_ref)
    wanted = {"model_id": model_id, "original_price": float(operation.price.amount)}
    body = {"item_id": item_id, "price_list": [wanted]}
    return _checked(client, "/api/v2/product/update_price", body, permit, operation.listing_ref)


def _price(client: Client, listing_ref: str) -> Row:
    _, model = _found(client, listing_ref)
    price: Row = model["price_info"][0]
    return price


def see_price(client: Client, operation: SetPrice) -> Sighting:
    stands = parse_amount(_price(client, operation.listing_ref)["original_price"])
    sight = Sight.SEEN if stands == operation.price.amount else Sight.ABSENT
    return Sighting(sight, operation.listing_ref, f"the price is {stands}")


def fix_listing(client: Client, operation: FixListing, permit: Permit) -> Receipt:
    """The words belong to the item, which all of its variants share. Taking it off sale is a call of its own."""
    fields = dict(named_by(NAMES, operation))
    if fields.keys() == {STATUS}:
        return _relist(client, operation, fields[STATUS], permit)
    strange = sorted(fields.keys() - WORDS)
    if strange or not fields:
        raise CannotDo(
            f"Shopee takes {sorted(WORDS)} together, or {STATUS!r} alone, not {strange or 'nothing'}; do it by hand"
        )
    item_id, _ = ids_of(operation.listing_ref)
    answer = client.write("/api/v2/product/update_item", {"item_id": item_id, **fields}, permit)
    return receipt_of(client, answer, operation.listing_ref)


def _relist(client: Client, operation: FixListing, status: str, permit: Permit) -> Receipt:
    if status not in UNLISTED:
        raise Refused(f"an item is put to {sorted(UNLISTED)}, not to {status!r}", code=STATUS)
    item_id, _ = ids_of(operation.listing_ref)
    body = {"item_list": [{"item_id": item_id, "unlist": UNLISTED[status]}]}
    return _checked(client, "/api/v2/product/unlist_item", body, permit, operation.listing_ref)


def see_listing(client: Client, operation: FixListing) -> Sighting:
    item, _ = _found(client, operation.listing_ref)
    other = sorted(
        name for name, text in named_by(NAMES, operation) if str(item.get(name) or "").strip() != text.strip()
    )
    if other:
        return Sighting(Sight.ABSENT, operation.listing_ref, f"these fields read otherwise: {', '.join(other)}")
    return Sighting(Sight.SEEN, operation.listing_ref, "every field reads as it was written")


def _promotion(promotion_ref: str) -> tuple[str, str, str, int]:
    kind, _, number = promotion_ref.partition(":")
    if kind not in PROMOTIONS or not number.isdigit():
        raise Refused(f"{promotion_ref!r} is none of {[f'{kind}:<id>' for kind in PROMOTIONS]}", code="promotion_ref")
    return (*PROMOTIONS[kind], int(number))


def end_promotion(client: Client, operation: EndPromotion, permit: Permit) -> Receipt:
    write, _, name, number = _promotion(operation.promotion_ref)
    return receipt_of(client, client.write(write, {name: number}, permit), operation.promotion_ref)


def see_end(client: Client, operation: EndPromotion) -> Sighting:
    _, read, name, number = _promotion(operation.promotion_ref)
    query = {name: number, **({"page_no": 1, "page_size": 1} if name == "discount_id" else {})}
    end = int(client.get(read, query)["end_time"])
    is_over = end <= client.clock().timestamp()
    return Sighting(Sight.SEEN if is_over else Sight.ABSENT, operation.promotion_ref, f"it ends at {end} (Unix time)")


def set_holiday(client: Client, operation: SetHoliday, permit: Permit) -> Receipt:
    """On or off from now; Shopee takes neither an end nor a text by its interface."""
    if operation.is_away and (operation.until or operation.text):
        raise CannotDo("Shopee switches the holiday on and off only; set its end and text in the Seller Centre")
    answer = client.write("/api/v2/shop/set_shop_holiday_mode", {"holiday_mode_on": operation.is_away}, permit)
    return receipt_of(client, answer, client.account.external_id)


def see_holiday(client: Client, operation: SetHoliday) -> Sighting:
    is_on = client.get("/api/v2/shop/get_shop_holiday_mode", {}).get("holiday_mode_on")
    detail = f"the holiday is {'on' if is_on else 'off'}"
    sight = Sight.SEEN if is_on is operation.is_away else Sight.ABSENT
    return Sighting(sight, client.account.external_id, detail)
