"""8 · Shopee late-shipment rate, turned into a budget: how many more late orders until points are given on Monday.

The mechanism (points each Monday for the past week, sanctions of 28 days) is Shopee's; limits differ by country and
year, so the target that the account-health read returns always goes before the setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from alerts.arithmetic.curves import cliff
from alerts.arithmetic.dollars import cash, no_rate
from alerts.arithmetic.odds import Prior, chance, more_than
from alerts.figures import Figure, Source, between, given
from alerts.looks import RateLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "shopee_late_rate"
DRAFTS = ("escalation_note", "arrange_shipment", "appeal", "holiday_mode")
LATE = Prior(Decimal("0.25"), Decimal(10), "share of orders due within days that ship late")
SHOWN_ORDERS = 50
# Over the limit already: only a wrongly counted order, taken back on appeal, keeps the points away.
OVER = Decimal("0.95")
SCANNED_LATE = 0.1

THRESHOLDS = {
    "limit": Threshold(
        Decimal("0.10"), "share", "Taiwan seller notice, from 17 Jun 2024; other countries saw 0.10–0.20",
        "Used only where the channel's own target was not read.",
    ),
    "sanction_days": Threshold(Decimal(28), "days", "seller education deck, 2019", "How long a sanction lasts."),
    "lost_share_low": Threshold(Decimal("0.02"), "share", "own estimate", "Sales lost while sanctioned, at least."),
    "lost_share": Threshold(Decimal("0.06"), "share", "own estimate", "Sales lost: campaigns, ranking."),
    "lost_share_high": Threshold(Decimal("0.15"), "share", "own estimate", "Sales lost while sanctioned, at most."),
    "watch_chance": Threshold(Decimal("0.20"), "share", "own default", "Show from this chance of crossing on."),
}  # fmt: skip


def late_budget(limit: Decimal, counted: int, bad: int, *, is_at_least: bool) -> int:
    """Late orders that may still come before the rule is broken: both boundary forms."""
    reach = limit * counted
    if is_at_least:
        return max(0, int(reach.to_integral_value(ROUND_CEILING)) - 1 - bad)
    return max(0, int(reach.to_integral_value(ROUND_FLOOR)) - bad)


def is_broken(limit: Decimal, counted: int, bad: int, *, is_at_least: bool) -> bool:
    return bad >= limit * counted if is_at_least else bad > limit * counted


def next_monday(now: datetime, time_zone: str) -> datetime:
    """When the past week is judged: Monday 00:00 of the shop's own clock."""
    local = now.astimezone(ZoneInfo(time_zone))
    days = 7 - local.weekday()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=days)).astimezone(UTC)


def detect(looks: Iterable[RateLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        limit = look.limit or context.threshold("limit", look.shop.kind, look.shop.country).likely
        watch = context.threshold("watch_chance", look.shop.kind, look.shop.country)
        points = points_chance(look, limit, now, is_shipped=False)
        if look.counted and points.likely >= watch.likely:
            yield finding(look, limit, points, now, context)


def finding(look: RateLook, limit: Decimal, points: Figure, now: datetime, context: Context) -> Finding:
    budget = late_budget(limit, look.counted, look.bad, is_at_least=look.is_at_least)
    broken = is_broken(limit, look.counted, look.bad, is_at_least=look.is_at_least)
    tier = _tier_cost(look, now, context)
    judged_at = next_monday(now, look.shop.time_zone)
    shipped = points_chance(look, limit, now, is_shipped=True)
    first = sorted(look.due, key=lambda order: (order.ship_by, -(order.total or 0)))[:SHOWN_ORDERS]
    ignored = (points * tier).named("loss if ignored", context.base) if tier else None
    return Finding(
        detector=NAME,
        subject=Subject("account_metric", look.metric_ref, look.shop.id, look.shop.name),
        title=_title(look, budget, broken),
        ignored=ignored,
        acted=(shipped * tier).named("loss left after shipping these first", context.base) if tier else None,
        saves=(fewer_points(points, shipped) * tier) if tier else None,
        gmv=_sales(look, now, context),
        deadline=judged_at,
        waiting=cliff(judged_at),
        minutes=Decimal(3),
        probability=points.likely,
        why=f"{look.bad} of {look.counted} orders were late; the limit is {limit:%}. {len(look.due)} more are due.",
        tradeoff="Shipping the oldest first costs an extra courier slot; a sanction costs sales for four weeks.",
        missing=() if tier else (_unknown(look, context),),
        evidence=_evidence(look, limit),
        drafts=DRAFTS,
        arguments={
            "shop_id": look.shop.id,
            "metric_ref": look.metric_ref,
            "order_ref": first[0].ref if first else "",
            "order_refs": [order.ref for order in first],
            "order_numbers": [order.number for order in first],
            "budget": budget,
        },
        state=f"{broken}|{budget}|{look.points}",
    )


def fewer_points(now: Figure, shipped: Figure) -> Figure:
    """How much likelier points are without shipping first: both chances rest on the same counts, so end by end."""
    parts = sorted((now.low - shipped.low, now.likely - shipped.likely, now.high - shipped.high))
    low, likely, high = (
        max(parts[0], Decimal(0)),
        max(now.likely - shipped.likely, Decimal(0)),
        max(parts[2], Decimal(0)),
    )
    return between("fall of P(points on Monday)", low, likely, high, "share", source=now.source)


def _source(look: RateLook, field: str) -> Source:
    return Source("account metric", field, look.shop.id, look.metric_ref, look.measured_at)


def points_chance(look: RateLook, limit: Decimal, now: datetime, *, is_shipped: bool) -> Figure:
    """Chance that the week ends over the limit. Orders that are due join the base; the overdue ones join the late.

    An overdue order is not always counted this week (it may be cancelled, or leave after Monday): 0.4 to 1 of them are.
    `is_shipped`: all that are not late yet leave now, of which the courier still scans a few too late.
    """
    counted = look.counted + len(look.due)
    if is_broken(limit, counted, look.bad, is_at_least=look.is_at_least):
        return between("P(points on Monday)", Decimal("0.8"), OVER, 1, "share", source=_source(look, "value"))
    room = late_budget(limit, counted, look.bad, is_at_least=look.is_at_least)
    late = sum(order.ship_by <= now for order in look.due)
    left = (len(look.due) - late) * (SCANNED_LATE if is_shipped else 1.0)
    share = chance("P(late)", look.late, LATE, look.shop.id)
    low, likely, high = (
        Decimal(str(round(more_than(room, part * late + float(each) * left), 4)))
        for part, each in ((0.4, share.low), (0.7, share.likely), (1.0, share.high))
    )
    note = f"more than {room} of {len(look.due)} due: {late} are overdue, the others late with P = {share.likely}"
    place = Source("account metric", "numerator", look.shop.id, look.metric_ref, look.measured_at, note)
    return between("P(points on Monday)", low, likely, high, "share", source=place)


def _sales(look: RateLook, now: datetime, context: Context) -> Figure | None:
    if look.daily_sales is None:
        return None
    place = Source(
        "order",
        "total",
        look.shop.id,
        note="median of the last 28 days: a sale day does not count for the month after it",
    )
    return cash(context, "sales per day", look.daily_sales, look.shop.currency, now, place)


def _tier_cost(look: RateLook, now: datetime, context: Context) -> Figure | None:
    sales = _sales(look, now, context)
    if sales is None:
        return None
    low, likely, high = (
        context.threshold(name, look.shop.kind, look.shop.country)
        for name in ("lost_share_low", "lost_share", "lost_share_high")
    )
    lost = between(
        "share of sales lost", low.likely, likely.likely, high.likely, "share", source=likely.source, is_assumed=True
    )
    days = context.threshold("sanction_days", look.shop.kind, look.shop.country)
    return (sales * days * lost * context.dollar("margin", look.shop.id)).named("cost of a sanction", context.base)


def _unknown(look: RateLook, context: Context) -> str:
    if look.daily_sales is None:
        return "no sales of the last four weeks are stored, so the cost of a sanction is unknown"
    return no_rate(context, look.shop.currency)


def _title(look: RateLook, budget: int, broken: bool) -> str:
    if broken:
        return f"{look.shop.name}: the late-shipment rate is over its limit"
    return f"{look.shop.name}: {budget} late {'order' if budget == 1 else 'orders'} left before penalty points"


def _evidence(look: RateLook, limit: Decimal) -> tuple[Evidence, ...]:
    return (
        Evidence("Late orders in the window", _source(look, "numerator"), str(look.bad)),
        Evidence("Orders counted in the window", _source(look, "denominator"), str(look.counted)),
        Evidence("The limit", _source(look, "target"), str(given(limit).likely)),
    )


DETECTOR = Detector(NAME, 8, "Shopee late-shipment runway", RateLook, detect, THRESHOLDS, DRAFTS)
