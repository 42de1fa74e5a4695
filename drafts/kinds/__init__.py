"""The table of kinds: name → the one object that knows it."""

from drafts.kinds.ads.campaign_budget import CampaignBudgetKind
from drafts.kinds.ads.pause_campaign import PauseCampaignKind
from drafts.kinds.base import Command, Kind, Table
from drafts.kinds.cases.appeal import AppealKind
from drafts.kinds.cases.decide_return import DecideReturnKind
from drafts.kinds.cases.dispute_evidence import DisputeEvidenceKind
from drafts.kinds.cases.file_claim import FileClaimKind
from drafts.kinds.listings.end_promotion import EndPromotionKind
from drafts.kinds.listings.fix_listing import FixListingKind
from drafts.kinds.listings.holiday_mode import HolidayModeKind
from drafts.kinds.listings.set_price import SetPriceKind
from drafts.kinds.listings.set_stock import SetStockKind
from drafts.kinds.messages.ask_buyer import AskBuyerKind
from drafts.kinds.messages.marketing_event import MarketingEventKind
from drafts.kinds.messages.reply import ReplyKind
from drafts.kinds.messages.review_reply import ReviewReplyKind
from drafts.kinds.messages.send_template import SendTemplateKind
from drafts.kinds.money.credit_note import CreditNoteKind
from drafts.kinds.money.mark_fraud import MarkFraudKind
from drafts.kinds.money.refund import RefundKind
from drafts.kinds.money.store_credit import StoreCreditKind
from drafts.kinds.orders.arrange_shipment import ArrangeShipmentKind
from drafts.kinds.orders.ask_payment import AskPaymentKind
from drafts.kinds.orders.cancel_order import CancelOrderKind
from drafts.kinds.orders.change_address import ChangeAddressKind
from drafts.kinds.orders.change_items import ChangeItemsKind
from drafts.kinds.orders.change_payment import ChangePaymentKind
from drafts.kinds.orders.exchange import ExchangeKind
from drafts.kinds.orders.hold_order import HoldOrderKind
from drafts.kinds.orders.open_return import OpenReturnKind
from drafts.kinds.orders.reship import ReshipKind
from drafts.kinds.parcels.redirect_parcel import RedirectParcelKind
from drafts.kinds.parcels.return_label import ReturnLabelKind
from drafts.kinds.parcels.void_label import VoidLabelKind
from drafts.kinds.stock.cancel_purchase_order import CancelPurchaseOrderKind
from drafts.kinds.stock.chase_supplier import ChaseSupplierKind
from drafts.kinds.stock.create_purchase_order import CreatePurchaseOrderKind
from drafts.kinds.stock.issue_purchase_order import IssuePurchaseOrderKind
from drafts.kinds.stock.mail_purchase_order import MailPurchaseOrderKind
from drafts.kinds.stock.purchase_order import PurchaseOrderKind
from drafts.kinds.tickets.escalation_note import EscalationNoteKind
from drafts.kinds.tickets.hand_over import HandOverKind
from drafts.kinds.tickets.merge_tickets import MergeTicketsKind

KINDS: Table = {
    kind.name: kind
    for kind in (
        ReplyKind(),
        RefundKind(),
        DecideReturnKind(),
        CancelOrderKind(),
        ArrangeShipmentKind(),
        PurchaseOrderKind(),
        CreatePurchaseOrderKind(),
        IssuePurchaseOrderKind(),
        MailPurchaseOrderKind(),
        CancelPurchaseOrderKind(),
        ChaseSupplierKind(),
        HoldOrderKind(),
        ChangeAddressKind(),
        ChangeItemsKind(),
        AskPaymentKind(),
        ReshipKind(),
        ExchangeKind(),
        OpenReturnKind(),
        ChangePaymentKind(),
        RedirectParcelKind(),
        ReturnLabelKind(),
        VoidLabelKind(),
        AskBuyerKind(),
        SendTemplateKind(),
        ReviewReplyKind(),
        MarketingEventKind(),
        StoreCreditKind(),
        CreditNoteKind(),
        MarkFraudKind(),
        FileClaimKind(),
        AppealKind(),
        SetStockKind(),
        SetPriceKind(),
        FixListingKind(),
        EndPromotionKind(),
        HolidayModeKind(),
        PauseCampaignKind(),
        CampaignBudgetKind(),
        MergeTicketsKind(),
        DisputeEvidenceKind(),
        EscalationNoteKind(),
        HandOverKind(),
    )
}

__all__ = ["KINDS", "Command", "Kind", "read_command"]


def read_command(kind: str, text: str) -> Command:
    """The typed command of a stored draft. Raises KeyError for an unknown kind, ValidationError for a broken text."""
    return KINDS[kind].command.model_validate_json(text)
