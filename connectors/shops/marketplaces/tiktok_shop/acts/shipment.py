"""Handing parcels over: TikTok's courier is booked, or the seller's own is told with its tracking number."""

from datetime import datetime
from typing import Any

from connectors.base import Permit, Refused
from connectors.operations import ArrangeShipment
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows, written
from connectors.shops.marketplaces.tiktok_shop.parse.order import NO_PARCEL_YET, is_cancelled
from connectors.shops.marketplaces.tiktok_shop.reads import orders
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

PACKAGES = "/fulfillment/202309/packages"
SHIPPED_ALREADY = frozenset({"11006021", "21008099", "21011020", "21011027", "21011040"})
HANDED_OVER = frozenset({"AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"})
BY_SELLER = "SELLER"  # shipping_type; the other is TIKTOK


def arrange(client: Client, operation: ArrangeShipment, permit: Permit) -> Receipt:
    """Each package is one call. A package that was shipped already is passed over, so that a run which ended between
    two packages is gone on with."""
    order = orders.one_order(client, operation.order_ref)
    _refuse_wrong_courier(order, operation)
    packages = _packages(order)
    if not packages:
        return _mark_shipped(client, order, operation, permit)
    choice = _own_courier(client, order, operation) if order.get("shipping_type") == BY_SELLER else None
    last: Receipt | None = None
    for package_id in packages:
        body = {"self_shipment": choice} if choice else _handover(client, package_id, operation)
        try:
            answer = client.write(f"{PACKAGES}/{package_id}/ship", body, permit)
        except Refused as error:
            if error.code not in SHIPPED_ALREADY:
                raise
            last = last or Receipt(package_id, str(error).encode(), is_replay=True)
        else:
            last = client.receipt(answer, package_id)
    return last or Receipt(operation.order_ref, is_replay=True)


def _refuse_wrong_courier(order: Row, operation: ArrangeShipment) -> None:
    is_own = operation.method == "own_courier"
    if order.get("shipping_type") == BY_SELLER and not (is_own and operation.carrier and operation.tracking_number):
        raise Refused("this order goes by your own courier: give its name and the tracking number", code="parameter")
    if order.get("shipping_type") != BY_SELLER and is_own:
        raise Refused("this order goes by TikTok's courier: choose pickup or drop-off", code="parameter")


def _packages(order: Row) -> list[str]:
    """Ids of the packages that still wait, in order; packages of cancelled units are left out."""
    units = [unit for unit in order["line_items"] if not is_cancelled(unit)]
    waiting = [unit for unit in units if (unit.get("package_status") or "") in NO_PARCEL_YET]
    return list(dict.fromkeys(str(unit["package_id"]) for unit in waiting or units if unit.get("package_id")))


def _handover(client: Client, package_id: str, operation: ArrangeShipment) -> Row:
    """The first slot that TikTok's courier offers. Raises Refused where the method is not offered."""
    offered = client.get(f"{PACKAGES}/{package_id}/handover_time_slots")
    if operation.method == "dropoff":
        if not offered.get("can_drop_off"):
            raise Refused("TikTok Shop offers no drop-off for this parcel; choose pickup", code="parameter")
        return {"handover_method": "DROP_OFF"}
    slots = [slot for slot in offered.get("pickup_slots") or () if _is_free(slot)]
    if not offered.get("can_pickup") or not slots:
        raise Refused("TikTok Shop offers no free pickup for this parcel; choose drop-off", code="parameter")
    first = min(slots, key=lambda slot: slot["start_time"])
    return {
        "handover_method": "PICKUP",
        "pickup_slot": {"start_time": first["start_time"], "end_time": first["end_time"]},
    }


def _is_free(slot: Any) -> bool:
    """TikTok's own spelling is `avaliable`."""
    return isinstance(slot, dict) and bool(slot.get("avaliable", slot.get("available")))


def _own_courier(client: Client, order: Row, operation: ArrangeShipment) -> Row:
    path = f"/logistics/202309/delivery_options/{order.get('delivery_option_id')}/shipping_providers"
    known = {str(row["name"]).casefold(): str(row["id"]) for row in rows(client.get(path), "shipping_providers")}
    provider = known.get(operation.carrier.casefold())
    if provider is None:
        raise Refused(
            f"TikTok Shop knows no courier {operation.carrier!r} here; known: {sorted(known)}", code="carrier"
        )
    return {"tracking_number": operation.tracking_number, "shipping_provider_id": provider}


def _mark_shipped(client: Client, order: Row, operation: ArrangeShipment, permit: Permit) -> Receipt:
    """An order without packages, which is so only where the seller ships: all its units in one parcel."""
    if order.get("shipping_type") != BY_SELLER:
        raise Refused("TikTok Shop has not made the order's packages yet; try again later", code="no_package")
    units = [unit["id"] for unit in order["line_items"] if not is_cancelled(unit)]
    body = {"order_line_item_ids": units, **_own_courier(client, order, operation)}
    answer = client.write(f"/fulfillment/202309/orders/{operation.order_ref}/packages", body, permit)
    return client.receipt(answer, str(written(answer).get("package_id") or operation.order_ref))


def see_shipment(client: Client, operation: ArrangeShipment, since: datetime) -> Sighting:
    order = orders.one_order(client, operation.order_ref)
    status = order["status"]
    left = [unit for unit in order["line_items"] if not is_cancelled(unit)]
    standing = [unit.get("package_status") or "" for unit in left]
    detail = f"the order stands as {status}, its parcels as {sorted(set(standing))}"
    is_out = status in HANDED_OVER or (standing and not NO_PARCEL_YET.intersection(standing))
    return Sighting(Sight.SEEN if is_out else Sight.ABSENT, operation.order_ref, detail)
