"""Change a parcel's way: another day, another address, back to us, or kept for collection."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from connectors.operations import Address, Operation, RedirectParcel
from connectors.types import Order, RedirectOffer, RedirectWay, Shipment, ShipmentStatus
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Difference,
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
from drafts.kinds.places import PARTS, STOLEN, lines_of, told_place

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
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
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
    """Facts hold every way that the courier offers, so that another one may be chosen under Edit."""

    name = "redirect_parcel"
    label = "Redirect a parcel"
    command = RedirectParcelCommand
    undo = Undo("until the courier has acted on it, by calling it off with the courier; its fee may stay")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[RedirectParcelCommand]:
        parcel, mine = _parcel(matter, saved)
        if not parcel.tracking_number:
            raise CannotPropose("the parcel has no tracking number")
        way: Way = next((each for each in WORDS if each == matter.choice), "return")
        command = RedirectParcelCommand(
            shipment_ref=parcel.external_id,
            order_ref=parcel.order_ref,
            tracking_number=parcel.tracking_number,
            carrier=parcel.carrier,
        )
        courier = mine.performer(self.operation(command, {}, ""))
        return Proposal(_changed(command, way, matter, mine.of(courier)), courier, {})

    def choices(self, matter: Matter) -> tuple[tuple[str, str], ...]:
        ways = [("hold_for_pickup", "Keep the parcel for collection"), ("reschedule", "Deliver it on another day")]
        return (*ways, ("reroute", "Send it to another address")) if told_place(matter)["line1"] else tuple(ways)

    def choice_of(self, command: RedirectParcelCommand) -> str:
        return "" if command.way == "return" else command.way

    def read_facts(self, command: RedirectParcelCommand, reader: Reader) -> Facts:
        parcel: Shipment = record_or_raise(reader, Shipment, command.shipment_ref)
        offer: RedirectOffer | None = reader.fetch(RedirectOffer, command.tracking_number)
        told = (
            {"ways": {each.way: _terms(each) for each in offer.ways}, "standing": list(offer.standing)} if offer else {}
        )
        return told | {
            "tracking_number": parcel.tracking_number,
            "carrier": parcel.carrier,
            "status": str(parcel.status),
            "promised_at": text_of(parcel.promised_at),
        }

    def refusals(self, command: RedirectParcelCommand, facts: Facts) -> list[str]:
        number = command.tracking_number
        if facts["status"] in OVER:
            return [f"parcel {number} {OVER[ShipmentStatus(facts['status'])]}"]
        if facts["tracking_number"] != number:
            return [f"the parcel's number is {facts['tracking_number'] or 'gone'} now, not {number}"]
        if command.way in facts.get("standing", ()):
            return [f"that parcel {number} {WORDS[command.way]} is asked for already"]
        return _unoffered(command, facts["ways"]) if "ways" in facts else []

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        """The days to choose from move by themselves; whether the chosen one is among them is looked at again."""
        return super().differences(_without_days(approved), _without_days(now))

    def preview(self, command: RedirectParcelCommand, facts: Facts) -> Preview:
        charge = facts.get("ways", {}).get(command.way, {}).get("charge", "")
        fee = f"charges {charge or 'what it says afterwards'}"
        rows = [
            Row("Parcel", facts["status"].replace("_", " "), WORDS[command.way]),
            Row("Courier", facts["carrier"] or "not named", fee),
        ]
        warnings, text = [], f"Parcel {command.tracking_number}: {WORDS[command.way]}"
        if "ways" not in facts:
            warnings.append("The courier may say no: whether it still takes this change is shown once it has answered.")
        if command.way == "reschedule":
            rows.append(Row("Day", facts["promised_at"][:10] or "not promised", str(command.day)))
            text += f" ({command.day})"
        if command.address is not None:
            place = lines_of(command.address)
            text = "\n".join((f"{text}:", *place))
            rows.append(Row("Goes to", "the order's address", ", ".join(place)))
            warnings.append(STOLEN)
        if command.way == "return":
            warnings.append("The buyer does not get it: settle the order with a refund or a new parcel.")
        summary = f"Parcel {command.tracking_number} {WORDS[command.way]}"
        return Preview(summary, tuple(rows), text, warnings=tuple(warnings))

    def operation(self, command: RedirectParcelCommand, facts: Facts, key: str) -> Operation:
        return RedirectParcel(
            tracking_number=command.tracking_number,
            carrier=command.carrier,
            way=command.way,
            day=command.day,
            address=command.address,
        )


def _parcel(matter: Matter, saved: Saved) -> tuple[Shipment, Saved]:
    """The parcel that is named, else the last that left with the order."""
    if matter.argument("shipment_ref") or not matter.argument("order_ref"):
        return named(matter, saved, Shipment, "shipment_ref")
    order, mine = named(matter, saved, Order, "order_ref")
    last: Shipment | None = mine.latest(Shipment, "shipped_at", order_ref=order.external_id)
    if last is None:
        raise CannotPropose(f"no parcel of order {order.number} is known")
    return last, mine


def _changed(command: RedirectParcelCommand, way: Way, matter: Matter, courier: Saved) -> RedirectParcelCommand:
    """The command for another way: the first day that the courier offers, the address that the matter names."""
    changes: dict[str, Any] = {"way": way}
    if way == "reroute":
        changes |= told_place(matter)
    if way == "reschedule":
        offer: RedirectOffer | None = courier.fetch(RedirectOffer, command.tracking_number)
        days = [day for each in offer.ways if each.way == way for day in each.days] if offer else []
        if not days:
            raise CannotPropose("the courier offers no other day for this parcel")
        changes["day"] = days[0]
    return RedirectParcelCommand.model_validate(command.model_dump() | changes)


def _terms(way: RedirectWay) -> dict[str, Any]:
    return {"days": [day.isoformat() for day in way.days], "charge": str(way.charge) if way.charge else ""}


def _without_days(facts: Facts) -> Facts:
    if "ways" not in facts:
        return facts
    return facts | {"ways": {way: terms["charge"] for way, terms in facts["ways"].items()}}


def _unoffered(command: RedirectParcelCommand, ways: dict[str, Any]) -> list[str]:
    if command.way not in ways:
        offered = ", ".join(way.replace("_", " ") for way in ways) or "nothing any more"
        return [f"the courier offers for this parcel: {offered}; not {command.way.replace('_', ' ')}"]
    days = ways[command.way]["days"]
    if command.way == "reschedule" and days and str(command.day) not in days:
        return [f"the courier offers {', '.join(days)}, not {command.day}"]
    return []
