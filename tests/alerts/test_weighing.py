from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.models import Alert
from alerts.weigh import weigh_open, weighable
from alerts.weighing import Weighable, Weighing, placed, question, reasons_against
from connectors.models import ModelCall
from tests.factories import AlertFactory
from tests.fakes.anthropic import Failure, FakeAnthropic, blocks_of, says, serve

ASKED = Weighable(
    id=4,
    title="Order 1042 is late",
    figures={"low": "5.00 USD", "likely": "20.00 USD", "high": "1,060.50 USD"},
    evidence={"e1": "Ship by: 2026-11-20"},
    missing=("the courier's slot",),
)


def answer(alert: int = 4, **changes: Any) -> dict[str, Any]:
    said = {"text": "It should have left on 2026-11-20.", "evidence": ["e1"]}
    given = {
        "alert": alert,
        "weight": 0.5,
        "why": [said],
        "tradeoff": {"text": "At most 1060.5.", "evidence": ["high"]},
    }
    return given | {"missing": ["the courier's slot"]} | changes


def reasons(*answers: dict[str, Any]) -> list[str]:
    return reasons_against(Weighing.model_validate({"alerts": list(answers)}), [ASKED])


def test_an_answer_from_its_own_block_may_be_used() -> None:
    assert reasons(answer()) == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ((), "alert 4 is missing"),
        ((answer(), answer(9)), "alert 9 was not asked about"),
        ((answer(), answer()), "alert 4 is weighed twice"),
        ((answer(tradeoff={"text": "x", "evidence": ["e7"]}),), "alert 4 names e7, which is not its evidence"),
        ((answer(tradeoff={"text": "About 5000.", "evidence": ["e1"]}),), "alert 4: 5000 is nobody's number"),
        ((answer(missing=["whether 99 units remain"]),), "alert 4: 99 is nobody's number"),
        ((answer(missing=["who [mail] is"]),), "alert 4 repeats a placeholder"),
    ],
)
def test_what_is_invented_or_left_out_refuses_the_whole_answer(answers: Any, reason: str) -> None:
    assert reasons(*answers) == [reason]


def test_a_weight_never_leaves_the_computed_range() -> None:
    assert (placed(0, 5, 60), placed(0.5, 5, 60), placed(1, 5, 60), placed(7, 5, 60), placed(-7, 5, 60)) == (
        5,
        32.5,
        60,
        60,
        5,
    )


def test_the_block_is_data_from_outside_and_the_prompt_names_its_version() -> None:
    asked = question([ASKED])

    assert [block.is_outside for block in asked.blocks] == [True]
    assert "1042" not in asked.system
    assert len(asked.prompt_version) == 12


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeAnthropic]:
    with serve(agreeing) as server:
        settings.MODEL_API_KEY, settings.MODEL_BASE_URL, settings.MODEL_RETRIES = "sk-test", server.url, 0
        yield server


def agreeing(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Full weight for every alert that it was asked about."""
    ids = [int(name.removeprefix("alert ")) for name in blocks_of(request)]
    said = {"text": "It cannot wait.", "evidence": ["likely"]}
    plain = {"weight": 1, "why": [said], "tradeoff": {"text": "A minute of time.", "evidence": ["minutes"]}}
    return says({"alerts": [{"alert": id, **plain, "missing": ["the buyer's view"], **changes} for id in ids]})


@pytest.fixture
def alert(db: None) -> Alert:
    in_a_day = timezone.now() + timedelta(days=1)
    made: Alert = AlertFactory.create(waiting=[[in_a_day.isoformat(), "1"]], deadline=in_a_day, why="Computed why.")
    return made


def test_the_first_alerts_are_placed_and_worded(fake: FakeAnthropic, alert: Alert) -> None:
    assert weigh_open() == 1

    alert.refresh_from_db()
    assert (alert.why, alert.tradeoff, alert.missing) == ("It cannot wait.", "A minute of time.", ["the buyer's view"])
    assert alert.rank > alert.computed_rank
    assert alert.worded_by == ModelCall.objects.get(task="weigh", outcome="used")
    assert weigh_open() == 0
    assert len(fake.requests) == 1


def test_dollars_are_never_the_models_to_set(fake: FakeAnthropic, alert: Alert) -> None:
    before = (alert.cash_low, alert.cash_likely, alert.cash_high)

    weigh_open()

    alert.refresh_from_db()
    assert (alert.cash_low, alert.cash_likely, alert.cash_high) == before


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (lambda request: says("", stop_reason="refusal"), "refused"),
        (lambda request: says('{"alerts": [', stop_reason="max_tokens"), "cut_off"),
        (lambda request: says("I think"), "malformed"),
        (lambda request: agreeing(request, weight=1.2), "malformed"),
        (lambda request: says({"alerts": []}), "invented"),
        (lambda request: agreeing(request, alert=999_999), "invented"),
        (lambda request: Failure(529, "overloaded_error"), "failed"),
    ],
)
def test_the_computed_rank_stands_when_the_answer_may_not_be_used(
    fake: FakeAnthropic, alert: Alert, reply: Any, outcome: str
) -> None:
    fake.answer = reply
    before = alert.rank

    assert weigh_open() == 0

    alert.refresh_from_db()
    assert (alert.rank, alert.why, alert.worded_by) == (before, "Computed why.", None)
    assert ModelCall.objects.get().outcome == outcome


def test_a_question_that_failed_is_not_paid_for_again_at_once(fake: FakeAnthropic, alert: Alert) -> None:
    fake.answer = lambda request: says("no")

    weigh_open()
    weigh_open()

    assert len(fake.requests) == 1


def test_without_a_key_nothing_is_asked(settings: Any, alert: Alert) -> None:
    settings.MODEL_API_KEY = ""

    assert weigh_open() == 0
    assert ModelCall.objects.count() == 0


def test_a_buyers_words_are_masked_and_order_numbers_are_not(fake: FakeAnthropic, alert: Alert) -> None:
    quote = {"claim": "Wrote", "value": "call me on +65 8123 4567 about 240601123456", "id": "240601123456"}
    Alert.objects.update(evidence=[quote])

    weigh_open()

    [block] = blocks_of(fake.requests[0]).values()
    assert "call me on [phone] about 240601123456" in block


def test_an_alert_without_dollars_is_not_weighed(fake: FakeAnthropic, alert: Alert) -> None:
    Alert.objects.update(cash_low=None, cash_likely=None, cash_high=None)

    assert weigh_open() == 0
    assert fake.requests == []


def test_what_the_model_sees_of_an_alert_names_no_customer(alert: Alert) -> None:
    alert.customer_ref = "customer-77"

    assert "customer-77" not in weighable(alert).text()
