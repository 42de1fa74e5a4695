"""UPS's tracking answer → a parcel. Times in GMT where UPS gives them, else the local ones of the scan's place."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from connectors.operations import Address
from connectors.shops.parcels import Scan, course, end_of_day, shipment
from connectors.shops.reading import Row, Unreadable, dump
from connectors.types import BadRow, Record, ShipmentStatus

# Types of an activity's status.
TYPES = {
    "M": ShipmentStatus.BOOKED,  # manifest: the label is made, UPS has no parcel yet
    "MV": ShipmentStatus.BOOKED,  # the label was voided
    "P": ShipmentStatus.IN_TRANSIT,  # picked up
    "I": ShipmentStatus.IN_TRANSIT,
    "W": ShipmentStatus.IN_TRANSIT,  # in a UPS warehouse
    "O": ShipmentStatus.OUT_FOR_DELIVERY,
    "D": ShipmentStatus.DELIVERED,
    "DO": ShipmentStatus.DELIVERED,  # at the buyer's, signature waived
    "DD": ShipmentStatus.DELIVERED,
    "X": ShipmentStatus.EXCEPTION,
    "RS": ShipmentStatus.EXCEPTION,  # on its way back to the shipper
    "NA": None,
}


def package(answer: Row) -> Row:
    """The one package of a number. Raises Unreadable where UPS names none."""
    try:
        found: Any = answer["trackResponse"]["shipment"][0]["package"][0]
    except (LookupError, TypeError) as error:
        raise Unreadable("the answer names no package; its shape may have changed") from error
    if not isinstance(found, dict):
        raise Unreadable("the package is no object")
    return found


def parcel(item: Row) -> Iterator[Record | BadRow]:
    rows = item.get("activity") or ()
    is_coming_back = any((row.get("status") or {}).get("type") == "RS" for row in rows)
    found = course(ShipmentStatus.BOOKED, [scan(row) for row in rows], is_coming_back=is_coming_back)
    days = delivery_days(item)
    promised = days.get("RDD") or days.get("SDD")
    yield shipment(
        found,
        external_id=item["trackingNumber"],
        raw=dump(item),
        order_ref="",  # reference numbers are the shipper's own words; the shop that sold it knows whose it is
        carrier="UPS",
        number=item["trackingNumber"],
        promised_at=end_of_day(promised) if promised else None,
    )


def scan(row: Row) -> Scan:
    kind = (row.get("status") or {}).get("type") or "NA"
    if row.get("gmtDate") and row.get("gmtTime"):
        # GMT comes with or without separators: 20261008 120000, 2026-10-08 12:00:00.
        return Scan(moment(row["gmtDate"], row["gmtTime"]), TYPES[kind])
    return Scan(moment(row["date"], row.get("time") or "000000"), TYPES[kind])


def moment(day: str, at: str) -> datetime:
    digits = "".join(letter for letter in f"{day}{at}" if letter.isdigit())
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def delivery_days(item: Row) -> dict[str, date]:
    """By UPS's word: SDD scheduled, RDD rescheduled, DEL delivered."""
    return {row["type"]: day_of(row["date"]) for row in item.get("deliveryDate") or () if row.get("date")}


def day_of(text: Any) -> date:
    """YYYYMMDD, as text or (in UPS's own examples) as a number."""
    return datetime.strptime(str(text), "%Y%m%d").replace(tzinfo=UTC).date()


def address(item: Row, kind: str, phone: str) -> Address | None:
    """ORIGIN or DESTINATION of a package; None where UPS does not tell it whole."""
    for row in item.get("packageAddress") or ():
        place = row.get("address") or {}
        if row.get("type") == kind and place.get("addressLine1") and place.get("postalCode"):
            return Address(
                name=row.get("name") or row.get("attentionName") or "Receiver", line1=place["addressLine1"],
                line2=place.get("addressLine2") or "", city=place.get("city") or "",
                region=place.get("stateProvince") or "", postcode=place["postalCode"],
                country=place.get("countryCode") or place.get("country") or "", phone=phone,
            )  # fmt: skip
    return None
