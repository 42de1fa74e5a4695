"""43 · Ads go on for a product that cannot be bought: each hour's cost is lost until it is back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.ad_looks import AdvertisedLook
from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import in_base, no_rate
from alerts.figures import Figure, Source, between, given, smallest
from alerts.pace import lead_time, next_arrival, position
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "ads_out_of_stock"

THRESHOLDS = {
    "least_at_risk": Threshold(Decimal(5), "USD", "own default", "Below this nobody need look."),
    "most_hours": Threshold(
        Decimal(72), "hours", "own default", "Loss is counted for so long at most: somebody would see it by then."
    ),
    "own_share": Threshold(
        Decimal("0.5"), "share", "own default", "Of its campaign's cost, from which pausing the campaign is proposed."
    ),
}  # fmt: skip


def detect(looks: Iterable[AdvertisedLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if position(look.stock) > 0 or not look.campaigns:
            continue
        burn = burn_rate(look, context)
        if burn is None:
            yield finding(look, None, now, context)
        elif (hours_out(look, now, context) * burn).likely >= context.threshold("least_at_risk").likely:
            yield finding(look, burn, now, context)


def finding(look: AdvertisedLook, burn: Figure | None, now: datetime, context: Context) -> Finding:
    hours = hours_out(look, now, context)
    ignored = (hours * burn).named("ad cost until it is back", context.base) if burn else None
    dearest = look.campaigns[0]
    is_its_own = dearest.share >= context.threshold("own_share").likely
    arrival = next_arrival(look.stock.inbound, now)
    spent = sum((day.cost for day in look.days), Decimal(0))
    title = look.stock.title or look.stock.sku
    return Finding(
        detector=NAME,
        subject=Subject("sku", look.stock.sku, look.shop.id, title),
        title=f"{look.shop.name} advertises {title}, which is sold out",
        ignored=ignored,
        acted=given(0, "nothing, once its ads stop", context.base) if burn else None,
        saves=ignored,
        deadline=None,
        waiting=slope(now, now + timedelta(hours=float(hours.likely))),
        minutes=Decimal(2),
        why=f"{position(look.stock)} left to sell; {dearest.name} spends on it all the same. "
        f"{spent:,.2f} {look.currency} went since yesterday and is lost already"
        + (f"; {arrival:%d %b} brings more." if arrival else "; nothing is on its way."),
        tradeoff=_tradeoff(dearest.name, dearest.share, is_its_own=is_its_own),
        missing=() if burn else (no_rate(context, look.currency),),
        evidence=_evidence(look, spent),
        drafts=("pause_campaign", "escalation_note") if is_its_own else ("escalation_note",),
        arguments={"campaign_ref": dearest.ref, "shop_id": look.shop.id, "is_active": False},
        state=f"{look.stock.on_hand <= 0}|{','.join(sorted(one.ref for one in look.campaigns))}",
    )


def burn_rate(look: AdvertisedLook, context: Context) -> Figure | None:
    """Cost an hour since the start of yesterday; the range is that of its days. None where there is no rate."""
    hours = sum((day.hours for day in look.days), Decimal(0))
    if hours <= 0:
        return None
    paces = [day.cost / day.hours for day in look.days if day.hours > 0]
    likely = sum((day.cost for day in look.days), Decimal(0)) / hours
    place = Source("ad spend", "cost", look.shop.id, look.item, look.read_at)
    low, high = min(*paces, likely), max(*paces, likely)
    cost = between("ad cost an hour", low, likely, high, look.currency, source=place)
    return in_base(context, cost, look.days[-1].day)


def hours_out(look: AdvertisedLook, now: datetime, context: Context) -> Figure:
    """Until the next delivery, which may slip by a third; without one, the supplier's lead time."""
    most, arrival = context.threshold("most_hours"), next_arrival(look.stock.inbound, now)
    if arrival is None:
        coming = (lead_time(look.stock, context) * 24).named("hours to restock", "hours")
    else:
        until = Decimal(str(round((arrival - now) / timedelta(hours=1), 2)))
        place = Source("purchase order", "due_at", external_id=look.stock.sku, read_at=look.stock.read_at)
        coming = between("hours to restock", until, until, until * Decimal("1.3"), "hours", source=place)
    return smallest("hours out", coming, most).named("hours out", "hours")


def _tradeoff(name: str, share: Decimal, *, is_its_own: bool) -> str:
    if is_its_own:
        return f"A pause stops all of {name}; this product takes {share:.0%} of it. Resume it when the goods are back."
    return (
        f"{name} shows many products and this one takes {share:.0%} of it, so a pause would cost more than it saves: "
        "exclude the product there, or set it to out of stock in the product feed."
    )


def _evidence(look: AdvertisedLook, spent: Decimal) -> tuple[Evidence, ...]:
    stock = Source("stock level", "on_hand", external_id=look.stock.sku, read_at=look.stock.read_at)
    place = Source("ad spend", "cost", look.shop.id, look.item, look.read_at)
    return (
        Evidence("Left to sell", stock, str(position(look.stock))),
        Evidence("Spent on it since yesterday", place, f"{spent:,.2f} {look.currency}"),
        *(
            Evidence(
                "Campaign that shows it",
                Source("campaign", "name", look.shop.id, one.ref, look.read_at),
                f"{one.name}: {one.share:.0%} of its cost",
            )
            for one in look.campaigns[:3]
        ),
    )


DETECTOR = Detector(
    NAME, 43, "Ads for what is sold out", AdvertisedLook, detect, THRESHOLDS, ("pause_campaign", "escalation_note")
)
