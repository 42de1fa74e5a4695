"""What the morning mail says, and what it never says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drafts.digest import SHOWN, Blind, Digest, Settled, Waiting, compose, is_due

NOW = datetime(2026, 11, 11, 0, 30, tzinfo=UTC)
SINGAPORE = ZoneInfo("Asia/Singapore")


def waiting(alert_id: int, likely: Decimal | None = Decimal(10), **other: object) -> Waiting:
    values: dict[str, object] = {
        "title": f"alert {alert_id}", "shop": "SG", "low": likely, "high": likely, "deadline": None, "safe_until": None,
        "first_seen_at": NOW - timedelta(days=3),
    }  # fmt: skip
    return Waiting(alert_id=alert_id, likely=likely, **(values | other))  # type: ignore[arg-type]  # test values


def composed(*rows: Waiting, **other: object) -> Digest:
    values: dict[str, object] = {
        "since": NOW - timedelta(days=1), "before": {}, "gone": {}, "now": NOW, "zone": SINGAPORE, "currency": "USD"
    }  # fmt: skip
    return compose(rows, **(values | other))  # type: ignore[arg-type]  # test values


def test_nothing_needs_you_is_said_when_every_source_is_fresh_and_nothing_waits() -> None:
    assert composed().is_all_clear


@pytest.mark.parametrize("hidden", [Decimal(0), Decimal(900), None])
def test_all_clear_is_never_said_while_a_source_is_stale(hidden: Decimal | None) -> None:
    blind = composed(blind=[Blind("SG", "orders", "last read 3 h ago")], hidden=hidden)
    assert not blind.is_all_clear
    assert blind.hidden == hidden


def test_a_write_in_doubt_stands_above_what_is_done_and_forbids_all_clear() -> None:
    mail = composed(settled=[Settled(1, "Refund", "unknown", True), Settled(2, "Reply", "verified", False)])
    assert [one.draft_id for one in mail.doubtful] == [1]
    assert [one.draft_id for one in mail.settled] == [2]
    assert not mail.is_all_clear


def test_sums_leave_out_what_is_unknown_and_say_how_many_that_are() -> None:
    mail = composed(waiting(1, Decimal(100)), waiting(2, None), waiting(3, Decimal("50.5")))
    assert (mail.total, mail.unknown_count, mail.count) == (Decimal("150.5"), 1, 3)


def test_the_list_is_cut_after_the_best_and_says_what_the_rest_is_worth() -> None:
    mail = composed(*(waiting(number) for number in range(SHOWN + 5)))
    assert (len(mail.lines), mail.left_out, mail.left_out_total) == (SHOWN, 5, Decimal(50))
    assert [line.waiting.alert_id for line in mail.lines] == list(range(SHOWN))


def test_due_today_is_counted_in_the_persons_own_day() -> None:
    tonight = datetime(2026, 11, 11, 15, 59, tzinfo=UTC)  # 23:59 in Singapore
    mail = composed(waiting(1, deadline=tonight), waiting(2, deadline=tonight + timedelta(minutes=2)))
    assert mail.due_today == 1
    assert [line.is_today for line in mail.lines] == [True, False]


def test_new_and_gone_are_told_against_the_last_mail() -> None:
    mail = composed(
        waiting(1), waiting(2, first_seen_at=NOW - timedelta(hours=1)), before={"1": "10", "9": "30"}, gone={"9": "30"}
    )
    assert [line.is_new for line in mail.lines] == [False, True]
    assert (mail.new_count, mail.gone_count, mail.gone_total) == (1, 1, Decimal(30))


def test_the_first_mail_calls_nothing_new() -> None:
    assert composed(waiting(1, first_seen_at=NOW), since=None).new_count == 0


@pytest.mark.parametrize(("before", "was"), [("10.5", None), ("20", Decimal(20)), (None, None)])
def test_a_sum_is_told_as_moved_only_when_it_moved_enough(before: str | None, was: Decimal | None) -> None:
    assert composed(waiting(1, Decimal(10)), before={"1": before}).lines[0].was == was


def test_what_was_shown_is_kept_for_the_next_mail_exactly() -> None:
    assert composed(waiting(1, Decimal("10.25")), waiting(2, None)).shown == {"1": "10.25", "2": None}


@pytest.mark.parametrize(("hour", "due"), [(8, True), (9, False)])
def test_the_hour_is_the_persons_own(hour: int, due: bool) -> None:
    assert is_due(NOW, SINGAPORE, hour) is due  # 08:30 in Singapore
