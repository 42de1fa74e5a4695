"""Meta Ads: one ad account of Facebook and Instagram."""

import hashlib
import hmac
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
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.operations import Operation, SetCampaign, SetCampaignBudget
from connectors.shops.ads import days
from connectors.shops.ads.meta_ads import acts, answers, install, reads
from connectors.shops.ads.meta_ads.client import HOST, Client
from connectors.shops.ads.meta_ads.signing import push_signature
from connectors.transport.oauth import REFRESH
from connectors.types import Account, AdSpend, Campaign, Page, Receipt, Record, Sighting

Perform = Callable[[Client, Any, Permit, str], Receipt]
See = Callable[[Client, Any, str], Sighting]
FIRST = timedelta(days=90)


class MetaAds(Connector):
    kind = "meta_ads"
    label = "Meta Ads"
    credentials = ("app_id", "app_secret", "access_token", "account_id")
    allowance = Budget(available=10, capacity=10, per_second=5)  # Meta tells percentages of limits it does not tell
    feeds = (
        Feed("campaigns", timedelta(minutes=10)),
        Feed("spend", timedelta(minutes=30), first_span=FIRST),
        Feed("product_spend", timedelta(minutes=30), first_span=FIRST),
        Feed("account", timedelta(hours=1)),
        Feed("restated_spend", timedelta(days=1)),
    )
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        SetCampaign: Write(Effect.NATURAL, undo="set it back; a pause of a week or more makes delivery learn anew"),
        SetCampaignBudget: Write(Effect.NATURAL, undo="set the former amount, at most four changes an hour"),
    }
    ways: ClassVar[Mapping[type[Operation], tuple[Perform, See]]] = {
        SetCampaign: (acts.set_campaign, acts.see_campaign),
        SetCampaignBudget: (acts.set_budget, acts.see_budget),
    }
    app_credentials: ClassVar[tuple[str, ...]] = ("app_id", "app_secret")
    asks: ClassVar[tuple[Ask, ...]] = ()
    read_scopes: ClassVar[tuple[str, ...]] = (install.READ,)
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "SetCampaign": (install.MANAGE,),
        "SetCampaignBudget": (install.MANAGE,),
    }
    # A system user's token is made in the business settings and has no consent page.
    home = HOST
    keys: ClassVar[tuple[Key, ...]] = (
        Key("access_token", "System user token", "Business settings > System users > Generate token (ads_read)"),
        Key("app_id", "App id", "developers.facebook.com > the app > Settings > Basic", is_secret=False),
        Key("app_secret", "App secret", "developers.facebook.com > the app > Settings > Basic"),
        Key("account_id", "Ad account id", "Ads Manager, in the account menu", is_secret=False),
    )

    @property
    def client(self) -> Client:
        return Client(self.account.base_url, self.account.credentials, self.transport)

    @property
    def today(self) -> date:
        return days.today(self.account, self.clock())

    @property
    def currency(self) -> str:
        """Budgets do not name theirs: it is the account's, asked for once where the shop does not know it."""
        if self.account.currency:
            return self.account.currency
        row = self.client.get(self.client.account, {"fields": "currency"}, operation="account")
        return str(row["currency"])

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        known = {row.name: row for row in self.feeds}[feed]
        if feed == "spend":
            return reads.spend(self.client, cursor, self.today, first_span=known.first_span)
        if feed == "product_spend":
            return reads.product_spend(self.client, cursor, self.today, first_span=known.first_span)
        if feed == "restated_spend":
            return reads.restated(self.client, self.account.settings, self.today)
        if feed == "campaigns":
            return reads.campaigns(self.client, self.currency)
        return reads.account(self.client, self.clock())

    def fetch(self, record: type[R], external_id: str) -> R | None:
        ways: dict[type[Record], Callable[[], Record | None]] = {
            Campaign: lambda: reads.one_campaign(self.client, external_id, self.currency),
            AdSpend: lambda: reads.one_day(self.client, external_id),
        }
        if record not in ways:
            raise CannotDo(f"Meta has no read of one {record.__name__}")
        return cast("R | None", ways[record]())

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        if type(operation) not in self.ways:
            raise CannotDo(f"Meta has no call for {type(operation).__name__}; do it by hand in Ads Manager")
        return self.ways[type(operation)][0](self.client, operation, permit, self.currency)

    def probe(self, operation: Operation, key: str, since: datetime) -> Sighting:
        if type(operation) not in self.ways:
            return super().probe(operation, key, since)
        seen = self.ways[type(operation)][1](self.client, operation, self.currency)
        return replace(seen, read_at=self.clock())

    def check(self) -> str:
        row = self.client.get(self.client.account, {"fields": "name,account_status"}, operation="account")
        return f"ad account {row.get('name') or self.client.account}"

    def identify(self) -> Identity:
        fields = "account_id,name,currency,timezone_name"
        row = self.client.get(self.client.account, {"fields": fields}, operation="account")
        return Identity(
            external_id=str(row["account_id"]), name=str(row.get("name") or ""),
            currency=str(row.get("currency") or ""), time_zone=str(row.get("timezone_name") or ""),
        )  # fmt: skip

    def refresh(self) -> Renewed:
        """A token that still works for the next one of about 60 days. Raises Reconnect where it has ended."""
        mine = self.account.credentials
        token, ends = install.lengthened(self.account.base_url, self.transport, self.clock, mine, mine["access_token"],
                                         REFRESH)  # fmt: skip
        return Renewed({**mine, "access_token": token}, ends)

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return answers.sort(answer, is_write=is_write)

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        return answers.budget(answer)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        ref, own = getattr(operation, "campaign_ref", ""), account.external_id.removeprefix("act_")
        chosen = f"&selected_campaign_ids={ref}" if ref else ""
        return f"https://adsmanager.facebook.com/adsmanager/manage/campaigns?act={own}{chosen}"

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        given = headers.get("x-hub-signature-256", "").encode()
        return any(hmac.compare_digest(push_signature(secret, body).encode(), given) for secret in secrets)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        """A push carries no id of its own; a repeated one has the same bytes."""
        return hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """`in_process_ad_objects` and `with_issues_ad_objects` alike: what stands how."""
        return ("campaigns", "account") if b'"ad_account"' in body else ()

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        return install.consent_page(app, asking)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        return install.grants(app, asking, callback, transport, clock)
