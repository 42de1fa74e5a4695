"""35 · A fraud warning or inquiry before the dispute: a full refund now prevents it; after it the fee stays.

W_wait = (1−p)·amount − p·fee; W_refund = the goods' value where they have not left, else 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, no_rate
from alerts.arithmetic.odds import Prior, chance
from alerts.figures import Figure, Source, given, largest
from alerts.looks import DisputeLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "fraud_warning"
SHIPPED = ("escalation_note", "refund", "redirect_parcel", "mark_fraud")
BEFORE = ("refund", "cancel_order", "escalation_note", "hold_order", "mark_fraud", "ask_buyer")
COMES_TRUE = Prior(Decimal("0.60"), Decimal(10), "share of early fraud warnings that become disputes")

THRESHOLDS = {
    "act_hours": Threshold(Decimal(24), "hours", "own default; disputes follow within days", "When the refund is due."),
    "least_dollars_shipped": Threshold(Decimal(5), "USD", "own default", "Less is no decision once goods have left."),
    "dispute_days": Threshold(Decimal(4), "days", "own estimate", "Days until the dispute usually comes."),
}  # fmt: skip


def detect(looks: Iterable[DisputeLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        is_open = look.status == "warning" and look.is_refundable is not False
        if is_open and look.payment_refunded < look.amount:
            found = finding(look, now, context)
            least = context.threshold("least_dollars_shipped").likely
            if not look.is_shipped or found.cash is None or found.cash.likely >= least:
                yield found


def waiting_is_worth(amount: Figure, fee: Figure, comes_true: Figure) -> Figure:
    """What is left on average if nothing is done."""
    return (given(1) - comes_true) * amount - comes_true * fee


def finding(look: DisputeLook, now: datetime, context: Context) -> Finding:
    comes_true = chance("P(dispute)", look.came_true, COMES_TRUE, look.shop.id)
    amount = cash(context, "charged", look.amount, look.currency, look.opened_at, _source(look, "amount"))
    ignored = _at_risk(look, amount, comes_true, context)
    due = look.opened_at + timedelta(hours=float(context.threshold("act_hours").likely))
    end = look.opened_at + timedelta(days=float(context.threshold("dispute_days").likely))
    return Finding(
        detector=NAME,
        subject=Subject("dispute", look.ref, look.shop.id, look.order_number or look.payment_ref),
        title=f"Fraud warning on {Money(look.amount, look.currency)}"
        + (f", order {look.order_number}" if look.order_number else ""),
        ignored=ignored,
        acted=given(0, "counted in the comparison", context.base) if ignored else None,
        gmv=amount,
        deadline=due if due > now else None,
        waiting=slope(look.opened_at, max(end, now + timedelta(days=1))),
        minutes=Decimal("1.5"),
        probability=comes_true.likely,
        why="The card's bank reports this charge as probably fraudulent. "
        + ("The goods have left." if look.is_shipped else "The goods are still here."),
        tradeoff=_tradeoff(look),
        missing=_missing(look, ignored, context),
        evidence=(
            Evidence("Warning on this charge", _source(look, "status"), look.reason),
            Evidence("Charged", _source(look, "amount"), str(Money(look.amount, look.currency))),
            Evidence("State of the order", Source("order", "status", look.order_shop_id, look.order_ref, look.read_at),
                     look.order_status or "not known"),
        ),
        drafts=SHIPPED if look.is_shipped else BEFORE,
        arguments={
            "shop_id": look.shop.id,
            "payment_ref": look.payment_ref,
            "dispute_ref": look.ref,
            "order_ref": look.order_ref,
            "order_number": look.order_number,
            "order_shop_id": look.order_shop_id,
            "amount": str(look.amount - look.payment_refunded),
            "currency": look.currency,
            "reason": "fraudulent",
            "is_shipped": look.is_shipped,
        },
        customer_ref=look.customer_ref,
        state=f"{look.status}|{look.is_shipped}|{look.payment_refunded}",
    )  # fmt: skip


def _source(look: DisputeLook, field: str) -> Source:
    return Source("dispute", field, look.shop.id, look.ref, look.read_at)


def _at_risk(look: DisputeLook, amount: Figure | None, comes_true: Figure, context: Context) -> Figure | None:
    if amount is None:
        return None
    wait = waiting_is_worth(amount, context.dollar("dispute_fee", look.shop.id), comes_true).named("worth of waiting")
    goods = given(0, "the goods have left", context.base) if look.is_shipped else _goods(look, amount, context)
    return largest("loss if ignored", goods - wait, 0).named("loss if ignored", context.base)


def _goods(look: DisputeLook, amount: Figure, context: Context) -> Figure:
    if look.goods_cost is not None:
        place = Source("product", "unit_cost", look.order_shop_id, look.order_ref, look.read_at)
        if cost := cash(context, "goods kept", look.goods_cost, look.goods_currency, look.opened_at, place):
            return cost
    return (amount * (given(1) - context.dollar("margin", look.order_shop_id))).named("goods kept")


def _tradeoff(look: DisputeLook) -> str:
    if look.is_shipped:
        return "A refund now saves the fee and the dispute rate, but the goods are gone as well."
    return "Refund and stop the parcel: the goods stay. Waiting bets that the buyer is honest."


def _missing(look: DisputeLook, ignored: Figure | None, context: Context) -> tuple[str, ...]:
    if ignored is None:
        return (no_rate(context, look.currency),)
    return () if look.order_ref else ("the order this charge belongs to, so whether the goods have left",)


DETECTOR = Detector(
    NAME, 35, "Fraud warning before the dispute", DisputeLook, detect, THRESHOLDS,
    BEFORE,
)  # fmt: skip
