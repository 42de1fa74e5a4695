"""What a supplier's word and the calendar say against a purchase order: late, silent, short, dearer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.looks import SupplyLook

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """How one order line stands. None and zero mean that nothing is wrong in that respect.

    `late_days` is how much later than agreed the goods are promised; `overdue_days` how long the agreed day has passed
    without goods and without a later promise; `short` how many units will not come; `dearer` what one unit costs more
    than agreed, in the order's currency. `currency` is set where the promise is priced in another currency.
    """

    late_days: Decimal = Decimal(0)
    overdue_days: Decimal = Decimal(0)
    short: int = 0
    dearer: Decimal = Decimal(0)
    currency: str = ""

    @property
    def is_off(self) -> bool:
        return bool(self.late_days or self.overdue_days or self.short or self.dearer or self.currency)


def reconcile(look: SupplyLook, now: datetime) -> Reckoned:
    """Quantity promised against ordered, price against agreed, dates against each other and against today."""
    word = look.promise
    promised_at = word.due_at if word else None
    # Both are days that somebody named: the hour at which a file was written is none of theirs.
    late = promised_at.date() - look.due_at.date() if promised_at and look.due_at else timedelta(0)
    awaited = max(day for day in (look.due_at, promised_at, now) if day)
    overdue = now - (promised_at or look.due_at or now) if awaited == now else timedelta(0)
    short = 0 if word is None or word.quantity is None else max(0, look.quantity - max(word.quantity, look.received))
    return Reckoned(days_of(late), days_of(overdue), short, *_price(look))


def _price(look: SupplyLook) -> tuple[Decimal, str]:
    """What a unit costs more, or the other currency in which it is promised: two currencies are not compared."""
    word = look.promise
    if word is None or word.unit_cost is None or look.unit_cost is None:
        return Decimal(0), ""
    if word.currency and look.currency and word.currency != look.currency:
        return Decimal(0), word.currency
    return max(Decimal(0), word.unit_cost - look.unit_cost), ""


def days_of(span: timedelta) -> Decimal:
    """Days, two decimals, never below zero."""
    return max(Decimal(0), Decimal(str(round(span / DAY, 2))))
