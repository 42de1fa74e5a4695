"""The limiter: one bucket for all workers, corrected by what the replies say."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from redis.exceptions import ConnectionError as RedisDown

from connectors.account import broker
from connectors.base import Budget
from connectors.transport.throttle import LocalBucket, SharedBucket


class Hand:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_a_burst_through_and_then_paces() -> None:
    bucket = LocalBucket(Budget(3, 3, 2), now=Hand())
    assert [bucket.reserve(1, 60) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]


def test_a_bucket_refills_up_to_its_size() -> None:
    hand = Hand()
    bucket = LocalBucket(Budget(0, 3, 1), now=hand)
    hand.now += 100
    assert bucket.left == 3


def test_nothing_is_drawn_where_the_wait_would_be_too_long() -> None:
    bucket = LocalBucket(Budget(0, 10, 1), now=Hand())
    assert bucket.reserve(5, at_most=2) == 5
    assert bucket.left == 0


def test_a_call_dearer_than_the_bucket_waits_for_a_full_one() -> None:
    assert LocalBucket(Budget(0, 10, 5), now=Hand()).reserve(1000, 60) == 2


def test_a_pause_holds_everything_back() -> None:
    bucket = LocalBucket(Budget(10, 10, 10), now=Hand())
    bucket.pause(9)
    assert bucket.reserve(1, 60) == 9


@pytest.fixture
def redis() -> Any:
    return broker(settings.CELERY_BROKER_URL)


def test_a_rate_that_comes_alone_leaves_the_rest_of_a_shared_bucket(redis: Any) -> None:
    bucket = SharedBucket(redis, f"test:{uuid4()}", Budget(3, 20, 0.001))
    bucket.reserve(1, 0)
    bucket.learn(Budget(None, None, 0.5))
    assert bucket.reserve(2, 0) == 0
    assert bucket.reserve(1, 60) == pytest.approx(2, abs=0.1)


def test_two_workers_share_one_bucket(redis: Any) -> None:
    name = f"test:{uuid4()}"
    first, second = (SharedBucket(redis, name, Budget(2, 2, 0.001)) for _ in range(2))
    assert (first.reserve(1, 0), second.reserve(1, 0)) == (0, 0)
    assert first.reserve(1, 0) == pytest.approx(1000, rel=0.01)
    assert second.left == pytest.approx(0, abs=0.01)
    redis.delete(f"throttle:{name}")


def test_what_one_worker_learns_all_know(redis: Any) -> None:
    name = f"test:{uuid4()}"
    first, second = (SharedBucket(redis, name, Budget(10, 10, 1)) for _ in range(2))
    first.learn(Budget(1, 50, 0.5))
    assert second.reserve(2, 60) == pytest.approx(2, abs=0.1)
    first.pause(30)
    assert second.reserve(0, 60) == pytest.approx(30, abs=0.5)
    redis.delete(f"throttle:{name}")


class Absent:
    """A Redis that is down."""

    def register_script(self, script: str) -> Any:
        def call(**given: Any) -> None:
            raise RedisDown("gone")

        return call


def test_without_redis_each_worker_counts_for_itself() -> None:
    bucket = SharedBucket(Absent(), "x", Budget(1, 1, 2), now=Hand())
    assert [bucket.reserve(1, 60), bucket.reserve(1, 60)] == [0, 0.5]
    bucket.learn(Budget(5, 5, 1))
    bucket.pause(3)
    assert (bucket.left, bucket.reserve(1, 60)) == (5, 3)


def test_a_database_of_a_redis_on_a_socket_is_named_as_the_queue_names_it() -> None:
    named = broker("redis+socket:///run/redis.sock?virtual_host=9").connection_pool.connection_kwargs
    assert (named["path"], named["db"]) == ("/run/redis.sock", 9)
