"""Send the buyer a page on which an unpaid order is paid, by whatever method they choose."""

from connectors.operations import AskPayment, Operation
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
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
)
from drafts.kinds.orders.standing import account, said, state


class AskPaymentCommand(Command):
    order_ref: Ref
    text: Prose = ""


class AskPaymentKind(Kind[AskPaymentCommand]):
    name = "ask_payment"
    label = "Ask for payment"
    command = AskPaymentCommand
    undo = Undo("never: a message that has left cannot be called back")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[AskPaymentCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        if order.status != OrderStatus.UNPAID:
            raise CannotPropose(f"order {order.number} is not unpaid; it is {said(state(order))}")
        text = f"Your order {order.number} is not paid yet. You can choose how to pay on the page behind this link."
        return Proposal(AskPaymentCommand(order_ref=order.external_id, text=text), mine.shop_id, {})

    def read_facts(self, command: AskPaymentCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return state(order) | account(order)

    def refusals(self, command: AskPaymentCommand, facts: Facts) -> list[str]:
        if facts["status"] == OrderStatus.UNPAID:
            return []
        return [f"order {facts['number']} is {said(facts)}; there is nothing to ask for"]

    def preview(self, command: AskPaymentCommand, facts: Facts) -> Preview:
        rows = (Row("Order", "unpaid", "unpaid, the buyer has the link"),)
        total = f"{facts['total']} {facts['currency']}" if facts["total"] else "the open amount"
        warnings = ("The channel puts its own payment link under this text.",)
        return Preview(
            f"Ask the buyer of order {facts['number']} to pay {total}", rows, command.text, warnings=warnings
        )

    def operation(self, command: AskPaymentCommand, facts: Facts, key: str) -> Operation:
        return AskPayment(order_ref=command.order_ref, text=command.text)
