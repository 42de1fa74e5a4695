"""Propose: somebody else's program asks for a write, and it is checked exactly like one that the product prepares.

The command is typed and bounded, its facts are read, the kind's own refusals hold, the policy gives the tier, and a
person decides on the card. Nothing is approved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from alerts.keep import keep
from alerts.models import Alert
from alerts.types import Finding, Subject
from connectors.base import ConnectorError
from drafts.deciding.binding import canonical, command_text, digest
from drafts.deciding.by_hand import by_hand
from drafts.deciding.errors import NotValid, Stale
from drafts.deciding.person import Person
from drafts.deciding.rights import check_draft_right
from drafts.draft import IN_FLIGHT, MOST_AT_ONCE, keep_draft
from drafts.kinds import KINDS
from drafts.kinds.base import CannotPropose, Command, Proposal
from drafts.models import Draft
from drafts.preparing.facts import SavedReader
from drafts.preparing.performing import Sees, concerns, holder_of, performing_shop
from drafts.preparing.prepare import Prepared
from drafts.preparing.saying import cited_passages, faults_of_text, told_by
from drafts.preparing.wording import Worded
from drafts.states import State, Tier

DETECTOR = "proposal"  # of the alert that holds a proposal which belongs to no other
WAITING = (State.PROPOSED, *IN_FLIGHT)
ALONE = "Proposed by a program: decided alone, with the card open."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. `said_by` is the program's name, `because` its reason in its own words."""

    kind: str
    command: Mapping[str, Any]
    shop_id: int | None = None
    alert_id: int | None = None
    passages: tuple[int, ...] = ()
    because: str
    said_by: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """`is_new` is False where the very same proposal waits or is under way already."""

    draft: Draft
    is_new: bool


def propose(wanted: Wanted, *, by: Person, sees: Sees, now: datetime | None = None) -> Proposed:
    """Keep it for a person to decide on, beside its alert or in an alert of its own.

    Raises NotAllowed (the role, or a shop out of reach), NotValid (why it cannot be right) or Stale (a person has said
    no to it on these very facts, the alert is closed, enough waits on it); then nothing has been kept.
    """
    check_draft_right(by, "propose a write")
    now = now or timezone.now()
    prepared = _prepared(wanted, sees, now)
    with transaction.atomic():
        if same := _same(prepared, None):
            return Proposed(same, is_new=False)
        alert = _alert(wanted, prepared, sees, by, now)
        locked = Alert.objects.select_for_update().get(pk=alert.pk)
        if same := _same(prepared, locked if wanted.alert_id else None):  # somebody else was first
            return Proposed(same, is_new=False)
        _check_room(locked)
        draft = keep_draft(locked, prepared, now, by=by)
        draft.preview = {**draft.preview, "because": wanted.because}
        if draft.tier == Tier.CLICK:
            draft.tier, draft.tier_reasons = Tier.REVIEW, [*draft.tier_reasons, ALONE]
        draft.save(update_fields=["preview", "tier", "tier_reasons"])
        Alert.objects.filter(pk=locked.pk, state=Alert.State.DECIDED).update(state=Alert.State.OPEN)
    return Proposed(draft, is_new=True)


def _prepared(wanted: Wanted, sees: Sees, now: datetime) -> Prepared:
    """Command, facts and checks. A channel may be asked for facts that no row holds, so no transaction is open."""
    if wanted.kind not in KINDS:
        raise NotValid([f"there is no kind of draft called {wanted.kind}; there are: {', '.join(sorted(KINDS))}"])
    kind = KINDS[wanted.kind]
    command = _typed(kind.command, wanted.command)
    try:
        home = wanted.shop_id or holder_of(command, None, sees)
        facts = kind.read_facts(command, SavedReader(home, lambda: now))
        shop_id = performing_shop(kind, command, facts, wanted.shop_id, sees)
        saved = SavedReader(shop_id, lambda: now)
        facts = facts if shop_id == home else kind.read_facts(command, saved)
        passages = cited_passages(wanted.passages, shop_id, now.date())
        reasons = kind.refusals(command, facts) or faults_of_text(
            kind, command, told_by(command, facts, saved), passages, now.date()
        )
        instruction = by_hand(kind, shop_id, command, facts)
    except (CannotPropose, LookupError, ValueError, ArithmeticError, ConnectorError) as error:
        raise NotValid([str(error) or type(error).__name__]) from error
    if reasons:
        raise NotValid(reasons)
    text = str(getattr(command, kind.text_field)) if kind.text_field else ""
    worded = Worded(text, written_by=wanted.said_by[:80], citations=tuple(passages))
    return Prepared(kind, Proposal(command, shop_id, {}), command, facts, worded, instruction)


def _typed(model: type[Command], given: Mapping[str, Any]) -> Command:
    """Raises NotValid with each field that is wrong."""
    try:
        command = model.model_validate(dict(given))
        # Python's JSON and PostgreSQL's text disagree on what a text may hold.
        if "\\u0000" in command_text(command).replace("\\\\", ""):
            raise NotValid(["a text holds a NUL"])
    except ValidationError as error:
        told = [f"{'.'.join(map(str, each['loc'])) or 'command'}: {each['msg']}" for each in error.errors()]
        raise NotValid(told) from error
    return command


def _same(prepared: Prepared, alert: Alert | None) -> Draft | None:
    """The same write, waiting or under way. Raises Stale where a person rejected it on these very facts."""
    alike = Draft.objects.filter(
        kind=prepared.kind.name, shop=prepared.proposal.shop_id, command=command_text(prepared.command), parent=None
    )
    if standing := alike.filter(state__in=WAITING).order_by("-id").first():
        return standing
    for refused in alike.filter(state=State.REJECTED).order_by("-id")[:5]:
        if refused.facts == prepared.facts:
            raise Stale(
                f"A person rejected this on {refused.decided_at:%Y-%m-%d}: “{refused.reason}”. It may be proposed "
                "again once a fact has changed."
            )
    if alert is None:
        return None
    no = Draft.objects.filter(alert=alert, parent=None, kind=prepared.kind.name, state=State.REJECTED)
    if no.filter(subject_version=alert.subject_version).exists():
        raise Stale(f"A person rejected a draft of this kind for alert {alert.pk} on its present facts.")
    return None


def _check_room(alert: Alert) -> None:
    """Raises Stale where as many moves wait on the alert as a person should have to weigh."""
    if alert.resolved_at is not None or alert.state not in (
        Alert.State.OPEN, Alert.State.SNOOZED, Alert.State.DECIDED,
    ):  # fmt: skip
        raise Stale(f"Alert {alert.pk} is {alert.get_state_display().lower()}: there is nothing to decide on it.")
    if Draft.objects.filter(alert=alert, parent=None, state__in=WAITING).count() >= MOST_AT_ONCE:
        raise Stale(f"{MOST_AT_ONCE} moves wait on alert {alert.pk} already; a person decides on them first.")


def _alert(wanted: Wanted, prepared: Prepared, sees: Sees, by: Person, now: datetime) -> Alert:
    """The alert that is named, else one of its own, which ends with the decision."""
    if wanted.alert_id is not None:
        alert = Alert.objects.filter(pk=wanted.alert_id).first()
        if alert is None or not sees(alert.shop_id):
            raise NotValid([f"there is no alert {wanted.alert_id}"])
        if not concerns(prepared.command, alert, SavedReader(prepared.proposal.shop_id)):
            raise NotValid([f"it names nothing of alert {alert.pk}; leave alert_id out for a matter of its own"])
        return alert
    finding = _finding(wanted, prepared, by)
    known = Alert.objects.filter(fingerprint=finding.fingerprint).first()
    if known is None or known.state == Alert.State.DECIDED:
        keep([finding], now)
    return Alert.objects.get(fingerprint=finding.fingerprint)


def _finding(wanted: Wanted, prepared: Prepared, by: Person) -> Finding:
    """What the inbox shows of it. Nobody has computed what it saves, and that is said."""
    kind, shop_id, text = prepared.kind, prepared.proposal.shop_id, command_text(prepared.command)
    who = f"{wanted.said_by}, for {by}"
    return Finding(
        detector=DETECTOR,
        subject=Subject(DETECTOR, digest(kind.name, shop_id, 0, text, {})[:32], shop_id, f"by {who}"),
        title=kind.preview(prepared.command, prepared.facts).summary,
        ignored=None,
        acted=None,
        why=f"Proposed by {who}.",
        missing=("what it saves: a program proposed it, and nobody has computed that",),
        state=canonical([text, prepared.facts]),
    )
