"""Grounds on which a seller may refuse, and the ids that tell a request to cancel from a return."""

from typing import Any

from connectors.twin.wire.tiktok_shop.api import Route, TikTokShop
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, text

CANCEL, RETURN = 4_035_000_000_000_000_000, 4_036_000_000_000_000_000
GROUNDS = {
    "cancel": {
        "order_manage_list_action_respond_popup_reject_reason_delivered": "Product delivery is on schedule",
        "order_manage_list_action_respond_popup_reject_reason_buyer_agree": "Reached an agreement with the buyer",
        "seller_reject_apply_product_has_been_packed": "Product has been packed",
    },
    "return": {
        "reverse_reject_request_reason_2": "Change of mind returns are not applicable",
        "reverse_reject_request_reason_4": "Product delivery is on schedule",
        "seller_reject_apply_item_is_correct": "Item is correct",
        "seller_reject_apply_reason_is_unclear_or_lack_of_evidence": "Reason is unclear or lack of evidence",
        "seller_reject_apply_package_was_delivered": "The parcel was delivered",
    },
}


def reject_reasons(api: TikTokShop, call: Call) -> dict[str, Any]:
    number = int(text(call.query, "return_or_cancel_id"))
    kind = "cancel" if number < RETURN else "return"
    return {"reasons": [{"name": name, "text": words} for name, words in GROUNDS[kind].items()]}


def ground(call: Call, kind: str) -> str:
    reason = text(call.body, "reject_reason")
    if reason not in GROUNDS[kind]:
        raise TikTokError(25001014, "Unknown return reason. Please ensure you are passing a valid return reason.")
    return reason


ROUTES = {"GET /return_refund/202309/reject_reasons": Route(reject_reasons)}
