"""Take goods of an order back and send others for them."""

from connectors.operations import Exchange, Operation
from connectors.types import Listing, Order
from drafts.kinds.base import (
    CannotPropose,
    Command,
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
    text_of,
)
from drafts.kinds.orders.change_items import Added
from drafts.kinds.orders.reship import goods_of, too_many, worth_of
from drafts.kinds.orders.standing import GONE, standing


class ExchangeCommand(Command):
    """`taken` units of the order come back, `given` listings go out for them."""

    order_ref: Ref
    taken: tuple[Part, ...]
    given: tuple[Added, ...]


class ExchangeKind(Kind[ExchangeCommand]):
    name = "exchange"
    label = "Exchange"
    command = ExchangeCommand
    undo = Undo("until the new goods are packed, by cancelling the exchange")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ExchangeCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        given = dict(matter.arguments.get("given", {}))
        taken = dict(matter.arguments.get("taken", {})) or {line.external_id: line.quantity for line in order.lines[:1]}
        if not given or order.status not in GONE:
            raise CannotPropose(
                f"what order {order.number} should be exchanged for is not said, or it has not left yet"
            )
        command = ExchangeCommand(
            order_ref=order.external_id,
            taken=tuple(Part(line_ref=ref, quantity=units) for ref, units in taken.items()),
            given=tuple(Added(listing_ref=ref, quantity=units) for ref, units in given.items()),
        )
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: ExchangeCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        listings = {one.listing_ref: record_or_raise(reader, Listing, one.listing_ref) for one in command.given}
        return standing(order) | {
            "given": {ref: {"sku": one.sku, "price": text_of(one.price)} for ref, one in listings.items()}
        }

    def refusals(self, command: ExchangeCommand, facts: Facts) -> list[str]:
        if facts["status"] not in GONE:
            said = facts["status"].replace("_", " ")
            return [f"order {facts['number']} is {said}: change its items instead of exchanging them"]
        return too_many(command.taken, facts) + ([] if command.given else ["name what is sent for them"])

    def preview(self, command: ExchangeCommand, facts: Facts) -> Preview:
        back = ", ".join(f"{units} × {sku}" for sku, units in goods_of(command.taken, facts))
        out = ", ".join(f"{one.quantity} × {facts['given'][one.listing_ref]['sku']}" for one in command.given)
        rows = (Row("Comes back", back, "expected"), Row("Goes out", "–", out))
        warnings = (
            f"What comes back was sold for {worth_of(command.taken, facts)}; a difference in price is settled apart.",
            "New goods go out before the old ones are inspected, unless the channel waits for them.",
        )
        text = f"Exchange on order {facts['number']}: {back} for {out}."
        return Preview(f"Exchange {back} of order {facts['number']} for {out}", rows, text=text, warnings=warnings)

    def operation(self, command: ExchangeCommand, facts: Facts, key: str) -> Operation:
        return Exchange(
            order_ref=command.order_ref,
            taken=tuple((part.line_ref, part.quantity) for part in command.taken),
            given=tuple((one.listing_ref, one.quantity) for one in command.given),
        )
