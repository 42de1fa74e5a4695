"""Send goods of an order again without charge."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connectors.money import Money
from connectors.operations import Operation, Reship
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    OneLine,
    Part,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    amount_in,
    named,
    record_or_raise,
)
from drafts.kinds.orders.standing import GONE, said, standing


class ReshipCommand(Command):
    """`worth` is what the goods were sold for: the most that is given a second time, by which the policy judges."""

    order_ref: Ref
    lines: Annotated[tuple[Part, ...], Field(min_length=1)]
    worth: Amount
    currency: CurrencyCode
    note: OneLine = ""


class ReshipKind(Kind[ReshipCommand]):
    name = "reship"
    label = "Send again"
    command = ReshipCommand
    undo = Undo("until the new parcel is packed, by cancelling the new order")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ReshipCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        facts = standing(order)
        parts = tuple(Part(line_ref=ref, quantity=units) for ref, units in facts["lines"].items() if units > 0)
        if order.status not in GONE or not parts:
            raise CannotPropose(f"order {order.number} has nothing that left and could be sent again")
        command = ReshipCommand(
            order_ref=order.external_id,
            lines=parts,
            worth=worth_of(parts, facts).quantized().amount,
            currency=order.currency,
            note=f"Replacement for order {order.number}",
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: ReshipCommand) -> Money | None:
        return Money(command.worth, command.currency)

    def read_facts(self, command: ReshipCommand, reader: Reader) -> Facts:
        return standing(record_or_raise(reader, Order, command.order_ref))

    def refusals(self, command: ReshipCommand, facts: Facts) -> list[str]:
        if facts["status"] not in GONE:
            return [f"order {facts['number']} is {said(facts)}; only what has left can be sent again"]
        if command.currency != facts["currency"]:
            return [f"order {facts['number']} is in {facts['currency']}, not {command.currency}"]
        reasons, worth = too_many(command.lines, facts), worth_of(command.lines, facts).quantized()
        if not reasons and worth.amount > command.worth:
            reasons.append(f"these goods were sold for {worth}; the draft is for {command.worth}")
        return reasons

    def preview(self, command: ReshipCommand, facts: Facts) -> Preview:
        goods = goods_of(command.lines, facts)
        worth = worth_of(command.lines, facts)
        rows = tuple(Row(sku, "sent once", f"{units} more") for sku, units in goods)
        warnings = ["A second parcel costs its goods and postage: a claim at the courier may bring the first one back."]
        if amount_in(facts, "refunded"):
            warnings.insert(0, f"{facts['refunded']} {facts['currency']} of this order has gone back already.")
        if facts["status"] in (OrderStatus.DELIVERED, OrderStatus.COMPLETED):
            warnings.insert(0, "The courier reports the first parcel as delivered.")
        words = ", ".join(f"{units} × {sku}" for sku, units in goods)
        text = f"Send again for order {facts['number']}, without charge: {words}. {command.note}"
        summary = f"Send {words} again for order {facts['number']} (sold for {worth})"
        return Preview(summary, rows, text=text, warnings=tuple(warnings))

    def operation(self, command: ReshipCommand, facts: Facts, key: str) -> Operation:
        lines = tuple((part.line_ref, part.quantity) for part in command.lines)
        return Reship(order_ref=command.order_ref, lines=lines, note=command.note)


def too_many(parts: tuple[Part, ...], facts: Facts) -> list[str]:
    """Lines that the order does not have, or of which the buyer does not have so many units."""
    reasons = []
    for part in parts:
        units = facts["lines"].get(part.line_ref)
        if units is None:
            reasons.append(f"line {part.line_ref} is not of order {facts['number']}")
        elif part.quantity > units:
            reasons.append(f"line {part.line_ref} of order {facts['number']} has {units} units, not {part.quantity}")
    return reasons


def goods_of(parts: tuple[Part, ...], facts: Facts) -> list[tuple[str, int]]:
    """(SKU, units) in the order of the lines."""
    return [(facts["skus"].get(part.line_ref) or part.line_ref, part.quantity) for part in parts]


def worth_of(parts: tuple[Part, ...], facts: Facts) -> Money:
    """What the lines were sold for."""
    prices = facts["prices"]
    total = sum((Decimal(prices.get(part.line_ref) or 0) * part.quantity for part in parts), Decimal(0))
    return Money(total, facts["currency"])
