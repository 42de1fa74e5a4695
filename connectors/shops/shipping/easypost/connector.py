"""EasyPost: one account."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, cast

import orjson

from connectors.base import Answer, Budget, CannotDo, Connector, ConnectorError, Effect, Feed, Permit, R, Write
from connectors.consent import Identity, Key
from connectors.operations import BuyReturnLabel, FileClaim, Operation, RedirectParcel, VoidLabel
from connectors.shops.parcels import REDIRECT_PAGES, page_of, read_one
from connectors.shops.reading import json_object, read_rows
from connectors.shops.shipping.easypost import claims, client, labels, parse
from connectors.types import Account, Page, Receipt, ReturnPlace, Shipment, ShipmentStatus, ShippingLabel, Sighting

DASHBOARD = "https://app.easypost.com/"
ENDED = frozenset({ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})
RECENT = timedelta(days=7)
LONGEST = timedelta(days=90)  # a parcel that is silent for longer is lost


@dataclass(frozen=True, slots=True)
class Sweep:
    """The cursor of the trackers: all that were made since `since` are read again, since a list by time of change does
    not exist; while half read, `before` goes on and `oldest` is the oldest found that is still under way."""

    since: str
    before: str = ""
    oldest: str = ""

    @classmethod
    def read(cls, text: str, default_since: str) -> "Sweep":
        return cls(**orjson.loads(text)) if text else cls(default_since)

    def __str__(self) -> str:
        return orjson.dumps({"since": self.since, "before": self.before, "oldest": self.oldest}).decode()


class EasyPost(Connector):
    """Settings: `claims_email`, where answers to a claim go; `return_address`, where goods come back to (name, line1,
    line2, city, region, postcode, country, phone); `return_parcel`, how a usual one measures (weight_grams, length_mm,
    width_mm, height_mm). EasyPost cannot change a parcel's way.
    """

    kind = "easypost"
    label = "EasyPost"
    home: ClassVar[str] = "https://api.easypost.com"
    credentials = ("api_key",)
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_key", "API key (production)", "EasyPost dashboard → Account settings → API keys"),
        Key("webhook_secret", "Webhook secret", "the secret that was given when the webhook was made"),
    )
    allowance = Budget(available=5, capacity=5, per_second=5)  # limits are not published by number
    feeds = (Feed("trackers", timedelta(minutes=30)),)
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        BuyReturnLabel: Write(Effect.READBACK, undo="give the label back unused: USPS 30 days, UPS and FedEx 90"),
        VoidLabel: Write(Effect.NATURAL),
        FileClaim: Write(Effect.READBACK, undo="cancel the claim at EasyPost while it is in review"),
    }

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        """Every tracker since the oldest that is under way, newest first."""
        [known] = (row for row in self.feeds if row.name == feed)
        now = self.clock()
        sweep = Sweep.read(cursor, iso(now - known.first_span))
        oldest = sweep.oldest
        pages = self.client.pages("trackers", {"start_datetime": sweep.since}, sweep.before)
        for number, (rows, before) in enumerate(pages, 1):
            records = read_rows("shipment", rows, parse.tracker, "id", place=f"page {number}")
            ended = {row.external_id for row in records if isinstance(row, Shipment) and row.status in ENDED}
            for row in rows:
                if isinstance(row, dict) and row.get("id") not in ended and isinstance(row.get("created_at"), str):
                    oldest = min(oldest or row["created_at"], row["created_at"])
            following = Sweep(sweep.since, before, oldest) if before else Sweep(self._next_since(oldest, now))
            yield Page(tuple(records), str(following), len(rows), is_last=not before, as_of=now)

    def _next_since(self, oldest: str, now: datetime) -> str:
        """A margin under the oldest, for a correction of one that had ended; never past the longest a parcel takes."""
        since = now - RECENT
        try:
            if oldest:
                since = min(since, datetime.fromisoformat(oldest).astimezone(UTC) - timedelta(hours=1))
        except ValueError:
            since = now - LONGEST
        return iso(max(since, now - LONGEST))

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is ReturnPlace:
            return cast("R | None", labels.return_place(self.account, external_id))
        if record not in (Shipment, ShippingLabel):
            raise CannotDo(f"EasyPost has no read of one {record.__name__}")
        item = self.client.one("trackers" if record is Shipment else "shipments", external_id)
        return None if item is None else read_one(record, parse.tracker if record is Shipment else parse.label, item)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        match operation:
            case BuyReturnLabel():
                return labels.buy(self.client, operation, permit, self.clock())
            case VoidLabel():
                return labels.void(self.client, operation, permit)
            case FileClaim():
                return claims.file(self.client, operation, permit, self.clock())
        raise CannotDo(f"EasyPost has no call for {type(operation).__name__}; do it by hand at the courier")

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        match operation:
            case BuyReturnLabel():
                return labels.see_label(self.client, operation, key, since)
            case VoidLabel():
                return labels.see_void(self.client, operation, key, since)
            case FileClaim():
                return claims.see_claim(self.client, operation, key, since)
        return super().probe(operation, key, since)

    def identify(self) -> Identity:
        user = self.client.get("/users", "users.get")
        return Identity(external_id=str(user.get("id") or ""), name=str(user.get("name") or ""))

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def takes(cls, operation: Operation, account: Account) -> bool:
        if isinstance(operation, FileClaim):
            return claims.can_be_filed(operation, account)
        return super().takes(operation, account)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, RedirectParcel):
            return page_of(REDIRECT_PAGES, operation.carrier, operation.tracking_number) or DASHBOARD
        return DASHBOARD

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """`hmac-sha256-hex=` over the raw body; the secret is brought to Unicode's form NFKD first."""
        given = headers.get("x-hmac-signature", "").encode()
        made = [
            b"hmac-sha256-hex="
            + hmac.new(unicodedata.normalize("NFKD", key).encode(), body, hashlib.sha256).hexdigest().encode()
            for key in secrets
        ]
        return any(hmac.compare_digest(ours, given) for ours in made)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        return str(json_object(body).get("id") or hashlib.sha256(body).hexdigest())

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        return ("trackers",) if str(json_object(body).get("description") or "").startswith("tracker.") else ()


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
