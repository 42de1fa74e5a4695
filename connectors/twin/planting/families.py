"""All families of exceptions, in the order in which they must be planted, and new trouble while the market lives."""

from collections.abc import Callable

from connectors.twin.market import Market
from connectors.twin.planting import ads, elsewhere, fulfilment, letters, parcels, payments, stock, supply, support
from connectors.twin.planting.pool import Pool
from connectors.twin.world.channels import HOUR
from connectors.twin.world.trade import Mail, Order, Step


class Planter:
    """Plants once at the start; `keep_troubling` goes on as long as the market is advanced."""

    def __init__(self, market: Market, scale: float) -> None:
        self.market, self.pool = market, Pool(market, scale)

    def choose_doubled(self) -> dict[int, int]:
        """Must come before the charges are made, which are numbered by time."""
        stock.concentrate(self.pool)
        return payments.choose_doubled(self.pool)

    def plant_all(self) -> None:
        """Stock comes first: it moves open orders on, which nothing planted later may be disturbed by."""
        stock.plant_stock(self.pool)
        for plant in (
            fulfilment.plant_late_shipments, fulfilment.plant_late_rate, fulfilment.plant_stuck_parcels,
            fulfilment.plant_returns,
            payments.plant_double_charges, payments.plant_disputes, payments.plant_fraud_warnings,
            support.plant_waves, support.plant_angry, support.plant_waiting, support.write_noise, support.deliver,
            fulfilment.plant_cancellations,
        ):  # fmt: skip
            plant(self.pool)
        if self.market.has_everything:
            elsewhere.plant_elsewhere(self.pool)
            ads.plant_ads(self.pool)
            parcels.plant_troubled_parcels(self.pool)
            supply.plant_supply(self.pool)
        for mail in self.market.post.inbox.mails:
            self._watch(mail)

    def keep_troubling(self) -> None:
        """Something new every few minutes."""
        self.market.at(self.market.now + 120, self._trouble)
        if self.market.has_everything:
            elsewhere.keep_chatting(self.pool)

    def _trouble(self, _: object) -> None:
        rng = self.market.rng
        happen: Callable[[], None] = rng.choices(
            (self._question, self._anger, self._return, self._fraud, self._double), (50, 12, 14, 12, 12)
        )[0]
        happen()
        self.market.at(self.market.now + int(rng.expovariate(1 / 420)) + 20, self._trouble)

    def _any(self, channel: str, oldest: float, newest: float, test: Callable[[Order], bool]) -> list[Order]:
        return self.pool.choose(self.pool.aged(channel, oldest, newest, test), 1)

    def _arrive(self, mail: Mail) -> None:
        self.market.post.inbox.add(mail)
        self._watch(mail)
        self.market.tell("mailbox", "mail", mail)

    def _question(self) -> None:
        for order in self._any("shopify", 480, 48, lambda order: True):
            letter = letters.pick(self.market.rng, letters.ORDINARY)
            self._arrive(support.write(self.pool, order, letter, self.market.now, "question"))

    def _anger(self) -> None:
        for order in self._any("shopee", 480, 48, lambda order: True):
            kind = self.market.rng.choice(("legal", "rage", "safety"))
            self._arrive(support.angry(self.pool, order, kind, self.market.now))

    def _return(self) -> None:
        for order in self._any("shopee", 480, 100, lambda order: order.step == Step.DELIVERED):
            row = fulfilment.ask_return(self.pool, order, self.market.now, self.market.now + 48 * HOUR)
            self.market.touch(order, "returns/request")
            self.market.tell("shopee", "returns", row)

    def _fraud(self) -> None:
        for order in self._any("shopify", 24, 0.2, lambda order: order.step == Step.TO_SHIP and order.total >= 4_000):
            order.is_forgotten = order.is_risky = True
            order.ship_by = self.market.now + 40 * HOUR
            self.market.touch(order)
            payments.warn(self.pool, order)
            self.market.emit("radar.early_fraud_warning.created", self.market.fraud_warnings[-1])

    def _double(self) -> None:
        for order in self._any("shopify", 6, 0.02, lambda order: order.step == Step.TO_SHIP):
            first = self.market.charge_of(order)
            payments.plant_double_charge(self.pool, self.market.charge_for(order, twin_of=first.index))

    def _watch(self, mail: Mail) -> None:
        """An ordinary question becomes an exception once it has waited too long."""
        if mail.order is not None and mail.cause == "question" and self.market.post.waits(mail):
            due = mail.date + support.FIRST_ANSWER_HOURS * HOUR
            self.market.at(max(due, self.market.now + 1), self._overdue, mail)

    def _overdue(self, mail: Mail) -> None:
        if self.market.post.waits(mail) and mail.order is not None:
            support.plant_unanswered(self.pool, mail, self.market.order(*mail.order))
