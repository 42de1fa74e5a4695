"""How likely a promise is missed, from how long orders before took."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alerts.arithmetic.transit import FEWEST, Floats, Journeys, chances, usual_days

NOW = 1000.0
UNDER_WAY = float("nan")


def journeys(*asked: tuple[float, float, str], days: Floats | None = None, place: str = "SP") -> Journeys:
    """Two hundred journeys that ended, a day apart, then those asked about: (start, promise, place)."""
    days = np.tile([4.0, 6.0, 8.0, 12.0], 50) if days is None else days
    end = NOW - 0.2 * np.arange(len(days)) - 0.1
    start = np.concatenate([end - days, [each[0] for each in asked]])
    return Journeys(
        start,
        np.concatenate([end, np.full(len(asked), UNDER_WAY)]),
        np.concatenate([end - days + 10.0, [each[1] for each in asked]]),
        np.zeros(len(start)),
        [place] * len(days) + [each[2] for each in asked],
        [""] * len(start),
    )


def late(*asked: tuple[float, float, str]) -> list[float]:
    found = chances(journeys(*asked), NOW)
    assert found is not None
    return [float(each) for each in found]


def test_a_promise_that_has_passed_is_missed_for_certain() -> None:
    assert late((NOW - 12, NOW - 1, "SP")) == [1.0]


def test_the_nearer_the_promise_the_likelier_it_is_missed() -> None:
    tight, fair, wide = late((NOW - 2, NOW + 1, "SP"), (NOW - 2, NOW + 5, "SP"), (NOW - 2, NOW + 40, "SP"))
    assert tight > fair > wide
    assert tight > 0.8
    assert wide < 0.05


def test_a_new_order_is_late_as_often_as_those_before_were() -> None:
    (found,) = late((NOW, NOW + 10, "SP"))
    assert found == pytest.approx(0.25, abs=0.06)


def test_what_has_lasted_longer_than_the_quick_ones_is_likelier_late() -> None:
    fresh, aged = late((NOW, NOW + 10, "SP"), (NOW - 8.5, NOW + 1.5, "SP"))
    assert aged > 2 * fresh


def test_a_slow_destination_counts_by_its_own_orders_and_a_rare_one_by_the_whole() -> None:
    many = journeys((NOW - 1, NOW + 9, "SP"), (NOW - 1, NOW + 9, "AM"), (NOW - 1, NOW + 9, "XX"))
    slow = np.arange(200) % 2 == 0
    end = many.end.copy()
    many = replace(
        many,
        start=np.concatenate([np.where(slow, many.start[:200] - 10, many.start[:200]), many.start[200:]]),
        end=end,
        places=["AM" if each else "SP" for each in slow] + list(many.places[200:]),
    )
    found = chances(many, NOW)
    assert found is not None
    quick, slow_one, unknown = found
    assert quick < unknown < slow_one


def test_too_few_journeys_give_no_forecast() -> None:
    few = np.full(FEWEST - 1, 5.0)
    assert chances(journeys((NOW, NOW + 10, "SP"), days=few), NOW) is None


def test_usual_days_of_a_rare_place_lean_on_the_whole() -> None:
    usual = usual_days(journeys((NOW, NOW + 10, "XX"), place="SP"), 0.8)
    assert usual[""] == usual["SP"] == 12.0
    assert "XX" not in usual
    assert usual_days(journeys((NOW, NOW + 10, "SP"), days=np.array([])), 0.8) == {}
