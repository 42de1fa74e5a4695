"""Postal addresses in commands, and how they are shown."""

from typing import Annotated

from pydantic import Field

from connectors.operations import Address
from connectors.types import DeliveryAddress
from drafts.kinds.base import Command, Matter, OneLine, Reader

PARTS = ("name", "line1", "line2", "city", "region", "postcode", "country", "phone")
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]*$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
STOLEN = "Only the buyer's own request is a reason: a changed address is how parcels are stolen."


class Place(Command):
    """A whole postal address. `country` is ISO 3166-1 alpha-2, `region` the state or province."""

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


def lines_of(address: Address) -> list[str]:
    """An address as it is written on a parcel."""
    place = " ".join(filter(None, (address.postcode, address.city, address.region)))
    return [
        part for part in (address.name, address.line1, address.line2, place, address.country, address.phone) if part
    ]


def parts_of(address: Address) -> dict[str, str]:
    return {part: getattr(address, part) for part in PARTS}


def told_place(matter: Matter) -> dict[str, str]:
    """The parts of a new address that a matter names, as `address_line1` and so on; empty ones where it does not."""
    parts = {part: matter.argument(f"address_{part}") for part in PARTS}
    return parts | {"country": parts["country"].upper()}


def goes_to(reader: Reader, order_ref: str) -> str:
    """Where an order goes, on one line, read from its channel now; empty where the channel does not tell."""
    found: DeliveryAddress | None = reader.fetch(DeliveryAddress, order_ref)
    return ", ".join(lines_of(found.address)) if found else ""
