"""UPS: one shipper's account."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar, cast

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Connector,
    ConnectorError,
    Effect,
    Permit,
    R,
    Renewed,
    Write,
)
from connectors.consent import Identity, Key
from connectors.operations import FileClaim, Operation, RedirectParcel
from connectors.shops.parcels import CLAIM_PAGES, REDIRECT_PAGES, compact, page_of, read_one
from connectors.shops.shipping.ups import client, intercept, parse
from connectors.types import Account, Page, Receipt, RedirectOffer, Shipment, Sighting


class UPS(Connector):
    """Settings: `contact_name` and `contact_phone`, who asks for a change; `account_number`, UPS's own of the shipper.

    UPS lists no parcels: it is asked about a number that another shop told. A change is taken for parcels that this
    account sent, until they are out for delivery.
    """

    kind = "ups"
    label = "UPS"
    home: ClassVar[str] = "https://onlinetools.ups.com"
    credentials = ("client_id", "client_secret")
    keys: ClassVar[tuple[Key, ...]] = (
        Key("client_id", "Client ID", "developer.ups.com → My Apps → the app → Credentials", is_secret=False),
        Key("client_secret", "Client secret", "developer.ups.com → My Apps → the app → Credentials"),
    )
    allowance = Budget(available=5, capacity=5, per_second=5)  # limits are not published by number
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        RedirectParcel: Write(Effect.NATURAL, undo="call it off at UPS until it is carried out; the fee may stay"),
    }

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport, self.clock)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        raise CannotDo("UPS has no list of parcels; each is asked for by its number")

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is RedirectOffer:
            return cast("R | None", intercept.offer(self.client, external_id))
        if record is not Shipment:
            raise CannotDo(f"UPS has no read of one {record.__name__}")
        package = intercept.tracked(self.client, intercept.number_of(external_id))
        return None if package is None else read_one(record, parse.parcel, package)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if not isinstance(operation, RedirectParcel):
            raise CannotDo(f"UPS has no call for {type(operation).__name__}; do it by hand at ups.com")
        return intercept.redirect(self.client, operation, permit)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if not isinstance(operation, RedirectParcel):
            return super().probe(operation, key, since)
        return intercept.see_redirect(self.client, operation)

    def check(self) -> str:
        tokens = self.client.token()
        return f"a token until {tokens.expires_at:%Y-%m-%d %H:%M} UTC" if tokens.expires_at else "a token"

    def refresh(self) -> Renewed:
        return self.client.renewed()

    def identify(self) -> Identity:
        return Identity(external_id=self.account.credentials["client_id"])

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def takes(cls, operation: Operation, account: Account) -> bool:
        return isinstance(operation, RedirectParcel) and is_ours(operation)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, FileClaim):
            return page_of(CLAIM_PAGES, "ups")
        if isinstance(operation, RedirectParcel) and not is_ours(operation):
            return page_of(REDIRECT_PAGES, operation.carrier, operation.tracking_number)
        number = operation.tracking_number if isinstance(operation, RedirectParcel) else ""
        return page_of(REDIRECT_PAGES, "ups", number)


def is_ours(operation: RedirectParcel) -> bool:
    """Whether the parcel is UPS's by its number; a channel may name a courier in its own words."""
    return intercept.NUMBER.fullmatch(compact(operation.tracking_number)) is not None
