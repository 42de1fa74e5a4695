"""What the detectors of advertising look at, filled by `alerts/facts/ads.py`. Pure.

Days are the ad account's own; the last one still runs, and its figures are those of `read_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from alerts.looks import ShopLook, StockLook


@dataclass(frozen=True, slots=True, kw_only=True)
class AdDayLook:
    """`hours` of the day that the figures cover: 24, or fewer today."""

    day: date
    cost: Decimal
    clicks: int = 0
    conversions: Decimal | None = None
    hours: Decimal = Decimal(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLook:
    """A campaign that runs, with its last weeks, oldest first."""

    shop: ShopLook
    ref: str
    name: str
    currency: str
    days: tuple[AdDayLook, ...]
    daily_budget: Decimal | None = None
    budget_shared_by: int | None = None
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdShareLook:
    """What one product took of a running campaign since the start of yesterday."""

    ref: str
    name: str
    cost: Decimal
    campaign_cost: Decimal

    @property
    def share(self) -> Decimal:
        return self.cost / self.campaign_cost if self.campaign_cost else Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvertisedLook:
    """A product that an ad account advertises, and its stock over all channels.

    `item` is what the platform calls it. `days` are yesterday and today, over all campaigns that run.
    """

    shop: ShopLook
    item: str
    stock: StockLook
    currency: str
    days: tuple[AdDayLook, ...]
    campaigns: tuple[AdShareLook, ...]  # the dearest first
    read_at: datetime
