"""Credit a customer's account in the books against an order; no money leaves."""

from decimal import Decimal

from connectors.money import Money
from connectors.operations import CreditNote, Operation
from connectors.types import BooksContact, Order
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
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
from drafts.kinds.orders.standing import account, left_of, over_left


class CreditNoteCommand(Command):
    order_ref: Ref
    customer_ref: OptionalRef = ""
    amount: Amount
    currency: CurrencyCode
    reason: OneLine


class CreditNoteKind(Kind[CreditNoteCommand]):
    name = "credit_note"
    label = "Credit note"
    command = CreditNoteCommand
    undo = Undo("reversible until it is applied, by voiding it in the books")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[CreditNoteCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        left = left_of(account(order))
        asked = Decimal(matter.argument("amount") or 0) or left
        if not asked or not left or min(asked, left) <= 0:
            raise CannotPropose(f"how much to credit on order {order.number} is not known, or nothing is left of it")
        command = CreditNoteCommand(
            order_ref=order.external_id,
            amount=Money(min(asked, left), order.currency).quantized().amount,
            currency=order.currency,
            reason=matter.headline,
        )
        books = mine.performer(self.operation(command, account(order), ""))
        contact = mine.of(books).fetch(BooksContact, order.customer_email)
        ref = contact.reference if contact else order.customer_ref
        return Proposal(command.model_copy(update={"customer_ref": ref}), books, {})

    def money(self, command: CreditNoteCommand) -> Money | None:
        return Money(command.amount, command.currency)

    def read_facts(self, command: CreditNoteCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        contact: BooksContact | None = reader.fetch(BooksContact, order.customer_email)
        return account(order) | {
            "contact": contact.reference if contact else "",
            "name": contact.name if contact else "",
        }

    def refusals(self, command: CreditNoteCommand, facts: Facts) -> list[str]:
        if facts["contact"] and command.customer_ref != facts["contact"]:
            return [f"the books keep the buyer of order {facts['number']} as {facts['name']}; prepare it anew for them"]
        return over_left(command.amount, command.currency, facts)

    def preview(self, command: CreditNoteCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        who = facts["name"] or "the buyer, as the books name them"
        rows = (
            Row("Customer in the books", "", who),
            Row("Credited in the books", "–", str(money)),
            Row("Reason", "", command.reason),
        )
        text = f"Credit note of {money} for {who}, against order {facts['number']}. Reason: {command.reason}"
        warnings = ("The books change, the payment does not: refund the payment by a draft of its own.",)
        return Preview(f"Credit note of {money} against order {facts['number']}", rows, text=text, warnings=warnings)

    def operation(self, command: CreditNoteCommand, facts: Facts, key: str) -> Operation:
        return CreditNote(
            order_ref=facts["number"],
            customer_ref=command.customer_ref,
            amount=Money(command.amount, command.currency),
            reason=command.reason,
        )
