"""45 · A campaign spends far more than it used to, and what it brings has not grown with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from statistics import median

from alerts.ad_looks import AdDayLook, CampaignLook
from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import in_base, no_rate
from alerts.figures import Figure, Source, between
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "ad_spend_anomaly"

THRESHOLDS = {
    "least_days": Threshold(Decimal(10), "days", "own default", "Of history, before a band is believed."),
    "spreads": Threshold(
        Decimal(5), "times", "robust outlier rule on the median absolute deviation", "Above the median, in spreads."
    ),
    "least_growth": Threshold(Decimal("1.5"), "times", "own default", "Of the usual day's cost, even if it is steady."),
    "least_excess": Threshold(Decimal(10), "USD", "own default", "A day, above the usual cost."),
    "dearer": Threshold(
        Decimal("1.5"), "times", "own default", "The usual cost of a conversion, up to which more spending is earned."
    ),
    "to_come": Threshold(
        Decimal("1.4"), "times", "own estimate", "Conversions of the last two days are told late: by so much more."
    ),
    "noticed_after": Threshold(Decimal(3), "days", "own default", "Until somebody would see it in the reports."),
    "left_by_acting": Threshold(Decimal("0.06"), "share", "own estimate", "Lost until the cap is made."),
}  # fmt: skip
SPREAD_OF_MAD = Decimal("1.4826")  # of a normal distribution: its standard deviation over its MAD


@dataclass(frozen=True, slots=True)
class Band:
    """What a day usually costs: the median, and the highest that is still usual."""

    usual: Decimal
    high: Decimal
    conversion: Decimal | None  # usual cost of one; None where history has too few


def detect(looks: Iterable[CampaignLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        before, latest = split(look.days, now)
        hours = sum((day.hours for day in latest), Decimal(0))
        if len(before) < context.threshold("least_days").likely or hours < 12:
            continue
        band = band_of(before, context)
        spent = sum((day.cost for day in latest), Decimal(0))
        pace = spent / hours * 24
        if pace > band.high and not is_earned(latest, spent, band, context):
            found = finding(look, band, latest, pace, now, context)
            if found is not None:
                yield found


def split(days: Sequence[AdDayLook], now: datetime) -> tuple[list[AdDayLook], list[AdDayLook]]:
    """Whole days of the history, and yesterday with today."""
    newest = max((day.day for day in days), default=now.date())
    since = newest - timedelta(days=1)
    return [day for day in days if day.day < since and day.cost > 0], [day for day in days if day.day >= since]


def band_of(days: Sequence[AdDayLook], context: Context) -> Band:
    usual = median(day.cost for day in days)
    spread = median(abs(day.cost - usual) for day in days) * SPREAD_OF_MAD
    high = max(
        usual + spread * context.threshold("spreads").likely, usual * context.threshold("least_growth").likely
    )  # fmt: skip
    brought = sum((day.conversions or Decimal(0) for day in days), Decimal(0))
    cost = sum((day.cost for day in days), Decimal(0))
    return Band(usual, high, cost / brought if brought >= 5 else None)


def is_earned(latest: Sequence[AdDayLook], spent: Decimal, band: Band, context: Context) -> bool:
    """Whether the conversions of the two days, with those still to be told, pay for what was spent."""
    if band.conversion is None:
        return False
    brought = sum((day.conversions or Decimal(0) for day in latest), Decimal(0))
    worth = band.conversion * context.threshold("dearer").likely
    return spent <= worth * brought * context.threshold("to_come").likely


def finding(
    look: CampaignLook, band: Band, latest: Sequence[AdDayLook], pace: Decimal, now: datetime, context: Context
) -> Finding | None:
    """None where the excess is too small to look at."""
    excess = excess_a_day(look, band, pace, context)
    if excess is not None and excess.likely < context.threshold("least_excess").likely:
        return None
    days = context.threshold("noticed_after")
    ignored = (excess * days).named("spent above the usual until noticed", context.base) if excess else None
    left = context.threshold("left_by_acting")
    cap = band.high.to_integral_value(ROUND_CEILING)
    # A cap on a budget that others spend from would starve them.
    is_own = (look.budget_shared_by or 1) == 1
    can_cap = is_own and look.daily_budget is not None and look.daily_budget > cap
    return Finding(
        detector=NAME,
        subject=Subject("campaign", look.ref, look.shop.id, look.name),
        title=f"{look.name} spends {pace / band.usual:.1f} times its usual",
        ignored=ignored,
        acted=(ignored * left).named("spent until the cap holds", context.base) if ignored else None,
        saves=ignored * (1 - left) if ignored else None,
        deadline=None,
        waiting=slope(now, now + timedelta(days=float(days.likely))),
        minutes=Decimal(3),
        why=_why(look, band, latest, pace),
        tradeoff="A cap keeps what the campaign usually brings; a pause stops that too.",
        missing=() if excess else (no_rate(context, look.currency),),
        evidence=_evidence(look, band, latest, pace),
        drafts=("campaign_budget", "pause_campaign") if can_cap else ("pause_campaign", "escalation_note"),
        arguments={
            "campaign_ref": look.ref, "shop_id": look.shop.id, "daily_budget": str(cap), "is_active": False,
        },
        state=f"{look.daily_budget}|{int(pace / band.usual)}",
    )  # fmt: skip


def excess_a_day(look: CampaignLook, band: Band, pace: Decimal, context: Context) -> Figure | None:
    """What it spends above the usual: at least above the highest usual day. None where there is no rate."""
    place = Source("ad spend", "cost", look.shop.id, look.ref, look.read_at, note="yesterday and today against before")
    numbers = (pace - band.high, pace - band.usual, pace - band.usual)
    leaf = between("excess a day", *numbers, look.currency, source=place)
    return in_base(context, leaf, look.days[-1].day)


def _why(look: CampaignLook, band: Band, latest: Sequence[AdDayLook], pace: Decimal) -> str:
    brought = sum((day.conversions or Decimal(0) for day in latest), Decimal(0))
    said = (
        f"{pace:,.2f} {look.currency} a day since yesterday; usual are {band.usual:,.2f}, at most {band.high:,.2f}. "
        f"It brought {brought.normalize():f} conversions in that time"
    )
    clicks = sum(day.clicks for day in latest)
    cost = sum((day.cost for day in latest), Decimal(0))
    return f"{said}, and a click cost {cost / clicks:,.2f}." if clicks else f"{said}."


def _evidence(look: CampaignLook, band: Band, latest: Sequence[AdDayLook], pace: Decimal) -> tuple[Evidence, ...]:
    place = Source("ad spend", "cost", look.shop.id, look.ref, look.read_at)
    budget = Source("campaign", "daily_budget", look.shop.id, look.ref, look.read_at)
    shared = f", shared by {look.budget_shared_by} campaigns" if (look.budget_shared_by or 1) > 1 else ""
    told = f"{look.daily_budget:,.2f} {look.currency}{shared}" if look.daily_budget is not None else "set elsewhere"
    return (
        Evidence("Spends a day now", place, f"{pace:,.2f} {look.currency}"),
        Evidence("Usual day, and the highest that is usual", place, f"{band.usual:,.2f}, {band.high:,.2f}"),
        *(Evidence(f"Cost on {day.day:%d %b}", place, f"{day.cost:,.2f} in {day.hours:.0f} h") for day in latest),
        Evidence("Budget a day", budget, told),
    )


DETECTOR = Detector(
    NAME, 45, "Campaign spends far above its usual", CampaignLook, detect, THRESHOLDS,
    ("campaign_budget", "pause_campaign", "escalation_note"),
)  # fmt: skip
