"""Tell the payment processor that a charge was fraudulent, so that it learns."""

from connectors.operations import MarkFraud, Operation
from connectors.types import Payment, PaymentKind, PaymentStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
    text_of,
)


class MarkFraudCommand(Command):
    payment_ref: Ref


class MarkFraudKind(Kind[MarkFraudCommand]):
    name = "mark_fraud"
    label = "Mark a charge as fraud"
    command = MarkFraudCommand
    undo = Undo("reversible: the mark is taken back at the processor")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[MarkFraudCommand]:
        payment, mine = named(matter, saved, Payment, "payment_ref")
        if payment.kind != PaymentKind.CHARGE:
            raise CannotPropose(f"payment {payment.external_id} is a refund, not a charge")
        return Proposal(MarkFraudCommand(payment_ref=payment.external_id), mine.shop_id, {})

    def read_facts(self, command: MarkFraudCommand, reader: Reader) -> Facts:
        payment: Payment = record_or_raise(reader, Payment, command.payment_ref)
        return {
            "status": str(payment.status),
            "amount": text_of(payment.amount),
            "currency": payment.currency,
            "is_disputed": payment.is_disputed,
        }

    def refusals(self, command: MarkFraudCommand, facts: Facts) -> list[str]:
        if facts["status"] != PaymentStatus.SUCCEEDED:
            return [f"charge {command.payment_ref} was never paid ({facts['status']}); there is nothing to mark"]
        return []

    def preview(self, command: MarkFraudCommand, facts: Facts) -> Preview:
        rows = (
            Row("Charge", f"{facts['amount']} {facts['currency']}", "marked as fraudulent"),
            Row("Money", "with us", "unchanged"),
        )
        warnings = [
            "Moves no money: refund the charge by a draft of its own.",
            "The card, mail and address of this buyer may be blocked from now on.",
        ]
        if facts["is_disputed"]:
            warnings.append("The charge is disputed: this mark weighs against us if the dispute is contested.")
        summary = f"Mark charge {command.payment_ref} as fraudulent"
        return Preview(summary, rows, text=summary + ".", warnings=tuple(warnings))

    def operation(self, command: MarkFraudCommand, facts: Facts, key: str) -> Operation:
        return MarkFraud(payment_ref=command.payment_ref)
