"""The digest leaves once a day for each person, through a real SMTP server."""

import email
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connectors.models import Feed
from drafts.models import DigestMail
from drafts.notify import send_due
from opsroom.people.models import User
from tests.factories import AlertFactory, FeedFactory, ShopFactory

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 11, 0, 30, tzinfo=UTC)  # 08:30 in Singapore


class Postbox:
    """Keeps what the server was handed; refuses while `is_down`."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.is_down = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's hook name
        if self.is_down:
            return "451 try again later"
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "connectors.mail_backend.OutboxBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    server.stop()


def person(address: str) -> User:
    return User.objects.create_user(address, "x" * 12, role="owner", time_zone="Asia/Singapore", digest_hour=8)


@pytest.fixture
def mei() -> User:
    return User.objects.create_user(
        "mei@example.com", "x" * 12, role="owner", time_zone="Asia/Singapore", digest_hour=8
    )


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_the_mail_ranks_the_alerts_and_its_links_only_show_pages(postbox: Postbox, mei: User) -> None:
    small = AlertFactory.create(title="Small <b>one</b>", rank=1, cash_low=5, cash_likely=9, cash_high=12)
    large = AlertFactory.create(title="Large one", rank=9, cash_low=500, cash_likely=900, cash_high=1200)
    assert send_due(MORNING) == 1
    (mail,) = postbox.mails
    text, html = body(mail, "plain"), body(mail, "html")
    assert "$909 at risk in 2 decisions" in mail["Subject"]
    assert text.index("Large one") < text.index("Small <b>one</b>")
    assert "Small &lt;b&gt;one" in html
    for alert in (small, large):
        assert f"/alerts/{alert.pk}/" in text
        assert f"/alerts/{alert.pk}/" in html
    assert "Wednesday 11 November 2026, 08:30" in text
    assert "approve" not in html
    assert "<img" not in html


def test_a_day_has_one_digest_for_each_person(postbox: Postbox, mei: User) -> None:
    assert [send_due(MORNING + timedelta(minutes=minutes)) for minutes in (0, 5, 600)] == [1, 0, 0]
    assert send_due(MORNING + timedelta(days=1)) == 1
    assert len(postbox.mails) == 2


def test_before_the_persons_hour_nothing_leaves(postbox: Postbox, mei: User) -> None:
    assert send_due(MORNING - timedelta(hours=1)) == 0
    assert not DigestMail.objects.exists()


def test_a_mail_server_that_is_down_loses_nothing_and_sends_under_the_same_id(postbox: Postbox, mei: User) -> None:
    postbox.is_down = True
    assert send_due(MORNING) == 0
    message_id = DigestMail.objects.get().message_id
    postbox.is_down = False
    assert send_due(MORNING + timedelta(minutes=2)) == 0  # the first sender may still be at it
    assert send_due(MORNING + timedelta(minutes=11)) == 1
    assert [mail["Message-ID"] for mail in postbox.mails] == [message_id]


def test_one_person_whose_mail_fails_holds_up_nobody(postbox: Postbox, mei: User) -> None:
    person("bad@example.com")
    User.objects.filter(email="bad@example.com").update(email="bad\n@example.com")
    assert send_due(MORNING) == 1
    assert [mail["To"] for mail in postbox.mails] == ["mei@example.com"]


def test_all_clear_is_not_said_while_a_feed_is_stale(postbox: Postbox, mei: User) -> None:
    FeedFactory.create(
        shop=ShopFactory.create(name="SG shop"), name="orders", last_good_at=MORNING - timedelta(hours=9),
        every_seconds=60, error_class="retry", error_text="503", failures=9,
    )  # fmt: skip
    send_due(MORNING)
    text = body(postbox.mails[0], "plain")
    assert "WE CANNOT SEE EVERYTHING" in text
    assert "SG shop" in text
    assert "Nothing needs you" not in text + postbox.mails[0]["Subject"]


def test_nothing_needs_you_is_said_when_it_is_true(postbox: Postbox, mei: User) -> None:
    Feed.objects.all().delete()
    send_due(MORNING)
    assert "Nothing needs you" in postbox.mails[0]["Subject"]


def test_what_changed_since_the_last_mail_is_told(postbox: Postbox, mei: User) -> None:
    AlertFactory.create(title="Stays", first_seen_at=MORNING - timedelta(days=2))
    gone = AlertFactory.create(title="Goes", cash_low=40, cash_likely=40, cash_high=40)
    send_due(MORNING)
    gone.state = "resolved"
    gone.save()
    AlertFactory.create(title="Comes", first_seen_at=MORNING + timedelta(hours=5))
    send_due(MORNING + timedelta(days=1))
    text = body(postbox.mails[1], "plain")
    assert "Since the last mail: 1 new, 1 settled or gone ($40)." in text
