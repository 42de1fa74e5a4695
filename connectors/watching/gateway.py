"""Whether payments still come through a gateway as they used to: declines, silence, payouts. Pure.

Rates are compared by Wilson's score interval (E. B. Wilson, JASA 22, 1927), so that a handful of charges proves
nothing; silence by the Poisson chance of seeing nothing in that time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

Z = 1.96  # 95 %
LEAST_TRIED = 20
LEAST_FACTOR = 1.5  # a shift that matters, besides being certain
SILENCE_CHANCE = 0.001
PAYOUT_GRACE = timedelta(days=1)
# The gateways' words for a payout that is over, in lower case.
SETTLED = frozenset({
    "paid", "canceled", "cancelled", "failed", "reversed", "settled", "succeeded", "closed", "completed",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """Charges of a span of time, and how many of them failed."""

    tried: int
    declined: int

    @property
    def share(self) -> float:
        return self.declined / self.tried if self.tried else 0.0


@dataclass(frozen=True, slots=True)
class Takings:
    """What one shop's payments and pushes showed: of the last hours, and of the weeks before."""

    recent: Counted
    usual: Counted
    usual_hours: float
    last_charge_at: datetime | None
    pushes: int = 0
    pushes_hours: float = 0.0
    last_push_at: datetime | None = None
    late_payouts: int = 0
    failed_payouts: int = 0
    oldest_late_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """`what` is a word to group by: declines, no_payments, no_pushes, payouts_late, payouts_failed."""

    what: str
    says: str
    advice: str


def wilson(counted: Counted) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was tried."""
    if not counted.tried:
        return 0.0, 1.0
    n, p = counted.tried, counted.share
    middle, scale = p + Z * Z / (2 * n), 1 + Z * Z / n
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def has_shifted(recent: Counted, usual: Counted) -> bool:
    """More is declined than before, surely and by enough to matter."""
    if recent.tried < LEAST_TRIED or usual.tried < LEAST_TRIED:
        return False
    return wilson(recent)[0] > max(wilson(usual)[1], usual.share * LEAST_FACTOR)


def is_silent(count: int, hours: float, last_at: datetime | None, now: datetime) -> bool:
    """Whether nothing for so long is past chance, after `count` in `hours` before."""
    if last_at is None or count <= 0 or hours <= 0:
        return False
    expected = count / hours * ((now - last_at) / timedelta(hours=1))
    return math.exp(-expected) < SILENCE_CHANCE


def is_late(status: str, expected_at: datetime | None, paid_at: datetime | None, now: datetime) -> bool:
    """Whether a payout should have come by now."""
    is_open = status.lower() not in SETTLED and (paid_at is None or paid_at > now)
    return is_open and expected_at is not None and now - expected_at > PAYOUT_GRACE


def troubles(seen: Takings, now: datetime) -> tuple[Trouble, ...]:
    """What is not as usual, worst first."""
    found = []
    if has_shifted(seen.recent, seen.usual):
        found.append(Trouble(
            "declines",
            f"{seen.recent.declined} of the last {seen.recent.tried} charges were declined "
            f"({seen.recent.share:.0%}, usually {seen.usual.share:.1%}).",
            "See the decline codes on the gateway's page: a fraud rule, a card network or our checkout has changed.",
        ))  # fmt: skip
    if is_silent(seen.usual.tried, seen.usual_hours, seen.last_charge_at, now):
        found.append(Trouble(
            "no_payments",
            f"No charge has been tried since {seen.last_charge_at:%d %b %H:%M} UTC; usually "
            f"{seen.usual.tried / seen.usual_hours:.1f} an hour are.",
            "Try to pay in the shop: the checkout may be broken.",
        ))  # fmt: skip
    if is_silent(seen.pushes, seen.pushes_hours, seen.last_push_at, now):
        found.append(Trouble(
            "no_pushes",
            f"No push has come since {seen.last_push_at:%d %b %H:%M} UTC; usually "
            f"{seen.pushes / seen.pushes_hours:.1f} an hour do.",
            "The pull reads everything all the same, only later. See whether the webhook still stands on their side.",
        ))  # fmt: skip
    if seen.failed_payouts:
        found.append(Trouble(
            "payouts_failed", f"{seen.failed_payouts} payout{_s(seen.failed_payouts)} failed within a month.",
            "Check the bank account on the gateway's page.",
        ))  # fmt: skip
    if seen.late_payouts and seen.oldest_late_at:
        found.append(Trouble(
            "payouts_late",
            f"{seen.late_payouts} payout{_s(seen.late_payouts)} should have come, the oldest on "
            f"{seen.oldest_late_at:%d %b}.",
            "Ask the gateway where it is; keep the payout's number at hand.",
        ))  # fmt: skip
    return tuple(found)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
