"""The whole way: the market's shop pulled turn by turn into the database, nothing lost and nothing twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from connectors.models import Feed, Listing, Order, Payout, QuarantinedRow, Return, SettlementLine, StockLevel
from connectors.pull import make_feeds, pull
from connectors.twin.server import TwinServer, serve
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=23, has_limits=False) as running:
        yield running


def turn(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(next_pull_at=timezone.now())
    pull(feed.pk)
    feed.refresh_from_db()
    assert (feed.failures, feed.error_text) == (0, "")


def test_every_feed_of_the_market_is_saved_and_read_again_without_a_change(server: TwinServer) -> None:
    row: dict[str, Any] = next(row for row in server.accounts() if row["kind"] == "amazon")
    names = ("kind", "name", "external_id", "country", "currency", "settings", "credentials", "base_url")
    shop = ShopFactory.create(**{name: row[name] for name in names})
    feeds = make_feeds(shop)
    for _ in range(3):  # reports are ordered, made and read in turns
        for feed in feeds:
            turn(feed)
        server.clock.set(advance_seconds=30)
        server.tick()
    market = server.market
    assert QuarantinedRow.objects.filter(shop=shop).count() == 0
    assert Order.objects.filter(shop=shop).count() >= 250
    assert (
        Listing.objects.filter(shop=shop).count() == StockLevel.objects.filter(shop=shop).count() == len(market.goods)
    )
    known = sum(row.channel == "amazon" for row in market.returns)
    assert Return.objects.filter(shop=shop).count() == known
    assert Payout.objects.filter(shop=shop).exists()
    lines = SettlementLine.objects.filter(shop=shop)
    assert set(lines.values_list("kind", flat=True)) >= {"sale", "deferred"}
    assert all(feed.last_good_at for feed in feeds)
    before = {feed.name: feed.count_stored for feed in feeds if feed.name == "listings"}
    assert before == {"listings": len(market.goods)}
    counted = lines.count()
    turn(next(feed for feed in feeds if feed.name == "settlement"))
    assert lines.count() == counted
