"""Change a parcel's way: another day, another address, back to us, or kept for collection."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connectors.operations import Address, Operation, RedirectParcel
from connectors.types import Shipment, ShipmentStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
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
from drafts.kinds.orders.change_address import PARTS, lines_of

Way = Literal["reschedule", "reroute", "return", "hold_for_pickup"]
WORDS: dict[Way, str] = {
    "reschedule": "is delivered on another day",
    "reroute": "goes to another address",
    "return": "comes back to us",
    "hold_for_pickup": "waits at the courier's counter",
}
OVER = {ShipmentStatus.DELIVERED: "is delivered", ShipmentStatus.RETURNED: "has come back already"}


class RedirectParcelCommand(Command):
    """A new day for `reschedule`, a whole address for `reroute`."""

    shipment_ref: Ref
    order_ref: OptionalRef = ""
    tracking_number: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9-]*$")]
    carrier: OneLine = ""
    way: Way = "return"
    day: date | None = None
    name: OneLine = ""
    line1: OneLine = ""
    line2: OneLine = ""
    city: OneLine = ""
    region: OneLine = ""
    postcode: OneLine = ""
    country: OneLine = ""
    phone: OneLine = ""

    @model_validator(mode="after")
    def is_whole(self) -> Self:
        if self.way == "reschedule" and self.day is None:
            raise ValueError("name the day of the new delivery")
        if self.way == "reroute" and not (self.name and self.line1 and self.city and self.postcode and self.country):
            raise ValueError("name the whole new address")
        return self

    @property
    def address(self) -> Address | None:
        return Address(**{part: getattr(self, part) for part in PARTS}) if self.way == "reroute" else None


class RedirectParcelKind(Kind[RedirectParcelCommand]):
    name = "redirect_parcel"
    label = "Redirect a parcel"
    command = RedirectParcelCommand
    undo = Undo("until the courier has acted on it, by calling it off with the courier")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[RedirectParcelCommand]:
        parcel, mine = named(matter, saved, Shipment, "shipment_ref")
        if not parcel.tracking_number:
            raise CannotPropose("the parcel has no tracking number")
        command = RedirectParcelCommand(
            shipment_ref=parcel.external_id,
            order_ref=parcel.order_ref,
            tracking_number=parcel.tracking_number,
            carrier=parcel.carrier,
        )
        return Proposal(command, mine.performer(RedirectParcel), {})

    def read_facts(self, command: RedirectParcelCommand, reader: Reader) -> Facts:
        parcel: Shipment = record_or_raise(reader, Shipment, command.shipment_ref)
        return {
            "tracking_number": parcel.tracking_number,
            "carrier": parcel.carrier,
            "status": str(parcel.status),
            "promised_at": text_of(parcel.promised_at),
        }

    def refusals(self, command: RedirectParcelCommand, facts: Facts) -> list[str]:
        if facts["status"] in OVER:
            return [f"parcel {command.tracking_number} {OVER[ShipmentStatus(facts['status'])]}"]
        if facts["tracking_number"] != command.tracking_number:
            return [f"the parcel's number is {facts['tracking_number'] or 'gone'} now, not {command.tracking_number}"]
        return []

    def preview(self, command: RedirectParcelCommand, facts: Facts) -> Preview:
        rows = [
            Row("Parcel", facts["status"].replace("_", " "), WORDS[command.way]),
            Row("Courier", facts["carrier"] or "not named", facts["carrier"] or "not named"),
        ]
        warnings = ["The courier charges for it and may say no: what it accepts is shown once it has answered."]
        text = ""
        if command.way == "reschedule":
            rows.append(Row("Day", facts["promised_at"][:10] or "not promised", str(command.day)))
        if command.address is not None:
            text = "\n".join(lines_of(command.address))
            rows.append(Row("Goes to", "the order's address", text.replace("\n", ", ")))
            warnings.append("Only the buyer's own request is a reason: a changed address is how parcels are stolen.")
        if command.way == "return":
            warnings.append("The buyer does not get it: settle the order with a refund or a new parcel.")
        return Preview(
            f"Parcel {command.tracking_number} {WORDS[command.way]}", tuple(rows), text, warnings=tuple(warnings)
        )

    def operation(self, command: RedirectParcelCommand, facts: Facts, key: str) -> Operation:
        return RedirectParcel(
            tracking_number=command.tracking_number,
            carrier=command.carrier,
            way=command.way,
            day=command.day,
            address=command.address,
        )
