"""Take goods of an order back and send others for them."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connectors.money import ZERO, Money
from connectors.operations import Exchange, Operation
from connectors.types import Order
from drafts.kinds.base import (
    CannotPropose,
    Facts,
    Kind,
    Matter,
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
from drafts.kinds.orders.change_items import Added, not_sold, offers
from drafts.kinds.orders.reship import goods_of, too_many, worth_of
from drafts.kinds.orders.standing import GONE, said, standing


class ExchangeCommand(Settled):
    """`taken` units of the order come back, `given` listings go out for them."""

    order_ref: Ref
    taken: Annotated[tuple[Part, ...], Field(min_length=1)]
    given: Annotated[tuple[Added, ...], Field(min_length=1)]


class ExchangeKind(Kind[ExchangeCommand]):
    name = "exchange"
    label = "Exchange"
    command = ExchangeCommand
    undo = Undo("until the new goods are packed, by cancelling the exchange")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ExchangeCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        if order.status not in GONE:
            raise CannotPropose(f"order {order.number} has not left yet; its items can still be changed")
        taken, given = _wanted(matter, order)
        if not (taken and given):
            raise CannotPropose(f"what of order {order.number} should be exchanged for what is not known")
        command = ExchangeCommand(
            order_ref=order.external_id,
            taken=tuple(Part(line_ref=ref, quantity=units) for ref, units in taken.items()),
            given=tuple(Added(listing_ref=ref, quantity=units) for ref, units in given.items()),
        )
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: ExchangeCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return standing(order) | {"given": offers(reader, command.given)}

    def refusals(self, command: ExchangeCommand, facts: Facts) -> list[str]:
        if facts["status"] not in GONE:
            return [f"order {facts['number']} is {said(facts)}: change its items instead of exchanging them"]
        return too_many(command.taken, facts) + not_sold(facts["given"], facts)

    def preview(self, command: ExchangeCommand, facts: Facts) -> Preview:
        back = ", ".join(f"{units} × {sku}" for sku, units in goods_of(command.taken, facts))
        out = ", ".join(f"{one.quantity} × {facts['given'][one.listing_ref]['sku']}" for one in command.given)
        rows = (Row("Comes back", back, "expected"), Row("Goes out", "–", out))
        worth = worth_of(command.taken, facts)
        price = sum((Decimal(facts["given"][one.listing_ref]["price"]) * one.quantity for one in command.given), ZERO)
        warnings = ["New goods go out before the old ones are inspected, unless the channel waits for them."]
        if price != worth.amount:
            new = Money(price, facts["currency"])
            warnings.insert(0, f"What comes back was sold for {worth}, what goes out costs {new}: settle that apart.")
        summary = f"Exchange {back} of order {facts['number']} for {out}"
        return Preview(summary, rows, text=f"{summary}.", warnings=tuple(warnings))

    def operation(self, command: ExchangeCommand, facts: Facts, key: str) -> Operation:
        return Exchange(
            order_ref=command.order_ref,
            taken=tuple((part.line_ref, part.quantity) for part in command.taken),
            given=tuple((one.listing_ref, one.quantity) for one in command.given),
        )


def _wanted(matter: Matter, order: Order) -> tuple[dict[str, int], dict[str, int]]:
    """(line: units) that come back and (listing: units) that go out.

    As the matter names them; else the goods that it is about, against the same again.
    """
    taken = dict(matter.arguments.get("taken") or {})
    lines = {line.external_id: line for line in order.lines}
    if not taken:
        sku, units = matter.argument("sku"), matter.number("quantity")
        about = [line for line in order.lines if line.sku == sku] if sku else order.lines[:1]
        taken = {line.external_id: units or line.quantity - line.cancelled_quantity for line in about[:1]}
    given = dict(matter.arguments.get("given") or {})
    same = {lines[ref].listing_ref: units for ref, units in taken.items() if ref in lines and lines[ref].listing_ref}
    return taken, given or same
