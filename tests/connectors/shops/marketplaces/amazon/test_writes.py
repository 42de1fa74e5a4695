"""Amazon's writes: shipments confirmed, feeds never sent twice, listings judged before they change, messages."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml import ElementTree

from connectors.base import CannotDo, Effect, NotApproved, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    AnswerCancellation,
    Appeal,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    FileClaim,
    FixListing,
    Operation,
    RefundPayment,
    SendMessage,
    SendTemplate,
    SetHoliday,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.amazon import Amazon, feeds
from connectors.types import Account, Receipt, Sight
from tests.connectors.shops.marketplaces.amazon.outside import (
    KEYS,
    US,
    Outside,
    listing,
    order,
    posted,
    refusal,
    shop,
    standing,
    transaction,
)
from tests.connectors.shops.stand import NOW, open_with, permit

REF = "114-1234567-1234567"
ONE, MONEY = f"GET /{REF}", "GET /finances/2024-06-19/transactions"
DOCUMENTS, FEEDS, PUT = "POST /documents", "POST /feeds", "PUT /place"
LISTED = "GET /feeds/2021-06-30/feeds"
PLACE = {"feedDocumentId": "d1", "url": "https://elsewhere.example/place"}
SHIP = ArrangeShipment(order_ref=REF, method="own_courier", carrier="UPS", tracking_number="1Z999AA10123456784")
CANCEL = CancelOrder(order_ref=REF, reason="out_of_stock")
REFUND = RefundPayment(order_ref=REF, amount=Money(Decimal("42.00"), "USD"))
STOCK = SetStock(listing_ref="LAMP", sku="LAMP", quantity=9)
NOTICE = SendTemplate(to="", order_ref=REF, template="unexpectedProblem", text="One day late.")


def by_feed(item: Any, *transactions: Any, **answers: Any) -> Outside:
    return Outside(
        {
            ONE: {"order": item}, MONEY: posted(*transactions), DOCUMENTS: httpx.Response(201, json=PLACE),
            PUT: httpx.Response(200), FEEDS: httpx.Response(202, json={"feedId": "f1"}), **answers,
        }
    )  # fmt: skip


def document(outside: Outside) -> Element:
    content = next(call[3] for call in outside.calls if call[0] == "PUT")
    root: Element = ElementTree.fromstring(content)
    return root


def written(outside: Outside) -> list[str]:
    return [f"{method} {path.rpartition('/')[2]}" for method, path, _, _ in outside.written()]


# -- ship ------------------------------------------------------------------------------------------------------------

CONFIRM = "POST /shipmentConfirmation"


def test_a_shipment_is_confirmed_with_all_that_is_left() -> None:
    outside = Outside({ONE: {"order": order()}, CONFIRM: httpx.Response(204)})
    receipt = shop(outside).perform(SHIP, permit())
    [(_, path, _, body)] = outside.written()
    told = body["packageDetail"]
    assert path.endswith(f"/orders/v0/orders/{REF}/shipmentConfirmation")
    assert (body["marketplaceId"], told["carrierCode"], told["trackingNumber"]) == (US, "UPS", SHIP.tracking_number)
    assert told["orderItems"] == [{"orderItemId": "11", "quantity": 2}]
    assert isinstance(told["packageReferenceId"], str)
    assert int(told["packageReferenceId"]) > 0
    assert (receipt.reference, receipt.is_final) == (REF, True)


def test_the_same_intent_names_the_same_package_and_another_intent_another() -> None:
    names = []
    for key in ("intent-1", "intent-1", "intent-2"):
        outside = Outside({ONE: {"order": order()}, CONFIRM: httpx.Response(204)})
        shop(outside).perform(SHIP, permit(key))
        names.append(outside.written()[0][3]["packageDetail"]["packageReferenceId"])
    assert names[0] == names[1] != names[2]


def test_a_courier_that_amazon_does_not_know_is_named_in_words() -> None:
    outside = Outside({ONE: {"order": order()}, CONFIRM: httpx.Response(204)})
    known = ArrangeShipment(order_ref=REF, method="own_courier", carrier="Ant Post", tracking_number="A1")
    shop(outside).perform(known, permit())
    told = outside.written()[0][3]["packageDetail"]
    assert (told["carrierCode"], told["carrierName"]) == ("Other", "Ant Post")


def parcel(number: str) -> dict[str, Any]:
    return {"packageReferenceId": "7", "trackingNumber": number, "packageStatus": {"status": "SHIPPED"}}


def test_a_shipment_that_stands_already_is_a_replay_and_another_ones_is_refused() -> None:
    done = Outside({ONE: {"order": standing("SHIPPED", packages=[parcel(SHIP.tracking_number)])}})
    assert shop(done).perform(SHIP, permit()).is_replay
    other = Outside({ONE: {"order": standing("SHIPPED", packages=[parcel("OTHER")])}})
    with pytest.raises(Refused, match="nothing of it is left"):
        shop(other).perform(SHIP, permit())
    assert (done.written(), other.written()) == ([], [])


@pytest.mark.parametrize(
    ("item", "sight"),
    [(order(), Sight.ABSENT), (standing("SHIPPED", packages=[parcel("OTHER")]), Sight.UNCLEAR),
     (standing("SHIPPED", packages=[parcel(SHIP.tracking_number)]), Sight.SEEN)],
)  # fmt: skip
def test_a_shipment_is_seen_by_its_tracking_number(item: Any, sight: Sight) -> None:
    seen = shop(Outside({ONE: {"order": item}})).probe(SHIP, "k", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


@pytest.mark.parametrize(
    "operation",
    [ArrangeShipment(order_ref=REF), ArrangeShipment(order_ref=REF, method="own_courier", carrier="UPS"),
     ArrangeShipment(order_ref=REF, method="own_courier", tracking_number="1")],
)  # fmt: skip
def test_what_is_lacking_for_a_shipment_sends_nothing(operation: Operation) -> None:
    outside = Outside({ONE: {"order": order()}})
    with pytest.raises(Refused):
        shop(outside).perform(operation, permit())
    assert outside.written() == []


def by_amazon() -> dict[str, Any]:
    made = standing("SHIPPED")
    made["fulfillment"]["fulfilledBy"] = "AMAZON"
    return made


@pytest.mark.parametrize("operation", [SHIP, CANCEL, REFUND])
def test_what_amazon_fulfils_is_amazons_to_handle(operation: Operation) -> None:
    outside = by_feed(by_amazon())
    with pytest.raises(CannotDo, match="Amazon itself"):
        shop(outside).perform(operation, permit())
    assert outside.written() == []


# -- feeds -----------------------------------------------------------------------------------------------------------


def test_a_cancellation_is_a_document_its_content_and_one_feed() -> None:
    outside = by_feed(order())
    receipt = shop(outside).perform(CANCEL, permit("intent-9"))
    assert written(outside) == ["POST documents", "PUT place", "POST feeds"]
    assert (receipt.reference, receipt.is_final) == ("f1", False)
    root = document(outside)
    told = root.find("Message/OrderAcknowledgement")
    assert told is not None
    assert root.findtext("Header/MerchantIdentifier") == "SELLER"
    assert root.findtext("Message/MessageID") == str(feeds.message_number("intent-9"))
    assert [(child.tag, child.text) for child in told][:2] == [("AmazonOrderID", REF), ("StatusCode", "Failure")]
    assert [told.findtext("Item/AmazonOrderItemCode"), told.findtext("Item/CancelReason")] == ["11", "NoInventory"]
    feed = outside.written()[-1][3]
    assert feed == {
        "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA", "marketplaceIds": [US], "inputFeedDocumentId": "d1",
    }  # fmt: skip


def test_the_token_does_not_go_where_the_document_is_put() -> None:
    outside = by_feed(order())
    shop(outside).perform(CANCEL, permit())
    tokens = dict(zip([call[0] + call[1] for call in outside.calls], outside.tokens, strict=True))
    assert tokens["PUT/place"] == ""


def components(outside: Outside) -> list[tuple[str | None, str | None]]:
    return [(one.findtext("Type"), one.findtext("Amount")) for one in document(outside).iter("Component")]


def test_a_refund_is_spread_over_goods_and_postage_to_the_cent() -> None:
    outside = by_feed(standing("SHIPPED"))
    shop(outside).perform(REFUND, permit())
    told = document(outside).find("Message/OrderAdjustment")
    assert told is not None
    assert told.findtext("AmazonOrderID") == REF
    assert told.findtext("AdjustedItem/AmazonOrderItemCode") == "11"
    assert components(outside) == [("Principal", "39.80"), ("Shipping", "2.20")]
    assert {one.get("currency") for one in told.iter("Amount")} == {"USD"}


def test_a_refund_is_refused_before_it_can_be_too_much() -> None:
    whole = RefundPayment(order_ref=REF, amount=Money(Decimal("45.81"), "USD"))
    again = (transaction("r1", "Refund", -17.61, 2.39),)
    for operation, given in ((whole, ()), (REFUND, again)):
        outside = by_feed(standing("SHIPPED"), *given)
        with pytest.raises(Refused):
            shop(outside).perform(operation, permit())
        assert outside.written() == []


@pytest.mark.parametrize(
    ("operation", "status"), [(REFUND, "UNSHIPPED"), (CANCEL, "SHIPPED"), (CANCEL, "UNFULFILLABLE")]
)
def test_an_order_in_another_state_is_refused_and_nothing_is_submitted(operation: Operation, status: str) -> None:
    outside = by_feed(standing(status), **{LISTED: {"feeds": []}})
    with pytest.raises(Refused, match="stands as"):
        shop(outside).perform(operation, permit())
    assert outside.written() == []


def test_a_cancelled_order_needs_no_second_feed() -> None:
    outside = by_feed(standing("CANCELLED"))
    assert shop(outside).perform(CANCEL, permit()).is_replay
    assert outside.written() == []


def test_a_part_of_a_lines_units_is_cancelled_by_hand() -> None:
    outside = by_feed(order())
    with pytest.raises(CannotDo, match="whole lines"):
        shop(outside).perform(CancelOrder(order_ref=REF, reason="other", lines=(("11", 1),)), permit())
    assert outside.written() == []


def test_a_buyers_request_is_accepted_by_cancelling_and_cannot_be_refused() -> None:
    outside = by_feed(order())
    shop(outside).perform(AnswerCancellation(order_ref=REF, is_accepted=True), permit())
    assert document(outside).findtext(".//CancelReason") == "BuyerCanceled"
    with pytest.raises(CannotDo, match="shipping the order is the refusal"):
        shop(by_feed(order())).perform(AnswerCancellation(order_ref=REF, is_accepted=False), permit())


@pytest.mark.parametrize("place", [DOCUMENTS, PUT])
@pytest.mark.parametrize("lost", [httpx.ReadTimeout("gone"), httpx.Response(503)])
def test_an_answer_lost_before_the_feed_submitted_nothing(place: str, lost: Any) -> None:
    outside = by_feed(order(), **{place: lost})
    with pytest.raises(Retry, match="nothing was submitted"):
        shop(outside).perform(CANCEL, permit())
    assert "POST feeds" not in written(outside)


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout("gone"),
        httpx.Response(503),
        httpx.Response(202, json={}),
        refusal("InternalFailure", status=500),
    ],
)
def test_an_answer_lost_on_the_feed_is_unknown_and_sent_once(lost: Any) -> None:
    outside = by_feed(order(), **{FEEDS: lost})
    with pytest.raises(Unknown):
        shop(outside).perform(CANCEL, permit())
    assert written(outside).count("POST feeds") == 1


def test_a_quota_on_the_feed_means_that_it_was_not_submitted() -> None:
    with pytest.raises(Retry):
        shop(by_feed(order(), **{FEEDS: refusal("QuotaExceeded", status=429)})).perform(CANCEL, permit())


def test_without_an_approval_not_even_a_document_is_made() -> None:
    outside = by_feed(order())
    with pytest.raises(NotApproved):
        open_with(outside, "amazon", KEYS, closed_gate, country="US").perform(CANCEL, permit())
    assert outside.written() == []


# -- what became of a feed -------------------------------------------------------------------------------------------


def result(*errors: tuple[str, str], processed: int = 1) -> bytes:
    rows = "".join(
        f"<Result><MessageID>{number}</MessageID><ResultCode>Error</ResultCode><ResultMessageCode>18028"
        f"</ResultMessageCode><ResultDescription>{words}</ResultDescription></Result>"
        for number, words in errors
    )
    return (
        "<AmazonEnvelope><Message><ProcessingReport><ProcessingSummary>"
        f"<MessagesProcessed>{processed}</MessagesProcessed><MessagesSuccessful>{processed - len(errors)}"
        f"</MessagesSuccessful></ProcessingSummary>{rows}</ProcessingReport></Message></AmazonEnvelope>"
    ).encode()


def feed(status: str, kind: str = feeds.REFUNDS) -> dict[str, Any]:
    row = {"feedId": "f1", "feedType": kind, "processingStatus": status, "createdTime": "2026-11-21T08:00:00Z"}
    return row | ({"resultFeedDocumentId": "r1"} if status == "DONE" else {})


def looked(*made: dict[str, Any], report: bytes = b"", transactions: tuple[Any, ...] = ()) -> Outside:
    return Outside(
        {
            MONEY: posted(*transactions), LISTED: {"feeds": list(made)}, ONE: {"order": order()},
            "GET /documents/r1": {"feedDocumentId": "r1", "url": "https://elsewhere.example/result"},
            "GET /result": httpx.Response(200, content=report),
        }
    )  # fmt: skip


MINE, OTHERS = str(feeds.message_number("k")), "1"


@pytest.mark.parametrize(
    ("outside", "sight"),
    [
        (looked(), Sight.ABSENT),
        (looked(feed("IN_QUEUE")), Sight.UNCLEAR),
        (looked(feed("IN_PROGRESS")), Sight.UNCLEAR),
        (looked(feed("CANCELLED")), Sight.ABSENT),
        (looked(feed("DONE"), report=result()), Sight.UNCLEAR),  # taken; the finances come up to 48 hours later
        (looked(feed("DONE"), report=result((MINE, "refunded in full"))), Sight.REFUSED),
        (looked(feed("DONE"), report=result((OTHERS, "another's"))), Sight.ABSENT),
        (looked(feed("DONE"), report=result((OTHERS, "another's"), processed=2)), Sight.UNCLEAR),
        (looked(feed("DONE", feeds.CANCELLATIONS)), Sight.ABSENT),
    ],
)
def test_a_refund_is_looked_for_in_the_list_of_feeds(outside: Outside, sight: Sight) -> None:
    assert shop(outside).probe(REFUND, "k", NOW).sight is sight
    assert outside.written() == []


def test_a_message_that_failed_inside_a_finished_feed_is_told_in_amazons_words() -> None:
    seen = shop(looked(feed("DONE"), report=result((MINE, "Refund exceeds order")))).probe(REFUND, "k", NOW)
    assert (seen.sight, seen.reference) == (Sight.REFUSED, "f1")
    assert "18028: Refund exceeds order" in seen.detail


def test_a_refund_is_seen_in_the_finances_by_what_the_buyer_got() -> None:
    old = transaction("r0", "Refund", -42, 0, postedDate=(NOW - timedelta(days=2)).isoformat())
    new = transaction("r1", "Refund", -36.96, 5.04, postedDate=(NOW + timedelta(minutes=1)).isoformat())
    seen = shop(looked(transactions=(old, new))).probe(REFUND, "k", NOW)
    assert (seen.sight, seen.reference) == (Sight.SEEN, "r1")
    assert shop(looked(transactions=(old,))).probe(REFUND, "k", NOW).sight is Sight.ABSENT
    other = transaction("r2", "Refund", -10, 0, postedDate=NOW.isoformat())
    assert shop(looked(transactions=(other,))).probe(REFUND, "k", NOW).sight is Sight.UNCLEAR


def test_the_list_of_feeds_is_asked_from_just_before_the_write_and_page_by_page() -> None:
    outside = looked()
    outside.answers[LISTED] = [{"feeds": [], "nextToken": "n"}, {"feeds": [feed("IN_QUEUE")]}]
    assert shop(outside).probe(REFUND, "k", NOW).sight is Sight.UNCLEAR
    first, second = outside.asked("/feeds")
    assert first["feedTypes"] == "POST_PAYMENT_ADJUSTMENT_DATA"
    assert first["createdSince"] == (NOW - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert second == {"nextToken": "n"}


@pytest.mark.parametrize("report", [b"<html/>", b"not xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"])
def test_a_result_that_cannot_be_read_proves_nothing(report: bytes) -> None:
    with pytest.raises(Retry):
        shop(looked(feed("DONE"), report=report)).probe(REFUND, "k", NOW)


def test_a_cancellation_is_seen_in_the_order_itself() -> None:
    seen = shop(Outside({ONE: {"order": standing("CANCELLED")}})).probe(CANCEL, "k", NOW)
    assert (seen.sight, seen.reference) == (Sight.SEEN, REF)
    assert shop(looked(feed("IN_QUEUE", feeds.CANCELLATIONS))).probe(CANCEL, "k", NOW).sight is Sight.UNCLEAR


def test_money_is_written_as_what_only_a_read_can_settle() -> None:
    assert Amazon.writes[RefundPayment].effect is Effect.READBACK
    assert Amazon.writes[SendTemplate].effect is Effect.NONE


# -- listings --------------------------------------------------------------------------------------------------------

ITEM, PATCH = "GET /items/SELLER/LAMP", "PATCH /items/SELLER/LAMP"
VALID, ACCEPTED = {"sku": "LAMP", "status": "VALID"}, {"sku": "LAMP", "status": "ACCEPTED", "submissionId": "s1"}
INVALID = {
    "sku": "LAMP", "status": "INVALID", "submissionId": "s2",
    "issues": [{"code": "90220", "message": "'quantity' is wrong", "severity": "ERROR"}],
}  # fmt: skip


def patched(*answers: Any, item: Any = None) -> Outside:
    return Outside({ITEM: item or listing(), PATCH: list(answers)})


def changed(outside: Outside, operation: Operation) -> tuple[Receipt, Any]:
    receipt = shop(outside).perform(operation, permit())
    return receipt, outside.written()[-1][3]


def test_stock_is_tried_first_and_keeps_the_handling_time() -> None:
    outside = patched(VALID, ACCEPTED)
    receipt, body = changed(outside, STOCK)
    tried, done = (call[2] for call in outside.written())
    assert (tried["mode"], "mode" in done) == ("VALIDATION_PREVIEW", False)
    assert body == {
        "productType": "LAMP",
        "patches": [
            {"op": "replace", "path": "/attributes/fulfillment_availability",
             "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 9, "lead_time_to_ship_max_days": 2}]}
        ],
    }  # fmt: skip
    assert (receipt.reference, receipt.is_final) == ("s1", False)


def test_a_price_keeps_the_other_buyers_offers_and_the_sale() -> None:
    _, body = changed(patched(VALID, ACCEPTED), SetPrice(listing_ref="LAMP", sku="LAMP", price=money("24.90")))
    [patch] = body["patches"]
    business, consumers = patch["value"]
    assert business["audience"] == "B2B"
    assert consumers["our_price"] == [{"schedule": [{"value_with_tax": 24.9}]}]
    assert consumers["discounted_price"] == [{"schedule": [{"value_with_tax": 15.0}]}]


def money(amount: str, currency: str = "USD") -> Money:
    return Money(Decimal(amount), currency)


def test_a_text_keeps_its_language() -> None:
    _, body = changed(patched(VALID, ACCEPTED), FixListing(listing_ref="", sku="LAMP", fields=(("title", "Oak lamp"),)))
    assert body["patches"][0]["value"] == [{"value": "Oak lamp", "language_tag": "en_US", "marketplace_id": US}]


def test_a_change_that_the_dry_run_refuses_is_never_sent() -> None:
    outside = patched(INVALID)
    with pytest.raises(Refused, match="90220: 'quantity' is wrong") as caught:
        shop(outside).perform(STOCK, permit())
    assert caught.value.code == "INVALID"
    assert [call[2].get("mode") for call in outside.written()] == ["VALIDATION_PREVIEW"]


def test_invalid_inside_a_good_answer_is_a_refusal() -> None:
    with pytest.raises(Refused, match="90220"):
        shop(patched(VALID, INVALID)).perform(STOCK, permit())


@pytest.mark.parametrize("answer", [{"sku": "LAMP", "status": "PONDERED"}, {}, httpx.Response(200, json=["ACCEPTED"])])
def test_a_word_that_is_not_known_leaves_the_change_unknown(answer: Any) -> None:
    with pytest.raises(Unknown, match="not known"):
        shop(patched(VALID, answer)).perform(STOCK, permit())


def test_a_dry_run_with_a_word_that_is_not_known_sends_nothing() -> None:
    outside = patched({"sku": "LAMP", "status": "PONDERED"})
    with pytest.raises(Retry, match="nothing was sent"):
        shop(outside).perform(STOCK, permit())
    assert [call[2].get("mode") for call in outside.written()] == ["VALIDATION_PREVIEW"]


@pytest.mark.parametrize(
    "operation",
    [SetStock(listing_ref="", sku="LAMP", quantity=-1),
     SetStock(listing_ref="", sku="LAMP", quantity=1, location="AMAZON"),
     SetPrice(listing_ref="", sku="LAMP", price=money("3", "EUR")),
     FixListing(listing_ref="", sku="LAMP", fields=(("purchasable_offer", "1"),))],
)  # fmt: skip
def test_a_change_that_cannot_be_right_sends_nothing(operation: Operation) -> None:
    outside = patched(VALID)
    with pytest.raises(Refused):
        shop(outside).perform(operation, permit())
    assert outside.written() == []


def test_a_listing_that_amazon_stocks_is_not_given_stock_of_our_own() -> None:
    item = listing()
    item["attributes"]["fulfillment_availability"] = [{"fulfillment_channel_code": "AMAZON_NA"}]
    outside = patched(VALID, item=item)
    with pytest.raises(CannotDo, match="Amazon counts that stock"):
        shop(outside).perform(STOCK, permit())
    assert outside.written() == []


@pytest.mark.parametrize(
    ("operation", "sight"),
    [(STOCK, Sight.ABSENT), (SetStock(listing_ref="", sku="LAMP", quantity=5), Sight.SEEN),
     (SetPrice(listing_ref="", sku="LAMP", price=money("19.9")), Sight.SEEN),
     (SetPrice(listing_ref="", sku="LAMP", price=money("20")), Sight.ABSENT),
     (FixListing(listing_ref="", sku="LAMP", fields=(("item_name", "Lamp"),)), Sight.SEEN),
     (FixListing(listing_ref="", sku="LAMP", fields=(("title", "Lamp"),)), Sight.SEEN),
     (FixListing(listing_ref="", sku="LAMP", fields=(("brand", "Ours"),)), Sight.ABSENT)],
)  # fmt: skip
def test_a_change_is_seen_in_the_listing(operation: Operation, sight: Sight) -> None:
    assert shop(patched()).probe(operation, "k", NOW).sight is sight


# -- messages --------------------------------------------------------------------------------------------------------

ACTIONS = "GET /messaging/v1/orders/114-1234567-1234567"


def offering(*kinds: str, by_name: bool = True) -> dict[str, Any]:
    links = [
        {"href": f"/messaging/v1/orders/{REF}/messages/{kind}?marketplaceIds={US}"}
        | ({"name": kind} if by_name else {})
        for kind in kinds
    ]
    return {"_links": {"self": {"href": "/"}, "actions": links}}


@pytest.mark.parametrize("by_name", [True, False])
def test_a_message_goes_out_where_amazon_offers_its_kind(by_name: bool) -> None:
    outside = Outside(
        {
            ACTIONS: offering("unexpectedProblem", by_name=by_name),
            "POST /unexpectedProblem": httpx.Response(201, json={}),
        }
    )
    assert shop(outside).perform(NOTICE, permit()).reference == REF
    [(_, path, query, body)] = outside.written()
    assert path.endswith(f"/messaging/v1/orders/{REF}/messages/unexpectedProblem")
    assert (query, body) == ({"marketplaceIds": US}, {"text": "One day late."})


def test_a_kind_that_is_not_offered_now_is_refused_with_those_that_are() -> None:
    outside = Outside({ACTIONS: offering("warranty")})
    with pytest.raises(Refused, match="allowed: warranty"):
        shop(outside).perform(NOTICE, permit())
    assert outside.written() == []


@pytest.mark.parametrize(
    ("template", "text", "raised"),
    [("unexpectedProblem", "", Refused), ("unexpectedProblem", "x" * 2001, Refused),
     ("digitalAccessKey", "x" * 401, Refused), ("warranty", "words", Refused), ("invoice", "", CannotDo),
     ("chat", "hello", CannotDo)],
)  # fmt: skip
def test_a_message_that_cannot_be_right_is_not_sent(template: str, text: str, raised: type[Exception]) -> None:
    outside = Outside({ACTIONS: offering(template)})
    with pytest.raises(raised):
        shop(outside).perform(SendTemplate(to="", order_ref=REF, template=template, text=text), permit())
    assert outside.calls == []


def test_a_review_is_asked_for_through_the_solicitations() -> None:
    kind = "productReviewAndSellerFeedback"
    outside = Outside(
        {f"GET /solicitations/v1/orders/{REF}": offering(kind), f"POST /{kind}": httpx.Response(201, json={})}
    )
    shop(outside).perform(SendTemplate(to=REF, template=kind), permit())
    [(_, path, _, body)] = outside.written()
    assert (path.endswith(f"/solicitations/v1/orders/{REF}/solicitations/{kind}"), body) == (True, b"")


def test_a_message_whose_answer_is_lost_is_unknown_and_no_read_can_settle_it() -> None:
    outside = Outside({ACTIONS: offering("unexpectedProblem"), "POST /unexpectedProblem": httpx.ReadTimeout("gone")})
    with pytest.raises(Unknown):
        shop(outside).perform(NOTICE, permit())
    assert shop(outside).probe(NOTICE, "k", NOW).sight is Sight.UNCLEAR


# -- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "link"),
    [
        (SendMessage(to="x@marketplace.amazon.com", text="Hello"), "https://sellercentral.amazon.com/messaging/inbox"),
        (DecideReturn(return_ref="DT1", decision="accept"), "https://sellercentral.amazon.com/gp/returns/list"),
        (FileClaim(order_ref=REF, cause="not_returned", amount=money("9"), text="x"),
         "https://sellercentral.amazon.com/safet-claims"),
        (Appeal(subject_ref="B01", text="x"), "https://sellercentral.amazon.com/performance/dashboard"),
        (SetHoliday(is_away=True), "https://sellercentral.amazon.com"),
    ],
)  # fmt: skip
def test_what_amazon_has_no_call_for_is_done_by_hand_on_its_page(operation: Operation, link: str) -> None:
    outside = Outside({})
    with pytest.raises(CannotDo, match="by hand in Seller Central"):
        shop(outside).perform(operation, permit())
    assert outside.calls == []
    assert Amazon.by_hand(operation, account()) == link


def test_the_link_goes_to_the_sellers_own_country_and_the_orders_own_page() -> None:
    assert Amazon.by_hand(SHIP, account()) == f"https://sellercentral.amazon.com/orders-v3/order/{REF}/confirm-shipment"
    assert Amazon.by_hand(REFUND, account("DE")) == f"https://sellercentral-europe.amazon.com/orders-v3/order/{REF}"


def account(country: str = "US") -> Account:
    return Account("amazon", 1, "Shop", "S", "https://a.example", country=country)
