"""A card: one alert with its money, its drafts and all that a person weighs before deciding."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from alerts.figures import Figure
from alerts.models import Alert
from drafts.deciding.reach import missing_scopes, operation_of
from drafts.draft import other_ways
from drafts.models import Draft
from drafts.pages import sums
from drafts.pages.customer import strip
from drafts.pages.inbox import PRECEDENCE, STANDING, TIER_WORDS, kind_label, tone, writer
from drafts.pages.menus import NAPS, REASONS
from drafts.pages.names import detector_title, record_url
from drafts.pages.presence import look
from drafts.pages.standstill import standstill
from drafts.states import State, Tier

REMEMBERED = 5
MOVING = {State.APPROVED, State.HELD, State.SENDING, State.SENT, State.UNKNOWN}
MENUS: dict[str, Any] = {"reasons": REASONS, "naps": NAPS}
OPEN_TO_DECIDE = {State.PROPOSED, State.AWAITING_SECOND}


@dataclass(frozen=True, slots=True)
class Claim:
    text: str
    value: str
    source: str
    url: str
    read_at: datetime | None


def card(alert: Alert, *, user: Any, now: datetime, draft_id: int | None = None) -> dict[str, Any]:
    """All that the card shows; `draft_id` chooses among several drafts of the alert."""
    drafts = drafts_of(alert)
    chosen = next((draft for draft in drafts if draft.pk == draft_id), drafts[0] if drafts else None)
    return {
        "alert": alert,
        "detector": detector_title(alert.detector),
        "choices": sums.choices(alert.arithmetic, alert.waiting, now),
        "gmv": _gmv(alert),
        "curve": sums.curve_path(alert.waiting, now),
        "curve_end": max((at for at, _ in sums.curve(alert.waiting)), default=None),
        "claims": [claim(data) for data in alert.evidence],
        "subject_url": record_url(alert.subject_kind.replace("_", " "), alert.shop_id, alert.subject_ref),
        "customer": strip(alert, may_see_names=user.can_draft),
        "memory": memory(chosen) if chosen else [],
        **MENUS,
        "others": [(draft, kind_label(draft.kind), _standing(draft)) for draft in drafts if draft != chosen],
        "ways": other_ways(alert) if user.can_draft else [],
        "watchers": look(alert.pk, user.pk, now),
        **(draft_context(chosen, user, now) if chosen else {"draft": None}),
    }


def drafts_of(alert: Alert) -> list[Draft]:
    """Whole drafts of this alert, the one to speak of first."""
    found = Draft.objects.filter(alert=alert, parent=None, state__in=PRECEDENCE)
    loaded = list(found.select_related("shop", "model_call", "proposed_by", "edited_by", "alert"))
    return sorted(loaded, key=lambda draft: (PRECEDENCE.index(State(draft.state)), draft.pk))


def draft_context(draft: Draft, user: Any, now: datetime) -> dict[str, Any]:
    """What any page says about one draft."""
    state = State(draft.state)
    approvals = list(draft.approvals.filter(version=draft.version, voided_at=None).select_related("by"))
    return {
        **MENUS,
        "draft": draft,
        "kind_label": kind_label(draft.kind),
        "standing": STANDING[state],
        "tone": tone(state),
        "tier_words": TIER_WORDS[Tier(draft.tier)],
        "writer": writer(draft.written_by),
        "changes": changes(draft),
        "parts": list(draft.parts.order_by("pk")),
        "approvals": approvals,
        "has_approved": any(approval.by_id == user.pk for approval in approvals),
        "is_open": state in OPEN_TO_DECIDE,
        "is_moving": state in MOVING,
        "can_undo": state == State.HELD and draft.hold_until is not None and draft.hold_until > now,
        "needs_proof": draft.tier in (Tier.SECOND_FACTOR, Tier.SECOND_PERSON),
        "must_hold": draft.tier != Tier.CLICK and draft.amount is not None,
        "is_expired": draft.expires_at is not None and draft.expires_at <= now,
        "scopes_needed": missing_scopes(draft) if state in OPEN_TO_DECIDE else (),
        "operation": operation_of(draft) if state in OPEN_TO_DECIDE else "",
        "standstill": standstill(draft, now),
    }


def _standing(draft: Draft) -> str:
    """How it stands, and who proposed it where that was no template of ours."""
    who = f", by {writer(draft.written_by)}" if draft.proposed_by_id else ""
    return f"{STANDING[State(draft.state)]}{who}"


def claim(data: dict[str, Any]) -> Claim:
    source, value = sums.read_source(data.get("source")), in_words(data.get("value", ""))
    if source is None:
        return Claim(data["claim"], value, "", "", None)
    url = record_url(source.record, source.shop_id, source.external_id)
    return Claim(data["claim"], value, sums.source_words(source), url, source.read_at)


def in_words(value: str) -> str:
    """A stored moment in the reader's own time; any other value as it is."""
    try:
        moment = parse_datetime(value)
    except ValueError:
        return value
    return date_format(timezone.localtime(moment), "D j M Y H:i") if moment and timezone.is_aware(moment) else value


def memory(draft: Draft) -> list[dict[str, Any]]:
    """The last decisions on this kind in this shop, and what became of them."""
    decided = Draft.objects.filter(kind=draft.kind, shop=draft.shop_id, decided_at__isnull=False).exclude(pk=draft.pk)
    fields = ("id", "state", "amount", "currency", "reason", "decided_at", "edited_by", "preview")
    return [
        row | {"standing": STANDING[row["state"]], "tone": tone(row["state"])}
        for row in decided.order_by("-changed_at").values(*fields)[:REMEMBERED]
    ]


def changes(draft: Draft) -> SafeString | None:
    """The prepared text against the edited one, word by word; None where nobody edited it."""
    before, after = draft.prepared_text, draft.preview.get("text", "")
    if not before or before == after:
        return None
    old, new = before.split(" "), after.split(" ")
    pieces = []
    for operation, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation == "equal":
            pieces.append(("span", " ".join(old[i1:i2])))
            continue
        pieces += [("del", " ".join(old[i1:i2]))] if i2 > i1 else []
        pieces += [("ins", " ".join(new[j1:j2]))] if j2 > j1 else []
    return format_html_join(" ", "<{0}>{1}</{0}>", pieces)


def _gmv(alert: Alert) -> sums.Line | None:
    data = alert.arithmetic.get("gmv")
    return sums.line(Figure.from_json(data)) if data else None
