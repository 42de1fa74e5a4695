"""Deciding a return, a refund or a replacement. Only what TikTok Shop waits for is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import Permit, Refused, Retry, Unknown
from connectors.money import parse_amount
from connectors.operations import DecideReturn
from connectors.shops.evidence import Picture, is_data_url, picture
from connectors.shops.marketplaces.tiktok_shop.client import Client, written
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import spelled
from connectors.shops.marketplaces.tiktok_shop.reads import aftersale
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

RETURNS = "/return_refund/202309/returns"
UPLOAD = "/product/202309/images/upload"
OFFER = "OFFER_PARTIAL_REFUND"
ACCEPTED = frozenset(
    {
        "AWAITING_BUYER_SHIP", "BUYER_SHIPPED_ITEM", "RETURN_OR_REFUND_REQUEST_SUCCESS",
        "RETURN_OR_REFUND_REQUEST_COMPLETE", "REPLACEMENT_REQUEST_COMPLETE", "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    }
)  # fmt: skip
REJECTED = frozenset({"REFUND_OR_RETURN_REQUEST_REJECT", "REJECT_RECEIVE_PACKAGE", "REPLACEMENT_REQUEST_REJECT"})


@dataclass(frozen=True, slots=True)
class Stage:
    """What a pending step of ours may be answered with."""

    approve: str
    reject: str
    takes_offer: bool = False


STAGES = {
    "SELLER_RESPOND_REFUND": Stage("APPROVE_REFUND", "REJECT_REFUND", takes_offer=True),
    "SELLER_RESPOND_RETURN": Stage("APPROVE_RETURN", "REJECT_RETURN", takes_offer=True),
    "SELLER_RESPOND_RECEIVE_PACKAGE": Stage("APPROVE_RECEIVED_PACKAGE", "REJECT_RECEIVED_PACKAGE"),
    "SELLER_RESPOND_REPLACEMENT": Stage("APPROVE_REPLACEMENT", "REJECT_REPLACEMENT"),
}


def decide(client: Client, operation: DecideReturn, permit: Permit) -> Receipt:
    case = aftersale.one_return(client, operation.return_ref)
    stage = _stage(case)
    if operation.decision == "reject":
        verb, body = "reject", _refusal(client, operation, stage, permit)
    elif operation.decision == "offer":
        verb, body = "approve", _offer(operation, case, stage)
    else:
        verb, body = "approve", _acceptance(operation, case, stage)
    sent = client.write(f"{RETURNS}/{operation.return_ref}/{verb}", body, permit, key=permit.key)
    return client.receipt(sent, operation.return_ref)


def waiting(case: Row) -> list[str]:
    """The steps of ours that TikTok Shop waits for."""
    return [step.get("action") or "" for step in case.get("seller_next_action_response") or ()]


def _stage(case: Row) -> Stage:
    steps = waiting(case)
    stage = next((STAGES[step] for step in steps if step in STAGES), None)
    if stage is None:
        raise Refused(
            f"TikTok Shop waits for no decision of ours: the return stands as {case['return_status']},"
            f" its next steps are {steps}", code="wrong_state",
        )  # fmt: skip
    return stage


def _acceptance(operation: DecideReturn, case: Row, stage: Stage) -> Row:
    """Approving gives back the whole amount asked for, so another amount is refused here."""
    asked = parse_amount(case["refund_amount"]["refund_total"])
    if operation.amount is not None and operation.amount.amount != asked:
        raise Refused(f"accepting refunds {asked}, not {operation.amount.amount}; make an offer instead", code="amount")
    return {"decision": stage.approve}


def _offer(operation: DecideReturn, case: Row, stage: Stage) -> Row:
    if operation.amount is None:
        raise Refused("an offer needs an amount", code="amount")
    refund, money = case["refund_amount"], operation.amount
    if not stage.takes_offer:
        raise Refused("TikTok Shop takes an offer only before the goods come back", code="no_offer")
    if money.currency != refund["currency"] or not 0 < money.amount < parse_amount(refund["refund_total"]):
        raise Refused(f"an offer lies below the {refund['refund_total']} {refund['currency']} asked for", code="amount")
    return {"decision": OFFER, "partial_refund": {"currency": money.currency, "amount": f"{money.amount:f}"}}


def _refusal(client: Client, operation: DecideReturn, stage: Stage, permit: Permit) -> Row:
    offered = [reason.code for reason in aftersale.refusal_reasons(client, operation.return_ref)]
    if operation.reason_code not in offered:
        raise Refused(f"the reason {operation.reason_code!r} is not one that TikTok Shop offers here: {offered}")
    body: Row = {"decision": stage.reject, "reject_reason": operation.reason_code}
    if operation.text:
        body["comment"] = operation.text
    if operation.images:
        pictures = [_picture(image) for image in operation.images]  # all are looked at before the first leaves
        body["images"] = [_uploaded(client, made, permit) for made in pictures]
    return body


def _picture(image: str) -> Picture:
    if not is_data_url(image):
        raise Refused("TikTok Shop takes evidence as files, not as links; attach the picture itself", code="evidence")
    return picture(image)


def _uploaded(client: Client, made: Picture, permit: Permit) -> Row:
    """A picture on TikTok's file host, which nobody sees until a decision names it: a lost upload decided nothing."""
    content_type, body = made.as_form("data")
    try:
        said = written(client.write(UPLOAD, {}, permit, content=body, kind=content_type))
        return {
            "image_id": str(said["uri"]), "mime_type": made.media_type, "height": said["height"],
            "width": said["width"],
        }  # fmt: skip
    except (Unknown, LookupError, TypeError) as error:
        raise Retry(f"an evidence image could not be uploaded, so nothing was decided: {error}") from error


def see_decision(client: Client, operation: DecideReturn, since: datetime) -> Sighting:
    case = aftersale.one_return(client, operation.return_ref)
    status, ref = spelled(case["return_status"]), operation.return_ref
    detail = f"the return stands as {status}"
    if any(step in STAGES for step in waiting(case)):
        return Sighting(Sight.ABSENT, ref, f"{detail} and waits for us")
    is_judged = case.get("arbitration_status") == "IN_PROGRESS"
    if operation.decision == "offer":
        is_ours = _is_our_offer(case.get("partial_refund"), operation)
        return Sighting(Sight.SEEN if is_ours else Sight.UNCLEAR, ref, f"{detail}, {case.get('partial_refund')}")
    if operation.decision == "accept":
        return Sighting(Sight.SEEN if status in ACCEPTED else Sight.UNCLEAR, ref, detail)
    return Sighting(Sight.SEEN if status in REJECTED or is_judged else Sight.UNCLEAR, ref, detail)


def _is_our_offer(offered: Any, operation: DecideReturn) -> bool:
    if not isinstance(offered, dict) or operation.amount is None or not offered.get("amount"):
        return False
    return parse_amount(offered["amount"]) == operation.amount.amount
