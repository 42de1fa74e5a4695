"""Listings and stock: the search, one item, and patches that are judged at once and take effect half a minute later."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.finance import paged
from connectors.twin.wire.amazon.orders import FIRST_ASIN
from connectors.twin.wire.amazon.words import MARKETPLACE, SELLER, invalid, iso, missing, money
from connectors.twin.world.channels import DAY
from connectors.twin.world.goods import Good

APPLIES = 20
LEAD_DAYS = 2
MOST_FOUND = 1000  # a search shows no more than these
DATA = ("summaries", "attributes", "issues", "offers", "fulfillmentAvailability")
AVAILABILITY, OFFER = "/attributes/fulfillment_availability", "/attributes/purchasable_offer"
TEXTS = {"item_name": 200, "brand": 100, "product_description": 2000, "generic_keyword": 500}
Row = dict[str, Any]


def search(api: Amazon, call: Call) -> Row:
    mine(api, call)
    shown, after = included(call), call.at("createdAfter") or 0
    skus = set(call.listed("identifiers"))
    if call.query.get("sortBy", "lastUpdatedDate") not in ("sku", "createdDate", "lastUpdatedDate"):
        raise invalid("sortBy is not known.")
    found = [good for good in api.market.goods if created(api, good) >= after and (not skus or good.sku in skus)]
    found.sort(key=lambda good: created(api, good), reverse=call.query.get("sortOrder") == "DESC")
    size = call.size("pageSize", 10, 20)
    body = paged(api, call, [item(api, good, shown) for good in found[:MOST_FOUND]], "items", "pageToken", size)
    token = body.pop("nextToken", "")
    return {"numberOfResults": len(found), **body, "pagination": {"nextToken": token} if token else {}}


def one(api: Amazon, call: Call) -> Row:
    mine(api, call)
    return item(api, good_of(api, call.names[1]), included(call) or frozenset({"summaries"}))


def mine(api: Amazon, call: Call) -> None:
    if call.names[0] != SELLER:
        raise invalid("The seller is not the one that gave the permission.")
    api.in_marketplace(call, is_needed=True)


def included(call: Call) -> frozenset[str]:
    shown = frozenset(call.listed("includedData"))
    if not shown <= {*DATA, "procurement", "relationships", "productTypes"}:
        raise invalid("includedData holds an unknown dataset.")
    return shown


def good_of(api: Amazon, sku: str) -> Good:
    found = next((good for good in api.market.goods if good.sku == sku), None)
    if found is None:
        raise missing(f"SKU '{sku}'")
    return found


def created(api: Amazon, good: Good) -> int:
    return int(api.market.began - 400 * DAY + good.index * int(timedelta(hours=3).total_seconds()))


def product_type(good: Good) -> str:
    return good.category.upper().replace(" ", "_")


def text(good: Good, name: str) -> str:
    usual = {"item_name": good.title, "brand": "Lumen & Loft"}
    return good.texts.get(("amazon", name), usual.get(name, ""))


def for_sale(good: Good) -> int:
    return max(0, good.on_hand - good.reserved)


def item(api: Amazon, good: Good, shown: frozenset[str]) -> Row:
    row: Row = {"sku": good.sku}
    if "summaries" in shown:
        row["summaries"] = [
            {"marketplaceId": MARKETPLACE, "asin": f"B0{FIRST_ASIN + good.index}", "productType": product_type(good),
             "conditionType": "new_new", "status": ["BUYABLE", "DISCOVERABLE"] if for_sale(good) else ["DISCOVERABLE"],
             "itemName": text(good, "item_name"), "createdDate": iso(created(api, good)),
             "lastUpdatedDate": iso(good.updated or created(api, good))}
        ]  # fmt: skip
    if "attributes" in shown:
        row["attributes"] = attributes(api, good)
    if "issues" in shown:
        row["issues"] = []
    if "offers" in shown:
        row["offers"] = [{"marketplaceId": MARKETPLACE, "offerType": "B2C", "price": price_of(good)}]
    if "fulfillmentAvailability" in shown:
        row["fulfillmentAvailability"] = [{"fulfillmentChannelCode": "DEFAULT", "quantity": for_sale(good)}]
    return row


def price_of(good: Good) -> Row:
    told = money(good.price("amazon"))
    return {"currencyCode": told["currencyCode"], "amount": told["amount"]}


def attributes(api: Amazon, good: Good) -> Row:
    own: Row = {"fulfillment_channel_code": "DEFAULT", "quantity": for_sale(good), "marketplace_id": MARKETPLACE}
    lead = api.lead_days.get(good.sku, LEAD_DAYS)
    if lead:
        own["lead_time_to_ship_max_days"] = lead
    found: Row = {
        "fulfillment_availability": [own],
        "purchasable_offer": [
            {"marketplace_id": MARKETPLACE, "currency": "USD", "audience": "ALL",
             "our_price": [{"schedule": [{"value_with_tax": good.price("amazon") / 100}]}]}
        ],
    }  # fmt: skip
    for name in TEXTS:
        if text(good, name):
            found[name] = [{"value": text(good, name), "language_tag": "en_US", "marketplace_id": MARKETPLACE}]
    return found


def patch(api: Amazon, call: Call) -> Row:
    """Judged whole: one patch that does not hold refuses all. `VALIDATION_PREVIEW` only judges."""
    mine(api, call)
    good = good_of(api, call.names[1])
    patches, mode = call.body.get("patches"), call.query.get("mode", "")
    if not isinstance(patches, list) or not patches or mode not in ("", "VALIDATION_PREVIEW"):
        raise invalid("patches is missing, or the mode is not known.")
    issues = [] if call.text("productType") == product_type(good) else [
        issue("4000001", "The product type is not the one that this listing has.", "product_type")
    ]  # fmt: skip
    wishes: list[tuple[str, Any]] = []
    for row in patches:
        try:
            wishes.append(judged(row))
        except ValueError as error:
            issues.append(issue("90220", str(error), str(row.get("path", "")).rpartition("/")[2]))
    state = "INVALID" if issues else "VALID" if mode else "ACCEPTED"
    number = f"{next(api.serial):032x}"
    if state == "ACCEPTED":
        api.market.at(api.market.now + APPLIES, lambda _: apply(api, good, wishes, number))
    return {"sku": good.sku, "status": state, "submissionId": number, "issues": issues}


def issue(code: str, words: str, name: str) -> Row:
    return {"code": code, "message": words, "severity": "ERROR", "attributeNames": [name],
            "categories": ["INVALID_ATTRIBUTE"]}  # fmt: skip


def judged(row: Any) -> tuple[str, Any]:
    """(path, what it sets). Raises ValueError in the words of an issue."""
    path, value = str(row.get("path", "")), row.get("value")
    if row.get("op") not in ("add", "replace", "merge") or not isinstance(value, list) or not value:
        raise ValueError("The patch has no operation and value that can be applied.")
    first, name = value[0], path.rpartition("/")[2]
    if path == AVAILABILITY:
        quantity = first.get("quantity")
        is_whole = isinstance(quantity, int) and not isinstance(quantity, bool) and quantity >= 0
        if first.get("fulfillment_channel_code") != "DEFAULT" or not is_whole:
            raise ValueError("'quantity' must be a whole number that is not negative, for the channel DEFAULT.")
        return path, (quantity, int(first.get("lead_time_to_ship_max_days") or 0))
    if path == OFFER:
        amount = first["our_price"][0]["schedule"][0].get("value_with_tax") if first.get("our_price") else None
        if not isinstance(amount, int | float) or amount <= 0 or first.get("currency") != "USD":
            raise ValueError("'our_price' must be above zero, in the currency of the marketplace.")
        return path, round(Decimal(str(amount)) * 100)
    words = first.get("value")
    if name not in TEXTS or path != f"/attributes/{name}":
        raise ValueError(f"'{name}' is not an attribute of this product type.")
    if not isinstance(words, str) or not 0 < len(words) <= TEXTS[name]:
        raise ValueError(f"'{name}' takes 1 to {TEXTS[name]} characters.")
    return name, words


def apply(api: Amazon, good: Good, wishes: list[tuple[str, Any]], number: str) -> None:
    texts: dict[str, str] = {}
    for path, value in wishes:
        if path == AVAILABILITY:
            # What Amazon calls its quantity can still be sold: the units of open orders stand in the warehouse besides.
            api.lead_days[good.sku] = value[1]
            deeds.set_stock(api.market, good.index, value[0] + good.reserved, "amazon", number)
        elif path == OFFER:
            deeds.set_price(api.market, good.index, int(value), "amazon", number)
        else:
            texts[path] = value
    if texts:
        deeds.fix_listing(api.market, good.index, texts, "amazon", number)


def fba_summaries(api: Amazon, call: Call) -> Row:
    """This seller keeps nothing in Amazon's warehouses."""
    if call.must("granularityType") != "Marketplace" or call.must("granularityId") != MARKETPLACE:
        raise invalid("The granularity must be this marketplace.")
    api.in_marketplace(call, is_needed=True)
    return {
        "payload": {
            "granularity": {"granularityType": "Marketplace", "granularityId": MARKETPLACE}, "inventorySummaries": [],
        },
        "pagination": {},
    }  # fmt: skip
