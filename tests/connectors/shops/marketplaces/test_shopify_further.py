"""Shopify's further writes, call by call: what is sent fits the published schema, and half a success is none."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, build_client_schema, get_variable_values
from graphql import parse as parse_document

from connectors.base import CannotDo, NotApproved, Refused, Retry, Unknown, closed_gate
from connectors.money import Money
from connectors.operations import (
    Address,
    AskPayment,
    ChangeAddress,
    ChangeItems,
    EndPromotion,
    Exchange,
    FixListing,
    HoldOrder,
    MarkFraud,
    Operation,
    ReplyReview,
    Reship,
    SetPrice,
    SetStock,
    StoreCredit,
)
from connectors.shops.marketplaces.shopify import Shopify, parse
from connectors.shops.reading import read_rows
from connectors.types import Account, BadRow, Checkout, Sight
from tests.connectors.shops.marketplaces.test_shopify import KEYS, Outside, money, page_of, shop
from tests.connectors.shops.stand import NOW, SHARED, open_with, permit

ORDER = "gid://shopify/Order/1"
VARIANT = "gid://shopify/ProductVariant/3"
BUYER = "gid://shopify/Customer/9"
LINE = "gid://shopify/LineItem/5"
LEVEL = {
    "id": "gid://shopify/InventoryLevel/1", "location": {"id": "gid://shopify/Location/1", "name": "Austin"},
    "quantities": [{"name": "available", "quantity": 7}],
}  # fmt: skip
LAMP = {
    "id": VARIANT, "price": "20.00",
    "product": {"id": "gid://shopify/Product/2", "title": "Lamp", "descriptionHtml": "<p>It shines</p>",
                "status": "ACTIVE", "vendor": "L", "productType": "Home", "handle": "lamp",
                "seo": {"title": "Lamp", "description": None}},
    "inventoryItem": {"id": "gid://shopify/InventoryItem/4", "tracked": True,
                      "inventoryLevels": {"nodes": [LEVEL]}},
}  # fmt: skip
ADDRESS = {
    "name": "Ann Tan", "firstName": "Ann", "lastName": "Tan", "address1": "1 Oak Road", "address2": None,
    "city": "Austin", "province": "Texas", "provinceCode": "TX", "zip": "78001", "countryCodeV2": "US", "phone": None,
}  # fmt: skip
GOES_TO = {"id": ORDER, "displayFulfillmentStatus": "UNFULFILLED", "cancelledAt": None, "shippingAddress": ADDRESS}
NEW = Address(name="Bo Lim", line1="9 Elm Street", city="Denver", region="Colorado", postcode="80001", country="US")
STOCK = SetStock(listing_ref=VARIANT, sku="LAMP", quantity=3)
ITEMS = {
    "id": ORDER,
    "lineItems": {"pageInfo": {"hasNextPage": False, "endCursor": None},
                  "nodes": [{"id": LINE, "currentQuantity": 1, "variant": {"id": VARIANT}}]},
}  # fmt: skip
EDITING = {"calculatedOrder": {"id": "gid://shopify/CalculatedOrder/1", "lineItems": {"nodes": [
    {"id": "gid://shopify/CalculatedLineItem/5", "quantity": 1, "editableQuantity": 1}]}}}  # fmt: skip
FINE: dict[str, Any] = {"userErrors": []}


def parts(*statuses: str, holds: tuple[str, ...] = ()) -> dict[str, Any]:
    """The order's fulfilment orders, each with the same holds."""
    held = [
        {"id": f"gid://shopify/FulfillmentHold/{n}", "handle": name, "reason": "OTHER", "displayReason": "Other",
         "heldByRequestingApp": name == "opsroom"}
        for n, name in enumerate(holds)
    ]  # fmt: skip
    nodes = [
        {"id": f"gid://shopify/FulfillmentOrder/{n}", "status": status, "fulfillmentHolds": held}
        for n, status in enumerate(statuses)
    ]
    return {"order": {"displayFulfillmentStatus": "UNFULFILLED", "fulfillmentOrders": {"nodes": nodes}}}


def answers(**changed: Any) -> Outside:
    """A store in which every one of these writes succeeds."""
    draft = {"id": "gid://shopify/DraftOrder/1", "status": "OPEN", "totalPriceSet": money("0.00")}
    fulfilled = {"id": "gid://shopify/FulfillmentLineItem/5", "lineItem": {"id": LINE}}
    parcel = {"returnableFulfillmentLineItems": {"nodes": [{"quantity": 2, "fulfillmentLineItem": fulfilled}]}}
    given: dict[str, Any] = {
        "VariantNow": {"productVariant": LAMP},
        "SetStock": {"inventorySetQuantities": {"inventoryAdjustmentGroup": {"id": "g"}, **FINE}},
        "SetPrice": {"productVariantsBulkUpdate": {"productVariants": [LAMP], **FINE}},
        "FixListing": {"productUpdate": {"product": {"id": "p"}, **FINE}},
        "EndCode": {"discountCodeDeactivate": {"codeDiscountNode": {"id": "d"}, **FINE}},
        "EndAutomatic": {"discountAutomaticDeactivate": {"automaticDiscountNode": {"id": "d"}, **FINE}},
        "Holds": parts("OPEN", "CLOSED"),
        "Hold": {"fulfillmentOrderHold": {"fulfillmentHold": {"id": "h"}, **FINE}},
        "Release": {"fulfillmentOrderReleaseHold": {"fulfillmentOrder": {"id": "f", "status": "OPEN"}, **FINE}},
        "GoesTo": {"order": GOES_TO},
        "ChangeAddress": {"orderUpdate": {"order": {"id": ORDER}, **FINE}},
        "Items": {"order": ITEMS},
        "EditBegin": {"orderEditBegin": {**EDITING, **FINE}},
        "EditQuantity": {"orderEditSetQuantity": {"calculatedLineItem": {"id": "c", "quantity": 2}, **FINE}},
        "EditAdd": {"orderEditAddVariant": {"calculatedLineItem": {"id": "c", "quantity": 2}, **FINE}},
        "EditCommit": {"orderEditCommit": {"order": {"id": ORDER}, **FINE}},
        "Outstanding": {"order": {"id": ORDER, "name": "#1", "cancelledAt": None, "totalOutstandingSet": money("9")}},
        "InvoiceSend": {"orderInvoiceSend": {"order": {"id": ORDER}, **FINE}},
        "GiveCredit": {"storeCreditAccountCredit": {"storeCreditAccountTransaction": {"id": "t"}, **FINE}},
        "Drafts": {"draftOrders": {"nodes": []}},
        "Reshipped": {"order": {"id": ORDER, "name": "#1", "email": "a@example.com", "customer": {"id": "c"},
                                "shippingAddress": ADDRESS,
                                "lineItems": {"nodes": [{"id": LINE, "quantity": 2, "variant": {"id": VARIANT}}]}}},
        "DraftCreate": {"draftOrderCreate": {"draftOrder": draft, **FINE}},
        "DraftComplete": {"draftOrderComplete": {"draftOrder": {"id": "d", "order": {"id": "o"}}, **FINE}},
        "Exchanges": {"order": {"id": ORDER, "returns": {"nodes": []}}},
        "Returnable": {"returnableFulfillments": {"nodes": [parcel]}},
        "ReturnCreate": {"returnCreate": {"return": {"id": "r", "name": "#1-R1", "status": "OPEN"}, **FINE}},
    }  # fmt: skip
    return Outside(**{**given, **changed})


FURTHER: list[tuple[Operation, str]] = [
    (STOCK, "SetStock"),
    (SetPrice(listing_ref=VARIANT, sku="LAMP", price=Money(Decimal("18.50"), "USD")), "SetPrice"),
    (FixListing(listing_ref=VARIANT, sku="LAMP", fields=(("title", "A lamp"), ("seoTitle", "Lamp"))), "FixListing"),
    (EndPromotion(promotion_ref="gid://shopify/DiscountCodeNode/1"), "EndCode"),
    (EndPromotion(promotion_ref="gid://shopify/DiscountAutomaticNode/1"), "EndAutomatic"),
    (HoldOrder(order_ref=ORDER, is_held=True, reason="stock", note="none left"), "Hold"),
    (ChangeAddress(order_ref=ORDER, address=NEW), "ChangeAddress"),
    (ChangeItems(order_ref=ORDER, quantities=((LINE, 2),), added=(("gid://shopify/ProductVariant/8", 1),)), "EditAdd"),
    (AskPayment(order_ref=ORDER, text="Please pay"), "InvoiceSend"),
    (StoreCredit(customer_ref=BUYER, amount=Money(Decimal(5), "USD"), expires_on=date(2027, 1, 1)), "GiveCredit"),
    (Reship(order_ref=ORDER, lines=((LINE, 1),), note="Lost"), "DraftCreate"),
    (Exchange(order_ref=ORDER, taken=((LINE, 2),), given=((VARIANT, 1),)), "ReturnCreate"),
]  # fmt: skip
NAMES = [type(operation).__name__ for operation, _ in FURTHER]


@pytest.fixture(scope="module")
def published() -> Any:
    path = SHARED / "contracts" / "shopify" / "admin_2026-10.json.gz"
    if not path.exists():
        pytest.skip(f"the published schema is not here ({path})")
    with gzip.open(path) as text:
        return build_client_schema(orjson.loads(text.read())["data"], assume_valid=True)


@pytest.mark.parametrize(("operation", "name"), FURTHER, ids=NAMES)
def test_what_is_sent_fits_the_published_inputs(published: Any, operation: Operation, name: str) -> None:
    outside = answers()
    shop(outside).perform(operation, permit())
    assert len(outside.named(name)) == 1
    for (_, variables), text in zip(outside.calls, outside.documents, strict=True):
        [definition] = [
            node for node in parse_document(text).definitions if isinstance(node, OperationDefinitionNode)
        ]  # fmt: skip
        problems = get_variable_values(published, definition.variable_definitions or (), variables)
        assert not isinstance(problems, list), problems  # graphql-core gives errors as a list


@pytest.mark.parametrize(("operation", "name"), FURTHER, ids=NAMES)
def test_without_an_approval_nothing_is_sent(operation: Operation, name: str) -> None:
    outside = answers()
    connector = open_with(outside, "shopify", KEYS, closed_gate, currency="USD")
    with pytest.raises(NotApproved):
        connector.perform(operation, permit())
    assert [text for text in outside.documents if text.startswith("mutation")] == []


ROOTS = {
    "SetStock": "inventorySetQuantities", "SetPrice": "productVariantsBulkUpdate", "FixListing": "productUpdate",
    "EndCode": "discountCodeDeactivate", "EndAutomatic": "discountAutomaticDeactivate",
    "Hold": "fulfillmentOrderHold", "ChangeAddress": "orderUpdate", "EditAdd": "orderEditAddVariant",
    "InvoiceSend": "orderInvoiceSend", "GiveCredit": "storeCreditAccountCredit", "DraftCreate": "draftOrderCreate",
    "ReturnCreate": "returnCreate",
}  # fmt: skip
STANDING = {"status": "ACTIVE", "endsAt": None}


@pytest.mark.parametrize(("operation", "name"), FURTHER, ids=NAMES)
def test_a_user_error_inside_a_success_is_a_refusal(operation: Operation, name: str) -> None:
    said = {"field": ["input"], "message": "not like this", "code": "INVALID"}
    discounts = {
        "CodeDiscount": {"codeDiscountNode": {"id": "d", "codeDiscount": STANDING}},
        "AutomaticDiscount": {"automaticDiscountNode": {"id": "d", "automaticDiscount": STANDING}},
    }
    outside = answers(**{name: {ROOTS[name]: {"userErrors": [said]}}}, **discounts)
    with pytest.raises(Refused, match="not like this"):
        shop(outside).perform(operation, permit())
    assert outside.named("EditCommit") == outside.named("DraftComplete") == []


def test_stock_is_set_against_the_count_that_was_read_under_a_key_that_names_it() -> None:
    outside = answers()
    shop(outside).perform(STOCK, permit())
    [given] = outside.named("SetStock")
    assert given["key"] == "intent-0001-7"
    [row] = given["input"]["quantities"]
    assert (row["quantity"], row["changeFromQuantity"], given["input"]["name"]) == (3, 7, "available")


def test_stock_that_stands_already_is_not_written() -> None:
    outside = answers()
    receipt = shop(outside).perform(SetStock(listing_ref=VARIANT, sku="LAMP", quantity=7), permit())
    assert receipt.is_replay
    assert outside.named("SetStock") == []


def test_a_sale_between_read_and_write_is_tried_again_later() -> None:
    error = {"field": None, "message": "stale", "code": "CHANGE_FROM_QUANTITY_STALE"}
    outside = answers(SetStock={"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": [error]}})
    with pytest.raises(Retry):
        shop(outside).perform(STOCK, permit())


@pytest.mark.parametrize(
    ("levels", "location", "code"),
    [([LEVEL, {**LEVEL, "location": {"id": "2", "name": "Reno"}}], "", "location"), ([LEVEL], "Moon", "location")],
)
def test_the_place_must_be_one_of_the_listing(levels: list[Any], location: str, code: str) -> None:
    item = {**LAMP, "inventoryItem": {"id": "i", "tracked": True, "inventoryLevels": {"nodes": levels}}}
    outside = answers(VariantNow={"productVariant": item})
    with pytest.raises(Refused) as caught:
        shop(outside).perform(SetStock(listing_ref=VARIANT, sku="LAMP", quantity=1, location=location), permit())
    assert caught.value.code == code
    assert outside.named("SetStock") == []


def test_half_a_hold_is_not_known_and_not_done() -> None:
    outcomes = iter([{"fulfillmentHold": {"id": "h"}, **FINE}, {"userErrors": [{"field": None, "message": "no"}]}])
    outside = answers(
        Holds=parts("OPEN", "OPEN"), Hold=lambda given: {"fulfillmentOrderHold": next(outcomes)}
    )  # fmt: skip
    with pytest.raises(Unknown, match="1 parts"):
        shop(outside).perform(HoldOrder(order_ref=ORDER, is_held=True), permit())


def test_only_the_holds_that_were_seen_are_released() -> None:
    outside = answers(Holds=parts("ON_HOLD", holds=("opsroom", "other-app")))
    shop(outside).perform(HoldOrder(order_ref=ORDER, is_held=False), permit())
    [given] = outside.named("Release")
    assert given["holds"] == ["gid://shopify/FulfillmentHold/0", "gid://shopify/FulfillmentHold/1"]


@pytest.mark.parametrize(
    ("operation", "changed", "sight"),
    [
        (HoldOrder(order_ref=ORDER, is_held=True), parts("ON_HOLD", holds=("opsroom",)), Sight.SEEN),
        (HoldOrder(order_ref=ORDER, is_held=True), parts("ON_HOLD", holds=("another",)), Sight.ABSENT),
        (HoldOrder(order_ref=ORDER, is_held=True), parts("OPEN"), Sight.ABSENT),
        (HoldOrder(order_ref=ORDER, is_held=False), parts("OPEN"), Sight.SEEN),
    ],
)
def test_a_hold_is_proved_by_our_own_mark(operation: Operation, changed: dict[str, Any], sight: Sight) -> None:
    assert shop(answers(Holds=changed)).probe(operation, "intent-0001", NOW).sight is sight


def test_an_edit_that_cannot_be_prepared_leaves_the_order_alone() -> None:
    outside = answers(EditQuantity={"orderEditSetQuantity": None})
    with pytest.raises(Retry, match="as it was"):
        shop(outside).perform(ChangeItems(order_ref=ORDER, quantities=((LINE, 2),)), permit())
    assert outside.named("EditCommit") == []


def test_goods_that_the_order_holds_already_are_not_added_as_a_second_line() -> None:
    outside = answers()
    with pytest.raises(Refused) as caught:
        shop(outside).perform(ChangeItems(order_ref=ORDER, added=((VARIANT, 2),)), permit())
    assert caught.value.code == "duplicate"
    assert outside.named("EditBegin") == []


def test_a_replacement_that_would_cost_something_is_not_made() -> None:
    draft = {"id": "d", "status": "OPEN", "totalPriceSet": money("4.10")}
    outside = answers(DraftCreate={"draftOrderCreate": {"draftOrder": draft, **FINE}})
    with pytest.raises(Refused) as caught:
        shop(outside).perform(Reship(order_ref=ORDER, lines=((LINE, 1),)), permit())
    assert caught.value.code == "not_free"
    assert outside.named("DraftComplete") == []


def test_a_draft_that_stands_from_an_earlier_try_is_completed_not_doubled() -> None:
    ours = {"id": "gid://shopify/DraftOrder/7", "status": "OPEN", "tags": ["ops-intent-0001"], "order": None}
    outside = answers(Drafts={"draftOrders": {"nodes": [{**ours, "id": "x", "tags": ["ops-intent-00012"]}, ours]}})
    shop(outside).perform(Reship(order_ref=ORDER, lines=((LINE, 1),)), permit())
    assert outside.named("DraftCreate") == []
    assert outside.named("DraftComplete") == [{"id": "gid://shopify/DraftOrder/7"}]


def test_goods_of_no_listing_are_sent_again_by_hand() -> None:
    outside = answers()
    with pytest.raises(CannotDo):
        shop(outside).perform(Reship(order_ref=ORDER, lines=(("gid://shopify/LineItem/6", 1),)), permit())
    assert [text for text in outside.documents if text.startswith("mutation")] == []


def test_more_than_was_sent_is_not_exchanged() -> None:
    outside = answers()
    with pytest.raises(Refused) as caught:
        shop(outside).perform(Exchange(order_ref=ORDER, taken=((LINE, 3),), given=((VARIANT, 1),)), permit())
    assert caught.value.code == "quantity"
    assert outside.named("ReturnCreate") == []


def movement(at: str, amount: str = "5.0", expires: str | None = None) -> dict[str, Any]:
    return {
        "id": "t", "createdAt": at, "expiresAt": expires, "amount": {"amount": amount, "currencyCode": "USD"}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "sight"),
    [
        (movement("2026-11-21T08:00:01Z"), Sight.SEEN),
        (movement("2026-11-20T08:00:01Z"), Sight.ABSENT),
        (movement("2026-11-21T08:00:01Z", amount="6.0"), Sight.ABSENT),
        (movement("2026-11-21T08:00:01Z", expires="2027-01-01T23:59:59Z"), Sight.ABSENT),
        ({key: value for key, value in movement("2026-11-21T08:00:01Z").items() if key != "id"}, Sight.ABSENT),
    ],
)
def test_a_credit_is_proved_by_its_sum_its_end_and_its_time(row: dict[str, Any], sight: Sight) -> None:
    account = {"id": "a", "transactions": {"nodes": [row]}}
    outside = answers(Credits={"customer": {"id": "c", "storeCreditAccounts": {"nodes": [account]}}})
    operation = StoreCredit(customer_ref=BUYER, amount=Money(Decimal(5), "USD"))
    assert shop(outside).probe(operation, "intent-0001", NOW).sight is sight


@pytest.mark.parametrize("operation", [ReplyReview(review_ref="1", text="Hi"), MarkFraud(payment_ref="t")])
def test_what_shopify_has_no_call_for_is_done_by_hand(operation: Operation) -> None:
    outside = answers()
    with pytest.raises(CannotDo):
        shop(outside).perform(operation, permit())
    assert outside.calls == []
    account = Account("shopify", 1, "s", "s", "https://s.myshopify.com")
    assert Shopify.by_hand(operation, account).startswith("https://s.myshopify.com/admin/")


def test_every_write_names_the_scopes_that_it_is_asked_for() -> None:
    assert {made.__name__ for made in Shopify.writes} == set(Shopify.write_scopes)


BASKET = {
    "id": "gid://shopify/AbandonedCheckout/1", "abandonedCheckoutUrl": "https://s.example/c/1", "completedAt": None,
    "createdAt": "2026-11-20T08:00:00Z", "updatedAt": "2026-11-20T08:10:00Z", "totalPriceSet": money("64.00"),
    "customer": {"id": "gid://shopify/Customer/9",
                 "defaultEmailAddress": {"emailAddress": "ann@example.com", "marketingState": "SUBSCRIBED"}},
    "lineItems": {"nodes": [{"sku": "LAMP"}, {"sku": None}]},
}  # fmt: skip


def test_a_basket_left_behind_is_read_with_its_link() -> None:
    outside = Outside(Checkouts=page_of(BASKET, root="abandonedCheckouts"))
    [page] = shop(outside).pull("checkouts", "")
    [found] = page.records
    assert isinstance(found, Checkout)
    assert (found.total, found.skus, found.may_be_mailed) == (Decimal("64.00"), ("LAMP",), True)
    assert found.started_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert "updated_at:>='2026-10-22T08:00:00Z'" in outside.named("Checkouts")[0]["query"]


@pytest.mark.parametrize(
    "changed",
    [
        {"totalPriceSet": None}, {"createdAt": "today"}, {"id": None, "lineItems": None}, {"customer": "Ann"},
        {"totalPriceSet": {"shopMoney": {"amount": "x", "currencyCode": "USD"}}}, {"lineItems": []},
    ],
)  # fmt: skip
def test_a_basket_of_another_shape_is_kept_with_its_reason(changed: dict[str, Any]) -> None:
    bad, good = read_rows("checkout", [{**BASKET, **changed}, BASKET], parse.checkout, "id")
    assert isinstance(bad, BadRow)
    assert bad.reason
    assert isinstance(good, Checkout)


def test_a_customer_who_did_not_ask_for_mail_is_not_to_be_mailed() -> None:
    for customer in (None, {"id": "c", "defaultEmailAddress": None}):
        [found] = read_rows("checkout", [{**BASKET, "customer": customer}], parse.checkout, "id")
        assert isinstance(found, Checkout)
        assert not found.may_be_mailed
