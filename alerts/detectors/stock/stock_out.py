"""40 · Stock-out coming: the cover does not reach until a new order could arrive.

cover = (on hand + inbound by then − reserved) / v; gap = max(0, lead time − cover);
dollars = gap · v · price · margin · (1 − substitution); order by today + cover − lead time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.figures import Figure, Source, given, largest
from alerts.looks import OfferLook, StockLook
from alerts.pace import Pace, arriving, best_offer, days, dearer, lead_time, pace, position, purchase
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "stock_out"
DRAFTS = ("purchase_order", "create_purchase_order", "set_price", "escalation_note")

THRESHOLDS = {
    "least_units_a_day": Threshold(Decimal("0.2"), "units", "own default", "Slower SKUs are not watched."),
    "warn_days": Threshold(Decimal(2), "days", "own default", "Shown this long before the last day to order."),
    "least_gap_days": Threshold(Decimal(1), "days", "own default", "Smaller gaps are noise of the forecast."),
    "review_days": Threshold(Decimal(7), "days", "own default", "How often purchase orders are placed."),
    "service": Threshold(Decimal("1.28"), "σ", "90 % service level of a normal demand", "Safety factor z."),
    "price_rise": Threshold(Decimal("0.05"), "share", "own default", "Proposed to slow sales until goods come."),
}  # fmt: skip


def detect(looks: Iterable[StockLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        speed = pace(look.daily_units)
        if speed is None or speed.mean < context.threshold("least_units_a_day").likely or position(look) <= 0:
            continue
        forecast = Forecast(look, speed, now, context)
        if forecast.is_due(now, context):
            yield finding(look, forecast, now, context)


class Forecast:
    """Cover, lead time and gap of one SKU, as figures."""

    def __init__(self, look: StockLook, speed: Pace, now: datetime, context: Context) -> None:
        self.speed = speed
        self.velocity = speed.figure(look.sku)
        self.lead = lead_time(look, context)
        stock = Source("stock level", "on_hand", external_id=look.sku, read_at=look.read_at)
        self.inbound = arriving(look.inbound, now + days(self.lead))
        available = given(look.on_hand, "on hand", "units", stock) + given(self.inbound, "arriving in time", "units")
        promised = given(look.on_hand - position(look), "promised to orders", "units", stock)
        self.cover = ((available - promised) / self.velocity).named("cover", "days")
        self.gap = largest("gap", self.lead - self.cover, 0).named("gap", "days")
        self.order_by = now + days(self.cover) - days(self.lead)

    def is_due(self, now: datetime, context: Context) -> bool:
        warn = timedelta(days=float(context.threshold("warn_days").likely))
        least = context.threshold("least_gap_days").likely
        return self.gap.likely >= least or now <= self.order_by <= now + warn


def finding(look: StockLook, forecast: Forecast, now: datetime, context: Context) -> Finding:
    daily = daily_loss(look, forecast.velocity, now, context)
    ignored = (forecast.gap * daily).named("loss if ignored", context.base) if daily else None
    is_late = forecast.order_by <= now
    offer = best_offer(look)
    return Finding(
        detector=NAME,
        subject=Subject("sku", look.sku, None, look.title or look.sku),
        title=f"{look.title or look.sku} will run out before a new order can arrive",
        ignored=ignored,
        acted=given(0, "the gap is closed", context.base) if ignored else None,
        gmv=_revenue(forecast, offer, now, context),
        deadline=None if is_late else forecast.order_by,
        waiting=slope(max(forecast.order_by, now) if not is_late else now, now + days(forecast.lead)),
        minutes=Decimal(2),
        probability=None,
        why=_why(look, forecast, daily, is_late),
        tradeoff="An order now ties up cash early; without it the shelf is empty and the ranking of the listing falls.",
        missing=_missing(look, offer, daily, context),
        evidence=_evidence(look, forecast),
        drafts=DRAFTS,
        arguments=purchase(look, forecast.speed, forecast.lead, context)
        | dearer(look, context.threshold("price_rise").likely)
        | {"lead_time_days": float(forecast.lead.likely)},
        state=f"{is_late}|{int(forecast.cover.likely) // 3}|{forecast.inbound}",
    )


def daily_loss(look: StockLook, velocity: Figure, now: datetime, context: Context) -> Figure | None:
    """Margin lost on each day without stock, in the base currency."""
    offer = best_offer(look)
    if offer is None or offer.price is None:
        return None
    place = Source("listing", "price", offer.shop.id, offer.listing_ref, look.read_at)
    price = cash(context, "price", offer.price, offer.currency, now, place)
    if price is None:
        return None
    kept = given(1) - context.dollar("substitution", None, look.sku)
    return (velocity * price * context.dollar("margin", offer.shop.id, look.sku) * kept).named(
        "loss a day", context.base
    )


def _revenue(forecast: Forecast, offer: OfferLook | None, now: datetime, context: Context) -> Figure | None:
    if offer is None or offer.price is None:
        return None
    place = Source("listing", "price", offer.shop.id, offer.listing_ref)
    price = cash(context, "price", offer.price, offer.currency, now, place)
    return (forecast.gap * forecast.velocity * price).named("sales in the gap", context.base) if price else None


def _why(look: StockLook, forecast: Forecast, daily: Figure | None, is_late: bool) -> str:
    words = (
        f"{position(look)} units last {forecast.cover.likely:.0f} days at {forecast.velocity.likely} a day; "
        f"a new order takes {forecast.lead.likely:.0f}."
    )
    if is_late and daily:
        return f"{words} Already late: each day costs {Money(daily.likely, daily.unit)}."
    return words


def _missing(look: StockLook, offer: OfferLook | None, daily: Figure | None, context: Context) -> tuple[str, ...]:
    missing = []
    if offer is None:
        missing.append("a price of this SKU")
    elif daily is None:
        missing.append(no_rate(context, offer.currency))
    if not look.supplier_ref:
        missing.append("who supplies it")
    return tuple(missing)


def _evidence(look: StockLook, forecast: Forecast) -> tuple[Evidence, ...]:
    place = Source("stock level", "on_hand", external_id=look.sku, read_at=look.read_at)
    return (
        Evidence("On hand", place, str(look.on_hand)),
        Evidence("Promised to open orders", place, str(look.on_hand - position(look))),
        Evidence("Arriving in time", Source("purchase order", "quantity", external_id=look.sku), str(forecast.inbound)),
        Evidence("Sold a day", Source("order line", "quantity", external_id=look.sku), str(forecast.velocity.likely)),
    )


DETECTOR = Detector(NAME, 40, "Stock-out coming", StockLook, detect, THRESHOLDS, DRAFTS)
