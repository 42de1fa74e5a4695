"""Goods, what stands where, and who supplies them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.types.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Record):
    """Which product the listing of that id is an option of. Asked for when it is wanted, never saved."""

    product_ref: str


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
