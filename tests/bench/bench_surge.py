"""An 11.11 of 500,000 orders over Shopee, Lazada and TikTok Shop: pulled through their protocols and saved.

The three shops are pulled side by side by one worker, which shares the cores with the market. Ten times the orders may
take eleven times as long, and next to no more memory: nothing is kept but the page at hand.
"""

from collections.abc import Iterator

from tests.bench.bench_pipeline import rehearsed
from tests.bench.row import Row

SMALL, LARGE = 50_000, 500_000
LEAST_RATE = 2_000  # orders a second
MOST_MIB = 700
MOST_GROWTH, MOST_MORE_MEMORY = 1.1, 1.3


def run() -> Iterator[Row]:
    small, large = rehearsed(SMALL, "surge"), rehearsed(LARGE, "surge")
    for told in (small, large):
        rate = told["orders"] / told["seconds"]
        yield Row(f"surge pulled and saved, {told['orders']:,} orders", rate, LEAST_RATE, "orders/s", floor=1)
    more = large["orders"] / small["orders"]
    name, bound = f"time for {more:.1f} times the surge", MOST_GROWTH * more
    yield Row(name, large["seconds"], small["seconds"], "seconds", ceiling=bound)
    yield Row("memory of the surge's worker", large["peak_rss_mib"], MOST_MIB, "MiB", ceiling=1)
    name = f"memory for {more:.1f} times the surge"
    yield Row(name, large["peak_rss_mib"], small["peak_rss_mib"], "MiB", ceiling=MOST_MORE_MEMORY)
    lost = len(large["feeds_failed"])
    yield Row("surge's feeds that were not read whole", lost, 1, "feeds", ceiling=0)
