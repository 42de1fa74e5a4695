"""Reads of what needs a look and what was proposed: alerts with their evidence, drafts with their states."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.utils.dateparse import parse_datetime
from pydantic import Field

from alerts.models import Alert
from drafts.kinds import KINDS
from drafts.models import Draft
from drafts.states import State
from drafts.tools.base import (
    LARGEST_ID,
    PAGE,
    Answer,
    Arguments,
    Caller,
    Cursor,
    Limit,
    Missing,
    Number,
    Outside,
    Text,
    Tool,
    maybe_outside,
    outside,
)
from drafts.tools.goods import page_of

AlertState = Literal["open", "snoozed", "decided", "resolved", "grouped"]


class AlertsAsked(Arguments):
    state: AlertState = "open"
    detector: Text = ""
    shop_id: Number | None = None
    after: Cursor = ""
    limit: Limit = PAGE


class AlertRow(Answer):
    """Money is in the base currency: what acting saves, as a range; null where it is not known, never zero."""

    alert_id: int
    detector: str
    shop_id: int | None
    subject_kind: str
    subject_ref: str
    title: Outside
    state: str
    cash_low: Decimal | None
    cash_likely: Decimal | None
    cash_high: Decimal | None
    currency: str
    deadline: datetime | None
    as_of: datetime


class AlertPage(Answer):
    rows: tuple[AlertRow, ...]
    next: str | None


class AlertAsked(Arguments):
    alert_id: Number


class Claim(Answer):
    """One claim with the record and field that show it."""

    claim: Outside
    value: Outside | None
    record: str
    field: str
    shop_id: int | None
    external_id: str
    read_at: datetime | None


class DraftRow(Answer):
    """`written_by` is who prepared it (`offline` for our templates), `proposed_by` the person who asked for it."""

    draft_id: int
    alert_id: int | None
    shop_id: int | None
    kind: str
    state: str
    version: int
    summary: Outside
    amount: Decimal | None
    currency: str
    needs: str = Field(description="the proof that its approval takes")
    written_by: str
    proposed_by: str | None
    created_at: datetime
    changed_at: datetime


class WholeAlert(AlertRow):
    why: Outside | None
    tradeoff: Outside | None
    missing: tuple[str, ...]
    assumed: tuple[str, ...]
    arithmetic: dict[str, Any] = Field(description="figures by name, each with its parts and their sources")
    evidence: tuple[Claim, ...]
    kinds_that_help: tuple[str, ...]
    drafts: tuple[DraftRow, ...]


class DraftsAsked(Arguments):
    state: State | None = None
    kind: Text = ""
    alert_id: Number | None = None
    shop_id: Number | None = None
    after: Cursor = ""
    limit: Limit = PAGE


class DraftPage(Answer):
    rows: tuple[DraftRow, ...]
    next: str | None


class DraftAsked(Arguments):
    draft_id: Number


class PreviewRow(Answer):
    label: str
    before: Outside | None
    after: Outside | None


class WholeDraft(DraftRow):
    """`because` is why a program proposed it; `reason` why it was rejected, failed, or needs a person."""

    digest: str
    because: Outside | None
    changes: tuple[PreviewRow, ...]
    text: Outside | None
    warnings: tuple[str, ...]
    why_this_proof: tuple[str, ...]
    undo: str
    done_by_hand: bool
    reason: Outside | None
    decided_at: datetime | None
    finished_at: datetime | None


def alerts(caller: Caller, asked: AlertsAsked) -> AlertPage:
    """Best first, as in the inbox. Raises ValueError for a cursor that nobody gave."""
    rows = caller.narrow(Alert.objects.filter(state=asked.state).ranked())
    rows = rows.filter(detector=asked.detector) if asked.detector else rows
    rows = rows.filter(shop_id=asked.shop_id) if asked.shop_id else rows
    if asked.after:
        rows = rows.filter(TupleLessThan(Tuple(F("rank"), F("id")), _place(asked.after)))
    found = list(rows[: asked.limit + 1])
    last = found[asked.limit - 1] if len(found) > asked.limit else None
    return AlertPage(
        rows=tuple(AlertRow(**_alert(row)) for row in found[: asked.limit]),
        next=f"{last.rank!r},{last.pk}" if last else None,
    )


def alert(caller: Caller, asked: AlertAsked) -> WholeAlert:
    row = caller.narrow(Alert.objects.filter(pk=asked.alert_id)).first()
    if row is None:
        raise Missing(f"there is no alert {asked.alert_id}")
    drafts = Draft.objects.filter(alert=row, parent=None).select_related("proposed_by").order_by("-id")[:PAGE]
    return WholeAlert(
        **_alert(row),
        why=maybe_outside(row.why, row.subject_ref),
        tradeoff=maybe_outside(row.tradeoff, row.subject_ref),
        missing=tuple(row.missing),
        assumed=tuple(row.assumed),
        arithmetic=row.arithmetic,
        evidence=tuple(_claim(line, row.subject_ref) for line in row.evidence),
        kinds_that_help=tuple(row.drafts),
        drafts=tuple(DraftRow(**draft_row(each)) for each in drafts),
    )


def drafts(caller: Caller, asked: DraftsAsked) -> DraftPage:
    rows = caller.narrow(Draft.objects.select_related("proposed_by").order_by("-id"))
    wanted = {"state": asked.state, "kind": asked.kind, "alert_id": asked.alert_id, "shop_id": asked.shop_id}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    found, next_page = page_of(rows, asked.after, asked.limit)
    return DraftPage(rows=tuple(DraftRow(**draft_row(row)) for row in found), next=next_page)


def draft(caller: Caller, asked: DraftAsked) -> WholeDraft:
    row = caller.narrow(Draft.objects.filter(pk=asked.draft_id).select_related("proposed_by")).first()
    if row is None:
        raise Missing(f"there is no draft {asked.draft_id}")
    return whole_draft(row)


def whole_draft(row: Draft) -> WholeDraft:
    preview = row.preview
    changes = tuple(
        PreviewRow(
            label=each["label"],
            before=maybe_outside(each.get("before", "")),
            after=maybe_outside(each.get("after", "")),
        )
        for each in preview.get("rows", ())
    )
    return WholeDraft(
        **draft_row(row),
        digest=row.digest,
        because=maybe_outside(preview.get("because", "")),
        changes=changes,
        text=maybe_outside(preview.get("text", "")),
        warnings=tuple(preview.get("warnings", ())),
        why_this_proof=tuple(row.tier_reasons),
        undo=row.undo_label,
        done_by_hand=bool(row.by_hand),
        reason=maybe_outside(row.reason),
        decided_at=row.decided_at,
        finished_at=row.finished_at,
    )


def draft_row(row: Draft) -> dict[str, Any]:
    label = KINDS[row.kind].label if row.kind in KINDS else row.kind
    return {
        "draft_id": row.pk, "alert_id": row.alert_id, "shop_id": row.shop_id, "kind": row.kind, "state": row.state,
        "version": row.version, "summary": outside(row.preview.get("summary") or label), "amount": row.amount,
        "currency": row.currency, "needs": row.get_tier_display(), "written_by": row.written_by,
        "proposed_by": str(row.proposed_by) if row.proposed_by else None, "created_at": row.created_at,
        "changed_at": row.changed_at,
    }  # fmt: skip


def _alert(row: Alert) -> dict[str, Any]:
    return {
        "alert_id": row.pk, "detector": row.detector, "shop_id": row.shop_id, "subject_kind": row.subject_kind,
        "subject_ref": row.subject_ref, "title": outside(row.title, row.subject_ref, row.subject_label),
        "state": row.state, "cash_low": row.cash_low, "cash_likely": row.cash_likely, "cash_high": row.cash_high,
        "currency": row.currency, "deadline": row.deadline, "as_of": row.as_of,
    }  # fmt: skip


def _claim(line: dict[str, Any], *keep: str) -> Claim:
    return Claim(
        claim=outside(line.get("claim", ""), *keep), value=maybe_outside(str(line.get("value") or ""), *keep),
        record=line.get("record") or "", field=line.get("field") or "", shop_id=line.get("shop"),
        external_id=line.get("id") or "", read_at=parse_datetime(line["read_at"]) if line.get("read_at") else None,
    )  # fmt: skip


def _place(cursor: str) -> tuple[float, int]:
    rank, _, number = cursor.partition(",")
    if not number.isdecimal() or int(number) > LARGEST_ID:
        raise ValueError("this is no cursor of a page before")
    return float(rank), int(number)


ALERTS = Tool(
    "alerts", "Alerts", "What needs a look, in the order of what waiting costs.", "alerts",
    AlertsAsked, AlertPage, alerts,
)  # fmt: skip
ALERT = Tool(
    "alert", "One alert", "One alert with its arithmetic, its evidence and its drafts.", "alerts/{alert_id}",
    AlertAsked, WholeAlert, alert,
)  # fmt: skip
DRAFTS = Tool(
    "drafts", "Drafts", "Proposed writes and what became of them, the newest first.", "drafts",
    DraftsAsked, DraftPage, drafts,
)  # fmt: skip
DRAFT = Tool(
    "draft", "One draft", "One proposed write as people see it, with its state.", "drafts/{draft_id}",
    DraftAsked, WholeDraft, draft,
)  # fmt: skip
