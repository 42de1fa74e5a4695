"""WhatsApp Business Cloud: one phone number."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, cast
from urllib.parse import quote

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
)  # fmt: skip
from connectors.consent import Identity, Key
from connectors.operations import Operation, SendMessage, SendTemplate
from connectors.shops.messages.whatsapp import acts, client, parse, reads
from connectors.shops.reading import UNREADABLE
from connectors.types import Account, Conversation, MessageForms, Page, Receipt, Sighting


class WhatsApp(Connector):
    """No send has an idempotency key, and what was sent can be read nowhere: the status pushes that follow settle a
    doubtful one, else a person does. None is ever sent again by itself."""

    kind = "whatsapp"
    label = "WhatsApp"
    home = client.API
    credentials = ("access_token", "app_secret", "verify_token", "phone_number_id", "waba_id")
    keys: ClassVar[tuple[Key, ...]] = (
        Key("access_token", "System user's token", "Business settings, System users: a token that does not end, with "
            "whatsapp_business_messaging and whatsapp_business_management"),
        Key("app_secret", "App secret", "Meta for Developers, your app, App settings, Basic"),
        Key("verify_token", "Verify token", "any long word of yours; the webhook configuration asks for the same"),
        Key("phone_number_id", "Phone number id", "the app's API setup: an id, not the number", is_secret=False),
        Key("waba_id", "WhatsApp Business account id", "the app's WhatsApp page, API setup", is_secret=False),
    )  # fmt: skip
    feeds = (
        Feed("messages", timedelta(minutes=5), overlap=reads.OVERLAP),
        Feed("account_health", timedelta(hours=6)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        SendMessage: Write(Effect.READBACK),
        SendTemplate: Write(Effect.READBACK),
    }
    allowance = Budget(available=80, capacity=80, per_second=80)  # messages a second
    pushes_are_the_record = True

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        if feed == "account_health":
            return reads.health(self.client, self.clock())
        return reads.pull(self.client, self.inbox, cursor, self.clock(), self.feeds[0].first_span)

    def fetch(self, record: type[R], external_id: str) -> R | None:
        """A conversation as the kept pushes tell it, and the approved forms in which anybody can be written to."""
        if record is MessageForms:
            return cast(
                "R", MessageForms(external_id=external_id, forms=acts.forms(self.client, self.account.settings))
            )
        if record is not Conversation:
            raise CannotDo(f"WhatsApp has no read of one {record.__name__}")
        talk = reads.as_it_stands(self.inbox, self.client.number, external_id, self.clock())
        return talk if isinstance(talk, record) else None

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if isinstance(operation, SendMessage):
            return acts.send_text(self.client, self.inbox, operation, permit, self.clock())
        if isinstance(operation, SendTemplate):
            return acts.send_template(self.client, operation, permit)
        raise CannotDo(f"WhatsApp has no call for {type(operation).__name__}")

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.writes:
            return super().probe(operation, key, since)
        return acts.see(self.inbox, self.client.number, operation, key, since, self.clock())

    def check(self) -> str:
        reads.must_be_heard(self.client)
        seen = self.client.get("phone_number", self.client.number)
        return f"{seen.get('verified_name') or 'a number'} at {seen.get('display_phone_number')}"

    def identify(self) -> Identity:
        seen = self.client.get("phone_number", self.client.number)
        if not seen.get("display_phone_number"):
            raise Refused("this id is no phone number's; copy it from the app's API setup", code="phone_number_id")
        name = f"{seen.get('verified_name') or 'WhatsApp'} {seen['display_phone_number']}"
        return Identity(external_id=self.client.number, name=name)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        """WhatsApp itself with the text prepared; for a template the manager."""
        if isinstance(operation, SendMessage):
            digits = "".join(letter for letter in operation.to if letter.isdigit())
            return f"https://wa.me/{digits}?text={quote(operation.text)}"
        business = account.credentials.get("waba_id", "")
        return f"https://business.facebook.com/wa/manage/message-templates/?waba_id={business}"

    # -- pushes --------------------------------------------------------------------------------------------------------

    @classmethod
    def challenge(cls, asked: Mapping[str, str], credentials: Mapping[str, str]) -> str | None:
        """The handshake carries no signature: our own verify token is all that tells Meta from others."""
        token = str(credentials.get("verify_token") or "")
        given = asked.get("hub.verify_token", "")
        is_ours = token != "" and hmac.compare_digest(given.encode(), token.encode())
        return asked.get("hub.challenge", "") if is_ours and asked.get("hub.mode") == "subscribe" else None

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """HMAC over the bytes as they came. No time is signed, so an old push holds: it is the same event again."""
        scheme, _, given = headers.get("x-hub-signature-256", "").partition("=")
        made = (hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets)
        return scheme == "sha256" and any(hmac.compare_digest(ours.encode(), given.encode()) for ours in made)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """Messages by their ids and news by id and status, since Meta sends either again; else the body's digest."""
        try:
            parts = [
                f"{row['id']}:{row.get('status', '')}"
                for _, value in parse.changes(body)
                for name in ("messages", "message_echoes", "statuses")
                for row in value.get(name) or ()
            ]
        except UNREADABLE:
            parts = []
        return " ".join(sorted(parts)) or hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """What cannot be read counts as messages, so that it comes to quarantine and is not passed over."""
        try:
            fields = {field for field, _ in parse.changes(body)}
        except UNREADABLE:
            return ("messages",)
        talks = fields & {"messages", "smb_message_echoes"}
        return (("messages",) if talks else ()) + (("account_health",) if fields - talks else ())
