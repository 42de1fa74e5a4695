"""Every Zoho call that the twin answers."""

from datetime import datetime, time
from html import unescape
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.zoho import shapes
from connectors.twin.wire.zoho.api import Call, Zoho, ZohoError, page
from connectors.twin.wire.zoho.shapes import Shape
from connectors.twin.world.supply import ORDER_IDS, Credit, Ordered, Purchase

Params = dict[str, str]
RECENT_BUYERS = 200


def missing() -> ZohoError:
    return ZohoError(1002, "Resource does not exist.", 404)


def by_creation(rows: list[Any], params: Params) -> list[Any]:
    """Newest first, as Zoho lists where nobody asks otherwise."""
    return rows if params.get("sort_order") == "A" else rows[::-1]


# -- items, contacts --------------------------------------------------------------------------------------------------


def list_organisations(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    return {"organizations": [shapes.organisation()]}


def list_items(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    rows = [good for good in api.market.goods if params.get("sku", good.sku) == good.sku]
    return page("items", by_creation(rows, params), lambda good: shapes.item(api.market, good), params)


def item_details(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    goods = [_pick(api.market.goods, one, shapes.ITEM) for one in params.get("item_ids", "").split(",") if one]
    return {"items": [shapes.detailed_item(api.market, good) for good in goods]}


def get_item(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    return {"item": shapes.detailed_item(api.market, _pick(api.market.goods, id, shapes.ITEM))}


def _pick(rows: list[Any], id: str, base: int) -> Any:
    number = shapes.number_of(id, base)
    if number is None or number >= len(rows):
        raise missing()
    return rows[number]


def list_contacts(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    market, kind = api.market, params.get("contact_type", "")
    rows: list[Shape] = []
    if kind in ("", "vendor"):
        rows += [shapes.vendor(market, supplier) for supplier in market.suppliers]
    if kind in ("", "customer"):
        recent = market.books["shopify"].orders[-RECENT_BUYERS:]
        rows += [shapes.customer(market, buyer) for buyer in sorted({order.buyer for order in recent})]
    email = params.get("email", "")
    rows = [row for row in rows if email in ("", row["email"])]
    return page("contacts", by_creation(rows, params), lambda row: row, params)


def get_contact(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    buyer = shapes.number_of(id, shapes.CUSTOMER)
    if buyer is not None:
        return {"contact": shapes.customer(api.market, buyer)}
    supplier = _pick(api.market.suppliers, id, shapes.VENDOR)
    return {"contact": shapes.detailed_vendor(api.market, supplier)}


# -- purchase orders ----------------------------------------------------------------------------------------------


def list_orders(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    rows = [
        order
        for order in api.market.supply.purchases
        if params.get("reference_number", order.reference) == order.reference
        and params.get("purchaseorder_number", order.number) == order.number
    ]
    return page("purchaseorders", by_creation(rows, params), lambda row: shapes.order_row(api.market, row), params)


def get_order(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    return {"purchaseorder": shapes.order(api.market, _order(api, id))}


def _order(api: Zoho, id: str) -> Purchase:
    found: Purchase = _pick(api.market.supply.purchases, id, ORDER_IDS)
    return found


def create_order(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    """With automatic numbers on, a number in the body is refused; without, it must be there and be new."""
    own = params.get("ignore_auto_number_generation") == "true"
    number = str(body.get("purchaseorder_number") or "")
    if own != bool(number):
        raise ZohoError(4097, "Enter a purchase order number." if own else "The number is generated automatically.")
    supplier = _pick(api.market.suppliers, str(body.get("vendor_id") or ""), shapes.VENDOR)
    lines = [_line(api, row) for row in body.get("line_items") or ()]
    made = deeds.order_goods(
        api.market, supplier.index, lines, number=number or f"PO-{len(api.market.supply.purchases) + 9000:05d}",
        reference=str(body.get("reference_number") or ""), due_at=_noon(body.get("delivery_date")),
        note=str(body.get("notes") or ""),
    )  # fmt: skip
    return {"purchaseorder": shapes.order(api.market, made), "_made": True}


def _line(api: Zoho, row: Shape) -> Ordered:
    """Without a rate the item's own is taken, however old."""
    good = _pick(api.market.goods, str(row.get("item_id") or ""), shapes.ITEM)
    rate = row.get("rate", row.get("purchase_rate"))
    cost = good.cost_usd if rate is None else round(float(rate) * 100)
    return Ordered(good.index, int(row.get("quantity") or 0), cost)


def _noon(text: Any) -> int:
    if not text:
        return 0
    try:
        return int(datetime.combine(datetime.fromisoformat(str(text)).date(), time(12), shapes.ZONE).timestamp())
    except ValueError as error:
        raise ZohoError(2, "Invalid value passed for delivery_date.") from error


def issue_order(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    deeds.issue_order(api.market, _order(api, id))
    return {"message": "The purchase order has been marked as issued."}


def cancel_order(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    deeds.cancel_order(api.market, _order(api, id))
    return {"message": "The purchase order has been marked as cancelled."}


def email_order(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    to = body.get("to_mail_ids")
    if not isinstance(to, list) or not to or not body.get("body"):
        raise ZohoError(4, "Enter the recipients and the body of the mail.")
    text = unescape(str(body["body"]).replace("<br>", "\n"))
    deeds.mail_order(api.market, _order(api, id), str(to[0]), str(body.get("subject") or ""), text)
    return {"message": "Your purchase order has been sent."}


# -- credit notes ---------------------------------------------------------------------------------------------------


def list_notes(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    rows = [
        note for note in api.market.supply.credits if params.get("reference_number", note.reference) == note.reference
    ]
    return page("creditnotes", by_creation(rows, params), lambda row: shapes.note(api.market, row), params)


def create_note(api: Zoho, params: Params, body: Shape, id: str) -> Shape:
    buyer = shapes.number_of(str(body.get("customer_id") or ""), shapes.CUSTOMER)
    if buyer is None:
        raise missing()
    cents = sum(round(float(row["rate"]) * 100) * int(row["quantity"]) for row in body.get("line_items") or ())
    made: Credit = deeds.give_credit(
        api.market, buyer, cents, str(body.get("reference_number") or ""), str(body.get("notes") or "")
    )
    return {"creditnote": shapes.note(api.market, made), "_made": True}


_INVENTORY, _BOOKS = "/inventory/v1", "/books/v3"
_ORDERS = "ZohoInventory.purchaseorders"
ROUTES: dict[tuple[str, str], tuple[Call, str]] = {
    ("GET", f"{_INVENTORY}/organizations"): (list_organisations, "ZohoInventory.settings"),
    ("GET", f"{_INVENTORY}/items"): (list_items, "ZohoInventory.items"),
    ("GET", f"{_INVENTORY}/items/*"): (get_item, "ZohoInventory.items"),
    ("GET", f"{_INVENTORY}/itemdetails"): (item_details, "ZohoInventory.items"),
    ("GET", f"{_INVENTORY}/contacts"): (list_contacts, "ZohoInventory.contacts"),
    ("GET", f"{_INVENTORY}/contacts/*"): (get_contact, "ZohoInventory.contacts"),
    ("GET", f"{_INVENTORY}/purchaseorders"): (list_orders, _ORDERS),
    ("GET", f"{_INVENTORY}/purchaseorders/*"): (get_order, _ORDERS),
    ("POST", f"{_INVENTORY}/purchaseorders"): (create_order, _ORDERS),
    ("POST", f"{_INVENTORY}/purchaseorders/*/status/issued"): (issue_order, _ORDERS),
    ("POST", f"{_INVENTORY}/purchaseorders/*/status/cancelled"): (cancel_order, _ORDERS),
    ("POST", f"{_BOOKS}/purchaseorders/*/email"): (email_order, "ZohoBooks.purchaseorders"),
    ("GET", f"{_INVENTORY}/creditnotes"): (list_notes, "ZohoInventory.creditnotes"),
    ("POST", f"{_INVENTORY}/creditnotes"): (create_note, "ZohoInventory.creditnotes"),
}
