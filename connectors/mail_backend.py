"""Django's mail leaves through the outbox: to our own people alone, over the one SMTP session there is."""

from collections.abc import Sequence
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from connectors import outbox
from connectors.base import ConnectorError
from connectors.transport import smtp


class OutboxBackend(BaseEmailBackend):
    """Raises the outbox's errors unless `fail_silently`, NotApproved for a stranger's address among them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        people = list(get_user_model().objects.filter(is_active=True).values_list("email", flat=True))
        sent = 0
        for message in email_messages:
            try:
                sent += sum(self._send(letter, message.from_email, people) for letter in letters(message))
            except ConnectorError:
                if not self.fail_silently:
                    raise
        return sent

    def _send(self, letter: outbox.Letter, sender: str, people: list[str]) -> int:
        server = smtp.Server(
            settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD,
            use_tls=settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL,
        )  # fmt: skip
        outbox.send(letter, server=server, sender=sender, own_people=people, now=timezone.now())
        return 1


def letters(message: EmailMessage) -> list[outbox.Letter]:
    """One letter for each recipient, under the message's own Message-ID where it has one."""
    html = next((part[0] for part in getattr(message, "alternatives", ()) if part[1] == "text/html"), "")
    message_id = str(message.extra_headers.get("Message-ID") or make_msgid())
    words = {"subject": str(message.subject), "text": str(message.body), "html": str(html), "message_id": message_id}
    return [outbox.Letter(to=parseaddr(address)[1], **words) for address in message.recipients()]
