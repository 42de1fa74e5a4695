"""Follow: where a kind names the step after it, that one is prepared once the first is proved, for a decision."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django.utils import timezone

from alerts.models import Alert
from connectors.base import ConnectorError
from drafts.draft import keep_draft
from drafts.kinds import KINDS
from drafts.kinds.base import CannotPropose
from drafts.models import Draft
from drafts.preparing.prepare import matter_of, prepare
from drafts.states import State

log = structlog.get_logger(__name__)

STEPS = {name: kind.follows for name, kind in KINDS.items() if kind.follows}
# What cannot be prepared for so long is left to the person, who finds it among the further moves.
TRIED_FOR = timedelta(hours=1)


def draft_following(limit: int = 50, *, now: datetime | None = None) -> int:
    """Prepare what is due; returns how many. By templates alone: the words were decided on with the first step."""
    now = now or timezone.now()
    return sum(_follow(draft, now) for draft in _waiting(now)[:limit])


def _waiting(now: datetime) -> QuerySet[Draft]:
    """Proved first steps of open matters whose next one nobody has prepared since."""
    later = Draft.objects.filter(alert=OuterRef("alert"), pk__gt=OuterRef("pk"), kind=OuterRef("next_kind"))
    proved = Draft.objects.filter(kind__in=STEPS, state=State.VERIFIED, changed_at__gte=now - TRIED_FOR, parent=None)
    names = Case(*(When(kind=name, then=Value(following)) for name, following in STEPS.items()))
    waiting = proved.filter(alert__isnull=False, alert__resolved_at=None).annotate(next_kind=names)
    return waiting.exclude(Exists(later)).select_related("alert").order_by("pk")


def _follow(first: Draft, now: datetime) -> bool:
    assert first.alert is not None
    matter = first.alert
    kind = KINDS[STEPS[first.kind]]
    try:
        prepared = prepare(kind, matter_of(matter, now), matter, None, now)
    except (CannotPropose, LookupError, ValueError, ConnectorError) as error:
        log.info("no_next_step", alert=first.alert_id, kind=kind.name, reason=str(error))
        return False
    with transaction.atomic():
        locked = Alert.objects.select_for_update().get(pk=matter.pk)
        if Draft.objects.filter(alert=locked, kind=kind.name, pk__gt=first.pk).exists():
            return False
        keep_draft(locked, prepared, now)
        Alert.objects.filter(pk=locked.pk, state=Alert.State.DECIDED).update(state=Alert.State.OPEN)
    return True


@shared_task(name="drafts.follow", queue="think", max_retries=0)
def draft_following_task() -> None:
    draft_following()
