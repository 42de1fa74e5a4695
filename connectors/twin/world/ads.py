"""Advertising: campaigns on two networks, what they cost by the hour, and which orders they are credited with.

Nothing is stored by day. Cost follows the demand for the goods that a campaign shows, up to its budget, while it runs;
the networks know nothing of stock, so what is sold out goes on costing. Conversions are real orders of the own store,
credited to the day of the click, which may lie before the order: so past days are restated while the market lives.
Money is in US dollars: millionths for cost, cents for budgets and order values.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.goods import Good
from connectors.twin.world.people import spread
from connectors.twin.world.trade import Order

T = TypeVar("T")
NETWORKS = ("google_ads", "meta_ads")
STORE = "shopify"  # the only channel whose buyers come by advertising
ZONE = 8 * HOUR  # the ad accounts' days are Singapore's, which has no summer time
CREDITED = {"google_ads": 24, "meta_ads": 17}  # percent of the store's orders
LONGEST_LAG = 6  # days between a click and its order
ATTENTION = 0.08  # of a good's sales, spent on showing it
HALF = 0.5
FIRST = {"google_ads": 21_400_000_000, "meta_ads": 120_210_000_000_000_000}  # ids, in steps of seven


@dataclass(slots=True, eq=False)
class AdBudget:
    """`caps` are (since, cents a day), rising; campaigns that share one spend from it together."""

    index: int
    caps: list[tuple[int, int]]
    is_shared: bool = False

    def at(self, when: int) -> int:
        return _value_at(self.caps, when)


@dataclass(slots=True, eq=False)
class AdCampaign:
    """`goods` are what it shows; without any it shows the brand. `weight` scales what it wants to spend.

    `turns` are (since, whether it runs) and `surges` (since, how many times dearer a click has become), rising.
    """

    index: int
    network: str
    name: str
    kind: str
    goods: tuple[int, ...]
    budget: AdBudget
    turns: list[tuple[int, bool]]
    weight: float = 1.0
    surges: list[tuple[int, float]] = field(default_factory=list)
    disapproved: int = 0
    is_removed: bool = False
    is_capped_by_set: bool = False  # its ad sets hold the budgets
    updated: int = 0

    def runs(self, when: int) -> bool:
        return not self.is_removed and bool(_value_at(self.turns, when))

    def surge(self, when: int) -> float:
        return _value_at(self.surges, when) if self.surges and when >= self.surges[0][0] else 1.0


@dataclass(slots=True)
class AdDay:
    """What one campaign (or one good in it) had on one day: millionths of a dollar, counts, orders, cents."""

    micros: int = 0
    clicks: int = 0
    impressions: int = 0
    orders: float = 0.0
    value: float = 0.0

    def add(self, other: "AdDay") -> None:
        self.micros += other.micros
        self.clicks += other.clicks
        self.impressions += other.impressions
        self.orders += other.orders
        self.value += other.value


class Ads:
    """All campaigns of the company."""

    def __init__(self) -> None:
        self.campaigns: list[AdCampaign] = []
        self.budgets: list[AdBudget] = []
        # (campaign, day, good) -> [orders, cents]; filled from the store's orders as they come
        self._credits: dict[tuple[int, int], dict[int, list[float]]] = defaultdict(
            lambda: defaultdict(lambda: [0.0, 0.0])
        )
        self._read = 0

    def of(self, network: str) -> list[AdCampaign]:
        return [campaign for campaign in self.campaigns if campaign.network == network]

    def sharing(self, budget: AdBudget) -> int:
        """How many campaigns that are not removed spend from a budget."""
        return sum(not campaign.is_removed for campaign in self.campaigns if campaign.budget is budget)

    def day(self, campaign: AdCampaign, day: int, now: int, goods: Sequence[Good], orders: Sequence[Order]) -> AdDay:
        """The whole campaign's day; `day` counts the account's days since 1970."""
        total = AdDay()
        for part in self.by_good(campaign, day, now, goods, orders).values():
            total.add(part)
        return total

    def by_good(
        self, campaign: AdCampaign, day: int, now: int, goods: Sequence[Good], orders: Sequence[Order]
    ) -> dict[int, AdDay]:
        """The day by good (-1 for the brand), those without a view left out."""
        self._credit(orders)
        wanted = {good: want(campaign, good, day, goods) for good in campaign.goods or (-1,)}
        hours = self._dollars(campaign, day, now, sum(wanted.values()))
        rows: dict[int, AdDay] = {}
        for good, part in wanted.items():
            share = part / (sum(wanted.values()) or 1)
            row = _viewed(campaign, good, [(micros * share, surge) for micros, surge in hours])
            credited = self._credits[campaign.index, day].get(good)
            if credited:
                row.orders, row.value = credited
            if row.impressions:
                rows[good] = row
        return rows

    def burn(self, campaign: AdCampaign, good: int, now: int, goods: Sequence[Good]) -> float:
        """Dollars an hour that a good costs in a campaign as it runs now."""
        day = day_of(now)
        wanted = {one: want(campaign, one, day, goods) for one in campaign.goods or (-1,)}
        per_day = (
            min(self._cap(campaign, now), sum(wanted.values()) * campaign.surge(now)) if campaign.runs(now) else 0.0
        )
        return per_day * wanted[good] / (sum(wanted.values()) or 1) / 24 / 1e6

    def _cap(self, campaign: AdCampaign, when: int) -> float:
        return campaign.budget.at(when) * 10_000 / max(1, self.sharing(campaign.budget))

    def _dollars(self, campaign: AdCampaign, day: int, now: int, wanted: float) -> list[tuple[float, float]]:
        """(millionths spent, how many times dearer a click was) of each stretch of the day that is over."""
        start = day * DAY - ZONE
        end = min(start + DAY, now)
        changes = {at for at, _ in (*campaign.turns, *campaign.surges, *campaign.budget.caps)}
        cuts = [start, *sorted(at for at in changes if start < at < end), end]
        spent = []
        for since, until in pairwise(cuts):
            if until > since and campaign.runs(since):
                surge = campaign.surge(since)
                spent.append((min(self._cap(campaign, since), wanted * surge) * (until - since) / DAY, surge))
        return spent

    def _credit(self, orders: Sequence[Order]) -> None:
        """Give each new order of the store to the campaigns that may have brought it."""
        for order in orders[self._read :]:
            for network in NETWORKS:
                if spread(order.index, 71 + NETWORKS.index(network), 0, 99) < CREDITED[network]:
                    self._credit_one(network, order)
        self._read = len(orders)

    def _credit_one(self, network: str, order: Order) -> None:
        good = order.lines[0][0]
        shown = [one for one in self.of(network) if good in one.goods or not one.goods]
        for place, (days_before, share) in enumerate(_clicks(order, network)):
            clicked = order.created - days_before * DAY
            running = [one for one in shown if one.runs(clicked)]
            if running:
                campaign = running[spread(order.index, 75 + place, 0, len(running) - 1)]
                credited = self._credits[campaign.index, day_of(clicked)][good if campaign.goods else -1]
                credited[0] += share
                credited[1] += order.total * share


def day_of(when: int) -> int:
    """The ad accounts' day that a moment belongs to."""
    return (when + ZONE) // DAY


def want(campaign: AdCampaign, good: int, day: int, goods: Sequence[Good]) -> float:
    """Millionths of a dollar that a good would cost on a day with an endless budget."""
    noise = spread((campaign.index * 1_000 + good + 1) * 40_000 + day, 73, 85, 115) / 100
    shown: Iterable[Good] = goods[:20] if good < 0 else (goods[good],)
    revenue = sum(one.demand * one.price_usd for one in shown) * (0.1 if good < 0 else 1)
    return revenue * 10_000 * ATTENTION * campaign.weight * noise


def _viewed(campaign: AdCampaign, good: int, spent: Iterable[tuple[float, float]]) -> AdDay:
    row = AdDay()
    click = spread(campaign.index * 1_000 + good + 1, 74, 25, 110) * 10_000  # what one costs in millionths
    for micros, surge in spent:
        row.micros += round(micros)
        row.clicks += int(micros / (click * surge))
        row.impressions += int(micros / (click * surge) * 42)
    return row


def _clicks(order: Order, network: str) -> list[tuple[int, float]]:
    """(days before the order, share of the credit): one click; the search engine lets two share it now and then."""
    lag = spread(order.index, 77, 0, LONGEST_LAG) if spread(order.index, 78, 0, 2) == 0 else 0
    if network == "google_ads" and spread(order.index, 79, 0, 4) == 0:
        return [(lag, HALF), (0, HALF)]
    return [(lag, 1.0)]


def _value_at(changes: Sequence[tuple[int, T]], when: int) -> T:
    """The value in force; before the first change the first."""
    place = bisect_right(changes, when, key=lambda change: change[0])
    return changes[max(0, place - 1)][1]


def campaign_ref(campaign: AdCampaign) -> str:
    """The id by which its network calls a campaign."""
    return str(FIRST[campaign.network] + campaign.index * 7)


def campaign_index(ref: str, network: str) -> int | None:
    """The inverse of `campaign_ref`."""
    if not ref.isdigit():
        return None
    index, rest = divmod(int(ref) - FIRST[network], 7)
    return index if rest == 0 and index >= 0 else None
