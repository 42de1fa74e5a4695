"""A list is worth what its first decisions save."""

import pytest

from opsroom.rehearsal.score import DECISIONS, Planted, Shown, judge


def planted(name: str, saves: float, *, detector: str = "late_shipment", is_borderline: bool = False) -> Planted:
    return Planted(detector, frozenset({name}), 0.0, saves, is_borderline)


def shown(
    name: str, rank: float, *, detector: str = "late_shipment", low: float = 0, high: float = 1e9, **other: object
) -> Shown:
    values: dict[str, object] = {"gmv": 0.0, "since": 0.0, "is_open": True}
    return Shown(detector, frozenset({name}), rank, low, high, **(values | other))  # type: ignore[arg-type]  # test values


def test_a_perfect_list_has_the_oracles_dollars_and_nothing_missed_or_false() -> None:
    truth = [planted(str(number), number) for number in range(40)]
    score = judge([shown(str(number), number) for number in range(40)], truth)
    assert (score.found, score.missed, score.false, score.oracle_share_top20) == (40, 0, 0, 1.0)
    assert score.dollars["oracle"] == sum(range(20, 40))


def test_a_list_in_reverse_saves_only_the_small_ones() -> None:
    truth = [planted(str(number), number) for number in range(40)]
    score = judge([shown(str(number), -number) for number in range(40)], truth)
    assert score.dollars["ours"] == sum(range(DECISIONS))


def test_an_exception_is_saved_once_however_many_alerts_speak_of_it() -> None:
    score = judge([shown("a", 2), shown("a", 1)], [planted("a", 100)])
    assert score.dollars["ours"] == score.dollars["oracle"] == 100


def test_a_false_alert_takes_a_place_and_a_missed_one_is_named() -> None:
    score = judge([shown("ghost", 9)], [planted("a", 100)])
    assert (score.missed_by_detector, score.false_by_detector) == ({"late_shipment": 1}, {"late_shipment": 1})
    assert score.oracle_share_top20 == 0


def test_the_right_subject_under_another_detector_is_no_match() -> None:
    score = judge([shown("a", 1, detector="oversold")], [planted("a", 100)])
    assert (score.missed, score.false) == (1, 1)


def test_a_borderline_exception_is_neither_missed_nor_false() -> None:
    assert judge([], [planted("a", 1, is_borderline=True)]).missed == 0
    assert judge([shown("a", 1)], [planted("a", 1, is_borderline=True)]).false == 0


def test_an_alert_grouped_under_a_wave_is_found_but_takes_no_place() -> None:
    score = judge([shown("a", 5, is_open=False)], [planted("a", 100)])
    assert (score.found, score.false, score.dollars["ours"]) == (1, 0, 0)


@pytest.mark.parametrize(("low", "high", "share"), [(50, 150, 1.0), (150, 200, 0.0)])
def test_the_range_is_judged_by_whether_it_holds_the_truth(low: float, high: float, share: float) -> None:
    assert judge([shown("a", 1, low=low, high=high)], [planted("a", 100)]).interval_coverage == share


def test_without_anything_shown_there_is_no_coverage_to_speak_of() -> None:
    assert judge([], []).interval_coverage is None
