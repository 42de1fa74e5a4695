"""Trade: orders, charges, refunds, returns, disputes and mails, kept as small slotted rows and rendered when asked for.

Times are Unix seconds (0 = not yet), money is in minor units of the channel's currency.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from connectors.twin.world.channels import CHANNELS, DAY, HOUR, encode
from connectors.twin.world.people import spread

CURRENCY = {name: channel.currency for name, channel in CHANNELS.items()} | {"stripe": "USD"}


class Step(IntEnum):
    """Where an order stands, in the order in which it moves."""

    UNPAID = 0
    TO_SHIP = 1
    PACKED = 2
    SHIPPED = 3
    DELIVERED = 4
    COMPLETED = 5
    CANCEL_ASKED = 6
    CANCELLED = 7
    RETURNING = 8


@dataclass(slots=True, eq=False)
class Order:
    """`index` counts within its channel by creation; `lines` are (good, quantity); `is_forgotten` keeps the warehouse
    from ever packing it; `scans_end` is the last scan of a parcel that the courier lost."""

    channel: str
    index: int
    buyer: int
    created: int
    lines: tuple[tuple[int, int], ...]
    total: int
    step: int = Step.TO_SHIP
    updated: int = 0
    ship_by: int = 0
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    refunded: int = 0
    scans_end: int = 0
    is_forgotten: bool = False
    is_risky: bool = False
    cancel_by: str = ""
    cancel_reason: str = ""
    tracking: str = ""
    pulled_lines: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()  # kinds of one-way messages that were sent for it

    @property
    def courier(self) -> str:
        names = CHANNELS[self.channel].couriers
        return names[spread(self.index, 21, 0, len(names) - 1)]

    @property
    def number(self) -> str:
        """What buyer and mail call it."""
        return CHANNELS[self.channel].number(self.index, self.created)

    @property
    def deliver_by(self) -> int:
        return (self.shipped or self.ship_by) + 6 * DAY

    @property
    def cancel_after(self) -> int:
        """When the platform cancels an unshipped order by itself."""
        return self.ship_by + 2 * DAY

    @property
    def is_open(self) -> bool:
        return self.step in (Step.TO_SHIP, Step.PACKED, Step.CANCEL_ASKED)

    def plan(self) -> tuple[int, int, int, int]:
        """When an undisturbed order is packed, handed over, delivered and completed.

        The warehouse always packs at least 30 hours before the deadline, so an untouched order never looks late.
        """
        number = self.index * 2 + CHANNELS[self.channel].salt
        packed = self.created + spread(number, 11, 2 * HOUR, 15 * HOUR)
        shipped = packed + spread(number, 12, HOUR, 9 * HOUR)
        delivered = shipped + spread(number, 13, 40 * HOUR, 110 * HOUR)
        return packed, shipped, delivered, delivered + 7 * DAY

    def last_scan(self, now: int) -> int:
        """The newest courier scan: about every 19 hours, until delivery or until the parcel was lost."""
        if not self.shipped:
            return 0
        end = self.delivered or min(now, self.scans_end or now)
        gap = spread(self.index, 14, 15 * HOUR, 23 * HOUR)
        return self.delivered or self.shipped + (end - self.shipped) // gap * gap


@dataclass(slots=True, eq=False)
class Charge:
    """A card payment for a Shopify order. `twin_of` is set on a charge that was made twice."""

    index: int
    order: int
    amount: int
    created: int
    status: str = "succeeded"
    refunded: int = 0
    is_disputed: bool = False
    twin_of: int = -1
    report: str = ""  # what the company told the processor of it: fraudulent, safe

    @property
    def id(self) -> str:
        return f"ch_3Q{encode(self.index)}Ops"

    @property
    def payment_intent(self) -> str:
        return f"pi_3Q{encode(self.index)}Ops"

    @property
    def card(self) -> int:
        return self.order


@dataclass(slots=True, eq=False)
class Refund:
    index: int
    charge: int
    amount: int
    created: int
    reason: str | None = None
    note: str = ""
    source: str = "stripe"
    metadata: dict[str, str] = field(default_factory=dict)
    lines: tuple[tuple[int, int], ...] = ()
    return_index: int = -1

    @property
    def id(self) -> str:
        return f"re_3Q{encode(self.index)}Ops"


@dataclass(slots=True, eq=False)
class Dispute:
    index: int
    charge: int
    amount: int
    created: int
    reason: str
    status: str
    due_by: int
    evidence: dict[str, str] = field(default_factory=dict)
    submissions: int = 0
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"dp_1Q{encode(self.index)}Ops"


@dataclass(slots=True, eq=False)
class FraudWarning:
    index: int
    charge: int
    created: int

    @property
    def id(self) -> str:
        return f"issfr_1Q{encode(self.index)}Ops"


@dataclass(slots=True, eq=False)
class Return:
    """A return that the buyer asked for. `line` is the place in the order's lines. Statuses are Shopee's words."""

    index: int
    channel: str
    order: int
    line: int
    quantity: int
    amount: int
    created: int
    updated: int
    reason: str
    text: str
    status: str = "REQUESTED"
    due: int = 0
    photos: int = 0
    win_odds: float = 0.0
    negotiation: str = "PENDING_RESPOND"
    offer: int = 0
    proof: dict[str, object] = field(default_factory=dict)
    dispute: dict[str, object] = field(default_factory=dict)
    decline: dict[str, str] = field(default_factory=dict)

    @property
    def sn(self) -> str:
        return f"R{encode(self.index)}"


@dataclass(slots=True, eq=False)
class Mail:
    """One message in the shop's mailbox. `order` is (channel, index) where the buyer wrote about one."""

    uid: int
    message_id: str
    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    date: int
    in_reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    order: tuple[str, int] | None = None
    cause: str = ""
    raw: bytes = b""
    flags: set[str] = field(default_factory=set)
