"""What keeps an approved write from being sent now, though nothing is wrong with it: its channel is not well.

A hold costs the draft nothing: it stays approved under its key, says why, and is looked at again every minute. It can
still be rejected. A hold for failures ends by itself, so that the next write is the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from connectors.models import CallHealth, Shop
from connectors.watching.diagnose import LEAST_FAILING, stops_writes
from connectors.watching.evidence import Diagnosis
from connectors.watching.vitals import diagnoses
from drafts.models import Attempt, Draft

CHECK = timedelta(minutes=1)
WINDOW = timedelta(hours=1)  # older calls say nothing of now
LEAST_FAILED = 3  # writes in a row of one kind in one shop, of other drafts
FAILED = (Attempt.Outcome.RETRY, Attempt.Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Hold:
    """`why` in words, what a person can do, and when the next write is tried; None: once the cause has gone."""

    why: str
    advice: str = ""
    until: datetime | None = None


def hold_of(draft: Draft, now: datetime) -> Hold | None:
    """Why this draft's write would not be sent now; None where it would. Asks nobody outside."""
    if draft.shop is None:
        return None
    found = diagnoses(now, kind=draft.shop.kind, window=WINDOW).get(draft.shop.pk, ())
    stopping = stops_writes(found, now, settings.EXECUTION_HOLD_BACK)
    return of_diagnosis(stopping) if stopping else _by_attempts(draft, now)


def shops_held(now: datetime) -> dict[int, Hold]:
    """Shops to which nothing is sent now, by id. One query where all is well."""
    holds = settings.EXECUTION_HOLD_BACK
    trouble = CallHealth.objects.filter(shop=OuterRef("pk"), hour__gte=now - 2 * WINDOW, failing__gte=LEAST_FAILING)
    if not Shop.objects.filter(Q(state=Shop.State.NEEDS_RECONNECT) | Exists(trouble)).exists():
        return {}
    found = ((shop_id, stops_writes(each, now, holds)) for shop_id, each in diagnoses(now, window=WINDOW).items())
    return {shop_id: of_diagnosis(stopping) for shop_id, stopping in found if stopping}


def of_diagnosis(found: Diagnosis) -> Hold:
    until = found.seen_at + settings.EXECUTION_HOLD_BACK if found.seen_at else None
    return Hold(found.says, found.advice, until)


def _by_attempts(draft: Draft, now: datetime) -> Hold | None:
    """Reads may go well while writes fail: the last writes of other drafts of this kind tell."""
    holds = settings.EXECUTION_HOLD_BACK
    moved = Draft.objects.filter(changed_at__gt=now - holds, shop=draft.shop, kind=draft.kind).exclude(pk=draft.pk)
    last = list(
        Attempt.objects.filter(execution__draft__in=moved, ended_at__isnull=False)
        .order_by("-ended_at")
        .values_list("outcome", "ended_at")[:LEAST_FAILED]
    )
    if len(last) < LEAST_FAILED or any(outcome not in FAILED for outcome, _ in last):
        return None
    ended_at = last[0][1]
    if ended_at is None or now - ended_at >= holds:
        return None
    why = f"The last {LEAST_FAILED} writes of this kind to {draft.shop} did not go through."
    return Hold(why, "Nothing for you to do unless it lasts: one is tried again shortly.", ended_at + holds)
