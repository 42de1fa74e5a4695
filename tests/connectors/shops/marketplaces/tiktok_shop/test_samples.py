"""Samples that TikTok Shop published: each one that we have a reader for is read or quarantined with a reason.

And drift: a field that is renamed, removed, retyped or has a new value costs its own row at most.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import pytest

from connectors.shops.marketplaces.tiktok_shop import TikTokShop
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import aftersale as read_aftersale
from connectors.shops.marketplaces.tiktok_shop.parse.chat import conversation, message
from connectors.shops.marketplaces.tiktok_shop.parse.finance import statement, transaction
from connectors.shops.marketplaces.tiktok_shop.parse.goods import product
from connectors.shops.marketplaces.tiktok_shop.parse.order import order as read_order
from connectors.shops.marketplaces.tiktok_shop.reads.health import metrics
from connectors.shops.reading import Row, read_rows
from connectors.types import (
    AccountMetric,
    BadRow,
    Conversation,
    Listing,
    Message,
    Order,
    Payout,
    Record,
    Return,
    SettlementLine,
    Shipment,
)
from tests.connectors.shops.marketplaces.tiktok_shop.outside import aftersale, cancellation, order, unit
from tests.connectors.shops.stand import payloads

AT = datetime(2026, 11, 21, tzinfo=UTC)
Reader = Callable[[Row], Iterable[Record | BadRow]]
STOCKED = {"1729592969712207012": {"warehouse_inventory": [{"warehouse_id": "7068", "available_quantity": 1}]}}
# Published file → where its rows stand, how one is read, and the record it becomes.
READERS: dict[str, tuple[tuple[str, ...], str, Reader, type[Record]]] = {
    "orders__get-order-list.json": (("data", "orders"), "order", read_order, Order),
    "orders__get-order-detail.json": (("data", "orders"), "order", read_order, Order),
    "return-and-refund__search-returns.json": (("data", "return_orders"), "return", read_aftersale, Return),
    "customer-service__get-conversations.json": (
        ("data", "conversations"),
        "conversation",
        partial(conversation, messages=()),
        Conversation,
    ),
    "customer-service__get-conversation-messages.json": (
        ("data", "messages"),
        "message",
        partial(message, conversation_id="7001"),
        Message,
    ),
    "products__search-products.json": (("data", "products"), "listing", partial(product, inventory=STOCKED), Listing),
    "finance__get-statements.json": (("data", "statements"), "payout", statement, Payout),
}
TRANSACTIONS = "finance__get-transactions-by-statement.json"
PERFORMANCE = "customer-service__get-customer-service-performance.json"


def responses() -> Iterator[tuple[str, Any]]:
    """The published answers; the requests of the same names have neither code nor data."""
    return ((name, body) for name, body in payloads("tiktok_shop") if isinstance(body, dict) and "data" in body)


def rows_of(name: str, body: Any) -> list[Record | BadRow]:
    if name == TRANSACTIONS:
        account = body["data"]
        return read_rows("settlementline", account["transactions"], partial(transaction, account=account), "id")
    if name == PERFORMANCE:
        return list(metrics(body["data"]["performance"], AT))
    path, kind, read, _ = READERS[name]
    for step in path:
        body = body[step]
    return read_rows(kind, body, read, "id")


def test_every_published_answer_that_we_read_becomes_its_record() -> None:
    wanted = {name: record for name, (_, _, _, record) in READERS.items()}
    wanted |= {TRANSACTIONS: SettlementLine, PERFORMANCE: AccountMetric}
    seen: dict[str, list[Record | BadRow]] = {}
    for name, body in responses():
        if name in wanted and body.get("code") == 0:
            seen[name] = rows_of(name, body)
    assert sorted(seen) == sorted(wanted)
    for name, rows in seen.items():
        assert any(isinstance(row, wanted[name]) for row in rows), (name, rows)
        assert all(row.reason for row in rows if isinstance(row, BadRow)), name


def test_every_published_push_is_known_by_its_number_and_none_breaks_the_inbox() -> None:
    pushes = [(name, body) for name, body in payloads("tiktok_shop") if isinstance(body, dict) and "type" in body]
    pushes = [(name, body) for name, body in pushes if isinstance(body["type"], int)]
    assert len(pushes) >= 30
    known = {feed.name for feed in TikTokShop.feeds}
    for name, body in pushes:
        raw = orjson.dumps(body)
        number = body.get("tts_notification_id")
        assert TikTokShop.event_id(raw, {}) == number or (number is None and name == "3-recipient-address-update.json")
        assert set(TikTokShop.touched(raw, {})) <= known, name


# -- drift ------------------------------------------------------------------------------------------------------------


def talk() -> Row:
    sender = {"role": "BUYER", "nickname": "Albert"}
    latest = {"id": "7101", "type": "TEXT", "content": '{"content": "hi"}', "create_time": 1691411573,
              "is_visible": True, "sender": sender}  # fmt: skip
    return {"id": "7001", "participants": [{"role": "BUYER", "user_id": "1"}], "latest_message": latest}


def goods() -> Row:
    sku = {"id": "1729592969712207012", "seller_sku": "A", "price": {"currency": "PHP", "sale_price": "1"}}
    return {"id": "1729", "title": "Lamp", "status": "ACTIVATE", "update_time": 1691411573, "skus": [sku]}


def paid() -> Row:
    return {
        "id": "7238",
        "statement_time": 1691411573,
        "settlement_amount": "1",
        "currency": "PHP",
        "payment_status": "PAID",
    }


ACCOUNT: Row = {"id": "7238", "currency": "PHP", "create_time": 1691411573}
SALE: Row = {"id": "1", "type": "ORDER", "order_id": "576001", "revenue_amount": "2", "settlement_amount": "1"}
HISTORY: list[Any] = [{"role": "Buyer", "note": "broken", "images": [{"url": "https://p.example/1.jpg"}]}]
moving = order(line_items=[unit(1, package_status="FULFILLING")], is_buyer_request_cancel=True)
SHAPES: list[tuple[str, Row, Reader, type[Record]]] = [
    ("order", moving, partial(read_order, request=cancellation()), Order),
    ("return", aftersale(), partial(read_aftersale, records=HISTORY), Return),
    ("conversation", talk(), partial(conversation, messages=()), Conversation),
    ("message", talk()["latest_message"], partial(message, conversation_id="7001"), Message),
    ("listing", goods(), partial(product, inventory=STOCKED), Listing),
    ("payout", paid(), statement, Payout),
    ("settlementline", SALE, partial(transaction, account=ACCOUNT), SettlementLine),
]
ODD: tuple[Any, ...] = (None, 7, -1, 1e400, "a word", "", [], {}, [None], {"x": 1}, True, "NEW_VALUE", 2**70)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a row, by its keys and indexes."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield (*path, key)
        yield from places(child, (*path, key))


def drifted(item: Row) -> Iterator[tuple[str, Row]]:
    """The row with one place removed, renamed or given another type or value."""
    for path in places(item):
        for odd in ("removed", "renamed", *ODD):
            changed = deepcopy(item)
            holder: Any = changed
            for key in path[:-1]:
                holder = holder[key]
            if odd in ("removed", "renamed"):
                value = holder.pop(path[-1])
                if odd == "renamed" and isinstance(holder, dict):
                    holder[f"{path[-1]}_v2"] = value
            else:
                holder[path[-1]] = odd
            yield f"{path} {odd!r}", changed


@pytest.mark.parametrize(("kind", "item", "read", "record"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_drift_costs_its_own_row_and_no_other(kind: str, item: Row, read: Reader, record: type[Record]) -> None:
    """Nothing is raised or lost: the row is still read or kept with its reason, and its neighbour stands."""
    tried = 0
    for told, changed in drifted(item):
        rows = read_rows(kind, [changed, item], read, "id")
        whole = [row for row in rows if isinstance(row, record)]
        bad = [row for row in rows if isinstance(row, BadRow)]
        is_hidden = kind == "message" and changed.get("is_visible") is False
        assert len(whole) == 2 or is_hidden or (bad and whole), told
        assert all(row.reason and row.raw for row in bad), told
        tried += 1
    assert tried > 50


def test_a_parcels_drift_does_not_cost_its_order() -> None:
    item = order(line_items=[unit(1, package_status="FULFILLING"), unit(2, package_id="2", package_status="BEAMED")])
    rows = read_rows("order", [item], read_order, "id")
    assert [type(row) for row in rows] == [Order, Shipment, BadRow]
