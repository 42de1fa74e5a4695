"""Parcels and what is still to be sent: an order is also its one fulfillment and its one fulfillment order."""

from typing import Any

from connectors.twin.market import tracking_number
from connectors.twin.wire.shopify.execute import Resolver
from connectors.twin.wire.shopify.shapes.lines import good_of, has_fulfillment, line_items, units_left, units_of
from connectors.twin.wire.shopify.shapes.paging import slice_of
from connectors.twin.wire.shopify.shapes.scalars import FIRST, GID, LOCATION, gid, iso
from connectors.twin.world.changes import Hold
from connectors.twin.world.trade import Order


def events(order: Order, api: Any) -> list[dict[str, Any]]:
    """Courier events, oldest first."""
    last = order.last_scan(api.market.now)
    found = [(order.packed, "LABEL_PRINTED")]
    if order.shipped:
        found.append((order.shipped, "CARRIER_PICKED_UP"))
        if last not in (order.shipped, order.delivered):
            found.append((last, "IN_TRANSIT"))
    if order.delivered:
        found.append((order.delivered, "DELIVERED"))
    return [
        {"id": f"{GID}FulfillmentEvent/{order.index * 10 + place}", "happenedAt": iso(at), "createdAt": iso(at),
         "status": status, "message": None}
        for place, (at, status) in enumerate(found)
    ]  # fmt: skip


def parcel_status(order: Order) -> str:
    if order.delivered:
        return "DELIVERED"
    return "IN_TRANSIT" if order.shipped else "LABEL_PRINTED"


FULFILLMENT: dict[str, Resolver] = {
    "id": lambda o, a, c: gid("Fulfillment", o.index),
    "legacyResourceId": lambda o, a, c: str(FIRST["Fulfillment"] + o.index),
    "name": lambda o, a, c: f"{o.number}-F1",
    "status": lambda o, a, c: "SUCCESS",
    "displayStatus": lambda o, a, c: parcel_status(o),
    "createdAt": lambda o, a, c: iso(o.packed),
    "updatedAt": lambda o, a, c: iso(o.last_scan(c.market.now) or o.packed),
    "inTransitAt": lambda o, a, c: iso(o.shipped),
    "deliveredAt": lambda o, a, c: iso(o.delivered),
    "estimatedDeliveryAt": lambda o, a, c: iso(o.deliver_by),
    "totalQuantity": lambda o, a, c: sum(units for _, units in o.lines),
    "trackingInfo": lambda o, a, c: [{"company": o.courier, "number": o.tracking or tracking_number(o), "url": None}],
    "order": lambda o, a, c: o,
    "location": lambda o, a, c: LOCATION,
    "events": lambda o, a, c: slice_of(events(o, c), a),
}


def hold_of(order: Order, api: Any) -> Hold | None:
    found: Hold | None = api.market.changes.holds.get((order.channel, order.index))
    return found


def holds_of(order: Order, api: Any) -> list[dict[str, Any]]:
    found = hold_of(order, api)
    if found is None:
        return []
    return [
        {"id": gid("FulfillmentHold", found.index), "handle": found.handle, "reason": found.reason,
         "displayReason": found.reason.replace("_", " ").capitalize(), "reasonNotes": found.note or None,
         "heldByRequestingApp": True}
    ]  # fmt: skip


def fulfillment_order_status(order: Order, api: Any) -> str:
    if order.cancelled:
        return "CANCELLED"
    if has_fulfillment(order):
        return "CLOSED"
    if hold_of(order, api) is not None:
        return "ON_HOLD"
    return "IN_PROGRESS" if order.packed else "OPEN"


FULFILLMENT_ORDER: dict[str, Resolver] = {
    "id": lambda o, a, c: gid("FulfillmentOrder", o.index),
    "status": lambda o, a, c: fulfillment_order_status(o, c),
    "fulfillmentHolds": lambda o, a, c: holds_of(o, c),
    "requestStatus": lambda o, a, c: "UNSUBMITTED",
    "createdAt": lambda o, a, c: iso(o.created),
    "updatedAt": lambda o, a, c: iso(o.updated),
    "fulfillBy": lambda o, a, c: iso(o.ship_by),
    "fulfillAt": lambda o, a, c: iso(o.created),
    "order": lambda o, a, c: o,
    "orderId": lambda o, a, c: gid("Order", o.index),
    "orderName": lambda o, a, c: o.number,
    "lineItems": lambda o, a, c: slice_of(line_items(o), a),
}
FULFILLMENT_ORDER_LINE: dict[str, Resolver] = {
    "id": lambda x, a, c: f"{GID}FulfillmentOrderLineItem/{FIRST['LineItem'] + x[0].index * 10 + x[1]}",
    "lineItem": lambda x, a, c: x,
    "remainingQuantity": lambda x, a, c: 0 if has_fulfillment(x[0]) else units_left(x),
    "totalQuantity": lambda x, a, c: units_of(x, c),
    "sku": lambda x, a, c: good_of(x, c).sku,
}
