"""Tickets are grouped in time that grows with their number, not with its square."""

from collections.abc import Iterator
from time import perf_counter

from alerts.waves import find
from tests.alerts.test_waves import NOW, seeded
from tests.bench.row import Row

SMALL, LARGE = 2_000, 10_000


def seconds(tickets: int) -> float:
    rows, _ = seeded(3, tickets * 4 // 5, [("goods", "sku", f"SKU-9{place}", tickets // 50) for place in range(10)])
    began = perf_counter()
    find(rows, NOW)
    return perf_counter() - began


def run() -> Iterator[Row]:
    # Five times the tickets; all pairs compared would be 25 times the work.
    small, large = (min(seconds(count) for _ in range(3)) for count in (SMALL, LARGE))
    yield Row(f"grouping {LARGE:,} tickets against {SMALL:,}", large, small, "s", ceiling=15)
