"""Shopify's and Shopee's further writes over HTTP: each lands once, is seen by a read of its own, or does nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.base import CannotDo, Connector, Permit, Refused, Unknown
from connectors.http import Patience
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
    Operation,
    ReplyReview,
    Reship,
    SetHoliday,
    SetPrice,
    SetStock,
    StoreCredit,
)
from connectors.registry import open_connector
from connectors.twin.market import Market
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.shopify.shapes.scalars import gid
from connectors.twin.world.chat import BuyerReview
from connectors.twin.world.trade import Order, Step
from connectors.types import Account, Checkout, DeliveryAddress, Listing, Review, Sight
from connectors.types import Order as OrderRecord
from tests.connectors.shops.stand import allow

ELSEWHERE = Address(
    name="Ann B. Tan", line1="5 Oak Road", line2="#02-11", city="Austin", region="TX", postcode="78001", country="US"
)


class Stand:
    """The running company with one connector of a kind."""

    def __init__(self, server: TwinServer, kind: str) -> None:
        self.server, self.kind, self.number = server, kind, 0
        row: dict[str, Any] = next(row for row in server.accounts() if row["kind"] == kind)
        self.http = httpx.Client(timeout=10, trust_env=False)
        account = Account(
            kind, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {**row["settings"], "calls_per_second": 300}, row["credentials"],
        )  # fmt: skip
        self.shop: Connector = open_connector(
            account, clock=lambda: datetime.now(UTC), client=self.http, gate=allow, patience=Patience(attempts=1)
        )

    @property
    def market(self) -> Market:
        return self.server.market

    def order(self, *steps: Step, lines: int = 1) -> Order:
        return next(
            row
            for row in reversed(self.market.books[self.kind].orders)
            if row.step in steps and len(row.lines) >= lines and row.total and not row.refunded
        )

    def permit(self) -> Permit:
        self.number += 1
        key = f"{self.kind}-intent-{self.number:04}"
        self.latest = Permit(1, 1, "d", key, 1, datetime.now(UTC) + timedelta(minutes=5))
        return self.latest

    def effects(self) -> int:
        return len(self.market.effects.as_rows(0))

    def done(self, operation: Operation, effect: str) -> dict[str, Any]:
        """Perform it, see it by a read of its own, and return the one effect that it had."""
        before, allowed = self.effects(), self.permit()
        since = datetime.now(UTC)
        assert self.shop.probe(operation, allowed.key, since).sight is not Sight.SEEN
        receipt = self.shop.perform(operation, allowed)
        assert receipt.reference
        assert self.shop.probe(operation, allowed.key, since).sight is Sight.SEEN
        [row] = self.market.effects.as_rows(before)
        assert row["operation"] == effect
        return dict(row)

    def done_once(self, operation: Operation, effect: str) -> dict[str, Any]:
        """As `done`, and a second call of the same intent finds it done."""
        row, before = self.done(operation, effect), self.effects()
        again = self.shop.perform(operation, self.latest)
        assert again.is_replay
        assert self.effects() == before
        return row

    def refused(self, operation: Operation) -> Refused:
        """Perform it and be refused, with nothing changed."""
        before = self.effects()
        with pytest.raises(Refused) as caught:
            self.shop.perform(operation, self.permit())
        assert self.effects() == before
        return caught.value


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve(scenario="company", seed=7, has_limits=False) as running:
        yield running


@pytest.fixture(scope="module")
def shopify(server: TwinServer) -> Iterator[Stand]:
    stand = Stand(server, "shopify")
    yield stand
    stand.http.close()


@pytest.fixture(scope="module")
def shopee(server: TwinServer) -> Iterator[Stand]:
    stand = Stand(server, "shopee")
    yield stand
    stand.http.close()


def variant(index: int) -> str:
    return gid("ProductVariant", index)


def line(order: Order, place: int = 0) -> str:
    return gid("LineItem", order.index * 10 + place)


def test_stock_becomes_what_was_asked_whatever_is_promised(shopify: Stand, shopee: Stand) -> None:
    good = shopify.market.goods[3]
    shopify.done(SetStock(listing_ref=variant(3), sku=good.sku, quantity=41), "set_stock")
    assert good.on_hand - good.open_at("shopify") == 41
    shopee.done(SetStock(listing_ref="22000000003:0", sku=good.sku, quantity=29), "set_stock")
    assert good.on_hand - good.open_at("shopee") == 29


def test_a_place_that_a_listing_does_not_have_is_refused(shopify: Stand, shopee: Stand) -> None:
    for stand, ref in ((shopify, variant(3)), (shopee, "22000000003:0")):
        error = stand.refused(SetStock(listing_ref=ref, sku="x", quantity=1, location="Moon"))
        assert error.code == "location"


def test_a_price_is_set_in_the_currency_of_the_shop(shopify: Stand, shopee: Stand) -> None:
    row = shopify.done(
        SetPrice(listing_ref=variant(4), sku="x", price=Money(Decimal("31.50"), "USD")), "set_price"
    )  # fmt: skip
    assert row["amount"] == "31.5"
    listing = shopify.shop.fetch(Listing, variant(4))
    assert listing is not None
    assert listing.price == Decimal("31.50")
    shopee.done(SetPrice(listing_ref="22000000004:0", sku="x", price=Money(Decimal("42.10"), "SGD")), "set_price")
    for stand, ref in ((shopify, variant(4)), (shopee, "22000000004:0")):
        error = stand.refused(SetPrice(listing_ref=ref, sku="x", price=Money(Decimal(9), "EUR")))
        assert error.code == "currency"


def test_what_a_good_answer_lists_as_failed_is_a_refusal(shopee: Stand) -> None:
    error = shopee.refused(SetPrice(listing_ref="22000000004:0", sku="x", price=Money(Decimal(0), "SGD")))
    assert error.code == "failure_list"
    assert "above zero" in str(error)


def test_the_words_of_a_listing_are_corrected(shopify: Stand, shopee: Stand) -> None:
    fields = (("title", "Desk Lamp, oak"), ("seoTitle", "Oak lamp"), ("status", "DRAFT"))
    shopify.done(FixListing(listing_ref=variant(5), sku="x", fields=fields), "fix_listing")
    listing = shopify.shop.fetch(Listing, variant(5))
    assert listing is not None
    assert (listing.title, listing.status) == ("Desk Lamp, oak", "paused")
    shopee.done(
        FixListing(listing_ref="22000000005:0", sku="x", fields=(("item_name", "Desk Lamp made of oak"),)),
        "fix_listing",
    )
    shopee.done(
        FixListing(listing_ref="22000000005:0", sku="x", fields=(("item_status", "UNLIST"),)), "fix_listing"
    )  # fmt: skip
    for stand, ref in ((shopify, variant(5)), (shopee, "22000000005:0")):
        with pytest.raises(CannotDo):
            stand.shop.perform(FixListing(listing_ref=ref, sku="x", fields=(("colour", "red"),)), stand.permit())
    assert "blank" in str(shopify.refused(FixListing(listing_ref=variant(5), sku="x", fields=(("title", " "),))))


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        ("shopify", "gid://shopify/DiscountCodeNode/1500000000000"),
        ("shopify", "gid://shopify/DiscountAutomaticNode/1600000000001"),
        ("shopee", "voucher:660000000002"),
        ("shopee", "discount:660000000003"),
    ],
)
def test_a_promotion_ends_before_its_time(shopify: Stand, shopee: Stand, kind: str, ref: str) -> None:
    stand = {"shopify": shopify, "shopee": shopee}[kind]
    stand.done_once(EndPromotion(promotion_ref=ref), "end_promotion")
    assert stand.refused(EndPromotion(promotion_ref="rumour:1")).code == "promotion_ref"


def test_a_held_order_is_not_packed_until_it_is_released(shopify: Stand) -> None:
    order = shopify.order(Step.TO_SHIP)
    ref = gid("Order", order.index)
    row = shopify.done_once(HoldOrder(order_ref=ref, is_held=True, reason="fraud", note="card of another"), "hold")
    assert row["detail"]["reason"] == "HIGH_RISK_OF_FRAUD"
    found = shopify.shop.fetch(OrderRecord, ref)
    assert found is not None
    assert found.status == "on_hold"
    shopify.market._pack(order)
    assert order.step == Step.TO_SHIP
    shopify.done_once(HoldOrder(order_ref=ref, is_held=False), "release")
    shopify.market._pack(order)
    assert order.step == Step.PACKED


def test_what_has_left_is_not_held(shopify: Stand) -> None:
    order = shopify.order(Step.DELIVERED, Step.COMPLETED)
    error = shopify.refused(HoldOrder(order_ref=gid("Order", order.index), is_held=True))
    assert error.code == "NOT_HOLDABLE"


def test_an_open_order_goes_elsewhere_and_a_sent_one_does_not(shopify: Stand) -> None:
    order = shopify.order(Step.TO_SHIP)
    ref = gid("Order", order.index)
    shopify.done(ChangeAddress(order_ref=ref, address=ELSEWHERE), "change_address")
    told = shopify.shop.fetch(DeliveryAddress, ref)
    assert told is not None
    assert (told.address.name, told.address.line2, told.address.region) == ("Ann B. Tan", "#02-11", "TX")
    sent = shopify.order(Step.DELIVERED, Step.COMPLETED)
    assert shopify.refused(ChangeAddress(order_ref=gid("Order", sent.index), address=ELSEWHERE)).code == "NOT_OPEN"


def test_an_order_is_edited_once_however_often_it_is_asked(shopify: Stand) -> None:
    order = shopify.order(Step.TO_SHIP)
    good, units = order.lines[0]
    fresh = next(index for index in range(120) if index not in [held for held, _ in order.lines])
    ref = gid("Order", order.index)
    shopify.done_once(
        ChangeItems(order_ref=ref, quantities=((line(order), units + 2),), added=((variant(fresh), 1),)), "edit_order"
    )
    assert order.lines[0] == (good, units + 2)
    assert order.lines[-1] == (fresh, 1)
    row = shopify.shop.fetch(OrderRecord, ref)
    assert row is not None
    error = shopify.refused(ChangeItems(order_ref=ref, added=((variant(fresh), 2),)))
    assert error.code == "duplicate"
    assert shopify.refused(ChangeItems(order_ref=ref, quantities=(("gid://shopify/LineItem/1", 1),))).code == "line"


def test_the_invoice_goes_out_only_where_something_is_open(shopify: Stand) -> None:
    order = shopify.order(Step.TO_SHIP)
    ref = gid("Order", order.index)
    before = shopify.effects()
    if (order.channel, order.index) not in shopify.market.changes.originals:
        assert shopify.refused(AskPayment(order_ref=ref)).code == "NOTHING_DUE"
    order.step = Step.UNPAID
    allowed = shopify.permit()
    assert shopify.shop.perform(AskPayment(order_ref=ref, text="Please pay"), allowed).reference == ref
    [row] = shopify.market.effects.as_rows(before)
    assert (row["operation"], row["detail"]["text"]) == ("send_invoice", "Please pay")
    assert shopify.shop.probe(AskPayment(order_ref=ref), allowed.key, datetime.now(UTC)).sight is Sight.UNCLEAR
    order.step = Step.TO_SHIP


def test_goods_are_sent_again_for_nothing_and_once(shopify: Stand) -> None:
    order = shopify.order(Step.DELIVERED, Step.COMPLETED)
    count = len(shopify.market.books["shopify"].orders)
    shopify.done_once(
        Reship(order_ref=gid("Order", order.index), lines=((line(order), 1),), note="Lost parcel"), "reship"
    )  # fmt: skip
    orders = shopify.market.books["shopify"].orders
    assert len(orders) == count + 1
    assert (orders[-1].total, orders[-1].lines, orders[-1].buyer) == (0, ((order.lines[0][0], 1),), order.buyer)
    record = shopify.shop.fetch(OrderRecord, gid("Order", orders[-1].index))
    assert record is not None
    assert (record.status, record.total) == ("to_ship", Decimal("0.00"))


def test_a_lost_answer_to_the_new_order_leaves_one_order(shopify: Stand) -> None:
    order = shopify.order(Step.DELIVERED, Step.COMPLETED)
    operation = Reship(order_ref=gid("Order", order.index), lines=((line(order), 1),))
    count, allowed, since = len(shopify.market.books["shopify"].orders), shopify.permit(), datetime.now(UTC)
    rule = {"shop": "shopify", "operation": "draftOrderComplete", "kind": "reset_after", "remaining": 1}
    shopify.server.faults.add(rule)
    with pytest.raises(Unknown):
        shopify.shop.perform(operation, allowed)
    shopify.server.faults.clear()
    assert shopify.shop.probe(operation, allowed.key, since).sight is Sight.SEEN
    shopify.shop.perform(operation, allowed)
    assert len(shopify.market.books["shopify"].orders) == count + 1


def test_goods_are_exchanged_and_no_more_than_were_sent(shopify: Stand) -> None:
    order = shopify.order(Step.DELIVERED)
    ref, units = gid("Order", order.index), order.lines[0][1]
    row = shopify.done_once(
        Exchange(order_ref=ref, taken=((line(order), units),), given=((variant(9), 1),)), "exchange"
    )
    assert row["detail"]["given"] == [[shopify.market.goods[9].sku, 1]]
    error = shopify.refused(Exchange(order_ref=ref, taken=((line(order), 1),), given=((variant(9), 1),)))
    assert error.code == "quantity"


def test_credit_is_given_to_the_account_of_the_buyer(shopify: Stand) -> None:
    order = shopify.order(Step.DELIVERED, Step.COMPLETED)
    ref, until = gid("Customer", order.buyer), (datetime.now(UTC) + timedelta(days=365)).date()
    credit = StoreCredit(customer_ref=ref, amount=Money(Decimal("12.50"), "USD"), expires_on=until)
    row = shopify.done(credit, "store_credit")
    assert row["amount"] == "12.5"
    other = StoreCredit(customer_ref=ref, amount=Money(Decimal("12.50"), "USD"))
    assert shopify.shop.probe(other, "x", datetime.now(UTC)).sight is Sight.ABSENT
    euros = StoreCredit(customer_ref=ref, amount=Money(Decimal(5), "EUR"))
    assert shopify.refused(euros).code == "MISMATCHING_CURRENCY"


def test_baskets_that_were_left_are_read_with_leave_to_mail(shopify: Stand) -> None:
    rows = [row for page in shopify.shop.pull("checkouts", "") for row in page.records]
    assert all(isinstance(row, Checkout) for row in rows)
    assert {row.may_be_mailed for row in rows if isinstance(row, Checkout)} == {True, False}
    first = rows[0]
    assert isinstance(first, Checkout)
    assert first.total > 0
    assert first.skus
    assert first.recovery_url.startswith("https://lumen-and-loft.example/checkouts/")


def reviewed(shopee: Stand, words: str) -> str:
    order = shopee.order(Step.DELIVERED, Step.COMPLETED)
    row = BuyerReview(0, "shopee", order.index, 0, 2, words, shopee.market.now - 3_600)
    return str(120_000_000 + shopee.market.chat.review(row).index)


def test_a_review_is_read_and_answered_once(shopee: Stand) -> None:
    ref = reviewed(shopee, "The lid does not close")
    operation = ReplyReview(review_ref=ref, text="We are sorry and will send another lid.")
    shopee.done_once(operation, "answer_review")
    rows = {row.external_id: row for page in shopee.shop.pull("reviews", "") for row in page.records}
    found = rows[ref]
    assert isinstance(found, Review)
    assert (found.rating, found.text, found.answered_at is None) == (2, "The lid does not close", False)
    assert found.sku in {good.sku for good in shopee.market.goods}
    other = ReplyReview(review_ref=ref, text="Another answer")
    assert shopee.refused(other).code == "product.duplicate_request"
    assert shopee.refused(ReplyReview(review_ref="1", text="Hello")).code == "product.error_not_exist"


def test_a_shop_goes_on_holiday_and_comes_back(shopee: Stand) -> None:
    shopee.done(SetHoliday(is_away=True), "set_holiday")
    shopee.done(SetHoliday(is_away=False), "set_holiday")
    with pytest.raises(CannotDo):
        shopee.shop.perform(SetHoliday(is_away=True, text="Back soon"), shopee.permit())
