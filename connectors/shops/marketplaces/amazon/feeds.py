"""Feeds: a document is put, a feed is made of it, and hours later a result document tells how each message fared.

Amazon takes the same refund twice if it is sent twice, so a feed is made once for a decision. What became of it is read
from the list of feeds and their results, never found out by sending again.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from connectors.base import Permit, Retry, Unknown
from connectors.shops.marketplaces.amazon.client import Client, mapping, next_token, rows, segment, stamp
from connectors.shops.marketplaces.amazon.documents import download, upload
from connectors.shops.reading import Row
from connectors.transport.redaction import Redactor
from connectors.types import Receipt, Sight, Sighting

FEEDS = "/feeds/2021-06-30"
CANCELLATIONS, REFUNDS = "POST_ORDER_ACKNOWLEDGEMENT_DATA", "POST_PAYMENT_ADJUSTMENT_DATA"
XML = "text/xml; charset=UTF-8"
SKEW = timedelta(minutes=2)  # Amazon's clock against ours
RESULTS_LOOKED_AT = 5


def message_number(key: str) -> int:
    """The message's number, fixed by the intent: a result names it, which tells our feed from another's."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") + 1


def envelope(seller: str, message_type: str, key: str) -> tuple[Element, Element]:
    """(the document, the one message's own element) in Amazon's XML envelope, version 1.01."""
    root = Element("AmazonEnvelope")
    header = SubElement(root, "Header")
    put(header, "DocumentVersion", "1.01")
    put(header, "MerchantIdentifier", seller)
    put(root, "MessageType", message_type)
    message = SubElement(root, "Message")
    put(message, "MessageID", str(message_number(key)))
    return root, SubElement(message, message_type)


def put(parent: Element, name: str, text: str, **attributes: str) -> Element:
    child = SubElement(parent, name, attributes)
    child.text = text
    return child


def submit(client: Client, feed_type: str, document: Element, permit: Permit) -> Receipt:
    """Document, content, feed. Only the last of the three submits anything: only it can be Unknown."""
    body = {"contentType": XML}
    try:
        made = client.write("POST", f"{FEEDS}/documents", "createFeedDocument", body, permit)
    except Unknown as error:
        raise Retry(f"Amazon gave no place for the feed's document, so nothing was submitted: {error}") from error
    place = mapping(made.json())
    if not place.get("url") or not place.get("feedDocumentId"):
        raise Retry("Amazon's answer names no place for the feed's document; nothing was submitted", code="drift")
    content: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    upload(client.transport, str(place["url"]), content, XML, permit)
    feed = {
        "feedType": feed_type,
        "marketplaceIds": [client.marketplace],
        "inputFeedDocumentId": place["feedDocumentId"],
    }
    answer = client.write("POST", f"{FEEDS}/feeds", "createFeed", feed, permit)
    said: Any = answer.json()
    if not isinstance(said, dict) or not said.get("feedId"):
        raise Unknown("Amazon took the feed and named no id; look for it in the list of feeds")
    return Receipt(
        str(said["feedId"]),
        Redactor(client.account.credentials.values()).body(answer.body),
        answer.headers.get("x-amzn-requestid", ""),
        is_final=False,
    )


@dataclass(frozen=True, slots=True)
class Result:
    """A processing report: how many messages were read and went through, and (message number, error) of the others."""

    processed: int
    successful: int
    errors: tuple[tuple[str, str], ...]


def parse_result(text: str) -> Result:
    """Raises Retry for what is no processing report."""
    try:
        root = ElementTree.fromstring(text.encode("utf-8"))
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise Retry(f"the feed's result is no XML: {error}", code="drift") from error
    report = root.find(".//ProcessingReport")
    if report is None:
        raise Retry("the feed's result holds no ProcessingReport; its shape may have changed", code="drift")
    errors = tuple(
        (one.findtext("MessageID", ""), f"{one.findtext('ResultMessageCode', '')}: "
         f"{one.findtext('ResultDescription', '').strip()}")
        for one in report.iter("Result")
        if one.findtext("ResultCode") == "Error"
    )  # fmt: skip
    return Result(_whole(report, "MessagesProcessed"), _whole(report, "MessagesSuccessful"), errors)


def _whole(report: Element, name: str) -> int:
    text = report.findtext(f".//{name}", "").strip()
    if not text.isdigit():
        raise Retry(f"the feed's result does not say {name}; its shape may have changed", code="drift")
    return int(text)


def made_since(client: Client, feed_type: str, since: datetime) -> Iterator[Row]:
    """Feeds of this type made from `since` on."""
    token = ""
    while True:
        # A page token stands for the whole question; Amazon refuses any other parameter beside it.
        asked: dict[str, object] = {"nextToken": token} if token else {
            "feedTypes": feed_type, "marketplaceIds": client.marketplace, "createdSince": stamp(since - SKEW),
            "pageSize": 100,
        }  # fmt: skip
        body = client.get(f"{FEEDS}/feeds", "getFeeds", **asked)
        token = next_token(body, token)
        yield from (row for row in rows(body, "feeds") if isinstance(row, dict) and row.get("feedType") == feed_type)
        if not token:
            return


def look(client: Client, feed_type: str, key: str, since: datetime) -> Sighting:
    """What the list of feeds says of an intent whose effect is not to be seen yet.

    ABSENT only where no feed of this type can have been ours; a refusal of ours is told in its words; else UNCLEAR.
    """
    ours, unsettled = str(message_number(key)), list[str]()
    for number, feed in enumerate(made_since(client, feed_type, since)):
        name, status = str(feed.get("feedId")), feed.get("processingStatus")
        if status == "CANCELLED":
            continue
        if status in ("DONE", "FATAL") and feed.get("resultFeedDocumentId") and number < RESULTS_LOOKED_AT:
            result = _result(client, str(feed["resultFeedDocumentId"]))
            refused = next((words for message, words in result.errors if message == ours), None)
            if refused is not None:
                return Sighting(Sight.REFUSED, name, f"Amazon read feed {name} and refused it: {refused}")
            if result.processed == len({message for message, _ in result.errors}):
                continue  # every message in it failed, and none was ours
        unsettled.append(f"{name} ({status})")
    if unsettled:
        return Sighting(
            Sight.UNCLEAR, unsettled[0], f"not to be seen yet; feeds that may hold it: {', '.join(unsettled)}"
        )
    return Sighting(Sight.ABSENT, detail=f"Amazon has no feed {feed_type} of that time that could be ours")


def _result(client: Client, document_id: str) -> Result:
    document = client.get(f"{FEEDS}/documents/{segment(document_id)}", "getFeedDocument")
    return parse_result(download(client.transport, document, "downloadFeedResult"))
