"""The commerce graph in PostgreSQL, and what is kept about the outside."""

from connectors.models.ads import AdSpend, Campaign
from connectors.models.aftersale import Dispute, Return, Review
from connectors.models.consent import App, ConsentVisit
from connectors.models.conversation import Checkout, Conversation, Message, ModelCall
from connectors.models.money import FxRate, Payment, Payout, SettlementLine
from connectors.models.order import Customer, Order, OrderLine, Shipment
from connectors.models.routing import ModelBudget, ModelRoute
from connectors.models.shop import (
    AccountMetric,
    CallHealth,
    Change,
    Feed,
    FeedHealth,
    QuarantinedRow,
    RawPayload,
    Shop,
    WebhookEvent,
    WebhookKey,
    WebhookRefusal,
)
from connectors.models.stock import (
    DollarInput,
    Listing,
    Product,
    PurchaseOrder,
    StockLevel,
    Supplier,
    SupplierOffer,
    SupplierPromise,
)

__all__ = [
    "AccountMetric",
    "AdSpend",
    "App",
    "CallHealth",
    "Campaign",
    "Change",
    "Checkout",
    "ConsentVisit",
    "Conversation",
    "Customer",
    "Dispute",
    "DollarInput",
    "Feed",
    "FeedHealth",
    "FxRate",
    "Listing",
    "Message",
    "ModelBudget",
    "ModelCall",
    "ModelRoute",
    "Order",
    "OrderLine",
    "Payment",
    "Payout",
    "Product",
    "PurchaseOrder",
    "QuarantinedRow",
    "RawPayload",
    "Return",
    "Review",
    "SettlementLine",
    "Shipment",
    "Shop",
    "StockLevel",
    "Supplier",
    "SupplierOffer",
    "SupplierPromise",
    "WebhookEvent",
    "WebhookKey",
    "WebhookRefusal",
]
