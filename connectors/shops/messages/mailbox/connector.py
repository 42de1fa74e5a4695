"""A mailbox over IMAP and SMTP: the channel of buyers' letters, our answers, and vendors' mail."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import ClassVar, cast

import orjson

from connectors.base import Answer, CannotDo, Connector, ConnectorError, Effect, Feed, Permit, R, Renewed, Write
from connectors.consent import Ask, Identity, Key
from connectors.operations import Operation, SendMessage
from connectors.shops import letters
from connectors.shops.messages.mailbox import imap, sending
from connectors.shops.reading import UNREADABLE, reason_of
from connectors.transport import oauth, smtp
from connectors.types import BadRow, Direction, Message, Page, Receipt, Record, Sight, Sighting

INBOX = "INBOX"
BATCH_BYTES = 8 * 1024 * 1024
BATCH_MESSAGES = 200
DEEPEST_THREAD = 20


@dataclass(slots=True)
class Mark:
    """Per folder: its UIDVALIDITY and the last UID that is stored."""

    folders: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> "Mark":
        return cls({name: (row[0], row[1]) for name, row in orjson.loads(text).items()} if text else {})

    def __str__(self) -> str:
        return orjson.dumps(self.folders).decode()


class Mailbox(Connector):
    kind = "mailbox"
    label = "Mailbox"
    credentials = ("username",)  # and a password, or an access token that is renewed
    keys: ClassVar[tuple[Key, ...]] = (
        Key("username", "User name", "usually the mail address", is_secret=False),
        Key("password", "Password", "the mail account's; with two-step sign-in, an app password from its settings"),
    )
    options: ClassVar[tuple[Ask, ...]] = (
        Ask("imap_host", "IMAP server", "imap.example.com"),
        Ask("imap_port", "IMAP port", "993"),
        Ask("smtp_host", "SMTP server", "smtp.example.com"),
        Ask("smtp_port", "SMTP port", "465"),
        Ask("use_tls", "Encrypted (TLS)", choices=("yes", "no")),
    )
    feeds = (Feed("messages", timedelta(minutes=1)),)
    writes: ClassVar[Mapping[type[Operation], Write]] = {SendMessage: Write(Effect.READBACK)}

    @property
    def address(self) -> str:
        """What our mail is sent from."""
        return str(
            self.account.settings.get("address") or self.account.external_id or self.account.credentials["username"]
        )

    def identify(self) -> Identity:
        return Identity(external_id=self.address, name=f"Mailbox {self.address}")

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        """Both directions in one stream by arrival, so that a thread's last word is the last one read."""
        mark, since = Mark.read(cursor), (self.clock() - self.feeds[0].first_span).date()
        with imap.opened(self.account) as session:
            folders = self._folders(session)
            waiting = []
            for folder in folders:
                validity = session.look_into(folder)
                known, last = mark.folders.get(folder, (validity, 0))
                last = last if known == validity else 0  # another UIDVALIDITY: the UIDs mean other messages now
                mark.folders[folder] = (validity, last)
                waiting.append(session.newer(folder, last, since))
            total = sum(map(len, waiting))
            merged = list(heapq.merge(*waiting, key=lambda envelope: envelope.arrived_at))
            batches = list(in_batches(merged)) or [[]]
            for number, batch in enumerate(batches, 1):
                rows = tuple(chain.from_iterable(self._read(session, batch, folders)))
                for envelope in batch:
                    validity, last = mark.folders[envelope.folder]
                    mark.folders[envelope.folder] = (validity, max(last, envelope.uid))
                is_last = number == len(batches)
                yield Page(rows, str(mark), len(batch), is_last, count_at_source=total if is_last else None)

    def _folders(self, session: imap.Session) -> dict[str, Direction]:
        sent = session.sent_folder()
        return {INBOX: Direction.IN} | ({sent: Direction.OUT} if sent else {})

    def _read(
        self, session: imap.Session, batch: list[imap.Envelope], folders: Mapping[str, Direction]
    ) -> Iterator[list[Record | BadRow]]:
        for folder, direction in folders.items():
            mine = {envelope.uid: envelope for envelope in batch if envelope.folder == folder}
            if not mine:
                continue
            session.look_into(folder)
            for uid, raw in sorted(session.whole(list(mine)).items()):
                yield self._records(session, mine[uid], raw, direction)

    def _records(
        self, session: imap.Session, envelope: imap.Envelope, raw: bytes, direction: Direction
    ) -> list[Record | BadRow]:
        try:
            root = thread_root(session, letters.ancestors(letters.read_mail(raw)))
            is_cut = envelope.size > imap.LARGEST
            return list(letters.records(raw, direction, envelope.arrived_at, root, is_cut=is_cut))
        except UNREADABLE as error:
            place = f"{envelope.folder} UID {envelope.uid}"
            return [BadRow("message", place, reason_of(error), raw, place)]

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is not Message:
            raise CannotDo(f"a mailbox has no read of one {record.__name__}")
        message_id = external_id.partition("#")[0]
        with imap.opened(self.account) as session:
            for folder, direction in self._folders(session).items():
                session.look_into(folder)
                uids = session.with_message_id(message_id)
                for raw in session.whole(uids).values() if uids else ():
                    root = thread_root(session, letters.ancestors(letters.read_mail(raw)))
                    for row in letters.records(raw, direction, self.clock(), root):
                        if isinstance(row, Message) and row.external_id == external_id:
                            return cast("R", row)
        return None

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if not isinstance(operation, SendMessage):
            raise CannotDo(f"a mailbox has no call for {type(operation).__name__}")
        operation = replace(operation, message_id=letters.message_id(operation, permit.key, self.address))
        name = str(self.account.settings.get("shown_name") or "")
        mail = letters.compose(operation, sender=self.address, shown_name=name, key=permit.key, now=self.clock())
        wire = mail.as_bytes()
        with sending.opened(self.account) as server:
            said = smtp.hand_over(server, self.address, operation.to, wire, lambda: self.transport.check(permit))
        filed = self._file_copy(operation.message_id, wire)
        return Receipt(operation.message_id, f"{said}\n{filed}".encode())

    def _file_copy(self, message_id: str, wire: bytes) -> str:
        """Most servers keep no copy of what is sent; without one neither people nor the probe see it. The mail itself
        is out by now, so a failure here is told and nothing more."""
        try:
            with imap.opened(self.account) as session:
                folder = session.sent_folder()
                if folder is None:
                    return "no Sent folder to keep a copy in"
                session.look_into(folder)
                if session.with_message_id(message_id):
                    return "the server keeps the copy"
                return "copy filed" if session.file_copy(folder, wire, self.clock()) else "the copy was not taken"
        except ConnectorError as error:
            return f"no copy filed: {error}"

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        """Only a find proves anything: a server may deliver and keep no copy."""
        if not isinstance(operation, SendMessage):
            return super().probe(operation, key, since)
        message_id = letters.message_id(operation, key, self.address)
        with imap.opened(self.account) as session:
            folder = session.sent_folder()
            if folder is not None:
                session.look_into(folder)
                if session.with_message_id(message_id):
                    return Sighting(Sight.SEEN, message_id, f"a copy lies in {folder}", self.clock())
        return Sighting(Sight.UNCLEAR, detail="no copy in Sent, which does not prove that it was not delivered")

    def refresh(self) -> Renewed:
        """The next access token (XOAUTH2). `token_url` is the setting that names the provider's token endpoint."""
        mine = self.account.credentials
        form = {name: mine.get(name, "") for name in ("client_id", "client_secret", "refresh_token")}
        tokens = oauth.renew(self.transport, str(self.account.settings["token_url"]), form, self.clock)
        return tokens.renewed(mine)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return oauth.token_error(answer)

    def check(self) -> str:
        with imap.opened(self.account) as session:
            session.look_into(INBOX)
            return f"signed in as {self.account.credentials['username']}"


def in_batches(envelopes: list[imap.Envelope]) -> Iterator[list[imap.Envelope]]:
    """Groups that stay below a weight, so that a few huge messages do not fill the memory."""
    batch: list[imap.Envelope] = []
    weight = 0
    for envelope in envelopes:
        if batch and (weight + envelope.size > BATCH_BYTES or len(batch) >= BATCH_MESSAGES):
            yield batch
            batch, weight = [], 0
        batch.append(envelope)
        weight += envelope.size
    if batch:
        yield batch


def thread_root(session: imap.Session, ancestors: list[str]) -> str:
    """The first message of a thread. A mail program that names only the message it answers is followed upwards."""
    seen: set[str] = set()
    while len(ancestors) == 1 and ancestors[0] not in seen and len(seen) < DEEPEST_THREAD:
        seen.add(ancestors[0])
        found = (session.threading(uid) for uid in session.with_message_id(ancestors[0]))
        above = next((line for raw in found if (line := letters.ancestors(letters.read_mail(raw)))), [])
        if not above:
            break
        ancestors = above
    return ancestors[0] if ancestors else ""
