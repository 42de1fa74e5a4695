"""The company's campaigns, and three troubles in them: ads for what is sold out, a runaway campaign, a held-back ad."""

from connectors.twin.planting.pool import Pool
from connectors.twin.world.ads import AdBudget, AdCampaign, campaign_ref
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.goods import Good
from connectors.twin.world.truth import Planted

BEGAN = 200 * DAY  # the campaigns are older than what is ever read
NOTICED_AFTER = 3 * 24  # hours until somebody would look at the figures anyway
LEFT_BY_ACTING = 0.06  # of the loss, until the pause is made
RUNAWAY = 3.4  # times dearer clicks


def plant_ads(pool: Pool) -> None:
    """Needs the stock as it was planted. Draws no dice, so that nothing else moves."""
    ranked = [good.index for good in sorted(pool.market.goods, key=lambda good: -good.sold_30)]
    out = [good for good in pool.market.goods if good.on_hand - good.reserved <= 0 and good.inbound][:2]
    _google(pool, ranked, out)
    _meta(pool, ranked, out)
    for campaign in pool.market.ads.campaigns:
        _waste(pool, campaign)


def _budget(pool: Pool, dollars: int, *, is_shared: bool = False) -> AdBudget:
    budgets = pool.market.ads.budgets
    budgets.append(AdBudget(len(budgets), [(pool.market.now - BEGAN, dollars * 100)], is_shared))
    return budgets[-1]


def _campaign(
    pool: Pool, network: str, name: str, kind: str, goods: list[int], budget: AdBudget, *, runs: bool = True,
    weight: float = 1.0,
) -> AdCampaign:  # fmt: skip
    ads, began = pool.market.ads, pool.market.now - BEGAN
    made = AdCampaign(
        len(ads.campaigns), network, name, kind, tuple(goods), budget, [(began, runs)], weight, updated=began
    )
    ads.campaigns.append(made)
    return made


def _google(pool: Pool, ranked: list[int], out: list[Good]) -> None:
    first = [good.index for good in out[:1]]
    rest = [good for good in ranked if good not in first]
    _campaign(pool, "google_ads", "Shopping | Spotlight", "SHOPPING", first, _budget(pool, 90), weight=2.0)
    _campaign(pool, "google_ads", "Shopping | Best sellers", "SHOPPING", rest[:18], _budget(pool, 260))
    shared = _budget(pool, 80, is_shared=True)
    _campaign(pool, "google_ads", "Shopping | Long tail", "SHOPPING", rest[40:80], shared)
    _campaign(pool, "google_ads", "Performance Max | Home", "PERFORMANCE_MAX", rest[18:40], shared)
    _campaign(pool, "google_ads", "Search | Brand", "SEARCH", [], _budget(pool, 45))
    _campaign(pool, "google_ads", "Display | Remarketing", "DISPLAY", [], _budget(pool, 30), runs=False)
    _campaign(pool, "google_ads", "Shopping | Summer sale", "SHOPPING", rest[:6], _budget(pool, 40)).is_removed = True
    _run_away(pool, _campaign(pool, "google_ads", "Search | Generic", "SEARCH", [], _budget(pool, 400)))


def _meta(pool: Pool, ranked: list[int], out: list[Good]) -> None:
    second = [good.index for good in out[1:]]
    rest = [good for good in ranked if good not in second]
    _campaign(pool, "meta_ads", "Catalogue | Spotlight", "OUTCOME_SALES", second, _budget(pool, 70), weight=2.0)
    _campaign(pool, "meta_ads", "Catalogue | Best sellers", "OUTCOME_SALES", rest[:25], _budget(pool, 180))
    by_set = _campaign(pool, "meta_ads", "Prospecting | Video", "OUTCOME_AWARENESS", [], _budget(pool, 60))
    by_set.is_capped_by_set, by_set.disapproved = True, 1
    _campaign(pool, "meta_ads", "Retargeting | Carts", "OUTCOME_SALES", [], _budget(pool, 25), runs=False)


def _run_away(pool: Pool, campaign: AdCampaign) -> None:
    """Clicks became dearer and bring no more orders than before; the large budget lets it."""
    ads, market = pool.market.ads, pool.market
    normal = ads.burn(campaign, -1, market.now, market.goods)
    campaign.surges.append((market.now - 30 * HOUR, RUNAWAY))
    lost = (ads.burn(campaign, -1, market.now, market.goods) - normal) * NOTICED_AFTER
    market.truth.plant(
        Planted("ad_spend_anomaly", campaign.network, "campaign", campaign_ref(campaign), market.now - 6 * HOUR, None,
                lost, lost * LEFT_BY_ACTING, f"{campaign.name} pays {RUNAWAY} times as much a click", [campaign.name]),
    )  # fmt: skip


def _waste(pool: Pool, campaign: AdCampaign) -> None:
    """What sold-out goods cost until more comes. Small change may be reported or not."""
    market = pool.market
    for index in campaign.goods:
        good = market.goods[index]
        burn = market.ads.burn(campaign, index, market.now, market.goods)
        if good.on_hand - good.reserved > 0 or burn <= 0:
            continue
        arrival = min((coming.due_at for coming in good.inbound), default=market.now + NOTICED_AFTER * HOUR)
        lost = burn * min(NOTICED_AFTER, max(0.0, (arrival - market.now) / HOUR))
        planted = Planted(
            "ads_out_of_stock", campaign.network, "sku", good.sku, market.now - 4 * HOUR, None, lost,
            lost * LEFT_BY_ACTING, f"{campaign.name} burns {burn:.2f} an hour on it", [campaign_ref(campaign)],
        )  # fmt: skip
        planted.is_borderline = lost < 25
        market.truth.plant(planted)
