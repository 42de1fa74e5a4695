"""Lazada against the running market: feeds are read whole, and a write lands once whatever the wire does."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Connector, Permit, Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.money import Money
from connectors.operations import (
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    Operation,
    ReplyReview,
    SendMessage,
    SetPrice,
    SetStock,
)
from connectors.registry import open_connector
from connectors.save import save
from connectors.shops.marketplaces.lazada import Lazada
from connectors.twin.server import TwinServer, serve
from connectors.twin.world.trade import Step
from connectors.types import (
    Account,
    AccountMetric,
    BadRow,
    Conversation,
    Listing,
    Order,
    OrderStatus,
    Record,
    RefusalReasons,
    Return,
    ReturnStatus,
    Review,
    Shipment,
    Sight,
    StockLevel,
)
from connectors.webhooks import Verdict, receive
from tests.connectors.shops.marketplaces.lazada.outside import fields
from tests.connectors.shops.stand import SHARED, allow, payloads
from tests.factories import ShopFactory

PNG = "data:image/png;base64,iVBORw0KGgo="
FEEDS = [feed.name for feed in Lazada.feeds]


class Market:
    """The twin's company with its shop on Lazada."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.number = server, 0
        self.kept: dict[str, list[Record | BadRow]] = {}
        self.asked: dict[str, set[str]] = {}  # call → names of all that was sent with it
        self.http = httpx.Client(timeout=10, trust_env=False, event_hooks={"request": [self.note]})
        self.row = next(row for row in server.accounts() if row["kind"] == "lazada")
        self.shop = self.open(self.row)

    def note(self, request: httpx.Request) -> None:
        sent = fields(request)
        names = set(sent).union(*(names_in(orjson.loads(value)) for value in sent.values() if value.startswith("{")))
        self.asked.setdefault(request.url.path.removeprefix("/lazada"), set()).update(names)

    def open(self, row: dict[str, Any]) -> Connector:
        account = Account(
            row["kind"], 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            row["settings"], row["credentials"],
        )  # fmt: skip
        return open_connector(
            account, clock=lambda: datetime.now(UTC), client=self.http, gate=allow, patience=Patience(attempts=2)
        )

    @contextmanager
    def fault(self, place: str, kind: str, seconds: float = 1.0) -> Iterator[None]:
        """One call goes wrong."""
        self.server.faults.add({"shop": "lazada", "operation": place, "kind": kind, "remaining": 1, "seconds": seconds})
        patient, self.http.timeout = self.http.timeout, httpx.Timeout(0.4 if kind.startswith("timeout") else 10)
        try:
            yield
        finally:
            self.http.timeout = patient
            self.server.faults.clear()

    def rows(self, feed: str) -> list[Record | BadRow]:
        return [row for page in self.shop.pull(feed, "") for row in page.records]

    def kept_rows(self, feed: str) -> list[Record | BadRow]:
        """The rows of a feed that costs many calls, read once."""
        if feed not in self.kept:
            self.kept[feed] = self.rows(feed)
        return self.kept[feed]

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number:06}", 1, datetime.now(UTC) + timedelta(minutes=5))

    def effects(self) -> list[Any]:
        return list(self.server.market.effects.as_rows(0))


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for child in value.values() for name in names_in(child)}
    return {name for child in value for name in names_in(child)} if isinstance(value, list) else set()


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve("company", seed=11, has_limits=False) as server:
        running = Market(server)
        unpack(server)
        ask_to_cancel(server)
        yield running
        running.http.close()


def unpack(server: TwinServer) -> None:
    """Orders enough that wait to be shipped, left alone by the market's own warehouse."""
    done = [order for order in server.market.books["lazada"].orders if order.step == Step.COMPLETED]
    for order in done[-40:]:
        order.step, order.is_forgotten, order.tracking = Step.TO_SHIP, True, ""
        order.packed = order.shipped = order.delivered = 0
        order.ship_by = server.market.now + 86_400
        server.market.reserve(order, 1)
        server.market.touch(order)


def ask_to_cancel(server: TwinServer) -> None:
    """Two buyers ask to cancel what has not been packed; the market's own story has none on this channel."""
    waiting = [order for order in server.market.books["lazada"].orders if order.step == Step.TO_SHIP]
    for order in waiting[:2]:
        order.step, order.cancel_reason = Step.CANCEL_ASKED, "changed my mind"
        server.market.touch(order)


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_is_read_to_its_end_without_a_bad_row(market: Market, feed: str) -> None:
    pages = list(market.shop.pull(feed, ""))
    assert pages[-1].is_last
    rows = market.kept[feed] = [row for page in pages for row in page.records]
    assert rows
    assert [row for row in rows if isinstance(row, BadRow)] == []
    again = list(market.shop.pull(feed, pages[-1].cursor))
    assert again[-1].is_last


def test_every_order_of_the_span_is_read_once_as_the_market_has_it(market: Market) -> None:
    found = {row.external_id: row for row in market.rows("orders") if isinstance(row, Order)}
    since = datetime.now(UTC) - timedelta(days=29)
    whole = [order for order in market.server.market.books["lazada"].orders if order.updated > since.timestamp()]
    assert {order.number for order in whole} <= set(found)
    for order in whole:
        row = found[order.number]
        assert row.total == Decimal(order.total) / 100
        assert sum(line.quantity for line in row.lines) == sum(units for _, units in order.lines)
        assert sum(line.unit_price * line.quantity for line in row.lines) == row.total


def test_one_record_of_each_kind_is_read_again_as_it_was_listed(market: Market) -> None:
    wanted: list[tuple[str, type[Record]]] = [
        ("orders", Order),
        ("returns", Return),
        ("goods", Listing),
        ("goods", StockLevel),
        ("reviews", Review),
        ("quiet_parcels", Shipment),
    ]
    for feed, record in wanted:
        listed = next(row for row in market.kept_rows(feed) if isinstance(row, record))
        found = market.shop.fetch(record, listed.external_id)
        assert found is not None, feed
        assert replace(found, raw=b"") == replace(listed, raw=b""), feed  # list and detail name some parts differently


def test_the_market_figures_are_the_ones_shown(market: Market) -> None:
    metrics = {row.name: row for row in market.rows("account_health") if isinstance(row, AccountMetric)}
    assert set(metrics) == {"ship_on_time", "positive_seller_rating", "chat_response_rate"}
    assert metrics["positive_seller_rating"].target == Decimal("85.0")


def test_all_that_is_read_is_saved_and_read_again_nothing_has_changed(market: Market, db: None) -> None:
    shop, now = ShopFactory.create(kind="lazada"), datetime.now(UTC)
    for feed in FEEDS:
        rows = market.kept_rows(feed)
        assert save(shop.pk, rows, received_at=now, feed=feed).total.quarantined == 0, feed
        again = save(shop.pk, rows, received_at=now + timedelta(minutes=1), feed=feed).total
        assert (again.stored, again.updated, again.unchanged) == (0, 0, len(rows)), feed


def test_a_push_of_the_market_is_kept_once_and_a_forged_one_never(market: Market, db: None) -> None:
    shop, now = ShopFactory.create(kind="lazada", credentials=market.row["credentials"]), datetime.now(UTC)
    order = market.server.market.books["lazada"].orders[-1]
    made = market.server.wires["lazada"].push("orders/updated", order, "https://ops.example/")
    assert made is not None
    body, headers = made[0], {name.lower(): value for name, value in made[1].items()}
    verdicts = [receive(shop, sent, headers, [""], now) for sent in (body, body, body + b" ")]
    assert verdicts == [Verdict.STORED, Verdict.REPEATED, Verdict.FORGED]


# Name → (the call whose answer is lost, the effects that the write leaves).
WRITES = {
    "cancel": ("order/reverse/cancel/create", ["cancel"]),
    "accept cancellation": ("order/reverse/cancel/seller/decide", ["answer_cancellation"]),
    "refuse cancellation": ("order/reverse/cancel/seller/decide", ["answer_cancellation"]),
    "ship": ("order/package/rts", ["pack", "ship"]),
    "accept return": ("order/reverse/return/update", ["return_accept"]),
    "refuse return": ("order/reverse/return/update", ["return_reject"]),
    "message": ("im/message/send", ["send_message"]),
    "review": ("review/seller/reply/add", ["answer_review"]),
    "stock": ("product/stock/sellable/update", ["set_stock"]),
    "price": ("product/price_quantity/update", ["set_price"]),
}
PLENTY = ["cancel", "ship", "message", "stock", "price", "review"]


@pytest.fixture(scope="module")
def pools(market: Market) -> dict[str, Iterator[Operation]]:
    """Operations that are still possible, by name; each is taken once."""
    orders = [row for row in market.rows("orders") if isinstance(row, Order)]
    waiting = [row for row in orders if row.status is OrderStatus.TO_SHIP]
    asked = [row.external_id for row in orders if row.status is OrderStatus.CANCEL_ASKED]
    cases = [row for row in market.rows("returns") if isinstance(row, Return) and row.status is ReturnStatus.ASKED]
    goods = [row for row in market.rows("goods") if isinstance(row, Listing)]
    chats = [row.external_id for row in market.rows("messages") if isinstance(row, Conversation)]
    silent = [row for row in market.kept_rows("reviews") if isinstance(row, Review) and row.answered_at is None]
    refuse = DecideReturn(return_ref=cases[1].external_id, decision="reject", text="as described", images=(PNG,),
                          reason_code=reason_for(market, cases[1].external_id))  # fmt: skip
    return {
        "cancel": (CancelOrder(order_ref=row.external_id, reason="out_of_stock") for row in waiting[::2]),
        "ship": (ArrangeShipment(order_ref=row.external_id) for row in waiting[1::2]),
        "accept cancellation": iter([AnswerCancellation(order_ref=asked[0], is_accepted=True)]),
        "refuse cancellation": iter([AnswerCancellation(order_ref=asked[1], is_accepted=False)]),
        "accept return": iter([DecideReturn(return_ref=cases[0].external_id, decision="accept")]),
        "refuse return": iter([refuse]),
        "message": (
            SendMessage(to="", conversation_ref=chat, text=f"On its way, number {number}")
            for number in range(9)
            for chat in chats
        ),
        "review": (ReplyReview(review_ref=row.external_id, text="Thank you!") for row in silent),
        "stock": (SetStock(listing_ref=row.external_id, sku=row.sku, quantity=4_141) for row in goods[::2]),
        "price": (
            SetPrice(listing_ref=row.external_id, sku=row.sku, price=Money(row.price + 1, "MYR")) for row in goods[1::2]
        ),
    }


def reason_for(market: Market, return_ref: str) -> str:
    found = market.shop.fetch(RefusalReasons, return_ref)
    return found.reasons[0].code if found else ""


@pytest.mark.parametrize("name", WRITES)
def test_a_write_lands_once_and_is_seen(market: Market, pools: dict[str, Iterator[Operation]], name: str) -> None:
    operation, before, ticket = next(pools[name]), len(market.effects()), market.permit()
    since = datetime.now(UTC)
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.ABSENT
    assert market.shop.perform(operation, ticket).reference
    assert [row["operation"] for row in market.effects()[before:]] == WRITES[name][1]
    assert market.shop.probe(operation, ticket.key, since).sight is Sight.SEEN


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated"])
@pytest.mark.parametrize("name", PLENTY[:5])
def test_a_lost_answer_is_unknown_and_the_probe_finds_the_effect(
    market: Market, pools: dict[str, Iterator[Operation]], name: str, fault: str
) -> None:
    operation, before, since = next(pools[name]), len(market.effects()), datetime.now(UTC)
    with market.fault(WRITES[name][0], fault), pytest.raises(Unknown):
        market.shop.perform(operation, market.permit())
    assert [row["operation"] for row in market.effects()[before:]] == WRITES[name][1]
    assert market.shop.probe(operation, "key", since).sight is Sight.SEEN


@pytest.mark.parametrize("name", ["cancel", "message", "stock"])
def test_a_lost_request_is_unknown_too_and_the_probe_finds_nothing(
    market: Market, pools: dict[str, Iterator[Operation]], name: str
) -> None:
    operation, before, since = next(pools[name]), len(market.effects()), datetime.now(UTC)
    with market.fault(WRITES[name][0], "reset_before"), pytest.raises(Unknown):
        market.shop.perform(operation, market.permit())
    assert market.effects()[before:] == []
    assert market.shop.probe(operation, "key", since).sight is Sight.ABSENT


def test_a_hand_over_that_stopped_after_packing_is_finished_by_doing_it_again(
    market: Market, pools: dict[str, Iterator[Operation]]
) -> None:
    operation, before = next(pools["ship"]), len(market.effects())
    with market.fault("order/package/rts", "reset_before"), pytest.raises(Unknown):
        market.shop.perform(operation, market.permit())
    assert [row["operation"] for row in market.effects()[before:]] == ["pack"]
    assert market.shop.probe(operation, "key", datetime.now(UTC)).sight is Sight.ABSENT
    market.shop.perform(operation, market.permit())
    assert [row["operation"] for row in market.effects()[before:]] == ["pack", "ship"]
    assert market.shop.perform(operation, market.permit()).is_replay
    assert len(market.effects()[before:]) == 2


def test_moderation_is_told_and_the_buyer_saw_nothing(market: Market) -> None:
    chat = next(row for row in market.rows("messages") if isinstance(row, Conversation))
    operation, before = (
        SendMessage(to="", conversation_ref=chat.external_id, text="Pay by bank transfer"),
        market.effects(),
    )
    with pytest.raises(Refused, match="moderation"):
        market.shop.perform(operation, market.permit())
    assert market.effects() == before
    assert market.shop.probe(operation, "key", datetime.now(UTC) - timedelta(minutes=1)).sight is Sight.UNCLEAR


@pytest.mark.parametrize("name", ["cancel", "stock"])
def test_a_rate_limit_on_a_write_means_that_it_was_not_done(
    market: Market, pools: dict[str, Iterator[Operation]], name: str
) -> None:
    operation, before = next(pools[name]), market.effects()
    with market.fault(WRITES[name][0], "rate_limited", 0.1), pytest.raises(Retry) as caught:
        market.shop.perform(operation, market.permit())
    assert (caught.value.code, market.effects()) == ("ApiCallLimit", before)


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "short_page"])
def test_a_bad_page_is_an_error_or_quarantine_and_never_an_empty_shop(market: Market, fault: str) -> None:
    with market.fault("*", fault, 0.1):
        assert read_or_refused(market, "payouts")


def read_or_refused(market: Market, feed: str) -> bool:
    """Whether a pull gave rows, or ended in one of the four known endings."""
    try:
        return bool(market.rows(feed))
    except (Retry, Refused, Reconnect, Unknown) as error:
        return bool(str(error))


def test_a_dead_token_asks_for_a_person_and_a_refresh_brings_it_back() -> None:
    with serve("company", seed=3, has_limits=False) as server:
        market = Market(server)
        with market.fault("*", "expired_token"), pytest.raises(Reconnect):
            market.shop.check()
        assert isinstance(market.shop, Refreshes)
        renewed = market.shop.refresh()
        fresh = market.open({**market.row, "credentials": dict(renewed.credentials)})
        assert fresh.check() == "seller Lumen & Loft MY, active"
        assert renewed.renewable_until is not None
        market.http.close()


SYSTEM = {"app_key", "timestamp", "sign_method", "access_token", "sign"}
# Documented in words and left out of the sample request.
IN_WORDS = {"id_list", "request_type_list"}


def test_all_that_was_sent_has_the_names_of_the_published_requests(market: Market) -> None:
    for feed in ("orders", "returns", "messages", "goods", "settlement", "payouts", "account_health", "quiet_parcels"):
        market.rows(feed)
    known: dict[str, set[str]] = {}
    for path, body in requests_recorded():
        known.setdefault(path, set()).update(names_in(body))
    strange = {path: names - SYSTEM - IN_WORDS - known[path] for path, names in market.asked.items() if path in known}
    assert {path: names for path, names in strange.items() if names} == {}
    assert len(strange) >= 10


def requests_recorded() -> Iterator[tuple[str, Any]]:
    """(path, body) of every sample request."""
    list(payloads("lazada"))  # skips where they are not here
    with gzip.open(SHARED / "data" / "payloads" / "lazada.jsonl.gz", "rb") as lines:
        for text in lines:
            row = orjson.loads(text)
            if row["kind"].startswith("requests"):
                yield row["path"], orjson.loads(row["text"])
