"""Every connector against the running market: feeds are read whole, and a write lands once whatever the wire does."""

from collections.abc import Iterator
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
    AcceptDispute,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    Operation,
    RefundPayment,
    SubmitEvidence,
)
from connectors.registry import open_connector
from connectors.twin.server import TwinServer, serve
from connectors.types import (
    Account,
    BadRow,
    Dispute,
    DisputeStatus,
    Order,
    OrderStatus,
    Payment,
    Record,
    Return,
    ReturnStatus,
    Shipment,
    Sight,
    StockLevel,
)
from tests.connectors.shops.stand import allow

WHOLE = {
    "shopee": ["orders", "returns", "goods", "account_health", "quiet_parcels", "reviews"],
    "shopify": ["orders", "returns", "goods", "disputes", "checkouts"],
    "stripe": ["charges", "refunds", "changes", "disputes", "fraud_warnings", "settlement", "payouts"],
}
SMALL = {"shopee": "account_health", "shopify": "goods", "stripe": "disputes"}
FAULTS = ["timeout_after", "reset_after", "truncated", "not_json"]
BEFORE = ["timeout_before", "reset_before"]


class Market:
    """The twin with a connector for each shop."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        server.faults.clear()
        self.http = httpx.Client(timeout=10, trust_env=False)
        self.shops = {row["kind"]: self.open(row) for row in server.accounts()}
        self.number = 0

    def open(self, row: dict[str, Any]) -> Connector:
        account = Account(
            row["kind"], 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {**row["settings"], "calls_per_second": 300, "dispute_email": "ops@example.com"}, row["credentials"],
        )  # fmt: skip
        return open_connector(
            account, clock=lambda: datetime.now(UTC), client=self.http, gate=allow, patience=Patience(attempts=2)
        )

    @contextmanager
    def fault(self, kind: str, place: str, fault: str, seconds: float = 1.5) -> Iterator[None]:
        """One call goes wrong."""
        self.server.faults.add({"shop": kind, "operation": place, "kind": fault, "remaining": 1, "seconds": seconds})
        patient, self.http.timeout = self.http.timeout, httpx.Timeout(1 if fault.startswith("timeout") else 10)
        try:
            yield
        finally:
            self.http.timeout = patient
            self.server.faults.clear()

    def settle(self) -> None:
        """Let the jobs of the outside end."""
        self.server.clock.set(advance_seconds=5)
        assert httpx.get(f"{self.server.url}/_twin/clock", trust_env=False).status_code == 200

    def rows(self, kind: str, feed: str) -> list[Record | BadRow]:
        return [row for page in self.shops[kind].pull(feed, "") for row in page.records]

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number:06}", 1, datetime.now(UTC) + timedelta(minutes=5))

    def effects_since(self, count: int) -> list[Any]:
        return list(self.server.market.effects.as_rows(count))

    @property
    def effects(self) -> int:
        return len(self.server.market.effects.as_rows(0))


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with serve(scenario="week", seed=11, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


@pytest.mark.parametrize(("kind", "feed"), [(kind, feed) for kind, feeds in WHOLE.items() for feed in feeds])
def test_a_feed_is_read_to_its_end_without_a_bad_row(market: Market, kind: str, feed: str) -> None:
    pages = list(market.shops[kind].pull(feed, ""))
    assert pages[-1].is_last
    assert [row for page in pages for row in page.records if isinstance(row, BadRow)] == []
    again = list(market.shops[kind].pull(feed, pages[-1].cursor))
    assert again[-1].is_last


def test_the_feeds_of_all_connectors_are_covered(market: Market) -> None:
    assert {kind: [feed.name for feed in market.shops[kind].feeds] for kind in WHOLE} == WHOLE


@pytest.mark.parametrize("kind", ["shopee", "shopify", "stripe", "mailbox"])
def test_the_connection_check_says_what_it_saw(market: Market, kind: str) -> None:
    assert market.shops[kind].check()


def test_one_record_of_each_kind_is_read_again_as_it_was_listed(market: Market) -> None:
    wanted: list[tuple[str, str, type[Record]]] = [
        ("shopee", "orders", Order),
        ("shopee", "returns", Return),
        ("shopee", "goods", StockLevel),
        ("shopee", "quiet_parcels", Shipment),
        ("shopify", "orders", Order),
        ("shopify", "returns", Return),
        ("shopify", "goods", StockLevel),
        ("stripe", "charges", Payment),
        ("stripe", "disputes", Dispute),
        ("stripe", "fraud_warnings", Dispute),
    ]
    for kind, feed, record in wanted:
        listed = next(row for row in market.rows(kind, feed) if isinstance(row, record))
        found = market.shops[kind].fetch(record, listed.external_id)
        assert found is not None, (kind, feed)
        assert found.external_id == listed.external_id


def pools(market: Market) -> dict[str, Iterator[Operation]]:
    """Operations that are still possible, by name; each is taken once."""
    shopee, shopify = market.rows("shopee", "orders"), market.rows("shopify", "orders")
    open_shopee, open_shopify = freshest(shopee), freshest(shopify)
    paid = [row for row in market.rows("stripe", "charges") if isinstance(row, Payment) and not row.is_disputed]
    asked = [row for row in market.rows("shopee", "returns") if isinstance(row, Return)]
    due = [row for row in market.rows("stripe", "disputes") if isinstance(row, Dispute)]
    due = [row for row in due if row.status is DisputeStatus.NEEDS_RESPONSE]
    dollar, words = Money(Decimal("1.00"), "USD"), (("uncategorized_text", "delivered"),)
    return {
        "stripe refund": (
            RefundPayment(payment_ref=row.external_id, amount=dollar) for row in paid if row.refunded == 0
        ),
        "shopify refund": (
            RefundPayment(order_ref=row.external_id, amount=dollar, note="late")
            for row in shopify
            if isinstance(row, Order) and row.status is OrderStatus.SHIPPED
        ),
        "shopify cancel": (
            CancelOrder(order_ref=row.external_id, reason="customer_request", should_refund=False)
            for row in open_shopify
        ),
        "shopee cancel": (CancelOrder(order_ref=row.external_id, reason="out_of_stock") for row in open_shopee[::2]),
        "shopee ship": (ArrangeShipment(order_ref=row.external_id) for row in open_shopee[1::2]),
        "shopee return": (
            DecideReturn(return_ref=row.external_id, decision="accept")
            for row in asked
            if row.status is ReturnStatus.ASKED
        ),
        "stripe evidence": (SubmitEvidence(dispute_ref=row.external_id, fields=words) for row in due[::2]),
        "stripe accept": (AcceptDispute(dispute_ref=row.external_id) for row in due[1::2]),
    }


def freshest(rows: list[Record | BadRow]) -> list[Order]:
    """Orders to be shipped, the latest first: the market's own people take the oldest."""
    waiting = [row for row in rows if isinstance(row, Order) and row.platform_status in UNTOUCHED]
    return sorted(waiting, key=lambda row: row.ordered_at, reverse=True)


UNTOUCHED = ("READY_TO_SHIP", "PAID/UNFULFILLED")
PLACES = {
    "stripe refund": "POST /v1/refunds",
    "shopify refund": "*refundCreate*",
    "shopify cancel": "*orderCancel*",
    "shopee cancel": "*cancel_order*",
    "shopee ship": "*ship_order*",
    "shopee return": "*confirm*",
    "stripe evidence": "POST /v1/disputes/*",
    "stripe accept": "POST /v1/disputes/*",
}
NAMES = list(PLACES)
SCARCE = ("stripe evidence", "stripe accept")  # few disputes wait for an answer in any market
LOST_ANSWERS = [(name, fault) for name in NAMES for fault in FAULTS if name not in SCARCE or fault == "reset_after"]


@pytest.fixture(scope="module")
def busy() -> Iterator[Market]:
    """A market with enough of everything to be written to."""
    with serve(scenario="peak", seed=11, orders=3000, has_limits=False) as server:
        running = Market(server)
        yield running
        running.http.close()


@pytest.fixture(scope="module")
def ready(busy: Market) -> dict[str, Iterator[Operation]]:
    return pools(busy)


def take(ready: dict[str, Iterator[Operation]], name: str) -> Operation:
    return next(ready[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_write_lands_once_and_is_seen(busy: Market, ready: dict[str, Iterator[Operation]], name: str) -> None:
    operation, connector = take(ready, name), busy.shops[name.split()[0]]
    before, ticket = busy.effects, busy.permit()
    assert connector.probe(operation, ticket.key, datetime.now(UTC)).sight is Sight.ABSENT
    receipt = connector.perform(operation, ticket)
    assert receipt.reference
    busy.settle()
    assert len(busy.effects_since(before)) == 1
    assert connector.probe(operation, ticket.key, datetime.now(UTC)).sight is Sight.SEEN


@pytest.mark.parametrize(("name", "fault"), LOST_ANSWERS)
def test_a_lost_answer_is_unknown_and_the_probe_finds_the_effect(
    busy: Market, ready: dict[str, Iterator[Operation]], name: str, fault: str
) -> None:
    operation, kind = take(ready, name), name.split()[0]
    before, ticket = busy.effects, busy.permit()
    with busy.fault(kind, PLACES[name], fault), pytest.raises(Unknown):
        busy.shops[kind].perform(operation, ticket)
    busy.settle()
    assert len(busy.effects_since(before)) == 1
    assert busy.shops[kind].probe(operation, ticket.key, datetime.now(UTC)).sight is Sight.SEEN


@pytest.mark.parametrize("name", ["stripe refund", "shopify refund", "shopee cancel"])
@pytest.mark.parametrize("fault", BEFORE)
def test_a_lost_request_is_unknown_too_and_the_probe_finds_nothing(
    busy: Market, ready: dict[str, Iterator[Operation]], name: str, fault: str
) -> None:
    operation, kind = take(ready, name), name.split()[0]
    before, ticket = busy.effects, busy.permit()
    with busy.fault(kind, PLACES[name], fault), pytest.raises(Unknown):
        busy.shops[kind].perform(operation, ticket)
    assert busy.effects_since(before) == []
    assert busy.shops[kind].probe(operation, ticket.key, datetime.now(UTC)).sight is Sight.ABSENT


@pytest.mark.parametrize("name", ["stripe refund", "shopify refund"])
def test_the_same_key_again_moves_money_once(busy: Market, ready: dict[str, Iterator[Operation]], name: str) -> None:
    operation, connector = take(ready, name), busy.shops[name.split()[0]]
    before, ticket = busy.effects, busy.permit()
    first, second = connector.perform(operation, ticket), connector.perform(operation, ticket)
    assert (first.reference, second.is_replay) == (second.reference, True)
    assert len(busy.effects_since(before)) == 1


@pytest.mark.parametrize("name", ["shopee cancel", "shopify refund", "stripe refund"])
def test_a_rate_limit_on_a_write_means_that_it_was_not_done(
    busy: Market, ready: dict[str, Iterator[Operation]], name: str
) -> None:
    operation, kind, before = take(ready, name), name.split()[0], busy.effects
    with busy.fault(kind, PLACES[name], "rate_limited", 0.1), pytest.raises(Retry):
        busy.shops[kind].perform(operation, busy.permit())
    assert busy.effects_since(before) == []


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "rate_limited"])
@pytest.mark.parametrize("kind", ["shopee", "shopify", "stripe"])
def test_a_bad_page_is_an_error_or_quarantine_and_never_an_empty_shop(market: Market, kind: str, fault: str) -> None:
    with market.fault(kind, "*", fault, 0.1):
        assert read_or_refused(market, kind, SMALL[kind])


def read_or_refused(market: Market, kind: str, feed: str) -> bool:
    """Whether a pull gave rows, or ended in one of the four known endings."""
    try:
        return bool(market.rows(kind, feed))
    except (Retry, Refused, Reconnect, Unknown) as error:
        return bool(str(error))


def test_a_token_that_ended_is_traded_for_a_new_pair() -> None:
    with serve(scenario="week", seed=3) as server:
        market = Market(server)
        shop = market.shops["shopee"]
        assert isinstance(shop, Refreshes)
        renewed = shop.refresh()
        row = next(row for row in server.accounts() if row["kind"] == "shopee")
        fresh = market.open({**row, "credentials": dict(renewed.credentials)})
        assert fresh.check()
        market.http.close()
