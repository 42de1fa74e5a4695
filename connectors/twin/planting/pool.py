"""Choosing which orders an exception happens to, and what every family of exceptions needs to know."""

from collections.abc import Callable

from connectors.twin.market import Market
from connectors.twin.world.channels import DAY, HOUR, PER_USD
from connectors.twin.world.trade import CURRENCY, Order, Step


class Pool:
    """The market's orders that no exception has touched yet. `scale` multiplies how many of each kind there are."""

    def __init__(self, market: Market, scale: float) -> None:
        self.market, self.scale, self.rng = market, scale, market.rng
        self.taken: set[tuple[str, int]] = set()

    def many(self, week_count: int) -> int:
        return max(week_count, round(week_count * self.scale))

    def take(self, order: Order) -> None:
        self.taken.add((order.channel, order.index))

    def is_free(self, order: Order) -> bool:
        return (order.channel, order.index) not in self.taken

    def aged(self, channel: str, oldest: float, newest: float, test: Callable[[Order], bool]) -> list[Order]:
        """Free orders of a channel between two ages in hours that pass the test."""
        book, now = self.market.books[channel], self.market.now
        low, high = book.created(now - int(oldest * HOUR), now - int(newest * HOUR))
        return [order for order in book.orders[low:high] if self.is_free(order) and test(order)]

    def choose(self, orders: list[Order], count: int, *, by_value: bool = False) -> list[Order]:
        """Take `count` of them, or all where there are fewer; `by_value` leans towards the dear ones."""
        keyed = [(self.rng.random() ** (1 / (order.total**0.8 if by_value else 1)), order) for order in orders]
        keyed.sort(key=lambda pair: -pair[0])
        chosen = [order for _, order in keyed[:count]]
        for order in chosen:
            self.take(order)
        return sorted(chosen, key=lambda order: order.created)

    def usd(self, order: Order, minor: int | None = None) -> float:
        """An amount of the order in US dollars."""
        value = (order.total if minor is None else minor) / 100
        return value / PER_USD[CURRENCY[order.channel]]

    def margin(self, order: Order) -> float:
        """The order's true contribution margin in US dollars."""
        goods = self.market.goods
        return sum(goods[good].margin * goods[good].price_usd * quantity / 100 for good, quantity in order.lines)

    def cost_of_goods(self, order: Order) -> float:
        goods = self.market.goods
        return sum(goods[good].cost_usd * quantity / 100 for good, quantity in order.lines)

    def title(self, order: Order) -> str:
        return self.market.goods[order.lines[0][0]].title

    def reopen(self, order: Order, at: int) -> None:
        """Take an order back to where it waits to be shipped, with its units standing in the warehouse."""
        if not order.is_open:
            self.market.reserve(order, 1)
            for good, quantity in order.lines:
                self.market.goods[good].on_hand += quantity
        order.step, order.updated = Step.TO_SHIP, at
        order.packed = order.shipped = order.delivered = 0

    def finish(self, order: Order) -> None:
        """Bring an order to a plain delivered state."""
        if order.is_open:
            self.market.reserve(order, -1)
        packed, shipped, delivered, _ = order.plan()
        order.packed, order.shipped = packed, min(shipped, self.market.now - 2 * HOUR)
        order.delivered = min(max(delivered, order.shipped + DAY), self.market.now - HOUR)
        order.step, order.updated = Step.DELIVERED, order.delivered
