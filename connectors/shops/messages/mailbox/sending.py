"""One mail of a shop, composed; and the session with its mail server."""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime

from connectors.base import Refused
from connectors.operations import SendMessage
from connectors.transport import smtp
from connectors.types import Account

ADDRESS = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+")
MESSAGE_ID = re.compile(r"<[^<>\s@]+@[^<>\s@]+>")
BREAKS = re.compile(r"[\r\n\x00]")


def compose(operation: SendMessage, *, sender: str, shown_name: str, key: str, now: datetime) -> EmailMessage:
    """The mail. Raises Refused for a line break in a header, an address that is none, a missing Message-ID."""
    headers = [operation.to, operation.subject, operation.message_id, operation.in_reply_to, *operation.references]
    if any(BREAKS.search(value) for value in [*headers, shown_name, sender]):
        raise Refused("a header holds a line break; nothing was sent", code="header")
    if not ADDRESS.fullmatch(operation.to):
        raise Refused(f"{operation.to!r} is no single mail address; nothing was sent", code="address")
    for value in (operation.message_id, *filter(None, (operation.in_reply_to, *operation.references))):
        if not MESSAGE_ID.fullmatch(value):
            raise Refused(f"{value!r} is no Message-ID; nothing was sent", code="message_id")
    mail = EmailMessage(policy=WIRE)
    mail["From"] = Address(shown_name, addr_spec=sender)
    mail["To"] = operation.to
    mail["Subject"] = operation.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = operation.message_id
    mail["X-Ops-Action"] = key
    if operation.in_reply_to:
        mail["In-Reply-To"] = operation.in_reply_to
    if operation.references:
        mail["References"] = " ".join(operation.references)
    mail.set_content(operation.text, charset="utf-8", cte="quoted-printable")
    return mail


@contextmanager
def opened(account: Account) -> Iterator[smtplib.SMTP]:
    """A logged-in session with the account's own server. Raises Retry and Reconnect; nothing has been sent then."""
    settings, mine = account.settings, account.credentials
    server = smtp.Server(
        host=str(settings["smtp_host"]),
        port=int(str(settings.get("smtp_port") or smtp.IMPLICIT_TLS_PORT)),
        username=mine["username"],
        password=mine["password"],
        use_tls=bool(settings.get("use_tls", True)),
    )
    with smtp.opened(server) as session:
        yield session
