"""Lazada's writes: what is sent, once; what a failure inside a success means; and the reads that prove them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, NotApproved, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
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
from connectors.shops.marketplaces.lazada import Lazada
from connectors.types import Account, Sight
from tests.connectors.shops.marketplaces.lazada.outside import (
    CREATED,
    Outside,
    case,
    chat,
    iso,
    items,
    line,
    product,
    refusal,
    shop,
    unit,
)
from tests.connectors.shops.stand import NOW, permit

ITEMS = "/order/items/get"
VALIDATE, CREATE = "/order/reverse/cancel/validate", "/order/reverse/cancel/create"
PACK, READY = "/order/fulfill/pack", "/order/package/rts"
CANCEL = CancelOrder(order_ref="4100", reason="out_of_stock")
OPTIONS = [
    {"reason_id": "10000019", "reason_name": "Sourcing Delay"},
    {"reason_id": "10000021", "reason_name": "Out of Stock"},
]


def tip(kind: str, **more: Any) -> dict[str, Any]:
    return {"data": {"tip_type": kind, "tip_content": f"said {kind}", **more}}


def cancelling(*units: dict[str, Any], **answers: Any) -> Outside:
    return Outside({
        ITEMS: items(*units), VALIDATE: tip("warning", reason_options=OPTIONS), CREATE: tip("success"), **answers,
    })  # fmt: skip


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_a_cancellation_names_every_open_unit_and_the_ventures_own_reason() -> None:
    outside = cancelling(unit(4101), unit(4102), unit(4103, "canceled"))
    receipt = shop(outside).perform(CANCEL, permit())
    sent = outside.one(CREATE)
    assert (outside.method(CREATE), sent["order_item_id_list"], sent["reason_id"]) == ("GET", "[4101,4102]", "10000021")
    assert (receipt.reference, receipt.request_id, receipt.is_replay) == ("4100", "r1", False)
    assert b"access-token" not in receipt.body


@pytest.mark.parametrize(
    ("answer", "kind"), [(tip("error"), Refused), (tip("warning"), Unknown), ({"data": None}, Unknown)]
)
def test_only_tip_type_success_is_success(answer: dict[str, Any], kind: type[Exception]) -> None:
    outside = cancelling(unit(4101), **{CREATE: answer})
    with pytest.raises(kind):
        shop(outside).perform(CANCEL, permit())
    assert len(outside.called(CREATE)) == 1


def test_what_lazada_will_not_cancel_is_refused_before_anything_is_sent() -> None:
    outside = cancelling(unit(4101), **{VALIDATE: tip("error")})
    with pytest.raises(Refused, match="said error"):
        shop(outside).perform(CANCEL, permit())
    assert outside.called(CREATE) == []


def test_a_reason_that_is_not_offered_is_refused_with_those_that_are() -> None:
    outside = cancelling(unit(4101))
    with pytest.raises(Refused, match="Sourcing Delay"):
        shop(outside).perform(replace(CANCEL, reason="fraud"), permit())
    assert outside.called(CREATE) == []


def test_some_units_of_a_line_can_be_cancelled_while_nothing_is_packed() -> None:
    outside = cancelling(unit(4103), unit(4101), unit(4102))
    shop(outside).perform(replace(CANCEL, lines=(("4101", 2),)), permit())
    assert outside.one(CREATE)["order_item_id_list"] == "[4101,4103]"
    with pytest.raises(Refused, match="only 3 units"):
        shop(outside).perform(replace(CANCEL, lines=(("4101", 4),)), permit())
    with pytest.raises(Refused, match="no line 9"):
        shop(outside).perform(replace(CANCEL, lines=(("9", 1),)), permit())


def test_a_package_is_never_cancelled_for_one_of_its_units() -> None:
    outside = cancelling(unit(4101, "packed", package_id="FP1"), unit(4102, "packed", package_id="FP1"))
    with pytest.raises(CannotDo, match="share a package"):
        shop(outside).perform(replace(CANCEL, lines=(("4101", 1),)), permit())
    assert outside.called(CREATE) == []


def test_a_cancelled_order_is_a_replay() -> None:
    outside = cancelling(unit(4101, "canceled"))
    assert shop(outside).perform(CANCEL, permit()).is_replay
    assert outside.called(CREATE) == []


def test_a_shipped_order_is_refused() -> None:
    outside = cancelling(unit(4101, "shipped"))
    with pytest.raises(Refused, match="can be cancelled"):
        shop(outside).perform(CANCEL, permit())


LATE = iso(int(NOW.timestamp()))


@pytest.mark.parametrize(
    ("operation", "units", "sight"),
    [
        (CANCEL, [unit(4101, "canceled"), unit(4102, "canceled")], Sight.SEEN),
        (CANCEL, [unit(4101, "canceled"), unit(4102)], Sight.ABSENT),
        (CANCEL, [unit(4101, is_cancel_pending=True)], Sight.UNCLEAR),
        (replace(CANCEL, lines=(("4101", 1),)), [unit(4101), unit(4102, "canceled", updated_at=LATE)], Sight.SEEN),
        (replace(CANCEL, lines=(("4101", 1),)), [unit(4101), unit(4102, "canceled")], Sight.ABSENT),
        (replace(CANCEL, lines=(("4101", 1), ("4102", 1))),
         [unit(4101, "canceled", updated_at=LATE), unit(4102, sku="HUB")], Sight.UNCLEAR),
    ],
)  # fmt: skip
def test_a_probe_reads_the_units(operation: Operation, units: list[dict[str, Any]], sight: Sight) -> None:
    seen = shop(cancelling(*units)).probe(operation, "key", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


YES, NO = (AnswerCancellation(order_ref="4100", is_accepted=accepted) for accepted in (True, False))
DECIDE = "/order/reverse/cancel/seller/decide"


@pytest.mark.parametrize(("operation", "told"), [(YES, "true"), (NO, "false")])
def test_the_answer_names_the_buyers_request(operation: AnswerCancellation, told: str) -> None:
    asked = unit(4101, is_cancel_pending=True, reverse_order_id=704)
    outside = Outside({ITEMS: items(asked, unit(4102)), DECIDE: {"data": None}})
    shop(outside).perform(operation, permit())
    sent = outside.one(DECIDE)
    assert (outside.method(DECIDE), sent["reverse_order_id"], sent["agree_cancel"]) == ("GET", "704", told)


def test_an_answer_to_nobody_is_refused() -> None:
    outside = Outside({ITEMS: items(unit(4101)), DECIDE: {"data": None}})
    for operation in (YES, NO):
        with pytest.raises(Refused, match="does not ask"):
            shop(outside).perform(operation, permit())
    assert outside.called(DECIDE) == []


@pytest.mark.parametrize(
    ("operation", "found", "sight"),
    [
        (YES, unit(4101, "canceled", reverse_order_id=704), Sight.SEEN),
        (YES, unit(4101, is_cancel_pending=True, reverse_order_id=704), Sight.ABSENT),
        (YES, unit(4101, reverse_order_id=704), Sight.UNCLEAR),
        (NO, unit(4101, reverse_order_id=704), Sight.SEEN),
        (NO, unit(4101, "canceled", reverse_order_id=704), Sight.UNCLEAR),
        (NO, unit(4101), Sight.UNCLEAR),
    ],
)
def test_a_probe_reads_what_became_of_the_request(operation: Operation, found: dict[str, Any], sight: Sight) -> None:
    assert shop(Outside({ITEMS: items(found)})).probe(operation, "key", NOW).sight == sight


# -- the hand-over ----------------------------------------------------------------------------------------------------

SHIP = ArrangeShipment(order_ref="4100")
PROVIDERS = "/order/shipment/providers/get"


def offered(**changed: Any) -> dict[str, Any]:
    providers = [{"name": "LEX", "provider_code": "asc_lex"}, {"name": "Ninja Van", "provider_code": "asc_ninja"}]
    data = {"platform_default": 1, "shipment_providers": providers, "shipping_allocate_type": "TFS", **changed}
    return {"result": {"success": True, "data": data}}


def packed(*codes: str, retry: bool = False) -> dict[str, Any]:
    rows = [
        {
            "order_item_id": 4101 + place,
            "item_err_code": code,
            "msg": f"said {code}",
            "package_id": "FP1",
            "retry": retry,
        }
        for place, code in enumerate(codes)
    ]
    return {"result": {"success": True, "data": {"pack_order_list": [{"order_id": 4100, "order_item_list": rows}]}}}


def reported(*codes: str) -> dict[str, Any]:
    rows = [
        {"package_id": f"FP{place}", "item_err_code": code, "msg": f"said {code}"}
        for place, code in enumerate(codes, 1)
    ]
    return {"result": {"success": True, "data": {"packages": rows}}}


def shipping(*units: dict[str, Any], **answers: Any) -> Outside:
    return Outside({
        ITEMS: items(*units), PROVIDERS: offered(), PACK: packed("0", "0"), READY: reported("0"), **answers,
    })  # fmt: skip


def test_pending_units_are_packed_and_their_package_is_reported() -> None:
    outside = shipping(unit(4102), unit(4101), unit(4103, "canceled"))
    receipt = shop(outside).perform(SHIP, permit())
    assert orjson.loads(outside.one(PACK)["packReq"]) == {
        "pack_order_list": [{"order_id": 4100, "order_item_list": [4101, 4102]}],
        "delivery_type": "dropship",
        "shipping_allocate_type": "TFS",
    }
    assert orjson.loads(outside.one(READY)["readyToShipReq"]) == {"packages": [{"package_id": "FP1"}]}
    assert (outside.method(PACK), outside.method(READY), receipt.reference) == ("POST", "POST", "FP1")


def test_what_was_packed_before_a_crash_is_only_reported() -> None:
    outside = shipping(unit(4101, "packed", package_id="FP1"), unit(4102, "packed", package_id="FP1"))
    assert shop(outside).probe(SHIP, "key", NOW).sight == Sight.ABSENT
    shop(outside).perform(SHIP, permit())
    assert (outside.called(PACK), len(outside.called(READY))) == ([], 1)


def test_a_report_that_is_lost_after_packing_is_unknown() -> None:
    outside = shipping(unit(4101), **{READY: httpx.ReadTimeout("slow")})
    with pytest.raises(Unknown):
        shop(outside).perform(SHIP, permit())
    assert (len(outside.called(PACK)), len(outside.called(READY))) == (1, 1)


@pytest.mark.parametrize(
    ("pack", "kind"),
    [
        (packed("700108", "700108"), Refused),
        (packed("0", "700108"), Unknown),
        (packed("700108", "700108", retry=True), Retry),
        ({"result": {"success": True, "data": {}}}, Unknown),
        ({"result": {"success": False, "error_code": "700100", "error_msg": "order not found"}}, Refused),
    ],
)
def test_a_unit_that_is_not_packed_stops_the_hand_over(pack: dict[str, Any], kind: type[Exception]) -> None:
    outside = shipping(unit(4101), unit(4102), **{PACK: pack})
    with pytest.raises(kind):
        shop(outside).perform(SHIP, permit())
    assert outside.called(READY) == []


@pytest.mark.parametrize(("codes", "kind"), [(("600002",), Refused), (("0", "600002"), Unknown)])
def test_a_package_that_is_not_reported_is_a_failure(codes: tuple[str, ...], kind: type[Exception]) -> None:
    outside = shipping(unit(4101, "packed", package_id="FP1"), unit(4102, "packed", package_id="FP2"),
                       **{READY: reported(*codes)})  # fmt: skip
    with pytest.raises(kind, match="600002"):
        shop(outside).perform(SHIP, permit())


def test_the_courier_that_was_asked_for_is_named() -> None:
    outside = shipping(unit(4101))
    shop(outside).perform(replace(SHIP, carrier="ninja van"), permit())
    assert orjson.loads(outside.one(PACK)["packReq"])["shipment_provider_code"] == "asc_ninja"
    ours = shipping(unit(4101), **{PROVIDERS: offered(platform_default=0, shipping_allocate_type="NTFS")})
    shop(ours).perform(SHIP, permit())
    sent = orjson.loads(ours.one(PACK)["packReq"])
    assert (sent["shipment_provider_code"], sent["shipping_allocate_type"]) == ("asc_lex", "NTFS")
    other = shipping(unit(4101))
    with pytest.raises(Refused, match="not 'DHL'"):
        shop(other).perform(replace(SHIP, carrier="DHL"), permit())
    assert other.called(PACK) == []


def test_an_order_that_is_reported_already_is_a_replay() -> None:
    assert shop(shipping(unit(4101, "ready_to_ship", package_id="FP1"))).perform(SHIP, permit()).is_replay


@pytest.mark.parametrize(
    ("units", "sight"),
    [
        ([unit(4101, "ready_to_ship"), unit(4102, "canceled")], Sight.SEEN),
        ([unit(4101, "shipped")], Sight.SEEN),
        ([unit(4101, "ready_to_ship"), unit(4102)], Sight.ABSENT),
        ([unit(4101, "canceled")], Sight.ABSENT),
        ([unit(4101, "unpaid")], Sight.ABSENT),
    ],
)
def test_a_probe_reads_how_far_the_units_are(units: list[dict[str, Any]], sight: Sight) -> None:
    assert shop(shipping(*units)).probe(SHIP, "key", NOW).sight == sight


# -- returns ----------------------------------------------------------------------------------------------------------

DETAIL, UPDATE, REFUND = (
    "/order/reverse/return/detail/list",
    "/order/reverse/return/update",
    "/order/reverse/onlyrefund/seller/decide",
)
REASONS, UPLOAD = "/order/reverse/reason/list", "/image/upload"
ACCEPT = DecideReturn(return_ref="650/651", decision="accept")
REJECT = DecideReturn(
    return_ref="650/651", decision="reject", reason_code="7", text="as described",
    images=("https://files.lazada/a.jpg", "data:image/png;base64,aGVsbG8="),
)  # fmt: skip


def deciding(word: str = "REQUEST_INITIATE", kind: str = "RETURN", answers: dict[str, Any] | None = None) -> Outside:
    return Outside({
        DETAIL: {"data": case(word, kind)}, UPDATE: {"data": {}}, REFUND: {"data": None},
        REASONS: {"data": [{"reason_id": 7, "text": "used"}]},
        UPLOAD: {"data": {"image": {"url": "https://files.lazada/b.jpg"}}}, **(answers or {}),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("word", "action"), [("REQUEST_INITIATE", "agreeReturn"), ("BUYER_RETURN_ITEM", "agreeRefund")]
)
def test_accepting_passes_the_gate_that_is_open(word: str, action: str) -> None:
    outside = deciding(word)
    shop(outside).perform(ACCEPT, permit())
    sent = outside.one(UPDATE)
    assert (outside.method(UPDATE), sent["action"], sent["reverse_order_id"], sent["reverse_order_item_ids"]) == (
        "GET",
        action,
        "650",
        "[651]",
    )


def test_a_refusal_carries_its_reason_and_uploaded_pictures() -> None:
    outside = deciding("BUYER_RETURN_ITEM")
    shop(outside).perform(REJECT, permit())
    sent = outside.one(UPDATE)
    assert (sent["action"], sent["reason_id"], sent["comment"]) == ("refuseRefund", "7", "as described")
    assert orjson.loads(sent["image_info"]) == [
        {"name": "evidence-1", "url": "https://files.lazada/a.jpg"},
        {"name": "evidence-2", "url": "https://files.lazada/b.jpg"},
    ]
    upload = next(request for request in outside.requests if request.url.path == UPLOAD)
    assert (upload.method, b"hello" in upload.content) == ("POST", True)


def test_a_refund_without_return_is_agreed_to_or_disputed() -> None:
    agreed, disputed = deciding(kind="ONLY_REFUND"), deciding(kind="ONLY_REFUND")
    shop(agreed).perform(ACCEPT, permit())
    shop(disputed).perform(REJECT, permit())
    assert agreed.one(REFUND)["action"] == "agreeRefund"
    sent = disputed.one(REFUND)
    assert (sent["action"], sent["comment"]) == ("startDispute", "as described")
    assert [row["file_url"] for row in orjson.loads(sent["image_info_list"])] == [
        "https://files.lazada/a.jpg",
        "https://files.lazada/b.jpg",
    ]


@pytest.mark.parametrize(
    ("operation", "word", "kind", "reason"),
    [
        (replace(REJECT, reason_code="9"), "REQUEST_INITIATE", "RETURN", "no reason that Lazada offers"),
        (replace(REJECT, text=""), "REQUEST_INITIATE", "RETURN", "needs a comment"),
        (replace(REJECT, images=()), "BUYER_RETURN_ITEM", "RETURN", "at least one image"),
        (replace(REJECT, images=()), "REQUEST_INITIATE", "ONLY_REFUND", "at least one image"),
        (replace(ACCEPT, amount=Money(Decimal(5), "MYR")), "REQUEST_INITIATE", "RETURN", "accepting refunds 53.00"),
        (ACCEPT, "REQUEST_CANCEL", "RETURN", "takes no decision now"),
    ],
)
def test_a_decision_that_cannot_stand_is_refused_before_it_is_sent(
    operation: DecideReturn, word: str, kind: str, reason: str
) -> None:
    outside = deciding(word, kind)
    with pytest.raises(Refused, match=reason):
        shop(outside).perform(operation, permit())
    assert outside.called(UPDATE) + outside.called(REFUND) == []


def test_lazadas_own_warehouse_decides_for_itself_and_offers_are_by_hand() -> None:
    told = {"data": {**case(), "is_rtm": False}}
    outside = deciding(answers={DETAIL: told})
    with pytest.raises(CannotDo, match="warehouse"):
        shop(outside).perform(ACCEPT, permit())
    with pytest.raises(CannotDo, match="no offer"):
        shop(outside).perform(replace(ACCEPT, decision="offer", amount=Money(Decimal(5), "MYR")), permit())
    assert outside.called(UPDATE) == []


def test_a_lost_upload_decided_nothing() -> None:
    outside = deciding(answers={UPLOAD: httpx.ReadTimeout("slow")})
    with pytest.raises(Retry, match="nothing was decided"):
        shop(outside).perform(REJECT, permit())
    assert outside.called(UPDATE) == []


@pytest.mark.parametrize(
    ("operation", "word", "sight"),
    [
        (ACCEPT, "SELLER_AGREE_RETURN", Sight.SEEN),
        (ACCEPT, "REFUND_SUCCESS", Sight.SEEN),
        (ACCEPT, "REQUEST_INITIATE", Sight.ABSENT),
        (ACCEPT, "BUYER_RETURN_ITEM", Sight.UNCLEAR),
        (ACCEPT, "SELLER_REJECT_RETURN", Sight.UNCLEAR),
        (REJECT, "SELLER_REJECT_RETURN", Sight.SEEN),
        (REJECT, "REQUEST_INITIATE", Sight.ABSENT),
        (REJECT, "REFUND_SUCCESS", Sight.UNCLEAR),
    ],
)
def test_a_probe_reads_where_the_return_stands(operation: Operation, word: str, sight: Sight) -> None:
    assert shop(deciding(word)).probe(operation, "key", NOW).sight == sight


# -- messages and reviews ---------------------------------------------------------------------------------------------

SEND, LINES, OPEN = "/im/message/send", "/im/message/list", "/im/session/open"
REPLY, REVIEWS = "/review/seller/reply/add", "/review/seller/list/v2"
WRITE = SendMessage(to="7", text="On its way", conversation_ref="1_2_7_1_103")


def talking(*rows: dict[str, Any], **answers: Any) -> Outside:
    return Outside({
        SEND: chat({"message_id": "m9", "template_id": 1}),
        LINES: chat({"message_list": list(rows), "has_more": False}), **answers,
    })  # fmt: skip


def test_a_message_is_sent_as_text_into_its_chat() -> None:
    outside = talking(line(9, "On its way", is_buyer=False))
    receipt = shop(outside).perform(WRITE, permit())
    sent = outside.one(SEND)
    assert (outside.method(SEND), sent["session_id"], sent["template_id"], sent["txt"]) == (
        "POST",
        "1_2_7_1_103",
        "1",
        "On its way",
    )
    assert receipt.reference == "m9"


def test_an_orders_number_opens_the_chat_with_its_buyer() -> None:
    outside = talking(**{OPEN: {"data": {"session_id": "1_2_8_1_103"}, "success": True}})
    shop(outside).perform(SendMessage(to="4100", text="Hello"), permit())
    assert (outside.one(OPEN)["order_id"], outside.one(SEND)["session_id"]) == ("4100", "1_2_8_1_103")
    old = talking(**{OPEN: chat(None, "-22", "older than 30 days")})
    with pytest.raises(Refused, match="older"):
        shop(old).perform(SendMessage(to="4100", text="Hello"), permit())
    assert old.called(SEND) == []


def test_a_message_that_moderation_keeps_back_is_refused_though_it_was_answered_with_success() -> None:
    outside = talking(line(9, "On its way", is_buyer=False, process_msg="NOTE: has not been sent"))
    with pytest.raises(Refused, match="moderation"):
        shop(outside).perform(WRITE, permit())
    assert len(outside.called(SEND)) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (chat(None, "-3", "session not found"), Refused),
        (chat({}), Unknown),
        (httpx.ReadTimeout("slow"), Unknown),
    ],
)
def test_each_ending_of_a_message_is_sorted(answer: Any, kind: type[Exception]) -> None:
    outside = talking(**{SEND: answer})
    with pytest.raises(kind):
        shop(outside).perform(WRITE, permit())
    assert len(outside.called(SEND)) == 1


@pytest.mark.parametrize(
    ("found", "sight"),
    [
        (line(9, "On its way", is_buyer=False, at=CREATED), Sight.SEEN),
        (line(9, "On its way", is_buyer=False, at=CREATED - 3600), Sight.ABSENT),
        (line(9, "On its way", is_buyer=True, at=CREATED), Sight.ABSENT),
        (line(9, "Something else", is_buyer=False, at=CREATED), Sight.ABSENT),
        (line(9, "On its way", is_buyer=False, at=CREATED, process_msg="NOTE"), Sight.UNCLEAR),
    ],
)
def test_a_probe_finds_our_words_in_the_chat_since_they_were_sent(found: dict[str, Any], sight: Sight) -> None:
    since = NOW - (NOW - NOW.fromtimestamp(CREATED, NOW.tzinfo))
    assert shop(talking(found)).probe(WRITE, "key", since).sight == sight


ANSWER = ReplyReview(review_ref="900", text="Sorry!")


def reviewed(reply: str | None) -> dict[str, Any]:
    return {"success": True, "data": {"review_list": [{"id": 900, "seller_reply": reply}]}}


def test_a_review_is_answered_by_a_get_that_goes_through_the_gate() -> None:
    outside = Outside({REPLY: {"success": True, "data": True}, REVIEWS: reviewed(None)})
    shop(outside).perform(ANSWER, permit())
    assert (outside.method(REPLY), outside.one(REPLY)["content"]) == ("GET", "Sorry!")
    with pytest.raises(NotApproved):
        shop(outside, gate=closed_gate).perform(ANSWER, permit())
    assert len(outside.called(REPLY)) == 1


@pytest.mark.parametrize("answer", [{"success": False, "error_code": "NO", "error_msg": "no"}, {"data": False}])
def test_an_answer_that_is_not_taken_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        shop(Outside({REPLY: answer, REVIEWS: reviewed(None)})).perform(ANSWER, permit())


@pytest.mark.parametrize(("reply", "sight"), [("Sorry!", Sight.SEEN), (None, Sight.ABSENT), ("Thanks", Sight.UNCLEAR)])
def test_a_probe_reads_what_stands_under_the_review(reply: str | None, sight: Sight) -> None:
    assert shop(Outside({REVIEWS: reviewed(reply)})).probe(ANSWER, "key", NOW).sight == sight


# -- stock and price --------------------------------------------------------------------------------------------------

ITEM, STOCK, PRICE = "/product/item/get", "/product/stock/sellable/update", "/product/price_quantity/update"
FIVE = SetStock(listing_ref="10:20", sku="LAMP-R", quantity=5)
CHEAPER = SetPrice(listing_ref="10:20", sku="LAMP-R", price=Money(Decimal("49.90"), "MYR"))


def selling(**changed: Any) -> Outside:
    return Outside({ITEM: {"data": product(**changed)}, STOCK: {"data": {}}, PRICE: {"data": {}}})


def test_stock_is_set_absolutely_in_one_signed_document() -> None:
    outside = selling()
    shop(outside).perform(FIVE, permit())
    assert outside.one(STOCK)["payload"] == (
        "<Request><Product><Skus><Sku><ItemId>10</ItemId><SkuId>20</SkuId><SellerSku>LAMP-R &amp; co</SellerSku>"
        "<SellableQuantity>5</SellableQuantity></Sku></Skus></Product></Request>"
    )
    assert outside.method(STOCK) == "POST"


def test_stock_in_several_warehouses_needs_to_know_which() -> None:
    places = [{"warehouseCode": name, "sellableQuantity": 4} for name in ("A", "B")]
    outside = selling(multiWarehouseInventories=places)
    with pytest.raises(Refused, match="several warehouses"):
        shop(outside).perform(FIVE, permit())
    with pytest.raises(Refused, match="not in 'C'"):
        shop(outside).perform(replace(FIVE, location="C"), permit())
    assert outside.called(STOCK) == []
    shop(outside).perform(replace(FIVE, location="B"), permit())
    assert "<WarehouseCode>B</WarehouseCode><SellableQuantity>5</SellableQuantity>" in outside.one(STOCK)["payload"]
    assert shop(outside).probe(replace(FIVE, location="B", quantity=4), "key", NOW).sight == Sight.SEEN


def test_a_price_is_set_on_what_buyers_pay() -> None:
    plain, special = selling(), selling(special_price=51, special_to_time="2026-12-01 00:00")
    shop(plain).perform(CHEAPER, permit())
    assert "</SellerSku><Price>49.90</Price></Sku>" in plain.one(PRICE)["payload"]
    shop(special).perform(CHEAPER, permit())
    assert "<SalePrice>49.90</SalePrice><SaleEndDate>2026-12-01</SaleEndDate>" in special.one(PRICE)["payload"]
    with pytest.raises(CannotDo, match="special price"):
        shop(special).perform(replace(CHEAPER, price=Money(Decimal(60), "MYR")), permit())
    with pytest.raises(Refused, match="sells in MYR"):
        shop(special).perform(replace(CHEAPER, price=Money(Decimal(60), "SGD")), permit())
    assert len(special.called(PRICE)) == 1


@pytest.mark.parametrize(
    ("operation", "changed", "sight"),
    [
        (FIVE, {}, Sight.ABSENT),
        (replace(FIVE, quantity=8), {}, Sight.SEEN),
        (CHEAPER, {}, Sight.ABSENT),
        (CHEAPER, {"price": "49.90"}, Sight.SEEN),
        (CHEAPER, {"special_price": 49.9}, Sight.SEEN),
    ],
)
def test_a_probe_reads_the_variant(operation: Operation, changed: dict[str, Any], sight: Sight) -> None:
    assert shop(selling(**changed)).probe(operation, "key", NOW).sight == sight


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal("501", "failed", detail=[{"seller_sku": "LAMP-R", "message": "below 0"}]), Refused, "LAMP-R: below 0"),
        (refusal("4170", "locked"), Refused, "frozen by a campaign"),
        (refusal("901", "limit"), Retry, "901"),
    ],
)
def test_what_lazada_says_of_a_stock_change_is_told(answer: Any, kind: type[Exception], words: str) -> None:
    outside = selling()
    outside.answers[STOCK] = answer
    with pytest.raises(kind, match=words):
        shop(outside).perform(FIVE, permit())


# -- all --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        RefundPayment(order_ref="4100", amount=Money(Decimal(5), "MYR")),
        EndPromotion(promotion_ref="1"),
        replace(SHIP, method="own_courier"),
        replace(SHIP, tracking_number="X1"),
    ],
)
def test_what_lazada_lacks_is_done_by_hand_and_nothing_is_sent(operation: Operation) -> None:
    outside = shipping(unit(4101))
    with pytest.raises(CannotDo):
        shop(outside).perform(operation, permit())
    assert outside.called(PACK) == []


@pytest.mark.parametrize(
    ("operation", "country", "page"),
    [
        (CANCEL, "MY", "https://sellercenter.lazada.com.my/apps/order/list"),
        (WRITE, "SG", "https://sellercenter.lazada.sg/apps/im/window"),
        (ACCEPT, "VN", "https://sellercenter.lazada.vn/apps/order/reverse/list"),
        (FIVE, "", "https://sellercenter.lazada.sg/apps/product/list"),
    ],
)
def test_work_by_hand_links_to_the_ventures_own_seller_center(operation: Operation, country: str, page: str) -> None:
    assert Lazada.by_hand(operation, Account("lazada", 1, "s", "1", "https://x", country=country)) == page


@pytest.mark.parametrize("operation", [CANCEL, SHIP, ACCEPT, WRITE, FIVE, CHEAPER], ids=lambda one: type(one).__name__)
def test_no_write_leaves_without_an_approval(operation: Operation) -> None:
    answers = cancelling(unit(4101)).answers | shipping(unit(4101)).answers | deciding().answers
    outside = Outside({**answers, **talking().answers, **selling().answers})
    with pytest.raises(NotApproved):
        shop(outside, gate=closed_gate).perform(operation, permit())
    for path in (CREATE, PACK, READY, UPDATE, SEND, STOCK, PRICE):
        assert outside.called(path) == []


def test_each_write_that_can_be_made_has_honest_properties() -> None:
    assert set(Lazada.writes) == set(Lazada.ways)
    assert permit().deadline - NOW == timedelta(minutes=1)
