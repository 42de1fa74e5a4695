"""The mailbox's two servers: SMTP submission (what we send arrives at the buyers) and IMAP (what they wrote)."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.twin import deeds
from connectors.twin.faults import Faults
from connectors.twin.market import Market
from connectors.twin.wire.imap import Connection
from connectors.twin.wire.mailparse import read_mail
from connectors.twin.world.post import ADDRESS

PASSWORD = "lantern-oak-7316"  # noqa: S105 - the twin's own
SIZE_LIMIT = 25 << 20


def is_login(user: str, password: str) -> bool:
    return user == ADDRESS and password == PASSWORD


class MailServers:
    """Both servers of one market. `tick` brings the market up to the clock before each command."""

    def __init__(self, market: Market, faults: Faults, tick: Callable[[], None]) -> None:
        self.market, self.faults, self.tick = market, faults, tick
        self._servers: list[asyncio.Server] = []
        self._imap: set[Connection] = set()

    def account(self, imap_port: int, smtp_port: int) -> dict[str, Any]:
        return {
            "kind": "mailbox", "name": "Lumen & Loft support mail", "external_id": ADDRESS, "base_url": "",
            "country": "SG", "currency": "USD",
            "time_zone": "Asia/Singapore", "credentials": {"username": ADDRESS, "password": PASSWORD},
            "settings": {"imap_host": "127.0.0.1", "imap_port": imap_port, "smtp_host": "127.0.0.1",
            "smtp_port": smtp_port,
                         "use_tls": False, "address": ADDRESS},
        }  # fmt: skip

    async def start(self) -> tuple[int, int]:
        """Listen on two free ports; returns (IMAP, SMTP)."""
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(self._smtp, "127.0.0.1", 0)
        imap = await asyncio.start_server(self._imap_client, "127.0.0.1", 0, limit=64 << 20)
        self._servers = [imap, smtp]
        return imap.sockets[0].getsockname()[1], smtp.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for connection in list(self._imap):
            connection.close()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)

    def _smtp(self) -> SMTP:
        return SMTP(
            Submission(self), hostname="twin.example", ident="twin", auth_require_tls=False,
            authenticator=_authenticate, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True,
        )  # fmt: skip

    async def _imap_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self.market.post, is_login, self.tick, self.faults)
        self._imap.add(connection)
        try:
            await connection.serve()
        finally:
            self._imap.discard(connection)

    def accept(self, content: bytes, recipients: list[str]) -> None:
        """A message of ours has been taken: it arrives, once for each recipient."""
        self.tick()
        deeds.post_mail(self.market, read_mail(content, self.market.now), recipients)


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and is_login(data.login.decode(), data.password.decode())
    return AuthResult(success=is_right, handled=False)


class Submission:
    """aiosmtpd's handler: one accepted message is one delivery, unless a fault says otherwise."""

    def __init__(self, servers: MailServers) -> None:
        self.servers = servers

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Submission is for those who logged in."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        rule = self.servers.faults.pick("mailbox", "smtp.data") if self.servers.faults.rules else None
        kind, wait = (rule.kind, rule.seconds) if rule else ("", None)
        if kind in ("rate_limited", "server_error"):
            return "451 4.3.0 Try again later"
        if kind in ("timeout_before", "slow"):
            await asyncio.sleep(1.0 if wait is None else wait)
        if kind in ("reset_before", "timeout_before"):
            return _hang_up(server)
        self.servers.accept(content, list(envelope.rcpt_tos))
        if kind == "timeout_after":
            await asyncio.sleep(1.0 if wait is None else wait)
        if kind in ("reset_after", "timeout_after"):
            return _hang_up(server)
        return "250 2.0.0 Accepted"


def _hang_up(server: SMTP) -> str:
    """Cut the line without a reply: the client cannot know whether the message was taken."""
    transport = server.transport
    if isinstance(transport, asyncio.Transport):
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        transport.abort()
    return "421 4.4.2 Connection dropped"
