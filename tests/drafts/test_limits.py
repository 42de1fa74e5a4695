from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drafts.limits import Most, Used, may_run, quiet_until

NINE, TEN = time(9), time(22)


def used(count: int, amount: str) -> Used:
    return Used(count, Decimal(amount))


def test_a_cap_holds_for_writes_and_for_money() -> None:
    assert Most(3, None).broken_by(used(2, "0"), used(1, "0")) == ""
    assert Most(3, None).broken_by(used(3, "0"), used(1, "0")) == "3 of 3 writes are approved already"
    assert Most(None, Decimal(100)).broken_by(used(9, "60"), used(1, "40")) == ""
    assert (
        Most(None, Decimal(100)).broken_by(used(9, "60"), used(1, "40.01"))
        == "60.00 of 100.00 are approved already, and this adds 40.01"
    )


def test_what_moves_no_money_is_not_kept_by_a_cap_on_money() -> None:
    assert Most(None, Decimal(100)).broken_by(used(1, "130"), used(1, "0")) == ""


@pytest.mark.parametrize(
    ("hour", "ends"),
    [
        (22, datetime(2026, 11, 22, 1, 0, tzinfo=UTC)),
        (2, datetime(2026, 11, 21, 1, 0, tzinfo=UTC)),
        (9, None),
        (21, None),
    ],
)
def test_quiet_hours_over_midnight_end_by_the_clocks_of_their_zone(hour: int, ends: datetime | None) -> None:
    zone = ZoneInfo("Asia/Singapore")
    moment = datetime(2026, 11, 21, hour, 0, tzinfo=zone)
    assert quiet_until(TEN, NINE, zone, moment) == ends


def test_quiet_hours_within_a_day_end_on_it() -> None:
    at = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    assert quiet_until(time(12), time(13), ZoneInfo("UTC"), at) == datetime(2026, 11, 21, 13, tzinfo=UTC)
    assert quiet_until(time(12), time(13), ZoneInfo("UTC"), at.replace(hour=13)) is None


def test_the_night_the_clocks_go_back_quiet_hours_end_at_the_hour_people_see() -> None:
    zone = ZoneInfo("Europe/Berlin")
    at = datetime(2026, 10, 24, 23, 0, tzinfo=zone)
    assert quiet_until(TEN, NINE, zone, at) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(("proposed", "runs"), [(0, 1), (19, 1), (39, 1), (40, 2), (1000, 50)])
def test_something_new_runs_once_a_day_or_its_percent(proposed: int, runs: int) -> None:
    assert may_run(Decimal(5), proposed) == runs
