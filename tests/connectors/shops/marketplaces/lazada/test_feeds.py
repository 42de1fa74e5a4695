"""Lazada's other feeds: returns, goods, chats, reviews, statements, performance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from connectors.base import Refused, Retry
from connectors.shops.marketplaces.lazada import aftersale
from connectors.shops.marketplaces.lazada.reads import finance, words
from connectors.shops.marketplaces.lazada.ventures import VENTURES, Home, auth_host
from connectors.shops.reading import read_rows
from connectors.types import (
    AccountMetric,
    BadRow,
    Boundary,
    Conversation,
    Direction,
    Listing,
    Message,
    Payout,
    Product,
    RefusalReason,
    RefusalReasons,
    Return,
    ReturnStatus,
    Review,
    SettlementLine,
    StockLevel,
)
from tests.connectors.shops.marketplaces.lazada.outside import (
    CREATED,
    Outside,
    case,
    chat,
    line,
    product,
    refusal,
    shop,
)
from tests.connectors.shops.stand import NOW

HOME = Home("MYR", VENTURES["MY"].zone)
CASES, HISTORY = "/reverse/getreverseordersforseller", "/order/reverse/return/history/list"


def recent(days: float = 2) -> str:
    since = int((NOW - timedelta(days=days)).timestamp())
    return orjson.dumps({"since": since, "until": 0, "page": ""}).decode()


# -- returns ----------------------------------------------------------------------------------------------------------


def listed(*cases: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"result": {"success": True, "total": len(cases) if total is None else total, "items": list(cases)}}


def test_returns_are_asked_for_by_time_of_change_without_cancellations() -> None:
    pictures = {"data": {"list": [{"operator": "Buyer", "picture": ["https://a/1.jpg", "https://a/1.jpg"]}]}}
    outside = Outside({CASES: listed(case()), HISTORY: pictures})
    [page] = shop(outside).pull("returns", recent())
    asked = outside.one(CASES)
    assert orjson.loads(asked["request_type_list"]) == ["RETURN", "ONLY_REFUND"]
    assert asked["ReverseOrderLineModifiedTimeRangeEnd"] == str(int(NOW.timestamp()) * 1000)
    assert (page.seen, page.count_at_source, page.is_last) == (1, 1, True)
    [found] = page.records
    assert isinstance(found, Return)
    assert found.photos == ("https://a/1.jpg",)


def test_a_return_is_read_field_by_field() -> None:
    [row] = aftersale.case_lines(case())
    [found] = read_rows("return", [row], lambda one: aftersale.read(one, currency="MYR"), "ref")
    assert isinstance(found, Return)
    assert found == Return(
        external_id="650/651",
        raw=found.raw,
        order_ref="4100",
        status=ReturnStatus.ASKED,
        platform_status="RETURN/REQUEST_INITIATE",
        reason="1000101",
        text="broken",
        sku="LAMP-R",
        quantity=1,
        amount=Decimal("53.00"),
        currency="MYR",
        asked_at=datetime(2026, 11, 20, tzinfo=UTC),
        updated_at=datetime(2026, 11, 20, 0, 1, tzinfo=UTC),
        decide_by=datetime(2026, 11, 21, tzinfo=UTC),
        needs_goods_back=True,
    )


@pytest.mark.parametrize(("currency", "amount"), [("MYR", "53.00"), ("VND", "5300"), ("IDR", "53.00")])
def test_reverse_amounts_are_cents_and_whole_dong(currency: str, amount: str) -> None:
    [row] = aftersale.case_lines(case())
    [found] = aftersale.read(row, currency=currency)
    assert isinstance(found, Return)
    assert (found.amount, found.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("word", "disputed", "status"),
    [
        ("REQUEST_INITIATE", False, ReturnStatus.ASKED),
        ("REQUEST_INITIATE", True, ReturnStatus.JUDGING),
        ("SELLER_AGREE_RETURN", False, ReturnStatus.ACCEPTED),
        ("BUYER_RETURN_ITEM", False, ReturnStatus.IN_TRANSIT),
        ("SELLER_REJECT_REFUND", True, ReturnStatus.REJECTED),
        ("REFUND_SUCCESS", True, ReturnStatus.CLOSED),
        ("REQUEST_CANCEL", False, ReturnStatus.CANCELLED),
    ],
)
def test_a_lines_status_is_mapped(word: str, disputed: bool, status: ReturnStatus) -> None:
    [row] = aftersale.case_lines(case(word, is_dispute=disputed))
    [found] = aftersale.read(row, currency="MYR")
    assert isinstance(found, Return)
    assert found.status == status


def test_each_line_is_its_own_and_a_bad_one_costs_no_other() -> None:
    both = case()
    good = both["reverseOrderLineDTOList"][0]
    both["reverseOrderLineDTOList"] = [good, {**good, "reverse_order_line_id": 652, "refund_amount": 1.5}, "x",
                                       {**good, "reverse_order_line_id": 653}]  # fmt: skip
    rows = read_rows("return", aftersale.case_lines(both), lambda one: aftersale.read(one, currency="MYR"), "ref")
    assert [(type(one), one.external_id) for one in rows] == [
        (Return, "650/651"),
        (BadRow, "650/652"),
        (BadRow, "650/"),
        (Return, "650/653"),
    ]


def test_a_cancellation_is_no_return() -> None:
    [row] = aftersale.case_lines(case(kind="CANCEL"))
    assert list(aftersale.read(row, currency="MYR")) == []


def test_return_pages_are_counted_from_one_and_told_at_the_end() -> None:
    cases = [{**case("REFUND_SUCCESS"), "reverse_order_id": number} for number in range(1, 131)]

    def page_of(query: dict[str, str]) -> dict[str, Any]:
        begin = (int(query["page_no"]) - 1) * 100
        return listed(*cases[begin : begin + 100], total=130)

    outside = Outside({CASES: page_of})
    pages = list(shop(outside).pull("returns", recent()))
    assert [call["page_no"] for call in outside.called(CASES)] == ["1", "2"]
    assert [(page.seen, page.count_at_source, page.is_last) for page in pages] == [(100, None, False), (30, 130, True)]
    again = Outside({CASES: page_of})
    assert next(shop(again).pull("returns", pages[0].cursor)).seen == 30
    assert again.one(CASES)["page_no"] == "2"


def test_pictures_that_are_refused_leave_the_return_as_it_is() -> None:
    outside = Outside({CASES: listed(case()), HISTORY: refusal("112")})
    [page] = shop(outside).pull("returns", recent())
    assert [(type(one), getattr(one, "photos", None)) for one in page.records] == [(Return, ())]


def test_the_reasons_to_refuse_are_told_with_what_they_ask() -> None:
    reasons = {"data": [{"reason_id": 7, "text": "used", "muti_language_text": "used"}]}
    answers = {"/order/reverse/reason/list": reasons, "/order/reverse/return/detail/list": {"data": case()}}
    first = shop(Outside(answers)).fetch(RefusalReasons, "650/651")
    assert first is not None
    assert first.reasons == (RefusalReason("7", "used", needs_images=False),)
    back = {**answers, "/order/reverse/return/detail/list": {"data": case("BUYER_RETURN_ITEM")}}
    second = shop(Outside(back)).fetch(RefusalReasons, "650/651")
    assert second is not None
    assert second.reasons == (RefusalReason("7", "used", needs_images=True),)
    refund = shop(Outside({"/order/reverse/return/detail/list": {"data": case(kind="ONLY_REFUND")}}))
    only = refund.fetch(RefusalReasons, "650/651")
    assert only is not None
    assert [(one.code, one.needs_images) for one in only.reasons] == [("startDispute", True)]


def test_one_return_can_be_read_again_and_an_unknown_one_is_none() -> None:
    outside = Outside({"/order/reverse/return/detail/list": {"data": case("REFUND_SUCCESS")}})
    found = shop(outside).fetch(Return, "650/651")
    assert found is not None
    assert found.status == ReturnStatus.CLOSED
    assert shop(outside).fetch(Return, "650/999") is None
    assert shop(Outside({"/order/reverse/return/detail/list": refusal("112")})).fetch(Return, "1/2") is None


# -- goods ------------------------------------------------------------------------------------------------------------


def test_goods_give_a_listing_and_the_stock_of_each_variant() -> None:
    outside = Outside({"/products/get": {"data": {"total_products": 1, "products": [product()]}}})
    [page] = shop(outside).pull("goods", "")
    goods, listing, stock = page.records
    assert isinstance(goods, Product)
    assert isinstance(listing, Listing)
    assert (listing.external_id, listing.sku, listing.price, listing.currency, listing.status) == (
        "10:20",
        "LAMP-R & co",
        Decimal(53),
        "MYR",
        "live",
    )
    assert stock == StockLevel(external_id="10:20", sku="LAMP-R & co", listing_ref="10:20", on_hand=12, reserved=4)
    assert (page.count_at_source, page.seen, page.cursor, page.is_last) == (1, 1, "", True)


def test_the_list_is_cut_by_time_until_a_slice_fits_a_page() -> None:
    made = [(CREATED - number * 86_400, number) for number in range(1, 131)]

    def sliced(query: dict[str, str]) -> dict[str, Any]:
        low, high = (datetime.fromisoformat(query[name]).timestamp() for name in ("create_after", "create_before"))
        found = [{**product(), "item_id": number} for at, number in made if low <= at <= high]
        begin, limit = int(query["offset"]), int(query["limit"])
        assert limit <= 50
        return {"data": {"total_products": len(found), "products": found[begin : begin + limit]}}

    outside = Outside({"/products/get": sliced})
    pages = list(shop(outside).pull("goods", ""))
    assert sorted(int(one.external_id.partition(":")[0]) for page in pages for one in page.records
                  if isinstance(one, Listing)) == list(range(1, 131))  # fmt: skip
    assert {call["offset"] for call in outside.called("/products/get")} == {"0"}
    assert (sum(page.seen for page in pages), pages[-1].count_at_source, pages[-1].is_last) == (130, 130, True)
    middle = next(page.cursor for page in pages if page.seen)
    rest = list(shop(Outside({"/products/get": sliced})).pull("goods", middle))
    assert sum(page.seen for page in rest) == 130 - next(page.seen for page in pages if page.seen)


def test_products_that_were_made_in_one_second_are_paged_by_offset() -> None:
    def crowded(query: dict[str, str]) -> dict[str, Any]:
        low, high = (datetime.fromisoformat(query[name]).timestamp() for name in ("create_after", "create_before"))
        found = [{**product(), "item_id": number} for number in range(1, 121)] if low <= CREATED <= high else []
        begin, limit = int(query["offset"]), int(query["limit"])
        return {"data": {"total_products": len(found), "products": found[begin : begin + limit]}}

    pages = list(shop(Outside({"/products/get": crowded})).pull("goods", ""))
    assert len({one.external_id for page in pages for one in page.records if isinstance(one, Listing)}) == 120


@pytest.mark.parametrize(
    ("changed", "price"),
    [
        ({"special_price": 49, "special_from_time": "2026-11-01 00:00", "special_to_time": "2026-12-01 00:00"}, 49),
        ({"special_price": 49, "special_from_time": "2026-11-21 16:00", "special_to_time": "2026-12-01 00:00"}, 49),
        ({"special_price": 49, "special_from_time": "2026-11-21 16:01", "special_to_time": "2026-12-01 00:00"}, 53),
        ({"special_price": 49, "special_from_time": "2015-07-3100:00", "special_to_time": "2020-02-0300:00"}, 53),
        ({"special_price": 49}, 49),
        ({"special_price": 0}, 53),
    ],
)
def test_a_buyer_pays_the_special_price_while_it_runs(changed: dict[str, Any], price: int) -> None:
    """NOW is 16:00 in Kuala Lumpur."""
    outside = Outside({"/products/get": {"data": {"total_products": 1, "products": [product(**changed)]}}})
    [page] = shop(outside).pull("goods", "")
    assert [one.price for one in page.records if isinstance(one, Listing)] == [Decimal(price)]


@pytest.mark.parametrize(
    ("status", "sku_status", "expected"),
    [
        ("Active", "active", ("live", "")),
        ("Active", "inactive", ("paused", "")),
        ("InActive", "inactive", ("paused", "")),
        ("Suspended", "active", ("suppressed", "Suspended: Wrong Image")),
    ],
)
def test_what_lazada_holds_back_is_told_with_its_words(status: str, sku_status: str, expected: tuple[str, str]) -> None:
    told = {**product(Status=sku_status), "status": status, "rejectReason": [{"violationDetail": "Wrong Image"}]}
    outside = Outside({"/products/get": {"data": {"total_products": 1, "products": [told]}}})
    [page] = shop(outside).pull("goods", "")
    assert [(one.status, one.issue) for one in page.records if isinstance(one, Listing)] == [expected]


def test_stock_without_warehouses_is_read_from_the_variant() -> None:
    outside = Outside({"/product/item/get": {"data": product(multiWarehouseInventories=None)}})
    found = shop(outside).fetch(StockLevel, "10:20")
    assert found is not None
    assert (found.on_hand, found.reserved) == (12, 4)
    assert shop(outside).fetch(StockLevel, "10:21") is None
    assert shop(Outside({"/product/item/get": refusal("208")})).fetch(Listing, "11:1") is None


# -- chats ------------------------------------------------------------------------------------------------------------

SESSIONS, LINES = "/im/session/list", "/im/message/list"


def session(number: int = 1, at: int = CREATED, **changed: Any) -> dict[str, Any]:
    return {
        "session_id": "1_2_7_1_103" if number == 1 else f"1_2_{number}_1_103",
        "buyer_id": number + 6,
        "title": "bruce",
        "last_message_time": at * 1000,
        **changed,
    }


def talk(*rows: dict[str, Any], more: bool = False, **following: Any) -> dict[str, Any]:
    return chat({"message_list": list(rows), "has_more": more, **following})


def test_a_chat_is_read_with_what_was_said() -> None:
    lines = talk(line(2, "where is it?", at=CREATED + 60), line(1, "hi"))
    outside = Outside({SESSIONS: chat({"session_list": [session()], "has_more": False}), LINES: lines})
    [page] = shop(outside).pull("messages", recent())
    newer, older, conversation = page.records
    assert isinstance(newer, Message)
    assert newer == Message(
        external_id="m2",
        raw=newer.raw,
        conversation_ref="1_2_7_1_103",
        direction=Direction.IN,
        author="7",
        sent_at=datetime.fromtimestamp(CREATED + 60, UTC),
        text="where is it?",
        message_id="m2",
    )
    assert isinstance(older, Message)
    assert isinstance(conversation, Conversation)
    assert conversation == Conversation(
        external_id="1_2_7_1_103",
        raw=conversation.raw,
        channel="chat",
        customer_ref="7",
        customer_name="bruce",
        address="1_2_7_1_103",
        last_message_at=datetime.fromtimestamp(CREATED + 60, UTC),
        last_direction=Direction.IN,
    )
    assert orjson.loads(page.cursor)["since"] == int(NOW.timestamp())


def test_an_automatic_reply_is_no_answer() -> None:
    rows = (line(3, "we are closed", is_buyer=False, at=CREATED + 90, auto_reply=True), line(2, at=CREATED + 60))
    outside = Outside({SESSIONS: chat({"session_list": [session()], "has_more": False}), LINES: talk(*rows)})
    [page] = shop(outside).pull("messages", recent())
    automatic, _, conversation = page.records
    assert isinstance(automatic, Message)
    assert isinstance(conversation, Conversation)
    assert (automatic.is_automatic, conversation.last_direction) == (True, Direction.IN)


def test_a_chat_is_read_on_to_what_a_person_last_wrote() -> None:
    def paged(query: dict[str, str]) -> dict[str, Any]:
        if query.get("last_message_id") == "m9":
            return talk(line(1, "still waiting", at=CREATED - 40 * 86_400))
        return talk(line(9, "closed", is_buyer=False, auto_reply=True), more=True, next_start_time=7,
                    last_message_id="m9")  # fmt: skip

    outside = Outside({SESSIONS: chat({"session_list": [session()], "has_more": False}), LINES: paged})
    [page] = shop(outside).pull("messages", recent())
    assert [one.last_direction for one in page.records if isinstance(one, Conversation)] == [Direction.IN]


def test_a_message_of_ours_that_moderation_kept_back_is_no_answer() -> None:
    kept = line(2, "pay me outside", is_buyer=False, at=CREATED + 60, process_msg="NOTE: has not been sent")
    outside = Outside({SESSIONS: chat({"session_list": [session()], "has_more": False}), LINES: talk(kept, line(1))})
    [page] = shop(outside).pull("messages", recent())
    assert [one.external_id for one in page.records] == ["m1", "1_2_7_1_103"]
    assert [one.last_direction for one in page.records if isinstance(one, Conversation)] == [Direction.IN]


def test_a_picture_and_an_order_card_are_read() -> None:
    picture = line(2, content={"imgUrl": "https://a/1.png"}, template_id=3)
    card = line(1, content={"orderId": "4100"}, template_id=10007)
    outside = Outside({SESSIONS: chat({"session_list": [session()], "has_more": False}), LINES: talk(picture, card)})
    [page] = shop(outside).pull("messages", recent())
    first = page.records[0]
    assert isinstance(first, Message)
    assert (first.text, first.attachments) == ("", ("https://a/1.png",))
    assert [one.order_ref for one in page.records if isinstance(one, Conversation)] == ["4100"]


def test_chats_are_paged_down_to_the_cursor_and_it_moves_at_the_end() -> None:
    def paged(query: dict[str, str]) -> dict[str, Any]:
        assert int(query["page_size"]) <= 20
        if query.get("last_session_id") == "1_2_2_1_103":
            old = session(4, CREATED - 30 * 86_400)
            return chat({"session_list": [session(3), old], "has_more": True, "next_start_time": 1})
        return chat({
            "session_list": [session(), session(2)], "has_more": True, "next_start_time": "1623399917434",
            "last_session_id": "1_2_2_1_103",
        })  # fmt: skip

    outside = Outside({SESSIONS: paged, LINES: talk(line(1))})
    pages = list(shop(outside).pull("messages", recent()))
    assert [page.seen for page in pages] == [2, 1]
    assert (pages[0].cursor, pages[0].is_last, pages[1].is_last) == (recent(), False, True)
    assert outside.called(SESSIONS)[1]["start_time"] == "1623399917434"


def test_a_chat_list_that_does_not_move_on_is_a_short_read() -> None:
    stuck = chat({"session_list": [session()], "has_more": True})
    with pytest.raises(Retry) as caught:
        list(shop(Outside({SESSIONS: stuck, LINES: talk(line(1))})).pull("messages", recent()))
    assert caught.value.code == "short_read"


def test_an_app_without_the_chat_category_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="category"):
        list(shop(Outside({SESSIONS: refusal("InsufficientPermission")})).pull("messages", recent()))


def test_a_message_that_cannot_be_read_costs_no_other() -> None:
    bad = line(2, content="{not json", at=CREATED + 5)
    outside = Outside({SESSIONS: chat({"session_list": [session(), 7], "has_more": False}), LINES: talk(bad, line(1))})
    [page] = shop(outside).pull("messages", recent())
    assert [type(one) for one in page.records] == [BadRow, Message, Conversation, BadRow]


# -- reviews ----------------------------------------------------------------------------------------------------------


def told_review(**changed: Any) -> dict[str, Any]:
    return {
        "id": 900,
        "order_id": 4100,
        "review_content": "good",
        "ratings": {"overall_rating": 2},
        "submit_time": CREATED * 1000,
        "seller_reply": None,
        **changed,
    }


def test_reviews_are_listed_by_product_and_week_and_read_in_full() -> None:
    outside = Outside({
        "/products/get": {"data": {"total_products": 1, "products": [product()]}},
        "/review/seller/history/list": {"success": True, "data": {"total": 1, "id_list": [900]}},
        "/review/seller/list/v2": {"success": True, "data": [{"review_list": [told_review()]}]},
    })  # fmt: skip
    pages = list(shop(outside).pull("reviews", ""))
    spans = [int(call["end_time"]) - int(call["start_time"]) for call in outside.called("/review/seller/history/list")]
    assert all(0 < span <= 7 * 86_400_000 for span in spans)
    assert pages[-1].is_last
    found = pages[0].records[0]
    assert isinstance(found, Review)
    assert (found.external_id, found.order_ref, found.rating, found.text, found.answered_at) == (
        "900",
        "4100",
        2,
        "good",
        None,
    )
    assert outside.called("/review/seller/list/v2")[0]["id_list"] == "[900]"


def test_a_review_with_a_reply_is_answered() -> None:
    [found] = words.review(told_review(seller_reply="thanks"))
    assert isinstance(found, Review)
    assert found.answered_at == datetime.fromtimestamp(CREATED, UTC)


# -- statements -------------------------------------------------------------------------------------------------------


def transaction(**changed: Any) -> dict[str, Any]:
    return {
        "transaction_number": "MY10RV7-1P9",
        "fee_type": "16",
        "fee_name": "Commission",
        "transaction_type": "Orders-Lazada Fees",
        "amount": "-4.62",
        "order_no": "4100",
        "orderItem_no": "4101",
        "statement": "16 Nov 2026 - 22 Nov 2026",
        "transaction_date": "20 Nov 2026",
        **changed,
    }


def test_a_statements_line_is_read_field_by_field() -> None:
    [found] = finance.line(transaction(), home=HOME)
    assert isinstance(found, SettlementLine)
    assert found == SettlementLine(
        external_id="MY10RV7-1P9/16/4101",
        raw=found.raw,
        payout_ref="16 Nov 2026 - 22 Nov 2026",
        order_ref="4100",
        kind="commission",
        amount=Decimal("-4.62"),
        currency="MYR",
        posted_at=datetime(2026, 11, 19, 16, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Orders-Sales", "Item Price Credit", "sale"),
        ("Refunds-Sales", "Reversal Item Price", "refund"),
        ("Refunds-Lazada Fees", "Reversal Commission", "commission"),
        ("Orders-Lazada Fees", "Payment Fee", "fee"),
        ("Orders-Logistics", "Shipping Fee Paid by Seller", "shipping"),
        ("Orders-Claims", "Lost Or Damaged - Product", "claim"),
        ("Orders-Marketing Fees", "LCP Fee", "marketing"),
        ("Payment Fee", "", "fee"),
        ("Item Price Credit", "", "sale"),
        ("Other Services-Sales", "Seller Credit", "adjustment"),
    ],
)
def test_a_fee_is_named_in_our_words(kind: str, name: str, expected: str) -> None:
    assert finance.kind_of(kind, name) == expected


def test_statement_lines_are_paged_by_offset_within_a_month() -> None:
    def paged(query: dict[str, str]) -> dict[str, Any]:
        assert int(query["limit"]) <= 500
        begin = int(query["offset"])
        rows = [transaction(transaction_number=f"N{number}") for number in range(700)]
        return {"data": rows[begin : begin + 500]}

    outside = Outside({"/finance/transaction/details/get": paged})
    pages = list(shop(outside).pull("settlement", recent(10)))
    assert [(page.seen, page.is_last) for page in pages] == [(500, False), (200, True)]
    asked = outside.called("/finance/transaction/details/get")
    assert [(call["start_time"], call["end_time"], call["offset"]) for call in asked] == [
        ("2026-11-08", "2026-11-21", "0"),
        ("2026-11-08", "2026-11-21", "500"),
    ]


def test_a_payout_is_pending_until_it_is_paid() -> None:
    row = {"statement_number": "MY-1", "payout": "3,962.41 MYR", "paid": "0", "updated_at": "2026-11-20 08:00:00"}
    [pending], [paid] = finance.payout(row, home=HOME), finance.payout({**row, "paid": "1"}, home=HOME)
    assert isinstance(pending, Payout)
    assert isinstance(paid, Payout)
    assert (pending.status, pending.amount, pending.currency, pending.paid_at) == (
        "pending",
        Decimal("3962.41"),
        "MYR",
        None,
    )
    assert (paid.status, paid.paid_at) == ("paid", datetime(2026, 11, 20, tzinfo=UTC))


# -- performance ------------------------------------------------------------------------------------------------------


def test_performance_tells_the_rule_as_it_is_broken() -> None:
    rows = [
        {"type": "SHIP_ON_TIME", "name": "Ship on Time", "score": "92.0", "score_format": "PERCENTAGE",
         "target": "85.0", "target_format": "GREATER_THAN_PERCENTAGE"},
        {"type": "CANCELLATION_RATE", "name": "Cancellations", "score": None, "score_format": "PERCENTAGE",
         "target": "2.0", "target_format": "LESS_THAN_PERCENTAGE"},
        {"type": "RESPONSE_TIME", "name": "Response", "score": "10.3", "score_format": "MINUTES", "target": None},
        {"name": "no type"},
    ]  # fmt: skip
    outside = Outside({"/seller/performance/get": {"success": True, "data": {"indicators": rows}}})
    [page] = shop(outside).pull("account_health", "")
    found = [(one.name, one.value, one.target, one.boundary, one.unit) for one in page.records
             if isinstance(one, AccountMetric)]  # fmt: skip
    assert found == [
        ("ship_on_time", Decimal("92.0"), Decimal("85.0"), Boundary.BELOW, "percent"),
        ("cancellation_rate", None, Decimal("2.0"), Boundary.ABOVE, "percent"),
        ("response_time", Decimal("10.3"), None, None, "minutes"),
    ]
    assert isinstance(page.records[3], BadRow)
    assert page.as_of == NOW


def test_tokens_are_renewed_at_the_auth_host_and_a_test_market_at_its_own() -> None:
    assert auth_host("https://api.lazada.com.my/rest") == "https://auth.lazada.com/rest"
    assert auth_host("http://127.0.0.1:5000/lazada/") == "http://127.0.0.1:5000/lazada"
