"""One IMAP session: folders, what is new in them, and whole messages, without marking anything as read."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from connectors.base import Reconnect, Refused, Retry
from connectors.transport.oauth import xoauth2
from connectors.types import Account

TIMEOUT_SECONDS = 30.0
SENT_NAMES = ("Sent", "Sent Items", "Sent Messages", "INBOX.Sent", "[Gmail]/Sent Mail")
LARGEST = 32 * 1024 * 1024  # of a larger message only the beginning is read
FACTS = re.compile(rb"UID (\d+)")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?P<name>.+)$')


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message's place and weight: folder, UID, size in bytes, arrival."""

    folder: str
    uid: int
    size: int
    arrived_at: datetime


@contextmanager
def opened(account: Account) -> Iterator["Session"]:
    """A logged-in session. Raises Retry where the server cannot be reached, Reconnect where it refuses us."""
    settings, mine = account.settings, account.credentials
    host, port = str(settings["imap_host"]), int(str(settings.get("imap_port") or 993))
    try:
        server = connect(host, port, use_tls=bool(settings.get("use_tls", True)))
    except (OSError, imaplib.IMAP4.error) as error:
        raise Retry(f"the mail server {host} cannot be reached: {error}") from error
    try:
        log_in(server, host, mine)
        yield Session(server)
    except (imaplib.IMAP4.abort, OSError) as error:
        raise Retry(f"the mail server {host} ended the connection: {error}") from error
    except imaplib.IMAP4.error as error:
        raise Refused(f"the mail server {host} refuses a command: {error}") from error
    finally:
        leave(server)


def log_in(server: imaplib.IMAP4, host: str, mine: Mapping[str, str]) -> None:
    """With the access token where there is one, else with the password."""
    username, token = mine["username"], mine.get("access_token", "")
    words = xoauth2(username, token).encode()
    try:
        if token:
            # A refusal comes as a challenge that wants an empty answer before the server says no.
            server.authenticate("XOAUTH2", lambda challenge: b"" if challenge else words)
        else:
            server.login(username, mine.get("password", ""))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise Reconnect(
            f"the mail server {host} refuses the user name or {'token' if token else 'password'}"
        ) from error


def connect(host: str, port: int, *, use_tls: bool) -> imaplib.IMAP4:
    if use_tls:
        return imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS)
    return imaplib.IMAP4(host, port, timeout=TIMEOUT_SECONDS)


def leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (imaplib.IMAP4.error, OSError, socket.error):  # noqa: UP024  # the socket may be gone already
        server.shutdown()


class Session:
    def __init__(self, server: imaplib.IMAP4) -> None:
        self.server = server

    def sent_folder(self) -> str | None:
        """The folder flagged \\Sent (RFC 6154), else one with a usual name."""
        _, rows = self.server.list()
        names: list[str] = []
        for row in rows:
            found = LISTED.search(row) if isinstance(row, bytes) else None
            if found:
                name = found["name"].decode("ascii", "replace").strip().strip('"')
                if b"\\sent" in found["flags"].lower():
                    return name
                names.append(name)
        return next((name for name in SENT_NAMES if name in names), None)

    def look_into(self, folder: str) -> int:
        """Open a folder for reading alone; returns its UIDVALIDITY."""
        status, rows = self.server.select(quoted(folder), readonly=True)
        if status != "OK":
            raise Refused(f"the mailbox has no folder {folder!r}: {rows!r}")
        _, validity = self.server.response("UIDVALIDITY")
        value = validity[0] if validity else None
        return int(value) if isinstance(value, bytes) else 0

    def newer(self, folder: str, last_uid: int, since: date) -> list[Envelope]:
        """What came after `last_uid` (or, at 0, since a day), by UID. The folder must be open."""
        words = ("UID", f"{last_uid + 1}:*") if last_uid else ("SINCE", imaplib.Time2Internaldate(_noon(since))[1:12])
        uids = [uid for uid in self._search(*words) if uid > last_uid]
        found: list[Envelope] = []
        for begin in range(0, len(uids), 500):
            found += self._weighed(folder, uids[begin : begin + 500])
        return sorted(found, key=lambda envelope: envelope.uid)

    def with_message_id(self, message_id: str) -> list[int]:
        return self._search("HEADER", "Message-ID", quoted(message_id))

    def _search(self, *words: str) -> list[int]:
        status, rows = self.server.uid("SEARCH", *words)
        if status != "OK":
            raise Retry(f"the mail server cannot search: {rows!r}")
        return [int(uid) for row in rows if isinstance(row, bytes) for uid in row.split()]

    def _weighed(self, folder: str, uids: list[int]) -> list[Envelope]:
        _, rows = self.server.uid("FETCH", _set_of(uids), "(UID RFC822.SIZE INTERNALDATE)")
        found = []
        for row in rows:
            line = row[0] if isinstance(row, tuple) else row
            uid, size = (FACTS.search(line), SIZE.search(line)) if isinstance(line, bytes) else (None, None)
            if uid and size and isinstance(line, bytes):
                found.append(Envelope(folder, int(uid[1]), int(size[1]), arrival(line)))
        return found

    def whole(self, uids: list[int]) -> dict[int, bytes]:
        return self._bodies(uids, f"BODY.PEEK[]<0.{LARGEST}>")

    def threading(self, uid: int) -> bytes:
        """The headers that tie a message to its thread."""
        return self._bodies([uid], "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID REFERENCES IN-REPLY-TO)]").get(uid, b"")

    def _bodies(self, uids: list[int], part: str) -> dict[int, bytes]:
        _, rows = self.server.uid("FETCH", _set_of(uids), f"(UID {part})")
        found: dict[int, bytes] = {}
        for place, row in enumerate(rows):
            if not isinstance(row, tuple):
                continue
            after = rows[place + 1] if place + 1 < len(rows) else b""
            uid = FACTS.search(row[0]) or (FACTS.search(after) if isinstance(after, bytes) else None)
            if uid:
                found[int(uid[1])] = row[1]
        return found

    def file_copy(self, folder: str, message: bytes, when: datetime) -> bool:
        status, _ = self.server.append(quoted(folder), "(\\Seen)", imaplib.Time2Internaldate(when), message)
        return status == "OK"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def arrival(line: bytes) -> datetime:
    moment = imaplib.Internaldate2tuple(line)
    if moment is None:
        return datetime.fromtimestamp(0, UTC)
    return datetime(*moment[:6]).astimezone(UTC)  # imaplib answers in local time


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _set_of(uids: Iterable[int]) -> str:
    return ",".join(str(uid) for uid in uids)
