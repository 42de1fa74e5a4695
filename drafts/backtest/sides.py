"""The two sides of a policy trial, measured alike: what was decided, and each way in which it went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q

from drafts.deciding.caps import COUNTED
from drafts.models import Draft, LedgerEntry, PolicyTrial
from drafts.states import State, Tier

WITH_MORE = (Tier.SECOND_FACTOR, Tier.SECOND_PERSON)


@dataclass(frozen=True, slots=True)
class Side:
    """Counts of drafts; `hours` from proposal to decision, on average, None while nothing is decided."""

    side: str
    drafts: int
    approved: int
    more_proof: int
    refused: int
    edited: int
    rejected: int
    failed: int
    doubtful: int
    undone: int
    hours: float | None

    def told(self) -> str:
        counts = asdict(self)
        side, hours = counts.pop("side"), counts.pop("hours")
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        return f"{side.upper()}: {said}" + (f", {hours:.1f} h to decide" if hours is not None else "")


def sides(trial: PolicyTrial, until: datetime) -> list[Side]:
    """A, then B: the drafts that were prepared while the trial ran."""
    undone = LedgerEntry.objects.filter(draft_id=OuterRef("pk"), action="undone")
    rows = Draft.objects.filter(created_at__gte=trial.began_at, created_at__lt=trial.ended_at or until)
    counted = rows.exclude(side="").annotate(was_undone=Exists(undone)).values("side")
    measured = counted.annotate(
        drafts=Count("pk"),
        approved=Count("pk", filter=Q(state__in=COUNTED)),
        more_proof=Count("pk", filter=Q(tier__in=WITH_MORE)),
        refused=Count("pk", filter=Q(tier=Tier.REFUSE)),
        edited=Count("pk", filter=~Q(edited_by=None)),
        rejected=Count("pk", filter=Q(state=State.REJECTED)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        doubtful=Count("pk", filter=Q(state__in=(State.UNKNOWN, State.NEEDS_HUMAN))),
        undone=Count("pk", filter=Q(was_undone=True)),
        waited=Avg(F("decided_at") - F("created_at")),
    )
    return [_side(row) for row in measured.order_by("side")]


def _side(row: Any) -> Side:
    waited = row.pop("waited")
    hours = waited / timedelta(hours=1) if isinstance(waited, timedelta) else None
    return Side(**row, hours=hours)
