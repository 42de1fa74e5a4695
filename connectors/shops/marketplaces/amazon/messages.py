"""Amazon's one-way messages: kinds that Amazon allows for an order at this moment, and one request for a review.

What buyers write cannot be read here, no thread can be answered, and what was sent cannot be read back.
"""

from datetime import datetime
from typing import Any

from connectors.base import CannotDo, Permit, Refused
from connectors.operations import SendTemplate
from connectors.shops.marketplaces.amazon.client import Client, segment
from connectors.shops.reading import Row, must_iso
from connectors.types import MessageForm, MessageForms, Receipt, Sight, Sighting

REVIEW = "productReviewAndSellerFeedback"
PROBLEM, ANY = "unexpectedProblem", "*"  # what is meant for all that went wrong with an order
LONGEST = {
    "confirmCustomizationDetails": 800,
    "confirmDeliveryDetails": 2000,
    "confirmOrderDetails": 2000,
    "confirmServiceDetails": 2000,
    PROBLEM: 2000,
    "digitalAccessKey": 400,
}
WARRANTY = "warranty"
FILES = ("invoice", "legalDisclosure")  # these carry nothing but an uploaded file
# Amazon's operation for each kind, by which its calls are counted.
OPERATIONS = {
    "confirmCustomizationDetails": "confirmCustomizationDetails",
    "confirmDeliveryDetails": "createConfirmDeliveryDetails",
    "confirmOrderDetails": "createConfirmOrderDetails",
    "confirmServiceDetails": "createConfirmServiceDetails",
    "unexpectedProblem": "createUnexpectedProblem",
    "digitalAccessKey": "createDigitalAccessKey",
    WARRANTY: "CreateWarranty",
    REVIEW: "createProductReviewAndSellerFeedbackSolicitation",
}


def allowed(client: Client, order_ref: str, template: str) -> list[str]:
    """The kinds that Amazon allows for this order now."""
    path, operation = (
        ("/solicitations/v1/orders", "getSolicitationActionsForOrder")
        if template == REVIEW
        else ("/messaging/v1/orders", "getMessagingActionsForOrder")
    )
    body = client.get(f"{path}/{segment(order_ref)}", operation, marketplaceIds=client.marketplace)
    links = body.get("_links")
    found: Any = links.get("actions") if isinstance(links, dict) else None
    return [str(row.get("name") or str(row.get("href")).partition("?")[0].rpartition("/")[2]) for row in found or ()]


def forms(client: Client, order_ref: str) -> MessageForms:
    """What may be sent about this order now. A warranty's days and a file are for Seller Central."""
    offered = [name for kind in ("", REVIEW) for name in allowed(client, order_ref, kind)]
    known = [name for name in dict.fromkeys(offered) if name in LONGEST or name == REVIEW]
    made = (MessageForm(name, longest=LONGEST.get(name, 0), use=ANY if name == PROBLEM else "") for name in known)
    return MessageForms(external_id=order_ref, forms=tuple(made))


def body_of(operation: SendTemplate) -> Row | None:
    """What the message says: its text, or the two days of a warranty. The request for a review has no words of ours."""
    template = operation.template
    if template == REVIEW:
        return None
    if template == WARRANTY:
        if len(operation.parameters) != 2:
            raise Refused("a warranty names the first and the last day of its cover", code="parameters")
        begin, end = (must_iso(text) for text in operation.parameters)
        return {"coverageStartDate": begin.isoformat(), "coverageEndDate": end.isoformat()}
    if not operation.text or len(operation.text) > LONGEST[template]:
        raise Refused(f"{template} takes 1 to {LONGEST[template]} characters, not {len(operation.text)}", code="text")
    return {"text": operation.text}


def send(client: Client, operation: SendTemplate, permit: Permit) -> Receipt:
    template, order_ref = operation.template, operation.order_ref or operation.to
    if template in FILES:
        raise CannotDo(f"a {template} message is a file; upload it by hand in Seller Central")
    if template not in OPERATIONS:
        raise CannotDo(f"Amazon has no message of the kind {template!r}; it has {', '.join(OPERATIONS)}")
    body = body_of(operation)
    offered = allowed(client, order_ref, template)
    if template not in offered:
        said = ", ".join(offered) or "none"
        raise Refused(f"Amazon allows no {template} message for {order_ref} now; allowed: {said}", code="not_allowed")
    group, kind = ("solicitations", "solicitations") if template == REVIEW else ("messaging", "messages")
    path = f"/{group}/v1/orders/{segment(order_ref)}/{kind}/{template}"
    answer = client.write("POST", path, OPERATIONS[template], body, permit, marketplaceIds=client.marketplace)
    return Receipt(order_ref, answer.body, answer.headers.get("x-amzn-requestid", ""))


def see(client: Client, operation: SendTemplate, key: str, since: datetime) -> Sighting:
    """Amazon shows no sent message. A review can be asked for once: that it is not offered any more is no proof."""
    return Sighting(Sight.UNCLEAR, detail="Amazon shows no message that was sent; look in Seller Central")
