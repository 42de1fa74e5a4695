"""Mail to our own people: digests, sign-in codes, warnings. Buyers and suppliers are written to by a connector alone.

This is housekeeping ("mail.own_people" in `base.HOUSEKEEPING`), so it asks no gate; it refuses every address that is
not in the list of our people which the caller passes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr

from connectors.base import NotApproved, Refused
from connectors.transport import smtp


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`message_id` is fixed by the caller before sending, so that a repeated letter can be recognised."""

    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str


def compose(letter: Letter, *, sender: str, now: datetime) -> EmailMessage:
    """`sender` is an address with or without a shown name. Raises Refused for a line break in a header."""
    if any(break_ in value for value in (letter.to, letter.subject, letter.message_id, sender) for break_ in "\r\n\0"):
        raise Refused("a header holds a line break; nothing was sent", code="header")
    name, address = parseaddr(sender)
    if "@" not in address or "@" not in letter.to:
        raise Refused(f"{letter.to!r} or {sender!r} is no mail address; nothing was sent", code="address")
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = letter.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, charset="utf-8")
    if letter.html:
        mail.add_alternative(letter.html, subtype="html", charset="utf-8")
    return mail


def send(letter: Letter, *, server: smtp.Server, sender: str, own_people: Collection[str], now: datetime) -> str:
    """Hand one letter to our mail server; returns its reply. Raises NotApproved for a stranger's address, Retry,
    Refused, Reconnect, and Unknown where the connection ended before the server's last word."""
    if letter.to.lower() not in {address.lower() for address in own_people}:
        raise NotApproved(f"{letter.to} is none of our people; a letter to the outside needs an approved draft")
    mail = compose(letter, sender=sender, now=now).as_bytes()
    with smtp.opened(server) as session:
        return smtp.hand_over(session, parseaddr(sender)[1], letter.to, mail, lambda: None)
