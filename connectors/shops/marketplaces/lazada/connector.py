"""Lazada Open Platform: one seller in one venture."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

import orjson

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Permit,
    R,
    Refused,
    Renewed,
    Write,
)
from connectors.operations import (
    AnswerCancellation,
    Appeal,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    EndPromotion,
    FileClaim,
    FixListing,
    Operation,
    ReplyReview,
    SendMessage,
    SendTemplate,
    SetHoliday,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.lazada import acts, answers, parse
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.install import Install, renew
from connectors.shops.marketplaces.lazada.reads import finance, goods, health, orders, returns, words
from connectors.shops.marketplaces.lazada.signing import push_signature
from connectors.shops.marketplaces.lazada.ventures import venture_of
from connectors.shops.reading import read_rows
from connectors.types import (
    Account,
    Listing,
    Order,
    Page,
    Receipt,
    Record,
    RefusalReasons,
    Return,
    Review,
    Shipment,
    Sight,
    Sighting,
    StockLevel,
)

# Message types of the push: 0 trade order, 2 chat message, 3-5 product, 6 shallow stock, 10 reverse order (only some of
# its steps), 14 fulfilment, 19 chat, 21 review. 8 tells that the grant ends, which the token's own end tells as well.
PUSHES = {
    0: ("orders",), 1: ("goods",), 2: ("messages",), 3: ("goods",), 4: ("goods",), 5: ("goods",), 6: ("goods",),
    10: ("returns", "orders"), 13: ("account_health",), 14: ("orders",), 19: ("messages",), 21: ("reviews",),
}  # fmt: skip
# Where a person does in the Seller Center what has no call, or was not wanted by one.
PAGES: Mapping[type[Operation], str] = {
    DecideReturn: "/apps/order/reverse/list",
    SendMessage: "/apps/im/window",
    SendTemplate: "/apps/im/window",
    ReplyReview: "/apps/review/manage",
    SetStock: "/apps/product/list",
    SetPrice: "/apps/product/list",
    FixListing: "/apps/product/list",
    EndPromotion: "/apps/promotion/voucher/list",
    SetHoliday: "/apps/setting/holiday",
    FileClaim: "/apps/claim/list",
    Appeal: "/apps/seller/points",
}
ORDERS_PAGE = "/apps/order/list"

Pull = Callable[[Client, str, Feed], Iterator[Page]]
Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any, datetime | None], Sighting]


def _spans(read: Callable[..., Iterator[Page]]) -> Pull:
    return lambda client, cursor, feed: read(client, cursor, first_span=feed.first_span, overlap=feed.overlap)


class Lazada(Install, Connector):
    kind = "lazada"
    label = "Lazada"
    credentials = ("app_key", "app_secret", "access_token", "refresh_token")
    allowance = Budget(available=20, capacity=20, per_second=20)  # each API has a cap of its own; few are published
    feeds = (
        Feed("orders", timedelta(minutes=1)),
        Feed("returns", timedelta(minutes=5), window=timedelta(seconds=returns.WIDEST)),
        Feed("messages", timedelta(minutes=2), first_span=timedelta(days=14)),
        Feed("goods", timedelta(minutes=10)),
        Feed("reviews", timedelta(hours=6), window=timedelta(days=7), first_span=timedelta(days=28)),
        Feed("settlement", timedelta(hours=6), overlap=timedelta(days=3), window=timedelta(days=180)),
        Feed("payouts", timedelta(hours=6), first_span=timedelta(days=90)),
        Feed("account_health", timedelta(hours=1)),
        Feed("quiet_parcels", timedelta(hours=6)),
    )
    pulls: ClassVar[Mapping[str, Pull]] = {
        "orders": _spans(orders.orders),
        "returns": _spans(returns.returns),
        "messages": _spans(words.messages),
        "goods": lambda client, cursor, feed: goods.goods(client, cursor),
        "reviews": _spans(words.reviews),
        "settlement": _spans(finance.settlement),
        "payouts": lambda client, cursor, feed: finance.payouts(client, cursor, first_span=feed.first_span),
        "account_health": lambda client, cursor, feed: health.account_health(client),
        "quiet_parcels": lambda client, cursor, feed: orders.quiet_parcels(client),
    }
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        CancelOrder: Write(Effect.NATURAL),
        AnswerCancellation: Write(Effect.NATURAL),
        DecideReturn: Write(Effect.NATURAL),
        ArrangeShipment: Write(Effect.NATURAL),
        SendMessage: Write(Effect.READBACK, undo="recall it in the Seller Center within 2 minutes"),
        ReplyReview: Write(Effect.NATURAL),
        SetStock: Write(Effect.NATURAL, undo="set the former quantity"),
        SetPrice: Write(Effect.NATURAL, undo="set the former price"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        CancelOrder: (acts.orders.cancel, acts.orders.see_cancel),
        AnswerCancellation: (acts.orders.answer_cancellation, acts.orders.see_answer),
        DecideReturn: (acts.returns.decide, acts.returns.see_decision),
        ArrangeShipment: (acts.shipping.arrange, acts.shipping.see_shipment),
        SendMessage: (acts.words.send, acts.words.see_message),
        ReplyReview: (acts.words.reply_review, acts.words.see_reply),
        SetStock: (acts.goods.set_stock, acts.goods.see_stock),
        SetPrice: (acts.goods.set_price, acts.goods.see_price),
    }

    @property
    def client(self) -> Client:
        return Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        return self.pulls[feed](self.client, cursor, known)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[str], Record | None]] = {
            Order: lambda ref: _first(Order, orders.one_order(self.client, ref)),
            Return: lambda ref: _first(Return, returns.one_return(self.client, ref)),
            RefusalReasons: lambda ref: RefusalReasons(
                external_id=ref, reasons=acts.returns.refusal_reasons(self.client, ref)
            ),
            Shipment: self._shipment,
            Listing: lambda ref: self._variant(Listing, ref),
            StockLevel: lambda ref: self._variant(StockLevel, ref),
            Review: lambda ref: _first(Review, read_rows(
                "review", words.review_rows(self.client, [ref]), words.review, "id")),
        }  # fmt: skip
        if record not in ways:
            raise CannotDo(f"Lazada has no read of one {record.__name__}")
        return cast("R | None", ways[record](external_id))

    def _shipment(self, parcel_ref: str) -> Record | None:
        order_id = parcel_ref.partition("/")[0]
        for row in orders.one_order(self.client, order_id):
            if isinstance(row, Shipment) and row.external_id == parcel_ref:
                return parse.tracked(row, orders.scans(self.client, order_id))
        return None

    def _variant(self, record: type[Record], listing_ref: str) -> Record | None:
        try:
            found = goods.sku_of(self.client, listing_ref)
        except Refused:
            return None
        if found is None:
            return None
        rows = goods.variant(*found, home=self.client.home, now=self.clock())
        return next((row for row in rows if isinstance(row, record)), None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Lazada has no call for {type(operation).__name__}; do it by hand in the Seller Center")
        perform, see = self.ways[type(operation)]
        try:
            return perform(self.client, operation, permit)
        except CannotDo:
            raise
        except Refused:  # what stands already as it was asked for is done
            already = see(self.client, operation, None) if _may_stand_already(operation) else None
            if already is not None and already.sight is Sight.SEEN:
                return Receipt(already.reference, already.detail.encode(), is_replay=True)
            raise

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation, since), read_at=self.clock())

    def check(self) -> str:
        told = part(self.client.get("/seller/get", {}), "data", dict)
        return f"seller {told.get('name') or self.account.external_id}, {str(told.get('status') or 'ACTIVE').lower()}"

    def refresh(self) -> Renewed:
        """A new pair (an online app's: access 30 d); the end of the refresh token, 180 d, does not move."""
        return renew(self.account, self.transport, self.clock)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        return venture_of(account.country).seller_center + PAGES.get(type(operation), ORDERS_PAGE)

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """`secrets` are "app key:app secret", since the key is part of what is signed."""
        given = headers.get("authorization", "").encode()
        pairs = [secret.partition(":")[::2] for secret in secrets]
        return any(hmac.compare_digest(push_signature(*pair, body).encode(), given) for pair in pairs)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """A push carries no id of its own; a repeated one has another `timestamp` at most."""
        try:
            told = orjson.loads(body)
            told.pop("timestamp", None)
            body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        except (orjson.JSONDecodeError, AttributeError):
            pass
        return hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        try:
            kind = orjson.loads(body).get("message_type")
        except (orjson.JSONDecodeError, AttributeError):
            return ()
        return PUSHES.get(kind, ()) if isinstance(kind, int) else ()


def _first(record: type[Record], rows: list[Any]) -> Record | None:
    return next((row for row in rows if isinstance(row, record)), None)


def _may_stand_already(operation: Operation) -> bool:
    """Whether "it stands so" proves that this was done: not for a message, nor for some units among others alike."""
    return not isinstance(operation, SendMessage) and not (isinstance(operation, CancelOrder) and operation.lines)
