"""Shopee Open Platform v2: one shop."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
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
    Reconnect,
    Refused,
    Renewed,
    Write,
)
from connectors.operations import (
    AnswerCancellation,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    EndPromotion,
    FixListing,
    Operation,
    ReplyReview,
    SendMessage,
    SetHoliday,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.shopee import acts, answers, parse, reads
from connectors.shops.marketplaces.shopee.client import Client
from connectors.shops.marketplaces.shopee.install import Install, permission_end, shop_info
from connectors.shops.marketplaces.shopee.signing import push_signature
from connectors.types import (
    Account,
    Listing,
    Order,
    Page,
    Product,
    Receipt,
    Record,
    RefusalReasons,
    Return,
    Shipment,
    Sight,
    Sighting,
    StockLevel,
)

SELLER_CENTRES = {
    "SG": "https://seller.shopee.sg", "MY": "https://seller.shopee.com.my", "TH": "https://seller.shopee.co.th",
    "ID": "https://seller.shopee.co.id", "PH": "https://seller.shopee.ph", "VN": "https://banhang.shopee.vn",
    "TW": "https://seller.shopee.tw", "BR": "https://seller.shopee.com.br",
}  # fmt: skip
# Push codes (3 order status, 4 tracking number, 8 reserved stock …) and the feeds that they touch.
PUSHES = {3: ("orders",), 4: ("orders",), 6: ("goods",), 8: ("goods",), 15: ("orders",), 29: ("returns",)}

Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any], Sighting]


class Shopee(Install, Connector):
    kind = "shopee"
    label = "Shopee"
    credentials = ("partner_id", "partner_key", "shop_id", "access_token", "refresh_token")
    allowance = Budget(available=40, capacity=40, per_second=40)  # the real limits are not published
    feeds = (
        Feed("orders", timedelta(minutes=1), window=timedelta(days=15)),
        Feed("returns", timedelta(minutes=5), window=timedelta(days=15)),
        Feed("goods", timedelta(minutes=10)),
        Feed("account_health", timedelta(hours=1)),
        Feed("quiet_parcels", timedelta(hours=6)),
        Feed("reviews", timedelta(hours=6)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        CancelOrder: Write(Effect.NATURAL),
        AnswerCancellation: Write(Effect.NATURAL),
        DecideReturn: Write(Effect.NATURAL),
        ArrangeShipment: Write(Effect.NATURAL),
        SetStock: Write(Effect.NATURAL, undo="set the former count; orders taken meanwhile stand"),
        SetPrice: Write(Effect.NATURAL, undo="set the former price; orders that stand keep theirs"),
        FixListing: Write(Effect.NATURAL, undo="write the former words back"),
        ReplyReview: Write(Effect.NATURAL),
        EndPromotion: Write(Effect.NATURAL),
        SetHoliday: Write(Effect.NATURAL, undo="switch the holiday back"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        CancelOrder: (acts.orders.cancel, acts.orders.see_cancel),
        AnswerCancellation: (acts.orders.answer_cancellation, acts.orders.see_answer),
        DecideReturn: (acts.orders.decide, acts.orders.see_decision),
        ArrangeShipment: (acts.orders.arrange, acts.orders.see_shipment),
        SetStock: (acts.goods.set_stock, acts.goods.see_stock),
        SetPrice: (acts.goods.set_price, acts.goods.see_price),
        FixListing: (acts.goods.fix_listing, acts.goods.see_listing),
        ReplyReview: (acts.words.reply_review, acts.words.see_reply),
        EndPromotion: (acts.goods.end_promotion, acts.goods.see_end),
        SetHoliday: (acts.goods.set_holiday, acts.goods.see_holiday),
    }

    @property
    def client(self) -> Client:
        return Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        if feed == "orders":
            return reads.orders(self.client, cursor, first_span=known.first_span, overlap=known.overlap)
        if feed == "returns":
            return reads.returns(self.client, cursor, first_span=known.first_span, overlap=known.overlap)
        if feed == "goods":
            return reads.goods(self.client, cursor)
        if feed == "reviews":
            return reads.reviews(self.client)
        return reads.account_health(self.client) if feed == "account_health" else reads.quiet_parcels(self.client)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[str], Record | None]] = {
            Order: self._order,
            Return: self._return,
            RefusalReasons: lambda ref: RefusalReasons(
                external_id=ref, reasons=acts.orders.refusal_reasons(self.client, ref)
            ),
            Shipment: self._shipment,
            StockLevel: self._stock,
            Listing: partial(self._goods, Listing),
            Product: partial(self._goods, Product),
        }
        if record not in ways:
            raise CannotDo(f"Shopee has no read of one {record.__name__}")
        try:
            return cast("R | None", ways[record](external_id))
        except Refused as error:
            if error.code.endswith(("not_found", "error_data")):
                return None
            raise

    def _order(self, order_sn: str) -> Record | None:
        return next((row for item in reads.order_rows(self.client, [order_sn]) for row in parse.order(item)
                     if isinstance(row, Order)), None)  # fmt: skip

    def _return(self, return_sn: str) -> Record | None:
        item = reads.return_detail(self.client, return_sn)
        return next((row for row in parse.aftersale(item) if isinstance(row, Return)), None)

    def _shipment(self, parcel_ref: str) -> Record | None:
        order_sn = parcel_ref.partition("/")[0]
        for item in reads.order_rows(self.client, [order_sn]):
            for row in parse.order(item):
                if isinstance(row, Shipment) and row.external_id == parcel_ref:
                    return parse.tracked(row, reads.tracking(self.client, parcel_ref))
        return None

    def _stock(self, goods_ref: str) -> Record | None:
        item_id, _, model_id = goods_ref.partition(":")
        return reads.stock_of(self.client, item_id, model_id)

    def _refusal_reasons(self, return_sn: str) -> Record | None:
        return RefusalReasons(external_id=return_sn, reasons=acts.orders.refusal_reasons(self.client, return_sn))

    def _goods(self, record: type[Record], goods_ref: str) -> Record | None:
        item_id, _, model_id = goods_ref.partition(":")
        found = reads.variant_of(self.client, item_id, model_id)
        return next((row for row in parse.variant(*found) if isinstance(row, record)), None) if found else None

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Shopee has no call for {type(operation).__name__}; do it by hand in the Seller Centre")
        perform, see = self.ways[type(operation)]
        try:
            return perform(self.client, operation, permit)
        except CannotDo:
            raise
        except Refused:  # what stands already as it was asked for is done
            already = see(self.client, operation)
            if already.sight is Sight.SEEN:
                return Receipt(already.reference, already.detail.encode(), is_replay=True)
            raise

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation), read_at=self.clock())

    def check(self) -> str:
        told = shop_info(self.client)
        ends = permission_end(told)
        until = f", let in until {ends:%Y-%m-%d}" if ends else ""
        return f"shop {told.get('shop_name') or self.account.external_id}{until}"

    def refresh(self) -> Renewed:
        """A new pair (access 4 h, refresh 30 d); the old refresh token is spent by this call."""
        path, mine = "/api/v2/auth/access_token/get", self.account.credentials
        body = {
            "refresh_token": mine["refresh_token"],
            "partner_id": int(mine["partner_id"]),
            "shop_id": int(mine["shop_id"]),
        }
        answer = self.transport.housekeeping(
            "POST", self.client.url(path, is_public=True), purpose="token.refresh",
            headers={"Content-Type": "application/json"}, body=orjson.dumps(body),
        )  # fmt: skip
        told = cast("dict[str, Any]", answer.json())
        if not told.get("access_token") or not told.get("refresh_token"):
            raise Reconnect("Shopee gave no new tokens; connect the shop again", code=str(told.get("error") or ""))
        fresh = {"access_token": str(told["access_token"]), "refresh_token": str(told["refresh_token"])}
        return Renewed({**mine, **fresh}, self.clock() + timedelta(seconds=int(told["expire_in"])))

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        home = SELLER_CENTRES.get(account.country, SELLER_CENTRES["SG"])
        if isinstance(operation, SendMessage):
            return f"{home}/new-webchat/conversations"
        pages: dict[type[Operation], str] = {
            DecideReturn: "/portal/sale/return", SetStock: "/portal/product/list/all",
            SetPrice: "/portal/product/list/all", FixListing: "/portal/product/list/all",
            EndPromotion: "/portal/marketing", ReplyReview: "/portal/settings/shop/rating",
            SetHoliday: "/portal/settings/basic/shop",
        }  # fmt: skip
        if type(operation) in pages:
            return f"{home}{pages[type(operation)]}"
        return f"{home}/portal/sale/order"

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        given = headers.get("authorization", "").encode()
        return any(hmac.compare_digest(push_signature(key, url, body).encode(), given) for key in secrets)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """A push carries no id of its own; a repeated one has the same bytes."""
        return hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        try:
            code = orjson.loads(body).get("code")
        except (orjson.JSONDecodeError, AttributeError):
            return ()
        return PUSHES.get(code, ()) if isinstance(code, int) else ()
