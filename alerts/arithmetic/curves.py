"""How much of what acting saves is lost by waiting: points (time, share lost), straight lines between. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

Curve = tuple[tuple[datetime, Decimal], ...]
Points = Sequence[tuple[datetime, Decimal]] | Sequence[tuple[datetime, float]]
HOUR = timedelta(hours=1)
# Approving takes a moment, and a write needs its hold window, its call and its proof before a deadline.
LEAD = timedelta(minutes=30)


def cliff(deadline: datetime, share: Decimal = Decimal(1)) -> Curve:
    """Waiting costs nothing until shortly before the deadline; then `share` is lost."""
    return ((deadline - LEAD, Decimal(0)), (deadline, share))


def slope(start: datetime, end: datetime) -> Curve:
    """Every hour between the two costs the same."""
    return ((start, Decimal(0)), (max(end, start + HOUR), Decimal(1)))


def cliff_then_slope(deadline: datetime, share: Decimal, end: datetime) -> Curve:
    """`share` goes at the deadline, the rest evenly until `end`."""
    return (*cliff(deadline, share), (max(end, deadline + HOUR), Decimal(1)))


def lost_by(curve: Points, when: datetime) -> float:
    """Share lost by `when`; an empty curve never loses anything."""
    before_moment, before = when, 0.0
    is_first = True
    for moment, level in curve:
        share = float(level)
        if when < moment:
            return 0.0 if is_first else before + (share - before) * ((when - before_moment) / (moment - before_moment))
        before_moment, before, is_first = moment, share, False
    return before


def reaches(curve: Points, share: float) -> datetime | None:
    """When `share` of it will be lost; None where that never comes."""
    before_moment, before = None, 0.0
    for moment, level in curve:
        here = float(level)
        if here >= share:
            if before_moment is None or here == before:
                return moment
            return before_moment + (moment - before_moment) * ((share - before) / (here - before))
        before_moment, before = moment, here
    return None
