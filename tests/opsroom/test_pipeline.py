"""The story's table names real tasks, in real lanes, and a finished step rings the next."""

from types import SimpleNamespace
from unittest.mock import patch

import pytest
from kombu.exceptions import OperationalError

from opsroom import pipeline
from opsroom.celery import LANES, app


@pytest.fixture(autouse=True)
def _all_steps_imported() -> None:
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", sorted({*pipeline.RINGS, *pipeline.FOLLOWS, *sum(pipeline.FOLLOWS.values(), ())}))
def test_every_name_of_the_story_is_a_task_in_a_lane(name: str) -> None:
    assert getattr(app.tasks[name], "queue", None) in LANES


def test_every_step_that_others_ring_is_also_rung_by_the_tick() -> None:
    rung = {name for names in pipeline.FOLLOWS.values() for name in names}
    assert rung <= set(pipeline.RINGS)


def test_a_finished_step_rings_the_next() -> None:
    with patch.object(app.tasks["drafts.verify"], "apply_async") as rung:
        pipeline.ring_next(SimpleNamespace(name="drafts.execute"))
    rung.assert_called_once_with(expires=60)


def test_a_dead_queue_stops_no_step() -> None:
    with patch.object(app.tasks["drafts.verify"], "apply_async", side_effect=OperationalError("no redis")):
        pipeline.ring_next(SimpleNamespace(name="drafts.execute"))


def test_a_ring_nobody_answers_is_void_before_the_next_ones_pile_up() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] >= entry["schedule"].total_seconds()
