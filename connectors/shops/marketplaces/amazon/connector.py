"""Amazon Selling Partner API: one seller in one marketplace."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, cast

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Clock,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Handover,
    Permit,
    R,
    Refused,
    Renewed,
    Retry,
    Transport,
    Write,
)
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.operations import (
    AnswerCancellation,
    Appeal,
    ArrangeShipment,
    CancelOrder,
    DecideReturn,
    FileClaim,
    FixListing,
    Operation,
    RefundPayment,
    SendMessage,
    SendTemplate,
    SetPrice,
    SetStock,
)
from connectors.shops.marketplaces.amazon import (
    answers,
    goods,
    install,
    messages,
    notifications,
    orders,
    parse,
    reads,
    reports,
)
from connectors.shops.marketplaces.amazon.client import Client, renewed
from connectors.shops.marketplaces.amazon.places import PLACES
from connectors.shops.reading import UNREADABLE, reason_of
from connectors.types import (
    Account,
    DeliveryAddress,
    Listing,
    MessageForms,
    Order,
    Page,
    Receipt,
    Record,
    Shipment,
    Sight,
    Sighting,
    StockLevel,
)

Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any, str, datetime], Sighting]
# Where a person does what no call does; what is not named here begins at the order's own page.
PAGES: dict[type[Operation], str] = {
    SendMessage: "/messaging/inbox",
    DecideReturn: "/gp/returns/list",
    FileClaim: "/safet-claims",
    Appeal: "/performance/dashboard",
    FixListing: "/inventory",
    SetStock: "/inventory",
    SetPrice: "/inventory",
}


def unreadable(error: Exception) -> Retry:
    """A single record of an unexpected shape: nothing can be said of it until the connector knows the new one."""
    return Retry(f"Amazon's answer cannot be read, its shape may have changed: {reason_of(error)}", code="drift")


class Amazon(Connector):
    kind = "amazon"
    label = "Amazon"
    credentials = ("client_id", "client_secret", "refresh_token", "selling_partner_id")
    handover = Handover.MARKS
    allowance = Budget(available=60, capacity=60, per_second=20)  # over all operations; each has its own lane besides
    # Amazon's default usage plans: (burst, burst, calls a second). A reply's header tells this account's own rate.
    lanes: ClassVar[Mapping[str, Budget]] = {
        "searchOrders": Budget(20, 20, 0.0056),
        "getOrder": Budget(30, 30, 0.5),
        "confirmShipment": Budget(10, 10, 2),
        "listTransactions": Budget(10, 10, 0.5),
        "listPayouts": Budget(10, 10, 0.5),
        "listExpectedPayouts": Budget(10, 10, 0.5),
        "createReport": Budget(15, 15, 0.0167),
        "getReport": Budget(15, 15, 2),
        "getReportDocument": Budget(15, 15, 0.0167),
        "createFeedDocument": Budget(15, 15, 0.5),
        "createFeed": Budget(15, 15, 0.0083),
        "getFeeds": Budget(10, 10, 0.0222),
        "getFeedDocument": Budget(10, 10, 0.0222),
        "searchListingsItems": Budget(5, 5, 5),
        "getListingsItem": Budget(10, 10, 5),
        "patchListingsItem": Budget(5, 5, 5),
        "previewListingsItem": Budget(5, 5, 5),
        "getInventorySummaries": Budget(2, 2, 2),
        "getMarketplaceParticipations": Budget(15, 15, 0.016),
        "getMessagingActionsForOrder": Budget(5, 5, 1),
        "getSolicitationActionsForOrder": Budget(5, 5, 1),
        **{operation: Budget(5, 5, 1) for operation in messages.OPERATIONS.values()},
    }
    feeds = (
        Feed("orders", timedelta(minutes=3)),
        Feed("returns", timedelta(minutes=10)),
        Feed("listings", timedelta(minutes=30)),
        Feed("fba_stock", timedelta(minutes=30)),
        Feed("account_health", timedelta(minutes=30)),
        Feed("settlement", timedelta(minutes=30), overlap=timedelta(hours=48), window=reads.WIDEST),
        Feed("payouts", timedelta(hours=6), overlap=timedelta(days=14), first_span=timedelta(days=90)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        ArrangeShipment: Write(Effect.NATURAL),
        CancelOrder: Write(Effect.READBACK),
        AnswerCancellation: Write(Effect.READBACK),
        RefundPayment: Write(Effect.READBACK),
        SetStock: Write(Effect.NATURAL, undo="set the former quantity"),
        SetPrice: Write(Effect.NATURAL, undo="set the former price"),
        FixListing: Write(Effect.NATURAL, undo="set the former text"),
        SendTemplate: Write(Effect.NONE),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        ArrangeShipment: (orders.ship, orders.see_ship),
        CancelOrder: (orders.cancel, orders.see_cancel),
        AnswerCancellation: (orders.answer_cancellation, orders.see_answer),
        RefundPayment: (orders.refund, orders.see_refund),
        SetStock: (goods.change, goods.see),
        SetPrice: (goods.change, goods.see),
        FixListing: (goods.change, goods.see),
        SendTemplate: (messages.send, messages.see),
    }
    keys: ClassVar[tuple[Key, ...]] = install.KEYS  # of an app that the seller has authorised for himself
    options: ClassVar[tuple[Ask, ...]] = install.ASKS
    app_credentials = ("application_id", "client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = install.ASKS
    read_scopes: ClassVar[tuple[str, ...]] = ()  # Amazon grants by the roles of the app
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @cached_property
    def client(self) -> Client:
        """One for this opening: it keeps a token that was renewed on the way."""
        return Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        if feed in reports.KINDS:
            return reports.pull(self.client, reports.KINDS[feed], cursor)
        if feed == "listings":
            return reads.listings(self.client, cursor)
        if feed == "fba_stock":
            return reads.fba_stock(self.client)
        ways = {"orders": reads.orders, "settlement": reads.transactions, "payouts": reads.payouts}
        return ways[feed](self.client, cursor, first_span=known.first_span, overlap=known.overlap)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[str], Record | None]] = {
            Order: self._order,
            DeliveryAddress: lambda ref: parse.delivery_address(reads.order_row(self.client, ref)),
            Shipment: self._shipment,
            Listing: self._listing,
            StockLevel: self._stock,
            MessageForms: lambda ref: messages.forms(self.client, ref),
        }
        if record not in ways:
            raise CannotDo(f"Amazon has no read of one {record.__name__}")
        try:
            return cast("R | None", ways[record](external_id))
        except Refused as error:
            if error.code in (answers.GONE, "InvalidInput"):
                return None
            raise
        except UNREADABLE as error:
            raise unreadable(error) from error

    def _order(self, order_ref: str) -> Record | None:
        """With what the finances show as given back; an order that has not shipped was never charged."""
        item = reads.order_row(self.client, order_ref)
        given = orders.refunded(self.client, order_ref)
        found = parse.order(item, self.client.currency, given)
        return next((row for row in found if isinstance(row, Order)), None)

    def _shipment(self, parcel_ref: str) -> Record | None:
        item = reads.order_row(self.client, parcel_ref.partition("/")[0])
        found = parse.order(item, self.client.currency)
        return next((row for row in found if isinstance(row, Shipment) and row.external_id == parcel_ref), None)

    def _listing(self, sku: str) -> Record | None:
        item = reads.listing_row(self.client, sku)
        found = parse.listing(item, self.client.marketplace, self.client.currency)
        return next((row for row in found if isinstance(row, Listing)), None)

    def _stock(self, stock_ref: str) -> Record | None:
        sku, _, channel = stock_ref.rpartition("@")
        if channel != parse.AMAZON:
            item = reads.listing_row(self.client, sku)
            found = parse.listing(item, self.client.marketplace, self.client.currency)
            return next((row for row in found if isinstance(row, StockLevel) and row.external_id == stock_ref), None)
        rows = (row for page in reads.fba_stock(self.client, (sku,)) for row in page.records)
        return next((row for row in rows if isinstance(row, StockLevel) and row.external_id == stock_ref), None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Amazon has no call for {type(operation).__name__}; do it by hand in Seller Central")
        perform, see = self.ways[type(operation)]
        try:
            return perform(self.client, operation, permit)
        except CannotDo:
            raise
        except Refused:  # what stands already as it was asked for is done; a refund may be another's, so it is not
            if isinstance(operation, RefundPayment | SendTemplate):
                raise
            already = see(self.client, operation, permit.key, self.clock())
            if already.sight is Sight.SEEN:
                return Receipt(already.reference, already.detail.encode(), is_replay=True)
            raise

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        try:
            return replace(self.ways[type(operation)][1](self.client, operation, key, since), read_at=self.clock())
        except UNREADABLE as error:
            raise unreadable(error) from error

    def check(self) -> str:
        return self.identify().name

    def identify(self) -> Identity:
        """The seller in this marketplace. Raises Refused where he sells there no more."""
        found = install.taking_part(self.client.get(install.PARTICIPATIONS, "getMarketplaceParticipations"))
        for row in found:
            if row["marketplace"]["id"] == self.client.marketplace:
                return install.identity(row, self.client.seller)
        raise Refused(f"the seller takes no part in {self.client.place.country} any more; connect the shop again")

    def refresh(self) -> Renewed:
        """A new access token (an hour). The refresh token stays as it is until the seller's consent ends."""
        return renewed(self.account, self.transport, self.clock).renewed(self.account.credentials)

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        return install.consent(app, asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        return install.grant(app, asking, callback, transport, clock)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        return answers.budget(answer)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        home = PLACES.get(account.country, PLACES["US"]).home
        if type(operation) in PAGES:
            return home + PAGES[type(operation)]
        order_ref = getattr(operation, "order_ref", "")
        if not order_ref:
            return home
        page = f"{home}/orders-v3/order/{order_ref}"
        return f"{page}/confirm-shipment" if isinstance(operation, ArrangeShipment) else page

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        return notifications.verify(body, headers, secrets)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        return notifications.event_id(body)

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        return notifications.touched(body)
