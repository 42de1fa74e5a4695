"""The commerce graph as it comes off the wire: frozen records, one class for each table of `connectors.models`.

A field and the column it is saved in have the same name, so a rule reads a record from the wire and a row from the
database alike. Records point at one another by the outside's own ids (`order_ref` holds an order's `external_id`),
since a payment may arrive before its order. Times are aware UTC; amounts are Decimal in the row's `currency`; what a
channel does not say is None (or empty text), never zero.
"""

from connectors.types.account import Account, AccountMetric, Boundary
from connectors.types.ads import AdSpend, Campaign, CampaignStatus
from connectors.types.aftersale import (
    Dispute,
    DisputeStatus,
    RefusalReason,
    RefusalReasons,
    Return,
    ReturnStatus,
    Review,
)
from connectors.types.base import Record
from connectors.types.conversation import Conversation, Direction, Message, MessageForm, MessageForms
from connectors.types.order import (
    BooksContact,
    Checkout,
    Customer,
    DeliveryAddress,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentMethods,
)
from connectors.types.parcel import RedirectOffer, RedirectWay, ReturnPlace, Shipment, ShipmentStatus, ShippingLabel
from connectors.types.payment import Payment, PaymentKind, PaymentStatus, Payout, SettlementLine
from connectors.types.reading import BadRow, Page
from connectors.types.stock import (
    Listing,
    Product,
    PurchaseOrder,
    StockLevel,
    Supplier,
    SupplierOffer,
    SupplierOrder,
    SupplierOrderLine,
    SupplierPromise,
    Variant,
)
from connectors.types.writing import Receipt, Sight, Sighting

__all__ = [
    "Account",
    "AccountMetric",
    "AdSpend",
    "BadRow",
    "BooksContact",
    "Boundary",
    "Campaign",
    "CampaignStatus",
    "Checkout",
    "Conversation",
    "Customer",
    "DeliveryAddress",
    "Direction",
    "Dispute",
    "DisputeStatus",
    "Listing",
    "Message",
    "MessageForm",
    "MessageForms",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Page",
    "Payment",
    "PaymentKind",
    "PaymentMethod",
    "PaymentMethods",
    "PaymentStatus",
    "Payout",
    "Product",
    "PurchaseOrder",
    "Receipt",
    "Record",
    "RedirectOffer",
    "RedirectWay",
    "RefusalReason",
    "RefusalReasons",
    "Return",
    "ReturnPlace",
    "ReturnStatus",
    "Review",
    "SettlementLine",
    "Shipment",
    "ShipmentStatus",
    "ShippingLabel",
    "Sight",
    "Sighting",
    "StockLevel",
    "Supplier",
    "SupplierOffer",
    "SupplierOrder",
    "SupplierOrderLine",
    "SupplierPromise",
    "Variant",
]
