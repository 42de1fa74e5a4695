"""Klaviyo: one account."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson

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
    Renewed,
    Transport,
    Write,
)  # fmt: skip
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.operations import Operation, RecordEvent, SetCampaign
from connectors.shops.messages.klaviyo import acts, client, parse, reads
from connectors.shops.reading import UNREADABLE
from connectors.transport import oauth
from connectors.types import Account, Customer, Page, Receipt, Sighting

CONSENT = "https://www.klaviyo.com"
TOLERANCE = timedelta(minutes=5)
LASTS_UNUSED = timedelta(days=90)
STARTED = ("Checkout Started", "Started Checkout")
ORDERED = ("Placed Order",)


class Klaviyo(Connector):
    """Settings: `checkout_metrics` and `order_metrics` are the names of the events that tell of a started checkout and
    of an order, where they are not those of Klaviyo's own integrations."""

    kind = "klaviyo"
    label = "Klaviyo"
    home = client.API
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_key", "Private API key", "Settings, API keys: to read accounts, campaigns, events, flows, metrics "
            "and profiles; to write events and flows"),
    )  # fmt: skip
    feeds = (
        Feed("checkouts", timedelta(minutes=15)),
        Feed("profiles", timedelta(minutes=30), first_span=timedelta(days=365)),
        Feed("account_health", timedelta(hours=6)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        RecordEvent: Write(Effect.KEY),
        SetCampaign: Write(Effect.NATURAL, undo="switch the flow back; what it sent meanwhile stays sent"),
    }
    allowance = Budget(available=10, capacity=10, per_second=2.5)  # its tier M: 10 a second, 150 a minute
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = ()
    read_scopes: ClassVar[tuple[str, ...]] = (
        "accounts:read", "campaigns:read", "events:read", "flows:read", "metrics:read", "profiles:read",
    )  # fmt: skip
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "RecordEvent": ("events:write", "profiles:write"),
        "SetCampaign": ("flows:write",),
    }

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def names(self, setting: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        given = self.account.settings.get(setting)
        return tuple(str(name) for name in given) if isinstance(given, list) and given else usual

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        now, orders = self.clock(), self.names("order_metrics", ORDERED)
        if feed == "profiles":
            return reads.profiles(self.client, cursor, now, known.first_span, known.overlap)
        if feed == "account_health":
            return reads.health(self.client, now, orders)
        started = self.names("checkout_metrics", STARTED)
        return reads.checkouts(self.client, cursor, now, known.first_span, started, orders)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is not Customer:
            raise CannotDo(f"Klaviyo has no read of one {record.__name__}")
        query = {"filter": f'equals(id,"{external_id}")', "additional-fields[profile]": "predictive_analytics"}
        rows = self.client.get("profiles.list", "/api/profiles", query)["data"]
        found = [one for row in rows for one in parse.profile(row, self.account.currency)]
        return next((one for one in found if isinstance(one, record)), None)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if isinstance(operation, RecordEvent):
            return acts.record(self.client, operation, permit, self.clock())
        if isinstance(operation, SetCampaign):
            return acts.switch(self.client, operation, permit)
        raise CannotDo(f"Klaviyo has no call for {type(operation).__name__}; do it by hand")

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if isinstance(operation, RecordEvent):
            return acts.see_event(self.client, operation, key, since, self.clock())
        if isinstance(operation, SetCampaign):
            return acts.see_switch(self.client, operation, self.clock())
        return super().probe(operation, key, since)

    def check(self) -> str:
        seen = self.identify()
        return f"the account of {seen.name}"

    def identify(self) -> Identity:
        return account_of(self.client)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        return client.budget(answer)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, SetCampaign):
            return f"{CONSENT}/flow/{operation.campaign_ref}/edit"
        return f"{CONSENT}/people"

    # -- the account's permission --------------------------------------------------------------------------------------

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        """PKCE is obligatory here."""
        page = f"{(app.consent_url or CONSENT).rstrip('/')}/oauth/authorize"
        return oauth.consent_url(page, app.credentials["client_id"], asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        base_url, asked_at = app.base_url.rstrip("/") or client.API, clock()
        form = {
            "code": oauth.code_of(callback), "redirect_uri": asking.redirect_uri, "code_verifier": asking.verifier,
        }  # fmt: skip
        headers = basic(app.credentials)
        tokens = oauth.exchange(transport, f"{base_url}/oauth/token", form, clock, headers=headers)
        mine = {**app.credentials, "access_token": tokens.access, "refresh_token": tokens.refresh}
        seen = account_of(client.Client(Account(cls.kind, 0, "", "", base_url, credentials=mine), transport))
        return (
            Grant(
                external_id=seen.external_id, name=f"Klaviyo {seen.name}", base_url=base_url, credentials=mine,
                expires_at=tokens.expires_at, renewable_until=asked_at + LASTS_UNUSED, scopes=tokens.scopes,
                currency=seen.currency, time_zone=seen.time_zone,
            ),
        )  # fmt: skip

    def refresh(self) -> Renewed:
        mine = self.account.credentials
        url = f"{self.account.base_url.rstrip('/') or client.API}/oauth/token"
        form = {"refresh_token": mine["refresh_token"]}
        tokens = oauth.renew(self.transport, url, form, self.clock, headers=basic(mine))
        renewed = tokens.renewed(mine)
        return Renewed(renewed.credentials, renewed.expires_at, self.clock() + LASTS_UNUSED)

    # -- pushes --------------------------------------------------------------------------------------------------------

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """HMAC over the body and the timestamp header's text; how old it may be Klaviyo does not say."""
        stamp, given = headers.get("klaviyo-timestamp", ""), headers.get("klaviyo-signature", "")
        try:
            when = datetime.fromisoformat(stamp)
        except ValueError:
            return False
        if when.tzinfo is None or abs(now - when) > TOLERANCE:
            return False
        made = (hmac.new(secret.encode(), body + stamp.encode(), hashlib.sha256).hexdigest() for secret in secrets)
        return any(hmac.compare_digest(ours.encode(), given.encode()) for ours in made)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        try:
            refs = [str(row["external_id"]) for row in orjson.loads(body)["data"]]
        except UNREADABLE:
            refs = []
        return " ".join(refs) or hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        try:
            topics = {str(row["topic"]) for row in orjson.loads(body)["data"]}
        except UNREADABLE:
            return ()
        people = any("profile" in topic or "subscribed" in topic for topic in topics)
        return (("checkouts",) if topics else ()) + (("profiles",) if people else ())


def basic(credentials: Mapping[str, str]) -> dict[str, str]:
    pair = f"{credentials['client_id']}:{credentials['client_secret']}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def account_of(reading: client.Client) -> Identity:
    rows: Any = reading.get("accounts.list", "/api/accounts")["data"]
    try:
        told, ref = parse.attributes(rows[0]), parse.filled(rows[0], "id")
        contact = told.get("contact_information") or {}
        return Identity(
            external_id=ref, name=str(contact.get("organization_name") or ref),
            currency=str(told.get("preferred_currency") or ""), time_zone=str(told.get("timezone") or ""),
        )  # fmt: skip
    except UNREADABLE:
        return Identity()
