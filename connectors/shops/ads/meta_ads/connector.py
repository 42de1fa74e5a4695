"""Meta Ads: one ad account of Facebook and Instagram."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from connectors.base import Answer, Budget, Clock, ConnectorError, Effect, Renewed, Transport, Write
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.operations import Operation, SetCampaign, SetCampaignBudget
from connectors.shops.ad_account import AdAccount, Perform, Reads, See
from connectors.shops.ads.meta_ads import acts, answers, install, reads
from connectors.shops.ads.meta_ads.client import HOST, Client
from connectors.shops.ads.meta_ads.signing import push_signature
from connectors.transport.oauth import REFRESH
from connectors.types import Account


class MetaAds(AdAccount):
    kind = "meta_ads"
    label = "Meta Ads"
    credentials = ("app_id", "app_secret", "access_token", "account_id")
    allowance = Budget(available=10, capacity=10, per_second=5)  # Meta tells percentages of limits it does not tell
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        SetCampaign: Write(Effect.NATURAL, undo="set it back; a pause of a week or more makes delivery learn anew"),
        SetCampaignBudget: Write(Effect.NATURAL, undo="set the former amount, at most four changes an hour"),
    }
    reads: ClassVar[Reads] = reads
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
        return Client(self.account.base_url, self.account.credentials, self.transport, self.account.currency)

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
