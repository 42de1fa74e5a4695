"""Draft: for each open alert without one, prepare the next move. Nothing leaves before a person has decided on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from alerts.models import Alert
from connectors.base import ConnectorError
from connectors.calls import open_model
from connectors.llm.client import Model
from connectors.llm.routing import Offline
from drafts.deciding.appraise import appraised
from drafts.deciding.binding import command_text, digest
from drafts.deciding.errors import NotValid, Stale
from drafts.deciding.judge import Judge, flags_of
from drafts.deciding.person import Person
from drafts.deciding.rights import check_draft_right
from drafts.kinds import KINDS, read_command
from drafts.kinds.base import CannotPropose
from drafts.models import Draft
from drafts.move import move
from drafts.policy import TIERS, strictest
from drafts.preparing.facts import SavedReader
from drafts.preparing.prepare import Prepared, matter_of, prepare
from drafts.record import record
from drafts.states import State, Tier

log = structlog.get_logger(__name__)

IN_FLIGHT = (
    State.AWAITING_SECOND, State.APPROVED, State.HELD, State.SENDING, State.SENT, State.UNKNOWN, State.NEEDS_HUMAN,
)  # fmt: skip
MOST_AT_ONCE = 3  # moves on one matter that wait for a decision or are under way
LOCK = 0x44524654  # of the advisory locks by which workers share out alerts


@dataclass(frozen=True, slots=True)
class Counts:
    """How one batch ended: drafts made (parts not counted), alerts for which no kind fits, alerts that failed."""

    made: int = 0
    without: int = 0
    failed: int = 0


@shared_task(name="drafts.draft_alerts", queue="think", max_retries=0)
def draft_alerts_task(limit: int = 50) -> None:
    draft_alerts(limit)


def draft_alerts(limit: int = 50, *, now: datetime | None = None) -> Counts:
    """Prepare drafts for the best-ranked alerts that have none for their present facts. One failure sinks no other."""
    now = now or timezone.now()
    waiting = Alert.objects.open().filter(drafted_at=None).exclude(drafts=[]).ranked()
    model = _model()
    made = without = failed = 0
    for alert in waiting[:limit]:
        try:
            with _mine(alert) as is_mine:
                if not is_mine:
                    continue
                draft = draft_alert(alert, model=model, now=now)
            made, without = made + (draft is not None), without + (draft is None)
        except Exception:
            # Whatever is wrong with this one, the next must not wait for it; a change of its facts tries it again.
            log.exception("draft_failed", alert=alert.pk, detector=alert.detector)
            Alert.objects.filter(pk=alert.pk).update(drafted_at=now)
            failed += 1
    return Counts(made, without, failed)


def draft_alert(
    alert: Alert, *, kind: str = "", model: Model | None = None, now: datetime | None = None
) -> Draft | None:
    """The first kind that helps, or the kind asked for. None where none does or a decision is on its way already."""
    now = now or timezone.now()
    if Draft.objects.filter(alert=alert, parent=None, state__in=IN_FLIGHT).exists():
        _seen(alert, now)
        return None
    matter, reasons = matter_of(alert, now), []
    fallback: Prepared | None = None
    for name in [kind] if kind else alert.drafts:
        if name not in KINDS or _is_rejected(alert, name):
            continue
        try:
            prepared = prepare(KINDS[name], matter, alert, model, now)
        except (CannotPropose, LookupError, ValueError, ConnectorError) as error:
            reasons.append(f"{KINDS[name].label}: {error}")
            continue
        if not prepared.by_hand:
            return _store(alert, prepared, now, reasons)
        fallback = fallback or prepared
    if fallback:
        return _store(alert, fallback, now, reasons)
    log.info("no_draft", alert=alert.pk, detector=alert.detector, reasons=reasons)
    _seen(alert, now)
    return None


@dataclass(frozen=True, slots=True)
class Way:
    """A further move on the same matter: another kind, or another choice of a kind."""

    kind: str
    choice: str
    label: str


def other_ways(alert: Alert) -> list[Way]:
    """What else would help, best first, besides what stands or was refused on these facts; none before the first."""
    standing = list(
        Draft.objects.filter(alert=alert, parent=None)
        .exclude(state__in=(State.SUPERSEDED, State.EXPIRED, State.FAILED))
        .exclude(state=State.REJECTED, subject_version__lt=alert.subject_version)
    )
    room = MOST_AT_ONCE - sum(draft.state not in (State.VERIFIED, State.REJECTED) for draft in standing)
    if not standing or room <= 0 or alert.resolved_at is not None:
        return []
    taken = {(draft.kind, KINDS[draft.kind].choice_of(read_command(draft.kind, draft.command))) for draft in standing}
    return [way for way in _ways(alert) if (way.kind, way.choice) not in taken]


def _ways(alert: Alert) -> Iterator[Way]:
    matter = matter_of(alert, timezone.now())
    for name in alert.drafts:
        if name in KINDS:
            yield Way(name, "", KINDS[name].label)
            yield from (Way(name, choice, label) for choice, label in KINDS[name].choices(matter))


def draft_also(alert: Alert, kind: str, choice: str = "", *, by: Person, now: datetime | None = None) -> Draft:
    """Prepare a further move beside what stands. By templates, since a person waits for the page.

    Raises NotAllowed, Stale (it stands already, or is no longer offered) and NotValid (why it does not help here).
    """
    check_draft_right(by, "prepare a draft")
    now = now or timezone.now()
    way = _offered(alert, kind, choice)
    try:
        prepared = prepare(KINDS[kind], replace(matter_of(alert, now), choice=choice), alert, None, now)
    except (CannotPropose, LookupError, ValueError, ConnectorError) as error:
        raise NotValid([f"{way.label} cannot be prepared: {error}"]) from error
    with transaction.atomic():
        locked = Alert.objects.select_for_update().get(pk=alert.pk)
        _offered(locked, kind, choice)
        draft = keep_draft(locked, prepared, now, by=by)
        Alert.objects.filter(pk=alert.pk, state=Alert.State.DECIDED).update(state=Alert.State.OPEN)
    return draft


def _offered(alert: Alert, kind: str, choice: str) -> Way:
    for way in other_ways(alert):
        if (way.kind, way.choice) == (kind, choice):
            return way
    raise Stale("Nothing was prepared: this stands already, or is no longer offered. Look at the card again.")


@contextmanager
def _mine(alert: Alert) -> Iterator[bool]:
    """Whether no other worker is preparing this alert's draft at the moment: a model's words are paid for once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, alert.pk % 2**31])
        row = cursor.fetchone()
        is_mine = bool(row and row[0])
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, alert.pk % 2**31])


def _model() -> Model | None:
    try:
        return open_model()
    except Offline:
        return None


@transaction.atomic
def _store(alert: Alert, prepared: Prepared, now: datetime, reasons: list[str]) -> Draft | None:
    """Keep the draft unless somebody else has just prepared one; older proposals of the same alert step aside."""
    locked = Alert.objects.select_for_update().get(pk=alert.pk)
    older = list(Draft.objects.filter(alert=alert, parent=None).exclude(state__in=_ENDED))
    if any(draft.state in IN_FLIGHT for draft in older):
        return None
    if any(draft.kind == prepared.kind.name and draft.subject_version == locked.subject_version for draft in older):
        _seen(alert, now)
        return None
    for draft in older:
        for part in draft.parts.filter(state=State.PROPOSED):
            move(part, State.SUPERSEDED, "superseded")
        move(draft, State.SUPERSEDED, "superseded")
    draft = keep_draft(locked, prepared, now, missing=reasons if prepared.by_hand else [])
    _seen(alert, now)
    return draft


def keep_draft(
    alert: Alert, prepared: Prepared, now: datetime, *, missing: list[str] | None = None, by: Person | None = None
) -> Draft:
    """The rows of a draft and its parts."""
    draft = _row(alert, prepared, now, missing=missing, by=by)
    for answer in prepared.parts:
        _row(alert, answer, now, parent=draft, by=by)
    if prepared.parts:
        _weigh_whole(draft, len(prepared.parts))
    return draft


_ENDED = (State.VERIFIED, State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.FAILED)


def _row(
    alert: Alert, prepared: Prepared, now: datetime, *, parent: Draft | None = None, missing: list[str] | None = None,
    by: Person | None = None,
) -> Draft:  # fmt: skip
    kind, worded = prepared.kind, prepared.worded
    text = command_text(prepared.command)
    draft = Draft(
        kind=kind.name,
        alert=alert,
        shop_id=prepared.proposal.shop_id,
        parent=parent,
        command=text,
        facts=prepared.facts,
        facts_read_at=now,
        digest=digest(kind.name, prepared.proposal.shop_id, 1, text, prepared.facts),
        citations=[{"id": each.id, "source": each.source, "text": each.text} for each in worded.citations],
        missing=[*worded.missing, *(missing or [])],
        written_by=worded.written_by,
        model_call_id=worded.model_call_id,
        proposed_by_id=by.pk if by else None,
        subject_version=alert.subject_version,
        created_at=now,
        changed_at=now,
        expires_at=_expiry(alert, now),
        by_hand=prepared.by_hand,
    )
    for name, value in appraised(draft, prepared.command, prepared.facts, SavedReader(draft.shop_id)).items():
        setattr(draft, name, value)
    if worded.why_offline:
        draft.preview = {**draft.preview, "why_offline": worded.why_offline}
    draft.save(force_insert=True)
    record("proposed", by=by, draft=draft, alert=alert.pk, written_by=worded.written_by)
    return draft


def _weigh_whole(draft: Draft, count: int) -> None:
    """A merge with its answers is one decision on many messages, so the policy for bulk counts them all."""
    judged = Judge().judge("reply", None, None, items=count + 1, flags=flags_of(draft.alert))
    tier = Tier(strictest(draft.tier, judged.tier))
    if TIERS.index(tier) > TIERS.index(draft.tier):
        Draft.objects.filter(pk=draft.pk).update(tier=tier, tier_reasons=[*draft.tier_reasons, *judged.reasons])
        draft.refresh_from_db()


def _expiry(alert: Alert, now: datetime) -> datetime | None:
    """The platform's own deadline; one that has passed no longer ends anything (a late parcel may still be sent)."""
    return alert.deadline if alert.deadline and alert.deadline > now + timedelta(seconds=1) else None


def _is_rejected(alert: Alert, kind: str) -> bool:
    """A person said no to this kind on these very facts."""
    rejected = Draft.objects.filter(alert=alert, parent=None, kind=kind, state=State.REJECTED)
    return rejected.filter(subject_version=alert.subject_version).exists()


def _seen(alert: Alert, now: datetime) -> None:
    Alert.objects.filter(pk=alert.pk, subject_version=alert.subject_version).update(drafted_at=now)
