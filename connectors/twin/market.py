"""The market: everything that is true in it, and how it moves through simulated time.

`advance(to)` plays what happens by itself: orders arrive, the warehouse packs, couriers scan, platforms cancel, buyers
write. Nothing here speaks a protocol (`wire/` does) and nothing decides for the company (`deeds.py` holds its writes).
"""

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from connectors.twin.effects import EffectsLog
from connectors.twin.world.ads import Ads
from connectors.twin.world.changes import changes_from
from connectors.twin.world.channels import CHANNELS
from connectors.twin.world.chat import Chat
from connectors.twin.world.goods import Good, Supplier, make_goods, make_suppliers, popularity
from connectors.twin.world.parcels import Parcels, ups_number
from connectors.twin.world.people import Person, person
from connectors.twin.world.post import Post
from connectors.twin.world.supply import Supply
from connectors.twin.world.trade import Charge, Dispute, FraudWarning, Order, Refund, Return, Step
from connectors.twin.world.truth import Truth

INDEX_BITS = 24
FREE = -1  # in place of a charge, for an order that cost nothing
Listener = Callable[[str, str, Any], None]  # channel, topic, the thing that changed
Event = tuple[int, int, Callable[[Any], None], Any]


class Book:
    """The orders of one channel by creation, with an index by last change that stays sorted under updates."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.orders: list[Order] = []
        self._changes: list[int] = []

    def fill(self, orders: list[Order]) -> None:
        """Take orders sorted by creation, all at once."""
        self.orders = orders
        self._changes = sorted(order.updated << INDEX_BITS | order.index for order in orders)

    def add(self, order: Order) -> None:
        self.orders.append(order)
        insort(self._changes, order.updated << INDEX_BITS | order.index)

    def touch(self, order: Order, now: int) -> None:
        old = order.updated << INDEX_BITS | order.index
        place = bisect_left(self._changes, old)
        if place < len(self._changes) and self._changes[place] == old:
            del self._changes[place]
        order.updated = now
        insort(self._changes, now << INDEX_BITS | order.index)

    def changed(self, after: int, until: int, start_key: int = 0) -> tuple[int, int]:
        """Places [from, to) in the index whose change lies in [after, until] and whose key is above `start_key`."""
        low = bisect_left(self._changes, after << INDEX_BITS)
        if start_key:
            low = max(low, bisect_right(self._changes, start_key))
        return low, bisect_right(self._changes, (until + 1) << INDEX_BITS)

    def at(self, place: int) -> tuple[int, Order]:
        """The index key and the order at one place."""
        key = self._changes[place]
        return key, self.orders[key & ((1 << INDEX_BITS) - 1)]

    def created(self, after: int, until: int) -> tuple[int, int]:
        """Range of order indexes created in [after, until]."""
        return (
            bisect_left(self.orders, after, key=lambda order: order.created),
            bisect_right(self.orders, until, key=lambda order: order.created),
        )


class Market:
    """State by plain attributes; every random choice comes from `rng`, so a seed fixes the whole story."""

    def __init__(self, seed: int, now: int, goods: int, channels: tuple[str, ...] = ("shopee", "shopify")) -> None:
        self.seed, self.now, self.began = seed, now, now
        self.rng = random.Random(seed)
        self.truth, self.effects, self.post, self.chat = Truth(seed), EffectsLog(), Post(), Chat()
        self.suppliers: list[Supplier] = make_suppliers()
        self.goods: list[Good] = make_goods(self.rng, goods)
        self.weights = popularity(goods)
        self.books = {channel: Book(channel) for channel in channels}
        self.charges: list[Charge] = []
        self.first_charge: list[int] = []
        self.refunds: list[Refund] = []
        self.refunds_of_charge: dict[int, list[Refund]] = {}
        self.disputes: list[Dispute] = []
        self.fraud_warnings: list[FraudWarning] = []
        self.parcels = Parcels()
        self.returns: list[Return] = []
        self.returns_of_order: dict[tuple[str, int], list[Return]] = {}
        self.supply = Supply()
        self.ads = Ads()
        self.changes = changes_from(now)
        self.has_everything = False  # whether the company also uses advertising, books, couriers and chat
        self.late_share = 0.0
        self.late_counts = (0, 0)
        self.penalty_points: list[tuple[int, int]] = []
        self.listeners: list[Listener] = []
        self._heap: list[Event] = []
        self._ticket = 0

    # -- time -----------------------------------------------------------------------------------------------------

    def at(self, when: int, act: Callable[[Any], None], subject: Any = None) -> None:
        """Have `act(subject)` happen at `when`. Ties happen in the order in which they were asked for."""
        self._ticket += 1
        heappush(self._heap, (when, self._ticket, act, subject))

    def plan_all(self, events: list[tuple[int, Callable[[Any], None], Any]]) -> None:
        """Many at once, in linear time."""
        for when, act, subject in events:
            self._ticket += 1
            self._heap.append((when, self._ticket, act, subject))
        heapify(self._heap)

    def advance(self, to: int) -> None:
        """Play every event up to `to`. Going back in time is ignored."""
        while self._heap and self._heap[0][0] <= to:
            when, _, act, subject = heappop(self._heap)
            self.now = max(self.now, when)
            act(subject)
        self.now = max(self.now, to)

    def tell(self, channel: str, topic: str, thing: Any) -> None:
        """A change that a platform would push."""
        for listener in self.listeners:
            listener(channel, topic, thing)

    # -- people and orders ----------------------------------------------------------------------------------------

    def buyer(self, order: Order) -> Person:
        return person(order.buyer, CHANNELS[order.channel].country)

    def order(self, channel: str, index: int) -> Order:
        return self.books[channel].orders[index]

    def find(self, channel: str, number: str) -> Order | None:
        """The order that its channel calls so; None for one that never was."""
        index = CHANNELS[channel].index_of(number)
        orders = self.books[channel].orders
        if index is None or not 0 <= index < len(orders):
            return None
        return orders[index] if orders[index].number == number else None

    def orders(self) -> Iterator[Order]:
        for book in self.books.values():
            yield from book.orders

    def touch(self, order: Order, topic: str = "orders/updated") -> None:
        self.books[order.channel].touch(order, self.now)
        self.tell(order.channel, topic, order)

    def reserve(self, order: Order, sign: int) -> None:
        """Count the order's units as sold and not shipped (+1), or no longer (-1)."""
        for place, (good, quantity) in enumerate(order.lines):
            if place not in order.pulled_lines:
                stock = self.goods[good]
                stock.open_units[order.channel] = stock.open_units.get(order.channel, 0) + sign * quantity
                stock.updated = self.now

    def next_step(self, order: Order) -> tuple[int, Callable[[Any], None]] | None:
        """What the order does next by itself, and when."""
        packed, shipped, delivered, completed = order.plan()
        match order.step:
            case Step.TO_SHIP if order.is_forgotten:
                return (order.cancel_after, self._auto_cancel) if CHANNELS[order.channel].cancels_itself else None
            case Step.TO_SHIP:
                return packed, self._pack
            case Step.PACKED:
                return max(shipped, order.packed + 600), self._hand_over
            case Step.SHIPPED if not order.scans_end:
                return max(delivered, order.shipped + 3_600), self._deliver
            case Step.DELIVERED:
                return max(completed, order.delivered + 3_600), self._complete
        return None

    def keep_going(self, order: Order) -> None:
        step = self.next_step(order)
        if step is not None:
            self.at(max(step[0], self.now + 1), step[1], order)

    def _pack(self, order: Order) -> None:
        is_held = (order.channel, order.index) in self.changes.holds
        if order.step == Step.TO_SHIP and not order.is_forgotten and not is_held:
            order.step, order.packed = Step.PACKED, self.now
            order.tracking = order.tracking or tracking_number(order)
            self.touch(order)
            self.keep_going(order)

    def _hand_over(self, order: Order) -> None:
        if order.step == Step.PACKED:
            order.step, order.shipped = Step.SHIPPED, self.now
            self.reserve(order, -1)
            for good, quantity in order.lines:
                self.goods[good].on_hand = max(0, self.goods[good].on_hand - quantity)
            self.touch(order, "fulfillments/create")
            self.keep_going(order)

    def _deliver(self, order: Order) -> None:
        if order.step == Step.SHIPPED and not order.scans_end:
            order.step, order.delivered = Step.DELIVERED, self.now
            self.touch(order, "fulfillments/update")
            self.keep_going(order)

    def _complete(self, order: Order) -> None:
        if order.step == Step.DELIVERED:
            order.step = Step.COMPLETED
            self.touch(order)

    def _auto_cancel(self, order: Order) -> None:
        """The platform cancels what was not shipped in time; nobody of ours did it, so it is no effect of a write."""
        if order.step == Step.TO_SHIP:
            self.cancel(order, by="system", reason="Seller did not ship")

    def cancel(self, order: Order, *, by: str, reason: str) -> None:
        """The order ends and its units are free again."""
        self.reserve(order, -1)
        order.step, order.cancelled, order.cancel_by, order.cancel_reason = Step.CANCELLED, self.now, by, reason
        self.touch(order, "orders/cancelled")

    def take_order(self, order: Order) -> None:
        """A new order comes in and will go its way."""
        book = self.books[order.channel]
        order.index, order.updated = len(book.orders), self.now
        book.add(order)
        self.reserve(order, 1)
        for good, quantity in order.lines:
            self.goods[good].sold_30 += quantity
        if CHANNELS[order.channel].charges_cards and order.total:
            self.charge_for(order)
        elif CHANNELS[order.channel].charges_cards:
            self.first_charge.append(FREE)
        self.tell(order.channel, "orders/create", order)
        self.keep_going(order)

    # -- money ----------------------------------------------------------------------------------------------------

    def charge_for(self, order: Order, *, twin_of: int = -1, created: int = 0) -> Charge:
        """Charge the buyer's card for a Shopify order."""
        charge = Charge(len(self.charges), order.index, order.total, created or self.now, twin_of=twin_of)
        self.charges.append(charge)
        if twin_of < 0 and order.index == len(self.first_charge):
            self.first_charge.append(charge.index)
        self.emit("charge.succeeded", charge)
        return charge

    def charge_of(self, order: Order) -> Charge:
        """The order's payment; for one that cost nothing a charge of nothing that nobody made (index `FREE`)."""
        index = self.first_charge[order.index]
        return self.charges[index] if index != FREE else Charge(FREE, order.index, 0, order.created)

    def refunds_of(self, charge: Charge) -> list[Refund]:
        return self.refunds_of_charge.get(charge.index, [])

    def emit(self, kind: str, thing: Any) -> None:
        """Something that Stripe makes an event of."""
        self.tell("stripe", kind, thing)


def tracking_number(order: Order) -> str:
    """A courier's number for the order's parcel; UPS's can be checked by anyone."""
    if order.courier == "UPS":
        return ups_number(order)
    prefix = CHANNELS[order.channel].tracking_prefix
    return f"{prefix}{order.index * 7919 % 10**10:010d}{order.courier[0].upper()}"
