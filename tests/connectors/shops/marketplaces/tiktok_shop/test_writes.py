"""TikTok Shop's writes: what is sent, what is refused before anything is sent, and the reads that prove them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    AcceptDispute,
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    EndPromotion,
    Operation,
    RefundPayment,
    ReplyReview,
    SendMessage,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.types import Account, Sight
from tests.connectors.shops.marketplaces.tiktok_shop.outside import (
    BY_ID,
    CANCELS,
    CREATED,
    KEYS,
    PICKUP,
    RETURNS,
    Outside,
    aftersale,
    body_of,
    cancellation,
    found,
    order,
    refusal,
    shop,
    unit,
)
from tests.connectors.shops.stand import NOW, open_with, permit

BASE = "POST /return_refund/202309"
CANCEL, OPEN = f"{BASE}/cancellations", f"{BASE}/returns"
APPROVE_CANCEL, REJECT_CANCEL = f"{BASE}/cancellations/{{}}/approve", f"{BASE}/cancellations/{{}}/reject"
APPROVE, REJECT = f"{BASE}/returns/{{}}/approve", f"{BASE}/returns/{{}}/reject"
REASONS = "GET /return_refund/202309/reject_reasons"
ELIGIBLE = "GET /return_refund/202309/orders/{}/aftersale_eligibility"
UPLOAD = "POST /product/202309/images/upload"
SLOTS, SHIP = "GET /fulfillment/202309/packages/{}/handover_time_slots", "POST /fulfillment/202309/packages/{}/ship"
MARK = "POST /fulfillment/202309/orders/{}/packages"
COURIERS = "GET /logistics/202309/delivery_options/{}/shipping_providers"
TALK, WORDS = "POST /customer_service/202309/conversations", "/customer_service/202309/conversations/{}/messages"
STOCK, SET_STOCK = "POST /product/202309/inventory/search", "POST /product/202309/products/{}/inventory/update"
PRICES, PRODUCTS = "POST /product/202309/products/{}/prices/update", "POST /product/202502/products/search"
PNG = "data:image/png;base64,iVBORw0KGgo="


def pesos(amount: str) -> Money:
    return Money(Decimal(amount), "PHP")


def none_written(outside: Outside) -> bool:
    """Whether nothing but reads has left; searches are sent as POST."""
    return all(call.method == "GET" or call.url.path.endswith("/search") for call in outside.requests)


def cancel_answers(**more: Any) -> dict[str, Any]:
    done = {"cancel_id": "4035001", "cancel_status": "CANCELLATION_REQUEST_SUCCESS"}
    return {BY_ID: found(order()), CANCEL: done, CANCELS: found(name="cancellations"), **more}


@pytest.mark.parametrize(
    ("reason", "status", "country", "sent"),
    [
        ("out_of_stock", "AWAITING_SHIPMENT", "PH", "seller_cancel_reason_out_of_stock"),
        ("out_of_stock", "UNPAID", "PH", "seller_cancel_unpaid_reason_out_of_stock"),
        ("out_of_stock", "AWAITING_SHIPMENT", "GB", "seller_cancel_reason_out_of_stock_uk"),
        ("undeliverable", "AWAITING_SHIPMENT", "PH", "seller_cancel_paid_reason_address_not_deliver"),
    ],
)
def test_a_cancellation_gives_the_reason_that_fits_the_orders_state(
    reason: Any, status: str, country: str, sent: str
) -> None:
    outside = Outside(cancel_answers(**{BY_ID: found(order(status=status))}))
    operation = CancelOrder(order_ref="576001", reason=reason, lines=(("1730001", 2),))
    receipt = shop(outside, country).perform(operation, permit())
    assert (receipt.reference, receipt.is_final, receipt.request_id) == ("4035001", True, "r1")
    assert outside.body("POST /return_refund/202309/cancellations") == {"order_id": "576001", "cancel_reason": sent}
    assert "idempotency_key" not in outside.called(CANCEL)[0].url.params


def test_a_part_is_cancelled_by_its_units_where_the_country_allows_it() -> None:
    outside = Outside(cancel_answers())
    operation = CancelOrder(order_ref="576001", reason="out_of_stock", lines=(("1730001", 1),))
    shop(outside, "US").perform(operation, permit())
    assert outside.body(CANCEL)["order_line_item_ids"] == ["577001"]


@pytest.mark.parametrize(
    ("operation", "country"),
    [
        (CancelOrder(order_ref="576001", reason="out_of_stock", lines=(("1730001", 1),)), "PH"),
        (CancelOrder(order_ref="576001", reason="customer_request", lines=(("1730001", 1),)), "US"),
        (CancelOrder(order_ref="576001", reason="fraud"), "US"),
        (CancelOrder(order_ref="576001", reason="other"), "PH"),
    ],
)
def test_what_tiktok_shop_cannot_cancel_is_done_by_hand_and_nothing_is_sent(
    operation: CancelOrder, country: str
) -> None:
    outside = Outside(cancel_answers())
    with pytest.raises(CannotDo):
        shop(outside, country).perform(operation, permit())
    assert none_written(outside)


def test_more_units_than_the_order_holds_are_refused() -> None:
    outside = Outside(cancel_answers())
    operation = CancelOrder(order_ref="576001", reason="out_of_stock", lines=(("1730001", 3),))
    with pytest.raises(Refused, match="holds 2"):
        shop(outside, "US").perform(operation, permit())
    assert none_written(outside)


def test_a_cancellation_that_waits_is_not_final() -> None:
    waits = {"cancel_id": "4035001", "cancel_status": "CANCELLATION_REQUEST_PENDING"}
    receipt = shop(Outside(cancel_answers(**{CANCEL: waits}))).perform(
        CancelOrder(order_ref="576001", reason="out_of_stock"), permit()
    )
    assert not receipt.is_final


@pytest.mark.parametrize(
    ("changed", "waiting", "lines", "sight"),
    [
        ({"status": "CANCELLED"}, False, (), Sight.SEEN),
        ({}, False, (), Sight.ABSENT),
        ({}, True, (), Sight.UNCLEAR),
        ({"line_items": [unit(1, display_status="CANCELLED"), unit(2)]}, False, (("1730001", 1),), Sight.SEEN),
        ({"line_items": [unit(1, display_status="CANCELLED"), unit(2)]}, False, (("1730001", 2),), Sight.ABSENT),
    ],
)
def test_a_probe_of_a_cancellation_reads_the_orders_state(
    changed: dict[str, Any], waiting: bool, lines: tuple[tuple[str, int], ...], sight: Sight
) -> None:
    cases = [cancellation()] if waiting else []
    outside = Outside({BY_ID: found(order(**changed)), CANCELS: found(*cases, name="cancellations")})
    operation = CancelOrder(order_ref="576001", reason="out_of_stock", lines=lines)
    seen = shop(outside).probe(operation, "key", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


def asked_to_cancel(**changed: Any) -> dict[str, Any]:
    names = (
        "order_manage_list_action_respond_popup_reject_reason_delivered",
        "seller_reject_apply_product_has_been_packed",
    )
    return {
        CANCELS: found(cancellation(), name="cancellations"),
        BY_ID: found(order(is_buyer_request_cancel=True, **changed)),
        REASONS: {"reasons": [{"name": name, "text": "words"} for name in names]},
        APPROVE_CANCEL: {},
        REJECT_CANCEL: {},
    }


def test_a_request_to_cancel_is_granted_under_our_key() -> None:
    outside = Outside(asked_to_cancel())
    receipt = shop(outside).perform(AnswerCancellation(order_ref="576001", is_accepted=True), permit("intent-7"))
    [call] = outside.called("approve")
    assert (call.url.path.split("/")[4], call.url.params["idempotency_key"]) == ("4035001", "intent-7")
    assert receipt.reference == "4035001"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "AWAITING_COLLECTION"}, "seller_reject_apply_product_has_been_packed"),
        ({}, "order_manage_list_action_respond_popup_reject_reason_delivered"),
    ],
)
def test_a_request_to_cancel_is_refused_on_a_ground_that_is_true(changed: dict[str, Any], reason: str) -> None:
    outside = Outside(asked_to_cancel(**changed))
    shop(outside).perform(AnswerCancellation(order_ref="576001", is_accepted=False), permit())
    assert outside.body("4035001/reject") == {"reject_reason": reason}


def test_no_false_ground_is_given_for_an_order_that_is_late() -> None:
    outside = Outside(asked_to_cancel(rts_sla_time=CREATED))
    with pytest.raises(Refused, match="no ground"):
        shop(outside).perform(AnswerCancellation(order_ref="576001", is_accepted=False), permit())
    assert none_written(outside)


@pytest.mark.parametrize(
    ("cases", "status", "is_accepted", "sight"),
    [
        ([cancellation()], "AWAITING_SHIPMENT", True, Sight.ABSENT),
        ([], "CANCELLED", True, Sight.SEEN),
        ([], "AWAITING_SHIPMENT", False, Sight.SEEN),
        ([], "CANCELLED", False, Sight.UNCLEAR),
    ],
)
def test_a_probe_of_an_answer_reads_request_and_order(
    cases: list[Any], status: str, is_accepted: bool, sight: Sight
) -> None:
    outside = Outside({CANCELS: found(*cases, name="cancellations"), BY_ID: found(order(status=status))})
    seen = shop(outside).probe(AnswerCancellation(order_ref="576001", is_accepted=is_accepted), "key", NOW)
    assert seen.sight is sight


def one_return(step: str = "SELLER_RESPOND_RETURN", **changed: Any) -> dict[str, Any]:
    return {
        RETURNS: found(aftersale(step=step, **changed), name="return_orders"),
        REASONS: {"reasons": [{"name": "item_is_correct", "text": "Item is correct"}]},
        UPLOAD: {"uri": "tos/1", "height": 20, "width": 10},
        APPROVE: {},
        REJECT: {},
    }


@pytest.mark.parametrize(
    ("step", "approve", "reject"),
    [
        ("SELLER_RESPOND_REFUND", "APPROVE_REFUND", "REJECT_REFUND"),
        ("SELLER_RESPOND_RETURN", "APPROVE_RETURN", "REJECT_RETURN"),
        ("SELLER_RESPOND_RECEIVE_PACKAGE", "APPROVE_RECEIVED_PACKAGE", "REJECT_RECEIVED_PACKAGE"),
        ("SELLER_RESPOND_REPLACEMENT", "APPROVE_REPLACEMENT", "REJECT_REPLACEMENT"),
    ],
)
def test_a_decision_is_the_one_that_tiktok_shop_waits_for(step: str, approve: str, reject: str) -> None:
    outside = Outside(one_return(step))
    accept = DecideReturn(return_ref="4036001", decision="accept", amount=pesos("199.50"))
    shop(outside).perform(accept, permit("intent-8"))
    assert outside.body("/approve") == {"decision": approve}
    assert outside.called("/approve")[0].url.params["idempotency_key"] == "intent-8"
    refuse = DecideReturn(return_ref="4036001", decision="reject", reason_code="item_is_correct", text="As sent")
    shop(outside).perform(refuse, permit())
    assert outside.body("/reject") == {"decision": reject, "reject_reason": "item_is_correct", "comment": "As sent"}


def test_evidence_is_uploaded_unsigned_and_named_in_the_refusal() -> None:
    outside = Outside(one_return())
    operation = DecideReturn(return_ref="4036001", decision="reject", reason_code="item_is_correct", images=(PNG,))
    shop(outside).perform(operation, permit())
    [upload] = outside.called("images/upload")
    assert upload.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="data"; filename="evidence.png"' in upload.content
    assert "shop_cipher" not in upload.url.params
    assert outside.body("returns/4036001/reject")["images"] == [
        {"image_id": "tos/1", "mime_type": "image/png", "height": 20, "width": 10}
    ]


def test_a_picture_that_is_none_stops_all_before_the_first_is_uploaded() -> None:
    outside = Outside(one_return())
    images = (PNG, "data:image/png;base64,%%%")
    operation = DecideReturn(return_ref="4036001", decision="reject", reason_code="item_is_correct", images=images)
    with pytest.raises(Refused, match="not base64"):
        shop(outside).perform(operation, permit())
    assert none_written(outside)


@pytest.mark.parametrize("ending", [httpx.ReadTimeout("slow"), {"url": "only"}, refusal(36009003)])
def test_a_lost_upload_decided_nothing(ending: Any) -> None:
    outside = Outside(one_return() | {UPLOAD: ending})
    operation = DecideReturn(return_ref="4036001", decision="reject", reason_code="item_is_correct", images=(PNG,))
    with pytest.raises(Retry, match="nothing was decided"):
        shop(outside).perform(operation, permit())
    assert outside.called("POST /return_refund/202309/returns/4036001") == []


def test_a_part_is_offered_below_the_whole() -> None:
    outside = Outside(one_return("SELLER_RESPOND_REFUND"))
    offer = DecideReturn(return_ref="4036001", decision="offer", amount=pesos("50.00"))
    shop(outside).perform(offer, permit())
    assert outside.body("/approve") == {
        "decision": "OFFER_PARTIAL_REFUND",
        "partial_refund": {"currency": "PHP", "amount": "50.00"},
    }


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        (DecideReturn(return_ref="4036001", decision="accept", amount=pesos("100")), "SELLER_RESPOND_REFUND"),
        (DecideReturn(return_ref="4036001", decision="offer", amount=pesos("199.50")), "SELLER_RESPOND_REFUND"),
        (DecideReturn(return_ref="4036001", decision="offer"), "SELLER_RESPOND_REFUND"),
        (DecideReturn(return_ref="4036001", decision="offer", amount=pesos("5")), "SELLER_RESPOND_RECEIVE_PACKAGE"),
        (DecideReturn(return_ref="4036001", decision="reject", reason_code="made_up"), "SELLER_RESPOND_REFUND"),
        (
            DecideReturn(
                return_ref="4036001", decision="reject", reason_code="item_is_correct", images=("https://x/1.jpg",)
            ),
            "SELLER_RESPOND_REFUND",
        ),
        (DecideReturn(return_ref="4036001", decision="accept"), ""),
    ],
)
def test_a_decision_that_cannot_stand_is_refused_before_anything_is_sent(operation: DecideReturn, step: str) -> None:
    outside = Outside(one_return(step))
    with pytest.raises(Refused):
        shop(outside).perform(operation, permit())
    assert none_written(outside)


OFFERED = {"partial_refund": {"currency": "PHP", "amount": "50"}, "return_status": "AWAITING_BUYER_RESPONSE"}


@pytest.mark.parametrize(
    ("decision", "step", "changed", "sight"),
    [
        ("accept", "SELLER_RESPOND_RETURN", {}, Sight.ABSENT),
        ("accept", "", {"return_status": "AWAITING_BUYER_SHIP"}, Sight.SEEN),
        ("accept", "", {"return_status": "REFUND_OR_RETURN_REQUEST_REJECT"}, Sight.UNCLEAR),
        ("reject", "", {"return_status": "REFUND_OR_RETURN_REQUEST_REJECT"}, Sight.SEEN),
        ("reject", "", {"return_status": "RETURN_OR_REFUND_REQUEST_SUCCESS"}, Sight.UNCLEAR),
        ("offer", "", OFFERED, Sight.SEEN),
        ("offer", "", OFFERED | {"partial_refund": {"currency": "PHP", "amount": "60"}}, Sight.UNCLEAR),
    ],
)
def test_a_probe_of_a_decision_reads_the_return(
    decision: Any, step: str, changed: dict[str, Any], sight: Sight
) -> None:
    operation = DecideReturn(return_ref="4036001", decision=decision, amount=pesos("50"))
    assert shop(Outside(one_return(step, **changed))).probe(operation, "key", NOW).sight is sight


def refundable(*cases: Any, **more: Any) -> dict[str, Any]:
    fine = {
        "sku_eligibility": [
            {"sku_id": "1730001", "line_item_eligibility": [{"request_type": "REFUND", "eligible": True}]}
        ]
    }
    return {
        BY_ID: found(order(status="DELIVERED")),
        RETURNS: found(*cases, name="return_orders"),
        ELIGIBLE: fine,
        OPEN: {"return_id": "4036009", "return_status": "RETURN_OR_REFUND_REQUEST_PENDING"},
        APPROVE: {},
        **more,
    }


REFUND = RefundPayment(order_ref="576001", amount=pesos("50.00"), note="arrived damaged", lines=(("1730001:1", 1),))


def test_a_refund_is_opened_for_the_buyer_and_approved() -> None:
    outside = Outside(refundable())
    receipt = shop(outside, "US").perform(REFUND, permit("intent-9"))
    assert (receipt.reference, receipt.is_final) == ("4036009", True)
    [opening] = [call for call in outside.called("POST") if call.url.path == "/return_refund/202309/returns"]
    assert opening.url.params["idempotency_key"] == "intent-9"
    assert body_of(opening) == {
        "order_id": "576001",
        "return_type": "REFUND",
        "return_reason": "ecom_order_delivered_refund_reason_damaged_seller",
        "refund_total": "50.00",
        "currency": "PHP",
        "skus": [{"sku_id": "1730001", "quantity": 1}],
    }
    assert outside.body("4036009/approve") == {"decision": "APPROVE_REFUND"}


def ours(**changed: Any) -> dict[str, Any]:
    amount = {"currency": "PHP", "refund_total": "50"}
    base = {"role": "SELLER", "refund_amount": amount, "create_time": int(NOW.timestamp()) + 1}
    return aftersale("4036008", **{**base, **changed})


def test_a_run_that_ended_between_its_two_calls_goes_on_with_the_open_refund() -> None:
    outside = Outside(refundable(ours()))
    operation = shop(outside, "US")
    assert operation.probe(REFUND, "intent-9", NOW).sight is Sight.ABSENT
    assert operation.perform(REFUND, permit("intent-9")).reference == "4036008"
    assert [call.url.path for call in outside.called("POST") if not call.url.path.endswith("search")] == [
        "/return_refund/202309/returns/4036008/approve"
    ]


@pytest.mark.parametrize(
    ("changed", "sight"),
    [
        ({"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE"}, Sight.SEEN),
        ({"return_status": "REFUND_OR_RETURN_REQUEST_REJECT"}, Sight.UNCLEAR),
        ({"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE", "role": "BUYER"}, Sight.ABSENT),
        ({"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE", "create_time": CREATED}, Sight.ABSENT),
    ],
)
def test_a_probe_of_a_refund_looks_for_one_that_the_shop_opened_since(changed: dict[str, Any], sight: Sight) -> None:
    assert shop(Outside(refundable(ours(**changed))), "US").probe(REFUND, "key", NOW).sight is sight


def test_an_approval_that_tiktok_shop_keeps_for_itself_leaves_the_refund_open_and_not_refused() -> None:
    outside = Outside(refundable(**{APPROVE: refusal(25011010, "transferred to platform operator")}))
    receipt = shop(outside, "US").perform(REFUND, permit())
    assert (receipt.reference, receipt.is_final) == ("4036009", False)


def test_a_refund_is_not_opened_where_the_seller_may_not_or_no_reason_is_told() -> None:
    told = {"request_type": "REFUND", "eligible": False, "ineligible_reason": "invalid order status"}
    barred = {"sku_eligibility": [{"sku_id": "1730001", "line_item_eligibility": [told]}]}
    outside = Outside(refundable(**{ELIGIBLE: barred}))
    with pytest.raises(CannotDo, match="invalid order status"):
        shop(outside).perform(REFUND, permit())
    with pytest.raises(CannotDo):
        shop(outside).perform(RefundPayment(payment_ref="ch_1", amount=pesos("1")), permit())
    silent = RefundPayment(order_ref="576001", amount=pesos("1"), note="as agreed")
    with pytest.raises(Refused, match="say it in the note"):
        shop(Outside(refundable()), "US").perform(silent, permit())
    assert none_written(outside)


def handover(**more: Any) -> dict[str, Any]:
    taken = PICKUP | {"start_time": CREATED, "avaliable": False}
    return {
        BY_ID: found(order()),
        SLOTS: {"can_pickup": True, "can_drop_off": True, "pickup_slots": [taken, PICKUP]},
        SHIP: {},
        COURIERS: {"shipping_providers": [{"id": "661", "name": "J&T Express"}]},
        MARK: {"package_id": "1152009"},
        **more,
    }


def test_a_shipment_is_booked_in_the_first_free_slot() -> None:
    outside = Outside(handover())
    assert shop(outside).perform(ArrangeShipment(order_ref="576001"), permit()).reference == "1152001"
    slot = {"start_time": PICKUP["start_time"], "end_time": PICKUP["end_time"]}
    assert outside.body("/ship") == {"handover_method": "PICKUP", "pickup_slot": slot}


def test_a_run_that_ended_between_two_packages_goes_on_with_the_second() -> None:
    two = order(line_items=[unit(1), unit(2, package_id="1152002")])

    def ship(request: httpx.Request) -> Any:
        return refusal(11006021, "Package has been shipped.") if "1152001" in request.url.path else {}

    outside = Outside(handover(**{BY_ID: found(two), SHIP: ship}))
    receipt = shop(outside).perform(ArrangeShipment(order_ref="576001", method="dropoff"), permit())
    assert (receipt.reference, receipt.is_replay) == ("1152002", False)
    assert [body_of(call) for call in outside.called("/ship")] == [{"handover_method": "DROP_OFF"}] * 2


def test_an_own_courier_is_told_by_name_and_number() -> None:
    mine = order(shipping_type="SELLER")
    outside = Outside(handover(**{BY_ID: found(mine)}))
    operation = ArrangeShipment(order_ref="576001", method="own_courier", carrier="j&t express", tracking_number="JT1")
    shop(outside).perform(operation, permit())
    assert outside.body("/ship") == {"self_shipment": {"tracking_number": "JT1", "shipping_provider_id": "661"}}
    bare = Outside(handover(**{BY_ID: found(order(shipping_type="SELLER", line_items=[unit(1, package_id="")]))}))
    assert shop(bare).perform(operation, permit()).reference == "1152009"
    assert bare.body("POST /fulfillment")["order_line_item_ids"] == ["577001"]


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (ArrangeShipment(order_ref="576001", method="own_courier", carrier="DHL", tracking_number="1"), {}),
        (ArrangeShipment(order_ref="576001"), {"shipping_type": "SELLER"}),
        (
            ArrangeShipment(order_ref="576001", method="own_courier", carrier="DHL", tracking_number="1"),
            {"shipping_type": "SELLER"},
        ),
        (ArrangeShipment(order_ref="576001"), {"line_items": [unit(1, package_id="")]}),
    ],
)
def test_a_courier_that_is_not_offered_is_refused_before_anything_is_sent(
    operation: ArrangeShipment, changed: dict[str, Any]
) -> None:
    outside = Outside(handover(**{BY_ID: found(order(**changed))}))
    with pytest.raises(Refused):
        shop(outside).perform(operation, permit())
    assert none_written(outside)


def test_no_free_pickup_is_refused() -> None:
    outside = Outside(handover(**{SLOTS: {"can_pickup": True, "can_drop_off": False, "pickup_slots": []}}))
    for method in ("pickup", "dropoff"):
        with pytest.raises(Refused, match="no"):
            shop(outside).perform(ArrangeShipment(order_ref="576001", method=method), permit())
    assert none_written(outside)


def said(text: str, role: str = "CUSTOMER_SERVICE", when: int = 5) -> dict[str, Any]:
    return {
        "id": "7101", "content": orjson.dumps({"content": text}).decode(), "create_time": int(NOW.timestamp()) + when,
        "sender": {"role": role},
    }  # fmt: skip


HELLO = SendMessage(to="7021001", text="Hello", conversation_ref="7001")


def test_a_message_is_sent_as_json_inside_a_string() -> None:
    outside = Outside({f"POST {WORDS}": {"message_id": "7101"}})
    assert shop(outside).perform(HELLO, permit()).reference == "7101"
    assert outside.body("messages") == {"type": "TEXT", "content": '{"content":"Hello"}'}


def test_a_talk_is_opened_where_none_is_named() -> None:
    outside = Outside({TALK: {"conversation_id": "7009"}, f"POST {WORDS}": {"message_id": "7101"}})
    shop(outside).perform(SendMessage(to="7021001", text="Hello"), permit())
    assert [call.url.path.split("/", 3)[3] for call in outside.requests] == [
        "conversations",
        "conversations/7009/messages",
    ]


@pytest.mark.parametrize(
    ("rows", "sight"),
    [
        ([said("Hello")], Sight.SEEN),
        ([said("Hello", role="BUYER")], Sight.ABSENT),
        ([said("Hello", when=-3600)], Sight.ABSENT),
        ([said("Goodbye"), {"id": "1", "create_time": int(NOW.timestamp()), "content": "x"}], Sight.ABSENT),
    ],
)
def test_a_probe_of_a_message_looks_for_the_words(rows: list[Any], sight: Sight) -> None:
    outside = Outside({f"GET {WORDS}": {"messages": rows, "next_page_token": ""}})
    assert shop(outside).probe(HELLO, "key", NOW).sight is sight


@pytest.mark.parametrize("text", ["", "x" * 2001])
def test_a_text_of_the_wrong_length_is_refused_before_anything_is_sent(text: str) -> None:
    outside = Outside({})
    with pytest.raises(Refused):
        shop(outside).perform(SendMessage(to="7021001", text=text, conversation_ref="7001"), permit())
    assert outside.requests == []


def stocked(**places: int) -> dict[str, Any]:
    rows = [
        {"warehouse_id": name, "available_quantity": free, "committed_quantity": 1} for name, free in places.items()
    ]
    return {"inventory": [{"product_id": "1729001", "skus": [{"id": "1730001", "warehouse_inventory": rows}]}]}


def stock_to(quantity: int, location: str = "") -> SetStock:
    return SetStock(listing_ref="1729001:1730001", sku="LAMP-R", quantity=quantity, location=location)


def test_stock_is_set_for_one_warehouse_and_every_other_is_listed_as_it_stands() -> None:
    outside = Outside({STOCK: stocked(W1=7, W2=5), SET_STOCK: {}})
    shop(outside).perform(stock_to(9, "W2"), permit())
    places = [{"warehouse_id": "W1", "quantity": 7}, {"warehouse_id": "W2", "quantity": 9}]
    assert outside.body("inventory/update") == {"skus": [{"id": "1730001", "inventory": places}]}


def test_an_error_inside_a_good_answer_is_a_refusal() -> None:
    extra = [{"warehouse_id": "W1", "code": 12052097, "message": "The warehouse does not exist"}]
    row = {"code": 12052990, "message": "Check failed", "detail": {"sku_id": "1730001", "extra_errors": extra}}
    outside = Outside({STOCK: stocked(W1=7), SET_STOCK: {"errors": [row]}})
    with pytest.raises(Refused, match="12052097: The warehouse does not exist") as caught:
        shop(outside).perform(stock_to(9), permit())
    assert caught.value.code == "12052990"


@pytest.mark.parametrize(
    ("operation", "kind"),
    [(stock_to(0), CannotDo), (stock_to(100_000), CannotDo), (stock_to(5), Refused), (stock_to(5, "W9"), Refused)],
)
def test_stock_that_cannot_be_set_is_refused_before_anything_is_sent(
    operation: SetStock, kind: type[Exception]
) -> None:
    outside = Outside({STOCK: stocked(W1=7, W2=5)})
    with pytest.raises(kind):
        shop(outside).perform(operation, permit())
    assert none_written(outside)


def test_a_probe_of_stock_and_price_compares_with_what_stands() -> None:
    price = {"currency": "PHP", "sale_price": "150.00", "tax_exclusive_price": "140"}
    product = {"id": "1729001", "skus": [{"id": "1730001", "price": price}]}
    connector = shop(Outside({STOCK: stocked(W1=7), PRODUCTS: found(product, name="products"), PRICES: {}}))
    assert connector.probe(stock_to(7), "key", NOW).sight is Sight.SEEN
    assert connector.probe(stock_to(8), "key", NOW).sight is Sight.ABSENT
    for amount, sight in (("150", Sight.SEEN), ("151", Sight.ABSENT)):
        operation = SetPrice(listing_ref="1729001:1730001", sku="LAMP-R", price=pesos(amount))
        assert connector.probe(operation, "key", NOW).sight is sight
        assert connector.perform(operation, permit()).reference == "1729001:1730001"


ENDINGS: list[tuple[Any, type[Exception]]] = [
    (refusal(36009002, status=429), Retry),
    (refusal(25001028), Retry),
    (refusal(45101004), Retry),
    (refusal(105001, status=401), Reconnect),
    (refusal(105002, status=401), Reconnect),
    (refusal(105005, status=401), Reconnect),
    (refusal(36009004, "Invalid access_token"), Reconnect),
    (refusal(36009004, "Invalid timestamp"), Refused),
    (refusal(106001, status=401), Refused),
    (refusal(45101006, "sensitive content"), Refused),
    (refusal(36009003), Unknown),
    (refusal(36009007), Unknown),
    (refusal(36009999, status=503), Unknown),
    (httpx.Response(502, content=b"<html>"), Unknown),
    (httpx.Response(200, content=b"<html>"), Unknown),
    (httpx.Response(200, content=b'{"data": {}}'), Unknown),
    (httpx.ReadTimeout("slow"), Unknown),
    (httpx.ConnectError("no route"), Retry),
]


@pytest.mark.parametrize(("ending", "kind"), ENDINGS)
def test_each_ending_of_a_write_is_sorted_and_sent_once(ending: Any, kind: type[Exception]) -> None:
    outside = Outside({f"POST {WORDS}": ending})
    with pytest.raises(kind) as caught:
        shop(outside).perform(HELLO, permit())
    assert type(caught.value) is kind
    assert len(outside.requests) == 1


def test_a_feed_without_its_scope_is_refused_alone_and_the_shop_stays_connected() -> None:
    with pytest.raises(Refused) as caught:
        list(shop(Outside({f"GET {TALK.removeprefix('POST ')}": refusal(105005, status=401)})).pull("messages", ""))
    assert (type(caught.value), caught.value.code) == (Refused, "105005")


@pytest.mark.parametrize(("ending", "kind"), [(refusal(36009003), Retry), (httpx.Response(200, content=b"{}"), Retry)])
def test_the_same_ending_of_a_read_may_be_tried_again(ending: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        list(shop(Outside({PRODUCTS: ending})).pull("goods", ""))


def test_a_refusal_of_what_stands_already_is_success() -> None:
    states: Iterator[Any] = iter([found(order()), found(order(status="CANCELLED"))])
    outside = Outside(cancel_answers(**{BY_ID: lambda request: next(states), CANCEL: refusal(25001011)}))
    receipt = shop(outside).perform(CancelOrder(order_ref="576001", reason="out_of_stock"), permit())
    assert (receipt.is_replay, receipt.reference) == (True, "576001")


def test_no_write_leaves_without_an_approval() -> None:
    outside = Outside(cancel_answers() | one_return() | {f"POST {WORDS}": {}})
    connector = open_with(outside, "tiktok_shop", KEYS, gate=closed_gate, country="PH")
    operations: list[Operation] = [
        CancelOrder(order_ref="576001", reason="out_of_stock"),
        DecideReturn(return_ref="4036001", decision="accept"),
        HELLO,
    ]
    for operation in operations:
        with pytest.raises(NotApproved):
            connector.perform(operation, permit())
    assert none_written(outside)


@pytest.mark.parametrize(
    "operation",
    [AcceptDispute(dispute_ref="1"), ReplyReview(review_ref="1", text="x"), EndPromotion(promotion_ref="1")],
)
def test_what_tiktok_shop_lacks_is_done_by_hand_and_nothing_is_sent(operation: Operation) -> None:
    outside = Outside({})
    with pytest.raises(CannotDo):
        shop(outside).perform(operation, permit())
    assert shop(outside).probe(operation, "key", NOW).sight is Sight.UNCLEAR
    assert outside.requests == []


@pytest.mark.parametrize(
    ("operation", "country", "link"),
    [
        (HELLO, "PH", "https://seller-ph.tiktok.com/chat/inbox/current"),
        (stock_to(1), "GB", "https://seller-uk.tiktok.com/product/manage"),
        (REFUND, "", "https://seller-us.tiktok.com/order/return"),
        (
            CancelOrder(order_ref="576001", reason="other"),
            "MY",
            "https://seller-my.tiktok.com/order/detail?order_no=576001",
        ),
    ],
)
def test_what_is_done_by_hand_links_to_the_shops_own_seller_center(
    operation: Operation, country: str, link: str
) -> None:
    account = Account("tiktok_shop", 1, "Shop", "1", "", country=country)
    assert TikTokShop.by_hand(operation, account) == link
