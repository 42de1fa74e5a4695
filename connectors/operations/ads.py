"""Campaigns."""

from dataclasses import dataclass

from connectors.money import Money
from connectors.operations.base import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCampaign(Operation):
    """Pause (`is_active` False) or resume one campaign."""

    campaign_ref: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCampaignBudget(Operation):
    """Cap what a campaign may spend a day.

    `sharing` counts the campaigns that were known to spend from the same budget when it was approved, this one among
    them: where more do by then, the call is refused, since it would cap them too.
    """

    campaign_ref: str
    daily: Money
    sharing: int = 1
