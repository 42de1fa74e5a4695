"""Parcels: the scans that a courier makes of an order's parcel, trouble on its way, and what was asked of couriers and
label services about it. Times are Unix seconds, money is in minor units of US dollars.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.people import spread
from connectors.twin.world.trade import Order, Step

DEPOTS = ("Louisville, KY", "Memphis, TN", "Chicago, IL", "Dallas, TX", "Ontario, CA")
LAST_MILE = 4 * HOUR  # from the scan "out for delivery" to the door
WAY_BACK = 4 * DAY
WAITS_FOR_BUYER = 2 * DAY
# UPS's shipper numbers of the company, one a channel, and the service "03" (Ground).
SHIPPERS = {"shopify": "8A60V5", "amazon": "8A60V6"}
SERVICE = "03"
_STEP, _ALL = 7919, 10**7
_STEP_BACK = pow(_STEP, -1, _ALL)


class Event(StrEnum):
    LABEL = "label"
    PICKED_UP = "picked_up"
    DEPOT = "depot"
    OUT = "out"
    ATTEMPT = "attempt"
    BAD_ADDRESS = "bad_address"
    DELIVERED = "delivered"
    CHANGED = "changed"  # the shipper has changed the parcel's way
    HELD = "held"  # kept for collection
    COMING_BACK = "coming_back"
    CAME_BACK = "came_back"


TROUBLES = (Event.ATTEMPT, Event.BAD_ADDRESS)


@dataclass(frozen=True, slots=True)
class Scan:
    at: int
    event: Event
    place: str


@dataclass(slots=True)
class Redirect:
    """A change of a parcel's way. `way` is one of reschedule, reroute, return, hold_for_pickup; `until` is when it is
    carried out."""

    way: str
    at: int
    until: int
    fee: int
    address: dict[str, str] = field(default_factory=dict)
    is_called_off: bool = False


@dataclass(slots=True)
class Label:
    """A shipment at the label service; its postage is bought once `rate` is set."""

    index: int
    reference: str
    created: int
    is_return: bool
    start: dict[str, str]
    end: dict[str, str]
    parcel: dict[str, float]
    rate: int = -1
    price: int = 0
    bought: int = 0
    refund: str = ""
    voided: int = 0

    @property
    def number(self) -> str:
        return f"9400{self.index:016d}" if self.bought else ""


@dataclass(slots=True)
class Claim:
    index: int
    number: str
    kind: str
    amount: int
    text: str
    email: str
    reference: str
    created: int
    attachments: int
    is_cancelled: bool = False


class Parcels:
    """What was asked of couriers and label services, and the trouble that parcels are in."""

    def __init__(self) -> None:
        self.redirects: dict[tuple[str, int], list[Redirect]] = {}
        self.trouble: dict[tuple[str, int], Event] = {}
        self.labels: list[Label] = []
        self.claims: list[Claim] = []

    def standing(self, order: Order, now: int) -> Redirect | None:
        """The change that was asked for and is not carried out yet."""
        rows = self.redirects.get((order.channel, order.index), [])
        return next((row for row in rows if not row.is_called_off and row.until > now), None)

    def last(self, order: Order) -> Redirect | None:
        rows = [row for row in self.redirects.get((order.channel, order.index), []) if not row.is_called_off]
        return rows[-1] if rows else None

    def expected(self, order: Order) -> int:
        """When the parcel will be delivered as things stand."""
        change = self.last(order)
        if change is not None and change.way != "return":
            return change.until
        return max(order.plan()[2], order.shipped + HOUR)

    def is_out(self, order: Order, now: int) -> bool:
        """Whether the parcel is on its last mile."""
        is_moving = order.step == Step.SHIPPED and not order.scans_end
        return is_moving and now >= self.expected(order) - LAST_MILE

    def last_at(self, order: Order, now: int) -> int:
        """When the newest scan was made (0: none yet), without making the others."""
        key = (order.channel, order.index)
        if order.delivered:
            return order.delivered
        if not order.shipped or key in self.trouble or key in self.redirects:
            return max((scan.at for scan in self.scans(order, now)), default=0)
        gap, end = scan_gap(order), min(now, order.scans_end or now)
        depot = order.shipped + max(0, end - order.shipped - 1) // gap * gap
        return max(depot, self.expected(order) - LAST_MILE) if self.is_out(order, now) else depot

    def scans(self, order: Order, now: int) -> list[Scan]:
        """Every scan up to now, oldest first; in step with `Order.last_scan`."""
        if not order.packed:
            return []
        found = [Scan(order.packed, Event.LABEL, "")]
        if order.shipped:
            found += self._under_way(order, now)
        return found

    def _under_way(self, order: Order, now: int) -> list[Scan]:
        gap = scan_gap(order)
        end = order.delivered or min(now, order.scans_end or now)
        moments = range(order.shipped + gap, end, gap)
        found = [Scan(order.shipped, Event.PICKED_UP, DEPOTS[order.index % len(DEPOTS)])]
        found += [Scan(at, Event.DEPOT, DEPOTS[(order.index + hop) % len(DEPOTS)]) for hop, at in enumerate(moments, 1)]
        trouble = self.trouble.get((order.channel, order.index))
        if trouble is not None and order.scans_end:
            found.append(Scan(order.scans_end, trouble, DEPOTS[order.index % len(DEPOTS)]))
        found += self._changed(order, now)
        out = (order.delivered or self.expected(order)) - LAST_MILE
        if order.delivered or self.is_out(order, now):
            found.append(Scan(max(out, order.shipped), Event.OUT, DEPOTS[order.index % len(DEPOTS)]))
        if order.delivered:
            found.append(Scan(order.delivered, Event.DELIVERED, ""))
        return sorted(found, key=lambda scan: scan.at)

    def _changed(self, order: Order, now: int) -> list[Scan]:
        change = self.last(order)
        if change is None:
            return []
        place = DEPOTS[order.index % len(DEPOTS)]
        found = [Scan(change.at, Event.CHANGED, place)]
        if change.way == "return":
            found.append(Scan(change.at + 1, Event.COMING_BACK, place))
            if now >= change.until:
                found.append(Scan(change.until, Event.CAME_BACK, ""))
        if change.way == "hold_for_pickup":
            found.append(Scan(change.at + 1, Event.HELD, place))
        return found


def scan_gap(order: Order) -> int:
    """Seconds from one depot to the next, as `Order.last_scan` counts them."""
    return spread(order.index, 14, 15 * HOUR, 23 * HOUR)


def check_digit(body: str) -> int:
    """UPS's check digit of the fifteen characters after 1Z: letters count as (code - 63) mod 10, every second twice."""
    values = [int(letter) if letter.isdigit() else (ord(letter) - 63) % 10 for letter in body]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return -total % 10


def ups_number(order: Order) -> str:
    """1Z, the shipper, the service, seven digits that hold the order's index, and the check digit."""
    body = f"{SHIPPERS[order.channel]}{SERVICE}{order.index * _STEP % _ALL:07d}"
    return f"1Z{body}{check_digit(body)}"


def ups_order(number: str) -> tuple[str, int] | None:
    """(channel, index) of an order behind a UPS number of ours; None for any other."""
    body, channels = number[2:-1], {shipper: channel for channel, shipper in SHIPPERS.items()}
    if len(number) != 18 or not body[8:].isdigit() or number[-1] != str(check_digit(body)):
        return None
    channel = channels.get(body[:6])
    return None if channel is None else (channel, int(body[8:]) * _STEP_BACK % _ALL)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
