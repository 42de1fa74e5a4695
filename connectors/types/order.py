"""Orders and who places them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from connectors.operations import Address
from connectors.types.base import Record


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
class BooksContact(Record):
    """The one customer that the books keep under the e-mail address by which they are asked (`external_id`).

    `reference` is the books' own id, which a credit note names. Never saved.
    """

    reference: str
    name: str = ""
    currency: str = ""


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
