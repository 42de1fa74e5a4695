"""Shopee, Lazada and TikTok Shop publish samples instead of schemas: a name that no sample has is a fault.

A sample shows one case, so what a reply leaves out is no fault, and what is documented in words alone is listed here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from connectors.money import Money
from connectors.operations import (
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    Operation,
    ReplyReview,
    SendMessage,
    SetPrice,
    SetStock,
)
from connectors.proof.shared import Shared
from connectors.proof.specs import Exchange
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.types import Conversation, Listing, Order, OrderStatus, Return, ReturnStatus, Review

FORM = "application/x-www-form-urlencoded"
Writes = Callable[[Stand], Iterable[Operation]]


def names_in(value: Any) -> set[str]:
    """Every field name in a JSON value."""
    if isinstance(value, dict):
        return set(value) | {name for child in value.values() for name in names_in(child)}
    return {name for child in value for name in names_in(child)} if isinstance(value, list) else set()


@dataclass
class Published:
    """Call → the names of its recorded requests and replies."""

    requests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    replies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class Market:
    """`call` names a request as the samples do; `common` are the names that every call and reply may have;
    `beside` are names documented in words alone."""

    kind: str
    call: Callable[[str, str], str]
    writes: Writes
    common: frozenset[str]
    beside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    mount: str = ""

    def published(self, shared: Shared) -> Published:
        found = Published()
        for row in shared.payloads(self.kind):
            kind = row.kind.partition("_")[0]
            if kind not in ("requests", "responses", "errors") or not row.path:
                continue
            try:
                names = names_in(row.body)
            except orjson.JSONDecodeError:
                names = set(re.findall(r'"(\w+)"\s*:', row.text))
            book = found.requests if kind == "requests" else found.replies
            book[self.call(row.method, row.path)] |= names
        return found

    def prove(self, stand: Stand, shared: Shared, tally: Tally) -> None:
        published, shop = self.published(shared), stand.shops[self.kind]
        for feed in shop.feeds:
            list(shop.pull(feed.name, ""))
        for operation in self.writes(stand):
            stand.do(self.kind, operation)
        shop.check()
        for exchange in stand.exchanges(self.kind):
            self.judge(published, exchange, tally)

    def judge(self, published: Published, exchange: Exchange, tally: Tally) -> None:
        request, response = exchange
        path = request.url.path.removeprefix(f"/{self.kind}").removeprefix(self.mount)
        call = self.call(request.method, path)
        allowed = self.common | self.beside.get(call, frozenset())
        if call not in published.replies and call not in published.requests:
            tally.failures.append(f"{call}: no such call is published")
            return
        sent = published.requests.get(call)
        if sent is None:
            tally.requests += 1  # its method and path are published, its parameters are not
        else:
            strange = names_in(sent_with(request)) - sent - allowed
            tally.judged(1, 0, [f"{call} request: no sample has {name!r}" for name in sorted(strange)])
        told = published.replies.get(call)
        if told is not None and "json" in response.headers.get("content-type", ""):
            strange = names_in(response.json()) - told - allowed
            tally.judged(0, 1, [f"{call} reply: no sample has {name!r}" for name in sorted(strange)])


def sent_with(request: httpx.Request) -> Any:
    """All that a call carries: its query, its form, and the JSON in either or in the body."""
    fields: dict[str, Any] = dict(request.url.params)
    kind = request.headers.get("content-type", "")
    if kind.startswith(FORM):
        fields |= dict(parse_qsl(request.content.decode()))
    if "json" in kind and request.content:
        fields |= orjson.loads(request.content)
    return {name: unpacked(value) for name, value in fields.items()}


def unpacked(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) and value.startswith(("{", "[{")) else value


# -- what is written ----------------------------------------------------------------------------------------------


def waiting(stand: Stand, kind: str) -> list[str]:
    """Orders to be shipped, the latest first: the market's own people take the oldest."""
    rows = [row for row in stand.read(kind, "orders", Order) if row.status is OrderStatus.TO_SHIP]
    return [row.external_id for row in sorted(rows, key=lambda row: row.ordered_at, reverse=True)]


def asked(stand: Stand, kind: str) -> list[str]:
    rows = stand.read(kind, "returns", Return)
    return [row.external_id for row in rows if row.status is ReturnStatus.ASKED]


def orders_and_cases(stand: Stand, kind: str) -> Iterator[Operation]:
    refs = waiting(stand, kind)
    yield CancelOrder(order_ref=refs[0], reason="out_of_stock")
    yield ArrangeShipment(order_ref=refs[1])
    for ref in asked(stand, kind)[:1]:
        yield DecideReturn(return_ref=ref, decision="accept")


def shopee_writes(stand: Stand) -> Iterator[Operation]:
    yield from orders_and_cases(stand, "shopee")


def sold_and_said(stand: Stand, kind: str, currency: str) -> Iterator[Operation]:
    yield from orders_and_cases(stand, kind)
    goods = stand.read(kind, "goods", Listing)
    yield SetStock(listing_ref=goods[0].external_id, sku=goods[0].sku, quantity=41)
    price = Money((goods[1].price or Decimal(1)) + 1, currency)
    yield SetPrice(listing_ref=goods[1].external_id, sku=goods[1].sku, price=price)
    talk = stand.read(kind, "messages", Conversation)[0]
    yield SendMessage(to="", conversation_ref=talk.external_id, text="It leaves today.")


def lazada_writes(stand: Stand) -> Iterator[Operation]:
    yield from sold_and_said(stand, "lazada", "MYR")
    silent = [row for row in stand.read("lazada", "reviews", Review) if row.answered_at is None]
    for row in silent[:1]:
        yield ReplyReview(review_ref=row.external_id, text="Thank you!")


def tiktok_writes(stand: Stand) -> Iterator[Operation]:
    yield from sold_and_said(stand, "tiktok_shop", "PHP")


def numbered(method: str, path: str) -> str:
    """Ids are braces in TikTok Shop's samples and long numbers in ours."""
    return f"{method} {re.sub(r'/([0-9]{7,}|{[^}]+})(?=/|$)', '/{}', path)}"


ENVELOPE = frozenset({"request_id", "code", "message", "error", "response", "data", "detail", "type", "msg", "warning"})
SHOPEE = Market(
    "shopee", lambda method, path: f"{method} {path}", shopee_writes,
    ENVELOPE | {"partner_id", "access_token", "shop_id", "timestamp", "sign"},
    {
        "GET /api/v2/order/get_order_list": frozenset({"booking_sn"}),
        "GET /api/v2/order/get_order_detail": frozenset({"return_request_due_date"}),
        # The sample's time slots are null; what a slot holds is documented beside it.
        "GET /api/v2/logistics/get_shipping_parameter": frozenset({"date", "pickup_time_id", "time_text"}),
    },
)  # fmt: skip
# Warehouses of a variant stand in the inventory guide, the SKU of a review nowhere but in use.
STOCK_GUIDE = frozenset({"multiWarehouseInventories", "warehouseCode", "totalQuantity", "occupyQuantity",
                         "withholdQuantity", "sellableQuantity", "quantity", "product_id", "seller_sku"})  # fmt: skip
LAZADA = Market(
    "lazada", lambda method, path: path, lazada_writes,
    ENVELOPE | STOCK_GUIDE | {"app_key", "timestamp", "sign_method", "access_token", "sign", "id_list",
                              "request_type_list"},
)  # fmt: skip
TIKTOK_SHOP = Market(
    "tiktok_shop", numbered, tiktok_writes,
    ENVELOPE | {"app_key", "timestamp", "sign", "shop_cipher", "page_size", "page_token", "sort_field", "sort_order"},
    {
        f"POST /return_refund/202309/{case}/{{}}/{answer}": frozenset({"idempotency_key"})  # a query parameter
        for case in ("returns", "cancellations") for answer in ("approve", "reject")
    },
)  # fmt: skip
