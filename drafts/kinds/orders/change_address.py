"""Send an open order to another address."""

from typing import Annotated

from pydantic import Field

from connectors.operations import Address, ChangeAddress, Operation
from connectors.types import Order
from drafts.kinds.base import (
    CannotPropose,
    Command,
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
from drafts.kinds.orders.standing import not_open, standing

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]*$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
PARTS = ("name", "line1", "line2", "city", "region", "postcode", "country", "phone")


class ChangeAddressCommand(Command):
    """The whole new address. `country` is ISO 3166-1 alpha-2, `region` the state or province."""

    order_ref: Ref
    name: Line
    line1: Line
    line2: OneLine = ""
    city: Line
    region: OneLine = ""
    postcode: Line
    country: Country
    phone: OneLine = ""

    @property
    def address(self) -> Address:
        return Address(**{part: getattr(self, part) for part in PARTS})


class ChangeAddressKind(Kind[ChangeAddressCommand]):
    name = "change_address"
    label = "Change the address"
    command = ChangeAddressCommand
    undo = Undo("reversible until it is packed, by setting the former address", "change_address")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ChangeAddressCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        parts = {part: matter.argument(f"address_{part}") for part in PARTS}
        if not (parts["line1"] and parts["city"] and parts["postcode"]):
            raise CannotPropose("the new address is not known in full; ask the buyer for it")
        parts = {**parts, "name": parts["name"] or order.customer_name, "country": parts["country"] or order.country}
        return Proposal(ChangeAddressCommand(order_ref=order.external_id, **parts), mine.shop_id, {})

    def read_facts(self, command: ChangeAddressCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return standing(order) | {"country": order.country, "region": order.region}

    def refusals(self, command: ChangeAddressCommand, facts: Facts) -> list[str]:
        return not_open(facts)

    def preview(self, command: ChangeAddressCommand, facts: Facts) -> Preview:
        new = lines_of(command.address)
        before = ", ".join(filter(None, (facts["region"], facts["country"]))) or "as the channel holds it"
        warnings = ["Only the buyer's own request is a reason: a changed address is how parcels are stolen."]
        if facts["country"] and facts["country"] != command.country:
            warnings.append("It goes to another country: duties, postage and the promised day change.")
        summary = f"Send order {facts['number']} to {command.city}, {command.country}"
        return Preview(
            summary, (Row("Goes to", before, ", ".join(new)),), text="\n".join(new), warnings=tuple(warnings)
        )

    def operation(self, command: ChangeAddressCommand, facts: Facts, key: str) -> Operation:
        return ChangeAddress(order_ref=command.order_ref, address=command.address)


def lines_of(address: Address) -> list[str]:
    """An address as it is written on a parcel."""
    place = " ".join(filter(None, (address.postcode, address.city, address.region)))
    return [
        part for part in (address.name, address.line1, address.line2, place, address.country, address.phone) if part
    ]
