"""How much may leave, and when: caps, quiet hours and canaries as figures. Pure; the clock and the counts are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Used:
    """What was approved within a cap's time: writes, and their money in the base currency."""

    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Most:
    """A cap; None: any."""

    count: int | None
    amount: Decimal | None

    def broken_by(self, used: Used, more: Used) -> str:
        """What would go above it, in words; empty where it fits."""
        if self.count is not None and used.count + more.count > self.count:
            return f"{used.count} of {self.count} writes are approved already"
        if self.amount is not None and more.amount > 0 and used.amount + more.amount > self.amount:
            return f"{used.amount:.2f} of {self.amount:.2f} are approved already, and this adds {more.amount:.2f}"
        return ""


def start_of_day(moment: datetime) -> datetime:
    """In UTC, by which daily caps count."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def quiet_until(begins: time, ends: time, zone: ZoneInfo, moment: datetime) -> datetime | None:
    """When the quiet hours that hold at this moment end (UTC); None outside of them.

    From `begins` up to `ends`, both by the clocks of `zone`; an end before the beginning is on the next day.
    """
    here = moment.astimezone(zone)
    clock = here.time()
    is_quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not is_quiet:
        return None
    day = here.date() if clock < ends else here.date() + DAY
    return datetime.combine(day, ends, zone).astimezone(UTC)


def may_run(percent: Decimal, proposed: int) -> int:
    """How many drafts of something new may run a day: so many percent of those proposed, and never fewer than one."""
    return max(1, int(proposed * percent / 100))
