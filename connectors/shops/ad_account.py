"""What every ad account offers, whatever the platform: the same feeds, and the same two writes, proved by reads."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Protocol, cast

from connectors.base import CannotDo, Connector, Feed, Permit, R
from connectors.operations import Operation
from connectors.shops import ad_days as days
from connectors.types import AdSpend, Campaign, Page, Receipt, Record, Sighting

FIRST = timedelta(days=90)
Perform = Callable[[Any, Any, Permit], Receipt]
See = Callable[[Any, Any], Sighting]


class Reads(Protocol):
    """A platform's own reads; `client` is what its connector makes."""

    def spend(self, client: Any, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]: ...
    def product_spend(self, client: Any, cursor: str, today: date, *, first_span: timedelta) -> Iterator[Page]: ...
    def restated(self, client: Any, settings: Any, today: date) -> Iterator[Page]: ...
    def campaigns(self, client: Any) -> Iterator[Page]: ...
    def account(self, client: Any, now: datetime) -> Iterator[Page]: ...
    def one_campaign(self, client: Any, ref: str) -> Campaign | None: ...
    def one_day(self, client: Any, external_id: str) -> AdSpend | None: ...


class AdAccount(Connector):
    """One ad account. About 330 questions a day: what may change within minutes every ten, what is restated once."""

    feeds = (
        Feed("campaigns", timedelta(minutes=10)),
        Feed("spend", timedelta(minutes=30), first_span=FIRST),
        Feed("product_spend", timedelta(minutes=30), first_span=FIRST),
        Feed("account", timedelta(hours=1)),
        Feed("restated_spend", timedelta(days=1)),
    )
    reads: ClassVar[Reads]
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]]

    @property
    @abstractmethod
    def client(self) -> Any:
        """What the platform's reads and writes are made with."""

    @property
    def today(self) -> date:
        return days.today(self.account, self.clock())

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        if feed == "spend":
            return self.reads.spend(self.client, cursor, self.today, first_span=FIRST)
        if feed == "product_spend":
            return self.reads.product_spend(self.client, cursor, self.today, first_span=FIRST)
        if feed == "restated_spend":
            return self.reads.restated(self.client, self.account.settings, self.today)
        if feed == "campaigns":
            return self.reads.campaigns(self.client)
        return self.reads.account(self.client, self.clock())

    def fetch(self, record: type[R], external_id: str) -> R | None:
        found: Record | None
        if record is Campaign:
            found = self.reads.one_campaign(self.client, external_id)
        elif record is AdSpend:
            found = self.reads.one_day(self.client, external_id)
        else:
            raise CannotDo(f"{self.label} has no read of one {record.__name__}")
        return cast("R | None", found)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            return super().perform(operation, permit)
        return self.ways[type(operation)][0](self.client, operation, permit)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation), read_at=self.clock())
