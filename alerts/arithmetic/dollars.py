"""Amounts of a look as figures in the base currency, and the words for one that has no rate. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from alerts.figures import Figure, Source, given
from alerts.types import Context

MINUTES_PER_HOUR = Decimal(60)


def cash(
    context: Context, name: str, amount: Decimal | None, currency: str, on: datetime, source: Source
) -> Figure | None:
    """An amount in the base currency at the rate of that day; None where the amount or its rate is not known."""
    if amount is None:
        return None
    return context.money(name, amount, currency, on.date(), source)


def in_base(context: Context, figure: Figure, on: date) -> Figure | None:
    """A range of some currency in the base currency at the rate of that day; None where there is no rate."""
    if figure.unit == context.base:
        return figure
    rate = context.money(f"1 {figure.unit}", Decimal(1), figure.unit, on)
    return None if rate is None else (figure * rate).named(figure.name, context.base)


def no_rate(context: Context, currency: str) -> str:
    """What a card says where an amount could not be converted."""
    return f"no {currency or 'unnamed'}→{context.base} exchange rate, so its dollars are unknown"


def no_amount(context: Context, name: str, amount: Decimal | None, currency: str) -> str:
    """What a card says where an amount could not be had in the base currency."""
    return f"the {name} is not known" if amount is None else no_rate(context, currency)


def labour(context: Context, minutes: Decimal, shop_id: int | None = None) -> Figure:
    """What a person's time for one decision costs."""
    hours = given(minutes / MINUTES_PER_HOUR, f"{minutes} minutes", "hours")
    return (context.dollar("labour_rate", shop_id) * hours).named("labour", context.base)
