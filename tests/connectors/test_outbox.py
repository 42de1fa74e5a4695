"""Mail to our own people, against a real SMTP server in this process."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connectors import outbox
from connectors.base import NotApproved, Refused, Retry
from connectors.outbox import Letter
from connectors.transport import smtp

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LETTER = Letter(
    to="ann@shop.example",
    subject="3 decisions wait – $4,210 🎯",
    text="Plain words",
    html="<p>Rich words</p>",
    message_id="<digest-1@shop.example>",
)


class Inbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.reply = "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's name
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.reply


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, smtp.Server]]:
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, smtp.Server("127.0.0.1", port, use_tls=False)
    controller.stop()


def send(server: smtp.Server, letter: Letter = LETTER, own: tuple[str, ...] = ("Ann@shop.example",)) -> str:
    return outbox.send(letter, server=server, sender="Ops Room <ops@shop.example>", own_people=own, now=NOW)


def test_a_letter_arrives_once_with_both_its_forms(inbox: tuple[Inbox, smtp.Server]) -> None:
    handler, server = inbox
    assert send(server) == "ok"
    [(sender, to, content)] = handler.mails
    assert (sender, to) == ("ops@shop.example", ["ann@shop.example"])
    mail = message_from_bytes(content, policy=policy.default)
    assert (mail["Subject"], mail["Message-ID"], mail["Auto-Submitted"]) == (
        LETTER.subject,
        LETTER.message_id,
        "auto-generated",
    )
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_a_letter_to_a_stranger_needs_an_approved_draft(inbox: tuple[Inbox, smtp.Server]) -> None:
    handler, server = inbox
    with pytest.raises(NotApproved, match="approved draft"):
        send(server, own=("bob@shop.example",))
    assert handler.mails == []


def test_a_header_with_a_line_break_is_refused(inbox: tuple[Inbox, smtp.Server]) -> None:
    handler, server = inbox
    letter = Letter(to="ann@shop.example", subject="a\r\nBcc: x@y.z", text="x", message_id="<a@b>")
    with pytest.raises(Refused):
        send(server, letter)
    assert handler.mails == []


def test_a_passing_refusal_may_be_tried_again(inbox: tuple[Inbox, smtp.Server]) -> None:
    handler, server = inbox
    handler.reply = "451 later"
    with pytest.raises(Retry, match="451"):
        send(server)
