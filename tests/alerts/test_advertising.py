"""Facts of advertising: products found again by what the platforms call them, days by the account's own clock; and the
company of the twin, from its protocols to alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from alerts.areas import AREAS, Setting
from alerts.detectors import BY_NAME
from alerts.facts import ads
from alerts.facts.rows import shops
from alerts.types import Finding
from connectors.models import Feed, Shop
from connectors.registry import open_connector
from connectors.save import save
from connectors.twin.server import serve
from connectors.types import Account, AdSpend, Campaign, CampaignStatus, Listing, Record, StockLevel
from tests.factories import NOW, ShopFactory

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def campaign(ref: str = "77", status: CampaignStatus = CampaignStatus.ACTIVE) -> Campaign:
    return Campaign(
        external_id=ref, name=f"Campaign {ref}", status=status, currency="USD", daily_budget=Decimal(90),
        budget_shared_by=1,
    )  # fmt: skip


def spent(cost: str, sku: str = "", ref: str = "77", day: date = TODAY) -> AdSpend:
    return AdSpend(
        external_id=f"{ref}/{day}/{sku}", campaign=f"Campaign {ref}", campaign_ref=ref, sku=sku, day=day,
        cost=Decimal(cost), currency="USD", clicks=10,
    )  # fmt: skip


def level(sku: str, on_hand: int = 0) -> StockLevel:
    return StockLevel(external_id=f"stock {sku}", sku=sku, on_hand=on_hand)


@pytest.fixture
def store() -> Shop:
    shop: Shop = ShopFactory.create(kind="shopify")
    listing = Listing(
        external_id="gid://shopify/ProductVariant/44000000000002", sku="LAMP-1", price=Decimal(25), currency="USD"
    )
    save(shop.pk, [level("LAMP-1"), listing, level("Mug-1")], received_at=NOW)
    return shop


@pytest.fixture
def account(store: Shop) -> Shop:
    shop: Shop = ShopFactory.create(kind="google_ads", time_zone="Asia/Singapore")
    return shop


def keep(account: Shop, *records: Record) -> None:
    save(account.pk, records, received_at=NOW)


@pytest.mark.parametrize(
    ("item", "sku"),
    [
        ("shopify_us_9100000000002_44000000000002", "LAMP-1"),
        ("shopify_US_9100000000002_44000000000002", "LAMP-1"),
        ("44000000000002", "LAMP-1"),
        ("mug-1", "Mug-1"),
        ("MUG-1", "Mug-1"),
        ("hat-1", None),
        ("shopify_us_1_99999999", None),
    ],
)
def test_a_product_is_known_by_its_sku_or_by_the_number_of_its_variant(
    account: Shop, item: str, sku: str | None
) -> None:
    assert ads.skus_of({item}).get(item) == sku


def test_an_advertised_product_comes_with_its_stock_and_its_campaigns(account: Shop) -> None:
    item = "shopify_us_9100000000002_44000000000002"
    keep(
        account, campaign(), campaign("78"), campaign("79", CampaignStatus.PAUSED),
        spent("30", item), spent("10", "mug-1"), spent("8", item, "78"), spent("99", item, "79"),
        spent("50", item, day=TODAY - timedelta(days=5)), spent("100"),
    )  # fmt: skip
    found = {look.stock.sku: look for look in ads.advertised(shops(), NOW)}
    assert sorted(found) == ["LAMP-1", "Mug-1"]
    lamp = found["LAMP-1"]
    assert [(one.ref, one.cost, one.share) for one in lamp.campaigns] == [
        ("77", Decimal(30), Decimal("0.75")), ("78", Decimal(8), Decimal(1)),
    ]  # fmt: skip
    assert [(day.day, day.cost) for day in lamp.days] == [(TODAY, Decimal(38))]
    assert (lamp.stock.on_hand, lamp.shop.id, lamp.currency) == (0, account.pk, "USD")


def test_hours_are_counted_by_the_accounts_clock_up_to_when_its_feed_was_read(account: Shop) -> None:
    keep(account, campaign(), spent("100", day=TODAY - timedelta(days=1)), spent("40"))
    (look,) = ads.campaigns(shops(), NOW)
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(hours=8)
    since = Decimal(str(round((NOW - midnight) / timedelta(hours=1), 2)))
    assert [day.hours for day in look.days] == [Decimal(24), since]
    Feed.objects.create(shop=account, name="spend", last_good_at=NOW + timedelta(hours=1))
    (later,) = ads.campaigns(shops(), NOW)
    assert later.days[-1].hours == min(Decimal(24), since + 1)


def test_a_paused_campaign_is_not_looked_at(account: Shop) -> None:
    keep(account, campaign(status=CampaignStatus.PAUSED), spent("100"))
    assert ads.campaigns(shops(), NOW) == []


def test_without_advertising_there_is_nothing_to_look_at(store: Shop) -> None:
    assert ads.advertised(shops(), NOW) == []
    assert ads.campaigns(shops(), NOW) == []


@pytest.fixture
def company() -> Iterator[Any]:
    """The twin's company: the goods of its store and both ad accounts, read into the database."""
    with (
        serve("company", seed=7, now=1_795_248_000, has_limits=False) as server,
        httpx.Client(timeout=10, trust_env=False) as http,
    ):
        now = datetime.fromtimestamp(server.market.now, UTC)
        for row in server.accounts():
            if row["kind"] not in ("shopify", "google_ads", "meta_ads"):
                continue
            shop = ShopFactory.create(
                kind=row["kind"],
                name=row["name"],
                country=row["country"],
                currency=row["currency"],
                time_zone=row["time_zone"],
            )
            account = Account(
                row["kind"],
                shop.pk,
                row["name"],
                row["external_id"],
                row["base_url"],
                row["currency"],
                row["country"],
                row["settings"],
                row["credentials"],
                row["time_zone"],
            )
            connector = open_connector(account, clock=lambda: now, client=http)
            feeds = ("goods",) if row["kind"] == "shopify" else ("campaigns", "spend", "product_spend")
            for feed in feeds:
                for page in connector.pull(feed, ""):
                    save(shop.pk, page.records, received_at=now)
        yield server, now


def test_the_companys_troubles_are_found_with_about_their_true_cost(company: Any) -> None:
    server, now = company
    setting, found = Setting(now), dict[tuple[str, str, str], Finding]()
    for area in AREAS:
        for name in set(area.detectors) & {"ads_out_of_stock", "ad_spend_anomaly"}:
            for one in BY_NAME[name].detect(area.load(setting, None).looks, now, setting.rules(name)):
                found[name, setting.shops[one.subject.shop_id or 0].kind, one.subject.ref] = one
    planted = {(row.detector, row.shop, row.subject_ref): row for row in server.market.truth.planted}
    # What is sold out only by the orders of channels that were not read here cannot be known.
    left = {good.sku for good in server.market.goods if good.on_hand > good.open_at("shopify")}
    ours = {key for key, row in planted.items() if key[0][:2] == "ad" and not row.is_borderline}
    due = {key for key in ours if key[2] not in left}
    assert {detector for detector, _, _ in due} == {"ads_out_of_stock", "ad_spend_anomaly"}
    assert due <= found.keys() <= planted.keys()
    for key, finding in found.items():
        assert finding.cash is not None
        assert planted[key].at_risk * 0.5 <= float(finding.cash.likely) <= planted[key].at_risk * 2, key
