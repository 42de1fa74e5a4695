"""Python's own imaplib and smtplib against the twin's mail servers."""

import imaplib
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage

from connectors.proof.clients.told import Step
from connectors.proof.stand import Stand


def session(stand: Stand) -> Iterator[Step]:
    row = stand.rows["mailbox"]
    user, password = row["credentials"]["username"], row["credentials"]["password"]
    with imaplib.IMAP4("127.0.0.1", row["settings"]["imap_port"], timeout=10) as imap:
        yield "IMAP4.login", imap.login(user, password)[0] == "OK"
        kind, told = imap.select("INBOX", readonly=True)
        yield "IMAP4.select", kind == "OK" and int(told[0] or b"0") > 0
        kind, found = imap.uid("SEARCH", "ALL")
        uids = found[0].split()
        yield "IMAP4.search", kind == "OK" and len(uids) == int(told[0] or b"0")
        kind, parts = imap.uid("FETCH", uids[-1].decode(), "(RFC822)")
        body = next(part[1] for part in parts if isinstance(part, tuple))
        yield "IMAP4.fetch", kind == "OK" and bool(message_from_bytes(body)["Message-ID"])
        yield "IMAP4.logout", imap.logout()[0] == "BYE"
    with smtplib.SMTP("127.0.0.1", row["settings"]["smtp_port"], timeout=10) as smtp:
        yield "SMTP.login", smtp.login(user, password)[0] == 235
        before = stand.effects()
        yield "SMTP.send_message", smtp.send_message(letter(user)) == {} and stand.effects() == before + 1


def letter(sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "ann@example.com", "From the standard library"
    mail["Message-ID"] = "<smtplib-1@lumenandloft.example>"
    mail.set_content("hello")
    return mail
