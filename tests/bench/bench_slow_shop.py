"""One shop that takes five seconds for each answer, beside all the others in the deployed pull lane.

A company's shops are pulled by the worker that `manage.py run` starts for that lane, with a queue of its own. In each
round every feed falls due at once, and a feed's lag is how long after that its data is fresh. Rounds with and without
the slow shop take turns, so that whatever else this machine does falls on both.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from statistics import mean
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from kombu import Connection

from connectors.models import Feed
from connectors.pull import pull_due
from connectors.twin.client import TwinClient, running_twin
from opsroom.management.commands.run import PULLING_THREADS, worker
from opsroom.rehearsal.run import connect
from tests.bench.row import Row

SLOW, SECONDS = "shopee", 5
BLOCKS, ROUNDS = 4, 4  # blocks of each sort, rounds in a block
MOST_GROWTH = 1.1
LONGEST_ROUND, LONGEST_FIRST = timedelta(seconds=60), timedelta(seconds=150)
QUEUE_NUMBER = 9  # of Redis's databases; an installation uses the first
LOOK_SECONDS = 0.05


def run() -> Iterator[Row]:
    lags: dict[bool, list[float]] = {False: [], True: []}
    with running_twin("company", 7) as twin, pull_lane() as queue:
        connect(twin)
        one_round(queue, LONGEST_FIRST)
        healthy = list(others().filter(error_class="").values_list("pk", flat=True))
        for is_slow in (False, True) * BLOCKS:
            set_pace(twin, is_slow=is_slow)
            lags[is_slow] += chain.from_iterable(one_round(queue, LONGEST_ROUND, healthy) for _ in range(ROUNDS))
    name = f"lag of {len(healthy)} feeds beside a shop of {SECONDS} s answers"
    yield Row(name, mean(lags[True]), mean(lags[False]), "seconds", ceiling=MOST_GROWTH)


@contextmanager
def pull_lane() -> Iterator[Connection]:
    """The lane's own worker, on this benchmark's database and a queue that nobody else reads."""
    address = f"{settings.CELERY_BROKER_URL}?virtual_host={QUEUE_NUMBER}"
    lane = worker("pull", "threads", PULLING_THREADS)
    lane.environment |= {"OPSROOM_DATABASE_NAME": str(connection.settings_dict["NAME"]), "REDIS_URL": address}
    with Connection(address) as queue:
        empty(queue)
        lane.start(time.monotonic())
        assert lane.process is not None
        try:
            yield queue
        finally:
            lane.process.kill()
            lane.process.wait()
            empty(queue)


def empty(queue: Connection) -> None:
    channel: Any = queue.default_channel
    channel.client.flushdb()


def set_pace(twin: TwinClient, *, is_slow: bool) -> None:
    """Switch the slow answers on or off; what waits for one goes on only when it has ended."""
    twin.clear_faults()
    wait_until(lambda: not Feed.objects.exclude(claimed_until=None).exists(), timezone.now() + LONGEST_ROUND)
    if is_slow:
        twin.set_faults([{"shop": SLOW, "kind": "slow", "seconds": SECONDS}])


def others() -> QuerySet[Feed]:
    return Feed.objects.exclude(shop__kind=SLOW)


def one_round(queue: Connection, longest: timedelta, feeds: list[int] | None = None) -> list[float]:
    """Everything falls due, and the tick rings; seconds until each of these feeds is fresh."""
    began = timezone.now()
    Feed.objects.filter(claimed_until=None).update(next_pull_at=began)
    ring: Any = pull_due
    ring.apply_async(connection=queue)
    mine = others() if feeds is None else Feed.objects.filter(pk__in=feeds)
    waiting = mine.exclude(last_tried_at__gte=began, claimed_until=None)
    wait_until(lambda: not waiting.exists(), began + longest)
    fresh = mine.filter(last_good_at__gte=began).values_list("last_good_at", flat=True)
    return [(moment - began).total_seconds() for moment in fresh if moment]


def wait_until(is_so: Callable[[], bool], at_last: datetime) -> None:
    """Raises TimeoutError."""
    while not is_so():
        if timezone.now() > at_last:
            raise TimeoutError("the pull lane did not come to its end in time")
        time.sleep(LOOK_SECONDS)
