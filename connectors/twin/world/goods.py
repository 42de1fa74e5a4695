"""Goods: what is sold, at what price and cost, how many are left in the one warehouse, who supplies them."""

import random
from dataclasses import dataclass, field
from itertools import accumulate

from connectors.twin.world.channels import CHANNELS, PER_USD

KINDS = (  # word, category, lowest and highest price in US dollars
    ("Desk Lamp", "Home", 24, 90), ("Water Bottle", "Outdoor", 12, 40), ("Yoga Mat", "Sport", 18, 70),
    ("Phone Case", "Phone", 6, 30), ("USB-C Hub", "Electronics", 25, 120), ("Ear Buds", "Electronics", 30, 160),
    ("Face Serum", "Beauty", 14, 65), ("Sun Screen", "Beauty", 9, 32), ("Baby Carrier", "Baby", 55, 190),
    ("Air Fryer", "Kitchen", 70, 220), ("Knife Set", "Kitchen", 35, 180), ("Backpack", "Travel", 38, 150),
    ("Standing Desk", "Office", 260, 780), ("Office Chair", "Office", 150, 520), ("Rain Jacket", "Outdoor", 45, 160),
    ("Running Shoe", "Sport", 55, 170), ("Cat Tree", "Pet", 40, 210), ("Tea Sampler", "Food", 8, 38),
)  # fmt: skip
FINISHES = ["Oak", "Slate", "Coral", "Mint", "Sand", "Navy", "Pearl", "Olive", "Amber", "Ivory", "Plum", "Steel"]
SUPPLIERS = (
    ("Shenzhen Brightline Co", 24), ("Guangzhou Home Goods", 30), ("Hanoi Textile Works", 21), ("Penang Plastics", 14),
    ("Osaka Precision", 35), ("Surabaya Rattan", 28), ("Taipei Circuits", 18), ("Singapore Import House", 7),
)  # fmt: skip
SGD_PER_USD = PER_USD["SGD"]


@dataclass(slots=True)
class Supplier:
    index: int
    name: str
    email: str
    lead_days: int


@dataclass(slots=True)
class Inbound:
    """A purchase order on its way."""

    number: str
    good: int
    quantity: int
    ordered_at: int
    due_at: int
    status: str = "confirmed"


@dataclass(slots=True)
class Good:
    """One SKU, listed on every storefront and kept in one warehouse. Prices and cost in minor units.

    `on_hand` is what stands in the warehouse; `open_units` are sold and not shipped, by channel. `demand` is the true
    future number of units a day, all channels together. `prices` are those that the company has set on a channel.
    """

    index: int
    sku: str
    title: str
    category: str
    price_usd: int
    price_sgd: int
    cost_usd: int
    supplier: int
    minimum: int
    case: int
    on_hand: int = 0
    open_units: dict[str, int] = field(default_factory=dict)
    demand: float = 0.0
    updated: int = 0
    sold_30: int = 0
    inbound: list[Inbound] = field(default_factory=list)
    prices: dict[str, int] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  # (channel, its field) → what the company wrote

    @property
    def reserved(self) -> int:
        return sum(self.open_units.values())

    def open_at(self, channel: str) -> int:
        """Units sold there and not shipped."""
        return self.open_units.get(channel, 0)

    def price(self, channel: str) -> int:
        if channel in self.prices:
            return self.prices[channel]
        return CHANNELS[channel].price(self.price_usd, self.price_sgd)

    @property
    def margin(self) -> float:
        """True contribution margin as a share of price: after goods, platform and payment fees, and postage."""
        postage = 240 + self.price_usd * 0.02
        return max(0.06, 1 - (self.cost_usd + postage) / self.price_usd - 0.09)


def make_suppliers() -> list[Supplier]:
    return [
        Supplier(index, name, f"orders@{name.split()[0].lower()}{index}.supplier.example", lead)
        for index, (name, lead) in enumerate(SUPPLIERS)
    ]


def make_goods(rng: random.Random, count: int) -> list[Good]:
    """`count` SKUs; the first sell best. Prices spread evenly on a log scale inside their kind."""
    goods = []
    for index in range(count):
        word, category, low, high = KINDS[rng.randrange(len(KINDS))]
        price = round(low * (high / low) ** rng.random()) * 100 - 10
        finish = FINISHES[index % len(FINISHES)]
        goods.append(
            Good(
                index=index, sku=f"{word[:3].upper().replace(' ', '')}-{index + 1:04d}-{finish[:3].upper()}",
                title=f"{word} {finish} No. {index + 1}", category=category, price_usd=price,
                price_sgd=round(price * SGD_PER_USD / 10) * 10, cost_usd=round(price * rng.uniform(0.30, 0.48)),
                supplier=rng.randrange(len(SUPPLIERS)), minimum=rng.choice((20, 50, 100)), case=rng.choice((5, 10, 12)),
            )
        )  # fmt: skip
    return goods


def popularity(count: int) -> list[float]:
    """Cumulative weights: sales fall with rank as 1 / (rank + 6), so the first twenty of 120 carry about half."""
    return list(accumulate(1 / (rank + 6) for rank in range(count)))
