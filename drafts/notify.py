"""Tells people: the digest of ranked alerts, to each at their hour in their time zone.

The row of a digest is written before its mail leaves, with the Message-ID: a lost worker is followed by the same mail
under the same id, and a day has one digest for each person.
"""

from datetime import date, datetime, timedelta
from email.utils import make_msgid
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from celery import shared_task
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from alerts.models import Alert
from connectors.base import ConnectorError
from drafts import digest
from drafts.models import DigestMail, Draft
from drafts.pages import feeds, wording
from drafts.pages.inbox import STANDING
from drafts.states import State


class Addressee(Protocol):
    """What the digest asks of a person; the user model stands above this app."""

    pk: Any
    email: str
    digest_hour: int

    @property
    def zone(self) -> ZoneInfo: ...


log = structlog.get_logger(__name__)
AGAIN_AFTER = timedelta(minutes=10)  # a mail whose sender was lost
DOUBTFUL = (State.UNKNOWN, State.NEEDS_HUMAN)
RESULTS = (State.VERIFIED, State.FAILED, *DOUBTFUL)
COLUMNS = (
    "title", "shop__name", "cash_low", "cash_likely", "cash_high", "deadline", "safe_until", "first_seen_at",
)  # fmt: skip


def send_due(now: datetime) -> int:
    """Send every digest whose hour has come; one that fails never holds up another. Returns how many left."""
    people = get_user_model().objects.filter(is_active=True, wants_digest=True)
    return sum(send(person, now) for person in people if digest.is_due(now, person.zone, person.digest_hour))


def send(person: Addressee, now: datetime) -> bool:
    """Send one person's digest of today, once. False where it has left before or could not leave now."""
    mail = claim_mail(person, now.astimezone(person.zone).date(), now)
    if mail is None:
        return False
    composed = compose_for(person, now)
    message = letter(person, composed, mail.message_id)
    try:
        message.send()
    except (ConnectorError, OSError) as error:  # the row stays unsent; the next tick takes it up
        log.warning("digest not sent", person=person.pk, error=str(error))
        return False
    mail.sent_at, mail.shown = now, composed.shown
    mail.save(update_fields=["sent_at", "shown"])
    return True


def claim_mail(
    person: Addressee, day: date, now: datetime, kind: DigestMail.Kind = DigestMail.Kind.DAILY
) -> DigestMail | None:
    """The row of one mail, to be sent by the caller; None where it has left or another worker is sending it."""
    with transaction.atomic():
        domain = settings.PUBLIC_URL.split("//")[-1].split(":")[0]
        mail, is_made = DigestMail.objects.get_or_create(
            user_id=person.pk, day=day, kind=kind,
            defaults={"claimed_at": now, "message_id": make_msgid("digest", domain)},
        )  # fmt: skip
        if is_made:
            return mail
        lost = DigestMail.objects.filter(pk=mail.pk, sent_at=None, claimed_at__lt=now - AGAIN_AFTER)
        return mail if lost.update(claimed_at=now) else None


def compose_for(person: Addressee, now: datetime) -> digest.Digest:
    """Everything that stands in the person's digest, read in a handful of queries."""
    sent = DigestMail.objects.filter(user_id=person.pk, kind=DigestMail.Kind.DAILY, sent_at__isnull=False)
    last = sent.order_by("-day").first()
    before: dict[str, str | None] = last.shown if last else {}
    sources = feeds.outlook(now)
    still_open = set(Alert.objects.open().filter(pk__in=map(int, before)).values_list("pk", flat=True))
    return digest.compose(
        _waiting(),
        since=last.sent_at if last else None,
        before=before,
        gone={key: cash for key, cash in before.items() if int(key) not in still_open},
        now=now,
        zone=person.zone,
        currency=sources.currency or settings.BASE_CURRENCY,
        blind=[digest.Blind(one.shop, one.feed, one.what) for one in sources.troubles],
        hidden=sources.hidden,
        endings=[digest.Ending(one.shop, one.at) for one in sources.endings],
        settled=_results(last.sent_at if last else now - timedelta(days=1)),
    )


def _waiting() -> list[digest.Waiting]:
    drafts = dict(
        Draft.objects.waiting().filter(alert__state=Alert.State.OPEN).order_by("id").values_list("alert_id", "kind")
    )
    rows = Alert.objects.open().ranked().select_related("shop").only(*COLUMNS)
    return [
        digest.Waiting(
            row.pk,
            row.title,
            row.shop.name if row.shop else "",
            row.cash_low,
            row.cash_likely,
            row.cash_high,
            row.deadline,
            row.safe_until,
            row.first_seen_at,
            wording.words(drafts[row.pk]) if row.pk in drafts else "",
        )
        for row in rows.iterator()
    ]


def _results(since: datetime | None) -> list[digest.Settled]:
    rows = Draft.objects.filter(state__in=RESULTS, changed_at__gt=since).select_related("alert").order_by("-changed_at")
    return [digest.Settled(row.pk, _named(row), STANDING[State(row.state)], row.state in DOUBTFUL) for row in rows[:20]]


def _named(draft: Draft) -> str:
    kind = wording.words(draft.kind)
    return f"{kind}: {draft.alert.title}" if draft.alert else kind


def letter(person: Addressee, composed: digest.Digest, message_id: str) -> EmailMultiAlternatives:
    """The mail: plain text, and HTML for a narrow column; nothing is loaded from outside, links only show pages."""
    context = {"digest": composed, "person": person, "site": settings.PUBLIC_URL}
    with timezone.override(person.zone):
        subject, text, html = (
            render_to_string(f"mail/digest{part}", context) for part in ("_subject.txt", ".txt", ".html")
        )
    message = EmailMultiAlternatives(subject.strip(), text, to=[person.email], headers={"Message-ID": message_id})
    message.attach_alternative(html, "text/html")
    return message


@shared_task(name="drafts.send_digests", queue="mail", max_retries=0)
def send_digests() -> int:
    """Rung by the beat every few minutes."""
    return send_due(timezone.now())
