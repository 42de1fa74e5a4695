"""48 · A supplier is late, sends less, or asks more than was agreed.

late = max(0, new arrival − max(agreed day, cover));
short = max(0, lead time − cover − promised / v) less the same with what was ordered;
dollars = (late + short) · v · price · margin · (1 − substitution) + units · (promised − agreed price).
The days without stock are those of stock-out (40), worked out again with the new date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.figures import Figure, Source, between, given, largest, total
from alerts.looks import StockLook, SupplyLook
from alerts.pace import Pace, arriving, best_offer, lead_time, pace, position, purchase
from alerts.supply import Reckoned, days_of, reconcile
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "supplier_late"

THRESHOLDS = {
    "least_days": Threshold(Decimal(1), "days", "own default", "A slip below this is noise of the calendar."),
    "usual_slip_days": Threshold(Decimal(7), "days", "own estimate", "Expected where a late supplier says nothing."),
    "least_dearer": Threshold(Decimal("0.01"), "share", "own default", "A price this little above is rounding."),
    "left_by_chasing": Threshold(Decimal("0.5"), "share", "own estimate", "What remains once the supplier is chased."),
    "review_days": Threshold(Decimal(7), "days", "own default", "How often purchase orders are placed."),
    "service": Threshold(Decimal("1.28"), "σ", "90 % service level of a normal demand", "Safety factor z."),
}  # fmt: skip
# Giving an order up comes last: it is never what is prepared first.
DRAFTS = ("chase_supplier", "purchase_order", "create_purchase_order", "escalation_note", "cancel_purchase_order")


def detect(looks: Iterable[SupplyLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        reckoned = meant(look, reconcile(look, now), context)
        if reckoned.is_off:
            case = Case(look, reckoned, now, context)
            if case.is_worth_telling:
                yield finding(case)


def meant(look: SupplyLook, found: Reckoned, context: Context) -> Reckoned:
    """Without what is too little to speak of."""
    least = context.threshold("least_days").likely
    is_dearer = look.unit_cost and found.dearer >= look.unit_cost * context.threshold("least_dearer").likely
    return Reckoned(
        found.late_days if found.late_days >= least else Decimal(0),
        found.overdue_days if found.overdue_days >= least else Decimal(0),
        found.short, found.dearer if is_dearer else Decimal(0), found.currency,
    )  # fmt: skip


class Case:
    """One order line that is off, with its days and dollars as figures."""

    def __init__(self, look: SupplyLook, reckoned: Reckoned, now: datetime, context: Context) -> None:
        self.look, self.reckoned, self.now, self.context = look, reckoned, now, context
        self.line = Source("purchase order", "due_at", look.shop.id, look.ref, look.read_at)
        self.speed: Pace | None = pace(look.stock.daily_units) if look.stock else None
        self.missing: list[str] = []
        self.lost = self._lost_sales(look.stock, self.speed) if look.stock and self.speed else None
        self.dearer = self._dearer()
        parts = tuple(part for part in (self.lost, self.dearer) if part is not None)
        self.ignored = total("loss if ignored", parts, context.base).named("loss if ignored") if parts else None

    @property
    def is_worth_telling(self) -> bool:
        """A slip that costs nothing is no exception; one whose dollars cannot be had is told without them."""
        return bool(self.missing) or (self.ignored is not None and self.ignored.likely > 0)

    def arrival(self) -> Figure:
        """Days until the goods come: as promised; where nobody says, a usual slip from today, assumed."""
        word = self.look.promise
        if self.reckoned.overdue_days or not (self.look.due_at or (word and word.due_at)):
            slip = self.context.threshold("usual_slip_days").likely
            return between(
                "days until it may come", slip / 2, slip, slip * 2, "days", source=self.line, is_assumed=True
            )
        if word and word.due_at:
            place = Source("supplier promise", "due_at", word.shop_id, word.ref, word.read_at)
            return given(days_of(word.due_at - self.now), "days until the promised day", "days", place)
        return self.agreed()

    def agreed(self) -> Figure:
        until = days_of(self.look.due_at - self.now) if self.look.due_at else Decimal(0)
        return given(until, "days until the agreed day", "days", self.line)

    def _lost_sales(self, stock: StockLook, speed: Pace) -> Figure | None:
        velocity, coming = speed.figure(stock.sku), self.arrival()
        others = tuple(order for order in stock.inbound if order.ref != self.look.ref)
        place = Source("stock level", "on_hand", external_id=stock.sku, read_at=stock.read_at)
        free = given(max(0, position(stock)), "free to sell", "units", place)
        before = arriving(others, self.now + timedelta(days=float(coming.likely)))
        cover = ((free + given(before, "arriving before it", "units")) / velocity).named("cover", "days")
        late = largest("days out by the delay", coming - largest("from", self.agreed(), cover), 0)
        days = total("days without stock", (late, *self._short(stock, cover, velocity)), "days")
        if days.likely <= 0:
            return None
        daily = self._daily(stock, velocity)
        return (days * daily).named("lost sales", self.context.base) if daily else None

    def _short(self, stock: StockLook, cover: Figure, velocity: Figure) -> tuple[Figure, ...]:
        """Days that the missing units would have lasted before a new order could come."""
        if not self.reckoned.short:
            return ()
        lead = lead_time(stock, self.context)
        open_units = self.look.quantity - self.look.received
        asked = given(open_units, "still ordered", "units", self.line)
        comes = given(open_units - self.reckoned.short, "promised", "units", self.line)
        without = largest("days out with what is promised", lead - cover - comes / velocity, 0)
        with_all = largest("days out with what was ordered", lead - cover - asked / velocity, 0)
        return ((without - with_all).named("days out by the shortage", "days"),)

    def _daily(self, stock: StockLook, velocity: Figure) -> Figure | None:
        offer = best_offer(stock)
        if offer is None or offer.price is None:
            self.missing.append("a price of this SKU")
            return None
        place = Source("listing", "price", offer.shop.id, offer.listing_ref, stock.read_at)
        price = cash(self.context, "price", offer.price, offer.currency, self.now, place)
        if price is None:
            self.missing.append(no_rate(self.context, offer.currency))
            return None
        kept = given(1) - self.context.dollar("substitution", None, stock.sku)
        margin = self.context.dollar("margin", offer.shop.id, stock.sku)
        return (velocity * price * margin * kept).named("loss a day", self.context.base)

    def _dearer(self) -> Figure | None:
        if self.reckoned.currency:
            self.missing.append(f"the agreed price in {self.reckoned.currency}, the currency of the promise")
        if not self.reckoned.dearer:
            return None
        place = Source("purchase order", "unit_cost", self.look.shop.id, self.look.ref, self.look.read_at)
        more = cash(self.context, "dearer by the unit", self.reckoned.dearer, self.look.currency, self.now, place)
        if more is None:
            self.missing.append(no_rate(self.context, self.look.currency))
            return None
        units = self.look.quantity - self.look.received - self.reckoned.short
        return (more * given(units, "units still to come", "units", place)).named("price above the agreed")


def finding(case: Case) -> Finding:
    look, ignored = case.look, case.ignored
    left = case.context.threshold("left_by_chasing")
    until = case.now + timedelta(days=max(1.0, float(case.arrival().likely)))
    return Finding(
        detector=NAME,
        subject=Subject("purchase_order", look.ref, look.shop.id, f"{look.number} · {look.sku}"),
        title=f"{look.supplier_name or 'The supplier'} {words(case.reckoned)[0]} on {look.number}",
        ignored=ignored,
        acted=(ignored * left).named("what remains once it is chased", case.context.base) if ignored else None,
        saves=(ignored * (given(1) - left)).named("at risk", case.context.base) if ignored else None,
        deadline=None,
        waiting=slope(case.now, until),
        minutes=Decimal(3),
        why="; ".join(words(case.reckoned)).capitalize() + ".",
        tradeoff="Chasing costs a mail and some goodwill; another order covers the gap and ties up cash.",
        missing=tuple(dict.fromkeys(case.missing)),
        evidence=evidence(case),
        drafts=DRAFTS,
        arguments=_arguments(case),
        state=f"{case.reckoned.late_days}|{case.reckoned.short}|{case.reckoned.dearer}|{int(case.reckoned.overdue_days)}",
    )


def words(found: Reckoned) -> list[str]:
    """What is off, the costliest kind first."""
    said = []
    if found.overdue_days:
        said.append(f"is {found.overdue_days:.0f} days overdue without a word")
    if found.late_days:
        said.append(f"promises it {found.late_days:.0f} days late")
    if found.short:
        said.append(f"sends {found.short:,} units less than ordered")
    if found.dearer:
        said.append(f"asks {found.dearer.normalize():f} more a unit than agreed")
    if found.currency:
        said.append(f"prices it in {found.currency}, not as agreed")
    return said


def evidence(case: Case) -> tuple[Evidence, ...]:
    look, word = case.look, case.look.promise
    shown = [
        Evidence("Agreed day", case.line, f"{look.due_at:%Y-%m-%d}" if look.due_at else "none"),
        Evidence("Still to come", case.line, str(look.quantity - look.received)),
    ]
    if word is not None:
        place = Source("supplier promise", "quantity", word.shop_id, word.ref, word.read_at)
        shown.append(Evidence("Promised day", place, f"{word.due_at:%Y-%m-%d}" if word.due_at else "not said"))
        shown.append(Evidence("Promised units", place, "not said" if word.quantity is None else str(word.quantity)))
        shown.append(Evidence("Promised price", place, f"{word.unit_cost} {word.currency}" if word.unit_cost else ""))
    return tuple(shown)


def _arguments(case: Case) -> dict[str, object]:
    look, stock, speed = case.look, case.look.stock, case.speed
    chased: dict[str, object] = {
        "sku": look.sku,
        "purchase_ref": look.ref,
        "purchase_number": look.number,
        "purchase_shop_id": look.shop.id,
    }
    if stock is None or speed is None:
        return chased
    return purchase(stock, speed, lead_time(stock, case.context), case.context) | chased


DETECTOR = Detector(NAME, 48, "Supplier late, short or dearer", SupplyLook, detect, THRESHOLDS, DRAFTS)
