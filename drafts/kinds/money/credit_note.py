"""Credit a customer's account in the books against an order; no money leaves."""

from decimal import Decimal

from connectors.money import Money
from connectors.operations import CreditNote, Operation
from connectors.types import Order
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
from drafts.kinds.orders.standing import left_of, standing


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
        asked = Decimal(matter.argument("amount") or 0) or left_of(standing(order))
        if not asked or asked < 0:
            raise CannotPropose(f"how much to credit on order {order.number} is not known")
        command = CreditNoteCommand(
            order_ref=order.external_id,
            customer_ref=order.customer_ref,
            amount=Money(asked, order.currency).quantized().amount,
            currency=order.currency,
            reason=matter.title[:200].replace("\n", " "),
        )
        return Proposal(command, mine.performer(CreditNote), {})

    def money(self, command: CreditNoteCommand) -> Money | None:
        return Money(command.amount, command.currency)

    def read_facts(self, command: CreditNoteCommand, reader: Reader) -> Facts:
        return standing(record_or_raise(reader, Order, command.order_ref))

    def refusals(self, command: CreditNoteCommand, facts: Facts) -> list[str]:
        left = left_of(facts)
        if command.currency != facts["currency"]:
            return [f"order {facts['number']} is in {facts['currency']}, not {command.currency}"]
        if left is not None and command.amount > left:
            return [f"{command.amount} is more than the {left} {command.currency} that order {facts['number']} holds"]
        return []

    def preview(self, command: CreditNoteCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        rows = (Row("Credited in the books", "–", str(money)), Row("Reason", "", command.reason))
        text = f"Credit note over {money} against order {facts['number']}. Reason: {command.reason}"
        warnings = ("The books change, the payment does not: refund the payment by a draft of its own.",)
        return Preview(f"Credit note of {money} against order {facts['number']}", rows, text=text, warnings=warnings)

    def operation(self, command: CreditNoteCommand, facts: Facts, key: str) -> Operation:
        return CreditNote(
            order_ref=facts["number"],
            customer_ref=command.customer_ref,
            amount=Money(command.amount, command.currency),
            reason=command.reason,
        )
