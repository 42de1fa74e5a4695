"""Move a draft along one edge: one conditional UPDATE, and its ledger entry in the same transaction.

The condition is what the caller saw (state, version, digest). Whoever comes second finds nothing to update.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from alerts.models import Alert
from drafts.deciding.appraise import appraised
from drafts.deciding.binding import digest
from drafts.deciding.clock import Clock
from drafts.deciding.person import Person
from drafts.kinds import read_command
from drafts.models import Draft
from drafts.policy import Flag
from drafts.preparing.facts import SavedReader
from drafts.record import record
from drafts.states import State

# What the inbox shows of the matter itself once its draft has moved.
DECIDED = {State.APPROVED, State.HELD, State.REJECTED}
OPEN_AGAIN = {State.PROPOSED, State.FAILED, State.EXPIRED, State.NEEDS_HUMAN}


class Lost(Exception):
    """The draft is no longer what the caller saw: somebody or something else moved it first."""


def move(
    draft: Draft,
    to: State,
    action: str,
    *,
    by: Person | None = None,
    only_if: Q | None = None,
    changes: Mapping[str, Any] | None = None,
    **body: object,
) -> None:
    """Change state, record, and bring `draft` up to date. Call it inside a transaction. Raises Lost."""
    before = draft.state
    rows = Draft.objects.filter(
        only_if or Q(), pk=draft.pk, state=before, version=draft.version, digest=draft.digest
    ).update(state=to, changed_at=Clock(), **(changes or {}))
    if not rows:
        raise Lost(f"draft {draft.pk} is no longer {before} in version {draft.version}")
    draft.refresh_from_db()
    record(action, by=by, draft=draft, before=before, after=to, **body)
    _show_in_inbox(draft, to)


def repropose(
    draft: Draft,
    action: str,
    *,
    by: Person | None = None,
    command: str | None = None,
    facts: Mapping[str, Any] | None = None,
    facts_read_at: datetime | None = None,
    flags: frozenset[Flag] = frozenset(),
    only_if: Q | None = None,
    changes: Mapping[str, Any] | None = None,
    **body: object,
) -> None:
    """Back to `proposed` as the next version, appraised anew; the database voids its approvals. Raises Lost."""
    text = draft.command if command is None else command
    known = dict(draft.facts if facts is None else facts)
    version = draft.version + 1
    move(
        draft,
        State.PROPOSED,
        action,
        by=by,
        only_if=only_if,
        changes={
            "version": version,
            "command": text,
            "facts": known,
            "facts_read_at": facts_read_at or draft.facts_read_at,
            "digest": digest(draft.kind, draft.shop_id, version, text, known),
            "hold_until": None,
            "decided_at": None,
            **appraised(draft, read_command(draft.kind, text), known, SavedReader(draft.shop_id), flags),
            **(changes or {}),
        },
        **body,
    )


def _show_in_inbox(draft: Draft, to: State) -> None:
    if draft.alert_id is None:
        return
    alerts = Alert.objects.filter(pk=draft.alert_id)
    # Moves that belong together are decided one by one; of one kind only one is done, so its like hold nothing open.
    others = Draft.objects.waiting().filter(alert=draft.alert_id)
    if to is not State.REJECTED:
        others = others.filter(parent=None).exclude(kind=draft.kind).exclude(pk=draft.parent_id or 0)
    if to in DECIDED and not others.exists():
        alerts.filter(state__in=[Alert.State.OPEN, Alert.State.SNOOZED]).update(state=Alert.State.DECIDED)
    elif to in OPEN_AGAIN:
        alerts.filter(state=Alert.State.DECIDED).update(state=Alert.State.OPEN)
