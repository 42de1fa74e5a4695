"""The morning mail: rows in, what to say out. Pure: nothing is read or sent here.

It says first what cannot be seen, then what waits, by rank, then what became of yesterday's decisions. It says that
nothing needs a person only where every source is fresh.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from connectors.money import ZERO

SHOWN = 12
MOVED_SHARE = Decimal("0.10")  # a sum that moved by less is the same sum to its reader


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open alert, best first. Money in the base currency; None where a rate or price is missing."""

    alert_id: int
    title: str
    shop: str
    low: Decimal | None
    likely: Decimal | None
    high: Decimal | None
    deadline: datetime | None
    safe_until: datetime | None
    first_seen_at: datetime
    draft: str = ""  # what is ready to be approved, in words


@dataclass(frozen=True, slots=True)
class Blind:
    """A source that is stale or short."""

    shop: str
    feed: str
    what: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A shop that must be connected again by then, or it can no longer be read."""

    shop: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one decision since the last mail."""

    draft_id: int
    title: str
    state: str
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One alert as it stands in the mail. `was` is the sum it stood at last time, where that has moved."""

    waiting: Waiting
    deadline: datetime | None
    safe_until: datetime | None
    is_today: bool
    was: Decimal | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """What one person is told. Times are in that person's zone."""

    now: datetime
    total: Decimal
    currency: str
    count: int
    due_today: int
    unknown_count: int
    lines: tuple[Line, ...]
    left_out: int
    left_out_total: Decimal
    new_count: int
    gone_count: int
    gone_total: Decimal
    blind: tuple[Blind, ...]
    hidden: Decimal | None
    doubtful: tuple[Settled, ...]
    settled: tuple[Settled, ...]
    endings: tuple[Ending, ...] = ()

    @property
    def is_all_clear(self) -> bool:
        """Whether nothing needs a person, as far as every source can show."""
        return not (self.count or self.blind or self.doubtful or self.endings)

    @property
    def shown(self) -> dict[str, str | None]:
        """Alert id → likely cash: what the next mail compares itself with."""
        return {
            str(line.waiting.alert_id): None if line.waiting.likely is None else str(line.waiting.likely)
            for line in self.lines
        }


def compose(
    waiting: Iterable[Waiting],
    *,
    since: datetime | None,
    before: Mapping[str, str | None],
    gone: Mapping[str, str | None],
    now: datetime,
    zone: tzinfo,
    currency: str,
    blind: Iterable[Blind] = (),
    hidden: Decimal | None = ZERO,
    settled: Iterable[Settled] = (),
    endings: Iterable[Ending] = (),
) -> Digest:
    """The digest of one person's morning.

    `waiting` are all open alerts, best first. `since` is when the last mail left (None: this is the first), `before`
    what it showed, `gone` the part of that which is open no more. `hidden` are the dollars that stale sources may hide
    (None: unknown).
    """
    rows = list(waiting)
    local = now.astimezone(zone)
    tonight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    results = tuple(settled)
    return Digest(
        now=local,
        total=_sum(row.likely for row in rows),
        currency=currency,
        count=len(rows),
        due_today=sum(1 for row in rows if row.deadline and row.deadline < tonight),
        unknown_count=sum(1 for row in rows if row.likely is None),
        lines=tuple(_line(row, since, before, zone, tonight) for row in rows[:SHOWN]),
        left_out=max(0, len(rows) - SHOWN),
        left_out_total=_sum(row.likely for row in rows[SHOWN:]),
        new_count=sum(1 for row in rows if since and row.first_seen_at > since),
        gone_count=len(gone),
        gone_total=_sum(Decimal(sum_) for sum_ in gone.values() if sum_ is not None),
        blind=tuple(blind),
        hidden=hidden,
        doubtful=tuple(one for one in results if one.is_doubtful),
        settled=tuple(one for one in results if not one.is_doubtful),
        endings=tuple(Ending(one.shop, one.at.astimezone(zone)) for one in endings),
    )


def _line(
    row: Waiting, since: datetime | None, before: Mapping[str, str | None], zone: tzinfo, tonight: datetime
) -> Line:
    return Line(
        row,
        row.deadline.astimezone(zone) if row.deadline else None,
        row.safe_until.astimezone(zone) if row.safe_until else None,
        bool(row.deadline and row.deadline < tonight),
        _moved_from(before.get(str(row.alert_id)), row.likely),
        bool(since and row.first_seen_at > since),
    )


def _moved_from(before: str | None, likely: Decimal | None) -> Decimal | None:
    """The sum last shown, where it has moved enough to be told."""
    if before is None or likely is None:
        return None
    was = Decimal(before)
    return was if abs(likely - was) > abs(was) * MOVED_SHARE else None


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)


def is_due(now: datetime, zone: tzinfo, hour: int) -> bool:
    """Whether the person's hour has come today. A mail missed by an outage goes out later the same day."""
    return now.astimezone(zone).hour >= hour
