"""The commerce graph as it comes off the wire: frozen records, one class for each table of `connectors.models`.

A field and the column it is saved in have the same name, so a rule reads a record from the wire and a row from the
database alike. Records point at one another by the outside's own ids (`order_ref` holds an order's `external_id`),
since a payment may arrive before its order. Times are aware UTC; amounts are Decimal in the row's `currency`; what a
channel does not say is None (or empty text), never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.money import Money
from connectors.operations import Address, Parcel


class OrderStatus(StrEnum):
    """Where an order stands, in words that every channel's own status maps to."""

    UNPAID = "unpaid"
    ON_HOLD = "on_hold"
    TO_SHIP = "to_ship"
    PACKED = "packed"  # label made or courier booked, not handed over
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCEL_ASKED = "cancel_asked"
    CANCELLED = "cancelled"
    RETURNING = "returning"


class ReturnStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_TRANSIT = "in_transit"
    JUDGING = "judging"
    OFFERED = "offered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class DisputeStatus(StrEnum):
    WARNING = "warning"  # early fraud warning or inquiry: no money moved yet
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


class PaymentKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ShipmentStatus(StrEnum):
    BOOKED = "booked"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNED = "returned"


class CampaignStatus(StrEnum):
    """What the advertiser set, in words that every ad platform's own status maps to."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"  # removed or archived: it cannot be resumed


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has: the outside's id, and the bytes it was read from (JSON as received, kept compressed)."""

    external_id: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Record):
    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    orders_count: int | None = None
    lifetime_value: Decimal | None = None
    currency: str = ""
    is_vip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """Belongs to its order and is saved with it."""

    external_id: str
    sku: str
    title: str = ""
    quantity: int
    unit_price: Decimal
    cancelled_quantity: int = 0
    returned_quantity: int = 0
    listing_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Record):
    number: str  # what buyer and mail call it
    status: OrderStatus
    platform_status: str = ""
    ordered_at: datetime
    updated_at: datetime
    paid_at: datetime | None = None
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    cancel_after: datetime | None = None  # the platform cancels by itself from here
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    currency: str
    total: Decimal | None  # None: the source names no amount
    refunded: Decimal | None = None
    customer_ref: str = ""
    customer_name: str = ""
    customer_email: str = ""
    country: str = ""
    region: str = ""  # the state or province it goes to, as the source writes it
    shipping_method: str = ""  # service level or courier, as the source writes it
    payment_method: str = ""
    risk: str = ""  # "", low, medium, high: the channel's own word
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAddress(Record):
    """Where the order of that id goes, as its channel tells the seller. Asked for when one is wanted, never saved.

    Parts that the channel hides or masks are empty.
    """

    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPlace(Record):
    """Where goods come back to and how a usual parcel measures, as the account of a label seller has it in its
    settings. Asked for by any id, never saved. `parcel` is None where nobody has entered one."""

    address: Address
    parcel: Parcel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksContact(Record):
    """The one customer that the books keep under the e-mail address by which they are asked (`external_id`).

    `reference` is the books' own id, which a credit note names. Never saved.
    """

    reference: str
    name: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Record):
    kind: PaymentKind
    status: PaymentStatus
    order_ref: str = ""
    order_number: str = ""  # where the payment names an order of another shop
    parent_ref: str = ""  # a refund's charge
    amount: Decimal
    currency: str
    refunded: Decimal | None = None
    created_at: datetime
    customer_ref: str = ""
    method_fingerprint: str = ""
    gateway: str = ""
    is_disputed: bool = False
    action_key: str = ""  # our own write's key, where the channel carries it back


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Record):
    order_ref: str
    status: ReturnStatus
    platform_status: str = ""
    reason: str = ""  # the channel's code
    text: str = ""  # the buyer's words
    sku: str = ""
    quantity: int | None = None
    amount: Decimal
    currency: str
    asked_at: datetime
    updated_at: datetime
    decide_by: datetime | None = None
    inspect_by: datetime | None = None
    compensation_by: datetime | None = None
    needs_goods_back: bool | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """One way to pay that a customer has saved. `kind`: card, wallet, gift_card or bank; `balance` where it has one."""

    reference: str
    kind: str
    label: str = ""
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethods(Record):
    """All that the customer of that id has saved, and their currency. Asked for when they are wanted, never saved."""

    methods: tuple[PaymentMethod, ...]
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Record):
    """Which product the listing of that id is an option of. Asked for when it is wanted, never saved."""

    product_ref: str


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One ground on which a channel lets a return be refused; `code` is the channel's own."""

    code: str
    words: str
    needs_images: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReasons(Record):
    """All of them for the return of that id. Asked for when one is wanted, never saved."""

    reasons: tuple[RefusalReason, ...]


@dataclass(frozen=True, slots=True)
class MessageForm:
    """One form of message that a channel has approved beforehand.

    `parts` are its own texts with places such as `{{1}}`, which are filled from the first part's first place on. A form
    without parts is filled with words of ours, at most `longest` characters; where that is 0 too, it needs none. `use`
    is the situation that it was set up for; "*": any. `fills` are the patterns that were set up for its places
    ("{name}", "{order}" or plain words), in their order.
    """

    name: str
    language: str = ""
    parts: tuple[str, ...] = ()
    longest: int = 0
    use: str = ""
    fills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageForms(Record):
    """Those that may be sent now to whom the id names: a conversation, or the buyer of an order. Asked for when one is
    wanted, never saved."""

    forms: tuple[MessageForm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Record):
    status: DisputeStatus
    platform_status: str = ""
    payment_ref: str
    order_ref: str = ""
    reason: str = ""
    amount: Decimal
    currency: str
    opened_at: datetime
    evidence_by: datetime | None = None
    has_evidence: bool = False
    submission_count: int = 0
    is_refundable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Record):
    sku: str
    title: str
    unit_cost: Decimal | None = None
    currency: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Record):
    sku: str
    title: str = ""
    price: Decimal
    currency: str
    status: str = "live"  # live, paused, suppressed
    issue: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel(Record):
    """`external_id` is the channel's id of (item, location). `on_hand` counts units; `reserved` are sold, unshipped."""

    sku: str
    location: str = ""
    listing_ref: str = ""
    on_hand: int
    reserved: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder(Record):
    number: str
    supplier_ref: str
    status: str  # draft, sent, confirmed, part_received, received, cancelled
    sku: str
    quantity: int
    received_quantity: int = 0
    unit_cost: Decimal | None = None
    currency: str = ""
    ordered_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SupplierOrderLine:
    sku: str
    quantity: int
    unit_cost: Decimal
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrder(Record):
    """A whole purchase order as the books have it; the id is its number. Asked for when one is wanted, never saved.

    `status` in the words of `PurchaseOrder`. `is_mailed`: the books say that its supplier has it.
    """

    status: str
    supplier_ref: str
    supplier_name: str = ""
    currency: str
    lines: tuple[SupplierOrderLine, ...]
    is_mailed: bool = False

    @property
    def total(self) -> Decimal:
        """What the lines come to, before tax."""
        return sum((line.quantity * line.unit_cost for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier(Record):
    name: str
    email: str = ""
    lead_time_days: int | None = None
    minimum_quantity: int | None = None
    case_size: int | None = None
    currency: str = ""
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOffer(Record):
    """What a supplier's own list says of one SKU: its price, what stands there, and how it is sold."""

    supplier_ref: str = ""
    sku: str
    unit_cost: Decimal | None = None
    currency: str = ""
    available: int | None = None
    lead_time_days: int | None = None
    minimum_quantity: int | None = None
    case_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierPromise(Record):
    """A supplier's word on one line of a purchase order of ours. What it leaves open is None."""

    supplier_ref: str = ""
    order_number: str
    sku: str
    quantity: int | None = None
    unit_cost: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(Record):
    channel: str  # mail, chat
    subject: str = ""
    customer_ref: str = ""
    customer_name: str = ""
    address: str = ""  # where a reply goes
    order_ref: str = ""
    last_message_at: datetime
    last_direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Record):
    conversation_ref: str
    direction: Direction
    author: str = ""
    sent_at: datetime
    subject: str = ""
    text: str
    message_id: str = ""  # RFC 5322 Message-ID, or the channel's own
    in_reply_to: str = ""
    is_automatic: bool = False
    is_truncated: bool = False  # the whole text is in the raw payload
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Record):
    order_ref: str = ""
    sku: str = ""
    rating: int
    text: str = ""
    created_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(Record):
    status: str
    amount: Decimal
    currency: str
    expected_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine(Record):
    payout_ref: str = ""
    order_ref: str = ""
    kind: str  # sale, refund, commission, shipping, adjustment, dispute, fee …
    amount: Decimal
    fee: Decimal | None = None
    currency: str
    posted_at: datetime
    fx_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Record):
    """`budget_shared_by` counts the campaigns that spend from this one's budget, itself among them; None: not told.

    `issue` is what keeps the platform from delivering it as set: disapproved ads, a spent budget, a policy.
    """

    name: str
    status: CampaignStatus
    platform_status: str = ""  # status and delivery as the platform writes them: "ENABLED/ELIGIBLE"
    kind: str = ""  # SHOPPING, PERFORMANCE_MAX, OUTCOME_SALES …: the platform's word
    daily_budget: Decimal | None = None  # None: set elsewhere (for its lifetime, by ad set)
    total_budget: Decimal | None = None
    currency: str
    budget_ref: str = ""
    budget_shared_by: int | None = None
    issue: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdSpend(Record):
    """One campaign's day, in the ad account's own time zone. A row without a SKU is the whole campaign; rows with one
    are parts of it and need not add up to it, so sums take the rows without.

    `sku` is the product's id in the feed that is advertised, which may be its SKU in lower case or an id made of a
    listing's. Conversions are restated for weeks after the day.
    """

    campaign: str
    campaign_ref: str = ""
    sku: str = ""
    day: date
    cost: Decimal
    currency: str
    clicks: int = 0
    impressions: int | None = None
    conversions: Decimal | None = None
    conversions_value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout(Record):
    customer_ref: str = ""
    customer_email: str = ""
    started_at: datetime
    completed_at: datetime | None = None
    total: Decimal
    currency: str
    recovery_url: str = ""
    may_be_mailed: bool = False
    skus: tuple[str, ...] = ()


class Boundary(StrEnum):
    """How a value stands to its target when the rule is broken."""

    AT_LEAST = "at_least"  # the rule says "below 10": broken at 10
    ABOVE = "above"  # "at most 10": broken past 10
    AT_MOST = "at_most"  # "more than 60": broken at 60
    BELOW = "below"  # "at least 60": broken under 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMetric(Record):
    """One figure by which a channel judges the account. `external_id` is the figure's name at the channel.

    `numerator` and `denominator` are counts behind a rate, where the channel tells them. `points` and `tier` are the
    account's penalty points and sanction tier when the figure was read; they are equal on all figures of one reading.
    """

    name: str  # late_shipment_rate, non_fulfillment_rate, penalty_points …
    value: Decimal | None = None  # in `unit`; None: not measured in this window
    target: Decimal | None = None
    boundary: Boundary | None = None
    unit: str = ""  # percent, count, days, hours, seconds
    window: str = ""  # the channel's words for the span that is measured
    numerator: int | None = None
    denominator: int | None = None
    points: int | None = None
    tier: int | None = None
    measured_at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read: kept in quarantine with its reason, so that the rest goes on."""

    kind: str  # the record it should have been, in lower case: "order"
    external_id: str
    reason: str
    raw: bytes
    place: str = ""  # "row 17", "page 3 item 4"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed. `cursor` is where the next pull may begin once these records are saved.

    `count_at_source` is what the outside says this window holds; None where it does not say. `seen` counts the
    feed's own top-level rows on this page, read or quarantined.
    """

    records: tuple[Record | BadRow, ...]
    cursor: str
    seen: int
    is_last: bool
    count_at_source: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector needs of a shop. `credentials` are clear text here and never logged (`repr` hides them)."""

    kind: str
    shop_id: int
    name: str
    external_id: str
    base_url: str
    currency: str = ""
    country: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    time_zone: str = "UTC"  # whose days the account counts in


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the outside answered to a write. `reference` is its id for the effect; `body` the raw answer, redacted."""

    reference: str
    body: bytes = b""
    request_id: str = ""
    is_replay: bool = False  # the outside says that it had done this already
    is_final: bool = True  # False: accepted, the effect comes later (a job, a pending refund)


class Sight(StrEnum):
    SEEN = "seen"
    ABSENT = "absent"
    REFUSED = "refused"  # the outside took it, judged it later and said no: nothing was changed
    UNCLEAR = "unclear"  # no read can tell


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an independent read shows of a write's effect."""

    sight: Sight
    reference: str = ""
    detail: str = ""
    read_at: datetime | None = None
