"""21 · Parcel stuck or not received: no scan for days, or the promise has passed. Courier windows are settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import cliff, slope
from alerts.arithmetic.dollars import cash, no_amount
from alerts.arithmetic.odds import Prior, chance
from alerts.figures import Figure, Source, given
from alerts.looks import ParcelLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "parcel_stuck"
MOVING = {"booked", "in_transit", "out_for_delivery", "exception", "returned"}
TOLD = {"last_scan_at", "status"}  # what a tracker may know better than the seller's own source
CLAIM = Prior(Decimal("0.45"), Decimal(8), "share of silent parcels whose buyer asks for the money back")
CLAIM_ASKED = Prior(Decimal("0.75"), Decimal(8), "the same, once the buyer has written")

THRESHOLDS = {
    "silent_days": Threshold(Decimal(5), "days", "own default; courier windows are not published",
                             "Days without a scan after which a parcel counts as stuck."),
    "overdue_days": Threshold(Decimal(2), "days", "own default", "Days past the promised delivery."),
    "overdue_silent_days": Threshold(Decimal(2), "days", "own default", "…with no scan for this long."),
    "late_share": Threshold(Decimal("0.50"), "share", "own default",
                            "Where no scans are known: P(late) from which an order under way is shown."),
    "claim_days": Threshold(Decimal(15), "days", "own default; the platform's buyer-claim window where it says none",
                            "Days after the promise in which the buyer may claim."),
    "saved_by_acting": Threshold(Decimal("0.60"), "share", "own default",
                                 "Share of claims that a trace and an honest update avoid."),
}  # fmt: skip


def detect(looks: Iterable[ParcelLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if look.status in MOVING and look.order_status not in ("cancelled", "completed", "delivered"):
            reason = stuck_because(look, now, context)
            if reason:
                yield finding(look, reason, now, context)


def stuck_because(look: ParcelLook, now: datetime, context: Context) -> str:
    """Why this parcel counts as stuck; empty where it does not."""
    place = (look.shop.kind, look.shop.country)
    if look.forecast:
        return _late_because(look, now) if look.forecast.share >= context.threshold("late_share", *place).likely else ""
    last = look.last_scan_at or look.shipped_at
    silent = now - last if last else timedelta(0)
    if look.status == "exception":
        return "the courier reports a problem"
    if look.status == "returned":
        return "it came back, and the buyer has nothing"
    if silent >= timedelta(days=float(context.threshold("silent_days", *place).likely)):
        return f"no scan for {silent.days} days"
    overdue = now - look.promised_at if look.promised_at else timedelta(0)
    is_overdue = overdue >= timedelta(days=float(context.threshold("overdue_days", *place).likely))
    if is_overdue and silent >= timedelta(days=float(context.threshold("overdue_silent_days", *place).likely)):
        return f"promised {overdue.days} days ago and not moving"
    return ""


def _late_because(look: ParcelLook, now: datetime) -> str:
    if look.promised_at and look.promised_at <= now:
        return f"promised {(now - look.promised_at).days} days ago and not delivered"
    return "its promised day will probably be missed" if look.forecast else ""


def finding(look: ParcelLook, reason: str, now: datetime, context: Context) -> Finding:
    claim = chance("P(claim)", look.lost, CLAIM_ASKED if look.complaints else CLAIM, look.shop.id)
    ignored, acted, saves = _dollars(look, claim, now, context)
    if look.forecast and ignored and acted and saves:
        late = look.forecast.figure("P(late)", look.record, look.shop.id, look.ref)
        ignored, acted, saves = (late * ignored).named("loss if ignored"), late * acted, late * saves
    window = context.threshold("claim_days", look.shop.kind, look.shop.country)
    claim_until = look.promised_at + timedelta(days=float(window.likely)) if look.promised_at else None
    if look.forecast and look.promised_at and look.promised_at > now:
        claim_until = look.promised_at  # an honest word before the promise breaks is worth most
    deadline = claim_until if claim_until and claim_until > now else None
    soon = now + timedelta(days=2 if look.complaints else 5)
    return Finding(
        detector=NAME,
        subject=Subject(look.record, look.ref, look.shop.id, look.number or look.tracking_number),
        title=f"Order {look.number} is under way: {reason}"
        if look.forecast
        else f"Parcel of order {look.number} is stuck: {reason}",
        ignored=ignored,
        acted=acted,
        saves=saves,
        gmv=_total(look, now, context),
        deadline=deadline,
        waiting=cliff(deadline) if deadline and deadline < soon else slope(_started(look, now), soon),
        minutes=Decimal("1.5"),
        probability=look.forecast.share if look.forecast else claim.likely,
        why=f"{look.carrier or 'The courier'}: {reason}."
        + (f" The buyer has written {look.complaints} times." if look.complaints else ""),
        tradeoff="An honest update with a trace keeps most buyers; silence turns into a claim for the whole order.",
        missing=() if ignored else (no_amount(context, "order total", look.total, look.currency),),
        evidence=_evidence(look),
        drafts=_drafts(look),
        arguments=_arguments(look),
        customer_ref=look.customer_ref,
        state=f"{look.status}|{look.last_scan_at}|{bool(look.complaints)}" + (f"|{reason}" if look.forecast else ""),
    )


def _drafts(look: ParcelLook) -> tuple[str, ...]:
    """A parcel that came back is settled with money; one that is under way first with an honest word."""
    is_answerable = bool(look.conversation_ref)
    if look.status == "returned":
        first = ("refund", "reply", "escalation_note") if is_answerable else ("refund", "escalation_note")
        return (*first, "reship", "store_credit")
    first = ("reply", "refund", "escalation_note") if is_answerable else ("escalation_note", "refund")
    return (*first, "file_claim", "redirect_parcel", "reship", "ask_buyer", "send_template", "hand_over")


def _started(look: ParcelLook, now: datetime) -> datetime:
    return look.promised_at if look.promised_at and look.promised_at < now else now


def _source(look: ParcelLook, field: str) -> Source:
    if look.told_by is not None and field in TOLD:
        return Source("shipment", field, look.told_by, look.told_ref, look.told_at)
    return Source(look.record, field, look.shop.id, look.ref, look.read_at)


def _total(look: ParcelLook, now: datetime, context: Context) -> Figure | None:
    place = Source("order", "total", look.shop.id, look.order_ref, look.read_at)
    return cash(context, "order total", look.total, look.currency, look.shipped_at or now, place)


def _dollars(
    look: ParcelLook, claim: Figure, now: datetime, context: Context
) -> tuple[Figure, Figure, Figure] | tuple[None, None, None]:
    total = _total(look, now, context)
    if total is None:
        return None, None, None
    reship = context.dollar("reship_cost", look.shop.id)
    ignored = (claim * (total + reship) + context.dollar("handling_cost", look.shop.id)).named(
        "loss if ignored", context.base
    )
    saved = context.threshold("saved_by_acting", look.shop.kind, look.shop.country)
    acted = (claim * (given(1) - saved) * (total + reship)).named("loss left after an update and a trace", context.base)
    saves = claim * (total + reship) * saved + context.dollar("handling_cost", look.shop.id)
    return ignored, acted, saves


def _arguments(look: ParcelLook) -> dict[str, object]:
    return {
        "order_ref": look.order_ref,
        "shipment_ref": look.told_ref if look.record == "order" else look.ref,
        "order_number": look.number,
        "shop_id": look.shop.id,
        "conversation_ref": look.conversation_ref,
        "conversation_shop_id": look.conversation_shop_id,
        "amount": None if look.total is None else str(look.total),
        "currency": look.currency,
        "carrier": look.carrier,
        "claim_amount": None if look.total is None else str(look.total),
        "cause": "lost",
        "tracking_number": look.tracking_number,
    }


def _evidence(look: ParcelLook) -> tuple[Evidence, ...]:
    if look.forecast:
        words = f"{look.forecast.share:.0%}, from {look.forecast.of} orders before it"
        return (
            Evidence("It left", _source(look, "shipped_at"), look.shipped_at.isoformat() if look.shipped_at else ""),
            Evidence("Promised", _source(look, "deliver_by"), look.promised_at.isoformat() if look.promised_at else ""),
            Evidence("Probably late", _source(look, look.forecast.field), words),
        )
    return (
        Evidence(
            "Last scan", _source(look, "last_scan_at"), look.last_scan_at.isoformat() if look.last_scan_at else "none"
        ),
        Evidence(
            "Promised", _source(look, "promised_at"), look.promised_at.isoformat() if look.promised_at else "not said"
        ),
        Evidence("State at the courier", _source(look, "status"), look.status),
    )


DETECTOR = Detector(
    NAME, 21, "Parcel stuck", ParcelLook, detect, THRESHOLDS,
    ("reply", "refund", "escalation_note", "file_claim", "redirect_parcel", "reship", "store_credit", "ask_buyer",
     "send_template", "hand_over"),
)  # fmt: skip
