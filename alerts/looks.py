"""What detectors look at: one class a subject, filled by `alerts/facts/` with one query a batch. Pure.

Every look carries its shop and the time it was read, so that a figure can name its source. Amounts are in the record's
own currency; a detector converts them through its context.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from alerts.arithmetic.odds import NOTHING, Forecast, Tally


@dataclass(frozen=True, slots=True)
class ShopLook:
    id: int
    kind: str
    name: str
    country: str = ""
    currency: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLook:
    sku: str
    quantity: int
    unit_price: Decimal
    title: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLook:
    """An open order whose hand-over is near or past. `late`: this shop's orders that stood as late as this.

    Where the channel promises a delivery, `forecast` says how likely that is missed; where it promises nothing else,
    `ship_by` is worked out from it (`is_derived`).
    """

    shop: ShopLook
    ref: str
    number: str
    status: str
    ordered_at: datetime
    ship_by: datetime
    cancel_after: datetime | None = None
    currency: str
    total: Decimal | None  # None: not known
    refunded: Decimal = Decimal(0)
    customer_ref: str = ""
    customer_name: str = ""
    lines: tuple[LineLook, ...] = ()
    short_skus: tuple[str, ...] = ()
    has_parcel: bool = False
    late: Tally = NOTHING
    cancelled_when_late: Tally = NOTHING
    deliver_by: datetime | None = None
    forecast: Forecast | None = None
    is_derived: bool = False
    read_at: datetime

    @property
    def promised_at(self) -> datetime:
        """The moment from which it is late."""
        return self.deliver_by if self.forecast and self.deliver_by else self.ship_by

    @property
    def left(self) -> Decimal | None:
        """What is still to be earned with it: its total (else its lines') less what was given back."""
        total = self.total
        if total is None and self.lines:
            total = sum((line.unit_price * line.quantity for line in self.lines), Decimal(0))
        return None if total is None else total - self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class DueOrder:
    """An order that may still become late in the window a channel judges."""

    ref: str
    number: str
    ship_by: datetime
    total: Decimal | None  # None: not known
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLook:
    """A shop's late-shipment rate as the channel judges it: `bad` of `counted` orders, against `limit`."""

    shop: ShopLook
    metric: str
    metric_ref: str
    bad: int
    counted: int
    limit: Decimal | None = None
    is_at_least: bool = True
    points: int | None = None
    due: tuple[DueOrder, ...] = ()
    late: Tally = NOTHING
    daily_sales: Decimal | None = None
    measured_at: datetime
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLook:
    """A parcel under way.

    Where a tracker's scan is the latest, `told_by` is its shop and `told_ref` its row, read at `told_at`.
    Where the source tells when an order left but no parcels (`record` is then "order"), no scan can be missed, and
    `forecast` says how likely its promise is.
    """

    shop: ShopLook
    ref: str
    order_ref: str
    number: str
    status: str
    carrier: str = ""
    tracking_number: str = ""
    shipped_at: datetime | None = None
    last_scan_at: datetime | None = None
    promised_at: datetime | None = None
    order_status: str = ""
    currency: str
    total: Decimal | None  # None: not known
    customer_ref: str = ""
    customer_name: str = ""
    conversation_ref: str = ""
    conversation_shop_id: int | None = None
    complaints: int = 0
    lost: Tally = NOTHING
    record: str = "shipment"
    forecast: Forecast | None = None
    read_at: datetime
    told_by: int | None = None
    told_ref: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLook:
    shop: ShopLook
    ref: str
    order_ref: str
    number: str
    status: str
    reason: str = ""
    text: str = ""
    sku: str = ""
    quantity: int | None = None
    amount: Decimal
    currency: str
    asked_at: datetime
    decide_by: datetime | None = None
    needs_goods_back: bool | None = None
    photos: int = 0
    delivered_at: datetime | None = None
    customer_ref: str = ""
    won: Tally = NOTHING
    past_returns: int = 0
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLook:
    ref: str
    amount: Decimal
    currency: str
    created_at: datetime
    refunded: Decimal = Decimal(0)
    fingerprint: str = ""
    is_disputed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargesLook:
    """All charges that name one order (or, without an order, one buyer's card and amount within minutes)."""

    shop: ShopLook
    group: str
    order_ref: str = ""
    order_number: str = ""
    order_shop_id: int | None = None
    order_total: Decimal | None = None
    order_currency: str = ""
    customer_ref: str = ""
    charges: tuple[ChargeLook, ...] = ()
    disputed: Tally = NOTHING
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeLook:
    """A dispute or warning with what the order, the parcel and the mails say about it."""

    shop: ShopLook
    ref: str
    status: str
    reason: str = ""
    amount: Decimal
    currency: str
    opened_at: datetime
    evidence_by: datetime | None = None
    has_evidence: bool = False
    submission_count: int = 0
    is_refundable: bool | None = None
    payment_ref: str
    payment_refunded: Decimal = Decimal(0)
    order_ref: str = ""
    order_number: str = ""
    order_shop_id: int | None = None
    order_status: str = ""
    goods_cost: Decimal | None = None
    goods_currency: str = ""
    is_shipped: bool = False
    is_delivered: bool = False
    tracking_number: str = ""
    messages: int = 0
    customer_ref: str = ""
    won: Tally = NOTHING
    came_true: Tally = NOTHING
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLook:
    """One customer's matter that waits for us."""

    shop: ShopLook
    ticket_id: int
    subject: str
    conversation_ref: str
    channel: str = "mail"
    address: str = ""
    customer_ref: str = ""
    customer_name: str = ""
    intent: str = ""
    language: str = ""
    emotion: str = ""
    anger: float = 0.0
    excerpt: str = ""
    is_vip: bool = False
    lifetime_value: Decimal | None = None
    lifetime_currency: str = ""
    order_ref: str = ""
    order_number: str = ""
    order_total: Decimal | None = None
    order_currency: str = ""
    has_dispute: bool = False
    opened_at: datetime
    waiting_since: datetime
    first_answer_at: datetime | None = None
    wave_id: int | None = None
    read_at: datetime

    @property
    def mood(self) -> str:
        """`safety`, `legal`, `angry`, `vip` (a very important customer who is not content), or empty."""
        if self.emotion:
            return self.emotion
        return "vip" if self.is_vip and (self.anger > 0 or self.intent == "complaint") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveMember:
    ticket_id: int
    shop_id: int
    conversation_ref: str
    subject: str
    opened_at: datetime
    is_answered: bool
    order_ref: str = ""
    order_total: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveLook:
    wave_id: int
    fingerprint: str
    title: str
    cause: str
    shared: dict[str, str]
    members: tuple[WaveMember, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLook:
    """A SKU as one channel offers it."""

    shop: ShopLook
    on_hand: int
    reserved: int = 0
    price: Decimal | None = None
    currency: str = ""
    stock_ref: str = ""
    listing_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundLook:
    ref: str
    number: str
    quantity: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAllocation:
    """Units of a SKU that an open order of some channel still waits for."""

    shop: ShopLook
    order_ref: str
    number: str
    quantity: int
    unit_price: Decimal
    currency: str
    ship_by: datetime | None
    ordered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLook:
    """One SKU over all channels: what there is, what is promised, what comes, and how fast it goes.

    `on_hand` is the pool all channels sell from. `daily_units` holds the units of each recent day on which it could be
    bought, oldest first. `place` is its rank by units of the last 30 days, the best seller being 1.
    """

    sku: str
    title: str
    on_hand: int
    reserved: int
    offers: tuple[OfferLook, ...]
    open_orders: tuple[OpenAllocation, ...] = ()
    inbound: tuple[InboundLook, ...] = ()
    daily_units: tuple[int, ...] = ()
    place: int | None = None
    lead_time_days: int | None = None
    supplier_ref: str = ""
    supplier_name: str = ""
    supplier_shop_id: int | None = None
    minimum_quantity: int | None = None
    case_size: int | None = None
    unit_cost: Decimal | None = None
    cost_currency: str = ""
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLook:
    """The supplier's latest word on one order line; None where it leaves something open."""

    shop_id: int
    ref: str
    quantity: int | None = None
    unit_cost: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyLook:
    """One open line of a purchase order, what its supplier says of it, and the SKU it is for (None: nobody counts it).

    `quantity` is what was ordered, `received` what has come of it.
    """

    shop: ShopLook
    ref: str
    number: str
    supplier_ref: str
    supplier_name: str = ""
    sku: str
    quantity: int
    received: int = 0
    unit_cost: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None
    promise: PromiseLook | None = None
    stock: StockLook | None = None
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLook:
    """One feed's health, with the dollars per hour that its shop's alerts have been worth.

    `is_covered`: the whole connection is at fault, and that has an alert of its own with these dollars.
    """

    shop: ShopLook
    feed_id: int
    name: str
    every_seconds: int
    last_good_at: datetime | None
    last_tried_at: datetime | None = None
    connected_at: datetime
    count_at_source: int | None = None
    count_stored: int | None = None
    failures: int = 0
    error_class: str = ""
    error_text: str = ""
    alert_dollars: Decimal = Decimal(0)
    alert_hours: Decimal = Decimal(0)
    next_deadline: datetime | None = None
    is_paused: bool = False
    is_covered: bool = False
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLook:
    """What is not as usual with a shop's payments; `what` as `connectors.watching.gateway` names it.

    `declined` of `tried` charges of the last hours failed, `usual_share` did before; `amount` is the mean charge.
    """

    what: str
    says: str
    advice: str
    tried: int
    declined: int
    usual_share: Decimal
    an_hour: Decimal
    amount: Decimal | None
    currency: str
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLook:
    """One connection with what is wrong with it, or one platform where all shops there share the fault.

    `verdict` and `reach` are the words of `connectors.watching.evidence`; the dollars are those of all `shops`.
    """

    shop: ShopLook
    shops: tuple[ShopLook, ...]
    verdict: str
    verdict_words: str
    reach: str
    says: str
    advice: str = ""
    shows: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    since: datetime | None = None
    alert_dollars: Decimal = Decimal(0)
    alert_hours: Decimal = Decimal(0)
    next_deadline: datetime | None = None
    gateway: GatewayLook | None = None
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownWriteLook:
    """A write that was sent and whose effect nobody has seen. `stake` is what its alert has at risk, low to high."""

    shop: ShopLook | None
    draft_id: int
    kind: str
    summary: str
    state: str
    sent_at: datetime
    amount: Decimal | None = None
    currency: str = ""
    stake: tuple[Decimal, Decimal, Decimal] | None = None
    reads: int = 0
    next_look_at: datetime | None = None
    reason: str = ""
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBudgetLook:
    """What models cost today (UTC) against the day's limit, and the open alerts that no model has weighed."""

    day: date
    limit: Decimal
    spent: Decimal
    last_hour: Decimal
    refused: int
    unweighed: int
    mean_cash: Decimal | None
    dearest_task: str = ""
    dearest_cost: Decimal = Decimal(0)
    read_at: datetime
