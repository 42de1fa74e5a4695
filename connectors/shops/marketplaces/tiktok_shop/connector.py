"""TikTok Shop Partner API (202309 and later): one shop of one seller."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
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
    Write,
)
from connectors.money import parse_amount
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
from connectors.shops.marketplaces.tiktok_shop import answers
from connectors.shops.marketplaces.tiktok_shop.acts import cases, chat, goods, orders, refunds, shipment
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows
from connectors.shops.marketplaces.tiktok_shop.install import SHOPS, Install
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import RETURN_STATUS, spelled
from connectors.shops.marketplaces.tiktok_shop.reads import aftersale as return_reads
from connectors.shops.marketplaces.tiktok_shop.reads import chat as chat_reads
from connectors.shops.marketplaces.tiktok_shop.reads import finance, health
from connectors.shops.marketplaces.tiktok_shop.reads import goods as goods_reads
from connectors.shops.marketplaces.tiktok_shop.reads import orders as order_reads
from connectors.shops.marketplaces.tiktok_shop.signing import push_signature
from connectors.shops.reading import Row
from connectors.types import (
    Account,
    Order,
    Page,
    Receipt,
    Record,
    RefusalReasons,
    Return,
    ReturnStatus,
    Shipment,
    Sight,
    Sighting,
    StockLevel,
)

# Push types (1 order, 3 address, 4 package, 5/15/16/18/27 goods, 11 cancellation, 12 return, 13/14/33 chat; 6 says
# that the seller has taken the permission back, which the next read then finds).
PUSHES = {
    1: ("orders",), 3: ("orders",), 4: ("orders",), 5: ("goods",), 6: ("orders",), 11: ("cancellations", "orders"),
    12: ("returns", "orders"), 13: ("messages",), 14: ("messages",), 15: ("goods",), 16: ("goods",), 18: ("goods",),
    27: ("goods",), 33: ("messages",),
}  # fmt: skip
REFUNDED = frozenset({ReturnStatus.ACCEPTED, ReturnStatus.CLOSED})

Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any, datetime], Sighting]


class TikTokShop(Install, Connector):
    kind = "tiktok_shop"
    label = "TikTok Shop"
    credentials = ("app_key", "app_secret", "shop_cipher", "access_token", "refresh_token")
    allowance = Budget(available=50, capacity=50, per_second=50)  # what one call of one shop took in December 2025
    feeds = (
        Feed("orders", timedelta(minutes=1)),
        Feed("returns", timedelta(minutes=5)),
        Feed("cancellations", timedelta(minutes=5)),
        Feed("messages", timedelta(minutes=2)),
        Feed("goods", timedelta(minutes=10)),
        Feed("settlement", timedelta(hours=6)),
        Feed("account_health", timedelta(hours=6)),
        Feed("quiet_parcels", timedelta(hours=6)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        CancelOrder: Write(Effect.NATURAL),
        AnswerCancellation: Write(Effect.NATURAL),
        DecideReturn: Write(Effect.NATURAL),
        RefundPayment: Write(Effect.READBACK),
        ArrangeShipment: Write(Effect.NATURAL),
        SendMessage: Write(Effect.READBACK),
        SetStock: Write(Effect.NATURAL, undo="set it back at any time"),
        SetPrice: Write(Effect.NATURAL, undo="set it back at any time; orders that stand keep theirs"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        CancelOrder: (orders.cancel, orders.see_cancel),
        AnswerCancellation: (orders.answer, orders.see_answer),
        DecideReturn: (cases.decide, cases.see_decision),
        RefundPayment: (refunds.refund, refunds.see_refund),
        ArrangeShipment: (shipment.arrange, shipment.see_shipment),
        SendMessage: (chat.send, chat.see_message),
        SetStock: (goods.set_stock, goods.see_stock),
        SetPrice: (goods.set_price, goods.see_price),
    }

    @property
    def client(self) -> Client:
        return Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known, client = {row.name: row for row in self.feeds}[feed], self.client
        spans = {"first_span": known.first_span, "overlap": known.overlap}
        ways: dict[str, Callable[[], Iterator[Page]]] = {
            "orders": lambda: order_reads.ORDERS.pull(client, cursor, **spans),
            "cancellations": lambda: order_reads.CANCELS.pull(client, cursor, **spans),
            "returns": lambda: return_reads.RETURNS.pull(client, cursor, **spans),
            "messages": lambda: chat_reads.pull(client, cursor, **spans),
            "goods": lambda: goods_reads.pull(client, cursor),
            "settlement": lambda: finance.pull(client, cursor, first_span=known.first_span),
            "account_health": lambda: health.pull(client),
            "quiet_parcels": lambda: order_reads.quiet_parcels(client),
        }
        return ways[feed]()

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[str], Record | None]] = {
            Order: self._order,
            Return: self._return,
            RefusalReasons: self._reasons,
            Shipment: self._shipment,
            StockLevel: lambda ref: goods_reads.one_level(self.client, ref),
        }
        if record not in ways:
            raise CannotDo(f"TikTok Shop has no read of one {record.__name__}")
        try:
            return cast("R | None", ways[record](external_id))
        except Refused as error:
            if error.code in answers.NOT_FOUND:
                return None
            raise

    def _order(self, order_id: str) -> Record | None:
        """With what was given back so far, which no list of orders tells."""
        item = order_reads.one_order(self.client, order_id)
        order = next((row for row in order_reads.in_full(self.client, [item]) if isinstance(row, Order)), None)
        if order is None or order.paid_at is None:
            return order
        back = Decimal(0)
        for case in return_reads.of_order(self.client, order_id):
            if RETURN_STATUS.get(spelled(case["return_status"])) in REFUNDED:
                back += given_back(case)
        return replace(order, refunded=back)

    def _return(self, return_id: str) -> Record | None:
        item = return_reads.one_return(self.client, return_id)
        found = return_reads.with_history(self.client, [item])
        return next((row for row in found if isinstance(row, Return)), None)

    def _reasons(self, case_id: str) -> Record | None:
        return RefusalReasons(external_id=case_id, reasons=return_reads.refusal_reasons(self.client, case_id))

    def _shipment(self, parcel_ref: str) -> Record | None:
        item = order_reads.one_order(self.client, parcel_ref.partition("/")[0])
        parcels = [row for row in order_reads.in_full(self.client, [item]) if isinstance(row, Shipment)]
        found = order_reads.with_scans(self.client, [row for row in parcels if row.external_id == parcel_ref])
        return next((row for row in found if isinstance(row, Shipment)), None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"TikTok Shop has no call for {type(operation).__name__}; do it by hand in Seller Center")
        perform, see = self.ways[type(operation)]
        try:
            return perform(self.client, operation, permit)
        except CannotDo:
            raise
        except Refused as error:  # what stands already as it was asked for is done
            if self.writes[type(operation)].effect is not Effect.NATURAL or error.code in answers.NOT_FOUND:
                raise
            already = see(self.client, operation, self.clock())
            if already.sight is Sight.SEEN:
                return Receipt(already.reference, already.detail.encode(), is_replay=True)
            raise

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation, since), read_at=self.clock())

    def check(self) -> str:
        """The shops of the grant; ours must be among them."""
        shops = rows(self.client.get(SHOPS, has_shop=False), "shops")
        mine = self.account.credentials["shop_cipher"]
        name = next((str(row.get("name") or row.get("id")) for row in shops if row.get("cipher") == mine), "")
        if not name:
            raise Refused("the grant no longer holds this shop; connect it again", code="no_shop")
        return f"shop {name}"

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        home = seller_center(account.country)
        if isinstance(operation, SendMessage):
            return f"{home}/chat/inbox/current"
        if isinstance(operation, SetStock | SetPrice):
            return f"{home}/product/manage"
        if isinstance(operation, DecideReturn | RefundPayment):
            return f"{home}/order/return"
        order_ref = getattr(operation, "order_ref", "")
        return f"{home}/order/detail?order_no={order_ref}" if order_ref else f"{home}/order"

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """`secrets` are "app_key:app_secret"."""
        given = headers.get("authorization", "").encode()
        pairs = [secret.partition(":") for secret in secrets]
        made = [push_signature(key, secret, body) for key, _, secret in pairs if key and secret]
        return any(hmac.compare_digest(sign.encode(), given) for sign in made)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        event = read_push(body)
        return str(event.get("tts_notification_id") or hashlib.sha256(body).hexdigest())

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        kind = read_push(body).get("type")
        return PUSHES.get(kind, ()) if isinstance(kind, int) else ()


def given_back(case: Row) -> Decimal:
    """What an approved case gives the buyer: the part that we offered and the buyer took, or the whole."""
    offered = case.get("partial_refund") or {}
    if case.get("seller_proposed_return_type") == "PARTIAL_REFUND" and not case.get("buyer_rejected_partial_refund"):
        return parse_amount(offered["amount"])
    return parse_amount(case["refund_amount"]["refund_total"])


def seller_center(country: str) -> str:
    """Each country has its own; the United Kingdom's is called uk."""
    name = {"GB": "uk", "": "us"}.get(country, country.lower())
    return f"https://seller-{name}.tiktok.com"


def read_push(body: bytes) -> Row:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}
