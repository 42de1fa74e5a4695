"""The order of the list, against an oracle that knows what every card is worth."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from alerts.arithmetic.curves import lost_by
from alerts.ranking import Candidate, expected, order, rank, safe_until

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DECISIONS = 20


@dataclass(frozen=True)
class Card:
    """`worth` is the truth; the candidate holds what a detector would have estimated."""

    day: int
    worth: float
    gross: float
    severity: int
    candidate: Candidate


def simulated(seed: int, days: int, a_day: int) -> list[Card]:
    """Heavy-tailed sums, three kinds of deadline, estimates that are off by a factor of about 1.5."""
    rng = random.Random(seed)
    cards = []
    for number in range(days * a_day):
        day = number // a_day
        start = NOW + day * DAY
        worth = min(20_000.0, math.exp(rng.gauss(3.0, 1.5)))
        shape = rng.random()
        if shape < 0.75:
            due = start + timedelta(hours=rng.uniform(2, 30) if shape < 0.45 else rng.uniform(24, 168))
            waiting = ((due - HOUR / 2, 0.0), (due, 1.0))
        else:
            waiting = ((start - 20 * HOUR * rng.random(), 0.0), (start + rng.uniform(1, 10) * DAY, 1.0))
        likely = worth * math.exp(rng.gauss(0, 0.45))
        candidate = Candidate(
            id=number, low=likely * 0.5, likely=likely, high=likely * 2, waiting=waiting,
            minutes=rng.choice((1.0, 1.5, 1.5, 2.0, 3.0)), as_of=start,
        )  # fmt: skip
        cards.append(Card(day, worth, worth * math.exp(rng.gauss(1, 1)), rng.randint(1, 3), candidate))
    return cards


def left(card: Card, when: datetime) -> float:
    return card.worth * (1 - lost_by(card.candidate.waiting, when))


def saved(cards: list[Card], days: int, key: Callable[[Card, datetime], float]) -> float:
    """Dollars saved over the days by twenty decisions each, taken in the order of `key`."""
    waiting: list[Card] = []
    total = 0.0
    for day in range(days):
        now = NOW + day * DAY
        waiting += [card for card in cards if card.day == day]
        waiting = sorted((card for card in waiting if left(card, now) > 0), key=lambda card: -key(card, now))
        total += sum(left(card, now) for card in waiting[:DECISIONS])
        waiting = waiting[DECISIONS:]
    return total


def oracle(cards: list[Card], days: int) -> float:
    """Knows every worth and every coming card: fills the days' places, the dearest first, each as late as it may."""
    places = [
        (left(card, NOW + day * DAY), day, number) for number, card in enumerate(cards) for day in range(card.day, days)
    ]
    free, done, total = [DECISIONS] * days, set(), 0.0
    for worth, day, number in sorted(places, key=lambda place: (-place[0], -place[1])):
        if worth > 0 and number not in done and free[day]:
            free[day] -= 1
            done.add(number)
            total += worth
    return total


def ours(card: Card, now: datetime) -> float:
    return rank(card.candidate, now).value


@pytest.mark.parametrize("a_day", [40, 60, 100])
def test_twenty_decisions_a_day_save_95_percent_of_what_an_oracle_saves(a_day: int) -> None:
    cards = simulated(seed=a_day, days=20, a_day=a_day)
    assert saved(cards, 20, ours) >= 0.95 * oracle(cards, 20)


def test_it_beats_first_in_first_out_severity_and_gross_dollars() -> None:
    cards = simulated(seed=3, days=20, a_day=150)
    mine = saved(cards, 20, ours)
    assert mine > 1.25 * saved(cards, 20, lambda card, now: -card.candidate.id)
    assert mine > 1.25 * saved(cards, 20, lambda card, now: card.severity)
    assert mine > 1.05 * saved(cards, 20, lambda card, now: card.gross)


def test_one_days_first_twenty_cards_hold_nine_tenths_of_the_oracles_dollars() -> None:
    cards = simulated(seed=9, days=1, a_day=400)
    mine = {ranked.id for ranked in order([card.candidate for card in cards], NOW)[:DECISIONS]}
    best = sum(sorted((card.worth for card in cards), reverse=True)[:DECISIONS])
    assert sum(card.worth for card in cards if card.candidate.id in mine) >= 0.9 * best


def candidate(likely: float | None = 100.0, hours: float = 5.0, minutes: float = 2.0, weight: float = 1.0) -> Candidate:
    due = NOW + timedelta(hours=hours)
    low, high = (None, None) if likely is None else (likely / 2, likely * 2)
    return Candidate(
        id=1, low=low, likely=likely, high=high, waiting=((due - HOUR / 2, 0.0), (due, 1.0)), minutes=minutes,
        as_of=NOW, weight=weight,
    )  # fmt: skip


def test_of_two_equal_sums_the_one_due_sooner_comes_first() -> None:
    assert (
        rank(candidate(hours=5), NOW).value
        > rank(candidate(hours=100), NOW).value
        > rank(candidate(hours=400), NOW).value
        > 0
    )


def test_of_two_equal_cards_the_one_that_takes_less_time_comes_first() -> None:
    assert rank(candidate(minutes=1), NOW).value > rank(candidate(minutes=3), NOW).value


def test_unknown_dollars_rank_zero_and_still_say_until_when_waiting_is_safe() -> None:
    ranked = rank(candidate(likely=None), NOW)
    assert (ranked.value, ranked.low, ranked.high) == (0.0, 0.0, 0.0)
    assert ranked.safe_until is not None
    assert ranked.safe_until > NOW + 4 * HOUR


def test_a_learned_weight_scales_the_place() -> None:
    assert rank(candidate(weight=2.0), NOW).value == pytest.approx(2 * rank(candidate(), NOW).value)


def test_a_passed_deadline_has_nothing_left_to_lose() -> None:
    assert rank(candidate(hours=5), NOW + 6 * HOUR).value == 0.0


def test_the_value_lies_within_the_range_a_model_may_weigh_in() -> None:
    ranked = rank(candidate(), NOW)
    assert ranked.low <= ranked.value <= ranked.high


def test_waiting_is_safe_until_shortly_before_a_cliff_and_never_on_a_slope() -> None:
    assert safe_until(candidate(hours=5).waiting, NOW) == NOW + 4.5 * HOUR + 0.02 * (HOUR / 2)
    assert safe_until(((NOW - HOUR, 0.0), (NOW + HOUR, 1.0)), NOW) is None


def test_the_mean_of_a_range_leans_on_its_middle() -> None:
    assert expected(0, 30, 60) == 30
    assert expected(0, 30, 120) == 40
