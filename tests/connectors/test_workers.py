"""Two workers at the same rows: each takes its own, neither waits for the other, nothing is done twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from connectors.models import Change, Feed, Order, OrderLine
from connectors.pull import claim
from connectors.save import save
from tests.factories import NOW, FeedFactory, ShopFactory, order

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


def together(*steps: Callable[[], T]) -> list[T]:
    """Run each step in a thread and a database session of its own, all starting at once."""
    barrier = Barrier(len(steps))

    def one(step: Callable[[], T]) -> T:
        barrier.wait()
        try:
            return step()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(one, steps))


def test_a_feed_is_claimed_by_one() -> None:
    feed = FeedFactory.create()
    claims = together(*[lambda: claim(feed.pk, NOW)] * 4)
    assert sorted(one is not None for one in claims) == [False, False, False, True]
    assert Feed.objects.get().claimed_until == NOW + timedelta(minutes=3)


def test_changes_that_one_is_taking_are_left_to_it() -> None:
    shop = ShopFactory.create()
    save(shop.pk, [order(number) for number in range(40)], received_at=NOW)
    met = Barrier(2)

    def take() -> list[tuple[str, int, str]]:
        with transaction.atomic():
            taken = Change.objects.take(20)
            met.wait(timeout=10)  # both hold what they took before either commits
            return taken

    first, second = together(take, take)
    assert (len(first), len(second)) == (20, 20)
    assert set(first).isdisjoint(second)
    assert Change.objects.count() == 0


def test_two_saves_of_the_same_orders_store_them_once() -> None:
    shop = ShopFactory.create()
    forwards = [order(number) for number in range(300)]

    def put(rows: list[Any]) -> Callable[[], tuple[int, int]]:
        def step() -> tuple[int, int]:
            total = save(shop.pk, rows, received_at=NOW).total
            return total.stored, total.unchanged

        return step

    counts = together(put(forwards), put(forwards[::-1]), put(forwards))
    assert sum(stored for stored, _ in counts) == 300
    assert sum(unchanged for _, unchanged in counts) == 600
    assert (Order.objects.filter(version=1).count(), OrderLine.objects.count()) == (300, 300)
    assert Change.objects.count() == 300
