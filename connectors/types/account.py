"""A connected account, and the figures by which its channel judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from connectors.types.base import Record


class Boundary(StrEnum):
    """How a value stands to its target when the rule is broken."""

    AT_LEAST = "at_least"  # the rule says "below 10": broken at 10
    ABOVE = "above"  # "at most 10": broken past 10
    AT_MOST = "at_most"  # "more than 60": broken at 60
    BELOW = "below"  # "at least 60": broken under 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMetric(Record):
    """One figure by which a channel judges the account. `external_id` is the figure's name at the channel.

    `numerator` and `denominator` are counts behind a rate, where the channel tells them. `points` and `tier` are the
    account's penalty points and sanction tier when the figure was read; they are equal on all figures of one reading.
    """

    name: str  # late_shipment_rate, non_fulfillment_rate, penalty_points …
    value: Decimal | None = None  # in `unit`; None: not measured in this window
    target: Decimal | None = None
    boundary: Boundary | None = None
    unit: str = ""  # percent, count, days, hours, seconds
    window: str = ""  # the channel's words for the span that is measured
    numerator: int | None = None
    denominator: int | None = None
    points: int | None = None
    tier: int | None = None
    measured_at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector needs of a shop. `credentials` are clear text here and never logged (`repr` hides them)."""

    kind: str
    shop_id: int
    name: str
    external_id: str
    base_url: str
    currency: str = ""
    country: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    time_zone: str = "UTC"  # whose days the account counts in
