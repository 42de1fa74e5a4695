"""Pause and resume: one person stops everything that would leave, and one lets it go on. Both stand in the ledger."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from drafts.deciding.clock import Clock
from drafts.deciding.errors import NotValid, Stale
from drafts.deciding.person import Person
from drafts.deciding.rights import check_role
from drafts.models import Pause
from drafts.record import record


def pause(by: Person, reason: str) -> Pause:
    """Nothing leaves from here on; what was approved waits. Raises NotAllowed, NotValid, or Stale where one holds."""
    check_role(by, "pause Ops Room")
    if not reason.strip():
        raise NotValid(["Say why: everybody sees it until you resume."])
    try:
        with transaction.atomic():
            begun = Pause.objects.create(by_id=by.pk, reason=reason.strip())
            record("paused", by=by, reason=begun.reason)
    except IntegrityError as error:
        raise Stale("Nothing was done: Ops Room is paused already.") from error
    return begun


@transaction.atomic
def resume(by: Person) -> None:
    """What waits leaves. Raises NotAllowed, or Stale where nothing is paused."""
    check_role(by, "resume Ops Room")
    if not Pause.objects.filter(ended_at=None).update(ended_at=Clock(), ended_by=by.pk):
        raise Stale("Nothing was done: Ops Room is not paused.")
    record("resumed", by=by)


def standing() -> Pause | None:
    """The pause that holds now."""
    return Pause.objects.filter(ended_at=None).select_related("by").first()
