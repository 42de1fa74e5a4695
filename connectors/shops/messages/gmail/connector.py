"""Gmail over its own API: letters by history, one send, pushes as hints."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
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
    Permit,
    R,
    Renewed,
    Transport,
    Write,
)  # fmt: skip
from connectors.consent import App, Ask, Asking, Grant
from connectors.operations import Operation, SendMessage
from connectors.shops import google_sign_in
from connectors.shops.messages.gmail import acts, client, push, reads
from connectors.types import Account, Conversation, Message, Page, Receipt, Sighting

SCOPES = "https://www.googleapis.com/auth/"


class Gmail(Connector):
    """Settings: `address` (what mail is sent from), `shown_name`, and for pushes `push_topic` (the Pub/Sub topic) with
    `push_service_account` (the account that signs them)."""

    kind = "gmail"
    label = "Gmail"
    credentials = ("access_token", "refresh_token", "client_id", "client_secret")
    feeds = (Feed("messages", timedelta(minutes=1)),)
    writes: ClassVar[Mapping[type[Operation], Write]] = {SendMessage: Write(Effect.READBACK)}
    allowance = Budget(available=250, capacity=250, per_second=250)  # quota units, not calls
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = ()
    read_scopes: ClassVar[tuple[str, ...]] = (f"{SCOPES}gmail.readonly",)
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"SendMessage": (f"{SCOPES}gmail.send",)}

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        topic = str(self.account.settings.get("push_topic") or "")
        return reads.pull(self.client, cursor, self.clock(), self.feeds[0].first_span, topic)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is Message:
            return cast("R | None", reads.message(self.client, external_id))
        if record is Conversation:
            return cast("R | None", reads.conversation(self.client, external_id))
        raise CannotDo(f"Gmail has no read of one {record.__name__}")

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if not isinstance(operation, SendMessage):
            raise CannotDo(f"Gmail has no call for {type(operation).__name__}")
        return acts.send(self.client, operation, permit, self.clock())

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if not isinstance(operation, SendMessage):
            return super().probe(operation, key, since)
        return acts.see(self.client, operation, key, since, self.clock())

    def check(self) -> str:
        seen = self.client.get("getProfile", "profile")
        return f"signed in as {seen.get('emailAddress')}"

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        page = f"https://mail.google.com/mail/u/?authuser={account.external_id}"
        thread = acts.thread_of(operation) if isinstance(operation, SendMessage) else ""
        return f"{page}#all/{thread}" if thread else page

    # -- the account's permission ------------------------------------------------------------------------------------

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        return google_sign_in.consent_page(app, asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        base_url = app.base_url.rstrip("/") or client.API
        asked_at = clock()
        url = google_sign_in.token_url(base_url, client.API)
        tokens = google_sign_in.redeem(app, asking, callback, transport, clock, url=url)
        mine = {**app.credentials, "access_token": tokens.access, "refresh_token": tokens.refresh}
        reading = client.Client(Account(cls.kind, 0, "", "", base_url, credentials=mine), transport)
        address = reads.must_id(reading.get("getProfile", "profile"), "emailAddress")
        lasting: Any = tokens.body.get("refresh_token_expires_in")  # an app in testing: seven days
        return (
            Grant(
                external_id=address,
                name=f"Gmail {address}",
                base_url=base_url,
                credentials=mine,
                expires_at=tokens.expires_at,
                renewable_until=asked_at + timedelta(seconds=lasting) if isinstance(lasting, int) else None,
                scopes=tokens.scopes,
                settings={"address": address},
            ),
        )

    def refresh(self) -> Renewed:
        """The refresh token lives on. Google's public keys, which pushes are checked against, change by the day and are
        read anew with each token."""
        url = google_sign_in.token_url(self.account.base_url, client.API)
        renewed = google_sign_in.renew(self.account.credentials, self.transport, self.clock, url=url)
        return replace(renewed, credentials={**renewed.credentials, **self._push_trust()})

    def _push_trust(self) -> dict[str, str]:
        email = str(self.account.settings.get("push_service_account") or "")
        if not email:
            return {}
        url = f"{client.place(self.account.base_url, client.KEYS)}/oauth2/v3/certs"
        try:
            keys = self.transport.read("GET", url, operation="certs").json()
        except ConnectorError:  # the token must not fail for it; the keys that are held go on for a while
            return {}
        return {"push_trust": push.trust_in(keys, email)}

    # -- pushes ------------------------------------------------------------------------------------------------------

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        return push.is_trusted(headers.get("authorization", ""), url, secrets, now)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        return push.event_id(body, headers)

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """A push names a history id that is newer than ours: the pull goes on from the stored one."""
        return ("messages",)
