"""1 · Ship-by due soon, on any channel. Deadline: the platform's own `ship_by`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import Curve, cliff_then_slope, slope
from alerts.arithmetic.dollars import cash, no_amount
from alerts.arithmetic.odds import Prior, certain, chance
from alerts.figures import Figure, Source, given
from alerts.looks import OrderLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "late_shipment"
SHORT = ("cancel_order", "reply", "change_items", "ask_buyer", "send_template")
DRAFTS = ("arrange_shipment", "cancel_order", "store_credit", "send_template", "marketing_event")
WAITING = {"to_ship", "packed", "on_hold"}
LATE = Prior(Decimal("0.65"), Decimal(6), "an order still unpacked in its last hours")
LATE_PACKED = Prior(Decimal("0.30"), Decimal(6), "packed, not handed over, in its last hours")
CANCELLED = Prior(Decimal("0.25"), Decimal(8), "share of late orders that end cancelled")

THRESHOLDS = {
    "warn_hours": Threshold(Decimal(12), "hours", "own default", "Hours before ship-by at which an order is shown."),
    "late_penalty": Threshold(
        Decimal("1.50"), "USD", "own estimate of one more late order's share of penalty points",
        "Marginal cost of one late order on the shop's rate.",
    ),
    "saved_by_acting": Threshold(
        Decimal("0.90"), "share", "own default", "Share of the loss that shipping now still saves before the deadline."
    ),
    "saved_when_late": Threshold(
        Decimal("0.70"), "share", "own default", "Share of the loss that shipping now still saves after the deadline."
    ),
    "late_share": Threshold(
        Decimal("0.50"), "share", "own default", "Where a delivery is promised: P(late) from which it is shown."
    ),
}  # fmt: skip


def detect(looks: Iterable[OrderLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if look.status in WAITING and is_due(look, now, context):
            yield finding(look, now, context)


def is_due(look: OrderLook, now: datetime, context: Context) -> bool:
    """By how likely the promised delivery is missed, and by the channel's own hand-over time."""
    place = (look.shop.kind, look.shop.country)
    if look.forecast and look.forecast.share >= context.threshold("late_share", *place).likely:
        return True
    return not look.is_derived and look.ship_by - now <= timedelta(
        hours=float(context.threshold("warn_hours", *place).likely)
    )


def finding(look: OrderLook, now: datetime, context: Context) -> Finding:
    is_late = now >= look.promised_at
    late = _late(look, is_late)
    ignored, acted, saves = _dollars(look, late, is_late, context)
    deadline, waiting = _clock(look, is_late, now)
    return Finding(
        detector=NAME,
        subject=Subject("order", look.ref, look.shop.id, look.number),
        title=f"Order {look.number} is {'late' if is_late else 'due'} to ship",
        ignored=ignored,
        acted=acted,
        saves=saves,
        gmv=cash(context, "order total", look.left, look.currency, look.ordered_at, _source(look, "total")),
        deadline=deadline,
        waiting=waiting,
        minutes=Decimal("1.5"),
        probability=late.likely,
        why=_why(look, is_late),
        tradeoff="Booking the courier now keeps the promise; a cancelled order loses its margin and marks the shop.",
        missing=() if ignored else (no_amount(context, "order total", look.left, look.currency),),
        evidence=_evidence(look),
        drafts=SHORT if look.short_skus else DRAFTS,
        arguments={
            "order_ref": look.ref,
            "order_number": look.number,
            "shop_id": look.shop.id,
            "skus": list(look.short_skus),
        },
        customer_ref=look.customer_ref,
        state=f"{look.status}|{look.promised_at.isoformat()}|{is_late}|{','.join(look.short_skus)}",
    )


def _late(look: OrderLook, is_late: bool) -> Figure:
    if is_late:
        return certain("already late", _source(look, "deliver_by" if look.forecast else "ship_by"))
    if look.forecast:
        return look.forecast.figure("P(late)", "order", look.shop.id, look.ref)
    return chance("P(late)", look.late, _prior(look), look.shop.id)


def _prior(look: OrderLook) -> Prior:
    return LATE_PACKED if look.status == "packed" or look.has_parcel else LATE


def _source(look: OrderLook, field: str) -> Source:
    return Source("order", field, look.shop.id, look.ref, look.read_at)


def _dollars(
    look: OrderLook, late: Figure, is_late: bool, context: Context
) -> tuple[Figure, Figure, Figure] | tuple[None, None, None]:
    total = cash(context, "order total", look.left, look.currency, look.ordered_at, _source(look, "total"))
    if total is None:
        return None, None, None
    cancelled = chance("P(cancelled, if late)", look.cancelled_when_late, CANCELLED, look.shop.id)
    lost_order = total * context.dollar("margin", look.shop.id) + context.dollar("handling_cost", look.shop.id)
    penalty = context.threshold("late_penalty", look.shop.kind, look.shop.country)
    ignored = (late * (cancelled * lost_order + penalty)).named("loss if ignored", context.base)
    saved = context.threshold("saved_when_late" if is_late else "saved_by_acting", look.shop.kind, look.shop.country)
    acted = (ignored * (given(1) - saved)).named("loss left after shipping now", context.base)
    return ignored, acted, ignored * saved


def _clock(look: OrderLook, is_late: bool, now: datetime) -> tuple[datetime | None, Curve]:
    end = (
        look.cancel_after
        if look.cancel_after and look.cancel_after > now
        else max(look.promised_at, now) + timedelta(days=3)
    )
    if look.forecast and not is_late:
        # Until its derived hand-over time waiting is safe; from there on every day makes it later.
        return (look.ship_by if look.ship_by > now else look.promised_at), cliff_then_slope(
            max(look.ship_by, now), Decimal("0.3"), end
        )
    if is_late:
        return (look.cancel_after if look.cancel_after and look.cancel_after > now else None), slope(look.ship_by, end)
    return look.ship_by, cliff_then_slope(look.ship_by, Decimal("0.7"), end)


def _why(look: OrderLook, is_late: bool) -> str:
    words = "The channel's hand-over time has passed" if is_late else "The channel's hand-over time is near"
    if look.forecast:
        likely = f"The promised delivery will be missed with {look.forecast.share:.0%}"
        words = "The promised delivery has passed" if is_late else likely
    short = f"; there is not enough stock of {', '.join(look.short_skus)}" if look.short_skus else ""
    return f"{words} and the order is still {look.status.replace('_', ' ')}{short}."


def _evidence(look: OrderLook) -> tuple[Evidence, ...]:
    return (
        Evidence("Hand-over is due", _source(look, "ship_by"), look.ship_by.isoformat()),
        Evidence("The order is not handed over", _source(look, "status"), look.status),
        Evidence(
            "What it brings", _source(look, "total"), "" if look.left is None else str(Money(look.left, look.currency))
        ),
    )


DETECTOR = Detector(
    NAME,
    1,
    "Ship-by due soon",
    OrderLook,
    detect,
    THRESHOLDS,
    tuple(dict.fromkeys(DRAFTS + SHORT)),
)
