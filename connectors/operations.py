"""The writes a connector can be asked for: frozen arguments in the product's own words, no wire format.

A connector names the operations it can perform with their effect class; what it lacks is done by hand.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from connectors.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, or one inseparable group of calls, that changes what somebody outside holds or sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment(Operation):
    """Give money back on an order or payment. `lines`: (order line id, quantity) where goods are named."""

    order_ref: str = ""
    payment_ref: str = ""
    amount: Money
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"] = "requested_by_customer"
    note: str = ""
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Operation):
    order_ref: str
    reason: Literal["out_of_stock", "customer_request", "undeliverable", "fraud", "other"]
    lines: tuple[tuple[str, int], ...] = ()
    should_restock: bool = True
    should_refund: bool = True
    should_notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCancellation(Operation):
    """Accept or refuse a buyer's request to cancel."""

    order_ref: str
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReturn(Operation):
    """`offer` proposes `amount` instead of the whole; `reject` needs a reason and evidence."""

    return_ref: str
    decision: Literal["accept", "reject", "offer"]
    amount: Money | None = None
    reason_code: str = ""
    text: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeShipment(Operation):
    """Book the hand-over. Empty choices mean the first that the channel offers."""

    order_ref: str
    method: Literal["pickup", "dropoff", "own_courier"] = "pickup"
    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage(Operation):
    """One message to one address or buyer.

    Mail carries a Message-ID that is fixed before the first byte leaves; where `message_id` is empty, the mailbox makes
    it of the intent's key and the domain of its own address.
    """

    to: str
    text: str
    subject: str = ""
    conversation_ref: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitEvidence(Operation):
    """Answer a dispute once and for all. `fields` are (evidence field of the processor, text)."""

    dispute_ref: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Operation):
    dispute_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where goods go. `region` is the state or province, `country` ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    city: str
    region: str = ""
    postcode: str
    country: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTemplate(Operation):
    """A message whose form the channel has approved beforehand: a WhatsApp template, one of Amazon's message kinds.

    `parameters` fill the template's places in order; `text` is the whole as the buyer will read it.
    """

    to: str
    template: str
    language: str = ""
    parameters: tuple[str, ...] = ()
    order_ref: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReview(Operation):
    review_ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Operation):
    """Give a case to the company's helpdesk or CRM. `fields` are (name, value) of the case, without personal data
    beyond what the other side needs to answer."""

    subject_ref: str
    title: str
    text: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Operation):
    """Tell a marketing system what happened to a profile, so that its own flows act on it (Klaviyo)."""

    metric: str
    email: str
    properties: tuple[tuple[str, str], ...] = ()
    value: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStock(Operation):
    """Make the sellable stock of a listing exactly `quantity`: absolute, so doing it again changes nothing."""

    listing_ref: str
    sku: str
    quantity: int
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPrice(Operation):
    listing_ref: str
    sku: str
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FixListing(Operation):
    """Correct a listing's own fields: (`title`, `description` or the channel's own word, new value)."""

    listing_ref: str
    sku: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCampaign(Operation):
    """Pause (`is_active` False) or resume one campaign."""

    campaign_ref: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCampaignBudget(Operation):
    """Cap what a campaign may spend a day.

    `sharing` counts the campaigns that were known to spend from the same budget when it was approved, this one among
    them: where more do by then, the call is refused, since it would cap them too.
    """

    campaign_ref: str
    daily: Money
    sharing: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPromotion(Operation):
    """End a voucher, discount or promotion before its time."""

    promotion_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHoliday(Operation):
    """Close the shop to new orders (`is_away`) or open it again."""

    is_away: bool
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    sku: str
    quantity: int
    unit_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePurchaseOrder(Operation):
    """Write an order to a supplier into the books, as a draft there; nothing reaches the supplier yet."""

    supplier_ref: str
    number: str
    lines: tuple[PurchaseLine, ...]
    currency: str
    due_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePurchaseOrder(Operation):
    """Make a purchase order of the books binding."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPurchaseOrder(Operation):
    """Have the books mail an issued purchase order to its supplier."""

    number: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPurchaseOrder(Operation):
    """Take a purchase order of the books back, before any of its goods have come."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote(Operation):
    """Credit a customer's account in the books against an order or invoice; no money leaves."""

    order_ref: str
    customer_ref: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCredit(Operation):
    """Give a customer credit to spend in the shop."""

    customer_ref: str
    amount: Money
    note: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder(Operation):
    """Stop an order from being fulfilled (`is_held`), or release it."""

    order_ref: str
    is_held: bool
    reason: Literal["fraud", "address", "stock", "payment", "other"] = "other"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFraud(Operation):
    """Tell the payment processor that a charge was fraudulent, so that it learns; moves no money."""

    payment_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAddress(Operation):
    order_ref: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeItems(Operation):
    """Edit an open order: `quantities` are (order line id, new quantity; 0 takes it out), `added` (listing, units)."""

    order_ref: str
    quantities: tuple[tuple[str, int], ...] = ()
    added: tuple[tuple[str, int], ...] = ()
    should_notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPayment(Operation):
    """Send the buyer a page on which an order is paid by another method."""

    order_ref: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reship(Operation):
    """Send goods of an order again without charge. `lines`: (order line id, units)."""

    order_ref: str
    lines: tuple[tuple[str, int], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Operation):
    """Take lines of an order back and send others for them: (order line id, units) for (listing, units)."""

    order_ref: str
    taken: tuple[tuple[str, int], ...]
    given: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReturn(Operation):
    """Agree that goods come back, and by which of the customer's payment methods their money goes back once they do.

    `lines`: (order line id, units). Nothing is paid by this call.
    """

    order_ref: str
    lines: tuple[tuple[str, int], ...]
    method_ref: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePayment(Operation):
    """Charge an open order to another of its customer's saved payment methods and give the first charge back."""

    order_ref: str
    method_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """`weight_grams` with packing; sides in millimetres."""

    weight_grams: int
    length_mm: int
    width_mm: int
    height_mm: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileClaim(Operation):
    """Ask a courier or platform for money back for what was lost, damaged or wrongly charged."""

    order_ref: str
    tracking_number: str = ""
    cause: Literal["lost", "damaged", "overcharged", "not_returned"]
    amount: Money
    text: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(Operation):
    """Contest a decision of a platform: a violation, a suspended listing, a penalty."""

    subject_ref: str
    text: str
    documents: tuple[str, ...] = ()
