"""Shopee's account health → one AccountMetric for each figure, and one for the penalty points."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.money import parse_amount
from connectors.shops.reading import Row, count, dump, moment
from connectors.types import AccountMetric, BadRow, Boundary, Record

LATE_RATE = "late_shipment_rate"
UNITS = {1: "count", 2: "percent", 3: "seconds", 4: "days", 5: "hours"}
# Shopee states the rule that must hold; kept here is how it is broken.
BROKEN = {"<": Boundary.AT_LEAST, "<=": Boundary.ABOVE, ">": Boundary.AT_MOST, ">=": Boundary.BELOW}
SANCTIONS = (3, 6, 9, 12, 15)  # points at which tiers 1 to 5 begin
QUARTER_MONTHS = 3
SHOP_TIME = timedelta(hours=8)  # quarters turn at midnight of the platform's day, UTC+8


def quarter_start(now: datetime) -> datetime:
    local = now + SHOP_TIME
    month = (local.month - 1) // QUARTER_MONTHS * QUARTER_MONTHS + 1
    return datetime(local.year, month, 1, tzinfo=UTC) - SHOP_TIME


def points_now(history: list[Row], now: datetime) -> int:
    """Points of this quarter that still stand (they are cleared when a quarter begins)."""
    begin = quarter_start(now)
    return sum(
        count(row["latest_point_num"]) for row in history if (issued := moment(row["issue_time"])) and issued >= begin
    )


def tier_of(points: int) -> int:
    return sum(points >= step for step in SANCTIONS)


def metric(
    item: Row, *, now: datetime, points: int | None, late: list[Row], counted: int | None
) -> Iterator[Record | BadRow]:
    name = item["metric_name"]
    target: dict[str, Any] = item.get("target") or {}
    value = item.get("current_period")
    detail: dict[str, object] = {"last_period": item.get("last_period")}
    if name == LATE_RATE:
        detail["late_orders"] = late
    yield AccountMetric(
        external_id=name,
        raw=dump({"metric": item, "points": points, "late": late, "counted": counted}),
        name=name,
        value=None if value is None else parse_amount(value),
        target=parse_amount(target["value"]) if target else None,
        boundary=BROKEN[target["comparator"]] if target else None,
        unit=UNITS[item["unit"]],
        window="current period",
        numerator=counted if name == LATE_RATE else None,
        points=points,
        tier=None if points is None else tier_of(points),
        measured_at=now,
        detail=detail,
    )


def penalty(points: int, history: list[Row], now: datetime) -> AccountMetric:
    """The points themselves, with the next tier's first point as the target."""
    ahead = [step for step in SANCTIONS if step > points]
    return AccountMetric(
        external_id="penalty_points",
        raw=dump({"points": points, "history": history}),
        name="penalty_points",
        value=Decimal(points),
        target=Decimal(ahead[0]) if ahead else None,
        boundary=Boundary.AT_LEAST if ahead else None,
        unit="count",
        window="this quarter",
        points=points,
        tier=tier_of(points),
        measured_at=now,
        detail={"history": history},
    )
