"""AfterShip's trackings → parcels."""

from collections.abc import Iterator
from datetime import datetime

from connectors.shops.parcels import Scan, course, local_moment, promise, shipment, word
from connectors.shops.reading import Row, dump
from connectors.types import BadRow, Record, ShipmentStatus

TAGS = {
    "Pending": ShipmentStatus.BOOKED,
    "InfoReceived": ShipmentStatus.BOOKED,
    "InTransit": ShipmentStatus.IN_TRANSIT,
    "OutForDelivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "AttemptFail": ShipmentStatus.EXCEPTION,
    "AvailableForPickup": ShipmentStatus.OUT_FOR_DELIVERY,  # it waits for its buyer, and goes back if nobody comes
    "Delivered": ShipmentStatus.DELIVERED,
    "Exception": ShipmentStatus.EXCEPTION,
    "Expired": ShipmentStatus.EXCEPTION,  # the courier has said nothing for thirty days
}
CAME_BACK = "Exception_011"  # the sender has it again; the way back before is an exception like any other

PROMISES = ("order_promised_delivery_date", "courier_estimated_delivery_date", "aftership_estimated_delivery_date")


def tracking(item: Row) -> Iterator[Record | BadRow]:
    found = course(
        ShipmentStatus.RETURNED if item.get("subtag") == CAME_BACK else TAGS[item["tag"]],
        scans(item),
        is_coming_back=item.get("return_to_sender") is True,
        is_of_silence=item["tag"] == "Expired",
    )
    yield shipment(
        found,
        external_id=item["id"],
        raw=dump(item),
        order_ref=word(item.get("order_number")) or word(item.get("order_id")),
        carrier=item.get("slug"),
        number=item["tracking_number"],
        promised_at=promised(item),
        delivered_at=promise(item.get("shipment_delivery_date")),
    )


def state(row: Row) -> ShipmentStatus | None:
    """Of one checkpoint; a tag that nobody knows leaves the state to the tracking's own."""
    return ShipmentStatus.RETURNED if row.get("subtag") == CAME_BACK else TAGS.get(row.get("tag") or "")


def scans(item: Row) -> list[Scan]:
    return [
        Scan(local_moment(row["checkpoint_time"], row.get("created_at")), state(row))
        for row in item.get("checkpoints") or ()
    ]


def promised(item: Row) -> datetime | None:
    """What the buyer was promised first, else what the courier, else what AfterShip expects.

    An expected day is an object with its own bounds; the promise to the buyer may be a day or such an object.
    """
    for name in PROMISES:
        said = item.get(name)
        if isinstance(said, dict):
            said = said.get("estimated_delivery_date_max") or said.get("estimated_delivery_date")
        found = promise(said)
        if found is not None:
            return found
    return None
