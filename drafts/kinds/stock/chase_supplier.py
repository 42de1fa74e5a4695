"""Ask a supplier by mail where goods are that are late, short or dearer than agreed."""

from connectors.llm.offline import letter, written
from connectors.operations import Operation, SendMessage
from connectors.types import PurchaseOrder, Supplier
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Difference,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
    text_of,
)

OVER = ("draft", "received", "cancelled")


class ChaseSupplierCommand(Command):
    """`purchase_ref` is the order line that is chased."""

    purchase_ref: Ref
    supplier_ref: Ref
    to: OneLine
    number: Ref
    subject: OneLine
    text: Prose


class ChaseSupplierKind(Kind[ChaseSupplierCommand]):
    name = "chase_supplier"
    label = "Chase the supplier"
    command = ChaseSupplierCommand
    undo = Undo("until it is sent, a few seconds after the approval")
    leaves_by_mail = True
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ChaseSupplierCommand]:
        line, mine = named(matter, saved, PurchaseOrder, "purchase_ref")
        supplier: Supplier | None = mine.fetch(Supplier, line.supplier_ref)
        if supplier is None or not supplier.email or matter.mailbox_id is None:
            raise CannotPropose("the supplier's address or a connected mailbox is missing")
        command = ChaseSupplierCommand(
            purchase_ref=line.external_id,
            supplier_ref=supplier.external_id,
            to=supplier.email,
            number=line.number,
            subject=f"Our order {line.number}: please confirm",
            text="",
        )
        told = {
            "supplier": supplier.name,
            "number": line.number,
            "sku": line.sku,
            "open": str(line.quantity - line.received_quantity),
            "agreed": f"{line.due_at:%Y-%m-%d}" if line.due_at else "no day",
            "evidence": matter.proof(),
            "shop": matter.company,
        }
        return Proposal(command, matter.mailbox_id, told, keep=(line.number,))

    def write(self, proposal: Proposal[ChaseSupplierCommand], rules: tuple[tuple[str, str], ...]) -> str:
        return written("chase_supplier", proposal.told)

    def frame(self, proposal: Proposal[ChaseSupplierCommand], body: str) -> str:
        told = proposal.told
        exact = f"Order {told['number']}: {told['open']} × {told['sku']}, agreed for {told['agreed']}."
        return letter(f"{body}\n\n{exact}", "en", "", told["shop"])

    def read_facts(self, command: ChaseSupplierCommand, reader: Reader) -> Facts:
        line: PurchaseOrder = record_or_raise(reader, PurchaseOrder, command.purchase_ref)
        supplier: Supplier = record_or_raise(reader, Supplier, command.supplier_ref)
        return {
            "supplier": supplier.name,
            "email": supplier.email,
            "orders_from": line.supplier_ref,
            "status": line.status,
            "open": line.quantity - line.received_quantity,
            "sku": line.sku,
            "due_at": text_of(line.due_at),
        }

    def refusals(self, command: ChaseSupplierCommand, facts: Facts) -> list[str]:
        if facts["orders_from"] != command.supplier_ref:
            return [f"order {command.number} is not from {facts['supplier']}"]
        if facts["status"] in OVER or facts["open"] <= 0:
            return [f"order {command.number} is {facts['status']}; nothing of it is waited for"]
        if command.to.casefold() != facts["email"].casefold():
            return [f"{command.to} is not the address of {facts['supplier']}"]
        if command.number not in command.text:
            return [f"the mail does not name the order's number ({command.number})"]
        return []

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        return [moved for moved in super().differences(approved, now) if moved.field not in ("supplier", "sku")]

    def preview(self, command: ChaseSupplierCommand, facts: Facts) -> Preview:
        rows = (
            Row("Order", command.number, f"{command.number}, asked after"),
            Row("Still to come", f"{facts['open']} × {facts['sku']}", f"{facts['open']} × {facts['sku']}"),
            Row("Agreed day", facts["due_at"][:10] or "none", facts["due_at"][:10] or "none"),
        )
        return Preview(f"Ask {facts['supplier']} about {command.number}", rows, text=command.text, to=command.to)

    def operation(self, command: ChaseSupplierCommand, facts: Facts, key: str) -> Operation:
        return SendMessage(to=command.to, subject=command.subject, text=command.text)
