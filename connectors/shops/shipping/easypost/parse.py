"""EasyPost's trackers → parcels, and its shipments → labels."""

from collections.abc import Iterator
from decimal import Decimal

from connectors.money import Money
from connectors.shops.parcels import Scan, course, local_moment, promise, shipment
from connectors.shops.reading import Row, amount, currency_of, dump
from connectors.types import BadRow, Record, ShipmentStatus, ShippingLabel

STATUSES = {
    "unknown": ShipmentStatus.BOOKED,  # usual for days after a label was bought
    "pre_transit": ShipmentStatus.BOOKED,
    "in_transit": ShipmentStatus.IN_TRANSIT,
    "out_for_delivery": ShipmentStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": ShipmentStatus.OUT_FOR_DELIVERY,
    "delivered": ShipmentStatus.DELIVERED,
    "return_to_sender": ShipmentStatus.EXCEPTION,
    "failure": ShipmentStatus.EXCEPTION,
    "error": ShipmentStatus.EXCEPTION,
    "cancelled": ShipmentStatus.EXCEPTION,
}
# A failed attempt has no status of its own: it is said as a detail of "in_transit".
TROUBLE = frozenset(
    {
        "address_correction", "awaiting_information", "damaged", "delivery_exception", "expired", "failure", "held",
        "lost", "missorted", "refused", "return", "transit_exception",
    }
)  # fmt: skip
OUNCE_GRAMS, INCH_MM = Decimal("28.349523125"), Decimal("25.4")


def state(status: str, detail: str) -> ShipmentStatus:
    found = STATUSES[status]
    is_moving = found in (ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY)
    return ShipmentStatus.EXCEPTION if is_moving and detail in TROUBLE else found


def scans(item: Row) -> list[Scan]:
    """A status that nobody knows leaves the state to the tracker's own word."""
    return [
        Scan(
            local_moment(row["datetime"], item.get("updated_at")),
            state(row["status"], row.get("status_detail") or "") if row.get("status") in STATUSES else None,
        )
        for row in item.get("tracking_details") or ()
    ]


def tracker(item: Row) -> Iterator[Record | BadRow]:
    said = item["status"]
    found = course(
        state(said, item.get("status_detail") or ""),
        scans(item),
        is_coming_back=said == "return_to_sender",
        is_of_silence=said in ("failure", "error", "cancelled"),  # said of the tracker, not by a scan
    )
    yield shipment(
        found,
        external_id=item["id"],
        raw=dump(item),
        order_ref="",  # a tracker knows its number alone; whose parcel it is, the shop that sold it tells
        carrier=item.get("carrier"),
        number=item["tracking_code"],
        promised_at=promise(item.get("est_delivery_date")),
    )


def label(item: Row) -> Iterator[ShippingLabel]:
    """A shipment whose postage may have been bought."""
    rate: Row = item.get("selected_rate") or {}
    yield ShippingLabel(
        external_id=item["id"],
        raw=dump(item),
        reference=item.get("reference") or "",
        carrier=rate.get("carrier") or "",
        service=rate.get("service") or "",
        tracking_number=item.get("tracking_code") or "",
        url=(item.get("postage_label") or {}).get("label_url") or "",
        price=Money(amount(rate["rate"]), currency_of(rate["currency"])) if rate else None,
        refund_status=item.get("refund_status") or "",
        is_return=item.get("is_return") is True,
    )
