"""How fast a SKU sells, how long it lasts, and how much to order, from whom. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from alerts.arithmetic.odds import REACH
from alerts.figures import Figure, Source, between
from alerts.looks import InboundLook, OfferLook, StockLook
from alerts.types import Context

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Pace:
    """Units a day on days when it could be bought, and their spread."""

    mean: Decimal
    spread: Decimal
    days: int

    def figure(self, sku: str) -> Figure:
        """The velocity with the 80 % interval of its mean."""
        reach = REACH * self.spread / Decimal(max(self.days, 1)).sqrt()
        low = max(self.mean - reach, self.mean / 4)
        place = Source("order line", "quantity", external_id=sku, note=f"{self.days} days on which it was in stock")
        numbers = (low.quantize(CENT), self.mean.quantize(CENT), (self.mean + reach).quantize(CENT))
        return between("units a day", *numbers, "units", source=place)


def pace(daily_units: Sequence[int]) -> Pace | None:
    """None where it was never on sale, or never sold."""
    if not daily_units or not any(daily_units):
        return None
    count = len(daily_units)
    mean = Decimal(sum(daily_units)) / count
    squares = sum(((units - mean) ** 2 for units in daily_units), Decimal(0))
    variance = squares / max(count - 1, 1)
    return Pace(mean, variance.sqrt(), count)


def position(look: StockLook) -> int:
    """Units that may still be sold now: on hand less what is promised, to open orders or as the channels count it."""
    return look.on_hand - look.reserved


def arriving(inbound: Sequence[InboundLook], by: datetime) -> int:
    """Units of purchase orders that are due by then; one without a date is not counted on."""
    return sum(order.quantity for order in inbound if order.due_at and order.due_at <= by)


def next_arrival(inbound: Sequence[InboundLook], now: datetime) -> datetime | None:
    return min((order.due_at for order in inbound if order.due_at and order.due_at > now), default=None)


def order_quantity(
    speed: Pace, lead_days: float, review_days: float, service: float, stock: int, minimum: int | None, case: int | None
) -> int:
    """v·(L+R) + z·σ·√(L+R) − position, at least the minimum, rounded up to whole cases; never below zero."""
    span = Decimal(str(lead_days + review_days))
    wanted = speed.mean * span + Decimal(str(service)) * speed.spread * span.sqrt() - stock
    units = max(0, int(wanted.to_integral_value(ROUND_CEILING)))
    if units and minimum:
        units = max(units, minimum)
    return math.ceil(units / case) * case if case else units


def days(figure: Figure) -> timedelta:
    return timedelta(days=float(figure.likely))


def lead_time(look: StockLook, context: Context) -> Figure:
    """The supplier's own days, with a usual slip; else the dollar input."""
    if look.lead_time_days is None:
        return context.dollar("lead_time", None, look.sku)
    told = Decimal(look.lead_time_days)
    place = Source("supplier", "lead_time_days", look.supplier_shop_id, look.supplier_ref, look.read_at)
    return between("lead time", told, told, told * Decimal("1.25"), "days", source=place)


def best_offer(look: StockLook) -> OfferLook | None:
    """The channel whose price counts: the lowest known price, so that no more is promised than that."""
    return min((offer for offer in look.offers if offer.price is not None), key=lambda o: o.price or 0, default=None)


def dearer(look: StockLook, share: Decimal) -> dict[str, object]:
    """What raising the price by a share needs, on the channel whose price counts; nothing where none is known."""
    offer = best_offer(look)
    if offer is None or offer.price is None or not offer.listing_ref:
        return {}
    return {
        "listing_ref": offer.listing_ref,
        "listing_shop_id": offer.shop.id,
        "price": str(offer.price * (1 + share)),
    }


def purchase(look: StockLook, speed: Pace, lead: Figure, context: Context) -> dict[str, object]:
    """What a purchase order needs. Reads the thresholds `review_days` and `service` of the detector that asks."""
    review, service = (float(context.threshold(name).likely) for name in ("review_days", "service"))
    stock = position(look) + sum(order.quantity for order in look.inbound)
    units = order_quantity(speed, float(lead.likely), review, service, stock, look.minimum_quantity, look.case_size)
    return {
        "sku": look.sku,
        "title": look.title,
        "quantity": max(units, look.minimum_quantity or 1),
        "supplier_ref": look.supplier_ref,
        "supplier_shop_id": look.supplier_shop_id,
        "shop_id": look.supplier_shop_id,
        "unit_cost": str(look.unit_cost) if look.unit_cost is not None else None,
        "currency": look.cost_currency,
    }
