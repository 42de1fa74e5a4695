"""tau-bench's retail writes in the product's own words: (kind, arguments of its command), and what each does once made.

Only what the action and the acting customer say, and what the store's records hold, goes into a command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from connectors import types
from connectors.money import ZERO
from connectors.types import OrderStatus
from drafts.kinds.base import Command, record_or_raise
from drafts.kinds.orders.cancel_order import CancelOrderCommand
from drafts.kinds.orders.change_address import ChangeAddressCommand
from drafts.kinds.orders.change_items import ChangeItemsCommand
from drafts.kinds.orders.change_payment import ChangePaymentCommand
from drafts.kinds.places import parts_of
from opsroom.evaluation.policy.store import CURRENCY, World, address_of, line

Arguments = dict[str, Any]


def translated(action: Mapping[str, Any], actor: str, world: World) -> tuple[str, Arguments]:
    """Raises KeyError for a write that is none of these."""
    kind, translate = KINDS[action["name"]]
    given = action["arguments"]
    common = {"asked_by_ref": actor, "order_ref": given["order_id"]}
    return kind, common | translate(given, world.fetch(types.Order, given["order_id"]), world)


def _left(order: types.Order | None) -> Decimal | None:
    if order is None or order.total is None:
        return None
    return order.total - (order.refunded or ZERO) or None


def _cancel(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    reason = {"reason": "customer_request", "buyer_reason": given["reason"]}
    return reason | {"amount": _left(order), "currency": CURRENCY}


def _address(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    name = order.customer_name if order else ""
    return parts_of(address_of(name, given))


def _payment(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    return {"method_ref": given["payment_method_id"], "amount": _left(order), "currency": CURRENCY}


def _items(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    held = {each.external_id: each.quantity for each in order.lines} if order else {}
    less = Counter(given["item_ids"])
    changed = [{"line_ref": ref, "quantity": held.get(ref, 0) - units} for ref, units in less.items()]
    strangers = [ref for ref in less if ref not in held]
    for row in changed:
        if row["line_ref"] in strangers:  # a line that the order does not have is refused as such, not by its number
            row["quantity"] = 0
    return {"method_ref": given["payment_method_id"], "changed": changed, "added": _new(given)}


def _return(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    prices = {each.external_id: each.unit_price for each in order.lines} if order else {}
    units = Counter(given["item_ids"])
    worth = sum((prices.get(ref, ZERO) * count for ref, count in units.items()), ZERO)
    lines = [{"line_ref": ref, "quantity": count} for ref, count in units.items()]
    return {"method_ref": given["payment_method_id"], "lines": lines, "worth": worth, "currency": CURRENCY}


def _exchange(given: Mapping[str, Any], order: types.Order | None, world: World) -> Arguments:
    taken = [{"line_ref": ref, "quantity": count} for ref, count in Counter(given["item_ids"]).items()]
    return {"method_ref": given["payment_method_id"], "taken": taken, "given": _new(given)}


def _new(given: Mapping[str, Any]) -> list[Arguments]:
    """The new options and the line that each replaces, which is named in the same place; what is over replaces none."""
    old = [*given["item_ids"], *[""] * len(given["new_item_ids"])]
    pairs = Counter(zip(given["new_item_ids"], old, strict=False))
    return [{"listing_ref": new, "quantity": units, "replaces_ref": ref} for (new, ref), units in pairs.items()]


KINDS: dict[str, tuple[str, Callable[[Mapping[str, Any], types.Order | None, World], Arguments]]] = {
    "cancel_pending_order": ("cancel_order", _cancel),
    "modify_pending_order_address": ("change_address", _address),
    "modify_pending_order_payment": ("change_payment", _payment),
    "modify_pending_order_items": ("change_items", _items),
    "return_delivered_order_items": ("open_return", _return),
    "exchange_delivered_order_items": ("exchange", _exchange),
}


def make(kind: str, command: Command, world: World) -> None:
    """Let a write that was allowed take effect."""
    order: types.Order = record_or_raise(world, types.Order, str(getattr(command, "order_ref", "")))
    if isinstance(command, CancelOrderCommand):
        world.move_balance(order.customer_ref, order.payment_method, command.amount or ZERO)
        world.put(replace(order, status=OrderStatus.CANCELLED, refunded=order.total))
    elif isinstance(command, ChangeAddressCommand):
        world.put(types.DeliveryAddress(external_id=order.external_id, address=command.address))
    elif isinstance(command, ChangePaymentCommand):
        world.move_balance(order.customer_ref, order.payment_method, command.amount)
        world.move_balance(order.customer_ref, command.method_ref, -command.amount)
        world.put(replace(order, payment_method=command.method_ref))
    elif isinstance(command, ChangeItemsCommand):
        changed = _with_items(order, command, world)
        more = (changed.total or ZERO) - (order.total or ZERO)
        world.move_balance(order.customer_ref, command.method_ref, -more)
        world.put(changed)
    else:
        world.put(replace(order, status=OrderStatus.RETURNING))
    world.note(kind, order.external_id)


def _with_items(order: types.Order, command: ChangeItemsCommand, world: World) -> types.Order:
    """The order with its new lines, at what they cost now."""
    left = {one.line_ref: one.quantity for one in command.changed}
    kept = [replace(each, quantity=left.get(each.external_id, each.quantity)) for each in order.lines]
    lines = {each.external_id: each for each in kept if each.quantity}
    for one in command.added:
        listing: types.Listing = record_or_raise(world, types.Listing, one.listing_ref)
        held = lines[one.listing_ref].quantity if one.listing_ref in lines else 0
        lines[one.listing_ref] = line(one.listing_ref, held + one.quantity, listing.price)
    before = sum((each.unit_price * each.quantity for each in order.lines), ZERO)
    after = sum((each.unit_price * each.quantity for each in lines.values()), ZERO)
    return replace(order, lines=tuple(lines.values()), total=(order.total or ZERO) + after - before)
