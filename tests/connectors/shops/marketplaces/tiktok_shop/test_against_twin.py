"""The TikTok Shop connector against the running market: feeds are read whole, and a write lands once."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.base import CannotDo, Connector, Permit, Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.consent import App, Asking
from connectors.http import HttpTransport, Patience
from connectors.money import Money
from connectors.operations import (
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    Operation,
    RefundPayment,
    SendMessage,
    SetPrice,
    SetStock,
)
from connectors.registry import open_connector
from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.transport.breaker import Breaker
from connectors.transport.throttle import LocalBucket
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.tiktok_shop.api import TikTokShop as Wire
from connectors.twin.wire.tiktok_shop.grounds import RETURN
from connectors.twin.wire.tiktok_shop.orders import PRODUCT, SKU, buyer_id
from connectors.twin.world import trade
from connectors.twin.world.trade import Step
from connectors.types import (
    Account,
    BadRow,
    Conversation,
    Listing,
    Order,
    OrderStatus,
    Payout,
    Return,
    SettlementLine,
    Shipment,
    Sight,
    StockLevel,
)
from tests.connectors.shops.stand import allow

CHANNEL = "tiktok_shop"
PNG = "data:image/png;base64,iVBORw0KGgo="


class Market:
    """The twin with our connector to it."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.market = server, server.market
        wire = server.wires[CHANNEL]
        assert isinstance(wire, Wire)
        self.wire = wire
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.row = next(row for row in server.accounts() if row["kind"] == CHANNEL)
        self.shop = self.open()
        self.number = 0

    def open(self, **changed: Any) -> Connector:
        row = self.row | changed
        account = Account(
            CHANNEL, 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {"calls_per_second": 500}, row["credentials"],
        )  # fmt: skip
        return open_connector(
            account, clock=lambda: datetime.now(UTC), client=self.http, gate=allow, patience=Patience(attempts=1)
        )

    @contextmanager
    def fault(self, place: str, kind: str) -> Iterator[None]:
        """One call goes wrong."""
        self.server.faults.add({"shop": CHANNEL, "operation": place, "kind": kind, "remaining": 1, "seconds": 0.1})
        try:
            yield
        finally:
            self.server.faults.clear()

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number:06}", 1, datetime.now(UTC) + timedelta(minutes=5))

    def effects(self, begin: int = 0) -> list[str]:
        return [row["operation"] for row in self.market.effects.as_rows(begin)]

    def order(self, step: Step) -> trade.Order:
        """One that no test has had, at this step; the market's own people will not touch it."""
        order = next(row for row in reversed(self.wire.book.orders) if row.step == step and not row.is_forgotten)
        order.is_forgotten = True
        return order

    def asked(self) -> trade.Order:
        """An order whose buyer wants it cancelled."""
        order = self.order(Step.TO_SHIP)
        order.step = Step.CANCEL_ASKED
        self.market.touch(order)
        return order

    def returned(self, reason: str = "ITEM_DAMAGED") -> str:
        """A return that waits for us."""
        order, market = self.order(Step.SHIPPED), self.market
        order.step = Step.RETURNING
        row = trade.Return(
            len(market.returns), CHANNEL, order.index, 0, 1, order.total, market.now, market.now, reason, "It broke"
        )
        row.due, row.photos = market.now + 86_400, 2
        market.returns.append(row)
        market.returns_of_order.setdefault((CHANNEL, order.index), []).append(row)
        return str(RETURN + row.index)


@pytest.fixture(scope="module")
def company() -> Iterator[Market]:
    with serve("company", seed=11, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


@pytest.fixture(scope="module")
def busy() -> Iterator[Market]:
    """A day with enough of everything to be written to."""
    with serve("surge", seed=11, orders=2_000) as server:
        running = Market(server)
        running.wire.region = "US"  # where a seller may refund on their own and cancel a part
        running.row["country"] = "US"
        running.shop = running.open()
        yield running
        running.http.close()


@pytest.mark.parametrize("feed", [feed.name for feed in TikTokShop.feeds])
def test_a_feed_is_read_to_its_end_without_a_bad_row(company: Market, feed: str) -> None:
    pages = list(company.shop.pull(feed, ""))
    assert pages[-1].is_last
    assert [row for page in pages for row in page.records if isinstance(row, BadRow)] == []
    assert list(company.shop.pull(feed, pages[-1].cursor))[-1].is_last


def test_what_is_read_is_what_the_market_holds(company: Market) -> None:
    since = company.market.now - 30 * 86_400
    records = [row for page in company.shop.pull("orders", "") for row in page.records]
    read = {row.external_id: row for row in records if isinstance(row, Order)}
    held = {row.number: row for row in company.wire.book.orders if row.updated >= since}
    assert set(held) <= set(read)
    for number, row in held.items():
        assert read[number].total == Decimal(row.total) / 100
        assert sum(line.quantity for line in read[number].lines) == sum(units for _, units in row.lines)
    levels = [row for page in company.shop.pull("goods", "") for row in page.records if isinstance(row, StockLevel)]
    goods = {good.sku: good for good in company.market.goods}
    assert {row.sku: row.reserved for row in levels} == {sku: good.open_at(CHANNEL) for sku, good in goods.items()}


def test_each_statement_is_the_sum_of_its_lines(company: Market) -> None:
    rows = [row for page in company.shop.pull("settlement", "") for row in page.records]
    payouts = {row.external_id: row.amount for row in rows if isinstance(row, Payout)}
    sums: dict[str, Decimal] = dict.fromkeys(payouts, Decimal(0))
    for row in rows:
        if isinstance(row, SettlementLine):
            sums[row.payout_ref] += row.amount - (row.fee or 0)
    assert len(payouts) > 20
    assert sums == payouts


def test_one_record_of_each_kind_is_read_again_as_it_was_listed(company: Market) -> None:
    for feed, record in (("orders", Order), ("returns", Return), ("goods", StockLevel), ("quiet_parcels", Shipment)):
        listed = next(row for page in company.shop.pull(feed, "") for row in page.records if isinstance(row, record))
        found = company.shop.fetch(record, listed.external_id)
        assert found is not None, feed
        assert found.external_id == listed.external_id


def test_the_check_says_what_it_saw(company: Market) -> None:
    assert company.shop.check() == "shop Lumen & Loft PH"


def first_good(busy: Market, place: int) -> str:
    return f"{PRODUCT + place}:{SKU + place}"


def talk(busy: Market) -> SendMessage:
    order = busy.order(Step.SHIPPED)
    made = busy.market.chat.open(CHANNEL, order.buyer, order.index)
    busy.market.chat.add(made, busy.market.now, "Where is it?", is_buyer=True)
    return SendMessage(to=buyer_id(order.buyer), text=f"It leaves today, {made.id}", conversation_ref=made.id)


def refund(busy: Market) -> RefundPayment:
    order = busy.order(Step.SHIPPED)
    return RefundPayment(order_ref=order.number, amount=Money(Decimal("1.00"), "PHP"), note="the parcel is late")


MAKE: dict[str, Any] = {
    "cancel": lambda busy: CancelOrder(order_ref=busy.order(Step.TO_SHIP).number, reason="out_of_stock"),
    "grant the request": lambda busy: AnswerCancellation(order_ref=busy.asked().number, is_accepted=True),
    "refuse the request": lambda busy: AnswerCancellation(order_ref=busy.asked().number, is_accepted=False),
    "accept the return": lambda busy: DecideReturn(return_ref=busy.returned(), decision="accept"),
    "accept the refund": lambda busy: DecideReturn(return_ref=busy.returned("NOT_RECEIPT"), decision="accept"),
    "offer a part": lambda busy: DecideReturn(
        return_ref=busy.returned(), decision="offer", amount=Money(Decimal("1.00"), "PHP")
    ),
    "reject the return": lambda busy: DecideReturn(
        return_ref=busy.returned(), decision="reject", reason_code="seller_reject_apply_item_is_correct", images=(PNG,)
    ),
    "ship": lambda busy: ArrangeShipment(order_ref=busy.order(Step.TO_SHIP).number),
    "message": talk,
    "stock": lambda busy: SetStock(listing_ref=first_good(busy, busy.number), sku="", quantity=4_321 + busy.number),
    "price": lambda busy: SetPrice(
        listing_ref=first_good(busy, busy.number), sku="", price=Money(Decimal(777 + busy.number), "PHP")
    ),
    "refund": refund,
}
PLACES = {
    "cancel": "POST */cancellations", "grant the request": "*cancellations*approve",
    "refuse the request": "*cancellations*reject", "accept the return": "*returns*approve",
    "accept the refund": "*returns*approve", "offer a part": "*returns*approve", "reject the return": "*returns*reject",
    "ship": "*ship", "message": "POST *messages", "stock": "*inventory/update", "price": "*prices/update",
    "refund": "*returns*approve",
}  # fmt: skip


def landed(busy: Market, before: int) -> list[str]:
    """What happened since; a refund is opened first."""
    return [name for name in busy.effects(before) if name != "open_refund"]


@pytest.mark.parametrize("name", list(MAKE))
def test_a_write_lands_once_and_is_seen(busy: Market, name: str) -> None:
    operation: Operation = MAKE[name](busy)
    before, ticket, since = len(busy.effects()), busy.permit(), datetime.now(UTC)
    assert busy.shop.probe(operation, ticket.key, since).sight is Sight.ABSENT
    receipt = busy.shop.perform(operation, ticket)
    assert receipt.reference
    assert len(landed(busy, before)) == 1
    assert busy.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


@pytest.mark.parametrize("fault", ["reset_after", "truncated", "not_json"])
@pytest.mark.parametrize("name", list(MAKE))
def test_a_lost_answer_is_unknown_and_the_probe_finds_the_effect(busy: Market, name: str, fault: str) -> None:
    operation: Operation = MAKE[name](busy)
    before, ticket, since = len(busy.effects()), busy.permit(), datetime.now(UTC)
    with busy.fault(PLACES[name], fault), pytest.raises(Unknown):
        busy.shop.perform(operation, ticket)
    assert len(landed(busy, before)) == 1
    assert busy.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


@pytest.mark.parametrize("name", list(MAKE))
def test_a_lost_request_did_nothing_and_the_same_intent_then_lands_once(busy: Market, name: str) -> None:
    operation: Operation = MAKE[name](busy)
    before, ticket, since = len(busy.effects()), busy.permit(), datetime.now(UTC)
    with busy.fault(PLACES[name], "reset_before"), pytest.raises(Unknown):
        busy.shop.perform(operation, ticket)
    assert landed(busy, before) == []
    assert busy.shop.probe(operation, ticket.key, since).sight is Sight.ABSENT
    busy.shop.perform(operation, ticket)
    assert len(landed(busy, before)) == 1
    assert busy.effects(before).count("open_refund") == (name == "refund")


def test_a_part_of_an_order_is_cancelled_where_the_country_allows_it(busy: Market) -> None:
    order = next(row for row in busy.wire.book.orders if row.step == Step.TO_SHIP and len(row.lines) == 2)
    good, units = order.lines[0]
    operation = CancelOrder(order_ref=order.number, reason="out_of_stock", lines=((str(SKU + good), units),))
    busy.shop.perform(operation, busy.permit())
    assert (order.step, order.pulled_lines) == (Step.TO_SHIP, (0,))
    read = busy.shop.fetch(Order, order.number)
    assert read is not None
    assert [line.cancelled_quantity for line in read.lines] == [units, 0]
    assert busy.shop.probe(operation, "key", datetime.now(UTC)).sight is Sight.SEEN


def test_a_refund_is_left_to_a_person_where_the_country_does_not_let_the_seller_give_one(company: Market) -> None:
    order = next(row for row in company.wire.book.orders if row.step == Step.DELIVERED)
    operation = RefundPayment(order_ref=order.number, amount=Money(Decimal(1), "PHP"), note="late")
    with pytest.raises(CannotDo, match="not supported in this market"):
        company.shop.perform(operation, company.permit())
    assert company.effects() == []


def test_a_refusal_inside_the_platform_changes_nothing(busy: Market) -> None:
    before = len(busy.effects())
    message = replace(talk(busy), text="Find us on WhatsApp")
    with pytest.raises(Refused) as caught:
        busy.shop.perform(message, busy.permit())
    assert caught.value.code == "45101006"
    assert busy.effects(before) == []


@pytest.mark.parametrize(("fault", "kind"), [("rate_limited", Retry), ("expired_token", Reconnect)])
def test_throttling_and_a_dead_token_are_told_apart(company: Market, fault: str, kind: type[Exception]) -> None:
    with company.fault("*", fault), pytest.raises(kind):
        company.shop.check()


@pytest.mark.parametrize("fault", ["drifted", "short_page", "not_json", "truncated", "server_error"])
@pytest.mark.parametrize("feed", ["orders", "goods", "returns", "messages", "settlement"])
def test_a_misbehaving_feed_ends_in_a_known_way(company: Market, feed: str, fault: str) -> None:
    with company.fault("*", fault):
        assert ends_in_a_known_way(company, feed)


def ends_in_a_known_way(company: Market, feed: str) -> bool:
    """Read with what is bad set apart, or one of the four known endings, said in words."""
    try:
        rows = [row for page in company.shop.pull(feed, "") for row in page.records]
    except (Retry, Refused, Reconnect, Unknown) as error:
        return bool(str(error))
    return bool(rows) and all(row.reason for row in rows if isinstance(row, BadRow))


def test_an_order_that_its_buyer_wants_cancelled_comes_with_its_deadline(busy: Market) -> None:
    order = busy.asked()
    rows = [row for page in busy.shop.pull("cancellations", "") for row in page.records if isinstance(row, Order)]
    found = next(row for row in rows if row.external_id == order.number)
    assert found.status is OrderStatus.CANCEL_ASKED
    assert found.cancel_after == datetime.fromtimestamp(order.updated + 2 * 86_400, UTC)


def test_the_chat_and_the_listings_are_read_as_they_stand(company: Market) -> None:
    talks = [row for page in company.shop.pull("messages", "") for row in page.records if isinstance(row, Conversation)]
    assert {row.external_id for row in talks} == {talk.id for talk in company.market.chat.on(CHANNEL)}
    listings = [row for page in company.shop.pull("goods", "") for row in page.records if isinstance(row, Listing)]
    assert {row.currency for row in listings} == {"PHP"}


def test_a_shop_is_connected_through_the_consent_page_and_renewed(company: Market) -> None:
    base, mine = company.row["base_url"], company.row["credentials"]
    app = App(CHANNEL, {name: mine[name] for name in TikTokShop.app_credentials}, base, base)
    asking = Asking("state-1", "https://ops.example/back", TikTokShop.read_scopes)
    company.wire.desk.registered = asking.redirect_uri
    page = company.http.get(TikTokShop.consent(app, asking))
    visit = re.search(r'name="visit" value="([^"]+)"', page.text)
    assert visit is not None
    form = {"visit": visit[1], "answer": "allow", "scope": list(TikTokShop.read_scopes)}
    sent = company.http.post(f"{base}/open/authorize", data=form)
    back = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert back["state"] == "state-1"
    transport = HttpTransport(
        company.http, limiter=LocalBucket(TikTokShop.allowance), breaker=Breaker(lambda: datetime.now(UTC)),
        clock=lambda: datetime.now(UTC), sort=TikTokShop.sort,
    )  # fmt: skip
    [made] = TikTokShop.grant(app, asking, back, transport, lambda: datetime.now(UTC))
    assert (made.external_id, made.country, made.currency) == (company.row["external_id"], "PH", "PHP")
    assert made.scopes == TikTokShop.read_scopes
    connector = company.open(credentials=dict(made.credentials))
    assert connector.check() == "shop Lumen & Loft PH"
    assert isinstance(connector, Refreshes)
    renewed = connector.refresh()
    assert renewed.credentials["access_token"] != made.credentials["access_token"]
    again = company.open(credentials=dict(renewed.credentials))
    assert list(again.pull("returns", ""))[-1].is_last
    with pytest.raises(Reconnect, match=re.escape("seller.product.write")):
        again.perform(SetStock(listing_ref=f"{PRODUCT}:{SKU}", sku="", quantity=5), company.permit())


def test_a_push_of_the_market_is_believed_and_names_what_to_read(company: Market) -> None:
    order = company.wire.book.orders[0]
    mine = company.row["credentials"]
    secrets = (f"{mine['app_key']}:{mine['app_secret']}",)
    told = company.wire.push("orders/updated", order, "https://ops.example/hook")
    assert told is not None
    body, headers = told
    lowered = {name.lower(): value for name, value in headers.items()}
    assert TikTokShop.verify(body, lowered, "", secrets, datetime.now(UTC))
    assert TikTokShop.touched(body, lowered) == ("orders",)
    back = company.wire.push("returns/update", order, "https://ops.example/hook")
    assert back is not None
    assert TikTokShop.touched(*back) == ("returns", "orders")
    assert TikTokShop.event_id(*back) != TikTokShop.event_id(body, lowered)
