"""Write an order to a supplier into the books, as a draft there: the first of three steps, each approved by itself."""

from datetime import date, timedelta

from connectors.money import Money
from connectors.operations import CreatePurchaseOrder, Operation, PurchaseLine
from drafts.kinds.base import (
    CannotPropose,
    Difference,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Prose,
    Reader,
    Row,
    Saved,
    Undo,
)
from drafts.kinds.stock.ordering import (
    DECISIVE,
    OrderCommand,
    books_of,
    number_of,
    order_warnings,
    quantity_refusals,
    rounded,
    supplied,
    supplier_refusals,
    supply_facts,
    units,
)


class CreatePurchaseOrderCommand(OrderCommand):
    due_on: date | None = None
    note: Prose = ""


class CreatePurchaseOrderKind(Kind[CreatePurchaseOrderCommand]):
    name = "create_purchase_order"
    label = "Write a purchase order into the books"
    command = CreatePurchaseOrderCommand
    undo = Undo("reversible: the order is cancelled in the books", "cancel_purchase_order")
    needs_call = True
    follows = "issue_purchase_order"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[CreatePurchaseOrderCommand]:
        supplier, position = supplied(matter, saved)
        books = books_of(matter, saved, supplier)
        if books is None or position.unit_cost is None:
            raise CannotPropose(f"no connected books keep {supplier.name}")
        days = supplier.lead_time_days
        command = CreatePurchaseOrderCommand(
            supplier_ref=supplier.external_id,
            number=number_of(matter),
            sku=position.external_id,
            quantity=rounded(matter.number("quantity") or 1, supplier),
            unit_cost=position.unit_cost,
            currency=supplier.currency or position.currency,
            due_on=matter.today + timedelta(days=days) if days else None,
        )
        return Proposal(command, books, {})

    def money(self, command: CreatePurchaseOrderCommand) -> Money | None:
        """None: a draft in the books binds nobody. Issuing it commits the money."""
        return None

    def read_facts(self, command: CreatePurchaseOrderCommand, reader: Reader) -> Facts:
        return supply_facts(command, reader)

    def refusals(self, command: CreatePurchaseOrderCommand, facts: Facts) -> list[str]:
        return supplier_refusals(command, facts) + quantity_refusals(command, facts)

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        return [moved for moved in super().differences(approved, now) if moved.field in DECISIVE]

    def preview(self, command: CreatePurchaseOrderCommand, facts: Facts) -> Preview:
        rows = (
            Row("Order in the books", "none", f"{command.number}, a draft"),
            Row("Line", "", f"{command.quantity} × {command.sku} {facts['title']}".strip()),
            Row("Unit cost", "", str(Money(command.unit_cost, command.currency))),
            Row("Total", "", str(command.total)),
            Row("On hand", units(facts["on_hand"]), units(facts["on_hand"])),
            Row("Due", "", command.due_on.isoformat() if command.due_on else "not known"),
        )
        warnings = ["Nothing reaches the supplier yet: issuing and mailing it are two further drafts."]
        summary = f"Write {command.number} to {facts['supplier']} over {command.total} into the books"
        return Preview(summary, rows, warnings=tuple(warnings + order_warnings(command, facts)))

    def operation(self, command: CreatePurchaseOrderCommand, facts: Facts, key: str) -> Operation:
        return CreatePurchaseOrder(
            supplier_ref=command.supplier_ref,
            number=command.number,
            lines=(PurchaseLine(sku=command.sku, quantity=command.quantity, unit_cost=command.unit_cost),),
            currency=command.currency,
            due_on=command.due_on,
            note=command.note,
        )
