"""Agree that goods of a delivered order come back; their money follows once they are here."""

from typing import Annotated

from pydantic import Field

from connectors.money import Money
from connectors.operations import OpenReturn, Operation
from connectors.types import Order, OrderStatus
from drafts.kinds.base import (
    Amount,
    CannotPropose,
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
    named,
    record_or_raise,
)
from drafts.kinds.orders.asked import Settled
from drafts.kinds.orders.reship import goods_of, too_many, worth_of
from drafts.kinds.orders.standing import said, standing

HERE = (OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.RETURNING)


class OpenReturnCommand(Settled):
    """`worth` is what the goods were sold for: the most that goes back for them, by which the policy judges."""

    order_ref: Ref
    lines: Annotated[tuple[Part, ...], Field(min_length=1)]
    worth: Amount
    currency: CurrencyCode
    note: OneLine = ""


class OpenReturnKind(Kind[OpenReturnCommand]):
    name = "open_return"
    label = "Agree to a return"
    command = OpenReturnCommand
    undo = Undo("until the goods are on their way, by cancelling the return")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[OpenReturnCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        facts = standing(order)
        asked = dict(matter.arguments.get("taken") or {})
        units = asked or {ref: left for ref, left in facts["lines"].items() if left > 0}
        parts = tuple(Part(line_ref=ref, quantity=count) for ref, count in units.items())
        if order.status not in HERE or not parts:
            raise CannotPropose(f"order {order.number} has nothing that could come back; it is {said(facts)}")
        command = OpenReturnCommand(
            order_ref=order.external_id,
            asked_by_ref=order.customer_ref,
            lines=parts,
            worth=worth_of(parts, facts).quantized().amount,
            currency=order.currency,
            note=matter.headline,
        )
        return Proposal(command, mine.shop_id, {})

    def money(self, command: OpenReturnCommand) -> Money | None:
        return Money(command.worth, command.currency)

    def read_facts(self, command: OpenReturnCommand, reader: Reader) -> Facts:
        return standing(record_or_raise(reader, Order, command.order_ref))

    def refusals(self, command: OpenReturnCommand, facts: Facts) -> list[str]:
        if facts["status"] not in HERE:
            return [f"order {facts['number']} is {said(facts)}; only what was delivered can come back"]
        if command.currency != facts["currency"]:
            return [f"order {facts['number']} is in {facts['currency']}, not {command.currency}"]
        reasons, worth = too_many(command.lines, facts), worth_of(command.lines, facts).quantized()
        if not reasons and worth.amount != command.worth:
            reasons.append(f"these goods were sold for {worth}; the draft says {command.worth}")
        return reasons

    def preview(self, command: OpenReturnCommand, facts: Facts) -> Preview:
        goods = goods_of(command.lines, facts)
        worth = worth_of(command.lines, facts)
        words = ", ".join(f"{units} × {sku}" for sku, units in goods)
        rows = [Row(sku, "with the buyer", f"{units} expected back") for sku, units in goods]
        rows.append(Row("Money", f"paid {worth}", f"goes back by {command.method_ref or 'the way it came'} later"))
        warnings = ("Nothing is paid by this: the refund is a draft of its own, once the goods are here.",)
        summary = f"Take {words} of order {facts['number']} back (sold for {worth})"
        text = f"Return agreed for order {facts['number']}: {words}. {command.note}".strip()
        return Preview(summary, tuple(rows), text=text, warnings=warnings)

    def operation(self, command: OpenReturnCommand, facts: Facts, key: str) -> Operation:
        return OpenReturn(
            order_ref=command.order_ref,
            lines=tuple((part.line_ref, part.quantity) for part in command.lines),
            method_ref=command.method_ref,
            note=command.note,
        )
