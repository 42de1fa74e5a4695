"""Spend comes by the day, in the account's own time zone, and past days are restated: which days a pull asks for."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.types import Account

DAY = timedelta(days=1)
AGAIN = 3  # days read again at every pull: clicks and cost of the last days still move
WIDEST = 31  # days in one question


def today(account: Account, now: datetime) -> date:
    """The account's own date; UTC's where its zone is not known."""
    try:
        return now.astimezone(ZoneInfo(account.time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return now.date()


def spans(since: date, until: date) -> Iterator[tuple[date, date]]:
    """(first, last) of stretches of at most `WIDEST` days, oldest first; both ends belong to a stretch."""
    while since <= until:
        last = min(since + DAY * (WIDEST - 1), until)
        yield since, last
        since = last + DAY


def fresh(cursor: str, until: date, first_span: timedelta) -> Iterator[tuple[date, date]]:
    """The stretches after `cursor` (the last day that was read, ISO 8601; empty at first), some days of it again.

    A cursor in the future (the account's zone was changed) counts as today.
    """
    since = min(date.fromisoformat(cursor), until) - DAY * AGAIN if cursor else until - first_span
    return spans(since, until)


def trailing(settings: Mapping[str, object], until: date, days: int) -> Iterator[tuple[date, date]]:
    """The last `days` days, or the account's own `restated_days`: how long its conversions go on being restated."""
    own = settings.get("restated_days")
    reach = own if isinstance(own, int) and not isinstance(own, bool) and 0 < own <= 400 else days
    return spans(until - DAY * reach, until)
