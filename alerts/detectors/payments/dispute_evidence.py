"""34 · Dispute evidence due. Contest: p·(amount + counter fee) − counter fee − labour; accept: 0.

The received fee is sunk. That evidence normally goes once, and that no `evidence_by` means no answer is allowed, is
from Stripe's Dispute object; fees are dollar inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from alerts.arithmetic.curves import cliff
from alerts.arithmetic.dollars import cash, labour, no_rate
from alerts.arithmetic.odds import NOTHING, Prior, chance
from alerts.figures import Figure, Source, given, largest
from alerts.looks import DisputeLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "dispute_evidence"
MINUTES = Decimal(3)
PROVEN = Prior(Decimal("0.55"), Decimal(6), "'not received' with a delivery scan")
USUAL = Prior(Decimal("0.35"), Decimal(6), "share of contested disputes won")
THIN = Prior(Decimal("0.15"), Decimal(6), "no tracking number and no word from the buyer")

THRESHOLDS = {
    "labour_minutes": Threshold(Decimal(15), "minutes", "own estimate; the packet is prepared", "Work of one packet."),
}  # fmt: skip


def detect(looks: Iterable[DisputeLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        is_open = look.status == "needs_response" and not look.has_evidence and not look.submission_count
        if is_open and look.evidence_by and look.evidence_by > now:
            yield finding(look, look.evidence_by, context)


def value_of_contesting(amount: Figure, fee: Figure, win: Figure, work: Figure) -> Figure:
    """Expected gain over accepting, in dollars; below zero where accepting is better."""
    return win * (amount + fee) - fee - work


def finding(look: DisputeLook, evidence_by: datetime, context: Context) -> Finding:
    win = win_chance(look, context)
    amount = cash(context, "disputed", look.amount, look.currency, look.opened_at, _source(look, "amount"))
    gain = _gain(look, amount, win, context)
    is_worth_it = gain is not None and gain.likely > 0
    return Finding(
        detector=NAME,
        subject=Subject("dispute", look.ref, look.shop.id, look.order_number or look.payment_ref),
        title=f"Dispute over {Money(look.amount, look.currency)} needs {'evidence' if is_worth_it else 'a decision'}",
        ignored=None
        if gain is None
        else largest("value of contesting", gain, 0).named("lost if not contested", context.base),
        acted=None if gain is None else given(0, "counted in the value of contesting", context.base),
        gmv=amount,
        deadline=evidence_by,
        waiting=cliff(evidence_by),
        minutes=MINUTES,
        probability=win.likely,
        why=f"Reason: {look.reason or 'not given'}. {_proof(look)}",
        tradeoff=_tradeoff(gain),
        missing=(no_rate(context, look.currency),) if gain is None else _missing(look),
        evidence=_evidence(look),
        drafts=("dispute_evidence", "escalation_note"),
        arguments={
            "shop_id": look.shop.id,
            "dispute_ref": look.ref,
            "payment_ref": look.payment_ref,
            "order_ref": look.order_ref,
            "order_number": look.order_number,
            "order_shop_id": look.order_shop_id,
            "tracking_number": look.tracking_number,
            "reason": look.reason,
            "amount": str(look.amount),
            "currency": look.currency,
            "is_worth_contesting": is_worth_it,
        },
        customer_ref=look.customer_ref,
        state=f"{look.status}|{look.is_delivered}|{look.messages}|{look.tracking_number}",
    )


def win_chance(look: DisputeLook, context: Context) -> Figure:
    """Own verdicts where there are any; else a prior by what the packet can show, or the founder's own win rate."""
    prior = PROVEN if look.is_delivered else USUAL if look.tracking_number or look.messages else THIN
    entered = context.dollar("win_rate", look.shop.id)
    if look.won == NOTHING and not entered.is_assumed:
        return entered.named("P(win)")
    return chance("P(win)", look.won, prior, look.shop.id)


def _source(look: DisputeLook, field: str) -> Source:
    return Source("dispute", field, look.shop.id, look.ref, look.read_at)


def _gain(look: DisputeLook, amount: Figure | None, win: Figure, context: Context) -> Figure | None:
    if amount is None:
        return None
    work = labour(context, context.threshold("labour_minutes").likely, look.shop.id)
    return value_of_contesting(amount, context.dollar("counter_fee", look.shop.id), win, work)


def _proof(look: DisputeLook) -> str:
    if look.is_delivered:
        return "The parcel was delivered, and the scan proves it."
    return "There is a tracking number." if look.tracking_number else "No proof of delivery was found."


def _tradeoff(gain: Figure | None) -> str:
    if gain is None:
        return "Evidence goes once."
    verb = "Contesting is worth" if gain.likely > 0 else "Accepting is better: contesting would cost"
    worth = Money(abs(gain.likely), gain.unit)
    return f"{verb} {worth} on average; evidence goes once, and the fee already taken is gone either way."


def _missing(look: DisputeLook) -> tuple[str, ...]:
    missing = []
    if not look.order_ref:
        missing.append("the order this payment belongs to")
    if not look.tracking_number:
        missing.append("a tracking number")
    return tuple(missing)


def _evidence(look: DisputeLook) -> tuple[Evidence, ...]:
    lines = [
        Evidence("Disputed", _source(look, "amount"), str(Money(look.amount, look.currency))),
        Evidence("Reason", _source(look, "reason"), look.reason),
        Evidence(
            "Evidence is due", _source(look, "evidence_by"), look.evidence_by.isoformat() if look.evidence_by else ""
        ),
    ]
    if look.tracking_number:
        place = Source("shipment", "tracking_number", look.order_shop_id, look.order_ref, look.read_at)
        lines.append(Evidence("Tracking number", place, look.tracking_number))
    if look.messages:
        place = Source("message", "conversation_ref", look.order_shop_id, look.order_ref, look.read_at)
        lines.append(Evidence("Messages with the buyer", place, str(look.messages)))
    return tuple(lines)


DETECTOR = Detector(
    NAME, 34, "Dispute evidence due", DisputeLook, detect, THRESHOLDS, ("dispute_evidence", "escalation_note")
)
