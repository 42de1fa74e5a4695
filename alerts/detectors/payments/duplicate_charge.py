"""27 · One order was charged twice: give one back before the buyer asks the bank to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import Curve, slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.arithmetic.odds import Prior, chance
from alerts.figures import Figure, Source, given
from alerts.looks import ChargeLook, ChargesLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "duplicate_charge"
DRAFTS = ("refund", "reply", "ask_buyer")
DISPUTE = Prior(Decimal("0.40"), Decimal(10), "share of double charges that the buyer disputes")

THRESHOLDS = {
    "window_hours": Threshold(Decimal(48), "hours", "own default", "Charges of one order this near to each other."),
    "window_minutes_without_order": Threshold(Decimal(15), "minutes", "own default",
                                              "The same card and amount this near, where no order is named."),
    "act_hours": Threshold(Decimal(24), "hours", "support practice: before the payout, or within a day",
                           "When the refund is due."),
}  # fmt: skip


def detect(looks: Iterable[ChargesLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        for extra, kept in duplicates(look, context):
            yield finding(look, extra, kept, now, context)


def duplicates(look: ChargesLook, context: Context) -> list[tuple[ChargeLook, ChargeLook]]:
    """(the charge too many, the charge it repeats). Part payments of one order, and what was given back, are none."""
    standing = sorted(
        (charge for charge in look.charges if charge.refunded < charge.amount), key=lambda c: c.created_at
    )
    surplus = _surplus(look, standing)
    found: list[tuple[ChargeLook, ChargeLook]] = []
    kept: list[ChargeLook] = []
    for charge in standing:
        twin = next((other for other in kept if _repeats(look, charge, other, context)), None)
        open_amount = charge.amount - charge.refunded
        if twin is None or charge.is_disputed or (surplus is not None and surplus < open_amount):
            kept.append(charge)
            continue
        surplus = None if surplus is None else surplus - open_amount
        found.append((charge, twin))
    return found


def _surplus(look: ChargesLook, standing: list[ChargeLook]) -> Decimal | None:
    """What was charged beyond the order's total; None where the order or its currency is not known."""
    if look.order_total is None or any(charge.currency != look.order_currency for charge in standing):
        return None
    return sum((charge.amount - charge.refunded for charge in standing), Decimal(0)) - look.order_total


def _repeats(look: ChargesLook, charge: ChargeLook, other: ChargeLook, context: Context) -> bool:
    if charge.amount != other.amount or charge.currency != other.currency:
        return False
    apart = charge.created_at - other.created_at
    if look.order_number or look.order_ref:
        return apart <= timedelta(hours=float(context.threshold("window_hours").likely))
    near = apart <= timedelta(minutes=float(context.threshold("window_minutes_without_order").likely))
    return near and bool(charge.fingerprint) and charge.fingerprint == other.fingerprint


def finding(look: ChargesLook, extra: ChargeLook, kept: ChargeLook, now: datetime, context: Context) -> Finding:
    left = extra.amount - extra.refunded
    place = _source(look, extra, "amount")
    amount = cash(context, "charged twice", left, extra.currency, extra.created_at, place)
    dispute = chance("P(dispute)", look.disputed, DISPUTE, look.shop.id)
    deadline, waiting = _clock(extra, now, context)
    name = f"Order {look.order_number}" if look.order_number else "A buyer"
    return Finding(
        detector=NAME,
        subject=Subject("payment", extra.ref, look.shop.id, look.order_number or extra.ref),
        title=f"{name} was charged twice: {Money(left, extra.currency)}",
        ignored=_ignored(look, amount, dispute, context),
        acted=given(0, "nothing: the amount was never ours", context.base) if amount else None,
        gmv=None,
        deadline=deadline,
        waiting=waiting,
        minutes=Decimal(1),
        probability=dispute.likely,
        why=f"Two charges of {Money(extra.amount, extra.currency)} within "
        f"{round((extra.created_at - kept.created_at).total_seconds() / 60)} minutes for the same purchase.",
        tradeoff="Refunding one costs nothing that was earned; a dispute costs the amount, a fee and the rate.",
        missing=() if amount else (no_rate(context, extra.currency),),
        evidence=(
            Evidence("The second charge", place, str(Money(extra.amount, extra.currency))),
            Evidence("The first charge", _source(look, kept, "amount"), str(Money(kept.amount, kept.currency))),
            *_order_evidence(look),
        ),
        drafts=DRAFTS,
        arguments={
            "shop_id": look.shop.id,
            "payment_ref": extra.ref,
            "kept_payment_ref": kept.ref,
            "order_ref": look.order_ref,
            "order_number": look.order_number,
            "order_shop_id": look.order_shop_id,
            "amount": str(left),
            "currency": extra.currency,
            "reason": "duplicate",
        },
        customer_ref=look.customer_ref,
        state=f"{extra.refunded}|{extra.is_disputed}",
    )


def _ignored(look: ChargesLook, amount: Figure | None, dispute: Figure, context: Context) -> Figure | None:
    if amount is None:
        return None
    return (amount + dispute * context.dollar("dispute_fee", look.shop.id)).named("loss if ignored", context.base)


def _clock(extra: ChargeLook, now: datetime, context: Context) -> tuple[datetime | None, Curve]:
    due = extra.created_at + timedelta(hours=float(context.threshold("act_hours").likely))
    return (due if due > now else None), slope(extra.created_at, max(due, now) + timedelta(days=3))


def _source(look: ChargesLook, charge: ChargeLook, field: str) -> Source:
    return Source("payment", field, look.shop.id, charge.ref, look.read_at)


def _order_evidence(look: ChargesLook) -> tuple[Evidence, ...]:
    if look.order_total is None:
        return ()
    place = Source("order", "total", look.order_shop_id, look.order_ref, look.read_at)
    return (Evidence("The order's total", place, str(Money(look.order_total, look.order_currency))),)


DETECTOR = Detector(NAME, 27, "Duplicate charge", ChargesLook, detect, THRESHOLDS, DRAFTS)
