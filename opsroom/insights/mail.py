"""The weekly stability report by mail: on Mondays, to owners who want mail, at their hour in their time zone, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import shared_task
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from connectors.base import ConnectorError
from drafts.digest import is_due
from drafts.models import DigestMail
from drafts.notify import claim_mail
from opsroom.insights.gather import report, week_before
from opsroom.insights.stability import Report
from opsroom.people.models import User
from opsroom.people.roles import Right

log = structlog.get_logger(__name__)
MONDAY = 0
LATEST = timedelta(days=2)  # a Monday that was missed by an outage


def send_due(now: datetime) -> int:
    """Send to everyone whose Monday morning has come; returns how many left."""
    people: Any = get_user_model().objects
    return sum(_send(person, now) for person in people.with_right(Right.ADMINISTER) if person.wants_digest)


def _send(person: User, now: datetime) -> bool:
    local = now.astimezone(person.zone)
    if local.weekday() > LATEST.days or (
        local.weekday() == MONDAY and not is_due(now, person.zone, person.digest_hour)
    ):
        return False
    monday = local.date() - timedelta(days=local.weekday())
    mail = claim_mail(person, monday, now, kind=DigestMail.Kind.STABILITY)
    if mail is None:
        return False
    try:
        letter(person, report(week_before(now)), mail.message_id).send()
    except (ConnectorError, OSError) as error:  # the row stays unsent; the next ring takes it up
        log.warning("stability report not sent", person=person.pk, error=str(error))
        return False
    DigestMail.objects.filter(pk=mail.pk).update(sent_at=now)
    return True


def letter(person: User, found: Report, message_id: str) -> EmailMultiAlternatives:
    """Plain text, and the same as HTML."""
    context = {"report": found, "site": settings.PUBLIC_URL}
    subject = f"Stability: {len(found.patterns)} patterns in the week of {found.monday:%-d %b}"
    text, html = (render_to_string(f"mail/stability.{part}", context) for part in ("txt", "html"))
    message = EmailMultiAlternatives(subject, text, to=[person.email], headers={"Message-ID": message_id})
    message.attach_alternative(html, "text/html")
    return message


@shared_task(name="opsroom.send_stability", queue="mail", max_retries=0)
def send_stability() -> int:
    """Beat, every hour."""
    return send_due(timezone.now())
