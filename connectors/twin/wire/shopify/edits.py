"""Shopify's mutations on goods, offers, open orders and what goes out again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal, changes
from connectors.twin.market import Market
from connectors.twin.wire.shopify.reads import one, promotion
from connectors.twin.wire.shopify.shapes.lines import has_fulfillment
from connectors.twin.wire.shopify.shapes.orders import outstanding
from connectors.twin.wire.shopify.shapes.paging import Connection
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GID, gid, index_of
from connectors.twin.wire.shopify.writes import Payload, minor, user_error
from connectors.twin.world.people import person
from connectors.twin.world.trade import Order

# The market's words for a refusal in those of the mutation that says it; None where its enumeration has none.
CODES = {
    "held": "TAKEN", "not_held": "INVALID_ACCESS", "wrong_state": None, "bad_amount": "NEGATIVE_OR_ZERO_AMOUNT",
    "expired": "EXPIRES_AT_IN_PAST",
}  # fmt: skip
WORDS = ("title", "descriptionHtml", "status", "vendor", "productType", "handle")
Arguments = Mapping[str, Any]


@dataclass(slots=True)
class Draft:
    """An order that is not yet one. `discount` is a percentage off all of it."""

    index: int
    buyer: int
    lines: tuple[tuple[int, int], ...]
    discount: float
    tags: list[str]
    note: str
    origin: Order | None = None
    order: Order | None = None

    def total(self, market: Market) -> int:
        whole = sum(market.goods[good].price("shopify") * units for good, units in self.lines)
        return round(whole * (100 - self.discount) / 100)


@dataclass(slots=True)
class Session:
    """One edit of an order that is not committed: units by place, and goods put in."""

    order: Order
    units: dict[int, int] = field(default_factory=dict)
    added: list[tuple[int, int]] = field(default_factory=list)

    def lines(self) -> tuple[tuple[int, int], ...]:
        kept = [
            (good, self.units.get(place, 0 if place in self.order.pulled_lines else units))
            for place, (good, units) in enumerate(self.order.lines)
        ]
        return (*kept, *self.added)


def tried(act: Callable[[], Any], *fields: str) -> list[Payload]:
    """User errors of a deed; none where it was done."""
    try:
        act()
    except Refusal as refusal:
        return [user_error(str(refusal), list(fields) or None, CODES.get(refusal.code, "INVALID"))]
    return []


# -- goods and offers -------------------------------------------------------------------------------------------------


def variants_update(api: Any, arguments: Arguments, key: str) -> Payload:
    """All or nothing, as without `allowPartialUpdates`."""
    product = one(api, "Product", arguments["productId"])
    if product is None:
        return _variants(None, [user_error("Product does not exist", ["productId"], "PRODUCT_DOES_NOT_EXIST")])
    rows = [
        (place, row, one(api, "ProductVariant", row.get("id") or "")) for place, row in enumerate(arguments["variants"])
    ]
    for place, row, good in rows:
        where = ["variants", str(place)]
        if good is not product:
            said = user_error("Product variant does not exist", [*where, "id"], "PRODUCT_VARIANT_DOES_NOT_EXIST")
            return _variants(None, [said])
        if row.get("price") is not None and minor(row["price"]) < 0:
            said = user_error("Price must be greater than or equal to 0", [*where, "price"], "GREATER_THAN_OR_EQUAL_TO")
            return _variants(None, [said])
    for _, row, good in rows:
        if row.get("price") is not None and good is not None:
            deeds.set_price(api.market, good.index, minor(row["price"]), "shopify", row["id"])
    return _variants(product, [])


def _variants(product: Any, errors: list[Payload]) -> Payload:
    return {"product": product, "productVariants": None if errors else [product], "userErrors": errors}


def product_update(api: Any, arguments: Arguments, key: str) -> Payload:
    given = arguments.get("product") or arguments.get("input") or {}
    product = one(api, "Product", given.get("id") or "")
    if product is None:
        return {"product": None, "userErrors": [user_error("Product does not exist", ["id"])]}
    if "title" in given and not (given["title"] or "").strip():
        return {"product": None, "userErrors": [user_error("Title can't be blank", ["title"])]}
    texts = {name: str(given[name] or "") for name in WORDS if name in given}
    texts |= {f"seo.{name}": str(text or "") for name, text in (given.get("seo") or {}).items()}
    deeds.fix_listing(api.market, product.index, texts, "shopify", given["id"])
    return {"product": product, "userErrors": []}


def end_discount(kind: str, root: str) -> Callable[[Any, Arguments, str], Payload]:
    def end(api: Any, arguments: Arguments, key: str) -> Payload:
        row = promotion(api, kind, arguments["id"])
        if row is None:
            return {root: None, "userErrors": [user_error("Discount does not exist", ["id"], "INVALID")]}
        errors = tried(lambda: changes.end_promotion(api.market, row, arguments["id"]), "id")
        return {root: None if errors else {"id": arguments["id"]}, "userErrors": errors}

    return end


# -- open orders ------------------------------------------------------------------------------------------------------


def hold(api: Any, arguments: Arguments, key: str) -> Payload:
    order: Order | None = one(api, "FulfillmentOrder", arguments["id"])
    none = {"fulfillmentHold": None, "fulfillmentOrder": None}
    if order is None:
        said = user_error("Fulfillment order does not exist.", ["id"], "FULFILLMENT_ORDER_NOT_FOUND")
        return {**none, "userErrors": [said]}
    given = arguments["fulfillmentHold"]
    name = gid("Order", order.index)
    made: list[Any] = []
    errors = tried(
        lambda: made.append(
            changes.hold(
                api.market, order, given["reason"], name, given.get("reasonNotes") or "", given.get("handle") or ""
            )
        ),
        "id",
    )
    row = {"id": gid("FulfillmentHold", made[0].index)} if made else None
    return {"fulfillmentHold": row, "fulfillmentOrder": None if errors else order, "userErrors": errors}


def release(api: Any, arguments: Arguments, key: str) -> Payload:
    order: Order | None = one(api, "FulfillmentOrder", arguments["id"])
    if order is None:
        said = user_error("Fulfillment order does not exist.", ["id"], "FULFILLMENT_ORDER_NOT_FOUND")
        return {"fulfillmentOrder": None, "userErrors": [said]}
    errors = tried(lambda: changes.release(api.market, order, gid("Order", order.index)), "id")
    return {"fulfillmentOrder": None if errors else order, "userErrors": errors}


def order_update(api: Any, arguments: Arguments, key: str) -> Payload:
    given = arguments["input"]
    order: Order | None = one(api, "Order", given["id"])
    if order is None:
        return {"order": None, "userErrors": [user_error("Order does not exist", ["id"])]}
    address = given.get("shippingAddress")
    if address is not None:
        missing = [name for name in ("lastName", "address1", "city", "countryCode") if not address.get(name)]
        if missing:
            text = f"Shipping address {missing[0]} can't be blank"
            return {"order": None, "userErrors": [user_error(text, ["shippingAddress", missing[0]])]}
        before = api.market.buyer(order)
        moved = changes.moved_to(
            before, first=address.get("firstName") or "", last=address["lastName"], street=address["address1"],
            street2=address.get("address2") or "", city=address["city"], postcode=address.get("zip") or "",
            state=address.get("provinceCode") or address.get("province") or "", country=address["countryCode"],
            phone=address.get("phone") or before.phone,
        )  # fmt: skip
        changes.change_address(api.market, order, moved, given["id"])
    return {"order": order, "userErrors": []}


def edit_begin(api: Any, arguments: Arguments, key: str) -> Payload:
    order: Order | None = one(api, "Order", arguments["id"])
    if order is None or order.cancelled or has_fulfillment(order):
        text = "The order cannot be edited." if order else "The order does not exist."
        return {"calculatedOrder": None, "userErrors": [user_error(text, ["id"])]}
    id = f"{GID}CalculatedOrder/{len(api.sessions) + 1}"
    session = api.sessions[id] = Session(order)
    return {"calculatedOrder": _calculated(id, session), "userErrors": []}


def _calculated(id: str, session: Session) -> Payload:
    rows = [_calculated_line(session, place) for place in range(len(session.lines()))]
    return {"id": id, "lineItems": Connection(rows)}


def _calculated_line(session: Session, place: int) -> Payload:
    number, (_, units) = FIRST["LineItem"] + session.order.index * 10 + place, session.lines()[place]
    return {"id": f"{GID}CalculatedLineItem/{number}", "quantity": units, "editableQuantity": units}


def _session(api: Any, id: str) -> tuple[Session | None, list[Payload]]:
    found: Session | None = api.sessions.get(id)
    return found, [] if found else [user_error("The calculated order does not exist.", ["id"])]


def edit_quantity(api: Any, arguments: Arguments, key: str) -> Payload:
    session, errors = _session(api, arguments["id"])
    number = int(arguments["lineItemId"].rpartition("/")[2] or 0) - FIRST["LineItem"]
    place = number - session.order.index * 10 if session else -1
    if session and not 0 <= place < len(session.order.lines):
        errors = [user_error("The line item does not exist.", ["lineItemId"])]
    elif session and arguments["quantity"] < 0:
        errors = [user_error("Quantity must be greater than or equal to 0", ["quantity"])]
    if session is None or errors:
        return {"calculatedLineItem": None, "userErrors": errors}
    session.units[place] = arguments["quantity"]
    return {"calculatedLineItem": _calculated_line(session, place), "userErrors": []}


def edit_add(api: Any, arguments: Arguments, key: str) -> Payload:
    session, errors = _session(api, arguments["id"])
    good = one(api, "ProductVariant", arguments["variantId"])
    if session and good is None:
        errors = [user_error("The variant does not exist.", ["variantId"])]
    elif session and len(session.lines()) >= 10:
        errors = [user_error("The order holds as many lines as it can.", ["id"])]
    if session is None or errors or good is None:
        return {"calculatedLineItem": None, "userErrors": errors}
    session.added.append((good.index, arguments["quantity"]))
    return {"calculatedLineItem": _calculated_line(session, len(session.lines()) - 1), "userErrors": []}


def edit_commit(api: Any, arguments: Arguments, key: str) -> Payload:
    session, errors = _session(api, arguments["id"])
    if session is not None:
        name = gid("Order", session.order.index)
        note = arguments.get("staffNote") or ""
        errors = tried(lambda: changes.edit_order(api.market, session.order, session.lines(), name, note), "id")
    if session is None or errors:
        return {"order": None, "userErrors": errors}
    del api.sessions[arguments["id"]]
    return {"order": session.order, "userErrors": []}


def invoice_send(api: Any, arguments: Arguments, key: str) -> Payload:
    order: Order | None = one(api, "Order", arguments["id"])
    if order is None or not outstanding(order, api):
        said = user_error("No invoice can be sent for this order.", ["id"], "ORDER_INVOICE_SEND_UNSUCCESSFUL")
        return {"order": None, "userErrors": [said]}
    mail = arguments.get("email") or {}
    recipient = mail.get("to") or api.market.buyer(order).email
    changes.ask_payment(api.market, order, recipient, arguments["id"], mail.get("customMessage") or "")
    return {"order": order, "userErrors": []}


# -- what goes out again, and credit ----------------------------------------------------------------------------------


def draft_create(api: Any, arguments: Arguments, key: str) -> Payload:
    given = arguments["input"]
    lines = []
    for place, row in enumerate(given.get("lineItems") or []):
        good = one(api, "ProductVariant", row.get("variantId") or "")
        if good is None or row["quantity"] < 1:
            said = user_error("Line item is invalid", ["lineItems", str(place)])
            return {"draftOrder": None, "userErrors": [said]}
        lines.append((good.index, row["quantity"]))
    buyer = index_of("Customer", given.get("customerId") or "")
    if not lines or buyer is None:
        return {"draftOrder": None, "userErrors": [user_error("Add at least 1 product and a customer", None)]}
    off = given.get("appliedDiscount") or {}
    discount = float(off.get("value") or 0) if off.get("valueType") == "PERCENTAGE" else 0.0
    origin = next((row for row in api.market.books["shopify"].orders if row.buyer == buyer), None)
    draft = Draft(
        len(api.drafts), buyer, tuple(lines), discount, given.get("tags") or [], given.get("note") or "", origin
    )
    api.drafts.append(draft)
    return {"draftOrder": draft, "userErrors": []}


def draft_complete(api: Any, arguments: Arguments, key: str) -> Payload:
    index = index_of("DraftOrder", arguments["id"])
    draft: Draft | None = api.drafts[index] if index is not None and index < len(api.drafts) else None
    if draft is None or draft.order is not None or draft.origin is None or draft.total(api.market):
        text = "This order has been paid" if draft and draft.order else "The draft order cannot be completed"
        return {"draftOrder": None, "userErrors": [user_error(text, None)]}
    draft.order = changes.reship(api.market, draft.origin, draft.lines, arguments["id"], note=draft.note)
    return {"draftOrder": draft, "userErrors": []}


def return_create(api: Any, arguments: Arguments, key: str) -> Payload:
    given = arguments["returnInput"]
    order: Order | None = one(api, "Order", given["orderId"])
    if order is None or not order.shipped:
        text = "Return can be created for fulfilled orders only." if order else "Order does not exist."
        return {"return": None, "userErrors": [user_error(text, ["returnInput", "orderId"], "NOT_FOUND")]}
    taken = [
        ((index_of("FulfillmentLineItem", row["fulfillmentLineItemId"]) or 0) - order.index * 10, row["quantity"])
        for row in given["returnLineItems"]
    ]
    goods = [
        (one(api, "ProductVariant", row.get("variantId") or ""), row["quantity"])
        for row in given.get("exchangeLineItems") or []
    ]
    if any(not 0 <= place < len(order.lines) for place, _ in taken) or any(good is None for good, _ in goods):
        said = user_error("A line item does not exist.", ["returnInput"], "NOT_FOUND")
        return {"return": None, "userErrors": [said]}
    note = next((row.get("returnReasonNote") or "" for row in given["returnLineItems"]), "")
    made: list[Any] = []
    sent = tuple((good.index, units) for good, units in goods)
    errors = tried(
        lambda: made.append(changes.exchange(api.market, order, tuple(taken), sent, given["orderId"], note)),
        "returnInput",
    )
    return {"return": made[0] if made else None, "userErrors": errors}


def give_credit(api: Any, arguments: Arguments, key: str) -> Payload:
    given, root = arguments["creditInput"], "storeCreditAccountTransaction"
    kind = "StoreCreditAccount" if "StoreCreditAccount/" in arguments["id"] else "Customer"
    buyer = index_of(kind, arguments["id"])
    if buyer is None:
        code = "OWNER_NOT_FOUND" if kind == "Customer" else "ACCOUNT_NOT_FOUND"
        return {root: None, "userErrors": [user_error("The owner does not exist", ["id"], code)]}
    money = given["creditAmount"]
    if money["currencyCode"] != "USD":
        said = user_error("The currency is not the account's", ["creditInput", "creditAmount"], "MISMATCHING_CURRENCY")
        return {root: None, "userErrors": [said]}
    ends = given.get("expiresAt")
    expires = int(datetime.fromisoformat(ends).timestamp()) if ends else 0
    made: list[Any] = []
    errors = tried(
        lambda: made.append(
            changes.give_store_credit(
                api.market, "shopify", buyer, minor(money["amount"]), person(buyer, "US").email, expires
            )
        ),
        "creditInput",
    )
    return {root: made[0] if made else None, "userErrors": errors}


MUTATIONS: dict[str, Callable[[Any, Arguments, str], Payload]] = {
    "productVariantsBulkUpdate": variants_update, "productUpdate": product_update,
    "discountCodeDeactivate": end_discount("DiscountCodeNode", "codeDiscountNode"),
    "discountAutomaticDeactivate": end_discount("DiscountAutomaticNode", "automaticDiscountNode"),
    "fulfillmentOrderHold": hold, "fulfillmentOrderReleaseHold": release, "orderUpdate": order_update,
    "orderEditBegin": edit_begin, "orderEditSetQuantity": edit_quantity, "orderEditAddVariant": edit_add,
    "orderEditCommit": edit_commit, "orderInvoiceSend": invoice_send, "draftOrderCreate": draft_create,
    "draftOrderComplete": draft_complete, "returnCreate": return_create, "storeCreditAccountCredit": give_credit,
}  # fmt: skip
