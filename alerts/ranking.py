"""The order of the list: dollars that waiting loses, per hour, per minute of a person's time. Pure.

A card that is not decided now is decided at some later session, or not at all. What waiting loses is therefore taken
over several horizons, each with its weight: until tomorrow's session, within the week, within the month. The far ones
keep a large sum with a distant deadline above small change that is due tonight, since sessions are short and lists
are long; the near one decides among equals. The weights were chosen on simulated months with 25 to 300 new cards a day
and twenty decisions each (`tests/alerts/test_ranking.py` holds the figures to be kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.arithmetic.curves import lost_by, reaches

HORIZONS = ((timedelta(days=1), 0.20), (timedelta(days=7), 0.25), (timedelta(days=30), 0.55))
HOURS = 24.0
# Opening and reading any card takes this long, whatever is decided on it.
MINUTES_TO_READ = 1.5
# Waiting is called safe while less than this share of the money is lost.
SAFE_SHARE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One alert as the order sees it. Money in the base currency; None where its dollars are unknown."""

    id: int
    low: float | None
    likely: float | None
    high: float | None
    waiting: tuple[tuple[datetime, float], ...]
    minutes: float
    as_of: datetime
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rank:
    """`value`: dollars an hour a minute, as the list is ordered; `low` and `high` are the range within which a model
    may weigh. `safe_until` is None where waiting already costs, or never does."""

    id: int
    value: float
    low: float
    high: float
    safe_until: datetime | None


def rank(candidate: Candidate, now: datetime) -> Rank:
    """Unknown dollars rank zero: such an alert is shown apart with what is missing."""
    if candidate.likely is None or candidate.low is None or candidate.high is None:
        return Rank(candidate.id, 0.0, 0.0, 0.0, safe_until(candidate.waiting, now))
    urgency = share_at_stake(candidate.waiting, now, candidate.as_of)
    each = candidate.weight * urgency / (HOURS * (candidate.minutes + MINUTES_TO_READ))
    low, high = (max(0.0, money) * each for money in (candidate.low, candidate.high))
    value = max(0.0, expected(candidate.low, candidate.likely, candidate.high)) * each
    return Rank(candidate.id, value, min(low, value), max(high, value), safe_until(candidate.waiting, now))


def expected(low: float, likely: float, high: float) -> float:
    """Mean of a range whose middle is four times as likely as its ends (the PERT mean)."""
    return (low + 4 * likely + high) / 6


def share_at_stake(waiting: Sequence[tuple[datetime, float]], now: datetime, as_of: datetime) -> float:
    """Weighted share lost over the horizons, of what could still be saved when the facts were read."""
    if not waiting:
        return HORIZONS[-1][1]
    points = tuple(waiting)
    gone = lost_by(points, now)
    left = 1.0 - lost_by(points, as_of)
    if left <= 0.0:
        return 0.0
    lost = sum(weight * (lost_by(points, now + horizon) - gone) for horizon, weight in HORIZONS)
    return max(0.0, lost / left)


def safe_until(waiting: Sequence[tuple[datetime, float]], now: datetime) -> datetime | None:
    """Until when waiting costs next to nothing."""
    points = tuple(waiting)
    if not points:
        return None
    gone = lost_by(points, now)
    moment = reaches(points, gone + SAFE_SHARE * max(1.0 - gone, 0.0))
    return moment if moment and moment > now + timedelta(minutes=10) else None


def order(candidates: Iterable[Candidate], now: datetime) -> list[Rank]:
    """Best first; equal ones by id, newest first, as the list shows them."""
    return sorted((rank(candidate, now) for candidate in candidates), key=lambda ranked: (-ranked.value, -ranked.id))
