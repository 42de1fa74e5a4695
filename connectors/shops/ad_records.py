"""Reading an ad platform's rows, whose ids are made of several fields, and the figures by which it judges an account,
under one name on every platform."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.shops.reading import UNREADABLE, Row, Unreadable, dump_bad, reason_of
from connectors.types import AccountMetric, BadRow, Boundary, Record

Parse = Callable[[Row], Iterable[Record | BadRow]]


def readable(
    kind: str, rows: Iterable[Any], read: Parse, name_of: Callable[[Row], Iterable[object]]
) -> Iterator[Record | BadRow]:
    """The records of all rows. `name_of` gives the parts of a row's id, as far as they are there."""
    for number, row in enumerate(rows, 1):
        try:
            yield from read(row)
        except UNREADABLE as error:
            parts = name_of(row) if isinstance(row, dict) else ()
            name = "/".join(str(part) for part in parts if isinstance(part, str | int))
            yield BadRow(kind, name, reason_of(error), dump_bad(row), f"item {number}")


def whole(value: Any) -> int:
    """A count: decimal text, or a number. Absent is 0. Raises Unreadable."""
    if value is None:
        return 0
    if type(value) is int:
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdigit():
        return int(value)
    raise Unreadable(f"{value!r} is no whole number")


def text(value: Any) -> str:
    """Text; absent is empty. Raises Unreadable."""
    if value is not None and not isinstance(value, str):
        raise Unreadable(f"{value!r} is no text")
    return value or ""


def refuse_strange(row: Row, known: frozenset[str]) -> None:
    """An absent figure means zero, so a renamed one would be read as zero: what was not asked for gives it away."""
    if strange := row.keys() - known:
        raise Unreadable(f"the row holds {', '.join(sorted(strange))}, which was not asked for")


def account_status(*, is_running: bool, detail: Mapping[str, object], raw: bytes, now: datetime) -> AccountMetric:
    """1 while the account may run ads, else 0; `detail` holds the platform's own word."""
    return AccountMetric(
        external_id="account_status", raw=raw, name="account_status", value=Decimal(is_running), target=Decimal(1),
        boundary=Boundary.BELOW, window="now", measured_at=now, detail=detail,
    )  # fmt: skip


def disapproved_ads(campaigns: Iterable[str], now: datetime) -> AccountMetric:
    """Ads that the platform's policies keep from running; `campaigns` names the campaign of each."""
    counted = Counter(campaigns)
    return AccountMetric(
        external_id="disapproved_ads", name="disapproved_ads", value=Decimal(counted.total()), target=Decimal(0),
        boundary=Boundary.ABOVE, unit="count", window="now", measured_at=now, detail={"campaigns": dict(counted)},
    )  # fmt: skip


def cap_used(ref: str, name: str, used: Decimal, cap: Decimal, window: str, raw: bytes, now: datetime) -> AccountMetric:
    """How much of a spending limit is used, in percent: ads stop at 100."""
    return AccountMetric(
        external_id=ref, raw=raw, name=name, value=(used / cap * 100).quantize(Decimal("0.01")), target=Decimal(100),
        boundary=Boundary.AT_LEAST, unit="percent", window=window, measured_at=now,
        detail={"cap": str(cap), "used": str(used)},
    )  # fmt: skip
