from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import current_app

from opsroom import pipeline
from opsroom.celery import LANES, app


@pytest.mark.parametrize("lane", LANES)
def test_a_message_goes_to_its_lane_alone(lane: str) -> None:
    [queue] = [queue for queue in app.conf.task_queues if queue.name == lane]
    assert queue.routing_key == lane
    assert app.amqp.router.route({"queue": lane}, "any.task")["queue"].name == lane


def test_every_thread_sends_through_this_app() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current_app.main).result() == "opsroom"


def test_a_test_never_rings_the_real_queue() -> None:
    assert app.connection_for_write().transport_cls == "memory"


def test_an_unknown_lane_is_refused() -> None:
    assert app.conf.task_create_missing_queues is False


def test_work_survives_a_killed_worker_and_a_poison_task_ends() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_retry_on_worker_lost
    assert app.conf.task_acks_on_timeout
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]


def test_the_steps_of_the_settings_are_imported() -> None:
    assert tuple(app.conf.imports) == (*pipeline.STEP_MODULES, "opsroom.pipeline")
