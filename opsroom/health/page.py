"""What the health page shows of each connection, those that need a look first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count

from connectors.models import Shop
from connectors.registry import CONNECTORS
from connectors.watching.evidence import Calls, Diagnosis, Evidence, Verdict
from connectors.watching.gateway import Trouble, troubles
from connectors.watching.takings import takings
from connectors.watching.vitals import judge, vitals
from drafts.models import Execution
from drafts.states import State

TONES = {
    Verdict.TOKEN: "danger", Verdict.DOWN: "danger", Verdict.THROTTLED: "warn", Verdict.DRIFTED: "danger",
    Verdict.REFUSED: "danger", Verdict.SHORT: "warn", Verdict.OURS: "danger", Verdict.SILENT: "warn",
    Verdict.PAUSED: "", Verdict.STARTING: "", Verdict.WELL: "good",
}  # fmt: skip
QUIET = frozenset({Verdict.WELL, Verdict.PAUSED, Verdict.STARTING})


@dataclass(frozen=True, slots=True)
class Line:
    """One operation's day."""

    calls: Calls
    failures: tuple[tuple[str, int], ...]
    capacity: float | None

    @property
    def has_capacity(self) -> bool:
        """Replies may teach a larger allowance than was assumed; then the assumed one says nothing."""
        return (
            self.capacity is not None and self.calls.budget_left is not None and self.calls.budget_left <= self.capacity
        )

    @property
    def failed_share(self) -> float:
        return 100 * self.calls.failed / self.calls.calls if self.calls.calls else 0.0


@dataclass(frozen=True, slots=True)
class ShopHealth:
    """One shop's part of the page."""

    shop: Evidence
    label: str
    found: tuple[Diagnosis, ...]
    tone: str
    lines: tuple[Line, ...]
    payments: tuple[Trouble, ...] = ()
    waiting: int = 0  # approved drafts that wait for it
    order: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def worst(self) -> Diagnosis:
        return self.found[0]

    @property
    def only_payments(self) -> bool:
        return bool(self.payments) and self.worst.verdict in QUIET

    @property
    def verdict_words(self) -> str:
        return "payments falter" if self.only_payments else self.worst.verdict.words

    @property
    def is_troubled(self) -> bool:
        return self.worst.verdict not in QUIET or bool(self.payments)

    @property
    def can_reconnect(self) -> bool:
        return self.worst.verdict in (Verdict.TOKEN, Verdict.REFUSED)


def overview(now: datetime) -> list[ShopHealth]:
    """Every shop; the number of queries does not grow with them."""
    found = vitals(now)
    judged, paid = judge(found, now), takings(now)
    waiting = drafts_waiting()
    shown = [
        _shop(one, judged[one.shop_id], troubles(paid[one.shop_id], now) if one.shop_id in paid else (), waiting)
        for one in found
        if one.state != Shop.State.DISCONNECTED
    ]
    return sorted(shown, key=lambda each: each.order)


def drafts_waiting() -> dict[int, int]:
    """Approved drafts that something keeps from leaving, by shop."""
    rows: Any = Execution.objects.filter(draft__state__in=(State.APPROVED, State.HELD)).exclude(waiting_for="")
    return dict(rows.order_by().values_list("draft__shop").annotate(Count("pk")))


def _shop(
    one: Evidence, found: tuple[Diagnosis, ...], payments: tuple[Trouble, ...], waiting: dict[int, int]
) -> ShopHealth:
    made: Any = CONNECTORS.get(one.kind)
    worst = list(Verdict).index(found[0].verdict)
    is_quiet = found[0].verdict in QUIET
    return ShopHealth(
        one, made.label if made else one.kind.replace("_", " "), found,
        "warn" if is_quiet and payments else TONES[found[0].verdict],
        tuple(_line(call, made) for call in sorted(one.calls, key=lambda call: (-call.failed, -call.calls))),
        payments, waiting.get(one.shop_id, 0), (is_quiet and not payments, worst, one.name),
    )  # fmt: skip


def _line(call: Calls, made: Any) -> Line:
    lane = made.lanes.get(call.operation, made.allowance) if made else None
    failures = tuple(sorted(call.failures.items(), key=lambda pair: -pair[1]))
    return Line(call, failures, lane.capacity if lane else None)
