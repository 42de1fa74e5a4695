"""Our own rows as records, for kinds whose facts no channel can tell: tickets, alerts, the supply of one SKU."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.types import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow(Record):
    """A ticket; `external_id` is our own number."""

    subject: str
    state: str  # open, waiting, solved, merged
    customer_ref: str = ""
    order_ref: str = ""
    conversations: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow(Record):
    """An alert; `external_id` is our own number. `cash` in the base currency, None where it is not known."""

    title: str
    state: str  # open, snoozed, decided, resolved, grouped
    cash: Decimal | None = None
    currency: str = ""
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedHere(Record):
    """The last purchase order that was written into the books for an alert; `external_id` is the alert's number."""

    number: str
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRow(Record):
    """A connected account; `external_id` is our own number. `to_ship` counts its orders that wait to be sent."""

    name: str
    state: str  # connected, paused, needs_reconnect, disconnected
    to_ship: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtLabel(Record):
    """The last return label that was bought here for an order (`external_id`); `label_ref` is the seller's own id."""

    label_ref: str
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDeeds(Record):
    """What was done to an order (`external_id`) by drafts of ours, also where it is not certain yet: (kind, times)."""

    times: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisedSku(Record):
    """The campaign that spends most on one SKU, where the SKU takes most of what it spends; the id is the SKU."""

    campaign_ref: str
    shop_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyPosition(Record):
    """One SKU over all channels; `external_id` is the SKU. `inbound`: ordered from suppliers and not yet received."""

    title: str = ""
    on_hand: int | None = None
    reserved: int | None = None
    inbound: int = 0
    unit_cost: Decimal | None = None
    currency: str = ""
