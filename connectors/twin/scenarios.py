"""The stories a market can start with.

`week` is a week of trouble in a three-channel company, `peak` its 11.11; `company` is a week of trouble in one that
sells everywhere and uses every system; `surge` is 11.11 over three marketplaces.
"""

import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from connectors.twin.market import Market
from connectors.twin.planting import families
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.people import spread
from connectors.twin.world.trade import Charge, Order, Step

STOREFRONTS = (("shopee", 0.58), ("shopify", 0.42))
EVERYWHERE = (("shopee", 0.34), ("shopify", 0.26), ("lazada", 0.16), ("tiktok_shop", 0.14), ("amazon", 0.10))
# Relative traffic by hour of the day in Singapore: a dip before dawn, a peak in the evening.
HOURS = (4, 2, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 10, 9, 8, 8, 8, 9, 10, 12, 14, 14, 11, 7)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`daily` orders a day for `history_days`, then `orders` on the last day. `is_living` lets new ones arrive."""

    name: str
    goods: int
    history_days: int
    orders: int
    daily: Callable[[int, int], float]  # days ago, orders on the day -> orders
    is_living: bool
    scale: Callable[[int], float]  # orders -> how many times the week's number of exceptions
    channels: tuple[tuple[str, float], ...] = STOREFRONTS  # where it sells, with the share of orders
    has_limits: bool = True  # whether the platforms limit their callers
    has_everything: bool = False  # advertising, books, couriers, chat and what else a company uses
    is_planted: bool = True  # with exceptions in it


WEEK = Scenario(
    "week", goods=120, history_days=60, orders=60, daily=lambda ago, orders: 62 if ago < 7 else 55,
    is_living=True, scale=lambda orders: 1.0,
)  # fmt: skip
# A thin history before the day (about 3 % of it), thicker in the last three days: the pre-sale rush.
PEAK = Scenario(
    "peak", goods=400, history_days=60, orders=100_000,
    daily=lambda ago, orders: 25 + orders * (0.004 if ago < 4 else 0.0006 if ago < 21 else 0.0002),
    is_living=False, scale=lambda orders: max(1.0, orders / 16_000), has_limits=False,
)  # fmt: skip
COMPANY = Scenario(
    "company", goods=120, history_days=60, orders=100, daily=lambda ago, orders: 104 if ago < 7 else 92,
    is_living=True, scale=lambda orders: 1.0, channels=EVERYWHERE, has_everything=True,
)  # fmt: skip
SURGE = Scenario(
    "surge", goods=400, history_days=2, orders=500_000, daily=lambda ago, orders: orders * 0.002, is_living=False,
    scale=lambda orders: 0.0, channels=(("shopee", 0.46), ("lazada", 0.30), ("tiktok_shop", 0.24)), has_limits=False,
    is_planted=False,
)  # fmt: skip
SCENARIOS = {scenario.name: scenario for scenario in (WEEK, PEAK, COMPANY, SURGE)}


def build(name: str, seed: int, now: int, orders: int | None = None) -> Market:
    """A market at `now` (Unix seconds) with its past behind it and its exceptions planted. Raises KeyError."""
    scenario = SCENARIOS[name]
    count = scenario.orders if orders is None else orders
    market = Market(seed, now, scenario.goods, tuple(name for name, _ in scenario.channels))
    market.has_everything = scenario.has_everything
    _fill_books(market, scenario, count)
    planter = families.Planter(market, scenario.scale(count))
    if scenario.is_planted:
        _fill_charges(market, planter.choose_doubled())
        planter.plant_all()
    for book in market.books.values():
        book.fill(book.orders)
    _start(market, scenario, planter)
    return market


def _fill_books(market: Market, scenario: Scenario, count: int) -> None:
    """All orders up to now, in the order in which they came, each at the step it has reached."""
    moments = _moments(market.rng, scenario, market.now, count)
    make = _maker(market)
    books = {channel: book.orders for channel, book in market.books.items()}
    rng_random, choose = market.rng.random, _chooser(scenario)
    for created in moments:
        channel = choose(rng_random())
        orders = books[channel]
        order = make(channel, len(orders), created)
        settle(order, market.now)
        orders.append(order)
    _count_sales(market)


def _chooser(scenario: Scenario) -> Callable[[float], str]:
    """A draw in [0, 1) → the channel that an order comes through."""
    names = [name for name, _ in scenario.channels]
    bounds = list(accumulate(share for _, share in scenario.channels))[:-1]
    return lambda draw: names[bisect_right(bounds, draw)]


def _moments(rng: random.Random, scenario: Scenario, now: int, count: int) -> list[int]:
    moments = []
    for ago in range(scenario.history_days, 0, -1):
        amount = count if ago == 1 and not scenario.is_living else round(scenario.daily(ago - 1, count))
        start = now - ago * DAY
        hours = rng.choices(range(24), HOURS, k=amount)
        shift = (start // HOUR + 8) % 24  # the day's traffic follows Singapore's clock
        moments += [min(now - 60, start + (hour - shift) % 24 * HOUR + int(rng.random() * HOUR)) for hour in hours]
    moments.sort()
    return moments


def _maker(market: Market) -> Callable[[str, int, int], Order]:
    """A fast maker of plain orders: mostly one line of one unit, a few wholesale."""
    rng, goods = market.rng, market.goods
    numbers, weights = range(len(goods)), market.weights
    lines_of: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
    buyers = 400_000

    def quantity() -> int:
        draw = rng.random()
        if draw < 0.88:
            return 1
        if draw < 0.975:
            return 2
        return rng.randint(3, 5) if draw < 0.9975 else min(90, int(rng.paretovariate(0.9) * 8))

    def make(channel: str, index: int, created: int) -> Order:
        good, units = rng.choices(numbers, cum_weights=weights)[0], quantity()
        lines = lines_of.setdefault((good, units), ((good, units),))
        if rng.random() < 0.18:
            other = rng.choices(numbers, cum_weights=weights)[0]
            if other != good:
                lines = (*lines, (other, 1))
        total = sum(goods[number].price(channel) * units for number, units in lines)
        buyer = int(rng.random() * buyers)
        return Order(channel, index, buyer, created, lines, total, ship_by=created + 48 * HOUR, updated=created)

    return make


def settle(order: Order, now: int) -> None:
    """Bring an undisturbed order to where its plan has it at `now`."""
    packed, shipped, delivered, completed = order.plan()
    if now < packed:
        return
    order.step, order.updated, order.packed = Step.PACKED, packed, packed
    if now >= shipped:
        order.step, order.updated, order.shipped = Step.SHIPPED, shipped, shipped
    if now >= delivered:
        order.step, order.updated, order.delivered = Step.DELIVERED, delivered, delivered
    if now >= completed:
        order.step, order.updated = Step.COMPLETED, completed


def _count_sales(market: Market) -> None:
    """Units of the last 30 days by good, what is open, and from both a healthy stock."""
    month = market.now - 30 * DAY
    for order in market.orders():
        if order.created >= month:
            for good, quantity in order.lines:
                market.goods[good].sold_30 += quantity
        if order.is_open:
            market.reserve(order, 1)
    for stock in market.goods:
        lead = market.suppliers[stock.supplier].lead_days
        stock.demand = max(0.05, stock.sold_30 / 30)
        # Enough for any way of averaging: even the busiest single week must not look like a stock-out.
        stock.on_hand = stock.reserved + round(stock.demand * (lead + 30) * 5) + 40
        stock.updated = market.now - spread(stock.index, 31, HOUR, 40 * HOUR)


def _fill_charges(market: Market, doubled: dict[int, int]) -> None:
    """One card charge for each Shopify order, at once; some failed tries before, and the doubled ones' second."""
    due: list[tuple[int, int, str]] = []
    for order in market.books["shopify"].orders:
        if spread(order.index, 41, 0, 99) < 2:
            due.append((order.created, order.index, "failed"))
        due.append((order.created + 1, order.index, "first"))
        if order.index in doubled:
            due.append((order.created + 1 + doubled[order.index], order.index, "twin"))
    due.sort()
    market.first_charge = [0] * len(market.books["shopify"].orders)
    for created, number, kind in due:
        charge = Charge(len(market.charges), number, market.order("shopify", number).total, created)
        market.charges.append(charge)
        if kind == "first":
            market.first_charge[number] = charge.index
        elif kind == "twin":
            charge.twin_of = market.first_charge[number]
        else:
            charge.status = "failed"


def _start(market: Market, scenario: Scenario, planter: families.Planter) -> None:
    """Hand every unfinished order its next step, and let new ones arrive where the market is living."""
    events = []
    for order in market.orders():
        step = market.next_step(order)
        if step is not None:
            events.append((max(step[0], market.now + 1), step[1], order))
    market.plan_all(events)
    if scenario.is_living:
        make, choose = _maker(market), _chooser(scenario)

        def arrive(_: object) -> None:
            channel = choose(market.rng.random())
            order = make(channel, len(market.books[channel].orders), market.now)
            if all(market.goods[good].on_hand - market.goods[good].reserved >= units for good, units in order.lines):
                market.take_order(order)
            market.at(market.now + int(market.rng.expovariate(1 / 80)) + 5, arrive)

        market.at(market.now + 30, arrive)
        planter.keep_troubling()
