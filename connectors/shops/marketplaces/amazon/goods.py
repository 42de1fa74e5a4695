"""Writes on listings: stock, price and single attributes, each tried as a dry run first. Amazon applies them minutes
later, and an answer of HTTP 200 may still say INVALID."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import CannotDo, Permit, Refused, Retry, Unknown
from connectors.operations import FixListing, SetPrice, SetStock
from connectors.shops.listings import named_by
from connectors.shops.marketplaces.amazon import parse, reads
from connectors.shops.marketplaces.amazon.client import Client, segment
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

OWN = "DEFAULT"  # the seller's own fulfilment
AVAILABILITY, OFFER = "fulfillment_availability", "purchasable_offer"
EVERYONE = "ALL"
ATTRIBUTES = {"title": "item_name", "description": "product_description"}
Listed = SetStock | SetPrice | FixListing


@dataclass(frozen=True, slots=True)
class Patch:
    product_type: str
    values: dict[str, list[Row]]  # attribute → its whole new value

    def body(self) -> Row:
        patches = [
            {"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in self.values.items()
        ]
        return {"productType": self.product_type, "patches": patches}


def product_type(item: Row, client: Client) -> str:
    for row in item.get("summaries") or ():
        if row["marketplaceId"] == client.marketplace and row.get("productType"):
            return str(row["productType"])
    raise Refused(f"the listing {item.get('sku')} names no product type in this marketplace", code="product_type")


def stock(client: Client, item: Row, operation: SetStock) -> dict[str, list[Row]]:
    """The whole attribute is replaced, so what it holds besides the quantity (the lead time) is sent along."""
    if operation.quantity < 0:
        raise Refused("stock cannot be negative", code="quantity")
    channel = operation.location or OWN
    held = list((item.get("attributes") or {}).get(AVAILABILITY) or ())
    offered = [row.get("fulfillment_channel_code") for row in held]
    if channel == parse.AMAZON or (offered and channel not in offered):
        raise CannotDo(f"{operation.sku} is stocked by Amazon ({offered}); Amazon counts that stock itself")
    own: Row = next((row for row in held if row.get("fulfillment_channel_code") == channel), {})
    fresh = {**own, "fulfillment_channel_code": channel, "quantity": operation.quantity}
    return {AVAILABILITY: [*(row for row in held if row is not own), fresh]}


def price(client: Client, item: Row, operation: SetPrice) -> dict[str, list[Row]]:
    if operation.price.currency != client.currency:
        raise Refused(f"this marketplace sells in {client.currency}, not {operation.price.currency}", code="currency")
    held = list((item.get("attributes") or {}).get(OFFER) or ())
    own: Row = next((row for row in held if row.get("audience", EVERYONE) == EVERYONE), {})
    fresh = {
        **own,
        "marketplace_id": client.marketplace,
        "currency": operation.price.currency,
        "our_price": [{"schedule": [{"value_with_tax": float(operation.price.amount)}]}],
    }
    return {OFFER: [*(row for row in held if row is not own), fresh]}


def texts(client: Client, item: Row, operation: FixListing) -> dict[str, list[Row]]:
    """Plain attributes: one value with its language. What such an attribute holds besides is kept."""
    held = item.get("attributes") or {}
    found: dict[str, list[Row]] = {}
    for name, text in named_by(ATTRIBUTES, operation):
        if name in (AVAILABILITY, OFFER):
            raise Refused(f"{name} is changed by setting the stock or the price", code="attribute")
        own: Any = held.get(name) or [{"marketplace_id": client.marketplace}]
        if len(own) != 1 or not isinstance(own[0], dict) or not isinstance(own[0].get("value", ""), str):
            raise CannotDo(f"{name} of {operation.sku} is no single text; correct it by hand in Seller Central")
        found[name] = [{**own[0], "value": text}]
    return found


WAYS: dict[type[Listed], Callable[[Client, Row, Any], dict[str, list[Row]]]] = {
    SetStock: stock,
    SetPrice: price,
    FixListing: texts,
}


def change(client: Client, operation: Listed, permit: Permit) -> Receipt:
    sku = operation.sku or operation.listing_ref
    item = reads.listing_row(client, sku)
    body = Patch(product_type(item, client), WAYS[type(operation)](client, item, operation)).body()
    path = f"{reads.LISTINGS}/{segment(client.seller)}/{segment(sku)}"
    where = {"marketplaceIds": client.marketplace, "includedData": "issues"}
    tried = client.query(
        "PATCH", path, "previewListingsItem", body, purpose="query", mode="VALIDATION_PREVIEW", **where
    )
    if (status := _judged(tried, sku)) != "VALID":
        raise Retry(f"Amazon answered {status!r} to a dry run of {sku}; nothing was sent", code="drift")
    answer = client.write("PATCH", path, "patchListingsItem", body, permit, **where)
    said: Any = answer.json()
    if (status := _judged(said, sku)) != "ACCEPTED":
        raise Unknown(f"Amazon answered {status!r} to a change of {sku}; whether it took effect is not known")
    return Receipt(
        str(said.get("submissionId") or sku), answer.body, answer.headers.get("x-amzn-requestid", ""), is_final=False
    )


def _judged(said: Any, sku: str) -> object:
    """Amazon's word for the change. Raises Refused with its issues where that is INVALID."""
    status = said.get("status") if isinstance(said, dict) else said
    if status != "INVALID":
        return status
    issues = [f"{row.get('code')}: {row.get('message')}" for row in said.get("issues") or () if isinstance(row, dict)]
    raise Refused(f"Amazon refuses the change of {sku}: {'; '.join(issues) or 'no reason given'}", code="INVALID")


def see(client: Client, operation: Listed, key: str, since: datetime) -> Sighting:
    sku = operation.sku or operation.listing_ref
    item = reads.listing_row(client, sku)
    if isinstance(operation, SetStock):
        channel = operation.location or OWN
        held = [row.get("quantity") for row in item.get("fulfillmentAvailability") or ()
                if row.get("fulfillmentChannelCode") == channel]  # fmt: skip
        return _sighting(sku, held == [operation.quantity], f"its stock stands at {held}")
    if isinstance(operation, SetPrice):
        found = parse.price(item, client.marketplace, client.currency)
        return _sighting(sku, found == (operation.price.amount, operation.price.currency), f"its price is {found}")
    attributes: Row = item.get("attributes") or {}
    shown = {
        name: [row.get("value") for row in attributes.get(name) or ()] for name, _ in named_by(ATTRIBUTES, operation)
    }
    is_there = all(shown[name] == [text] for name, text in named_by(ATTRIBUTES, operation))
    return _sighting(sku, is_there, f"its attributes read {shown}")


def _sighting(sku: str, is_there: bool, detail: str) -> Sighting:
    return Sighting(Sight.SEEN if is_there else Sight.ABSENT, sku, detail)
