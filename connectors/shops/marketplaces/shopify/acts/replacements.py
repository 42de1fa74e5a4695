"""Sending goods again without charge, and exchanging them."""

from dataclasses import replace
from datetime import datetime

from connectors.base import CannotDo, Permit, Refused, Retry, Unknown
from connectors.money import parse_amount
from connectors.operations import Exchange, Reship
from connectors.shops.marketplaces.shopify import mutations
from connectors.shops.marketplaces.shopify.acts.orders import one
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

LONGEST_TAG = 40
ADDRESS_NAMES = ("firstName", "lastName", "address1", "address2", "city", "zip", "phone", "provinceCode")


def reship(client: Client, operation: Reship, permit: Permit, key: str) -> Receipt:
    """A draft for nothing, completed to an order. The draft carries our key, so a lost answer leaves no second one."""
    draft = _draft_of(client, key)
    if draft is not None and draft.get("order"):
        return Receipt(draft["order"]["id"], b"", is_replay=True)
    ref = draft["id"] if draft is not None else _drafted(client, operation, permit, key)
    payload, receipt = client.mutate(mutations.DRAFT_COMPLETE, {"id": ref}, permit, "draftOrderComplete")
    made = (payload.get("draftOrder") or {}).get("order") or {}
    return replace(receipt, reference=str(made.get("id") or ref))


def tag_of(key: str) -> str:
    return f"ops-{key}"[:LONGEST_TAG]


def _draft_of(client: Client, key: str) -> Row | None:
    """Our draft, where a search finds it; a fresh one may be missing from the index for a while."""
    rows = client.query(mutations.DRAFTS, {"query": f"tag:'{tag_of(key)}'"})["draftOrders"]["nodes"]
    mine = [row for row in rows if tag_of(key) in row["tags"]]
    return next((row for row in mine if row.get("order")), mine[0] if mine else None)


def _drafted(client: Client, operation: Reship, permit: Permit, key: str) -> str:
    """A new draft's id. Nobody outside sees a draft, so a lost answer only leaves one behind."""
    order = one(client, mutations.RESHIPPED, "order", operation.order_ref)
    given = _replacement(order, operation, key)
    try:
        payload, _ = client.mutate(mutations.DRAFT_CREATE, {"input": given}, permit, "draftOrderCreate")
        made: Row = payload["draftOrder"]
        total = parse_amount(made["totalPriceSet"]["shopMoney"]["amount"])
    except (Unknown, KeyError, TypeError) as error:
        raise Retry(f"the replacement could not be drafted, so none was made: {error}") from error
    if total:
        raise Refused(f"the replacement would cost the buyer {total}; make it by hand", code="not_free")
    return str(made["id"])


def _replacement(order: Row, operation: Reship, key: str) -> Row:
    held = {row["id"]: row for row in order["lineItems"]["nodes"]}
    lines: list[Row] = []
    for ref, units in operation.lines:
        variant = (held.get(ref) or {}).get("variant") or {}
        if not variant:
            raise CannotDo(f"line {ref} is of no listing that stands today; make the replacement by hand")
        lines.append({"variantId": variant["id"], "quantity": units})
    free = {"value": 100.0, "valueType": "PERCENTAGE", "title": "Replacement"}
    given: Row = {
        "lineItems": lines, "appliedDiscount": free, "tags": [tag_of(key), "replacement"],
        "note": f"{operation.note or 'Replacement'} for {order['name']}"[:500], "email": order.get("email"),
        "acceptAutomaticDiscounts": False,
    }  # fmt: skip
    if order.get("customer"):
        given["customerId"] = order["customer"]["id"]
    if order.get("shippingAddress"):
        address = order["shippingAddress"]
        given["shippingAddress"] = {name: address[name] for name in ADDRESS_NAMES if address.get(name)}
        given["shippingAddress"]["countryCode"] = address["countryCodeV2"]
    return given


def see_reship(client: Client, operation: Reship, key: str, since: datetime | None) -> Sighting:
    draft = _draft_of(client, key)
    if draft is None:
        return Sighting(Sight.ABSENT, "", "no draft order carries our key")
    if not draft.get("order"):
        return Sighting(Sight.ABSENT, draft["id"], "our draft stands, but no order was made of it")
    return Sighting(Sight.SEEN, draft["order"]["id"], f"order {draft['order']['name']} was made of our draft")


def exchange(client: Client, operation: Exchange, permit: Permit, key: str) -> Receipt:
    """An open return with the goods that go out for it; the difference in price is settled when it is processed."""
    earlier = see_exchange(client, operation, key, None)
    if earlier.sight is Sight.SEEN:
        return Receipt(earlier.reference, b"", is_replay=True)
    taken = _returnable(client, operation)
    note = f"Exchange [{key}]"
    given = {
        "orderId": operation.order_ref,
        "returnLineItems": [
            {"fulfillmentLineItemId": ref, "quantity": units, "returnReason": "OTHER", "returnReasonNote": note}
            for ref, units in taken
        ],
        "exchangeLineItems": [{"variantId": ref, "quantity": units} for ref, units in operation.given],
        "notifyCustomer": True,
    }
    payload, receipt = client.mutate(mutations.RETURN_CREATE, {"input": given}, permit, "returnCreate")
    return replace(receipt, reference=str((payload.get("return") or {}).get("id") or operation.order_ref))


def _returnable(client: Client, operation: Exchange) -> list[tuple[str, int]]:
    """(fulfilled line, units) that come back, over the order's parcels. Raises Refused where fewer can."""
    parcels = client.query(mutations.RETURNABLE, {"id": operation.order_ref})["returnableFulfillments"]["nodes"]
    rows = [row for parcel in parcels for row in parcel["returnableFulfillmentLineItems"]["nodes"]]
    found: list[tuple[str, int]] = []
    for line_ref, units in operation.taken:
        left = units
        for row in rows:
            if row["fulfillmentLineItem"]["lineItem"]["id"] == line_ref and left:
                part = min(left, int(row["quantity"]))
                left -= part
                found.append((row["fulfillmentLineItem"]["id"], part))
        if left:
            raise Refused(f"only {units - left} of {units} units of line {line_ref} can come back", code="quantity")
    return found


def see_exchange(client: Client, operation: Exchange, key: str, since: datetime | None) -> Sighting:
    rows = one(client, mutations.EXCHANGES, "order", operation.order_ref)["returns"]["nodes"]
    for row in rows:
        if any(f"[{key}]" in (line["returnReasonNote"] or "") for line in row["returnLineItems"]["nodes"]):
            return Sighting(Sight.SEEN, row["id"], f"return {row['name']} with our key stands as {row['status']}")
    return Sighting(Sight.ABSENT, operation.order_ref, f"none of the order's {len(rows)} returns carries our key")
