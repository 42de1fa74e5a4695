"""Dollars of exceptions an hour that stay unseen while a source cannot be read. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from alerts.figures import Figure, Source, between, given
from alerts.types import Context, Threshold

HOURS_OF_HISTORY = 24


class Channel(Protocol):
    """The shop, as far as its thresholds need it."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...


THRESHOLDS = {
    "dollars_an_hour_low": Threshold(Decimal("0.5"), "USD", "own estimate", "Before own history: at least."),
    "dollars_an_hour": Threshold(Decimal(5), "USD", "own estimate", "Before own history: exceptions an hour."),
    "dollars_an_hour_high": Threshold(Decimal(30), "USD", "own estimate", "Before own history: at most."),
    "planning_hours": Threshold(Decimal(12), "hours", "own default", "Counted ahead: how long it would stay unseen."),
}


def dollars_an_hour(dollars: Decimal, hours: Decimal, shop: Channel, context: Context) -> Figure:
    """Own history of that shop's alerts (`dollars` in `hours`); before a day of it, an assumed range."""
    if hours >= HOURS_OF_HISTORY and dollars > 0:
        mean = (dollars / hours).quantize(Decimal("0.01"))
        place = Source("alert", "cash_likely", shop.id, note=f"mean of the last {hours:.0f} hours")
        return between("exceptions an hour", mean / 2, mean, mean * 2, context.base, source=place)
    low, likely, high = (
        context.threshold(name, shop.kind)
        for name in ("dollars_an_hour_low", "dollars_an_hour", "dollars_an_hour_high")
    )
    numbers = (low.likely, likely.likely, high.likely)
    return between("exceptions an hour", *numbers, context.base, source=likely.source, is_assumed=True)


def unseen(rate: Figure, hours: Decimal, place: Source, shop: Channel, context: Context) -> Figure:
    """What `hours` already unseen and those counted ahead may hide."""
    hidden = (rate * given(hours, "hours unseen", "hours", place)).named("may be hidden already", context.base)
    ahead = (rate * context.threshold("planning_hours", shop.kind)).named("would stay hidden", context.base)
    return (hidden + ahead).named("dollars that may be hidden", context.base)
