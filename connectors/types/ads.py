"""Campaigns and what they spend."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.types.base import Record


class CampaignStatus(StrEnum):
    """What the advertiser set, in words that every ad platform's own status maps to."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"  # removed or archived: it cannot be resumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Record):
    """`budget_shared_by` counts the campaigns that spend from this one's budget, itself among them; None: not told.

    `issue` is what keeps the platform from delivering it as set: disapproved ads, a spent budget, a policy.
    """

    name: str
    status: CampaignStatus
    platform_status: str = ""  # status and delivery as the platform writes them: "ENABLED/ELIGIBLE"
    kind: str = ""  # SHOPPING, PERFORMANCE_MAX, OUTCOME_SALES …: the platform's word
    daily_budget: Decimal | None = None  # None: set elsewhere (for its lifetime, by ad set)
    total_budget: Decimal | None = None
    currency: str
    budget_ref: str = ""
    budget_shared_by: int | None = None
    issue: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdSpend(Record):
    """One campaign's day, in the ad account's own time zone. A row without a SKU is the whole campaign; rows with one
    are parts of it and need not add up to it, so sums take the rows without.

    `sku` is the product's id in the feed that is advertised, which may be its SKU in lower case or an id made of a
    listing's. Conversions are restated for weeks after the day.
    """

    campaign: str
    campaign_ref: str = ""
    sku: str = ""
    day: date
    cost: Decimal
    currency: str
    clicks: int = 0
    impressions: int | None = None
    conversions: Decimal | None = None
    conversions_value: Decimal | None = None
