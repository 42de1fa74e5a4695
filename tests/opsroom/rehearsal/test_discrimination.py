"""Scores against what happened, by hand."""

import pytest

from opsroom.rehearsal.discrimination import auc, average_precision

SCORES = [0.9, 0.8, 0.7, 0.6]
HAPPENED = [True, False, True, False]


def test_by_hand() -> None:
    # Of the four pairs three stand right; precision is 1/1 at the first hit and 2/3 at the second.
    assert auc(SCORES, HAPPENED) == 0.75
    assert average_precision(SCORES, HAPPENED) == pytest.approx((1 + 2 / 3) / 2)


def test_ties_count_half_and_are_one_step_whatever_their_order() -> None:
    for happened in ([True, False, False, True], [False, True, True, False]):
        assert auc([0.5] * 4, happened) == 0.5
        assert average_precision([0.5] * 4, happened) == 0.5
    # The hit ties with one of two misses: (1 + 0.5) / 2.
    assert auc([0.5, 0.5, 0.1], [True, False, False]) == 0.75
    assert average_precision([0.5, 0.5, 0.1], [True, False, False]) == 0.5


def test_a_perfect_and_a_reversed_order() -> None:
    assert (auc([3, 2, 1], [True, True, False]), average_precision([3, 2, 1], [True, True, False])) == (1.0, 1.0)
    assert auc([1, 2], [True, False]) == 0.0


def test_there_is_no_score_where_nothing_or_everything_happened() -> None:
    assert auc([0.1, 0.2], [True, True]) is None
    assert auc([], []) is None
    assert average_precision([0.1], [False]) is None
    assert average_precision([0.1], [True]) == 1.0
