"""The advertising networks of the twin, through our connectors over real HTTP: what is read, written, limited, lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.base import Connector, Permit, Reconnect, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.models import AdSpend as StoredSpend
from connectors.models import Campaign as StoredCampaign
from connectors.money import Money
from connectors.operations import Operation, SetCampaign, SetCampaignBudget
from connectors.pull import make_feeds, pull
from connectors.registry import open_connector
from connectors.shops.ads.meta_ads import MetaAds
from connectors.twin import scenarios
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.web import Bucket
from connectors.twin.world.ads import STORE, day_of
from connectors.types import Account, AccountMetric, AdSpend, BadRow, Campaign, CampaignStatus, Page, Record, Sight
from tests.connectors.shops.stand import allow
from tests.factories import ShopFactory

NETWORKS = ("google_ads", "meta_ads")
FEEDS = ("campaigns", "spend", "product_spend", "account", "restated_spend")
DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Singapore")
WRITES = {"google_ads": "*:mutate", "meta_ads": "POST campaign"}


class Stand:
    """A twin of the company that uses everything, with our connector for each network."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.number = server, 0
        self.http = httpx.Client(timeout=5, trust_env=False)
        self.shops = {row["kind"]: self.open(row) for row in server.accounts() if row["kind"] in NETWORKS}

    def open(self, row: dict[str, Any]) -> Connector:
        account = Account(
            row["kind"], 1, row["name"], row["external_id"], row["base_url"], row["currency"], row["country"],
            {"calls_per_second": 1000}, row["credentials"], row["time_zone"],
        )  # fmt: skip
        return open_connector(
            account, clock=self.now, client=self.http, gate=allow, patience=Patience(attempts=1),
            sleep=lambda seconds: None,
        )  # fmt: skip

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def pages(self, kind: str, feed: str, cursor: str = "") -> list[Page]:
        return list(self.shops[kind].pull(feed, cursor))

    def rows(self, kind: str, feed: str, cursor: str = "") -> list[Record | BadRow]:
        return [row for page in self.pages(kind, feed, cursor) for row in page.records]

    def campaigns(self, kind: str) -> dict[str, Campaign]:
        return {row.name: row for row in self.rows(kind, "campaigns") if isinstance(row, Campaign)}

    def spend(self, kind: str, feed: str = "spend", cursor: str = "") -> dict[str, AdSpend]:
        return {row.external_id: row for row in self.rows(kind, feed, cursor) if isinstance(row, AdSpend)}

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number}", 1, self.now() + timedelta(minutes=5))

    def effects(self, kind: str) -> list[Any]:
        return [one for one in self.server.market.effects.since() if one.shop == kind]

    def fault(self, kind: str, operation: str, fault: str) -> None:
        self.server.faults.add({"shop": kind, "operation": operation, "kind": fault, "remaining": 1, "seconds": 0.1})


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=7, has_limits=False) as server:
        yield server


@pytest.fixture
def stand(server: TwinServer) -> Iterator[Stand]:
    server.faults.clear()
    stand = Stand(server)
    yield stand
    stand.http.close()


def pause_of(campaign: Campaign, *, is_active: bool = False) -> SetCampaign:
    return SetCampaign(campaign_ref=campaign.external_id, is_active=is_active)


def cap_of(campaign: Campaign, amount: str, sharing: int = 1) -> SetCampaignBudget:
    daily = Money(Decimal(amount), campaign.currency)
    return SetCampaignBudget(campaign_ref=campaign.external_id, daily=daily, sharing=sharing)


# -- reads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_feed_is_read_to_its_end_without_a_bad_row(stand: Stand, kind: str, feed: str) -> None:
    pages = stand.pages(kind, feed)
    rows = [row for page in pages for row in page.records]
    assert rows
    assert [row for row in rows if isinstance(row, BadRow)] == []
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert stand.pages(kind, feed, pages[-1].cursor)[-1].is_last


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_connection_check_says_what_it_saw(stand: Stand, kind: str) -> None:
    assert "Lumen & Loft" in stand.shops[kind].check()


@pytest.mark.parametrize("kind", NETWORKS)
def test_ninety_days_are_read_and_every_day_once(stand: Stand, kind: str) -> None:
    rows = stand.rows(kind, "spend")
    days = {row.day for row in rows if isinstance(row, AdSpend)}
    assert len(days) == 91
    assert max(days) - min(days) == DAY * 90
    assert len({row.external_id for row in rows if isinstance(row, AdSpend)}) == len(rows)


@pytest.mark.parametrize("kind", NETWORKS)
def test_products_are_parts_of_their_campaigns_day(stand: Stand, kind: str) -> None:
    whole, parts = stand.spend(kind), stand.spend(kind, "product_spend")
    yesterday = (stand.now() - DAY).date()
    ref = stand.campaigns(kind)["Shopping | Best sellers" if kind == "google_ads" else "Catalogue | Best sellers"]
    key = f"{ref.external_id}/{yesterday}"
    mine = [row for name, row in parts.items() if name.startswith(f"{key}/")]
    assert len(mine) > 10
    assert abs(sum((row.cost for row in mine), Decimal(0)) - whole[key].cost) < Decimal("0.20")  # cents are rounded
    assert all(row.sku for row in mine)


def test_pages_of_google_are_followed_and_counted(server: TwinServer, stand: Stand) -> None:
    wire: Any = server.wires["google_ads"]
    wire.page_rows = 40
    try:
        pages = stand.pages("google_ads", "spend")
    finally:
        wire.page_rows = 10_000
    assert len(pages) > 8
    assert sum(page.seen for page in pages) == len(stand.spend("google_ads"))
    assert all(page.count_at_source is not None for page in pages)


def test_the_stream_tells_the_same_rows_as_the_pages(stand: Stand) -> None:
    shop = stand.shops["google_ads"]
    mine = shop.account.credentials
    headers = {"authorization": f"Bearer {mine['access_token']}", "login-customer-id": mine["login_customer_id"]}
    url = f"{shop.account.base_url}/v25/customers/{mine['customer_id']}/googleAds:"
    query = {"query": "SELECT campaign.id, campaign.name FROM campaign ORDER BY campaign.name DESC LIMIT 3"}
    batches = stand.http.post(f"{url}searchStream", json=query, headers=headers).json()
    paged = stand.http.post(f"{url}search", json=query, headers=headers).json()
    assert [row for batch in batches for row in batch["results"]] == paged["results"]
    names = [row["campaign"]["name"] for row in paged["results"]]
    assert names == sorted(names, reverse=True)


def test_a_question_that_is_too_large_for_meta_is_asked_in_halves(server: TwinServer, stand: Stand) -> None:
    whole = stand.spend("meta_ads")
    wire: Any = server.wires["meta_ads"]
    wire.most_rows = 20
    try:
        assert stand.spend("meta_ads").keys() == whole.keys()
    finally:
        wire.most_rows = 20_000


def test_held_back_ads_and_limits_are_told(stand: Stand) -> None:
    found = {
        (kind, row.external_id): row.value
        for kind in NETWORKS
        for row in stand.rows(kind, "account")
        if isinstance(row, AccountMetric)
    }
    assert [found[kind, "account_status"] for kind in NETWORKS] == [Decimal(1), Decimal(1)]
    assert [found[kind, "disapproved_ads"] for kind in NETWORKS] == [Decimal(0), Decimal(1)]
    assert found["google_ads", "account_budget/5500001"] is not None
    assert found["meta_ads", "spend_cap_used"] is not None
    assert stand.campaigns("meta_ads")["Prospecting | Video"].issue == "Ad rejected"


def test_conversions_of_past_days_are_restated_while_orders_come_in() -> None:
    market = scenarios.build("company", 5, 1_795_248_000)
    day = day_of(market.now) - 1

    def orders_credited() -> float:
        orders, goods = market.books[STORE].orders, market.goods
        return sum(
            market.ads.day(campaign, day, market.now, goods, orders).orders
            for campaign in market.ads.of("google_ads")
        )  # fmt: skip

    before, cost = orders_credited(), spent_on(market, day)
    market.advance(market.now + 4 * 86_400)
    assert orders_credited() > before
    assert spent_on(market, day) == cost


def spent_on(market: Any, day: int) -> int:
    orders = market.books[STORE].orders
    return sum(market.ads.day(one, day, market.now, market.goods, orders).micros for one in market.ads.campaigns)


def test_no_campaign_spends_more_than_its_budget_and_a_shared_one_is_spent_together() -> None:
    market = scenarios.build("company", 5, 1_795_248_000)
    orders, by_budget = market.books[STORE].orders, dict[int, int]()
    for campaign in market.ads.campaigns:
        found = market.ads.day(campaign, day_of(market.now) - 2, market.now, market.goods, orders)
        by_budget[campaign.budget.index] = by_budget.get(campaign.budget.index, 0) + found.micros
    caps = {budget.index: budget.at(market.now) * 10_000 for budget in market.ads.budgets}
    assert all(spent <= caps[index] + 100 for index, spent in by_budget.items())
    assert any(spent > 0.9 * caps[index] for index, spent in by_budget.items())


# -- writes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), [("google_ads", "Search | Brand"), ("meta_ads", "Catalogue | Spotlight")])
def test_a_pause_lands_once_stops_the_spending_and_is_taken_back(stand: Stand, kind: str, name: str) -> None:
    shop, campaign = stand.shops[kind], stand.campaigns(kind)[name]
    before, pause = len(stand.effects(kind)), pause_of(campaign)
    assert shop.probe(pause, "k", stand.now()).sight is Sight.ABSENT
    assert not shop.perform(pause, stand.permit()).is_replay
    assert shop.perform(pause, stand.permit()).is_replay
    assert shop.probe(pause, "k", stand.now()).sight is Sight.SEEN
    assert [one.operation for one in stand.effects(kind)[before:]] == ["set_campaign"]
    assert stand.campaigns(kind)[name].status is CampaignStatus.PAUSED
    key = f"{campaign.external_id}/{stand.now().astimezone(ZONE).date()}"
    spent = stand.spend(kind)[key].cost
    stand.server.clock.set(advance_seconds=600)
    assert stand.spend(kind)[key].cost == spent
    shop.perform(pause_of(campaign, is_active=True), stand.permit())
    assert stand.campaigns(kind)[name].status is CampaignStatus.ACTIVE


@pytest.mark.parametrize(("kind", "name"), [("google_ads", "Search | Brand"), ("meta_ads", "Catalogue | Best sellers")])
def test_a_cap_lands_once_and_is_seen(stand: Stand, kind: str, name: str) -> None:
    shop, campaign = stand.shops[kind], stand.campaigns(kind)[name]
    before, cap = len(stand.effects(kind)), cap_of(campaign, "21.50")
    assert shop.probe(cap, "k", stand.now()).sight is Sight.ABSENT
    shop.perform(cap, stand.permit())
    assert shop.probe(cap, "k", stand.now()).sight is Sight.SEEN
    (effect,) = stand.effects(kind)[before:]
    assert (effect.operation, effect.amount, effect.subject) == ("set_budget", "21.5", campaign.external_id)


def test_a_shared_budget_is_capped_for_all_or_not_at_all(stand: Stand) -> None:
    campaign = stand.campaigns("google_ads")["Shopping | Long tail"]
    assert campaign.budget_shared_by == 2
    before = len(stand.effects("google_ads"))
    with pytest.raises(Refused, match="2 campaigns spend from this budget"):
        stand.shops["google_ads"].perform(cap_of(campaign, "60"), stand.permit())
    assert len(stand.effects("google_ads")) == before
    stand.shops["google_ads"].perform(cap_of(campaign, "60", sharing=2), stand.permit())
    assert stand.campaigns("google_ads")["Performance Max | Home"].daily_budget == Decimal(60)


def test_a_removed_campaign_stays_removed(stand: Stand) -> None:
    campaign = stand.campaigns("google_ads")["Shopping | Summer sale"]
    assert campaign.status is CampaignStatus.ENDED
    before = len(stand.effects("google_ads"))
    with pytest.raises(Refused, match="ended for good"):
        stand.shops["google_ads"].perform(pause_of(campaign, is_active=True), stand.permit())
    assert len(stand.effects("google_ads")) == before


def test_the_fifth_change_of_a_budget_in_an_hour_waits(stand: Stand) -> None:
    campaign = stand.campaigns("meta_ads")["Retargeting | Carts"]
    before = len(stand.effects("meta_ads"))
    for amount in ("11", "12", "13", "14"):
        stand.shops["meta_ads"].perform(cap_of(campaign, amount), stand.permit())
    with pytest.raises(Retry) as caught:
        stand.shops["meta_ads"].perform(cap_of(campaign, "15"), stand.permit())
    assert caught.value.code == "613/1487632"
    assert len(stand.effects("meta_ads")) == before + 4


# -- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["reset_after", "truncated", "not_json", "server_error"])
@pytest.mark.parametrize(
    ("kind", "name"), [("google_ads", "Search | Generic"), ("meta_ads", "Catalogue | Best sellers")]
)
def test_a_lost_answer_is_unknown_and_a_read_settles_it(stand: Stand, kind: str, name: str, fault: str) -> None:
    shop, campaign = stand.shops[kind], stand.campaigns(kind)[name]
    operation: Operation = pause_of(campaign, is_active=campaign.status is CampaignStatus.PAUSED)
    before = len(stand.effects(kind))
    stand.fault(kind, WRITES[kind], fault)
    with pytest.raises(Unknown):
        shop.perform(operation, stand.permit())
    landed = fault != "server_error"
    assert len(stand.effects(kind)) - before == int(landed)
    assert shop.probe(operation, "k", stand.now()).sight is (Sight.SEEN if landed else Sight.ABSENT)


@pytest.mark.parametrize(("fault", "ending"), [("rate_limited", Retry), ("expired_token", Reconnect)])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_write_that_was_turned_away_changed_nothing(
    stand: Stand, kind: str, fault: str, ending: type[Exception]
) -> None:
    campaign = next(iter(stand.campaigns(kind).values()))
    before = len(stand.effects(kind))
    stand.fault(kind, WRITES[kind], fault)
    with pytest.raises(ending):
        stand.shops[kind].perform(
            pause_of(campaign, is_active=campaign.status is not CampaignStatus.ACTIVE), stand.permit()
        )
    assert len(stand.effects(kind)) == before


@pytest.mark.parametrize("fault", ["drifted", "not_json", "truncated", "server_error", "reset_before", "rate_limited"])
@pytest.mark.parametrize("feed", ["campaigns", "spend", "account"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_bad_page_is_an_error_or_quarantine_and_never_an_empty_account(
    stand: Stand, kind: str, feed: str, fault: str
) -> None:
    stand.fault(kind, "*", fault)
    try:
        assert stand.rows(kind, feed)
    except (Retry, Refused, Reconnect, Unknown) as error:
        assert str(error)  # noqa: PT017 - either ending is right
    finally:
        stand.server.faults.clear()


def test_a_call_without_the_manager_is_refused_in_googles_words(stand: Stand, server: TwinServer) -> None:
    row = next(row for row in server.accounts() if row["kind"] == "google_ads")
    alone = {name: value for name, value in row["credentials"].items() if name != "login_customer_id"}
    with pytest.raises(Reconnect, match="manager"):
        stand.open({**row, "credentials": alone}).check()


def test_a_call_with_another_apps_secret_fails_its_proof(stand: Stand, server: TwinServer) -> None:
    row = next(row for row in server.accounts() if row["kind"] == "meta_ads")
    with pytest.raises(Refused, match="appsecret_proof"):
        stand.open({**row, "credentials": row["credentials"] | {"app_secret": "another"}}).check()


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("SELECT campaign.colour FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM castle", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT campaign.id, segments.date FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("campaign.id", "UNEXPECTED_INPUT"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE 7", "UNEXPECTED_INPUT"),
    ],
)
def test_a_query_that_google_would_refuse_is_refused(stand: Stand, query: str, word: str) -> None:
    shop: Any = stand.shops["google_ads"]
    with pytest.raises(Refused) as caught:
        next(shop.client.search(query, operation="test"))
    assert caught.value.code == word


def test_limits_are_told_in_each_networks_own_way() -> None:
    with serve("company", seed=7, orders=10) as server:
        stand, wires = Stand(server), dict[str, Any](server.wires)
        wires["google_ads"].rate, wires["meta_ads"].points = Bucket(2, 0.01), Bucket(2, 0.01)
        found: dict[str, str] = {}
        for kind in NETWORKS:
            for _ in range(3):
                try:
                    stand.shops[kind].check()
                except Retry as error:
                    found[kind] = error.code
                    break
        stand.http.close()
    assert found == {"google_ads": "RESOURCE_TEMPORARILY_EXHAUSTED", "meta_ads": "80004/2446079"}


def test_a_change_at_meta_is_pushed_and_its_signature_holds(stand: Stand, server: TwinServer) -> None:
    campaign = server.market.ads.of("meta_ads")[0]
    pushed = server.wires["meta_ads"].push("campaign", campaign, "http://localhost/hooks/")
    assert pushed is not None
    body, headers = pushed
    secret = next(row for row in server.accounts() if row["kind"] == "meta_ads")["credentials"]["webhook_secret"]
    assert MetaAds.verify(body, headers, "", (secret,), stand.now())
    assert MetaAds.touched(body, headers) == ("campaigns", "account")
    assert server.wires["google_ads"].push("campaign", campaign, "") is None


@pytest.mark.parametrize("name", ["week", "peak"])
def test_the_measured_markets_do_not_advertise(name: str) -> None:
    market = scenarios.build(name, 3, 1_795_248_000, orders=500)
    assert market.ads.campaigns == []
    assert not market.truth.of("ads_out_of_stock")


def test_the_company_has_trouble_in_its_advertising() -> None:
    market = scenarios.build("company", 7, 1_795_248_000)
    assert [row.subject_ref for row in market.truth.of("ad_spend_anomaly")]
    waste = market.truth.of("ads_out_of_stock")
    assert {row.shop for row in waste if not row.is_borderline} == set(NETWORKS)
    out = {good.sku for good in market.goods if good.on_hand - good.reserved <= 0}
    assert {row.subject_ref for row in waste} <= out


# -- kept -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", NETWORKS)
def test_all_feeds_are_pulled_and_kept_whole_and_a_second_pull_moves_only_what_moved(
    server: TwinServer, kind: str
) -> None:
    server.faults.clear()
    row = next(row for row in server.accounts() if row["kind"] == kind)
    shop = ShopFactory.create(
        kind=kind, name=row["name"], external_id=row["external_id"], base_url=row["base_url"],
        currency=row["currency"], time_zone=row["time_zone"], credentials=row["credentials"],
        settings={"calls_per_second": 1000},
    )  # fmt: skip
    feeds = make_feeds(shop)
    moment = max(feed.next_pull_at for feed in feeds)
    assert {feed.name for feed in feeds} == set(FEEDS)
    for feed in feeds:
        pull(feed.pk, clock=lambda: moment)
        feed.refresh_from_db()
        assert (feed.error_text, feed.count_quarantined, feed.last_good_at) == ("", 0, moment)
    kept = StoredSpend.objects.filter(shop=shop)
    assert kept.filter(sku="").values("day").distinct().count() == 91
    assert kept.exclude(sku="").exists()
    assert StoredCampaign.objects.filter(shop=shop).count() == len(server.market.ads.of(kind))
    spend = next(feed for feed in feeds if feed.name == "spend")
    later = moment + timedelta(hours=1)
    saved = pull(spend.pk, clock=lambda: later).total
    assert saved.read < 50
    assert saved.stored == 0
