"""Shopify Admin GraphQL: one store."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, cast
from urllib.parse import quote

import orjson

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Handover,
    Permit,
    R,
    Reconnect,
    Refused,
    Renewed,
    Write,
)
from connectors.operations import (
    ArrangeShipment,
    AskPayment,
    CancelOrder,
    ChangeAddress,
    ChangeItems,
    DecideReturn,
    EndPromotion,
    Exchange,
    FixListing,
    HoldOrder,
    Operation,
    RefundPayment,
    ReplyReview,
    Reship,
    SetPrice,
    SetStock,
    StoreCredit,
)
from connectors.shops.marketplaces.shopify import acts, client, mutations, parse, queries, reads
from connectors.shops.marketplaces.shopify.install import Install, after
from connectors.shops.reading import Row
from connectors.types import (
    Account,
    DeliveryAddress,
    Dispute,
    Listing,
    Order,
    Page,
    Payment,
    Product,
    Receipt,
    Record,
    RefusalReason,
    RefusalReasons,
    Return,
    Shipment,
    Sight,
    Sighting,
    StockLevel,
)

REFUSAL_REASONS = tuple(RefusalReason(code, words) for code, words in acts.orders.DECLINE_REASONS.items())
Perform = Callable[[client.Client, Any, Permit, str], Receipt]
See = Callable[[client.Client, Any, str, datetime | None], Sighting]
TOPICS = {
    "orders": "orders", "refunds": "orders", "fulfillments": "orders", "order_transactions": "orders",
    "returns": "returns", "inventory_levels": "goods", "products": "goods", "disputes": "disputes",
    "checkouts": "checkouts",
}  # fmt: skip
# Sent to every app in the store: a customer asks for their data, one is to be erased, or the store has gone.
PRIVACY = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


class Shopify(Install, Connector):
    kind = "shopify"
    label = "Shopify"
    credentials = ("access_token",)
    handover = Handover.MARKS
    allowance = Budget(available=1000, capacity=2000, per_second=100)  # points; every reply tells the true ones
    feeds = (
        # Shopify lets an app read 60 days of orders, and disputes come on the older ones too.
        Feed("orders", timedelta(minutes=1), first_span=timedelta(days=60)),
        Feed("returns", timedelta(minutes=5)),
        Feed("goods", timedelta(minutes=10)),
        Feed("disputes", timedelta(minutes=30)),
        Feed("checkouts", timedelta(minutes=15)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        RefundPayment: Write(Effect.KEY, key_lifetime=acts.orders.KEY_LIFETIME),
        CancelOrder: Write(Effect.NATURAL),
        DecideReturn: Write(Effect.NATURAL, undo="cancel the return while it is open; a refusal stays"),
        ArrangeShipment: Write(Effect.NATURAL, undo="cancel the fulfilment until the courier has the parcel"),
        SetStock: Write(Effect.NATURAL, undo="set the former count; orders taken meanwhile stand"),
        SetPrice: Write(Effect.NATURAL, undo="set the former price; orders that stand keep theirs"),
        FixListing: Write(Effect.NATURAL, undo="write the former words back"),
        EndPromotion: Write(Effect.NATURAL, undo="activate the discount again in the admin"),
        HoldOrder: Write(Effect.NATURAL, undo="release the order, or hold it again"),
        ChangeAddress: Write(Effect.NATURAL, undo="set the former address until the order has left"),
        ChangeItems: Write(Effect.NATURAL, undo="edit the order back until it has left"),
        AskPayment: Write(Effect.NONE),
        StoreCredit: Write(Effect.READBACK, undo="debit the account in the admin while the credit is unspent"),
        Reship: Write(Effect.READBACK, undo="cancel the new order until it has left"),
        Exchange: Write(Effect.READBACK, undo="cancel the return in the admin while it is open"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        RefundPayment: (acts.orders.refund, acts.orders.see_refund),
        CancelOrder: (acts.orders.cancel, acts.orders.see_cancel),
        DecideReturn: (acts.orders.decide, acts.orders.see_decision),
        ArrangeShipment: (acts.orders.arrange, acts.orders.see_shipment),
        SetStock: (acts.goods.set_stock, acts.goods.see_stock),
        SetPrice: (acts.goods.set_price, acts.goods.see_price),
        FixListing: (acts.goods.fix_listing, acts.goods.see_listing),
        EndPromotion: (acts.goods.end_promotion, acts.goods.see_end),
        HoldOrder: (acts.holds.hold, acts.holds.see_hold),
        ChangeAddress: (acts.edits.change_address, acts.edits.see_address),
        ChangeItems: (acts.edits.change_items, acts.edits.see_items),
        AskPayment: (acts.credit.ask_payment, acts.credit.see_payment_asked),
        StoreCredit: (acts.credit.give_credit, acts.credit.see_credit),
        Reship: (acts.replacements.reship, acts.replacements.see_reship),
        Exchange: (acts.replacements.exchange, acts.replacements.see_exchange),
    }

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        if feed == "goods":
            return reads.goods(self.client, cursor, self.account.currency)
        if feed == "disputes":
            return reads.disputes(self.client, self.clock())
        if feed == "checkouts":
            return reads.checkouts(
                self.client, cursor, self.clock(), first_span=known.first_span, overlap=known.overlap
            )
        changed = partial(
            reads.changed_orders, self.client, cursor=cursor, now=self.clock(),
            first_span=known.first_span, overlap=known.overlap,
        )  # fmt: skip
        if feed == "orders":
            return changed(queries.ORDERS, records_of=partial(reads.order_records, self.client))
        states = " OR ".join(f"return_status:{state}" for state in reads.RETURN_STATES)
        return changed(queries.RETURNS, records_of=reads.return_records, search=f" AND ({states})")

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is RefusalReasons:
            return cast("R", RefusalReasons(external_id=external_id, reasons=REFUSAL_REASONS))
        ways: dict[type[Record], tuple[str, str, Callable[[Row], Record | None]]] = {
            Order: (queries.ORDER, "order", self._order),
            Return: (queries.RETURN, "return", lambda item: first_of(Return, parse.aftersale(item))),
            Dispute: (queries.DISPUTE, "dispute", lambda item: first_of(Dispute, parse.dispute(item))),
            StockLevel: (queries.LEVEL, "inventoryLevel", stock_level),
            DeliveryAddress: (mutations.GOES_TO, "order", parse.delivery_address),
            Listing: (queries.VARIANT, "productVariant", partial(self._goods, Listing)),
            Product: (queries.VARIANT, "productVariant", partial(self._goods, Product)),
            Shipment: (queries.SHIPMENT, "fulfillment", shipment),
            Payment: (queries.TRANSACTION, "node", payment),
        }
        if record not in ways:
            raise CannotDo(f"Shopify has no read of one {record.__name__}")
        document, root, read = ways[record]
        found = self.client.query(document, {"id": external_id}).get(root)
        return cast("R | None", read(found)) if found else None

    def _order(self, item: Row) -> Record | None:
        return first_of(Order, parse.order(reads.with_all_lines(self.client, item)))

    def _goods(self, record: type[Record], item: Row) -> Record | None:
        return first_of(record, parse.goods(item, self.account.currency))

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Shopify has no call for {type(operation).__name__}; do it by hand in the admin")
        perform, see = self.ways[type(operation)]
        try:
            return perform(self.client, operation, permit, permit.key)
        except CannotDo:
            raise
        except Refused:
            if self.writes[type(operation)].effect is Effect.NATURAL:
                already = see(self.client, operation, permit.key, None)
                if already.sight is Sight.SEEN:
                    return Receipt(already.reference, already.detail.encode(), is_replay=True)
            raise

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation, key, since), read_at=self.clock())

    def check(self) -> str:
        shop = self.client.query(queries.SHOP, {})["shop"]
        return f"{shop['name']} in {shop['currencyCode']}"

    def refresh(self) -> Renewed:
        """Expiring offline tokens live an hour; the refresh token changes with each use."""
        mine = self.account.credentials
        body = {
            "client_id": mine["client_id"],
            "client_secret": mine["client_secret"],
            "refresh_token": mine["refresh_token"],
            "grant_type": "refresh_token",
        }
        answer = self.transport.housekeeping(
            "POST", f"{self.account.base_url.rstrip('/')}/admin/oauth/access_token", purpose="token.refresh",
            headers={"Content-Type": "application/json"}, body=orjson.dumps(body),
        )  # fmt: skip
        told = cast("dict[str, Any]", answer.json())
        if not told.get("access_token"):
            raise Reconnect("Shopify gave no new token; connect the store again")
        fresh = {name: str(told[name]) for name in ("access_token", "refresh_token") if told.get(name)}
        now = self.clock()
        ends, longest = after(now, told.get("expires_in")), after(now, told.get("refresh_token_expires_in"))
        return Renewed({**mine, **fresh}, ends, longest)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        return client.budget(answer)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        """Reviews are an app's own in Shopify, so an answer to one starts on the page of the store's apps."""
        home = f"{account.base_url.rstrip('/')}/admin"
        if isinstance(operation, ReplyReview):
            return f"{home}/apps"
        if isinstance(operation, EndPromotion):
            return f"{home}/discounts/{number_of(operation.promotion_ref)}"
        if isinstance(operation, StoreCredit):
            return f"{home}/customers/{number_of(operation.customer_ref)}"
        if isinstance(operation, SetStock | SetPrice | FixListing):
            return f"{home}/products?query={quote(operation.sku)}"
        order = getattr(operation, "order_ref", "")
        return f"{home}/orders/{number_of(order)}" if order else f"{home}/orders"

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """Base64 HMAC-SHA256 of the raw body; after a change of the secret both are valid for an hour."""
        given = headers.get("x-shopify-hmac-sha256", "").encode()
        signs = (base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()) for key in secrets)
        return any(hmac.compare_digest(sign, given) for sign in signs)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """One delivery; its retries carry the same id."""
        return headers.get("x-shopify-webhook-id") or hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        topic = headers.get("x-shopify-topic", "")
        if topic in PRIVACY:
            return (f"privacy:{topic}",)
        feed = TOPICS.get(topic.partition("/")[0])
        return (feed,) if feed else ()


def number_of(gid: str) -> str:
    """The number by which the admin's addresses name an object."""
    return gid.rpartition("/")[2].partition("?")[0]


def first_of(wanted: type[Record], rows: Iterator[Any]) -> Record | None:
    return next((row for row in rows if isinstance(row, wanted)), None)


def stock_level(item: Row) -> Record:
    variants = item["item"]["variants"]["nodes"]
    ref = variants[0]["id"] if variants else ""
    return parse.level(item, item["item"].get("sku") or ref, ref)


def shipment(item: Row) -> Record | None:
    return first_of(Shipment, parse.shipment(item, item["order"]["id"]))


def payment(item: Row) -> Record | None:
    if item.get("kind") not in parse.PAYMENT_KIND:
        return None
    return parse.payment(item, item["order"]["id"], item["order"]["name"], {})
