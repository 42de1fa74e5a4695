"""Give a customer credit to spend in the shop."""

from datetime import date, timedelta
from decimal import Decimal

from connectors.money import Money
from connectors.operations import Operation, StoreCredit
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

GOODWILL = Decimal("0.15")  # of what the order came to, where nobody has named a sum
LASTS = timedelta(days=365)


class StoreCreditCommand(Command):
    """`order_ref` is the order it makes up for; the credit is its customer's."""

    order_ref: Ref
    customer_ref: Ref
    amount: Amount
    currency: CurrencyCode
    note: OneLine = ""
    expires_on: date | None = None


class StoreCreditKind(Kind[StoreCreditCommand]):
    name = "store_credit"
    label = "Store credit"
    command = StoreCreditCommand
    undo = Undo("reversible while it is unspent, by taking it back in the shop's admin")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[StoreCreditCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        if not order.customer_ref:
            raise CannotPropose(f"order {order.number} has no customer account that could hold credit")
        whole = left_of(account(order))
        if not whole:
            raise CannotPropose(f"what order {order.number} came to is not known, or all of it has gone back")
        asked = Decimal(matter.argument("credit") or whole * GOODWILL)
        command = StoreCreditCommand(
            order_ref=order.external_id,
            customer_ref=order.customer_ref,
            amount=Money(min(asked, whole), order.currency).quantized().amount,
            currency=order.currency,
            note=f"For order {order.number}",
            expires_on=matter.today + LASTS,
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: StoreCreditCommand) -> Money | None:
        return Money(command.amount, command.currency)

    def read_facts(self, command: StoreCreditCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        ends = command.expires_on
        return account(order) | {"is_over": ends is not None and ends <= reader.clock().date()}

    def refusals(self, command: StoreCreditCommand, facts: Facts) -> list[str]:
        if facts["customer_ref"] != command.customer_ref:
            return [f"order {facts['number']} belongs to another customer now"]
        if facts["is_over"]:
            return [f"credit that ends on {command.expires_on} could not be spent"]
        return over_left(command.amount, command.currency, facts)

    def preview(self, command: StoreCreditCommand, facts: Facts) -> Preview:
        money = Money(command.amount, command.currency)
        until = f"until {command.expires_on:%Y-%m-%d}" if command.expires_on else "without an end"
        rows = (Row("Credit added", "–", f"{money}, {until}"), Row("Order", facts["number"], facts["number"]))
        warnings = ["Costs its margin only when it is spent; the payment itself stays as it is."]
        text = f"Give the customer of order {facts['number']} {money} of store credit, {until}. {command.note}"
        return Preview(
            f"{money} of store credit for order {facts['number']}", rows, text=text, warnings=tuple(warnings)
        )

    def operation(self, command: StoreCreditCommand, facts: Facts, key: str) -> Operation:
        return StoreCredit(
            customer_ref=command.customer_ref,
            amount=Money(command.amount, command.currency),
            note=command.note,
            expires_on=command.expires_on,
        )
