"""Parcels as couriers and tracking services tell of them: scans in order of time, the state they leave a parcel in, and
the pages on which a person asks a courier for what no interface can.

A status may go backwards (a correction, a number used again), so the state is that of the latest scan by its own time,
not of the last one received. All scans stay in the raw payload.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.base import R, Retry
from connectors.shops.reading import UNREADABLE, Row, Unreadable, iso_moment, reason_of
from connectors.types import Shipment, ShipmentStatus

# Where a shipper changes a parcel's way by hand, and where one claims for it, by the first word of the courier's name.
REDIRECT_PAGES = {
    "ups": "https://www.ups.com/track?tracknum={number}",
    "usps": "https://www.usps.com/manage/package-intercept.htm",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "dhl": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
}
CLAIM_PAGES = {
    "ups": "https://www.ups.com/us/en/support/file-a-claim",
    "usps": "https://www.usps.com/help/claims.htm",
    "fedex": "https://www.fedex.com/en-us/customer-support/claims.html",
}


@dataclass(frozen=True, slots=True)
class Scan:
    """One event at a courier. `status` is None where its word says nothing about the state."""

    at: datetime
    status: ShipmentStatus | None


@dataclass(frozen=True, slots=True)
class Course:
    """What a parcel's scans say together."""

    status: ShipmentStatus
    last_scan_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None


UNDER_WAY = frozenset({ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY, ShipmentStatus.DELIVERED})


def course(
    said: ShipmentStatus, scans: Iterable[Scan], *, is_coming_back: bool = False, is_of_silence: bool = False
) -> Course:
    """`said` is the service's own word for the whole, used where no scan tells, or where it speaks of the silence after
    the last one (`is_of_silence`).

    A parcel on its way back never reaches its buyer: that is an exception to decide on, until it has come home.
    """
    ordered = sorted(scans, key=lambda scan: scan.at)
    told = [scan for scan in ordered if scan.status is not None]
    status = said if not told or is_of_silence else told[-1].status or said
    if is_coming_back and status is not ShipmentStatus.RETURNED:
        status = ShipmentStatus.RETURNED if status is ShipmentStatus.DELIVERED else ShipmentStatus.EXCEPTION
    is_delivered = status is ShipmentStatus.DELIVERED
    return Course(
        status=status,
        last_scan_at=ordered[-1].at if ordered else None,
        shipped_at=next((scan.at for scan in told if scan.status in UNDER_WAY), None),
        delivered_at=told[-1].at if is_delivered and told else None,
    )


def shipment(
    found: Course, *, external_id: Any, raw: bytes, order_ref: str, carrier: Any, number: Any,
    promised_at: datetime | None, delivered_at: datetime | None = None,
) -> Shipment:  # fmt: skip
    """The record of one tracked parcel. `order_ref` is empty where the service does not know the order. Raises
    Unreadable where id, courier or number are no words."""
    if not word(external_id) or not word(number):
        raise Unreadable("a parcel without its id or its number")
    return Shipment(
        external_id=word(external_id),
        raw=raw,
        order_ref=order_ref,
        status=found.status,
        carrier=word(carrier),
        tracking_number=compact(word(number)),
        shipped_at=found.shipped_at,
        last_scan_at=found.last_scan_at,
        promised_at=promised_at,
        delivered_at=(found.delivered_at or delivered_at) if found.status is ShipmentStatus.DELIVERED else None,
    )


def read_one(record: type[R], parse: Callable[[Row], Iterable[Any]], item: Row) -> R | None:
    """The record of one row that was asked for by its id. Raises Retry (drift) where it cannot be read."""
    try:
        return next((row for row in parse(item) if isinstance(row, record)), None)
    except UNREADABLE as error:
        raise Retry(f"the answer cannot be read: {reason_of(error)}", code="drift") from error


def word(value: Any) -> str:
    """Text, or a number as text; empty for None. Raises Unreadable for anything else."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"{value!r} where a word is expected")
    return str(value)


def compact(number: str) -> str:
    """A tracking number as couriers compare them: no spaces, capitals."""
    return "".join(number.split()).upper()


def local_moment(text: Any, seen_at: Any) -> datetime:
    """The time of a scan, which couriers often give in the local time of a place that nobody names.

    Such a time is replaced by the moment at which the service learned of the scan (`seen_at`); without that, it is read
    as UTC, up to 14 hours off. Raises Unreadable, ValueError.
    """
    if not isinstance(text, str) or not text:
        raise Unreadable(f"{text!r} is no time of a scan")
    when = datetime.fromisoformat(text)
    if when.tzinfo is not None:
        return when.astimezone(UTC)
    return iso_moment(seen_at) or when.replace(tzinfo=UTC)


def end_of_day(day: date) -> datetime:
    """A promise of a day is kept until that day ends."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def promise(text: Any) -> datetime | None:
    """A day or a moment → UTC; None where empty. Raises ValueError, TypeError."""
    if not text:
        return None
    if len(text) == len("2026-11-21"):
        return end_of_day(date.fromisoformat(text))
    when = datetime.fromisoformat(text)
    return when.astimezone(UTC) if when.tzinfo else end_of_day(when.date())


def page_of(pages: dict[str, str], carrier: str, number: str = "") -> str:
    """The courier's own page; empty where we know none."""
    word = carrier.lower().replace("-", " ").replace("_", " ").split()
    return pages.get(word[0], "").format(number=compact(number)) if word else ""
