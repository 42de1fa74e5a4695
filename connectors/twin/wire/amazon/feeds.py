"""Feeds: a document is put, a feed is made of it, and half a minute later each message has been done or refused.

What is submitted twice is done twice, as far as the market lets it be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from connectors.twin import deeds
from connectors.twin.deeds import Refusal
from connectors.twin.wire.amazon import files
from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.finance import paged, resumed
from connectors.twin.wire.amazon.orders import item_id, status
from connectors.twin.wire.amazon.words import SELLER, AmazonError, invalid, iso, missing
from connectors.twin.world.channels import DAY

WAITS, WORKS = 10, 30  # seconds after which a feed is taken up, and done
KEPT = 28 * DAY
CANCEL_REASONS = frozenset(
    {"NoInventory", "ShippingAddressUndeliverable", "CustomerExchange", "BuyerCanceled", "GeneralAdjustment",
     "CarrierCreditDecision", "RiskAssessmentInformationNotValid", "CarrierCoverageFailure", "CustomerReturn",
     "MerchandiseNotReceived"}
)  # fmt: skip
STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")


@dataclass(slots=True)
class Feed:
    id: str
    type: str
    document: str
    created: int
    marketplaces: list[str]
    result: str = ""
    done_at: int = 0
    is_fatal: bool = False
    is_cancelled: bool = False

    def status(self, now: int) -> str:
        if self.is_cancelled:
            return "CANCELLED"
        if self.done_at:
            return "FATAL" if self.is_fatal else "DONE"
        return "IN_PROGRESS" if now >= self.created + WAITS else "IN_QUEUE"

    def row(self, now: int) -> dict[str, Any]:
        row: dict[str, Any] = {
            "feedId": self.id, "feedType": self.type, "marketplaceIds": self.marketplaces,
            "createdTime": iso(self.created), "processingStatus": self.status(now),
        }  # fmt: skip
        if now >= self.created + WAITS and not self.is_cancelled:
            row["processingStartTime"] = iso(self.created + WAITS)
        if self.done_at:
            row["processingEndTime"] = iso(self.done_at)
        return row | ({"resultFeedDocumentId": self.result} if self.result else {})


def create_document(api: Amazon, call: Call) -> dict[str, Any]:
    call.text("contentType")
    document = files.make(api)
    return {"feedDocumentId": document.id, "url": files.link(api, call, document)}


def create_feed(api: Amazon, call: Call) -> dict[str, Any]:
    kind, name, places = call.text("feedType"), call.text("inputFeedDocumentId"), call.body.get("marketplaceIds")
    if kind not in WORKERS:
        raise invalid(f"Feed type {kind} is not supported.")
    if not isinstance(places, list) or not places or any(not isinstance(one, str) for one in places):
        raise invalid("Missing or invalid field in the request body: marketplaceIds.")
    document = api.documents.get(name)
    if document is None or not document.is_writable or not document.content:
        raise invalid("The inputFeedDocumentId is not a document that was uploaded.")
    feed = Feed(f"{50_000_000_000 + next(api.serial)}", kind, name, api.market.now, places)
    api.feeds.append(feed)
    api.market.at(api.market.now + WORKS, lambda _: work(api, feed))
    return {"feedId": feed.id}


def get_feeds(api: Amazon, call: Call) -> dict[str, Any]:
    call = resumed(api, call)
    kinds, wanted = call.listed("feedTypes"), call.listed("processingStatuses")
    if not kinds:
        raise invalid("Missing required parameter: feedTypes.")
    since = max(call.at("createdSince") or 0, api.market.now - 90 * DAY)
    until, now = call.at("createdUntil") or api.market.now, api.market.now
    rows = [
        feed.row(now)
        for feed in reversed(api.feeds)
        if (not kinds or feed.type in kinds) and since <= feed.created <= until
        and (not wanted or feed.status(now) in wanted)
    ]  # fmt: skip
    return paged(api, call, rows, "feeds", "nextToken", call.size("pageSize", 10, 100))


def one(api: Amazon, call: Call) -> Feed:
    found: Feed | None = next((feed for feed in api.feeds if feed.id == call.names[0]), None)
    if found is None:
        raise missing(call.names[0])
    return found


def get_feed(api: Amazon, call: Call) -> dict[str, Any]:
    return one(api, call).row(api.market.now)


def cancel_feed(api: Amazon, call: Call) -> dict[str, Any]:
    feed = one(api, call)
    if feed.status(api.market.now) != "IN_QUEUE":
        raise invalid("Only a feed that is in the queue can be cancelled.")
    feed.is_cancelled = True
    return {}


def get_document(api: Amazon, call: Call) -> dict[str, Any]:
    return files.shown(api, call, "feedDocumentId")


# -- the work --------------------


def work(api: Amazon, feed: Feed) -> None:
    """Take the messages one by one; write down which were refused."""
    if feed.is_cancelled:
        return
    errors: list[tuple[str, str, str]] = []
    feed.done_at, done = api.market.now, 0
    try:
        root = ElementTree.fromstring(api.documents[feed.document].content)
    except (ElementTree.ParseError, DefusedXmlException):
        root, feed.is_fatal = Element("AmazonEnvelope"), True
        errors.append(("0", "5000", "The document is not well-formed XML."))
    if not feed.is_fatal and root.findtext("Header/MerchantIdentifier") != SELLER:
        feed.is_fatal = True
        errors.append(("0", "5001", "The merchant identifier is not that of the account."))
    messages = [] if feed.is_fatal else root.findall("Message")
    for message in messages:
        number = message.findtext("MessageID", "")
        try:
            WORKERS[feed.type](api, feed, message, number)
            done += 1
        except (Refusal, AmazonError) as error:
            errors.append((number, "18028" if isinstance(error, Refusal) else "8026", str(error)))
    feed.result = files.make(api, report(feed, len(messages), done, errors), "text/xml; charset=UTF-8").id
    api.market.tell("amazon", "feeds/done", feed)


def acknowledge(api: Amazon, feed: Feed, message: Element, number: str) -> None:
    """A failed acknowledgement cancels the order, or the lines that it names."""
    told = message.find("OrderAcknowledgement")
    if told is None or told.findtext("StatusCode") != "Failure":
        raise invalid("Only acknowledgements with the status code Failure change an order here.")
    order = api.find(told.findtext("AmazonOrderID", ""))
    reasons = [row.findtext("CancelReason", "") for row in told.findall("Item")]
    if not reasons or any(reason not in CANCEL_REASONS for reason in reasons):
        raise invalid("The cancel reason is missing or not known.")
    names = {item_id(order, place): place for place in range(len(order.lines))}
    wanted = [row.findtext("AmazonOrderItemCode", "") for row in told.findall("Item")]
    if any(name not in names for name in wanted):
        raise invalid("An item is not in this order.")
    if order.index in api.confirmed:
        raise Refusal("wrong_state", "The order is shipped; it cannot be cancelled any more.")
    places = tuple(sorted(names[name] for name in wanted))
    pulled = () if len(places) == len(order.lines) else places
    deeds.cancel(api.market, order, order.number, reasons[0], pulled=pulled, key=number, feed=feed.id)


def adjust(api: Amazon, feed: Feed, message: Element, number: str) -> None:
    """The sum of all components goes back to the buyer."""
    told = message.find("OrderAdjustment")
    if told is None:
        raise invalid("The message holds no OrderAdjustment.")
    order = api.find(told.findtext("AmazonOrderID", ""))
    if status(api, order) != "SHIPPED":
        raise Refusal("wrong_state", "Only an order that has shipped can be refunded.")
    names = {item_id(order, place) for place in range(len(order.lines))}
    minor = 0
    for row in told.findall("AdjustedItem"):
        if row.findtext("AmazonOrderItemCode", "") not in names or not row.findtext("AdjustmentReason"):
            raise invalid("An adjusted item is not in this order, or gives no reason.")
        minor += sum(cents(one) for one in row.findall("ItemPriceAdjustments/Component"))
    deeds.refund_order(api.market, order, minor, reference=feed.id, key=number)


def cents(component: Element) -> int:
    amount = component.find("Amount")
    if amount is None or amount.get("currency") != "USD":
        raise invalid("A component names no amount in the currency of the order.")
    try:
        return int((Decimal(amount.text or "") * 100).to_integral_exact())
    except InvalidOperation as error:
        raise invalid("A component's amount is no number.") from error


def report(feed: Feed, processed: int, done: int, errors: list[tuple[str, str, str]]) -> bytes:
    results = "".join(
        f"<Result><MessageID>{number}</MessageID><ResultCode>Error</ResultCode><ResultMessageCode>{code}"
        f"</ResultMessageCode><ResultDescription>{escaped(words)}</ResultDescription></Result>"
        for number, code, words in errors
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.02</DocumentVersion>'
        f"<MerchantIdentifier>{SELLER}</MerchantIdentifier></Header><MessageType>ProcessingReport</MessageType>"
        f"<Message><MessageID>1</MessageID><ProcessingReport><DocumentTransactionID>{feed.id}</DocumentTransactionID>"
        f"<StatusCode>Complete</StatusCode><ProcessingSummary><MessagesProcessed>{processed}</MessagesProcessed>"
        f"<MessagesSuccessful>{done}</MessagesSuccessful><MessagesWithError>{processed - done}</MessagesWithError>"
        f"<MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>{results}</ProcessingReport></Message>"
        "</AmazonEnvelope>"
    ).encode()


def escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


WORKERS: dict[str, Callable[[Amazon, Feed, Element, str], None]] = {
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": acknowledge,
    "POST_PAYMENT_ADJUSTMENT_DATA": adjust,
}
