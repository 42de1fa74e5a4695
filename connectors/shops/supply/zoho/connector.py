"""Zoho Inventory: one organisation."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Clock,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Permit,
    R,
    Reconnect,
    Refused,
    Renewed,
    Transport,
    Unknown,
    Write,
)
from connectors.consent import App, Ask, Asking, Grant
from connectors.operations import (
    CancelPurchaseOrder,
    CreatePurchaseOrder,
    CreditNote,
    IssuePurchaseOrder,
    MailPurchaseOrder,
    Operation,
    SetStock,
)
from connectors.shops.reading import UNREADABLE, reason_of
from connectors.shops.supply.zoho import acts, answers, centres, install, reads
from connectors.shops.supply.zoho.client import Client
from connectors.types import (
    Account,
    BooksContact,
    Page,
    Product,
    PurchaseOrder,
    Receipt,
    Record,
    Sight,
    Sighting,
    StockLevel,
    Supplier,
    SupplierOrder,
)

Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any, str], Sighting]
ORDERS, BOOKS_ORDERS = "ZohoInventory.purchaseorders", "ZohoBooks.purchaseorders"
TOLERANCE = timedelta(minutes=5)


class Zoho(Connector):
    """Three feeds and one write at a time stay under the five calls in flight that the smallest plan allows."""

    kind = "zoho"
    label = "Zoho Inventory"
    credentials = ("client_id", "client_secret", "access_token", "refresh_token")
    allowance = Budget(available=60, capacity=60, per_second=0.6)  # with the burst at most 96 in any one minute
    feeds = (
        Feed("purchase_orders", timedelta(minutes=30), first_span=timedelta(days=120)),
        Feed("items", timedelta(hours=1)),
        Feed("vendors", timedelta(hours=12)),
    )
    # SetStock is missing on purpose: Zoho only takes differences. One sent twice counts twice, and a sale between our
    # reading and our writing makes it wrong.
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        CreatePurchaseOrder: Write(Effect.READBACK, undo="cancel the order in Zoho while nothing of it has come"),
        IssuePurchaseOrder: Write(Effect.NATURAL, undo="cancel the order in Zoho, with the supplier's consent"),
        MailPurchaseOrder: Write(Effect.READBACK),
        CancelPurchaseOrder: Write(Effect.NATURAL),
        CreditNote: Write(Effect.READBACK, undo="void the note in Zoho while no part of it is used"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        CreatePurchaseOrder: (acts.create, acts.see_create),
        IssuePurchaseOrder: (acts.issue, acts.see_issue),
        MailPurchaseOrder: (acts.mail, acts.see_mail),
        CancelPurchaseOrder: (acts.cancel, acts.see_cancel),
        CreditNote: (acts.credit, acts.see_credit),
    }
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = (Ask("location", "Zoho data centre", "us", tuple(centres.CENTRES)),)
    read_scopes: ClassVar[tuple[str, ...]] = (
        f"{ORDERS}.READ", "ZohoInventory.items.READ", "ZohoInventory.contacts.READ", "ZohoInventory.settings.READ",
    )  # fmt: skip
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "CreatePurchaseOrder": (f"{ORDERS}.CREATE",),
        "IssuePurchaseOrder": (f"{ORDERS}.CREATE",),
        "MailPurchaseOrder": (f"{BOOKS_ORDERS}.CREATE",),
        "CancelPurchaseOrder": (f"{ORDERS}.CREATE",),
        "CreditNote": ("ZohoInventory.creditnotes.CREATE", "ZohoInventory.creditnotes.READ"),
    }

    @property
    def client(self) -> Client:
        return Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        if feed == "purchase_orders":
            known = self.feeds[0]
            return reads.purchase_orders(self.client, cursor, first_span=known.first_span, overlap=known.overlap)
        return {"items": reads.items, "vendors": reads.vendors}[feed](self.client, cursor)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[Client, str], Any]] = {
            PurchaseOrder: reads.one_line,
            SupplierOrder: reads.one_numbered,
            Supplier: reads.one_supplier,
            BooksContact: reads.one_customer,
            Product: reads.one_of_item,
            StockLevel: reads.one_of_item,
        }
        if record not in ways:
            raise CannotDo(f"Zoho has no read of one {record.__name__}")
        try:
            found = ways[record](self.client, external_id)
        except Refused as error:
            if reads.gone(error):
                return None
            raise
        rows = found if isinstance(found, list) else [found]
        match = (row for row in rows if isinstance(row, record) and row.external_id == external_id)
        return next(match, None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Zoho has no safe call for {type(operation).__name__}; do it by hand in Zoho Inventory")
        try:
            return self.ways[type(operation)][0](self.client, operation, permit)
        except UNREADABLE as error:
            raise Unknown(f"Zoho's answer has changed its shape ({reason_of(error)}); look what took effect") from error

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        try:
            sighting = self.ways[type(operation)][1](self.client, operation, key)
        except UNREADABLE as error:
            sighting = Sighting(Sight.UNCLEAR, detail=f"Zoho's answer has changed its shape: {reason_of(error)}")
        return replace(sighting, read_at=self.clock())

    def check(self) -> str:
        mine = self.account
        for row in install.organisations(self.transport, mine.base_url, mine.credentials["access_token"]):
            if str(row.get("organization_id")) == mine.external_id:
                return f"organisation {row.get('name')}"
        raise Reconnect(f"the Zoho user no longer belongs to organisation {mine.external_id}; connect it again")

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        return install.consent(app, asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        return install.grant(app, asking, callback, transport, clock)

    def refresh(self) -> Renewed:
        return install.refresh(self.account, self.transport, self.clock)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, SetStock):
            return centres.page_of(account, "inventoryadjustments/new")
        return centres.page_of(account, "creditnotes" if isinstance(operation, CreditNote) else "purchaseorders")

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """A workflow's webhook, as its owner set it up: signed `t=<ms>,v=<hex>` over "t.body" (as Zoho documents it for
        Payments), or, unsigned, with the secret in its address. Either way it only makes a feed due.
        """
        given = dict(part.strip().partition("=")[::2] for part in headers.get(SIGNATURE, "").split(","))
        if headers.get(SIGNATURE):
            stamp = given.get("t", "")
            if not stamp.isdigit() or abs(now.timestamp() - int(stamp) / 1000) > TOLERANCE.total_seconds():
                return False
            signed = stamp.encode() + b"." + body
            made = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets)
            return any(hmac.compare_digest(ours.encode(), given.get("v", "").encode()) for ours in made)
        shown = parse_qs(urlsplit(url).query).get("secret", [""])[0]
        return any(hmac.compare_digest(key.encode(), shown.encode()) for key in secrets if key)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """No id is documented. A signed one is known again by its time and bytes; an unsigned one may have the same
        words each time, and a doubled hint costs nothing."""
        signature = headers.get(SIGNATURE)
        return hashlib.sha256(signature.encode() + body).hexdigest() if signature else uuid4().hex

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """The body is whatever template its owner wrote: the feed is guessed by the words of the module in it."""
        names = {b"purchaseorder": "purchase_orders", b"item": "items", b"contact": "vendors"}
        found = next((feed for word, feed in names.items() if word in body.lower()), None)
        return (found,) if found else ("purchase_orders", "items")


SIGNATURE = "x-zoho-webhook-signature"
