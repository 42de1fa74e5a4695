"""Parcels, their labels and the ways they can still take."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from connectors.money import Money
from connectors.operations import Address, Parcel
from connectors.types.base import Record


class ShipmentStatus(StrEnum):
    BOOKED = "booked"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPlace(Record):
    """Where goods come back to and how a usual parcel measures, as the account of a label seller has it in its
    settings. Asked for by any id, never saved. `parcel` is None where nobody has entered one."""

    address: Address
    parcel: Parcel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment(Record):
    order_ref: str
    status: ShipmentStatus
    carrier: str = ""
    tracking_number: str = ""
    shipped_at: datetime | None = None
    last_scan_at: datetime | None = None
    promised_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingLabel(Record):
    """Postage at a label service. Asked for when one is wanted, never saved. `url` is empty until it is bought."""

    reference: str = ""  # ours
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    url: str = ""
    price: Money | None = None
    refund_status: str = ""
    is_return: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectWay:
    """One change of a parcel's way that its courier offers now: one of `RedirectParcel.way`, the days to choose from
    (empty: none to choose), and what it costs (None: the courier does not say)."""

    way: str
    days: tuple[date, ...] = ()
    charge: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectOffer(Record):
    """What can still be changed about the parcel of that number. Asked for when one is wanted, never saved.

    `standing` are changes that were asked for before and are not carried out yet.
    """

    ways: tuple[RedirectWay, ...]
    standing: tuple[str, ...] = ()
