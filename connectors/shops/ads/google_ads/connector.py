"""Google Ads: one ad account."""

from collections.abc import Mapping
from typing import ClassVar

from connectors.base import Answer, Budget, Clock, ConnectorError, Effect, Renewed, Retry, Transport, Write
from connectors.consent import App, Ask, Asking, Grant
from connectors.operations import Operation, SetCampaign, SetCampaignBudget
from connectors.shops import google_sign_in
from connectors.shops.ad_account import AdAccount, Perform, Reads, See
from connectors.shops.ads.google_ads import acts, answers, install, reads
from connectors.shops.ads.google_ads.client import HOST, Client
from connectors.types import Account


class GoogleAds(AdAccount):
    """Reads cost one operation a query, however many rows; the smallest access level has 2,880 a day, these feeds
    take about 330."""

    kind = "google_ads"
    label = "Google Ads"
    credentials = ("client_id", "client_secret", "access_token", "refresh_token", "customer_id")
    allowance = Budget(available=10, capacity=10, per_second=2)  # the limit by second is not published
    writes: ClassVar[Mapping[type[Operation], Write]] = {
        SetCampaign: Write(Effect.NATURAL, undo="set it back; a removed campaign never comes back"),
        SetCampaignBudget: Write(Effect.NATURAL, undo="set the former amount; what was spent stays spent"),
    }
    reads: ClassVar[Reads] = reads
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

    def check(self) -> str:
        rows = reads.everything(self.client, reads.CUSTOMER, "account")
        row = rows[0].get("customer") if rows and isinstance(rows[0], dict) else None
        if not isinstance(row, dict):
            raise Retry("Google tells nothing of the account itself; its shape may have changed", code="drift")
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
