"""Payments are watched by what is past chance: declines, silence, payouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.models import Payout, WebhookKey
from connectors.watching.gateway import Counted, Takings, has_shifted, is_late, is_silent, troubles, wilson
from connectors.watching.takings import takings
from tests.factories import NOW, PaymentFactory, ShopFactory

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("tried", "declined", "low", "high"),
    [(100, 10, 0.0552, 0.1744), (10, 0, 0.0, 0.2775), (20, 20, 0.8389, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval(tried: int, declined: int, low: float, high: float) -> None:
    assert [round(bound, 4) for bound in wilson(Counted(tried, declined))] == [low, high]


@pytest.mark.parametrize(
    ("recent", "is_shift"),
    [((100, 30), True), ((100, 8), False), ((19, 19), False), ((40, 6), False), ((40, 10), True), ((100, 0), False)],
)
def test_more_declines_count_where_chance_cannot_explain_them(recent: tuple[int, int], is_shift: bool) -> None:
    assert has_shifted(Counted(*recent), Counted(1000, 50)) is is_shift


@pytest.mark.parametrize(("hours", "is_quiet"), [(1, False), (6, False), (7, True)])
def test_silence_is_what_one_in_a_thousand_such_spans_would_be(hours: int, is_quiet: bool) -> None:
    assert is_silent(672, 672.0, NOW - hours * HOUR, NOW) is is_quiet  # one an hour: e^-7 < 0.001 < e^-6


def test_nothing_known_is_no_silence() -> None:
    assert not is_silent(0, 0.0, None, NOW)
    assert not is_silent(0, 100.0, NOW - DAY, NOW)


@pytest.mark.parametrize(
    ("status", "expected", "paid", "late"),
    [
        ("in_transit", NOW - 2 * DAY, None, True),
        ("in_transit", NOW - HOUR, None, False),
        ("paid", NOW - 2 * DAY, NOW - 2 * DAY, False),
        ("Canceled", NOW - 9 * DAY, None, False),
        ("pending", None, None, False),
    ],
)  # fmt: skip
def test_a_payout_is_late_a_day_after_it_should_have_come(
    status: str, expected: object, paid: object, late: bool
) -> None:
    assert is_late(status, expected, paid, NOW) is late  # type: ignore[arg-type]  # times or None


WELL = Takings(Counted(24, 1), Counted(2688, 134), 672.0, NOW - HOUR / 4, 1000, 168.0, NOW - HOUR / 10)


def test_all_as_usual_is_nothing_to_tell() -> None:
    assert troubles(WELL, NOW) == ()


def test_each_trouble_is_told_in_numbers() -> None:
    seen = replace(
        WELL, recent=Counted(40, 20), last_push_at=NOW - 2 * HOUR, late_payouts=1, failed_payouts=2,
        oldest_late_at=NOW - 3 * DAY,
    )  # fmt: skip
    assert [(each.what, each.says) for each in troubles(seen, NOW)] == [
        ("declines", "20 of the last 40 charges were declined (50%, usually 5.0%)."),
        ("no_pushes", "No push has come since 21 Nov 07:00 UTC; usually 6.0 an hour do."),
        ("payouts_failed", "2 payouts failed within a month."),
        ("payouts_late", "1 payout should have come, the oldest on 18 Nov."),
    ]


@pytest.mark.django_db
def test_charges_pushes_and_payouts_of_a_shop_are_counted_by_span() -> None:
    shop = ShopFactory.create(kind="stripe")
    for hours, status in ((1, "failed"), (2, "succeeded"), (30, "failed"), (31, "succeeded"), (106, "succeeded")):
        PaymentFactory.create(shop=shop, created_at=NOW - hours * HOUR, status=status)
    PaymentFactory.create(shop=shop, created_at=NOW - 29 * DAY)
    PaymentFactory.create(shop=shop, created_at=NOW - HOUR, kind="refund", status="failed")
    WebhookKey.objects.create(shop=shop, digest=b"1" * 16, seen_at=NOW - 4 * HOUR)
    WebhookKey.objects.create(shop=shop, digest=b"2" * 16, seen_at=NOW - 2 * HOUR)
    for number, status in enumerate(("in_transit", "failed", "paid")):
        Payout.objects.create(
            shop=shop, external_id=f"po{number}", digest=bytes([number]) * 16, changed_at=NOW, fetched_at=NOW,
            status=status, amount=Decimal(10), currency="USD", expected_at=NOW - 2 * DAY,
        )  # fmt: skip
    assert takings(NOW) == {
        shop.pk: Takings(Counted(2, 1), Counted(3, 1), 100.0, NOW - HOUR, 2, 4.0, NOW - 2 * HOUR, 1, 1, NOW - 2 * DAY)
    }
