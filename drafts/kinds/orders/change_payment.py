"""Charge an open order to another of its customer's saved payment methods."""

from decimal import Decimal

from connectors.money import Money
from connectors.operations import ChangePayment, Operation
from connectors.types import Order, PaymentMethods
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    CurrencyCode,
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
from drafts.kinds.orders.asked import Asked
from drafts.kinds.orders.standing import account, left_of, not_open, over_left, state


class ChangePaymentCommand(Asked):
    """`amount` is all that the order still holds: it is charged to the new method and given back on the former."""

    order_ref: Ref
    method_ref: Ref
    amount: Amount
    currency: CurrencyCode


class ChangePaymentKind(Kind[ChangePaymentCommand]):
    name = "change_payment"
    label = "Change the payment method"
    command = ChangePaymentCommand
    undo = Undo("reversible until it is packed, by changing the payment method back", "change_payment")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ChangePaymentCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        left = left_of(account(order))
        if not matter.argument("method_ref"):
            raise CannotPropose("which payment method the buyer wants is not said; ask for it")
        if not left:
            raise CannotPropose(f"what order {order.number} came to is not known, or all of it has gone back")
        command = ChangePaymentCommand(
            order_ref=order.external_id,
            asked_by_ref=order.customer_ref,
            method_ref=matter.argument("method_ref"),
            amount=Money(left, order.currency).quantized().amount,
            currency=order.currency,
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: ChangePaymentCommand) -> Money | None:
        return Money(command.amount, command.currency)

    def read_facts(self, command: ChangePaymentCommand, reader: Reader) -> Facts:
        """`method` is [label, balance] of the new one; empty where it is not the customer's, None where not told."""
        order: Order = record_or_raise(reader, Order, command.order_ref)
        saved: PaymentMethods | None = reader.fetch(PaymentMethods, order.customer_ref)
        theirs = [each for each in saved.methods if each.reference == command.method_ref] if saved else []
        told = [text for each in theirs for text in (each.label or each.kind, text_of(each.balance))]
        return state(order) | account(order) | {"paid_by": order.payment_method, "method": told if saved else None}

    def refusals(self, command: ChangePaymentCommand, facts: Facts) -> list[str]:
        number, method, left = facts["number"], facts["method"], left_of(facts)
        if reasons := not_open(facts) or over_left(command.amount, command.currency, facts):
            return reasons
        if command.amount != left:
            return [f"order {number} holds {left} {facts['currency']}; the draft says {command.amount}"]
        if command.method_ref == facts["paid_by"]:
            return [f"order {number} is paid by {command.method_ref} already"]
        if method is None:
            return []
        if not method:
            return [f"{command.method_ref} is no payment method of the customer of order {number}"]
        balance = method[1]
        is_short = bool(balance) and command.amount > Decimal(balance)
        return (
            [f"{command.method_ref} holds {balance}, less than the {command.amount} of the order"] if is_short else []
        )

    def preview(self, command: ChangePaymentCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        new = f"{facts['method'][0]} ({command.method_ref})" if facts["method"] else command.method_ref
        before = facts["paid_by"] or "as the channel holds it"
        rows = (Row("Paid by", before, new), Row("Charged again", "–", str(money)))
        warnings = [f"{money} is charged to the new method before the former one gets it back."]
        if facts["method"] is None:
            warnings.append("The channel does not tell the customer's saved methods: check that this is theirs.")
        summary = f"Charge order {facts['number']} to {new}: {money}"
        return Preview(summary, rows, text=summary, warnings=tuple(warnings))

    def operation(self, command: ChangePaymentCommand, facts: Facts, key: str) -> Operation:
        return ChangePayment(order_ref=command.order_ref, method_ref=command.method_ref)
