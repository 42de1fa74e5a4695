"""Keeping an order from being fulfilled, and letting it go on."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from connectors.base import ConnectorError, Permit, Refused, Unknown
from connectors.operations import HoldOrder
from connectors.shops.marketplaces.shopify import mutations
from connectors.shops.marketplaces.shopify.acts.orders import one
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

REASONS = {
    "fraud": "HIGH_RISK_OF_FRAUD", "address": "INCORRECT_ADDRESS", "stock": "INVENTORY_OUT_OF_STOCK",
    "payment": "AWAITING_PAYMENT", "other": "OTHER",
}  # fmt: skip
WAITING = frozenset({"OPEN", "SCHEDULED"})
HANDLE = "opsroom"  # names our hold among those of other apps


def _parts(client: Client, order_ref: str) -> list[Row]:
    """What of the order is still to be sent, place by place."""
    rows: list[Row] = one(client, mutations.HOLDS, "order", order_ref)["fulfillmentOrders"]["nodes"]
    return rows


def _is_ours(part: Row) -> bool:
    return any(hold["handle"] == HANDLE and hold["heldByRequestingApp"] for hold in part["fulfillmentHolds"])


def hold(client: Client, operation: HoldOrder, permit: Permit, key: str) -> Receipt:
    return _hold(client, operation, permit) if operation.is_held else _release(client, operation, permit)


def _hold(client: Client, operation: HoldOrder, permit: Permit) -> Receipt:
    parts = _parts(client, operation.order_ref)
    todo = [part for part in parts if part["status"] in WAITING]
    if not todo:
        standing = sorted({part["status"] for part in parts})
        raise Refused(f"nothing of this order can be held: it stands as {', '.join(standing)}", code="NOT_HOLDABLE")
    given: Row = {"reason": REASONS[operation.reason], "handle": HANDLE, "notifyMerchant": False}
    if operation.note:
        given["reasonNotes"] = operation.note
    calls = [(mutations.HOLD, {"id": part["id"], "hold": given}, "fulfillmentOrderHold") for part in todo]
    return _each(client, operation, permit, calls)


def _release(client: Client, operation: HoldOrder, permit: Permit) -> Receipt:
    """Every hold that stands now; one that is placed meanwhile stays."""
    held = [part for part in _parts(client, operation.order_ref) if part["fulfillmentHolds"]]
    if not held:
        raise Refused("this order is not held", code="NOT_HELD")
    calls = [
        (
            mutations.RELEASE,
            {"id": part["id"], "holds": [row["id"] for row in part["fulfillmentHolds"]]},
            "fulfillmentOrderReleaseHold",
        )
        for part in held
    ]
    return _each(client, operation, permit, calls)


def _each(
    client: Client, operation: HoldOrder, permit: Permit, calls: Iterable[tuple[str, Row, str]]
) -> Receipt:  # fmt: skip
    """An order may be sent from several places, each held by itself. What fails after the first is half a hold."""
    receipt = Receipt(operation.order_ref)
    for number, (document, variables, root) in enumerate(calls):
        try:
            _, receipt = client.mutate(document, variables, permit, root)
        except ConnectorError as error:
            if number:
                raise Unknown(f"{number} parts of the order were changed, the next was not: {error}") from error
            raise
    return replace(receipt, reference=operation.order_ref)


def see_hold(client: Client, operation: HoldOrder, key: str, since: datetime | None) -> Sighting:
    parts = _parts(client, operation.order_ref)
    waiting = sum(part["status"] in WAITING for part in parts)
    if operation.is_held:
        ours = sum(_is_ours(part) for part in parts)
        is_seen = bool(ours) and not waiting
        return Sighting(_sight(is_seen), operation.order_ref, f"{ours} parts are held by us, {waiting} may be sent")
    left = sum(bool(part["fulfillmentHolds"]) for part in parts)
    return Sighting(_sight(not left), operation.order_ref, f"{left} of {len(parts)} parts are held")


def _sight(is_seen: bool) -> Sight:
    return Sight.SEEN if is_seen else Sight.ABSENT
