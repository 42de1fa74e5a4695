"""A week's patterns: what comes back on several days is told with a fix; what happened once is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from connectors.models import CallHealth, FeedHealth, QuarantinedRow
from drafts.models import DigestMail
from opsroom.insights.gather import report, week_before
from opsroom.insights.mail import send_due
from opsroom.insights.stability import Hour, Pattern, Pulls, Unread, compose, field_of
from opsroom.people.models import User
from tests.factories import FeedFactory, ShopFactory

MONDAY = date(2026, 11, 16)
BEGIN = datetime(2026, 11, 16, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def week(
    failures: dict[str, int], *, days: int = 7, at: int = 2, calls: int = 100, operation: str = "orders.list",
    total_ms: int = 20_000,
) -> list[Hour]:  # fmt: skip
    """One operation called once a day for `days` days."""
    return [
        Hour("Shop A", operation, BEGIN + day * DAY + at * HOUR, calls, failures, total_ms, 900) for day in range(days)
    ]


def patterns(hours: list[Hour], before: list[Hour] | None = None) -> list[tuple[str, str]]:
    return [(each.group, each.title) for each in compose(MONDAY, hours, before or [], [], []).patterns]


def test_an_error_that_comes_back_at_one_hour_is_a_pattern_with_its_fix() -> None:
    found = compose(MONDAY, week({"down": 4}, days=3), [], [], [])
    assert found.patterns == (
        Pattern(
            "Same hour, same error", "Shop A: down around 02:00 UTC",
            "It is their side. If it is always at one hour, it is their maintenance: decide before it.", 12,
            ("12 of the week's 12 such failures", "on 3 of 7 days"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "hours",
    [
        week({"down": 40}, days=2),  # two days are no habit
        week({"down": 3}, days=3),  # nine failures in a week are weather
        [hour for at in range(24) for hour in week({"throttled": 2}, at=at)],  # spread over the whole day: 2 %
    ],
)
def test_what_happened_once_or_everywhere_is_no_pattern_of_the_hour(hours: list[Hour]) -> None:
    assert patterns(hours) == []


def test_an_operation_that_fails_day_by_day_is_named() -> None:
    spread = [hour for at in range(0, 24, 2) for hour in week({"refused": 8}, at=at, operation="returns.list")]
    assert patterns(spread) == [("Operations that keep failing", "Shop A: returns.list is refused")]


def test_slow_operations_are_told_and_those_that_became_slower() -> None:
    slow = week({}, operation="reports.get", total_ms=400_000)
    slower, was = week({}, operation="items.list", total_ms=150_000), week({}, operation="items.list", total_ms=60_000)
    found = compose(MONDAY, slow + slower, was, [], []).patterns
    assert [(each.title, each.shows) for each in found] == [
        ("Shop A: reports.get", ("4.0 s on average, 0.9 s at most, 700 calls",)),
        ("Shop A: items.list", ("1.5 s on average, 0.9 s at most, 700 calls", "0.6 s the week before")),
    ]


def test_feeds_with_gaps_and_unread_fields_are_told_by_size() -> None:
    pulls = [
        Pulls("Shop A", "returns", 1000, {"short_read": 3}, lacking=21),
        Pulls("Shop A", "orders", 1000, {"short_read": 9}, lacking=90),
        Pulls("Shop B", "stock", 100, {"down": 30, "retry": 2}),
        Pulls("Shop B", "orders", 1000, {"down": 12}),
    ]
    unread = [
        Unread("Shop A", "order", "the field 'total' is missing or has a new value", 4),
        Unread("Shop A", "order", "unexpected shape: TypeError: '12' is no 34", 5),
        Unread("Shop A", "order", "unexpected shape: TypeError: '99' is no 7", 6),
    ]
    found = compose(MONDAY, [], [], pulls, unread).groups
    assert {group: [each.title for each in listed] for group, listed in found.items()} == {
        "Feeds with gaps": [
            "Shop A: orders comes back short", "Shop B: stock is often not read", "Shop A: returns comes back short",
        ],
        "Fields that could not be read": [
            "Shop A: order, unexpected shape: TypeError: … is no #", "Shop A: order, total",
        ],
    }  # fmt: skip


def test_a_reason_is_grouped_by_its_field() -> None:
    assert field_of("the field 'ship_by' is missing or has a new value") == "ship_by"
    assert field_of("row 17: 12.5 is no date") == "row #: #.# is no date"


def test_the_share_of_failures_stands_against_the_week_before() -> None:
    found = compose(MONDAY, week({"down": 10}), week({"down": 1}), [], [])
    assert (found.calls, found.failed, found.failed_percent, found.before_percent) == (700, 70, "10.0 %", "1.0 %")
    assert compose(MONDAY, [], [], [], []).before_percent == ""


@pytest.mark.parametrize(("now", "monday"), [("2026-11-22", "2026-11-09"), ("2026-11-23", "2026-11-16")])
def test_the_report_is_of_the_last_whole_week(now: str, monday: str) -> None:
    assert week_before(datetime.fromisoformat(f"{now}T00:00+00:00")) == date.fromisoformat(monday)


@pytest.mark.django_db
def test_rows_of_that_week_alone_are_read() -> None:
    feed = FeedFactory.create(shop=ShopFactory.create(name="Shop A"))
    for day in (-7, -1, 0, 1, 2, 6, 7):
        CallHealth.objects.create(
            shop=feed.shop, operation="orders.list", hour=BEGIN + day * DAY + 2 * HOUR, calls=100, failures={"down": 5}
        )
        FeedHealth.objects.create(feed=feed, hour=BEGIN + day * DAY, pulls=10, failures={"short_read": 1}, lacking=2)
        QuarantinedRow.objects.create(
            shop=feed.shop, feed="orders", kind="order", reason="the field 'total' is missing", raw=b"{}",
            digest=bytes([day + 9]) * 16, first_seen_at=BEGIN + day * DAY,
        )  # fmt: skip
    found = report(MONDAY)
    assert (found.calls, found.failed, found.before_percent) == (400, 20, "5.0 %")
    assert [(each.title, each.shows[0]) for each in found.patterns] == [
        ("Shop A: down around 02:00 UTC", "20 of the week's 20 such failures"),
        ("Shop A: orders.list is down", "20 of 400 calls (5%)"),
        ("Shop A: orders comes back short", "8 rows lacking in 4 of 40 pulls"),
        ("Shop A: order, total", "4 rows"),
    ]


@pytest.mark.django_db
def test_owners_get_it_once_on_monday_at_their_hour_and_others_never(owner: User, approver: User) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Asia/Singapore", digest_hour=7)
    monday_in_singapore = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert send_due(monday_in_singapore - HOUR) == 0
    assert send_due(monday_in_singapore) == 1
    assert send_due(monday_in_singapore + HOUR) == 0
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == ([owner.email], "Stability: 0 patterns in the week of 9 Nov")
    assert "No pattern came back on several days." in letter.body
    assert DigestMail.objects.get().kind == DigestMail.Kind.STABILITY
    assert send_due(monday_in_singapore + 7 * DAY) == 1


@pytest.mark.django_db
def test_a_mail_that_could_not_leave_is_tried_again(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.update(digest_hour=0)
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.message.EmailMessage.send", _refuse)
        assert send_due(monday) == 0
    assert send_due(monday + HOUR / 60) == 0  # another may still be sending it
    assert send_due(monday + HOUR) == 1


def _refuse(*_: object, **__: object) -> None:
    raise OSError("connection refused")


@pytest.mark.django_db
def test_the_page_names_the_week_and_its_patterns(client_for: object, owner: User) -> None:
    monday = week_before(timezone.now())
    begin = datetime.combine(monday, datetime.min.time(), UTC)
    shop = ShopFactory.create(name="Shop A")
    for day in range(4):
        CallHealth.objects.create(
            shop=shop, operation="orders.list", hour=begin + day * DAY, calls=100, failures={"throttled": 30}
        )
    page = client_for(owner).get("/health/stability/").text  # type: ignore[operator]  # the fixture
    assert f"Stability in the week of {monday:%-d %B %Y}" in page
    assert "Shop A: throttled around 00:00 UTC" in page
    assert "Set calls_per_second for the shop a fifth lower" in page
