"""SMTP submission: until the final dot nothing has been sent; from there to the server's reply its fate is unknown."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.base import ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.transport.oauth import xoauth2

TIMEOUT_SECONDS = 30.0
IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. Port 465 speaks TLS from the start, the others after STARTTLS (RFC 8314)."""

    host: str
    port: int = IMPLICIT_TLS_PORT
    username: str = ""
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)  # instead of a password (XOAUTH2)
    use_tls: bool = True


@contextmanager
def opened(server: Server) -> Iterator[smtplib.SMTP]:
    """A logged-in session. Raises Retry where the server cannot be used now, Reconnect where it refuses us."""
    try:
        session = connect(server)
    except (OSError, smtplib.SMTPException) as error:
        raise Retry(f"the mail server {server.host} cannot be reached, nothing was sent: {error}") from error
    try:
        begin(session, server)
        yield session
    finally:
        session.close()


def begin(session: smtplib.SMTP, server: Server) -> None:
    """TLS and log in; nothing of the mail has been said yet."""
    try:
        if server.use_tls and server.port != IMPLICIT_TLS_PORT:
            session.starttls(context=ssl.create_default_context())
        session.ehlo_or_helo_if_needed()
        if server.access_token:
            words = xoauth2(server.username, server.access_token)
            # A refusal comes as a challenge that wants an empty answer before the server says no.
            session.auth("XOAUTH2", lambda challenge=None: "" if challenge else words, initial_response_ok=True)
        elif server.username:
            session.login(server.username, server.password)
    except smtplib.SMTPAuthenticationError as error:
        raise Reconnect(f"the mail server {server.host} refuses our sign-in: {text_of(error.smtp_error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Retry(f"the mail server {server.host} cannot be used now, nothing was sent: {error}") from error


def connect(server: Server) -> smtplib.SMTP:
    if server.use_tls and server.port == IMPLICIT_TLS_PORT:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)


def hand_over(session: smtplib.SMTP, sender: str, to: str, mail: bytes, before: Callable[[], None]) -> str:
    """Send to one address; returns the reply to the final dot. `before` runs right before byte one and may refuse.

    Raises Retry and Refused (surely not taken), Unknown (the connection ended while the mail was under way).
    """
    before()
    try:
        accepted(session.mail(sender), "the sender")
        accepted(session.rcpt(to), "the recipient")
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise Retry(f"the connection ended before the mail was sent: {error}") from error
    try:
        code, said = session.data(mail)
    except smtplib.SMTPDataError as error:
        raise turned_away(error.smtp_code, error.smtp_error, "the mail") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(f"the connection ended while the mail was being sent: {error}; it may have arrived") from error
    accepted((code, said), "the mail")
    return text_of(said)


def accepted(reply: tuple[int, bytes], what: str) -> None:
    code, said = reply
    if not 200 <= code < 300:
        raise turned_away(code, said, what)


def turned_away(code: int, said: bytes | str, what: str) -> ConnectorError:
    """4yz is passing, 5yz is final; either way the server has not taken the mail (RFC 5321 §4.2.1)."""
    words = f"the mail server turns {what} away: {code} {text_of(said)}"
    return Retry(words, code=str(code)) if 400 <= code < 500 else Refused(words, code=str(code))


def text_of(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
