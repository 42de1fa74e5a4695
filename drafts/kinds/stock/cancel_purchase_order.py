"""Take a purchase order of the books back, before any of its goods have come."""

from connectors.operations import CancelPurchaseOrder, Operation
from drafts.kinds.base import Command, Facts, Kind, Matter, Preview, Proposal, Reader, Ref, Row, Saved, Undo
from drafts.kinds.stock.in_books import made_here, order_facts, standing_in, status_words

MAY_BE_CANCELLED = ("draft", "sent")


class CancelPurchaseOrderCommand(Command):
    number: Ref


class CancelPurchaseOrderKind(Kind[CancelPurchaseOrderCommand]):
    name = "cancel_purchase_order"
    label = "Cancel a purchase order"
    command = CancelPurchaseOrderCommand
    undo = Undo("never: what is cancelled is ordered anew")
    needs_call = True

    def propose(self, matter: Matter, saved: Saved) -> Proposal[CancelPurchaseOrderCommand]:
        named = matter.argument("purchase_number")
        order, books = (
            standing_in(saved.of(matter.number("purchase_shop_id") or matter.shop_id), named, CancelPurchaseOrder)
            if named
            else made_here(matter, saved, CancelPurchaseOrder)
        )
        return Proposal(CancelPurchaseOrderCommand(number=order.external_id), books.shop_id, {})

    def read_facts(self, command: CancelPurchaseOrderCommand, reader: Reader) -> Facts:
        return order_facts(command.number, reader)

    def refusals(self, command: CancelPurchaseOrderCommand, facts: Facts) -> list[str]:
        if facts["received"]:
            return [f"{facts['received']} units of {command.number} have come; return them or close the order instead"]
        if facts["status"] not in MAY_BE_CANCELLED:
            return [f"order {command.number} is {status_words(facts)}; it can no longer be cancelled"]
        return []

    def preview(self, command: CancelPurchaseOrderCommand, facts: Facts) -> Preview:
        rows = (
            Row("Order", status_words(facts), "cancelled"),
            Row("Lines", facts["lines"], "not ordered"),
            Row("Total", f"{facts['total']} {facts['currency']}", "0"),
        )
        warnings = ["The goods count as on their way no longer: a stock-out may come sooner."]
        if facts["status"] != "draft":
            warnings.append("The books do not tell the supplier: agree it with them first.")
        summary = f"Cancel {command.number} to {facts['supplier']}"
        return Preview(summary, rows, warnings=tuple(warnings))

    def operation(self, command: CancelPurchaseOrderCommand, facts: Facts, key: str) -> Operation:
        return CancelPurchaseOrder(number=command.number)
