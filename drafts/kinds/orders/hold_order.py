"""Keep an order from being fulfilled while something is cleared, or let it go on."""

from typing import Literal

from connectors.operations import HoldOrder, Operation
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)
from drafts.kinds.orders.standing import not_open, said, state

Reason = Literal["fraud", "address", "stock", "payment", "other"]
# What a detector's finding holds an order for.
REASONS: dict[str, Reason] = {"fraud_warning": "fraud", "oversold": "stock", "duplicate_charge": "payment"}


class HoldOrderCommand(Command):
    """`is_held` False releases."""

    order_ref: Ref
    is_held: bool = True
    reason: Reason = "other"
    note: OneLine = ""


class HoldOrderKind(Kind[HoldOrderCommand]):
    name = "hold_order"
    label = "Hold an order"
    command = HoldOrderCommand
    undo = Undo("reversible: the order is released; the time it lost stays lost", "hold_order")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[HoldOrderCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        is_held = matter.choice != "release"
        if is_held == (order.status == OrderStatus.ON_HOLD):
            raise CannotPropose(f"order {order.number} is {'held already' if is_held else 'not held'}")
        command = HoldOrderCommand(
            order_ref=order.external_id,
            is_held=is_held,
            reason=REASONS.get(matter.detector, "other"),
            note=matter.headline,
        )
        return Proposal(command, mine.shop_id, {})

    def choices(self, matter: Matter) -> tuple[tuple[str, str], ...]:
        return (("release", "Release the order"),)

    def choice_of(self, command: HoldOrderCommand) -> str:
        return "" if command.is_held else "release"

    def read_facts(self, command: HoldOrderCommand, reader: Reader) -> Facts:
        return state(record_or_raise(reader, Order, command.order_ref))

    def refusals(self, command: HoldOrderCommand, facts: Facts) -> list[str]:
        is_held = facts["status"] == OrderStatus.ON_HOLD
        if not command.is_held:
            return [] if is_held else [f"order {facts['number']} is not held"]
        return [f"order {facts['number']} is held already"] if is_held else not_open(facts)

    def preview(self, command: HoldOrderCommand, facts: Facts) -> Preview:
        after = "on hold" if command.is_held else "to ship"
        rows = [Row("Order", said(facts), after), Row("Reason given", "", command.reason)]
        warnings = []
        if command.is_held:
            warnings.append("The channel's own deadlines run on: a held order can become late.")
        verb = "Hold" if command.is_held else "Release"
        text = f"{verb} order {facts['number']}. Reason: {command.note or command.reason}."
        return Preview(f"{verb} order {facts['number']}", tuple(rows), text=text, warnings=tuple(warnings))

    def operation(self, command: HoldOrderCommand, facts: Facts, key: str) -> Operation:
        return HoldOrder(order_ref=command.order_ref, is_held=command.is_held, reason=command.reason, note=command.note)
