"""The shop's mailbox: what buyers wrote, and what was filed as sent."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from connectors.twin.world.trade import Mail

ADDRESS = "help@lumenandloft.example"
NAME = "Lumen & Loft Support"


class Folder:
    """Mails in UID order. `validity` is IMAP's UIDVALIDITY."""

    def __init__(self, name: str, validity: int, flag: str = "") -> None:
        self.name, self.validity, self.flag = name, validity, flag
        self.mails: list[Mail] = []

    @property
    def next_uid(self) -> int:
        return len(self.mails) + 1

    def add(self, mail: Mail) -> Mail:
        mail.uid = self.next_uid
        self.mails.append(mail)
        return mail


def render(mail: Mail) -> bytes:
    """The message as RFC 5322 bytes; made once, on the first read."""
    if not mail.raw:
        message = EmailMessage()
        message["From"] = formataddr((mail.sender_name, mail.sender))
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(mail.date, UTC))
        message["Message-ID"] = mail.message_id
        if mail.in_reply_to:
            message["In-Reply-To"] = message["References"] = mail.in_reply_to
        for name, value in mail.headers.items():
            message[name] = value
        message.set_content(mail.text)
        mail.raw = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return mail.raw


class Post:
    """INBOX and Sent of one support address, and what waits for an answer."""

    def __init__(self) -> None:
        self.inbox = Folder("INBOX", 1_700_000_001)
        self.sent = Folder("Sent", 1_700_000_002, "\\Sent")
        self.by_id: dict[str, Mail] = {}
        self.answered: set[str] = set()

    @property
    def folders(self) -> tuple[Folder, ...]:
        return (self.inbox, self.sent)

    def receive(self, mail: Mail) -> Mail:
        self.by_id[mail.message_id] = mail
        return self.inbox.add(mail)

    def file(self, mail: Mail) -> Mail:
        """A mail of ours in Sent; it answers what it replies to."""
        self.note_answer(mail.in_reply_to)
        return self.sent.add(mail)

    def note_answer(self, message_id: str) -> None:
        if message_id:
            self.answered.add(message_id)

    def waits(self, mail: Mail) -> bool:
        return mail.message_id not in self.answered
