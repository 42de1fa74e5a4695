"""Buying: the company's purchase orders with what each supplier has promised, and the credit it gives its customers.

Purchase orders of the first day are the goods' inbound ones; every later change is made through `deeds`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.goods import Good, Inbound

OPEN = frozenset({"issued", "partially_received"})
# The books number their records so; an id tells what it is of without a table.
ORDER_IDS, LINE_IDS, LINES_EACH = 4_815_003_000_000_000, 4_815_004_000_000_000, 100


@dataclass(slots=True)
class Ordered:
    """One line. Costs in US cents. `promised` and `promised_cost` are the supplier's word, None while it is silent."""

    good: int
    quantity: int
    cost: int
    received: int = 0
    promised: int | None = None
    promised_cost: int | None = None


@dataclass(slots=True)
class Purchase:
    """`due_at` is the day that was agreed, `promised_at` the supplier's latest word on it (0: none)."""

    index: int
    number: str
    supplier: int
    lines: list[Ordered]
    created: int
    due_at: int
    status: str = "draft"
    reference: str = ""
    note: str = ""
    changed: int = 0
    promised_at: int = 0
    is_mailed: bool = False

    @property
    def id(self) -> str:
        return str(ORDER_IDS + self.index)

    def line_id(self, place: int) -> str:
        return str(LINE_IDS + self.index * LINES_EACH + place)

    @property
    def cents(self) -> int:
        return sum(line.quantity * line.cost for line in self.lines)


@dataclass(slots=True)
class Credit:
    """A credit note over `cents`; `customer` is a number of `world.people`."""

    index: int
    customer: int
    cents: int
    reference: str
    reason: str
    created: int
    status: str = "open"


@dataclass(slots=True)
class Supply:
    purchases: list[Purchase] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    is_open: bool = False

    def open_books(self, goods: Iterable[Good], now: int) -> None:
        """Write down what is on its way on the first day, the oldest first."""
        if self.is_open:
            return
        self.is_open = True
        coming = [(good, inbound) for good in goods for inbound in good.inbound]
        for good, inbound in sorted(coming, key=lambda pair: (pair[1].ordered_at, pair[1].number)):
            line = Ordered(good.index, inbound.quantity, good.cost_usd, promised=inbound.quantity)
            line.promised_cost = good.cost_usd
            self.purchases.append(
                Purchase(
                    len(self.purchases), inbound.number, good.supplier, [line], inbound.ordered_at, inbound.due_at,
                    "issued", changed=min(now, inbound.ordered_at + HOUR), promised_at=inbound.due_at, is_mailed=True,
                )
            )  # fmt: skip

    def numbered(self, number: str) -> Purchase | None:
        return next((order for order in self.purchases if order.number == number), None)


def expected(order: Purchase) -> list[Inbound]:
    """The order's lines as goods on their way, at the supplier's word where it has given one."""
    return [
        Inbound(
            order.number, line.good, line.quantity if line.promised is None else line.promised, order.created,
            order.promised_at or order.due_at,
        )
        for line in order.lines
    ]  # fmt: skip


def due_in(now: int, lead_days: int) -> int:
    """The day on which a supplier delivers what is ordered now."""
    return now + lead_days * DAY
