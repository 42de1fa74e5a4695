"""The mailbox: letters as they really come, threads, sending with its endings, and a round trip over real IMAP."""

import base64
import imaplib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from connectors.base import CannotDo, NotApproved, Permit, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.operations import AcceptDispute, SendMessage
from connectors.registry import open_connector
from connectors.shops import letters
from connectors.shops.letters import compose
from connectors.shops.messages.mailbox import Mailbox
from connectors.shops.messages.mailbox.connector import BATCH_BYTES, in_batches
from connectors.shops.messages.mailbox.imap import Envelope
from connectors.twin.server import TwinServer, serve
from connectors.types import Account, Conversation, Direction, Message, Sight
from tests.connectors.shops.stand import NOW, allow, permit

# The twin's mail server asks for a password without TLS, which is right on the loopback and warned of.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
ARRIVED = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def letter(*lines: str, body: bytes = b"hello", kind: str = "text/plain; charset=utf-8") -> bytes:
    head = ("From: Ann <ann@example.com>", "To: help@shop.example", "Message-ID: <m1@example.com>", *lines)
    return "\r\n".join((*head, f"Content-Type: {kind}", "Content-Transfer-Encoding: 8bit", "", "")).encode() + body


def read(raw: bytes, direction: Direction = Direction.IN, root: str = "") -> tuple[Message, Conversation]:
    message, conversation = letters.records(raw, direction, ARRIVED, root)
    assert isinstance(message, Message)
    assert isinstance(conversation, Conversation)
    return message, conversation


def test_a_letter_becomes_a_message_and_its_thread() -> None:
    raw = letter("Subject: Re: RE: Order #1042 late", "Date: Sat, 21 Nov 2026 06:00:00 +0000")
    message, conversation = read(raw)
    assert (message.author, message.text, message.message_id) == ("Ann", "hello", "<m1@example.com>")
    assert message.sent_at == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert (conversation.external_id, conversation.subject, conversation.order_ref) == (
        "<m1@example.com>",
        "Order #1042 late",
        "#1042",
    )
    assert (conversation.address, conversation.last_direction) == ("ann@example.com", Direction.IN)
    assert message.raw == raw


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("🎁 wo ist es? ü".encode(), "us-ascii", "🎁 wo ist es? ü"),
        ("größe".encode("cp1252"), "utf-8", "größe"),
        ("größe".encode("latin-1"), "x-unheard-of", "größe"),
        ("退款".encode("gb18030"), "gb2312", "退款"),
        ("返金してください".encode("shift_jis"), "Shift_JIS", "返金してください"),
        ("שלום עולם \u202eabc".encode(), "utf-8", "שלום עולם \u202eabc"),
        (b"a\x00b", "utf-8", "a\ufffdb"),
    ],
)
def test_text_survives_a_charset_that_lies(body: bytes, charset: str, text: str) -> None:
    assert read(letter(body=body, kind=f"text/plain; charset={charset}"))[0].text == text


def test_an_html_letter_is_read_as_its_words() -> None:
    html = b"<style>p{}</style><p>Hi,</p><p>my <b>lamp</b> is broken &amp; late</p><script>alert(1)</script>"
    assert read(letter(body=html, kind="text/html"))[0].text == "Hi,\n\nmy lamp is broken & late"


def test_a_letter_of_ten_megabytes_is_cut_and_kept_whole_in_the_raw_payload() -> None:
    raw = letter(body=b"x" * 10_000_000)
    message, _ = read(raw)
    assert (len(message.text), message.is_truncated, len(message.raw)) == (letters.LONGEST_TEXT, True, len(raw))


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <news.example.com>",
        "Auto-Submitted: auto-generated; x",
    ],
)
def test_a_machines_letter_is_marked(line: str) -> None:
    assert read(letter(line))[0].is_automatic


def test_a_persons_letter_is_not() -> None:
    assert not read(letter("Auto-Submitted: no"))[0].is_automatic


def test_an_attachment_is_named_and_not_read_as_text() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "ann@example.com", "help@shop.example", "<a@b>"
    mail.set_content("see photo")
    mail.add_attachment(b"secret text", maintype="text", subtype="plain", filename="note.txt")
    message, _ = read(mail.as_bytes())
    assert (message.text, message.attachments) == ("see photo", ("note.txt",))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("my order 2611200ABCDEF1 is late", "2611200ABCDEF1"),
        ("2611201ABCDEFG, please", "2611201ABCDEFG"),
        ("Where is #1042?", "#1042"),
        ("pesanan saya no 55012", ""),
        ("pesanan nomor 55012", "#55012"),
        ("Đơn hàng: 55012", "#55012"),
        ("訂單號 55012", "#55012"),
        ("I paid 1042 dollars", ""),
    ],
)
def test_an_order_number_is_found_in_the_text(text: str, number: str) -> None:
    assert letters.order_number("", text) in (number, number[:14])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00garbage",
        b"Subject: =?utf-8?B?!!!?=\r\nFrom: <<<>>>\r\nDate: never\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b'Content-Type: text/plain; charset="\r\n\r\nx',
        b"From: a@b.c\r\nTo: " + b"x@y.z, " * 5000 + b"\r\n\r\nx",
    ],
)
def test_a_broken_letter_is_still_a_message(raw: bytes) -> None:
    message, conversation = read(raw)
    assert message.conversation_ref == conversation.external_id
    assert message.sent_at == ARRIVED


def test_a_forged_message_id_does_not_replace_the_first_letter() -> None:
    assert read(letter(body=b"real"))[0].external_id != read(letter(body=b"forged"))[0].external_id
    assert read(letter())[0].external_id == read(letter())[0].external_id


def test_a_date_from_the_future_is_the_arrival() -> None:
    assert read(letter("Date: Sat, 21 Nov 2099 06:00:00 +0000"))[0].sent_at == ARRIVED


def test_ancestors_are_the_references_or_else_what_is_answered() -> None:
    both = letters.read_mail(letter("References: <r1@x> <r2@x>", "In-Reply-To: <r2@x>"))
    one = letters.read_mail(letter("In-Reply-To: <r2@x> (yesterday)"))
    assert (letters.ancestors(both), letters.ancestors(one), letters.ancestors(letters.read_mail(letter()))) == (
        ["<r1@x>", "<r2@x>"],
        ["<r2@x>"],
        [],
    )


def test_messages_are_fetched_in_groups_of_bounded_weight() -> None:
    sizes = [BATCH_BYTES, 10, 10, BATCH_BYTES - 10]
    batches = list(in_batches([Envelope("INBOX", uid, size, NOW) for uid, size in enumerate(sizes)]))
    assert [[envelope.uid for envelope in batch] for batch in batches] == [[0], [1, 2], [3]]


REPLY = SendMessage(
    to="ann@example.com",
    subject="Re: Order #1042 late",
    text="It left today. 🎁",
    conversation_ref="<m1@example.com>",
    message_id="<ops-1@shop.example>",
    in_reply_to="<m1@example.com>",
    references=("<m1@example.com>",),
)


def composed(operation: SendMessage) -> EmailMessage:
    return compose(operation, sender="help@shop.example", shown_name="Lumen & Loft", key="intent-0001", now=NOW)


def test_an_answer_stays_in_its_thread_and_carries_its_key() -> None:
    mail = composed(REPLY)
    assert (mail["Message-ID"], mail["In-Reply-To"], mail["References"]) == (
        "<ops-1@shop.example>",
        "<m1@example.com>",
        "<m1@example.com>",
    )
    assert (mail["X-Ops-Action"], mail.get_content().strip()) == ("intent-0001", "It left today. 🎁")
    assert max(map(len, mail.as_bytes().splitlines())) <= 998


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "Hi\r\nBcc: all@example.com"},
        {"to": "ann@example.com\nBcc: all@example.com"},
        {"to": "ann@example.com, all@example.com"},
        {"to": "nobody"},
        {"message_id": ""},
        {"message_id": "<a@b>\r\nX: y"},
        {"references": ("<a@b>\nX: y",)},
        {"in_reply_to": "not an id"},
    ],
)
def test_a_header_that_smuggles_another_is_refused(changed: dict[str, Any]) -> None:
    fields = {name: getattr(REPLY, name) for name in REPLY.__slots__}
    with pytest.raises(Refused, match="nothing was sent"):
        composed(SendMessage(**{**fields, **changed}))


def mailbox(smtp_port: int, imap_port: int = 1, gate: Callable[[Permit], None] = allow, **credentials: str) -> Mailbox:
    settings = {
        "imap_host": "127.0.0.1",
        "imap_port": imap_port,
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "use_tls": False,
        "address": "help@shop.example",
    }
    keys = {"username": "help@shop.example", "password": "secret"} | credentials
    account = Account("mailbox", 1, "Mail", "help@shop.example", "", settings=settings, credentials=keys)
    connector = open_connector(account, clock=lambda: NOW, gate=gate)
    assert isinstance(connector, Mailbox)
    return connector


@contextmanager
def smtp_script(*replies: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """An SMTP server that says these lines in turn; None ends the connection."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                for answer in replies:
                    if answer is None:
                        return
                    connection.sendall(answer)
                    heard.append(lines.readline())
                    while answer.startswith(b"354") and heard[-1] not in (b".\r\n", b""):
                        heard.append(lines.readline())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        thread.join(timeout=5)


HELLO = (b"220 hi\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", b"235 ok\r\n")
OK, GO = b"250 ok\r\n", b"354 go\r\n"


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        ((b"220 hi\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", b"535 no\r\n", b"221\r\n", None), Reconnect),
        ((b"421 busy\r\n", None), Retry),
        ((*HELLO, b"451 later\r\n", None), Retry),
        ((*HELLO, OK, b"550 no such user\r\n", None), Refused),
        ((*HELLO, OK, b"450 greylisted\r\n", None), Retry),
        ((*HELLO, OK, None), Retry),
        ((*HELLO, OK, OK, b"554 no data\r\n", None), Refused),
        ((*HELLO, OK, OK, GO, b"552 too big\r\n", None), Refused),
        ((*HELLO, OK, OK, GO, b"451 local error\r\n", None), Retry),
        ((*HELLO, OK, OK, GO, None), Unknown),
        ((*HELLO, OK, OK, None), Unknown),
    ],
)
def test_each_ending_of_a_handover_is_sorted(talk: tuple[bytes | None, ...], kind: type[Exception]) -> None:
    with smtp_script(*talk) as (port, _), pytest.raises(kind):
        mailbox(port).perform(REPLY, permit())


def test_no_mail_leaves_without_an_approval() -> None:
    with smtp_script(*HELLO, OK, None) as (port, heard), pytest.raises(NotApproved):
        mailbox(port, gate=closed_gate).perform(REPLY, permit())
    assert not any(line.upper().startswith((b"MAIL", b"RCPT", b"DATA")) for line in heard)


def test_a_mail_that_was_taken_is_sent_even_where_no_copy_can_be_filed() -> None:
    with smtp_script(*HELLO, OK, OK, GO, b"250 queued as 7\r\n", None) as (port, heard):
        receipt = mailbox(port).perform(REPLY, permit())
    assert receipt.reference == "<ops-1@shop.example>"
    assert receipt.body.startswith(b"queued as 7\nno copy filed")
    assert b"Message-ID: <ops-1@shop.example>\r\n" in heard


TOKEN_WORDS = base64.b64encode(b"user=help@shop.example\x01auth=Bearer at-1\x01\x01")


def test_a_token_signs_in_to_the_server_that_sends() -> None:
    hello = (b"220 hi\r\n", b"250-x\r\n250 AUTH XOAUTH2\r\n", b"235 ok\r\n")
    with smtp_script(*hello, OK, OK, GO, b"250 queued as 7\r\n", None) as (port, heard):
        receipt = mailbox(port, password="", access_token="at-1").perform(REPLY, permit())
    assert receipt.reference == "<ops-1@shop.example>"
    assert heard[1] == b"AUTH XOAUTH2 " + TOKEN_WORDS + b"\r\n"


def test_a_token_that_has_ended_asks_to_be_connected_again_and_nothing_is_sent() -> None:
    hello = (b"220 hi\r\n", b"250-x\r\n250 AUTH XOAUTH2\r\n", b"334 eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"535 no\r\n")
    with smtp_script(*hello, b"535 no\r\n", None) as (port, heard), pytest.raises(Reconnect, match="sign-in"):
        mailbox(port, password="", access_token="at-1").perform(REPLY, permit())
    assert not any(line.upper().startswith((b"MAIL", b"RCPT", b"DATA")) for line in heard)


@contextmanager
def imap_script(*replies: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """An IMAP server that greets and answers each line by the next of these; `TAG` stands for the command's own."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            tag = b""
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"* OK IMAP4rev1\r\n")
                for answer in replies:
                    heard.append(lines.readline())
                    first = heard[-1].split(b" ")[0]
                    tag = first if b" " in heard[-1] else tag  # an answer to a challenge has none
                    connection.sendall(answer.replace(b"TAG", tag))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        thread.join(timeout=5)


CAN = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK x\r\n"


def test_a_token_signs_in_to_the_server_that_is_read() -> None:
    opened = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nTAG OK [READ-ONLY] x\r\n"
    talk = (CAN, b"+ \r\n", b"TAG OK in x\r\n", opened, b"* BYE x\r\nTAG OK x\r\n")
    with imap_script(*talk) as (port, heard):
        said = mailbox(1, imap_port=port, password="", access_token="at-1").check()
    assert said == "signed in as help@shop.example"
    assert heard[1].endswith(b"AUTHENTICATE XOAUTH2\r\n")
    assert heard[2] == TOKEN_WORDS + b"\r\n"


def test_a_refused_token_asks_to_be_connected_again() -> None:
    talk = (CAN, b"+ \r\n", b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"TAG NO no x\r\n", b"* BYE x\r\nTAG OK x\r\n")
    with imap_script(*talk) as (port, heard), pytest.raises(Reconnect, match="refuses the user name or token"):
        mailbox(1, imap_port=port, password="", access_token="at-1").check()
    assert heard[3] == b"\r\n"


def test_a_mailbox_only_sends_messages() -> None:
    with pytest.raises(CannotDo):
        mailbox(1).perform(AcceptDispute(dispute_ref="x"), permit())


@pytest.fixture(scope="module")
def twin() -> Iterator[TwinServer]:
    with serve(scenario="week", seed=7) as server:
        yield server


@pytest.fixture
def live(twin: TwinServer) -> Mailbox:
    row = next(row for row in twin.accounts() if row["kind"] == "mailbox")
    account = Account(
        "mailbox", 1, row["name"], row["external_id"], "", settings=row["settings"], credentials=row["credentials"]
    )
    connector = open_connector(account, clock=lambda: datetime.now(UTC), gate=allow)
    assert isinstance(connector, Mailbox)
    return connector


def test_a_round_trip_is_read_sent_filed_seen_and_read_back(live: Mailbox, twin: TwinServer) -> None:
    pages = list(live.pull("messages", ""))
    came = [row for page in pages for row in page.records if isinstance(row, Message) and row.direction is Direction.IN]
    assert pages[-1].count_at_source == sum(page.seen for page in pages) > len(came) > 0
    [empty] = live.pull("messages", pages[-1].cursor)
    assert (empty.records, empty.is_last) == ((), True)

    asked = came[-1]
    answer = SendMessage(
        to=next(
            row.address
            for page in pages
            for row in page.records
            if isinstance(row, Conversation) and row.external_id == asked.conversation_ref
        ),
        text="We look into it.",
        subject=f"Re: {asked.subject}",
        in_reply_to=asked.message_id,
        references=(asked.message_id,),
    )
    assert live.probe(answer, "intent-0001", NOW).sight is Sight.UNCLEAR
    ticket = Permit(1, 1, "d", "intent-0001", 1, datetime.now(UTC) + timedelta(minutes=1))
    receipt = live.perform(answer, ticket)
    assert receipt.reference == f"<intent-0001@{live.address.partition('@')[2]}>"
    assert live.probe(answer, "intent-0001", NOW).sight is Sight.SEEN

    [page] = live.pull("messages", pages[-1].cursor)
    sent = [row for row in page.records if isinstance(row, Message) and row.message_id == receipt.reference]
    assert [(row.direction, row.text, row.conversation_ref) for row in sent] == [
        (Direction.OUT, "We look into it.", asked.conversation_ref)
    ]
    assert live.fetch(Message, sent[0].external_id) == sent[0]


def test_another_uidvalidity_reads_the_folder_again(live: Mailbox) -> None:
    [*_, last] = live.pull("messages", "")

    stale = re.sub(r"\[\d+,", "[1,", last.cursor)
    assert sum(page.seen for page in live.pull("messages", stale)) == last.count_at_source


def test_a_wrong_password_asks_for_a_person(twin: TwinServer) -> None:
    with pytest.raises(Reconnect):
        list(mailbox(twin.smtp_port, twin.imap_port, password="wrong").pull("messages", ""))


def test_a_mail_server_that_is_away_is_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Retry):
        list(mailbox(1, port).pull("messages", ""))


def test_reading_marks_nothing_as_read(live: Mailbox, twin: TwinServer) -> None:
    list(live.pull("messages", ""))
    row = next(row for row in twin.accounts() if row["kind"] == "mailbox")
    server = imaplib.IMAP4("127.0.0.1", twin.imap_port)
    server.login(row["credentials"]["username"], row["credentials"]["password"])
    server.select("INBOX", readonly=True)
    assert server.uid("SEARCH", "SEEN")[1] in ([b""], [None])
    server.logout()
