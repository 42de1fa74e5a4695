"""Stripe: one account."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson

from connectors.base import Answer, Budget, CannotDo, Connector, ConnectorError, Effect, Feed, Permit, R, Refused, Write
from connectors.consent import Identity
from connectors.operations import AcceptDispute, MarkFraud, Operation, RefundPayment, SubmitEvidence
from connectors.shops.payments.stripe import acts, client, parse, reads
from connectors.shops.payments.stripe.install import Install, identity
from connectors.shops.reading import Row
from connectors.transport.oauth import token_error
from connectors.types import Account, BadRow, Dispute, Page, Payment, Payout, Receipt, Record, SettlementLine, Sighting

TOLERANCE_SECONDS = 300
Read = Callable[[Row], Iterator[Record | BadRow]]
Perform = Callable[[client.Client, Any, Permit], Receipt]
See = Callable[[client.Client, Any, str], Sighting]
TOUCHED = {
    "charge": ("charges", "changes"), "refund": ("refunds", "changes"), "payment_intent": ("charges",),
    "payout": ("payouts",), "radar": ("fraud_warnings",), "balance": ("settlement",),
}  # fmt: skip
# By the prefix of its id: where an object is read, and what reads it.
PLACES: dict[str, tuple[str, Read]] = {
    "ch": ("/v1/charges/", parse.charge),
    "py": ("/v1/charges/", parse.charge),
    "re": ("/v1/refunds/", parse.refund),
    "pyr": ("/v1/refunds/", parse.refund),
    "dp": ("/v1/disputes/", parse.dispute),
    "du": ("/v1/disputes/", parse.dispute),
    "issfr": ("/v1/radar/early_fraud_warnings/", parse.fraud_warning),
    "po": ("/v1/payouts/", parse.payout),
    "txn": ("/v1/balance_transactions/", parse.settlement),
}


class Stripe(Install, Connector):
    kind = "stripe"
    label = "Stripe"
    credentials = ("api_key",)
    allowance = Budget(available=20, capacity=20, per_second=20)  # an endpoint takes 25 a second
    feeds = (
        Feed("charges", timedelta(minutes=1)),
        Feed("refunds", timedelta(minutes=5)),
        Feed("changes", timedelta(minutes=2)),
        Feed("disputes", timedelta(minutes=10)),
        Feed("fraud_warnings", timedelta(minutes=10)),
        Feed("settlement", timedelta(hours=1)),
        Feed("payouts", timedelta(hours=3)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        RefundPayment: Write(Effect.KEY, key_lifetime=acts.KEY_LIFETIME),
        SubmitEvidence: Write(Effect.KEY, key_lifetime=acts.KEY_LIFETIME),
        AcceptDispute: Write(Effect.KEY, key_lifetime=acts.KEY_LIFETIME),
        MarkFraud: Write(Effect.KEY, key_lifetime=acts.KEY_LIFETIME, undo="report the charge as safe in the dashboard"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        RefundPayment: (acts.refund, acts.see_refund),
        SubmitEvidence: (acts.submit, acts.see_evidence),
        AcceptDispute: (acts.accept, acts.see_acceptance),
        MarkFraud: (acts.mark_fraud, acts.see_mark),
    }
    by_creation: ClassVar[Mapping[str, tuple[str, str, Read]]] = {
        "charges": ("/v1/charges", "payment", parse.charge),
        "refunds": ("/v1/refunds", "payment", parse.refund),
        "settlement": ("/v1/balance_transactions", "settlementline", parse.settlement),
    }

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        now = self.clock()
        if feed in self.by_creation:
            path, kind, read = self.by_creation[feed]
            return reads.created(
                self.client, path, kind, read, cursor, now, first_span=known.first_span, overlap=known.overlap
            )
        if feed == "disputes":
            return reads.disputes(self.client, now)
        if feed == "fraud_warnings":
            return reads.fraud_warnings(self.client, now)
        if feed == "changes":
            return reads.changes(self.client, cursor, now)
        return reads.payouts(self.client, cursor, now, first_span=known.first_span)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record not in (Payment, Dispute, Payout, SettlementLine):
            raise CannotDo(f"Stripe has no read of one {record.__name__}")
        prefix = external_id.partition("_")[0]
        if prefix not in PLACES:
            raise CannotDo(f"{external_id!r} is no id of a Stripe object that is kept here")
        path, read = PLACES[prefix]
        try:
            item = self.client.get(path + external_id)
        except Refused as error:
            if error.status == 404 or error.code == "resource_missing":
                return None
            raise
        whole = reads.with_charge(self.client, item) if prefix == "issfr" else item
        return next((row for row in read(whole) if isinstance(row, record)), None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Stripe has no call for {type(operation).__name__}; do it by hand in the dashboard")
        return self.ways[type(operation)][0](self.client, operation, permit)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation, key), read_at=self.clock())

    def check(self) -> str:
        rows = self.client.get("/v1/charges", {"limit": 1}).get("data") or []
        return f"the newest charge is {rows[0]['id']}" if rows else "connected; no charge yet"

    def identify(self) -> Identity:
        return identity(self.client)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return token_error(answer) or client.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, SubmitEvidence | AcceptDispute):
            return f"https://dashboard.stripe.com/disputes/{operation.dispute_ref}"
        return f"https://dashboard.stripe.com/payments/{getattr(operation, 'payment_ref', '')}"

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """Any v1 of any endpoint secret, not older than five minutes; other schemes are ignored."""
        parts = [part.partition("=") for part in headers.get("stripe-signature", "").split(",")]
        times = [value for name, _, value in parts if name.strip() == "t"]
        given = [value for name, _, value in parts if name.strip() == "v1"]
        if len(times) != 1 or not times[0].isdigit() or now.timestamp() - int(times[0]) > TOLERANCE_SECONDS:
            return False
        signed = times[0].encode() + b"." + body
        made = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets]
        return any(hmac.compare_digest(ours.encode(), sign.encode()) for ours in made for sign in given)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        event = read_event(body)
        return str(event.get("id") or hashlib.sha256(body).hexdigest())

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        kind = str(read_event(body).get("type") or "")
        if kind.startswith("charge.dispute."):
            return ("disputes", "charges")
        return TOUCHED.get(kind.partition(".")[0], ())


def read_event(body: bytes) -> Row:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return event if isinstance(event, dict) else {}
