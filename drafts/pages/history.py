"""What was decided and done: the list of decided drafts, and the whole story of one."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from drafts.models import Attempt, Draft, Execution, LedgerEntry
from drafts.pages.inbox import STANDING, kind_label, tone
from drafts.pages.wording import words
from drafts.record import with_words
from drafts.states import State

PAGE = 50
GROUPS = {
    "moving": ("On its way", [State.APPROVED, State.HELD, State.SENDING, State.SENT, State.UNKNOWN]),
    "person": ("Needs a person", [State.NEEDS_HUMAN, State.AWAITING_SECOND]),
    "done": ("Verified", [State.VERIFIED]),
    "failed": ("Failed", [State.FAILED]),
    "rejected": ("Rejected", [State.REJECTED]),
    "lapsed": ("Expired or replaced", [State.EXPIRED, State.SUPERSEDED]),
}
DECIDED = [state for _, states in GROUPS.values() for state in states]


def acted_on(group: str, kind: str) -> QuerySet[Draft]:
    """Drafts somebody or something has acted on, newest first."""
    states = GROUPS[group][1] if group in GROUPS else DECIDED
    drafts = Draft.objects.filter(state__in=states).order_by("-pk")
    return drafts.filter(kind=kind) if kind else drafts


def decided(group: str, kind: str, before: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """One page of them, and where the next page begins."""
    drafts = acted_on(group, kind)
    if before is not None:
        drafts = drafts.filter(pk__lt=before)
    fields = (
        "id", "kind", "state", "amount", "currency", "preview", "reason", "decided_at", "changed_at", "shop__name",
        "written_by", "parent_id",
    )  # fmt: skip
    rows = list(drafts.values(*fields)[: PAGE + 1])
    shown = [
        row
        | {"label": kind_label(row["kind"]), "standing": STANDING[row["state"]], "tone": tone(row["state"])}
        | {"summary": row["preview"].get("summary", "")}
        for row in rows[:PAGE]
    ]
    return shown, rows[PAGE - 1]["id"] if len(rows) > PAGE else None


COLUMNS = (
    "id",
    "kind",
    "state",
    "summary",
    "amount",
    "currency",
    "shop",
    "written by",
    "decided at",
    "changed at",
    "reason",
)


def table(group: str, kind: str) -> Iterator[tuple[object, ...]]:
    """All of them under COLUMNS, for a file."""
    for row in acted_on(group, kind).select_related("shop").iterator(chunk_size=500):
        yield (
            row.pk, row.kind, row.state, row.preview.get("summary", ""), row.amount, row.currency,
            row.shop.name if row.shop else "", row.written_by, row.decided_at, row.changed_at, row.reason,
        )  # fmt: skip


def story(draft: Draft) -> dict[str, Any]:
    """Every decision, call and ledger entry of one draft, oldest first."""
    execution = Execution.objects.filter(draft=draft).first()
    attempts = Attempt.objects.filter(execution=execution).order_by("number") if execution else Attempt.objects.none()
    entries = LedgerEntry.objects.filter(draft_id=draft.pk).select_related("actor").order_by("id")
    return {
        "execution": execution,
        "attempts": [attempt_row(attempt) for attempt in attempts],
        "decisions": list(draft.approvals.select_related("by").order_by("decided_at")),
        "entries": [entry_row(entry) for entry in entries],
    }


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    receipt = bytes(attempt.receipt).decode("utf-8", "replace") if attempt.receipt else ""
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.get_outcome_display(),
        "reference": attempt.reference,
        "request_id": attempt.request_id,
        "error": attempt.error,
        "receipt": receipt,
    }


def entry_row(entry: LedgerEntry) -> dict[str, Any]:
    body = with_words(json.loads(bytes(entry.body)))
    skipped = {"digest", "kind"}
    return {
        "id": entry.id,
        "at": entry.recorded_at,
        "action": words(entry.action),
        "actor": str(entry.actor) if entry.actor else "Ops Room",
        "body": [
            (words(name), value) for name, value in body.items() if name not in skipped and value not in ("", None)
        ],
    }
