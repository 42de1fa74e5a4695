"""Our connector in front of the market: a write lands once whatever the wire does, and the probe tells the truth."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.base import Connector, Permit, Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.money import Money
from connectors.operations import (
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    Operation,
    RefundPayment,
    SendTemplate,
    SetPrice,
    SetStock,
)
from connectors.registry import open_connector
from connectors.shops.marketplaces.amazon import Amazon
from connectors.twin.server import TwinServer, serve
from connectors.twin.world.trade import Step
from connectors.types import (
    Account,
    DeliveryAddress,
    Listing,
    MessageForms,
    Order,
    OrderStatus,
    Shipment,
    Sight,
    StockLevel,
)
from tests.connectors.shops.stand import allow

FEED = "createFeed"
CALLS = {
    "ship": "confirmShipment", "cancel": FEED, "refund": FEED, "stock": "patchListingsItem",
    "price": "patchListingsItem",
}  # fmt: skip
LOST = ["timeout_after", "reset_after", "truncated", "not_json"]


class Market:
    """The twin with its Amazon shop, and operations that are still possible, each taken once."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.number = server, 0
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.row = next(row for row in server.accounts() if row["kind"] == "amazon")
        self.shop = self.open()
        rows = [row for page in self.shop.pull("orders", "") for row in page.records if isinstance(row, Order)]
        rows.sort(key=lambda row: row.ordered_at, reverse=True)
        self.waiting = [row.external_id for row in rows if row.status is OrderStatus.TO_SHIP]
        self.gone = [row.external_id for row in rows if row.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED)]
        self.skus = [row.sku for page in self.shop.pull("listings", "") for row in page.records
                     if isinstance(row, Listing)]  # fmt: skip

    def open(self, **credentials: str) -> Connector:
        row = self.row
        account = Account(
            "amazon", 1, row["name"], row["external_id"], row["base_url"], "USD", "US", row["settings"],
            row["credentials"] | credentials,
        )  # fmt: skip
        return open_connector(
            account, clock=lambda: datetime.now(UTC), client=self.http, gate=allow, patience=Patience(attempts=1)
        )

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number:06}", 1, datetime.now(UTC) + timedelta(minutes=5))

    def make(self, name: str) -> Operation:
        makers: dict[str, Callable[[], Operation]] = {
            "ship": lambda: ArrangeShipment(
                order_ref=self.waiting.pop(), method="own_courier", carrier="UPS", tracking_number=f"1Z{self.number}9"
            ),
            "cancel": lambda: CancelOrder(order_ref=self.waiting.pop(), reason="out_of_stock"),
            "refund": lambda: RefundPayment(order_ref=self.gone.pop(), amount=Money(Decimal("1.25"), "USD")),
            "stock": lambda: SetStock(listing_ref="", sku=self.skus.pop(), quantity=3 + self.number),
            "price": lambda: SetPrice(listing_ref="", sku=self.skus.pop(), price=Money(Decimal("77.10"), "USD")),
        }  # fmt: skip
        return makers[name]()

    def settle(self) -> None:
        self.server.clock.set(advance_seconds=40)
        self.server.tick()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.market.now, UTC)

    @property
    def effects(self) -> int:
        return len(self.server.market.effects.since())

    @contextmanager
    def fault(self, place: str, kind: str, **rule: Any) -> Iterator[None]:
        self.server.faults.add(
            {"shop": "amazon", "operation": place, "kind": kind, "remaining": 1, "seconds": 0.1, **rule}
        )
        try:
            yield
        finally:
            self.server.faults.clear()


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve("company", seed=21, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


@pytest.mark.parametrize("name", CALLS)
def test_a_write_lands_once_and_is_seen_by_a_read_of_its_own(market: Market, name: str) -> None:
    operation, ticket, before, since = market.make(name), market.permit(), market.effects, market.now
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.ABSENT
    receipt = market.shop.perform(operation, ticket)
    assert receipt.reference
    assert receipt.is_final is (name == "ship")
    market.settle()
    assert market.effects == before + 1
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


@pytest.mark.parametrize(
    ("name", "fault"), [("cancel", "reset_after"), *((name, fault) for name in ("refund", "stock") for fault in LOST)]
)
def test_a_lost_answer_is_unknown_and_the_probe_finds_the_effect(market: Market, name: str, fault: str) -> None:
    operation, ticket, before, since = market.make(name), market.permit(), market.effects, market.now
    with market.fault(CALLS[name], fault), pytest.raises(Unknown):
        market.shop.perform(operation, ticket)
    if CALLS[name] == FEED:
        assert market.shop.probe(operation, ticket.key, since).sight is Sight.UNCLEAR
    market.settle()
    assert market.effects == before + 1
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


@pytest.mark.parametrize("fault", ["timeout_before", "reset_before"])
@pytest.mark.parametrize("name", ["ship", "refund"])
def test_a_lost_request_is_unknown_too_and_the_probe_finds_nothing(market: Market, name: str, fault: str) -> None:
    market.server.clock.set(advance_seconds=300)  # past the feeds of other tests, which might be this one
    market.server.tick()
    operation, ticket, before, since = market.make(name), market.permit(), market.effects, market.now
    with market.fault(CALLS[name], fault), pytest.raises(Unknown):
        market.shop.perform(operation, ticket)
    market.settle()
    assert market.effects == before
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.ABSENT


@pytest.mark.parametrize("place", ["createFeedDocument", "PUT /documents"])
@pytest.mark.parametrize("fault", ["reset_after", "server_error"])
def test_what_is_lost_before_the_feed_has_submitted_nothing(market: Market, place: str, fault: str) -> None:
    operation, before = market.make("refund"), market.effects
    with market.fault(place, fault), pytest.raises(Retry, match="nothing was submitted"):
        market.shop.perform(operation, market.permit())
    market.settle()
    assert market.effects == before


@pytest.mark.parametrize("name", CALLS)
def test_a_quota_on_a_write_means_that_it_was_not_done(market: Market, name: str) -> None:
    operation, before = market.make(name), market.effects
    with market.fault(CALLS[name], "rate_limited"), pytest.raises(Retry):
        market.shop.perform(operation, market.permit())
    market.settle()
    assert market.effects == before


def test_a_refund_that_amazon_refuses_inside_a_finished_feed_is_told_as_refused(market: Market) -> None:
    ref = market.gone.pop()
    order = market.server.market.find("amazon", ref)
    assert order is not None
    operation = RefundPayment(order_ref=ref, amount=Money(Decimal(order.total) / 100, "USD"))
    ticket, since = market.permit(), market.now
    market.shop.perform(operation, ticket)
    order.refunded = order.total  # somebody gives it back in Seller Central before the feed is read
    before = market.effects
    market.settle()
    seen = market.shop.probe(operation, ticket.key, since)
    assert (seen.sight, market.effects) == (Sight.REFUSED, before)
    assert "refunded in full" in seen.detail


def test_a_buyers_request_is_accepted_through_the_same_feed(market: Market) -> None:
    order = market.server.market.find("amazon", market.waiting.pop())
    assert order is not None
    order.step = Step.CANCEL_ASKED
    market.server.market.touch(order)
    read = market.shop.fetch(Order, order.number)
    assert read is not None
    assert read.status is OrderStatus.CANCEL_ASKED
    operation, ticket, since = AnswerCancellation(order_ref=order.number, is_accepted=True), market.permit(), market.now
    market.shop.perform(operation, ticket)
    market.settle()
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


def test_a_message_reaches_the_buyer_once_and_cannot_be_looked_up(market: Market) -> None:
    order_ref = market.gone.pop()
    operation = SendTemplate(to="", order_ref=order_ref, template="unexpectedProblem", text="A day late, sorry.")
    offered = market.shop.fetch(MessageForms, order_ref)
    assert offered is not None
    problem = next(form for form in offered.forms if form.name == "unexpectedProblem")
    assert (problem.use, problem.longest) == ("*", 2000)
    before = market.effects
    market.shop.perform(operation, market.permit())
    with pytest.raises(Refused, match="allows no unexpectedProblem"):
        market.shop.perform(operation, market.permit())
    assert market.effects == before + 1
    assert market.shop.probe(operation, "k", market.now).sight is Sight.UNCLEAR
    again = market.shop.fetch(MessageForms, order_ref)
    assert again is not None
    assert "unexpectedProblem" not in [form.name for form in again.forms]


def test_one_record_of_each_kind_is_read_again_as_it_was_listed(market: Market) -> None:
    rows = [row for page in market.shop.pull("orders", "") for row in page.records]
    goods = [row for page in market.shop.pull("listings", "") for row in page.records]
    for record, listed in ((Order, rows), (Shipment, rows), (Listing, goods), (StockLevel, goods)):
        first = next(row for row in listed if isinstance(row, record))
        found = market.shop.fetch(record, first.external_id)
        assert found is not None
        assert found.external_id == first.external_id


def test_an_order_is_read_with_its_refunds(market: Market) -> None:
    operation = market.make("refund")
    assert isinstance(operation, RefundPayment)
    market.shop.perform(operation, market.permit())
    market.settle()
    found = market.shop.fetch(Order, operation.order_ref)
    assert found is not None
    assert found.refunded == Decimal("1.25")


def test_a_token_that_ended_is_renewed_on_the_way_and_the_call_goes_on(market: Market) -> None:
    with market.fault("getMarketplaceParticipations", "expired_token"):
        assert market.shop.check() == "Lumen & Loft (Amazon.com)"


def test_a_token_is_renewed_and_a_dead_permission_needs_a_person(market: Market) -> None:
    assert isinstance(market.shop, Refreshes)
    renewed = market.shop.refresh()
    assert market.open(**dict(renewed.credentials)).check()
    dead = market.open(access_token="Atza|old", refresh_token="Atzr|dead")
    with pytest.raises(Reconnect):
        dead.check()


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "rate_limited"])
@pytest.mark.parametrize("feed", ["orders", "settlement"])
def test_a_bad_page_is_an_error_or_quarantine_and_never_an_empty_shop(market: Market, feed: str, fault: str) -> None:
    with market.fault("*", fault):
        try:
            found = [row for page in market.shop.pull(feed, "") for row in page.records]
        except (Retry, Refused, Reconnect, Unknown):
            found = [None]  # type: ignore[list-item]  # it was told
    assert found != []


def test_our_lanes_are_as_wide_as_the_markets() -> None:
    with serve("company", seed=21) as server:
        buckets = server.wires["amazon"].buckets  # type: ignore[attr-defined]  # Amazon's own
        ours = {name: (pace.capacity, pace.per_second) for name, pace in Amazon.lanes.items() if name in buckets}
        theirs = {name: (bucket.size, bucket.per_second) for name, bucket in buckets.items() if name in ours}
        assert ours == theirs
        assert len(ours) > 15


def test_where_an_order_goes_is_told_while_it_is_open(market: Market) -> None:
    order = next(row for row in reversed(market.server.market.books["amazon"].orders) if row.step == Step.TO_SHIP)
    buyer = market.server.market.buyer(order)

    found = market.shop.fetch(DeliveryAddress, order.number)
    assert found is not None
    told = found.address
    assert (told.name, told.line1, told.city) == (buyer.name, buyer.street, buyer.city)
    assert (told.region, told.postcode, told.country) == (buyer.state, buyer.postcode, "US")
