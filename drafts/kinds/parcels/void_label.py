"""Give an unused return label back for its price."""

from connectors.operations import Operation, VoidLabel
from connectors.types import ShippingLabel
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OptionalRef,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    record_or_raise,
)
from drafts.kinds.own import BoughtLabel


class VoidLabelCommand(Command):
    label_ref: Ref
    order_ref: OptionalRef = ""


class VoidLabelKind(Kind[VoidLabelCommand]):
    name = "void_label"
    label = "Give a label back"
    command = VoidLabelCommand
    undo = Undo("never: another label can be bought")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[VoidLabelCommand]:
        order_ref = matter.argument("order_ref")
        bought: BoughtLabel | None = saved.fetch(BoughtLabel, order_ref)
        if bought is None:
            raise CannotPropose("no return label was bought here for this order")
        return Proposal(VoidLabelCommand(label_ref=bought.label_ref, order_ref=order_ref), bought.shop_id, {})

    def read_facts(self, command: VoidLabelCommand, reader: Reader) -> Facts:
        label: ShippingLabel = record_or_raise(reader, ShippingLabel, command.label_ref)
        return {
            "tracking_number": label.tracking_number,
            "carrier": label.carrier,
            "price": str(label.price) if label.price else "",
            "refund_status": label.refund_status,
        }

    def refusals(self, command: VoidLabelCommand, facts: Facts) -> list[str]:
        if facts["refund_status"] in ("submitted", "refunded"):
            return [f"this label is given back already ({facts['refund_status']})"]
        return []

    def preview(self, command: VoidLabelCommand, facts: Facts) -> Preview:
        name = " ".join(filter(None, (facts["carrier"], facts["tracking_number"]))) or command.label_ref
        price = facts["price"] or "its price"
        rows = (Row("Label", "can be used", "void"), Row("Price", f"{price} paid", "back, once the courier agrees"))
        warnings = (
            "A parcel that is on its way with this label is stopped or charged: ask the buyer first.",
            "The courier takes up to some weeks to pay it back, and pays nothing for a label that was scanned.",
        )
        return Preview(f"Give the label {name} back", rows, f"Void label {name} ({price}).", warnings=warnings)

    def operation(self, command: VoidLabelCommand, facts: Facts, key: str) -> Operation:
        return VoidLabel(label_ref=command.label_ref)
