"""Send an open order to another address."""

from connectors.operations import ChangeAddress, Operation
from connectors.types import Order
from drafts.kinds.base import (
    CannotPropose,
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
)
from drafts.kinds.orders.asked import Asked
from drafts.kinds.orders.standing import not_open, state
from drafts.kinds.places import STOLEN, Place, goes_to, lines_of, told_place


class ChangeAddressCommand(Place, Asked):
    """The whole new address."""

    order_ref: Ref


class ChangeAddressKind(Kind[ChangeAddressCommand]):
    name = "change_address"
    label = "Change the address"
    command = ChangeAddressCommand
    undo = Undo("reversible until it is packed, by setting the former address", "change_address")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ChangeAddressCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        parts = told_place(matter)
        if not (parts["line1"] and parts["city"] and parts["postcode"]):
            raise CannotPropose("the new address is not known in full; ask the buyer for it")
        parts = {**parts, "name": parts["name"] or order.customer_name, "country": parts["country"] or order.country}
        return Proposal(ChangeAddressCommand(order_ref=order.external_id, **parts), mine.shop_id, {})

    def read_facts(self, command: ChangeAddressCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return state(order) | {"country": order.country, "goes_to": goes_to(reader, command.order_ref)}

    def refusals(self, command: ChangeAddressCommand, facts: Facts) -> list[str]:
        if facts["goes_to"] == ", ".join(lines_of(command.address)):
            return [f"order {facts['number']} goes there already"]
        return not_open(facts)

    def preview(self, command: ChangeAddressCommand, facts: Facts) -> Preview:
        new = lines_of(command.address)
        before = facts["goes_to"] or facts["country"] or "as the channel holds it"
        warnings = [STOLEN]
        if facts["country"] and facts["country"] != command.country:
            warnings.append("It goes to another country: duties, postage and the promised day change.")
        summary = f"Send order {facts['number']} to {command.city}, {command.country}"
        rows = (Row("Goes to", before, ", ".join(new)),)
        return Preview(summary, rows, text="\n".join(new), warnings=tuple(warnings))

    def operation(self, command: ChangeAddressCommand, facts: Facts, key: str) -> Operation:
        return ChangeAddress(order_ref=command.order_ref, address=command.address)
