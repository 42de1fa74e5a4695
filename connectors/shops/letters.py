"""Mail as RFC 5322 has it, for every kind of mailbox: what came → Message and Conversation, and one of ours composed.

Everything in a mail that came may be wrong: charset, headers, dates, structure.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as AnyMail
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from html.parser import HTMLParser

from connectors.base import Refused
from connectors.operations import SendMessage
from connectors.types import Conversation, Direction, Message

LONGEST_TEXT = 64_000
LONGEST_HEADER = 998
BROKEN = (ValueError, LookupError, TypeError, AttributeError)  # what the header parser raises on malformed values
MESSAGE_ID = re.compile(r"<[^<>\s]+>")
REPLY_MARK = re.compile(r"(?i)^\s*((re|fwd?|aw|wg|sv|vs|tr|rif|balas|回复|答复|转发|回覆)\s*(\[\d+\])?\s*[::]\s*)+")
BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
ROBOTS = ("mailer-daemon@", "postmaster@")
# Double-byte charsets come as declared; of the others UTF-8 is believed first, since it cannot be hit by chance.
DOUBLE_BYTE = ("gb", "big5", "shift", "sjis", "euc", "iso-2022", "cp93", "cp949", "ks_c", "hz", "utf-16", "utf-7")
WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "shift_jis": "cp932"}
ORDER_WORDS = r"order|pesanan|คำสั่งซื้อ|đơn hàng|订单|訂單|注文|주문|pedido|commande|bestellung|ordine"
ORDER_NUMBERS = (
    re.compile(r"\b(\d{6}[0-9A-Z]{8})\b"),  # Shopee: six digits of the date and eight letters or digits
    re.compile(r"(?<![\w#])#(\d{3,10})\b"),
    re.compile(rf"(?i)(?:{ORDER_WORDS})\s*(?:no\.?|number|nomor|号|號)?\s*[:#:]*\s*(\d{{3,10}})\b"),
)
UNPRINTABLE = re.compile(r"[\x00\ud800-\udfff]")
ADDRESS = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+")
OUR_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")
BREAKS = re.compile(r"[\r\n\x00]")
ACTION = "X-Ops-Action"  # the intent's key, so that a mail of ours is found even where its Message-ID was replaced


def read_mail(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    return mail if isinstance(mail, EmailMessage) else EmailMessage()


def header(mail: AnyMail, name: str) -> str:
    """One header in plain text; a malformed one as far as it can be read."""
    try:
        value = str(mail.get(name) or "")
    except BROKEN:
        value = as_sent(mail, name)
    return clean(" ".join(value.split()))[:LONGEST_HEADER]


def clean(text: str) -> str:
    """Without NUL and lone surrogates, which no UTF-8 column takes."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def as_sent(mail: AnyMail, name: str) -> str:
    """One header as its sender wrote it: enough for what machines write in ASCII, and far cheaper than a full parse."""
    return next((str(text) for key, text in mail.raw_items() if key.lower() == name.lower()), "")


def message_ids(mail: AnyMail, name: str) -> list[str]:
    return MESSAGE_ID.findall(clean("".join(as_sent(mail, name).split())))


def ancestors(mail: AnyMail) -> list[str]:
    """The thread above a message, oldest first (RFC 5256: References, else the first of In-Reply-To)."""
    return message_ids(mail, "References") or message_ids(mail, "In-Reply-To")[:1]


def decoded(payload: bytes, charset: str) -> str:
    """Text of a part whose charset may be a lie."""
    declared = WIDER.get(charset.lower(), charset.lower())
    first = [declared, "utf-8"] if declared.startswith(DOUBLE_BYTE) else ["utf-8", declared]
    for name in first:
        try:
            return payload.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return payload.decode("cp1252", "replace")


class Plain(HTMLParser):
    """The words of an HTML mail, with breaks where blocks end."""

    SILENT = frozenset({"script", "style", "head", "title"})
    BREAKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self.SILENT))
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def html_text(html: str) -> str:
    reader = Plain()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.parts).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def part_text(part: AnyMail) -> str:
    payload = part.get_payload(decode=True)
    try:
        charset = part.get_content_charset() or "utf-8"
    except BROKEN:
        charset = "utf-8"
    return decoded(payload, charset) if isinstance(payload, bytes) else ""


def body_text(mail: AnyMail) -> str:
    """The plain part where it says anything, else the HTML part as words."""
    plain, html = "", ""
    for part in mail.walk():
        if part.is_multipart() or filename(part):
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and not plain:
            plain = part_text(part).strip()
        elif kind == "text/html" and not html:
            html = part_text(part)
    return clean((plain or html_text(html)).replace("\r\n", "\n"))


def filename(part: AnyMail) -> str:
    try:
        return clean(part.get_filename() or "")
    except BROKEN:
        return "attachment"


def is_automatic(mail: AnyMail) -> bool:
    """Sent by a machine (RFC 3834, RFC 3464, lists): never to be answered automatically."""
    auto = as_sent(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        auto not in ("", "no")
        or as_sent(mail, "Precedence").strip().lower() in BULK
        or bool(as_sent(mail, "List-Id"))
        or mail.get_content_type() == "multipart/report"
        or sender(mail)[1].lower().startswith(ROBOTS)
    )


def addresses(mail: AnyMail, name: str) -> list[tuple[str, str]]:
    """(display name, address) pairs."""
    return [(clean(shown), clean(address)) for shown, address in getaddresses([header(mail, name)]) if address]


def sender(mail: AnyMail) -> tuple[str, str]:
    return next(iter(addresses(mail, "From")), ("", ""))


def sent_at(mail: AnyMail, arrived_at: datetime) -> datetime:
    """The Date header, unless it is missing, unreadable, or later than the arrival (clocks of senders are wrong)."""
    try:
        when = parsedate_to_datetime(as_sent(mail, "Date"))
    except (ValueError, OverflowError, IndexError):
        return arrived_at
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return min(when, arrived_at)


def order_number(*texts: str) -> str:
    """The first order number named in the texts, as the channel writes it ("#1042"); empty where none is."""
    for text in texts:
        for pattern in ORDER_NUMBERS:
            found = pattern.search(text)
            if found:
                return f"#{found[1]}" if found[1].isdigit() and len(found[1]) <= 10 else found[1]
    return ""


def records(
    raw: bytes, direction: Direction, arrived_at: datetime, root: str, *, is_cut: bool = False
) -> Iterator[Message | Conversation]:
    """`root` is the Message-ID of the thread's first message; empty where this one begins it."""
    mail = read_mail(raw)
    own_id = next(iter(message_ids(mail, "Message-ID")), "")
    text, subject = body_text(mail), header(mail, "Subject")
    when = sent_at(mail, arrived_at)
    digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
    thread = root or own_id or f"mail-{digest}"
    other = sender(mail) if direction is Direction.IN else next(iter(addresses(mail, "To")), ("", ""))
    reply_to = addresses(mail, "Reply-To") if direction is Direction.IN else []
    yield Message(
        external_id=f"{own_id or 'mail'}#{digest}",  # a forged copy of a Message-ID must not replace the first
        raw=raw,
        conversation_ref=thread,
        direction=direction,
        author=sender(mail)[0] or sender(mail)[1],
        sent_at=when,
        subject=subject,
        text=text[:LONGEST_TEXT],
        message_id=own_id,
        in_reply_to=next(iter(message_ids(mail, "In-Reply-To")), ""),
        is_automatic=is_automatic(mail),
        is_truncated=is_cut or len(text) > LONGEST_TEXT,
        attachments=tuple(name for part in mail.walk() if (name := filename(part))),
    )
    yield Conversation(
        external_id=thread,
        channel="mail",
        subject=REPLY_MARK.sub("", subject),
        customer_ref=other[1].lower(),
        customer_name=other[0],
        address=reply_to[0][1] if reply_to else other[1],
        order_ref=order_number(subject, text[:LONGEST_TEXT]),
        last_message_at=when,
        last_direction=direction,
    )


def message_id(operation: SendMessage, key: str, sender: str) -> str:
    """The same for every attempt and probe of an intent. Its right side is our own domain: filters distrust any other
    (RFC 5322 §3.6.4 recommends the sender's)."""
    return operation.message_id or f"<{key}@{sender.rpartition('@')[2]}>"


def compose(operation: SendMessage, *, sender: str, shown_name: str, key: str, now: datetime) -> EmailMessage:
    """The mail. Raises Refused for a line break in a header, an address that is none, a missing Message-ID."""
    headers = [operation.to, operation.subject, operation.message_id, operation.in_reply_to, *operation.references]
    if any(BREAKS.search(value) for value in [*headers, shown_name, sender]):
        raise Refused("a header holds a line break; nothing was sent", code="header")
    if not ADDRESS.fullmatch(operation.to):
        raise Refused(f"{operation.to!r} is no single mail address; nothing was sent", code="address")
    for value in (operation.message_id, *filter(None, (operation.in_reply_to, *operation.references))):
        if not OUR_ID.fullmatch(value):
            raise Refused(f"{value!r} is no Message-ID; nothing was sent", code="message_id")
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(shown_name, addr_spec=sender)
    mail["To"] = operation.to
    mail["Subject"] = operation.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = operation.message_id
    mail[ACTION] = key
    if operation.in_reply_to:
        mail["In-Reply-To"] = operation.in_reply_to
    if operation.references:
        mail["References"] = " ".join(operation.references)
    mail.set_content(operation.text, charset="utf-8", cte="quoted-printable")
    return mail
