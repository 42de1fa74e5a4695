"""The writes a connector can be asked for: frozen arguments in the product's own words, no wire format.

A connector names the operations it can perform with their effect class; what it lacks is done by hand.
"""

from connectors.operations.ads import SetCampaign, SetCampaignBudget
from connectors.operations.base import Address, Operation, Parcel
from connectors.operations.cases import AcceptDispute, Appeal, DecideReturn, OpenReturn, SubmitEvidence
from connectors.operations.goods import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    EndPromotion,
    FixListing,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    PurchaseLine,
    SetHoliday,
    SetPrice,
    SetStock,
)
from connectors.operations.messages import HandOver, RecordEvent, ReplyReview, SendMessage, SendTemplate
from connectors.operations.money import CreditNote, FileClaim, MarkFraud, RefundPayment, StoreCredit
from connectors.operations.orders import (
    AnswerCancellation,
    ArrangeShipment,
    AskPayment,
    CancelOrder,
    ChangeAddress,
    ChangeItems,
    ChangePayment,
    Exchange,
    HoldOrder,
    Reship,
)
from connectors.operations.parcels import BuyReturnLabel, RedirectParcel, VoidLabel

__all__ = [
    "AcceptDispute",
    "Address",
    "AnswerCancellation",
    "Appeal",
    "ArrangeShipment",
    "AskPayment",
    "BuyReturnLabel",
    "CancelOrder",
    "CancelPurchaseOrder",
    "ChangeAddress",
    "ChangeItems",
    "ChangePayment",
    "CreatePurchaseOrder",
    "CreditNote",
    "DecideReturn",
    "EndPromotion",
    "Exchange",
    "FileClaim",
    "FixListing",
    "HandOver",
    "HoldOrder",
    "IssuePurchaseOrder",
    "MailPurchaseOrder",
    "MarkFraud",
    "OpenReturn",
    "Operation",
    "Parcel",
    "PurchaseLine",
    "RecordEvent",
    "RedirectParcel",
    "RefundPayment",
    "ReplyReview",
    "Reship",
    "SendMessage",
    "SendTemplate",
    "SetCampaign",
    "SetCampaignBudget",
    "SetHoliday",
    "SetPrice",
    "SetStock",
    "StoreCredit",
    "SubmitEvidence",
    "VoidLabel",
]
