"""One-way messages: which kinds an order allows now, each once; and the request for a review, in its own season."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.words import MARKETPLACE, AmazonError, invalid
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Step

REVIEW = "productReviewAndSellerFeedback"
LONGEST = {
    "confirmOrderDetails": 2000, "confirmDeliveryDetails": 2000, "unexpectedProblem": 2000,
    "confirmServiceDetails": 2000,
    "confirmCustomizationDetails": 800, "digitalAccessKey": 400,
}  # fmt: skip
Row = dict[str, Any]


def offered(api: Amazon, order: Order) -> list[str]:
    """An order in hand may be asked about, one under way too; a warranty follows the goods."""
    if order.step in (Step.UNPAID, Step.CANCELLED):
        return []
    if order.step in (Step.TO_SHIP, Step.PACKED, Step.CANCEL_ASKED):
        kinds = ["confirmOrderDetails", "unexpectedProblem", "invoice"]
    else:
        kinds = ["confirmDeliveryDetails", "unexpectedProblem", "warranty", "legalDisclosure", "invoice"]
    return [kind for kind in kinds if kind not in order.notices]


def review_season(api: Amazon, order: Order) -> bool:
    since = api.market.now - order.delivered
    return bool(order.delivered) and 5 * DAY <= since <= 30 * DAY and REVIEW not in order.notices


def actions(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call, is_needed=True)
    order = api.find(call.names[0])
    return linked(f"/messaging/v1/orders/{order.number}", "messages", offered(api, order))


def solicitations(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call, is_needed=True)
    order = api.find(call.names[0])
    kinds = [REVIEW] if review_season(api, order) else []
    return linked(f"/solicitations/v1/orders/{order.number}", "solicitations", kinds)


def linked(home: str, group: str, kinds: list[str]) -> Row:
    """Links and embedded actions, as HAL writes them."""
    ending = f"?marketplaceIds={MARKETPLACE}"
    links = [{"href": f"{home}/{group}/{kind}{ending}", "name": kind} for kind in kinds]
    return {
        "_links": {"self": {"href": home + ending}, "actions": links},
        "_embedded": {
            "actions": [
                {"_links": {"self": link, "schema": {"href": f"{home}/{group}/{link['name']}/schema"}},
                 "payload": {"name": link["name"]}}
                for link in links
            ]
        },
    }  # fmt: skip


def send(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call, is_needed=True)
    order, kind = api.find(call.names[0]), call.names[1]
    if kind not in offered(api, order):
        raise AmazonError(403, "Unauthorized", f"The message type {kind} is not allowed for this order.")
    if kind == "warranty":
        if not call.body.get("coverageStartDate") or not call.body.get("coverageEndDate"):
            raise invalid("coverageStartDate and coverageEndDate are required.")
        words = f"{call.body['coverageStartDate']} to {call.body['coverageEndDate']}"
    elif kind in LONGEST:
        words = call.text("text")
        if len(words) > LONGEST[kind]:
            raise invalid(f"text must be at most {LONGEST[kind]} characters.")
    elif not call.body.get("attachments"):
        raise invalid("attachments is required.")
    else:
        words = ""
    deeds.send_notice(api.market, order, kind, words)
    return {}


def ask_review(api: Amazon, call: Call) -> Row:
    api.in_marketplace(call, is_needed=True)
    order = api.find(call.names[0])
    if not review_season(api, order):
        raise AmazonError(403, "Unauthorized", "You may request a review between 5 and 30 days after delivery, once.")
    deeds.send_notice(api.market, order, REVIEW)
    return {}
