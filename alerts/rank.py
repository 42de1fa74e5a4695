"""Step 4: the order of the open list, which moves as deadlines near.

The computed rank always stands. A model may weigh the first candidates within their computed range and word them; what
it says is kept as a factor of the computed rank until the facts change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from alerts.keep import rank_weights, weight_of
from alerts.models import Alert
from alerts.ranking import Candidate, Rank, rank

BATCH = 20_000
# Steps smaller than this share of the rank are not written.
LEAST_STEP = 0.001
FIELDS = (
    "id", "detector", "shop_id", "cash_low", "cash_likely", "cash_high", "waiting", "minutes", "last_seen_at",
    "computed_rank", "safe_until",
)  # fmt: skip

STAGE = (
    "CREATE TEMP TABLE IF NOT EXISTS rank_staging (id bigint, value float8, safe_until timestamptz)"
    " ON COMMIT DELETE ROWS"
)
MERGE = """
UPDATE alerts_alert a
SET rank = CASE WHEN a.worded_by_id IS NOT NULL AND a.computed_rank > 0 THEN s.value * (a.rank / a.computed_rank)
                ELSE s.value END,
    computed_rank = s.value, safe_until = s.safe_until, ranked_at = %(now)s
FROM rank_staging s WHERE a.id = s.id
"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a model says about one alert: a rank within the computed range, and its words."""

    id: int
    rank: float
    why: str
    tradeoff: str
    missing: tuple[str, ...] = ()


Weigh = Callable[[Sequence[Alert], Sequence[Rank]], tuple[int | None, Sequence[Weighed]]]


def rank_open(now: datetime | None = None) -> int:
    """Rank all open alerts again. Returns how many have moved."""
    now = now or timezone.now()
    weights = rank_weights()
    moved = 0
    last = 0
    while rows := list(Alert.objects.open().filter(pk__gt=last).order_by("pk").values(*FIELDS)[:BATCH]):
        last = rows[-1]["id"]
        ranked = [rank(candidate(row, weight_of(weights, row["detector"], row["shop_id"])), now) for row in rows]
        changed = [new for row, new in zip(rows, ranked, strict=True) if _moves(row, new)]
        moved += len(changed)
        _write(changed, now)
    return moved


def candidate(row: dict[str, Any], weight: float) -> Candidate:
    waiting = tuple((datetime.fromisoformat(moment), float(share)) for moment, share in row["waiting"])
    low, likely, high = (
        None if row[name] is None else float(row[name]) for name in ("cash_low", "cash_likely", "cash_high")
    )
    return Candidate(
        id=row["id"], low=low, likely=likely, high=high, waiting=waiting, minutes=float(row["minutes"]),
        as_of=row["last_seen_at"], weight=weight,
    )  # fmt: skip


def _moves(row: dict[str, Any], new: Rank) -> bool:
    before = float(row["computed_rank"])
    step = abs(new.value - before)
    return step > LEAST_STEP * max(before, new.value) or bool(new.safe_until != row["safe_until"])


def _write(changed: Sequence[Rank], now: datetime) -> None:
    if not changed:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy("COPY rank_staging (id, value, safe_until) FROM STDIN") as copy:
            copy.set_types(["int8", "float8", "timestamptz"])
            for each in changed:
                copy.write_row((each.id, each.value, each.safe_until))
        cursor.execute(MERGE, {"now": now})
        cursor.execute("TRUNCATE rank_staging")


def weigh_top(weigh: Weigh, limit: int, now: datetime | None = None) -> int:
    """Hand the first alerts that no model has worded yet to `weigh`, and keep what holds. Returns how many were worded.

    `weigh` gives the id of its ModelCall and its words; a rank outside an alert's computed range is cut to it, and an
    alert that was not asked about is ignored. No transaction is open while it runs.
    """
    now = now or timezone.now()
    weights = rank_weights()
    alerts = list(Alert.objects.open().filter(worded_by=None).ranked()[:limit])
    if not alerts:
        return 0
    rows = [{name: getattr(alert, name) for name in FIELDS} for alert in alerts]
    ranks = [rank(candidate(row, weight_of(weights, row["detector"], row["shop_id"])), now) for row in rows]
    call, weighed = weigh(alerts, ranks)
    if call is None:
        return 0
    known = {alert.id: (alert, ranked) for alert, ranked in zip(alerts, ranks, strict=True)}
    return sum(_keep_words(*known[each.id], each, call) for each in weighed if each.id in known)


def _keep_words(alert: Alert, ranked: Rank, weighed: Weighed, call: int) -> int:
    """Only where the facts are still those that were weighed."""
    value = min(max(weighed.rank, ranked.low), ranked.high)
    missing = list(dict.fromkeys([*alert.missing, *weighed.missing]))
    same = Alert.objects.filter(pk=alert.pk, state_digest=alert.state_digest)
    return same.update(
        rank=value,
        computed_rank=ranked.value,
        why=weighed.why,
        tradeoff=weighed.tradeoff,
        missing=missing,
        worded_by_id=call,
    )


@shared_task(name="alerts.rank_open", queue="think", max_retries=0, expires=60)
def rank_all() -> None:
    """Beat: the curve of waiting moves with time."""
    rank_open()
