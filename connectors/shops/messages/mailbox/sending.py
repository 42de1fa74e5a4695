"""The session with the server that takes a mailbox's mail."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.transport import smtp
from connectors.types import Account


@contextmanager
def opened(account: Account) -> Iterator[smtplib.SMTP]:
    """A logged-in session with the account's own server. Raises Retry and Reconnect; nothing has been sent then."""
    settings, mine = account.settings, account.credentials
    server = smtp.Server(
        host=str(settings["smtp_host"]),
        port=int(str(settings.get("smtp_port") or smtp.IMPLICIT_TLS_PORT)),
        username=mine["username"],
        password=mine.get("password", ""),
        access_token=mine.get("access_token", ""),
        use_tls=bool(settings.get("use_tls", True)),
    )
    with smtp.opened(server) as session:
        yield session
