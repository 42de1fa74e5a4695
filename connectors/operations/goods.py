"""Listings, stock and what is ordered from suppliers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.money import Money
from connectors.operations.base import Operation


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
