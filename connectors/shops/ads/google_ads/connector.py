"""Google Ads: one ad account."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, cast

from connectors.base import (
    Answer,
    Budget,
    CannotDo,
    Clock,
    Connector,
    ConnectorError,
    Effect,
    Feed,
    Permit,
    R,
    Renewed,
    Transport,
    Write,
)
from connectors.consent import App, Ask, Asking, Grant
from connectors.operations import Operation, SetCampaign, SetCampaignBudget
from connectors.shops import google_sign_in
from connectors.shops.ads import days
from connectors.shops.ads.google_ads import acts, answers, install, reads
from connectors.shops.ads.google_ads.client import HOST, Client
from connectors.types import Account, AdSpend, Campaign, Page, Receipt, Record, Sighting

Perform = Callable[[Client, Any, Permit], Receipt]
See = Callable[[Client, Any], Sighting]
FIRST = timedelta(days=90)


class GoogleAds(Connector):
    """Reads cost one operation a query, however many rows; the smallest access level has 2,880 a day, these feeds
    take about 330."""

    kind = "google_ads"
    label = "Google Ads"
    credentials = ("client_id", "client_secret", "access_token", "refresh_token", "customer_id")
    allowance = Budget(available=10, capacity=10, per_second=2)  # the limit by second is not published
    feeds = (
        Feed("campaigns", timedelta(minutes=10)),
        Feed("spend", timedelta(minutes=30), first_span=FIRST),
        Feed("product_spend", timedelta(minutes=30), first_span=FIRST),
        Feed("account", timedelta(hours=1)),
        Feed("restated_spend", timedelta(days=1)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        SetCampaign: Write(Effect.NATURAL, undo="set it back; a removed campaign never comes back"),
        SetCampaignBudget: Write(Effect.NATURAL, undo="set the former amount; what was spent stays spent"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        SetCampaign: (acts.set_campaign, acts.see_campaign),
        SetCampaignBudget: (acts.set_budget, acts.see_budget),
    }
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = ()
    read_scopes: ClassVar[tuple[str, ...]] = (install.SCOPE,)  # there is no narrower one
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "SetCampaign": (install.SCOPE,),
        "SetCampaignBudget": (install.SCOPE,),
    }

    @property
    def client(self) -> Client:
        mine = self.account.credentials
        return Client(self.account.base_url, mine, self.transport, mine["customer_id"])

    @property
    def today(self) -> date:
        return days.today(self.account, self.clock())

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        if feed == "spend":
            return reads.spend(self.client, cursor, self.today, first_span=known.first_span)
        if feed == "product_spend":
            return reads.product_spend(self.client, cursor, self.today, first_span=known.first_span)
        if feed == "restated_spend":
            return reads.restated(self.client, self.account.settings, self.today)
        return reads.campaigns(self.client) if feed == "campaigns" else reads.account(self.client, self.clock())

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[Client, str], Record | None]] = {
            Campaign: reads.one_campaign,
            AdSpend: reads.one_day,
        }
        if record not in ways:
            raise CannotDo(f"Google Ads has no read of one {record.__name__}")
        return cast("R | None", ways[record](self.client, external_id))

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Google Ads has no call for {type(operation).__name__}; do it by hand in Google Ads")
        return self.ways[type(operation)][0](self.client, operation, permit)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        return replace(self.ways[type(operation)][1](self.client, operation), read_at=self.clock())

    def check(self) -> str:
        row = reads.everything(self.client, reads.CUSTOMER, "account")[0]["customer"]
        return f"ad account {row.get('descriptiveName') or row.get('id')}, {str(row.get('status', '')).lower()}"

    def refresh(self) -> Renewed:
        """A new access token for an hour; the refresh token serves on."""
        url = google_sign_in.token_url(self.account.base_url, HOST)
        return google_sign_in.renew(self.account.credentials, self.transport, self.clock, url=url)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        ref = getattr(operation, "campaign_ref", "")
        return f"https://ads.google.com/aw/campaigns{f'?campaignId={ref}' if ref else ''}"

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        return google_sign_in.consent_page(app, asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        return install.grants(app, asking, callback, transport, clock)
