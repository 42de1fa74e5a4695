"""Shopee's further writes, call by call: failures listed in a good answer, what it cannot do, reviews as they come."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import CannotDo, NotApproved, Refused, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    EndPromotion,
    FixListing,
    Operation,
    ReplyReview,
    SetHoliday,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.shopee import Shopee, parse
from connectors.shops.reading import read_rows
from connectors.types import Account, BadRow, Listing, Product, Review, Sight
from tests.connectors.shops.marketplaces.test_shopee import CREATED, KEYS, Outside, error, shop
from tests.connectors.shops.stand import NOW, open_with, payloads, permit

REF = "10:2"
MODEL = {
    "model_id": 2, "model_sku": "LAMP-R", "model_name": "red",
    "price_info": [{"currency": "SGD", "original_price": 20.0, "current_price": 20.0}],
    "stock_info_v2": {
        "summary_info": {"total_reserved_stock": 3, "total_available_stock": 9},
        "seller_stock": [{"location_id": "SGZ", "stock": 12}], "shopee_stock": [],
    },
}  # fmt: skip
ITEM = {
    "item_id": 10, "item_name": "Lamp", "description": "It shines", "item_sku": "LAMP", "item_status": "NORMAL",
    "has_model": True, "update_time": CREATED,
}  # fmt: skip
STOCK = SetStock(listing_ref=REF, sku="LAMP-R", quantity=4)
PRICE = SetPrice(listing_ref=REF, sku="LAMP-R", price=Money(Decimal("18.90"), "SGD"))
WORDS = FixListing(listing_ref=REF, sku="LAMP-R", fields=(("item_name", "Lamp of oak"),))
REPLY = ReplyReview(review_ref="120590834", text="Thank you")
VOUCHER = EndPromotion(promotion_ref="voucher:7")
AWAY = SetHoliday(is_away=True)
COMMENT = {
    "comment_id": 120590834, "comment": "The lid is broken", "buyer_username": "tom", "order_sn": "S1", "item_id": 10,
    "model_id": 0, "model_id_list": [2], "create_time": CREATED, "rating_star": 2, "editable": "EDITABLE",
    "hidden": False,
}  # fmt: skip


def listed(*found: Any) -> dict[str, Any]:
    return {"item_comment_list": list(found), "more": False, "next_cursor": ""}


def answers(**changed: Any) -> Outside:
    """A shop in which every one of these writes succeeds."""
    given: dict[str, Any] = {
        "get_item_base_info": {"item_list": [ITEM]}, "get_model_list": {"model": [MODEL]},
        "update_stock": {"success_list": [{"model_id": 2, "stock": 7}], "failure_list": []},
        "update_price": {"success_list": [{"model_id": 2, "original_price": 18.9}], "failure_list": []},
        "update_item": {"item_id": 10}, "get_comment": listed(COMMENT),
        "unlist_item": {"success_list": [{"item_id": 10, "unlist": True}], "failure_list": []},
        "reply_comment": {"result_list": [{"comment_id": 120590834}]}, "end_voucher": {"voucher_id": 7},
        "get_voucher": {"voucher_id": 7, "end_time": int(NOW.timestamp()) + 600},
        "set_shop_holiday_mode": {"debug_msg": ""}, "get_shop_holiday_mode": {"holiday_mode_on": False},
    }  # fmt: skip
    return Outside(**{**given, **changed})


FURTHER: list[tuple[Operation, dict[str, Any]]] = [
    (STOCK, {"item_id": 10, "stock_list": [{"model_id": 2, "seller_stock": [{"stock": 7, "location_id": "SGZ"}]}]}),
    (PRICE, {"item_id": 10, "price_list": [{"model_id": 2, "original_price": 18.9}]}),
    (WORDS, {"item_id": 10, "item_name": "Lamp of oak"}),
    (REPLY, {"comment_list": [{"comment_id": 120590834, "comment": "Thank you"}]}),
    (VOUCHER, {"voucher_id": 7}),
    (AWAY, {"holiday_mode_on": True}),
]
NAMES = [type(operation).__name__ for operation, _ in FURTHER]


@pytest.mark.parametrize(("operation", "body"), FURTHER, ids=NAMES)
def test_one_call_says_what_was_asked(operation: Operation, body: dict[str, Any]) -> None:
    outside = answers()
    shop(outside).perform(operation, permit())
    assert [call[3] for call in outside.written()] == [body]


@pytest.mark.parametrize(("operation", "body"), FURTHER, ids=NAMES)
def test_without_an_approval_nothing_is_sent(operation: Operation, body: dict[str, Any]) -> None:
    outside = answers()
    connector = open_with(outside, "shopee", KEYS, closed_gate, country="SG", currency="SGD")
    with pytest.raises(NotApproved):
        connector.perform(operation, permit())
    assert outside.written() == []


FAILED = {"success_list": [], "failure_list": [{"model_id": 2, "failed_reason": "item is under promotion"}]}


@pytest.mark.parametrize(
    ("operation", "name", "answer", "code"),
    [
        (STOCK, "update_stock", FAILED, "failure_list"),
        (PRICE, "update_price", FAILED, "failure_list"),
        (
            FixListing(listing_ref=REF, sku="x", fields=(("item_status", "UNLIST"),)),
            "unlist_item",
            FAILED,
            "failure_list",
        ),
        (
            REPLY,
            "reply_comment",
            {"result_list": [{"comment_id": 120590834, "fail_error": "product.error_not_exist"}]},
            "product.error_not_exist",
        ),
        (VOUCHER, "end_voucher", error("common.error_not_found"), "common.error_not_found"),
    ],
)
def test_a_failure_inside_a_success_is_a_refusal(operation: Operation, name: str, answer: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        shop(answers(**{name: answer})).perform(operation, permit())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("operation", "name"), [(STOCK, "update_stock"), (PRICE, "update_price"), (REPLY, "reply_comment")]
)
def test_an_answer_that_names_no_outcome_is_not_known(operation: Operation, name: str) -> None:
    with pytest.raises(Unknown):
        shop(answers(**{name: {}})).perform(operation, permit())


def changed_model(**changed: Any) -> dict[str, Any]:
    return {"get_model_list": {"model": [{**MODEL, **changed}]}}


PLACES = [{"location_id": "A", "stock": 1}, {"location_id": "B", "stock": 2}]
SEVERAL = {"summary_info": {"total_reserved_stock": 0, "total_available_stock": 3}, "seller_stock": PLACES}
DEAL = [{"currency": "SGD", "original_price": 20.0, "current_price": 15.0}]


@pytest.mark.parametrize(
    ("operation", "changed", "kind"),
    [
        (STOCK, changed_model(stock_info_v2=SEVERAL), CannotDo),
        (PRICE, changed_model(price_info=DEAL), CannotDo),
        (SetPrice(listing_ref=REF, sku="x", price=Money(Decimal(9), "USD")), {}, Refused),
        (SetStock(listing_ref="11:9", sku="x", quantity=1), {}, Refused),
        (SetStock(listing_ref="lamp", sku="x", quantity=1), {}, Refused),
        (FixListing(listing_ref=REF, sku="x", fields=(("colour", "red"),)), {}, CannotDo),
        (FixListing(listing_ref=REF, sku="x", fields=(("item_status", "GONE"),)), {}, Refused),
        (EndPromotion(promotion_ref="flash_sale:1"), {}, Refused),
        (ReplyReview(review_ref="120590834", text="x" * 501), {}, Refused),
        (SetHoliday(is_away=True, text="Back soon"), {}, CannotDo),
    ],
)
def test_what_shopee_cannot_do_is_said_before_anything_is_sent(
    operation: Operation, changed: dict[str, Any], kind: type[Exception]
) -> None:
    outside = answers(**changed)
    with pytest.raises(Refused) as caught:
        shop(outside).perform(operation, permit())
    assert type(caught.value) is kind
    assert outside.written() == []


@pytest.mark.parametrize(
    ("operation", "changed", "sight"),
    [
        (STOCK, {}, Sight.ABSENT),
        (SetStock(listing_ref=REF, sku="x", quantity=9), {}, Sight.SEEN),
        (PRICE, {}, Sight.ABSENT),
        (SetPrice(listing_ref=REF, sku="x", price=Money(Decimal(20), "SGD")), {}, Sight.SEEN),
        (WORDS, {}, Sight.ABSENT),
        (FixListing(listing_ref=REF, sku="x", fields=(("item_name", "Lamp"),)), {}, Sight.SEEN),
        (FixListing(listing_ref=REF, sku="x", fields=(("title", "Lamp"),)), {}, Sight.SEEN),
        (REPLY, {}, Sight.ABSENT),
        (REPLY, {"get_comment": listed({**COMMENT, "comment_reply": {"reply": "Thank you"}})}, Sight.SEEN),
        (REPLY, {"get_comment": listed({**COMMENT, "cmt_reply": {"reply": "Another"}})}, Sight.UNCLEAR),
        (REPLY, {"get_comment": error("product.cmt_not_exist")}, Sight.UNCLEAR),
        (VOUCHER, {}, Sight.ABSENT),
        (VOUCHER, {"get_voucher": {"end_time": int(NOW.timestamp())}}, Sight.SEEN),
        (AWAY, {}, Sight.ABSENT),
        (AWAY, {"get_shop_holiday_mode": {"holiday_mode_on": True}}, Sight.SEEN),
    ],
)
def test_a_probe_reads_the_state(operation: Operation, changed: dict[str, Any], sight: Sight) -> None:
    seen = shop(answers(**changed)).probe(operation, "intent-0001", NOW)
    assert (seen.sight, seen.read_at) == (sight, NOW)


def test_a_listing_and_its_product_are_read_now() -> None:
    connector = shop(answers())
    listing, product = connector.fetch(Listing, REF), connector.fetch(Product, REF)
    assert listing is not None
    assert (listing.sku, listing.price, listing.status) == ("LAMP-R", Decimal("20.0"), "live")
    assert product is not None
    assert product.description == "It shines"
    assert connector.fetch(Listing, "10:3") is None


def test_reviews_are_read_page_by_page_with_the_sku_of_their_item() -> None:
    def paged(query: dict[str, str]) -> Any:
        if not query["cursor"]:
            return {**listed(COMMENT), "more": True, "next_cursor": "100"}
        return listed({**COMMENT, "comment_id": 2, "comment_reply": {"reply": "Sorry", "create_time": CREATED + 60}})

    outside = answers(get_comment=paged)
    first, second = (row for page in shop(outside).pull("reviews", "") for row in page.records)
    assert isinstance(first, Review)
    assert isinstance(second, Review)
    assert (first.sku, first.rating, first.order_ref, first.answered_at) == ("LAMP", 2, "S1", None)
    assert second.answered_at is not None
    assert int(second.answered_at.timestamp()) == CREATED + 60
    assert [call[2]["cursor"] for call in outside.calls if call[1].endswith("get_comment")] == ["", "100"]


@pytest.mark.parametrize(
    "changed",
    [
        {"rating_star": 9}, {"rating_star": "five"}, {"create_time": None}, {"comment_id": "x"}, {"item_id": None},
        {"comment_reply": "thanks"},
    ],
)  # fmt: skip
def test_a_review_of_another_shape_is_kept_with_its_reason(changed: dict[str, Any]) -> None:
    bad, good = read_rows(
        "review", [{**COMMENT, **changed}, COMMENT], lambda item: parse.review(item, {}), "comment_id"
    )
    assert isinstance(bad, BadRow)
    assert bad.reason
    assert isinstance(good, Review)


def test_the_recorded_review_is_read() -> None:
    [body] = [body for name, body in payloads("shopee") if name == "v2.product.get_comment.json" and "response" in body]
    rows = body["response"]["item_comment_list"]
    [found] = read_rows("review", rows, lambda item: parse.review(item, {"16509872": "MUG"}), "comment_id")
    assert isinstance(found, Review)
    assert (found.external_id, found.sku, found.rating, found.text) == ("120590834", "MUG", 5, "Very nice")
    assert found.answered_at is not None


@pytest.mark.parametrize(("operation", "body"), FURTHER, ids=NAMES)
def test_each_can_be_done_by_hand_on_a_page_of_its_own(operation: Operation, body: dict[str, Any]) -> None:
    page = Shopee.by_hand(operation, Account("shopee", 1, "s", "1", "https://x", country="SG"))
    assert page.startswith("https://seller.shopee.sg/portal/")
    assert not page.endswith("/sale/order")
