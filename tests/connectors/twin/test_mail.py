"""The mailbox with the standard library's clients: IMAP out, SMTP in."""

import imaplib
import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest

from connectors.twin.world.post import ADDRESS
from tests.connectors.twin.conftest import Client


@pytest.fixture
def imap(fresh: Client) -> Iterator[imaplib.IMAP4]:
    box = fresh.shops["mailbox"]
    with imaplib.IMAP4("127.0.0.1", box["settings"]["imap_port"], timeout=5) as client:
        client.login(box["credentials"]["username"], box["credentials"]["password"])
        yield client


def smtp(client: Client) -> smtplib.SMTP:
    box = client.shops["mailbox"]
    server = smtplib.SMTP("127.0.0.1", box["settings"]["smtp_port"], timeout=5)
    server.login(box["credentials"]["username"], box["credentials"]["password"])
    return server


def letter(
    to: str = "wei.tan.5@buyers.example", message_id: str = "<reply1@lumenandloft.example>", **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = ADDRESS, to, "Re: cracked", message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("We send a new one. 谢谢 😀")
    return message


def uids(client: imaplib.IMAP4, *keys: str) -> list[int]:
    _, data = client.uid("SEARCH", *keys)
    return [int(word) for word in data[0].split()]


def fetch(client: imaplib.IMAP4, uid: int, what: str = "BODY.PEEK[]") -> bytes:
    _, data = client.uid("FETCH", str(uid), f"({what})")
    part: Any = data[0]
    return bytes(part[1])


def test_a_wrong_password_is_refused(twin: Client) -> None:
    client = imaplib.IMAP4("127.0.0.1", twin.shops["mailbox"]["settings"]["imap_port"], timeout=5)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login(ADDRESS, "wrong")
    with pytest.raises(imaplib.IMAP4.error):
        client.select("INBOX")
    client.logout()


def test_folders_are_listed_and_selected_with_their_validity(imap: imaplib.IMAP4, fresh: Client) -> None:
    assert sorted(bytes(row).rsplit(b" ", 1)[1] for row in imap.list()[1] if isinstance(row, bytes)) == [
        b'"INBOX"',
        b'"Sent"',
    ]
    _, count = imap.select("INBOX", readonly=True)
    assert int(count[0] or 0) == len(fresh.server.market.post.inbox.mails)
    assert imap.response("UIDVALIDITY")[1] == [b"1700000001"]
    assert imap.select("Nowhere")[0] == "NO"


def test_buyers_mails_are_read_whole_without_marking_them(imap: imaplib.IMAP4, fresh: Client) -> None:
    imap.select("INBOX")
    found = uids(imap, "ALL")
    assert found == list(range(1, len(found) + 1))
    assert uids(imap, "UID", f"{found[-1]}:*") == found[-1:]
    assert uids(imap, "UID", "999999:*") == found[-1:]  # RFC 3501: n:* always holds the newest
    raw = fetch(imap, found[-1])
    message = BytesParser(policy=default).parsebytes(raw)
    mail = fresh.server.market.post.inbox.mails[-1]
    assert (message["Message-ID"], message["Subject"]) == (mail.message_id, mail.subject)
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == mail.text.strip()
    assert uids(imap, "UNSEEN") == found
    fetch(imap, found[-1], "BODY[]")
    assert uids(imap, "SEEN") == [found[-1]]


def test_sizes_dates_and_parts_are_told(imap: imaplib.IMAP4) -> None:
    imap.select("INBOX")
    _, data = imap.uid("FETCH", "1", "(UID RFC822.SIZE INTERNALDATE FLAGS)")
    assert b"RFC822.SIZE" in data[0]
    assert imaplib.Internaldate2tuple(data[0]) is not None
    assert fetch(imap, 1, "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]").lower().startswith(b"message-id: <")
    assert fetch(imap, 1, "BODY.PEEK[]<0.10>") == fetch(imap, 1)[:10]


def test_what_is_sent_arrives_once_for_each_recipient(fresh: Client) -> None:
    with smtp(fresh) as server:
        server.send_message(letter(), to_addrs=["a@buyers.example", "b@buyers.example"])
    effects = fresh.effects("send_mail")
    assert [row["subject"] for row in effects] == ["a@buyers.example", "b@buyers.example"]
    assert {row["reference"] for row in effects} == {"<reply1@lumenandloft.example>"}


def test_sending_needs_a_login(twin: Client) -> None:
    before = len(twin.effects())
    with smtplib.SMTP("127.0.0.1", twin.shops["mailbox"]["settings"]["smtp_port"], timeout=5) as server:
        with pytest.raises(smtplib.SMTPException):
            server.send_message(letter())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            server.login(ADDRESS, "wrong")
    assert len(twin.effects()) == before


def test_a_sent_copy_is_filed_and_found_by_its_message_id(imap: imaplib.IMAP4) -> None:
    raw = letter(In_Reply_To="<m1@buyers.example>").as_bytes()
    assert imap.append("Sent", "\\Seen", imaplib.Time2Internaldate(time.time()), raw)[0] == "OK"
    imap.select("Sent")
    assert uids(imap, "HEADER", "Message-ID", "<reply1@lumenandloft.example>") != []
    assert uids(imap, "HEADER", "Message-ID", "<nobody@nowhere.example>") == []
    assert uids(imap, "SEEN") == uids(imap, "HEADER", "Message-ID", "<reply1@lumenandloft.example>")


def test_a_reply_keeps_a_question_from_becoming_overdue(fresh: Client) -> None:
    market = fresh.server.market
    waiting = next(
        mail
        for mail in market.post.inbox.mails
        if mail.cause == "question" and market.post.waits(mail) and mail.date > market.now - 4 * 3_600
    )
    with smtp(fresh) as server:
        server.send_message(letter(to=waiting.sender, In_Reply_To=waiting.message_id))
    market.advance(market.now + 30 * 3_600)
    assert waiting.message_id not in {row.subject_ref for row in market.truth.of("first_answer")}


def test_idle_tells_of_new_mail(fresh: Client, imap: imaplib.IMAP4) -> None:
    imap.select("INBOX")
    imap.send(b"X1 IDLE\r\n")
    assert imap.readline().startswith(b"+")
    market = fresh.server.market
    mail = market.post.inbox.mails[0]
    market.post.receive(type(mail)(0, "<new@x>", mail.sender, mail.sender_name, ADDRESS, "New", "Hello", market.now))
    assert imap.readline() == f"* {len(market.post.inbox.mails)} EXISTS\r\n".encode()
    imap.send(b"DONE\r\n")
    assert imap.readline().startswith(b"X1 OK")


def test_a_line_cut_after_the_final_dot_leaves_the_client_in_doubt_and_the_mail_sent(fresh: Client) -> None:
    fresh.control(
        "POST", "faults", {"shop": "mailbox", "operation": "smtp.data", "kind": "reset_after", "remaining": 1}
    )
    server = smtp(fresh)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        server.send_message(letter())
    server.close()
    assert len(fresh.effects("send_mail")) == 1


def test_a_line_cut_before_leaves_no_mail(fresh: Client) -> None:
    fresh.control(
        "POST", "faults", {"shop": "mailbox", "operation": "smtp.data", "kind": "reset_before", "remaining": 1}
    )
    server = smtp(fresh)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        server.send_message(letter())
    server.close()
    assert fresh.effects("send_mail") == []
