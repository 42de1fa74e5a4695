"""Reading what a mail client sends: IMAP's words, and messages as raw bytes."""

import re
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from connectors.twin.world.trade import Mail

Words = list[Any]  # text, bytes of a literal, or a list of the same in brackets
TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}\r?\n|((?:[^\s()"\[]|\[[^\]]*\](?:<[\d.]+>)?)+))')


def parse_words(line: bytes) -> Words:
    """One command line with its literals in place."""
    stack: list[Words] = [[]]
    place = 0
    while found := TOKEN.match(line, place):
        place = found.end()
        opened, closed, quoted, literal, atom = found.groups()
        if opened:
            stack.append([])
        elif closed:
            if len(stack) > 1:
                inner = stack.pop()
                stack[-1].append(inner)
        elif literal is not None:
            size = int(literal)
            stack[-1].append(line[place : place + size])
            place += size
        elif quoted is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", quoted).decode("utf-8", "replace"))
        else:
            stack[-1].append(atom.decode("utf-8", "replace"))
    return stack[0]


def read_mail(content: bytes, now: int | None = None) -> Mail:
    """Raw bytes to a Mail that keeps them. Unreadable headers and bodies become empty text."""
    message = message_from_bytes(content, policy=policy.default)
    names = getaddresses([header(message, "From")])
    sender_name, sender = names[0] if names else ("", "")
    replied = re.findall(r"<[^<>\s]+>", header(message, "In-Reply-To"))
    mail = Mail(
        0, header(message, "Message-ID").strip(), sender, sender_name, header(message, "To"), header(message,
        "Subject"),
        _text(message), _date(header(message, "Date"), int(time.time()) if now is None else now),
    )  # fmt: skip
    mail.in_reply_to, mail.raw = (replied[0] if replied else ""), content
    return mail


def header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # the standard library's parser trips over some malformed headers
        return ""


def _text(message: EmailMessage) -> str:
    try:
        body = message.get_body(("plain", "html"))
        return str(body.get_content()) if body is not None else ""
    except (LookupError, UnicodeError, AttributeError):
        return ""


def _date(value: str, now: int) -> int:
    try:
        when = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return now
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()) if isinstance(when, datetime) else now
