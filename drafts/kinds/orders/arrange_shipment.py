"""Book the hand-over of an order to its courier."""

from typing import Literal

from connectors.base import Handover
from connectors.operations import ArrangeShipment, Operation
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
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
    is_past,
    named,
    record_or_raise,
    text_of,
)

BLOCKED = {
    OrderStatus.UNPAID: "is not paid yet",
    OrderStatus.ON_HOLD: "is held by the channel; release it there first",
    OrderStatus.PACKED: "is arranged already",
    OrderStatus.SHIPPED: "has left already",
    OrderStatus.DELIVERED: "is delivered already",
    OrderStatus.COMPLETED: "is completed",
    OrderStatus.CANCEL_ASKED: "waits for an answer to the buyer's request to cancel",
    OrderStatus.CANCELLED: "is cancelled",
    OrderStatus.RETURNING: "is coming back",
}


class ArrangeShipmentCommand(Command):
    """Empty carrier and slot mean the first that the channel offers; with an own courier, that none is named."""

    order_ref: Ref
    method: Literal["pickup", "dropoff", "own_courier"] = "pickup"
    carrier: OneLine = ""
    tracking_number: OneLine = ""


class ArrangeShipmentKind(Kind[ArrangeShipmentCommand]):
    """Two things under one name: some channels book their courier, others only take note of the seller's own."""

    name = "arrange_shipment"
    label = "Arrange the shipment"
    command = ArrangeShipmentCommand
    undo = Undo("until the courier has the parcel, by calling it off; what the buyer was told stays told")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ArrangeShipmentCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        marks = mine.handover is Handover.MARKS
        command = ArrangeShipmentCommand(order_ref=order.external_id, method="own_courier" if marks else "pickup")
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: ArrangeShipmentCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return {
            "number": order.number,
            "status": str(order.status),
            "ship_by": text_of(order.ship_by),
            "is_past_cancel": is_past(order.cancel_after, reader),
            "units": sum(line.quantity - line.cancelled_quantity for line in order.lines),
            "handover": str(reader.handover),
        }

    def refusals(self, command: ArrangeShipmentCommand, facts: Facts) -> list[str]:
        reasons, is_own = [], command.method == "own_courier"
        if facts["status"] in BLOCKED:
            reasons.append(f"order {facts['number']} {BLOCKED[OrderStatus(facts['status'])]}")
        if _marks(facts) and not is_own:
            reasons.append("this channel books no courier: choose your own, with its name and the tracking number")
        if is_own and not _marks(facts) and not (command.carrier and command.tracking_number):
            reasons.append("an own courier needs its name and the tracking number")
        return reasons

    def preview(self, command: ArrangeShipmentCommand, facts: Facts) -> Preview:
        warnings = []
        if facts["is_past_cancel"]:
            warnings.append("The channel may cancel this order at any moment: its own limit has passed.")
        shown = _marked if _marks(facts) else _booked
        return shown(command, facts, warnings)

    def operation(self, command: ArrangeShipmentCommand, facts: Facts, key: str) -> Operation:
        return ArrangeShipment(
            order_ref=command.order_ref,
            method=command.method,
            carrier=command.carrier,
            tracking_number=command.tracking_number,
        )


def _marks(facts: Facts) -> bool:
    return facts.get("handover") == Handover.MARKS


def _booked(command: ArrangeShipmentCommand, facts: Facts, warnings: list[str]) -> Preview:
    way = {"pickup": "collected by", "dropoff": "dropped off with", "own_courier": "sent with"}[command.method]
    carrier = command.carrier or "the channel's first courier"
    rows = [Row("Order", facts["status"].replace("_", " "), "packed, courier booked"), Row("Courier", "none", carrier)]
    if command.tracking_number:
        rows.append(Row("Tracking number", "none", command.tracking_number))
    summary = f"Order {facts['number']} ({facts['units']} units) is {way} {carrier}"
    return Preview(summary, tuple(rows), warnings=tuple(warnings))


def _marked(command: ArrangeShipmentCommand, facts: Facts, warnings: list[str]) -> Preview:
    rows = (
        Row("Order", facts["status"].replace("_", " "), "marked as shipped"),
        Row("Courier", "none", command.carrier or "not named"),
        Row("Tracking number", "none", command.tracking_number or "none"),
        Row("Buyer", "not told", "gets the channel's shipping mail"),
    )
    if not command.tracking_number:
        warnings.append("Marks the order as shipped without tracking: add courier and number under Edit.")
    warnings.append("No courier is booked here, and the buyer is told at once: hand the parcel over first.")
    carrier = f" with {command.carrier}" if command.carrier else ""
    summary = f"Mark order {facts['number']} ({facts['units']} units) as shipped{carrier} and tell the buyer"
    return Preview(summary, rows, warnings=tuple(warnings))
