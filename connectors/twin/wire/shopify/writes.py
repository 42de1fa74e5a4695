"""Shopify's mutations. A refusal is a userError in a normal answer; `refundCreate`'s have no code."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.shopify.execute import Refused
from connectors.twin.wire.shopify.reads import one
from connectors.twin.wire.shopify.shapes.fulfilment import fulfillment_order_status
from connectors.twin.wire.shopify.shapes.lines import has_fulfillment
from connectors.twin.wire.shopify.shapes.scalars import GID, LOCATION, gid, index_of, iso
from connectors.twin.world.trade import Charge, Order, Refund, Return, Step

NEEDS_KEY = frozenset({"refundCreate", "inventorySetQuantities"})
Payload = dict[str, Any]


def user_error(message: str, field: list[str] | None = None, code: str | None = None) -> Payload:
    return {"field": field, "message": message, "code": code}


def minor(value: Any) -> int:
    return int((Decimal(str(value)) * 100).to_integral_value())


def refund_create(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    """Without transactions a refund is recorded that moves no money."""
    given = arguments["input"]
    order: Order | None = one(api, "Order", given["orderId"])
    if order is None:
        return _refunded(None, None, user_error("Order does not exist", ["orderId"]))
    lines = []
    for row in given.get("refundLineItems") or []:
        place = (index_of("LineItem", row["lineItemId"]) or 0) - order.index * 10
        if not 0 <= place < len(order.lines) or row["quantity"] > order.lines[place][1]:
            return _refunded(
                order, None, user_error("Quantity cannot refund more items than were purchased", ["refundLineItems"])
            )
        lines.append((place, int(row["quantity"])))
    moved = given.get("transactions") or []
    charge = api.market.charge_of(order)
    problem = next((found for row in moved if (found := _transaction_problem(api, row, charge, order))), None)
    if problem is not None:
        return _refunded(order, None, problem)
    total = sum(minor(row["amount"]) for row in moved)
    if not total:
        made = _record_only(api.market, order, charge, given.get("note") or "", tuple(lines))
        return _refunded(order, made)
    if total > charge.amount - charge.refunded:
        left = (charge.amount - charge.refunded) / 100
        text = f"Refund amount ${total / 100:.2f} is greater than net payment received ${left:.2f}"
        return _refunded(order, None, user_error(text))
    try:
        made = deeds.refund(
            api.market,
            charge,
            total,
            subject=given["orderId"],
            shop="shopify",
            key=key,
            note=given.get("note") or "",
            lines=tuple(lines),
        )
    except Refusal as refusal:
        return _refunded(order, None, user_error(str(refusal)))
    return _refunded(order, made)


def _transaction_problem(api: Any, row: Mapping[str, Any], charge: Charge, order: Order) -> Payload | None:
    parent = one(api, "OrderTransaction", row.get("parentId") or gid("OrderTransaction", charge.index))
    if row["kind"] != "REFUND" or row["orderId"] != gid("Order", order.index):
        return user_error("Transactions must be refunds of this order", ["transactions"])
    if parent is not charge:
        return user_error("Parent transaction is invalid", ["transactions"])
    return None if minor(row["amount"]) > 0 else user_error("Amount must be positive", ["transactions"])


def _record_only(market: Market, order: Order, charge: Charge, note: str, lines: tuple[tuple[int, int], ...]) -> Refund:
    made = Refund(len(market.refunds), charge.index, 0, market.now, source="shopify", note=note, lines=lines)
    market.refunds.append(made)
    market.refunds_of_charge.setdefault(charge.index, []).append(made)
    market.touch(order, "refunds/create")
    return made


def _refunded(order: Order | None, made: Refund | None, *errors: Payload) -> Payload:
    return {"order": order, "refund": made, "userErrors": list(errors)}


def order_cancel(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    """Answers with a job at once; the order is cancelled a moment later."""
    order: Order | None = one(api, "Order", arguments["orderId"])
    error = None
    if order is None:
        error = user_error("Order does not exist", ["orderId"], "NOT_FOUND")
    elif order.cancelled:
        error = user_error("Cannot cancel an order that has already been canceled", ["orderId"], "INVALID")
    elif has_fulfillment(order):
        error = user_error("Cannot cancel an order that has fulfillments", ["orderId"], "INVALID")
    if error is not None or order is None:
        return {"job": None, "orderCancelUserErrors": [error], "userErrors": [error]}
    method = arguments.get("refundMethod") or {}
    gives_back = bool(arguments.get("refund") or method.get("originalPaymentMethodsRefund"))
    job = {"id": f"{GID}Job/{len(api.jobs) + 1:032x}", "done": False}
    api.jobs[job["id"]] = job

    def act(row: Order) -> None:
        job["done"] = True
        if not row.cancelled:
            deeds.cancel(
                api.market,
                row,
                gid("Order", row.index),
                str(arguments["reason"]),
                note=arguments.get("staffNote") or "",
            )
            charge = api.market.charge_of(row)
            if gives_back and not charge.is_disputed and charge.refunded < charge.amount:
                subject = gid("Order", row.index)
                deeds.refund(
                    api.market,
                    charge,
                    charge.amount - charge.refunded,
                    subject=subject,
                    shop="shopify",
                    note="cancelled",
                )

    api.market.at(api.market.now + 2, act, order)
    return {"job": dict(job), "orderCancelUserErrors": [], "userErrors": []}


def fulfillment_create(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    given = arguments["fulfillment"]
    orders = [one(api, "FulfillmentOrder", row["fulfillmentOrderId"]) for row in given["lineItemsByFulfillmentOrder"]]
    if len(orders) != 1 or orders[0] is None:
        return {"fulfillment": None, "userErrors": [user_error("Fulfillment order does not exist.", ["fulfillment"])]}
    order: Order = orders[0]
    if fulfillment_order_status(order, api) not in ("OPEN", "IN_PROGRESS"):
        status = fulfillment_order_status(order, api).lower()
        text = f"Fulfillment order {order.index} has an unfulfillable status= {status}."
        return {"fulfillment": None, "userErrors": [user_error(text, ["fulfillment"])]}
    tracking = given.get("trackingInfo") or {}
    if order.step == Step.PACKED:
        order.step = Step.TO_SHIP  # packed by the warehouse, not yet announced to Shopify
    deeds.ship(
        api.market,
        order,
        gid("Order", order.index),
        str(tracking.get("number") or ""),
        courier=tracking.get("company") or "",
    )
    return {"fulfillment": order, "userErrors": []}


def _return(api: Any, id: str) -> tuple[Return | None, list[Payload]]:
    row = one(api, "Return", id)
    if row is None:
        return None, [user_error("Return not found.", ["input", "id"], "NOT_FOUND")]
    return row, []


def _decide(api: Any, id: str, decision: str, **detail: Any) -> Payload:
    row, errors = _return(api, id)
    if row is not None and row.status != "REQUESTED":
        errors = [user_error("Return is not in the requested state.", ["input", "id"], "INVALID_STATE")]
    elif row is not None:
        deeds.decide_return(api.market, row, decision, id, **detail)
    return {"return": None if errors else row, "userErrors": errors}


def return_approve(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    return _decide(api, arguments["input"]["id"], "accept")


def return_decline(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    given = arguments["input"]
    payload = _decide(api, given["id"], "reject", reason=given["declineReason"], note=given.get("declineNote") or "")
    if payload["return"] is not None:
        payload["return"].decline = {"reason": given["declineReason"], "note": given.get("declineNote") or ""}
    return payload


def return_process(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    """Take the goods in and give the money back in one go."""
    given = arguments["input"]
    row, errors = _return(api, given["returnId"])
    if row is not None and row.status != "ACCEPTED":
        errors = [user_error("Return is not open.", ["input", "returnId"], "INVALID_STATE")]
    if row is None or errors:
        return {"return": None, "userErrors": errors}
    charge = api.market.charge_of(api.market.order("shopify", row.order))
    moved = ((given.get("financialTransfer") or {}).get("issueRefund") or {}).get("orderTransactions") or []
    total = sum(minor(part["transactionAmount"]["amount"]) for part in moved)
    if total:
        try:
            deeds.refund(
                api.market,
                charge,
                total,
                subject=given["returnId"],
                shop="shopify",
                note=given.get("note") or "",
                return_index=row.index,
            )
        except Refusal as refusal:
            return {"return": None, "userErrors": [user_error(str(refusal), ["input", "financialTransfer"], "INVALID")]}
    row.status, row.updated = "CLOSED", api.market.now
    api.market.effects.append(api.market.now, "shopify", "return_process", subject=given["returnId"], reference=row.sn)
    api.market.touch(api.market.order("shopify", row.order), "returns/update")
    return {"return": row, "userErrors": []}


def inventory_set(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    """Absolute counts; `changeFromQuantity` must be named (null skips the comparison)."""
    given = arguments["input"]
    for place, row in enumerate(given["quantities"]):
        if "changeFromQuantity" not in row:
            text = (
                f"InventoryQuantityInput must include the following argument: changeFromQuantity (quantities.{place})."
            )
            raise Refused({"message": text, "extensions": {"code": "INVALID_FIELD_ARGUMENTS"}})
    problems = [
        found for place, row in enumerate(given["quantities"]) if (found := _quantity_problem(api, given, place, row))
    ]
    if problems:
        return {"inventoryAdjustmentGroup": None, "userErrors": problems}
    for row in given["quantities"]:
        good = one(api, "InventoryItem", row["inventoryItemId"])
        added = good.open_at("shopify") if given["name"] == "available" else 0
        reference = given.get("referenceDocumentUri") or row["inventoryItemId"]
        deeds.set_stock(api.market, good.index, row["quantity"] + added, "shopify", reference, key)
    group = {
        "id": f"{GID}InventoryAdjustmentGroup/{len(api.market.effects.since())}", "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"), "createdAt": iso(api.market.now),
    }  # fmt: skip
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _quantity_problem(api: Any, given: Mapping[str, Any], place: int, row: Mapping[str, Any]) -> Payload | None:
    field = ["input", "quantities", str(place)]
    good = one(api, "InventoryItem", row["inventoryItemId"])
    if given["name"] not in ("available", "on_hand"):
        return user_error("The specified quantity name is invalid.", ["input", "name"], "INVALID_NAME")
    if good is None:
        return user_error("The specified inventory item could not be found.", field, "INVALID_INVENTORY_ITEM")
    if row["locationId"] != LOCATION["id"]:
        return user_error("The specified location could not be found.", field, "INVALID_LOCATION")
    if row["quantity"] < 0:
        return user_error("The quantity can't be negative.", field, "INVALID_QUANTITY_NEGATIVE")
    stands = good.on_hand - (good.open_at("shopify") if given["name"] == "available" else 0)
    if row["changeFromQuantity"] is not None and row["changeFromQuantity"] != stands:
        return user_error(
            "The changeFromQuantity argument no longer matches the persisted quantity.",
            field,
            "CHANGE_FROM_QUANTITY_STALE",
        )
    return None


def webhook_subscribe(api: Any, arguments: Mapping[str, Any], key: str) -> Payload:
    uri = arguments["webhookSubscription"].get("uri") or ""
    if not uri.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return {
            "webhookSubscription": None,
            "userErrors": [user_error("Address is invalid", ["webhookSubscription", "uri"])],
        }
    api.subscriptions[str(arguments["topic"])] = uri
    row = {"id": f"{GID}WebhookSubscription/{len(api.subscriptions)}", "topic": arguments["topic"], "uri": uri}
    return {"webhookSubscription": row, "userErrors": []}


MUTATIONS: dict[str, Callable[[Any, Mapping[str, Any], str], Payload]] = {
    "refundCreate": refund_create, "orderCancel": order_cancel, "fulfillmentCreate": fulfillment_create,
    "returnApproveRequest": return_approve, "returnDeclineRequest": return_decline, "returnProcess": return_process,
    "inventorySetQuantities": inventory_set, "webhookSubscriptionCreate": webhook_subscribe,
}  # fmt: skip
