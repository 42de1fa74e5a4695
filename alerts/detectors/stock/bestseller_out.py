"""41 · A best seller is out now: every hour costs its margin, and its place in the listing after that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.figures import Figure, Source, between, given, smallest
from alerts.looks import StockLook
from alerts.pace import Pace, best_offer, days, lead_time, next_arrival, pace, position, purchase
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "bestseller_out"
DRAFTS = ("purchase_order", "create_purchase_order", "pause_campaign", "escalation_note")

THRESHOLDS = {
    "top": Threshold(Decimal(20), "place", "docs.vortexiq.ai, best sellers out of stock", "By units of 30 days."),
    "least_units_a_day": Threshold(Decimal("0.5"), "units", "own default", "Slower SKUs are no best sellers."),
    "review_days": Threshold(Decimal(7), "days", "own default", "How often purchase orders are placed."),
    "service": Threshold(Decimal("1.28"), "σ", "90 % service level of a normal demand", "Safety factor z."),
    "most_days": Threshold(Decimal(30), "days", "own default", "Loss is counted for so many days at most."),
    "left_by_expediting": Threshold(Decimal("0.45"), "share", "own estimate", "Days out that an express order leaves."),
}  # fmt: skip


def detect(looks: Iterable[StockLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        speed = pace(look.daily_units)
        if speed is None or position(look) > 0 or not look.place or look.place > context.threshold("top").likely:
            continue
        if speed.mean >= context.threshold("least_units_a_day").likely:
            yield finding(look, speed, now, context)


def finding(look: StockLook, speed: Pace, now: datetime, context: Context) -> Finding:
    velocity = speed.figure(look.sku)
    lead = lead_time(look, context)
    out = _days_out(look, lead, now, context)
    daily = _daily_loss(look, velocity, now, context)
    ignored = (out * daily).named("loss if ignored", context.base) if daily else None
    left = context.threshold("left_by_expediting")
    arrival = next_arrival(look.inbound, now)
    return Finding(
        detector=NAME,
        subject=Subject("sku", look.sku, None, look.title or look.sku),
        title=f"Best seller out of stock: {look.title or look.sku}",
        ignored=ignored,
        acted=(ignored * left).named("loss left after an express order", context.base) if ignored else None,
        saves=ignored * (given(1) - left) if ignored else None,
        gmv=_revenue(look, velocity, out, now, context),
        deadline=None,
        waiting=slope(now, now + days(out)),
        minutes=Decimal(2),
        probability=None,
        why=f"Number {look.place} by units; {position(look)} left to sell at {velocity.likely} a day"
        + (f"; {arrival:%d %b} brings more." if arrival else "; nothing is on its way."),
        tradeoff="Express freight costs more per unit; an empty shelf costs the margin and the listing's place.",
        missing=_missing(look, daily, context),
        evidence=_evidence(look, velocity),
        drafts=DRAFTS,
        arguments=purchase(look, speed, lead, context) | {"is_express": True},
        state=f"{look.on_hand <= 0}|{arrival.date() if arrival else ''}",
    )


def _days_out(look: StockLook, lead: Figure, now: datetime, context: Context) -> Figure:
    most = context.threshold("most_days")
    arrival = next_arrival(look.inbound, now)
    if arrival is None:
        return smallest("days out", lead, most).named("days out", "days")
    until = Decimal(str(round((arrival - now) / timedelta(days=1), 2)))
    place = Source("purchase order", "due_at", external_id=look.sku, read_at=look.read_at)
    coming = between("days until the next arrival", until, until, until * Decimal("1.3"), "days", source=place)
    return smallest("days out", coming, lead, most).named("days out", "days")


def _price(look: StockLook, now: datetime, context: Context) -> Figure | None:
    offer = best_offer(look)
    if offer is None or offer.price is None:
        return None
    place = Source("listing", "price", offer.shop.id, offer.listing_ref, look.read_at)
    return cash(context, "price", offer.price, offer.currency, now, place)


def _daily_loss(look: StockLook, velocity: Figure, now: datetime, context: Context) -> Figure | None:
    price, offer = _price(look, now, context), best_offer(look)
    if price is None or offer is None:
        return None
    kept = given(1) - context.dollar("substitution", None, look.sku)
    return (velocity * price * context.dollar("margin", offer.shop.id, look.sku) * kept).named(
        "loss a day", context.base
    )


def _revenue(look: StockLook, velocity: Figure, out: Figure, now: datetime, context: Context) -> Figure | None:
    price = _price(look, now, context)
    return (velocity * price * out).named("sales while out", context.base) if price else None


def _missing(look: StockLook, daily: Figure | None, context: Context) -> tuple[str, ...]:
    offer = best_offer(look)
    missing = [] if offer else ["a price of this SKU"]
    if offer and daily is None:
        missing.append(no_rate(context, offer.currency))
    if not look.supplier_ref:
        missing.append("who supplies it")
    return tuple(missing)


def _evidence(look: StockLook, velocity: Figure) -> tuple[Evidence, ...]:
    place = Source("stock level", "on_hand", external_id=look.sku, read_at=look.read_at)
    return (
        Evidence("On hand", place, str(look.on_hand)),
        Evidence("Left to sell", place, str(position(look))),
        Evidence("Sold a day", Source("order line", "quantity", external_id=look.sku), str(velocity.likely)),
        Evidence("Place by units of 30 days", Source("order line", "quantity", external_id=look.sku), str(look.place)),
    )


DETECTOR = Detector(NAME, 41, "Best seller out", StockLook, detect, THRESHOLDS, DRAFTS)
