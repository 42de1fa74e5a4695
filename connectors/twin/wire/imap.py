"""A small IMAP4rev1 server (RFC 3501, with IDLE, SPECIAL-USE and UIDPLUS's APPENDUID) over the market's post."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.twin.faults import Faults
from connectors.twin.wire.mailparse import Words, parse_words, read_mail
from connectors.twin.world.post import Folder, Post, render
from connectors.twin.world.trade import Mail

CAPABILITIES = "IMAP4rev1 LITERAL+ IDLE SPECIAL-USE UIDPLUS AUTH=PLAIN"
LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
SECTION = re.compile(r"^(BODY(?:\.PEEK)?)\[(.*?)\](?:<(\d+)(?:\.(\d+))?>)?$", re.IGNORECASE | re.DOTALL)
SIZE_LIMIT = 25 << 20


class Bad(Exception):
    """A command that cannot be understood or is not allowed now; the text goes to the client."""


class Connection:
    """One client. Commands are methods named `do_<command>`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, post: Post, is_login: Callable[[str, str],
        bool],
        tick: Callable[[], None], faults: Faults,
    ) -> None:  # fmt: skip
        self.reader, self.writer, self.post, self.is_login, self.tick, self.faults = (
            reader,
            writer,
            post,
            is_login,
            tick,
            faults,
        )
        self.folder: Folder | None = None
        self.is_in, self.is_open, self.told = False, True, 0

    def close(self) -> None:
        self.writer.close()

    def say(self, text: str | bytes) -> None:
        self.writer.write((text if isinstance(text, bytes) else text.encode()) + b"\r\n")

    async def serve(self) -> None:
        """Until the client leaves."""
        self.say(f"* OK [CAPABILITY {CAPABILITIES}] twin ready")
        try:
            while self.is_open:
                await self.writer.drain()
                line = await self._line()
                if not line:
                    break
                await self._command(line)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.writer.close()

    async def _line(self) -> bytes:
        """One command with its literals."""
        line = await self.reader.readline()
        while found := LITERAL.search(line):
            size = int(found[1])
            if size > SIZE_LIMIT:
                return b""
            if not found[2]:
                self.say("+ ready")
                await self.writer.drain()
            line += await self.reader.readexactly(size) + await self.reader.readline()
        return line

    async def _command(self, line: bytes) -> None:
        words = parse_words(line)
        if len(words) < 2 or not isinstance(words[0], str) or not isinstance(words[1], str):
            self.say("* BAD empty command")
            return
        tag, name, rest = words[0], words[1].upper(), words[2:]
        is_uid = name == "UID" and bool(rest)
        if is_uid:
            name, rest = str(rest[0]).upper(), rest[1:]
        answer = getattr(self, f"do_{name.lower()}", None)
        self.tick()
        try:
            if answer is None:
                raise Bad(f"unknown command {name}")
            if not self.is_in and name not in ("CAPABILITY", "LOGIN", "LOGOUT", "NOOP", "AUTHENTICATE"):
                raise Bad("log in first")
            if await self._misbehave(tag, name):
                return
            done = await answer(tag, rest, is_uid)
            self.say(f"{tag} OK {done or name + ' completed'}")
        except Bad as bad:
            self.say(f"{tag} {bad}" if str(bad).startswith("NO ") else f"{tag} BAD {bad}")

    async def _misbehave(self, tag: str, name: str) -> bool:
        rule = self.faults.pick("mailbox", f"imap.{name.lower()}") if self.faults.rules else None
        if rule is None:
            return False
        if rule.kind in ("slow", "timeout_before"):
            await asyncio.sleep(1.0 if rule.seconds is None else rule.seconds)
            if rule.kind == "slow":
                return False
        if rule.kind in ("server_error", "rate_limited"):
            self.say(f"{tag} NO [UNAVAILABLE] try again later")
            return True
        self.is_open = False
        self.writer.transport.abort()
        return True

    # -- not yet in a folder ------------------------------------------------------------------------------------------

    async def do_capability(self, tag: str, rest: Words, is_uid: bool) -> None:
        self.say(f"* CAPABILITY {CAPABILITIES}")

    async def do_noop(self, tag: str, rest: Words, is_uid: bool) -> None:
        self._tell_news()

    do_check = do_noop

    async def do_logout(self, tag: str, rest: Words, is_uid: bool) -> None:
        self.say("* BYE see you")
        self.is_open = False

    async def do_login(self, tag: str, rest: Words, is_uid: bool) -> str:
        if len(rest) != 2 or not self.is_login(text(rest[0]), text(rest[1])):
            raise Bad("NO [AUTHENTICATIONFAILED] wrong user name or password")
        self.is_in = True
        return f"[CAPABILITY {CAPABILITIES}] logged in"

    async def do_list(self, tag: str, rest: Words, is_uid: bool) -> None:
        for folder in self.post.folders:
            flags = f"\\HasNoChildren {folder.flag}".strip()
            self.say(f'* LIST ({flags}) "/" "{folder.name}"')

    async def do_status(self, tag: str, rest: Words, is_uid: bool) -> None:
        folder = self._named(rest[0])
        unseen = sum("\\Seen" not in mail.flags for mail in folder.mails)
        known = {
            "MESSAGES": len(folder.mails),
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.validity,
            "UNSEEN": unseen,
            "RECENT": 0,
        }
        asked = [text(word).upper() for word in rest[1]] if isinstance(rest[1], list) else []
        self.say(f'* STATUS "{folder.name}" ({" ".join(f"{name} {known[name]}" for name in asked if name in known)})')

    async def do_select(self, tag: str, rest: Words, is_uid: bool) -> str:
        return self._enter(rest, "[READ-WRITE]")

    async def do_examine(self, tag: str, rest: Words, is_uid: bool) -> str:
        return self._enter(rest, "[READ-ONLY]")

    def _enter(self, rest: Words, right: str) -> str:
        self.folder = folder = self._named(rest[0])
        self.told = len(folder.mails)
        self.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self.say(f"* {len(folder.mails)} EXISTS")
        self.say("* 0 RECENT")
        self.say(f"* OK [UIDVALIDITY {folder.validity}] UIDs valid")
        self.say(f"* OK [UIDNEXT {folder.next_uid}] predicted next UID")
        return f"{right} done"

    def _named(self, name: Any) -> Folder:
        wanted = text(name)
        for folder in self.post.folders:
            if folder.name == wanted or (folder.name == "INBOX" and wanted.upper() == "INBOX"):
                return folder
        raise Bad(f"NO [NONEXISTENT] there is no mailbox {wanted}")

    async def do_append(self, tag: str, rest: Words, is_uid: bool) -> str:
        folder, content = self._named(rest[0]), rest[-1]
        if not isinstance(content, bytes):
            raise Bad("APPEND needs the message as a literal")
        flags = {text(word) for word in rest[1]} if len(rest) > 2 and isinstance(rest[1], list) else set()
        mail = read_mail(content)
        mail.flags |= flags
        (self.post.file if folder is self.post.sent else folder.add)(mail)
        return f"[APPENDUID {folder.validity} {mail.uid}] appended"

    async def do_idle(self, tag: str, rest: Words, is_uid: bool) -> str:
        """News are told until the client says DONE."""
        self.say("+ idling")
        await self.writer.drain()
        waiting = asyncio.ensure_future(self.reader.readline())
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=0.2)
            self.tick()
            self._tell_news()
        return "IDLE ended"

    def _tell_news(self) -> None:
        if self.folder is not None and len(self.folder.mails) != self.told:
            self.told = len(self.folder.mails)
            self.say(f"* {self.told} EXISTS")

    # -- in a folder --------------------------------------------------------------------------------------------------

    async def do_close(self, tag: str, rest: Words, is_uid: bool) -> None:
        self.folder = None

    do_unselect = do_close

    def _mails(self) -> list[Mail]:
        if self.folder is None:
            raise Bad("select a mailbox first")
        return self.folder.mails

    async def do_search(self, tag: str, rest: Words, is_uid: bool) -> None:
        mails = list(self._mails())
        words = list(rest)
        if words and text(words[0]).upper() == "CHARSET":
            words = words[2:]
        while words:
            mails = _narrow(mails, words, len(self._mails()))
        self.say(" ".join(["* SEARCH", *(str(mail.uid) for mail in mails)]))

    async def do_fetch(self, tag: str, rest: Words, is_uid: bool) -> None:
        """UIDs here equal sequence numbers: nothing is ever expunged."""
        chosen, asked = _in_set(self._mails(), text(rest[0])), rest[1]
        items = [text(item) for item in (asked if isinstance(asked, list) else [asked])]
        for mail in chosen:
            self._fetch_one(mail, items if not is_uid or "UID" in [item.upper() for item in items] else ["UID", *items])
            await self.writer.drain()

    def _fetch_one(self, mail: Mail, items: list[str]) -> None:
        parts: list[bytes] = []
        for item in items:
            name = item.upper()
            section = SECTION.match(item)
            if name == "UID":
                parts.append(f"UID {mail.uid}".encode())
            elif name == "FLAGS":
                parts.append(f"FLAGS ({' '.join(sorted(mail.flags))})".encode())
            elif name == "INTERNALDATE":
                parts.append(
                    f'INTERNALDATE "{datetime.fromtimestamp(mail.date, UTC):%d-%b-%Y %H:%M:%S +0000}"'.encode()
                )
            elif name == "RFC822.SIZE":
                parts.append(f"RFC822.SIZE {len(render(mail))}".encode())
            elif name in ("RFC822", "RFC822.HEADER") or section:
                parts.append(_section(mail, section, name))
            else:
                raise Bad(f"cannot fetch {item}")
        self.say(f"* {mail.uid} FETCH (".encode() + b" ".join(parts) + b")")

    async def do_store(self, tag: str, rest: Words, is_uid: bool) -> None:
        flags = {text(word) for word in (rest[2] if isinstance(rest[2], list) else [rest[2]])}
        how = text(rest[1]).upper()
        for mail in _in_set(self._mails(), text(rest[0])):
            mail.flags = (
                mail.flags | flags if how.startswith("+") else mail.flags - flags if how.startswith("-") else set(flags)
            )
            if not how.endswith(".SILENT"):
                self.say(f"* {mail.uid} FETCH (UID {mail.uid} FLAGS ({' '.join(sorted(mail.flags))}))")


def text(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)


def _section(mail: Mail, found: re.Match[str] | None, name: str) -> bytes:
    """`BODY[…]` of a message; anything but PEEK sets \\Seen."""
    whole = render(mail)
    head, _, body = whole.partition(b"\r\n\r\n")
    what = found[2].upper() if found else {"RFC822": "", "RFC822.HEADER": "HEADER"}[name]
    if found is None or "PEEK" not in found[1].upper():
        mail.flags.add("\\Seen")
    if what == "":
        content = whole
    elif what == "TEXT":
        content = body
    elif what == "HEADER":
        content = head + b"\r\n\r\n"
    elif what.startswith("HEADER.FIELDS"):
        wanted = {field.strip("()") for field in what.removeprefix("HEADER.FIELDS").split()}
        lines = re.split(rb"\r\n(?![ \t])", head)
        content = (
            b"".join(line + b"\r\n" for line in lines if line.partition(b":")[0].decode("latin-1").upper() in wanted)
            + b"\r\n"
        )
    else:
        raise Bad(f"cannot fetch section {what}")
    label = f"BODY[{found[2]}]" if found else name
    if found and found[3] is not None:
        start = int(found[3])
        content = content[start : start + int(found[4])] if found[4] else content[start:]
        label += f"<{start}>"
    return f"{label} {{{len(content)}}}\r\n".encode() + content


def _in_set(mails: list[Mail], spec: str) -> list[Mail]:
    return [mails[number - 1] for number in _numbers(spec, len(mails))]


def _numbers(spec: str, last: int) -> list[int]:
    """A sequence set such as `1:3,7,9:*`. `n:*` always holds the newest message, as RFC 3501 says."""
    chosen: set[int] = set()
    for part in spec.split(","):
        low, colon, high = part.partition(":")
        words = (low, high) if colon else (low, low)
        if not all(word == "*" or word.isdigit() for word in words):
            raise Bad(f"{spec} is no set of messages")
        ends = [last if word == "*" else int(word) for word in words]
        chosen.update(range(max(1, min(ends)), min(last, max(ends)) + 1))
    return sorted(chosen)


def _narrow(mails: list[Mail], words: Words, count: int) -> list[Mail]:
    """Take one search key off `words` and apply it."""
    key = text(words.pop(0)).upper()
    if key == "ALL":
        return mails
    if key in FLAG_KEYS:
        flag, is_set = FLAG_KEYS[key]
        return [mail for mail in mails if (flag in mail.flags) is is_set]
    if key == "UID" or re.fullmatch(r"[\d:*,]+", key):
        wanted = set(_numbers(text(words.pop(0)) if key == "UID" else key, count))
        return [mail for mail in mails if mail.uid in wanted]
    if not words:
        raise Bad(f"unknown search key {key}")
    value = text(words.pop(0)).lower()
    if key == "HEADER":
        wanted_text = text(words.pop(0)).lower()
        return [mail for mail in mails if wanted_text in header_of(mail, value).lower()]
    if key in ("SUBJECT", "FROM", "TO"):
        return [mail for mail in mails if value in header_of(mail, key.lower()).lower()]
    if key in ("TEXT", "BODY"):
        return [
            mail for mail in mails if value in mail.text.lower() or (key == "TEXT" and value in mail.subject.lower())
        ]
    if key in ("SINCE", "BEFORE", "ON", "SENTSINCE", "SENTBEFORE"):
        day = int(datetime.strptime(value, "%d-%b-%Y").replace(tzinfo=UTC).timestamp())
        return [
            mail
            for mail in mails
            if (
                mail.date >= day
                if "SINCE" in key
                else mail.date < day
                if "BEFORE" in key
                else day <= mail.date < day + 86_400
            )
        ]
    raise Bad(f"unknown search key {key}")


FLAG_KEYS = {
    "SEEN": ("\\Seen", True), "UNSEEN": ("\\Seen", False), "ANSWERED": ("\\Answered", True),
    "UNANSWERED": ("\\Answered", False),
    "FLAGGED": ("\\Flagged", True), "UNFLAGGED": ("\\Flagged", False), "DELETED": ("\\Deleted", True),
    "UNDELETED": ("\\Deleted", False),
}  # fmt: skip


def header_of(mail: Mail, name: str) -> str:
    known = {"message-id": mail.message_id, "in-reply-to": mail.in_reply_to, "references": mail.in_reply_to,
    "subject": mail.subject,
             "from": f"{mail.sender_name} <{mail.sender}>", "to": mail.to}  # fmt: skip
    return known.get(name, mail.headers.get(name.title(), ""))
