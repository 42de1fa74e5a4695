"""Pull → saved → detected → ranked, over the wire of a market on this machine: the rate, its growth, and the memory.

Each size runs in a process and a database of its own, as `manage.py rehearse` does; the market takes its share of the
same cores. Drafting is not timed: it waits for nobody.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from tests.bench.row import Row

SMALL, LARGE, SEED = 10_000, 50_000, 7
LEAST_RATE = 2_000  # orders a second
MOST_MIB = 600
# Ten times the orders may take eleven times as long; so five times may take five and a half.
MOST_GROWTH = 1.1 * LARGE / SMALL


def rehearsed(orders: int, scenario: str = "peak") -> dict[str, Any]:
    """What one rehearsal says. Raises CalledProcessError where it fails."""
    command = [sys.executable, "manage.py", "rehearse", "--scenario", scenario, "--json"]
    command += ["--orders", str(orders), "--seed", str(SEED)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def until_ranked(told: dict[str, Any]) -> float:
    return float(sum(spent for stage, spent in told["stages"].items() if stage != "draft"))


def run() -> Iterator[Row]:
    small, large = rehearsed(SMALL), rehearsed(LARGE)
    for told in (small, large):
        name = f"pull to ranked list, {told['orders']:,} orders"
        yield Row(name, told["orders"] / until_ranked(told), LEAST_RATE, "orders/s", floor=1)
    more = large["orders"] / small["orders"]
    bound = MOST_GROWTH * more / (LARGE / SMALL)
    name = f"time for {more:.1f} times the orders"
    yield Row(name, until_ranked(large), until_ranked(small), "seconds", ceiling=bound)
    yield Row("memory of the worker", large["peak_rss_mib"], MOST_MIB, "MiB", ceiling=1)
