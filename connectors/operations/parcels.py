"""Labels and the ways of parcels."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from connectors.money import Money
from connectors.operations.base import Address, Operation, Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyReturnLabel(Operation):
    """Buy a label with which the buyer (`sender`) sends goods back to us (`receiver`), at most for `limit`."""

    order_ref: str
    sender: Address
    receiver: Address
    parcel: Parcel
    limit: Money
    carrier: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidLabel(Operation):
    """Give an unused label back for its price."""

    label_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectParcel(Operation):
    """Change a parcel's way: another day, another address, back to us, or kept for collection."""

    tracking_number: str
    carrier: str
    way: Literal["reschedule", "reroute", "return", "hold_for_pickup"]
    day: date | None = None
    address: Address | None = None
