"""Zoho against the running market: whole feeds, an order from draft to delivery, and what faults leave behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.base import Connector, Permit, Reconnect, Refreshes, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.money import Money
from connectors.operations import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    CreditNote,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    PurchaseLine,
)
from connectors.registry import open_connector
from connectors.twin.deeds.supply import arrive
from connectors.twin.server import TwinServer, serve
from connectors.types import Account, BadRow, BooksContact, Product, PurchaseOrder, Record, Sight, StockLevel, Supplier
from tests.connectors.shops.stand import allow

HTTP = httpx.Client(timeout=3.0, trust_env=False)


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve("company", seed=7, has_limits=False) as server, HTTP:
        yield server


def opened(twin: TwinServer, **changed: str) -> Connector:
    row = next(row for row in twin.accounts() if row["kind"] == "zoho")
    account = Account(
        "zoho", 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
        {**row["settings"], "calls_per_second": 500}, row["credentials"] | changed,
    )  # fmt: skip
    return open_connector(
        account, clock=lambda: datetime.now(UTC), client=HTTP, gate=allow, patience=Patience(attempts=1)
    )


@pytest.fixture
def zoho(twin: TwinServer) -> Connector:
    twin.faults.clear()
    return opened(twin)


def permit(key: str) -> Permit:
    return Permit(1, 1, "digest", key, 1, datetime.now(UTC) + timedelta(minutes=1))


def rows(connector: Connector, feed: str) -> list[Record | BadRow]:
    return [row for page in connector.pull(feed, "") for row in page.records]


def effects(twin: TwinServer, since: int = 0) -> list[tuple[str, str, str]]:
    return [(row["operation"], row["subject"], row["reference"]) for row in twin.market.effects.as_rows(since)]


def create(zoho: Connector, number: str) -> CreatePurchaseOrder:
    supplier = next(row for row in rows(zoho, "vendors") if isinstance(row, Supplier))
    line = PurchaseLine(sku=supplier.skus[0], quantity=60, unit_cost=Decimal("7.25"))
    return CreatePurchaseOrder(
        supplier_ref=supplier.external_id, number=number, lines=(line,), currency="USD",
        due_on=datetime.now(UTC).date() + timedelta(days=20),
    )  # fmt: skip


def test_every_feed_is_read_to_its_end_without_a_bad_row(twin: TwinServer, zoho: Connector) -> None:
    for feed in zoho.feeds:
        pages = list(zoho.pull(feed.name, ""))
        assert pages[-1].is_last
        assert [row for page in pages for row in page.records if isinstance(row, BadRow)] == []
        assert list(zoho.pull(feed.name, pages[-1].cursor))[-1].is_last
    market = twin.market
    levels = {row.sku: row.on_hand for row in rows(zoho, "items") if isinstance(row, StockLevel)}
    assert levels == {good.sku: good.on_hand for good in market.goods}
    vendors = [row for row in rows(zoho, "vendors") if isinstance(row, Supplier)]
    assert {row.name: row.lead_time_days for row in vendors} == {
        supplier.name: supplier.lead_days for supplier in market.suppliers
    }
    assert sorted(sku for row in vendors for sku in row.skus) == sorted(good.sku for good in market.goods)
    coming = {row.number for row in rows(zoho, "purchase_orders") if isinstance(row, PurchaseOrder)}
    assert {one.number for good in market.goods for one in good.inbound} <= coming


def test_one_record_of_each_kind_is_read_again_as_it_was_listed(zoho: Connector) -> None:
    wanted: list[tuple[str, type[Record]]] = [
        ("purchase_orders", PurchaseOrder), ("items", Product), ("items", StockLevel), ("vendors", Supplier),
    ]  # fmt: skip
    for feed, kind in wanted:
        row = next(row for row in rows(zoho, feed) if isinstance(row, kind))
        again = zoho.fetch(kind, row.external_id)
        assert again is not None
        assert {name: getattr(again, name) for name in row.__slots__} | {"raw": b""} == {
            name: getattr(row, name) for name in row.__slots__
        } | {"raw": b""}


def test_an_order_is_written_made_binding_and_mailed_as_three_effects(twin: TwinServer, zoho: Connector) -> None:
    begun = len(effects(twin))
    operation = create(zoho, "PO-T-1")
    mail = MailPurchaseOrder(number="PO-T-1", to="a@supplier.example", subject="Order", text="Please deliver <60>.")
    assert zoho.probe(operation, "key-1", datetime.now(UTC)).sight is Sight.ABSENT
    receipt = zoho.perform(operation, permit("key-1"))
    assert zoho.probe(operation, "key-1", datetime.now(UTC)).reference == receipt.reference
    with pytest.raises(Refused, match="issue it"):
        zoho.perform(mail, permit("key-2"))
    zoho.perform(IssuePurchaseOrder(number="PO-T-1"), permit("key-3"))
    assert zoho.perform(IssuePurchaseOrder(number="PO-T-1"), permit("key-3")).is_replay
    assert zoho.probe(mail, "key-2", datetime.now(UTC)).sight is Sight.UNCLEAR
    zoho.perform(mail, permit("key-2"))
    assert zoho.probe(mail, "key-2", datetime.now(UTC)).sight is Sight.SEEN
    assert effects(twin, begun) == [
        ("create_purchase_order", "PO-T-1", "OPS-key-1"),
        ("issue_purchase_order", "PO-T-1", "OPS-key-1"),
        ("mail_purchase_order", "PO-T-1", "OPS-key-1"),
    ]
    assert twin.market.effects.as_rows(begun)[-1]["detail"]["text"] == "Please deliver <60>."


def test_a_repeated_number_is_refused_by_the_books_and_nothing_happens(twin: TwinServer, zoho: Connector) -> None:
    operation = create(zoho, "PO-T-2")
    zoho.perform(operation, permit("key-4"))
    begun = len(effects(twin))
    with pytest.raises(Refused, match="already exists"):
        zoho.perform(operation, permit("key-5"))
    assert effects(twin, begun) == []


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "truncated", "not_json"])
def test_a_write_whose_answer_is_lost_is_unknown_and_found_by_our_reference(
    twin: TwinServer, zoho: Connector, fault: str
) -> None:
    operation, key = create(zoho, f"PO-F-{fault}"), f"key-{fault}"
    begun = len(effects(twin))
    place = "POST /inventory/v1/purchaseorders"
    twin.faults.add({"shop": "zoho", "operation": place, "kind": fault, "remaining": 1, "seconds": 1.5})
    HTTP.timeout = httpx.Timeout(1.0 if fault == "timeout_after" else 3.0)
    with pytest.raises(Unknown):
        zoho.perform(operation, permit(key))
    HTTP.timeout = httpx.Timeout(3.0)
    assert zoho.probe(operation, key, datetime.now(UTC)).sight is Sight.SEEN
    assert [row[0] for row in effects(twin, begun)] == ["create_purchase_order"]


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "rate_limited"])
def test_a_read_that_goes_wrong_is_told_and_never_an_empty_shop(twin: TwinServer, zoho: Connector, fault: str) -> None:
    twin.faults.add({"shop": "zoho", "operation": "GET /inventory/v1/items", "kind": fault, "remaining": 1})
    try:
        found = rows(zoho, "items")
    except Retry:
        return
    assert fault == "drifted"
    assert found


def test_goods_of_an_issued_order_come_in_and_are_counted(twin: TwinServer, zoho: Connector) -> None:
    operation = create(zoho, "PO-T-3")
    zoho.perform(operation, permit("key-6"))
    zoho.perform(IssuePurchaseOrder(number="PO-T-3"), permit("key-7"))
    order = twin.market.supply.numbered("PO-T-3")
    assert order is not None
    arrive(twin.market, order)
    [line] = [row for row in rows(zoho, "purchase_orders") if isinstance(row, PurchaseOrder) and row.number == "PO-T-3"]
    assert (line.status, line.received_quantity, line.unit_cost) == ("received", 60, Decimal("7.25"))
    with pytest.raises(Refused, match="hang on it"):
        zoho.perform(CancelPurchaseOrder(number="PO-T-3"), permit("key-8"))


def test_an_order_is_taken_back_while_nothing_of_it_has_come(twin: TwinServer, zoho: Connector) -> None:
    zoho.perform(create(zoho, "PO-T-4"), permit("key-9"))
    operation = CancelPurchaseOrder(number="PO-T-4")
    zoho.perform(operation, permit("key-10"))
    assert zoho.probe(operation, "key-10", datetime.now(UTC)).sight is Sight.SEEN
    assert zoho.perform(operation, permit("key-10")).is_replay


def test_a_customer_is_credited_once_and_in_their_own_currency(twin: TwinServer, zoho: Connector) -> None:
    buyer = twin.market.books["shopify"].orders[-1].buyer
    ref = str(4_815_000_000_000_000 + 6_000_000_000 + buyer)
    operation = CreditNote(
        order_ref="#1042", customer_ref=ref, amount=Money(Decimal("12.40"), "USD"), reason="arrived late"
    )
    begun = len(effects(twin))
    zoho.perform(operation, permit("key-11"))
    assert zoho.probe(operation, "key-11", datetime.now(UTC)).sight is Sight.SEEN
    [row] = twin.market.effects.as_rows(begun)
    assert (row["operation"], row["amount"], row["reference"]) == ("credit_note", "12.4", "OPS-key-11")
    foreign = CreditNote(order_ref="#1", customer_ref=ref, amount=Money(Decimal(5), "SGD"), reason="x")
    with pytest.raises(Refused, match="USD"):
        zoho.perform(foreign, permit("key-12"))
    assert len(effects(twin)) == begun + 1


def test_the_token_is_renewed_and_the_old_refresh_token_lives_on(twin: TwinServer, zoho: Connector) -> None:
    assert isinstance(zoho, Refreshes)
    first = zoho.refresh()
    assert first.credentials["refresh_token"] == zoho.account.credentials["refresh_token"]
    assert opened(twin, access_token=first.credentials["access_token"]).check() == "organisation Lumen & Loft"
    for _ in range(9):
        zoho.refresh()
    with pytest.raises(Retry) as caught:  # ten in ten minutes are the most
        zoho.refresh()
    assert caught.value.after_seconds == 600
    with pytest.raises(Reconnect):
        opened(twin, access_token="1000.dead").check()
    with pytest.raises(Reconnect):
        opened(twin, refresh_token="1000.dead").refresh()  # type: ignore[attr-defined]  # Refreshes


def test_a_customer_is_found_by_the_address_and_a_stranger_is_not(twin: TwinServer) -> None:
    buyer = twin.market.buyer(twin.market.books["shopify"].orders[-1])

    found = opened(twin).fetch(BooksContact, buyer.email)
    assert found is not None
    assert (found.external_id, found.name, found.currency) == (buyer.email, buyer.name, "USD")
    assert found.reference.isdigit()
    assert opened(twin).fetch(BooksContact, "nobody@example.com") is None
