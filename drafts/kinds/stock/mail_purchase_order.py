"""Have the books mail an issued purchase order to its supplier: the last of three steps."""

from connectors.llm.offline import letter, written
from connectors.operations import MailPurchaseOrder, Operation
from connectors.types import Supplier
from drafts.kinds.base import (
    CannotPropose,
    Command,
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
    record_or_raise,
)
from drafts.kinds.stock.in_books import made_here, order_facts, status_words

MAY_BE_MAILED = ("sent", "confirmed", "part_received")


class MailPurchaseOrderCommand(Command):
    number: Ref
    supplier_ref: Ref
    to: OneLine
    subject: OneLine
    text: Prose


class MailPurchaseOrderKind(Kind[MailPurchaseOrderCommand]):
    name = "mail_purchase_order"
    label = "Mail the purchase order"
    command = MailPurchaseOrderCommand
    undo = Undo("until it is sent; afterwards only with the supplier's consent")
    needs_call = True
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[MailPurchaseOrderCommand]:
        order, books = made_here(matter, saved, MailPurchaseOrder)
        supplier: Supplier | None = books.fetch(Supplier, order.supplier_ref)
        if supplier is None or not supplier.email:
            raise CannotPropose(f"{order.supplier_name or 'the supplier'} has no mail address on record")
        command = MailPurchaseOrderCommand(
            number=order.external_id,
            supplier_ref=order.supplier_ref,
            to=supplier.email,
            subject=f"Purchase order {order.external_id}",
            text="",
        )
        told = {
            "supplier": supplier.name,
            "number": order.external_id,
            "lines": "; ".join(f"{line.quantity} × {line.sku}" for line in order.lines),
            "shop": matter.company,
        }
        return Proposal(command, books.shop_id, told, keep=(order.external_id,))

    def write(self, proposal: Proposal[MailPurchaseOrderCommand], rules: tuple[tuple[str, str], ...]) -> str:
        return written("mailed_purchase_order", proposal.told)

    def frame(self, proposal: Proposal[MailPurchaseOrderCommand], body: str) -> str:
        told = proposal.told
        return letter(f"{body}\n\nOrder {told['number']}: {told['lines']}.", "en", "", told["shop"])

    def read_facts(self, command: MailPurchaseOrderCommand, reader: Reader) -> Facts:
        supplier: Supplier = record_or_raise(reader, Supplier, command.supplier_ref)
        return order_facts(command.number, reader) | {"supplier": supplier.name, "email": supplier.email}

    def refusals(self, command: MailPurchaseOrderCommand, facts: Facts) -> list[str]:
        if facts["supplier_ref"] != command.supplier_ref:
            return [f"order {command.number} goes to another supplier in the books"]
        if facts["status"] not in MAY_BE_MAILED:
            return [f"order {command.number} is {status_words(facts)}; issue it before it is mailed"]
        if facts["is_mailed"]:
            return [f"the books say that order {command.number} has been mailed already"]
        if command.to.casefold() != facts["email"].casefold():
            return [f"{command.to} is not the address of {facts['supplier']}"]
        if command.number not in command.text:
            return [f"the mail does not name the order's number ({command.number})"]
        return []

    def preview(self, command: MailPurchaseOrderCommand, facts: Facts) -> Preview:
        rows = (Row("Order", status_words(facts), "mailed"), Row("Lines", facts["lines"], facts["lines"]))
        warnings = ("The books attach the order as a PDF. A mail that has left cannot be called back.",)
        summary = f"Mail {command.number} to {facts['supplier']}"
        return Preview(summary, rows, text=command.text, to=command.to, warnings=warnings)

    def operation(self, command: MailPurchaseOrderCommand, facts: Facts, key: str) -> Operation:
        return MailPurchaseOrder(number=command.number, to=command.to, subject=command.subject, text=command.text)
