"""The chaos rig has teeth: each kind of damage, put into the market's log by hand, is counted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from drafts.approve import approve
from drafts.models import Draft, Execution
from drafts.states import State
from opsroom.chaos.cast import Cast
from opsroom.chaos.reckoning import Reckoning, reckon
from tests.drafts.conftest import a_refund
from tests.fakes.channel import Outside

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(approver: Any, settings: Any) -> Callable[..., Execution]:
    settings.EXECUTION_HOLD = timedelta()
    outside = Outside()

    def make(state: State = State.VERIFIED) -> Execution:
        draft = a_refund(outside)
        execution = approve(draft, by=approver, version=1, digest=draft.digest)
        assert execution is not None
        for step in (State.SENDING, State.SENT, state):
            Draft.objects.filter(pk=draft.pk).exclude(state=step).update(state=step)
        return execution

    return make


def effect(execution: Execution, **changes: str) -> dict[str, Any]:
    row = {"shop": "stripe", "operation": "refund", "key": str(execution.key), "reference": "re_1", "subject": "ch_1"}
    return row | {"detail": {}} | changes


def tally(reckoning: Reckoning) -> dict[str, int]:
    return {name: len(getattr(reckoning, name)) for name in ("lost", "doubled", "unapproved", "stale")}


CLEAN = {"lost": 0, "doubled": 0, "unapproved": 0, "stale": 0}


def test_one_effect_for_one_approved_write_is_clean(done: Callable[..., Execution]) -> None:
    execution = done()
    assert tally(reckon(Cast(approved=[execution.draft_id]), [effect(execution)])) == CLEAN


def test_an_effect_that_happened_twice_is_doubled(done: Callable[..., Execution]) -> None:
    execution = done()
    found = reckon(Cast(approved=[execution.draft_id]), [effect(execution), effect(execution)])
    assert tally(found) == CLEAN | {"doubled": 1}


def test_a_write_said_to_be_done_without_an_effect_is_lost(done: Callable[..., Execution]) -> None:
    assert tally(reckon(Cast(approved=[done().draft_id]), [])) == CLEAN | {"lost": 1}


def test_a_write_that_never_ended_is_lost(done: Callable[..., Execution]) -> None:
    execution = done(State.UNKNOWN)
    assert tally(reckon(Cast(approved=[execution.draft_id]), [])) == CLEAN | {"lost": 1}


def test_an_effect_under_a_draft_that_says_it_failed_is_lost(done: Callable[..., Execution]) -> None:
    execution = done(State.FAILED)
    found = reckon(Cast(approved=[execution.draft_id]), [effect(execution)])
    assert tally(found) == CLEAN | {"lost": 1}


def test_an_effect_that_nobody_approved_is_unapproved(done: Callable[..., Execution]) -> None:
    execution = done()
    stray = effect(execution, key="another key")
    found = reckon(Cast(approved=[execution.draft_id]), [effect(execution), stray])
    assert tally(found) == CLEAN | {"unapproved": 1}


def test_an_effect_on_moved_facts_is_stale_and_another_hand_is_nobodys_fault(done: Callable[..., Execution]) -> None:
    execution = done()
    cast = Cast(approved=[execution.draft_id], moved=[execution.draft_id], hands=["by hand"])
    rows = [effect(execution), effect(execution, key="by hand")]
    assert tally(reckon(cast, rows)) == CLEAN | {"stale": 1}
