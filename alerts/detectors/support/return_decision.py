"""22 · A return or refund waits for our decision; undecided, the platform grants it. Deadline: its own `decide_by`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import cliff, slope
from alerts.arithmetic.dollars import cash, labour, no_rate
from alerts.arithmetic.odds import Prior, chance
from alerts.figures import Figure, Source, given
from alerts.looks import ReturnLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold
from connectors.money import Money

NAME = "return_decision"
MINUTES = Decimal(2)
DRAFTS = ("decide_return", "reply", "exchange", "store_credit", "return_label", "credit_note", "ask_buyer")
STRONG = Prior(Decimal("0.20"), Decimal(6), "buyer shows photos of damage or a wrong item")
USUAL = Prior(Decimal("0.35"), Decimal(6), "share of such requests that a seller wins")
WEAK = Prior(Decimal("0.55"), Decimal(6), "changed mind, or 'not received' against a delivery scan")
CHANGED_MIND = ("change", "mind", "unwanted", "no_longer", "not_needed", "style", "size", "color")
DAMAGED = ("damag", "defect", "broken", "faulty", "not_as", "not as")
NOT_RECEIVED = ("not_receive", "non_receipt", "not received", "missing")

THRESHOLDS = {
    "warn_hours": Threshold(Decimal(96), "hours", "own default", "Hours before the deadline at which it is shown."),
    "decide_hours": Threshold(Decimal(72), "hours", "seller guides for Shopee and Lazada",
                              "Time to decide where the channel gave no deadline."),
    "offer_share": Threshold(Decimal("0.5"), "share", "own default: the goods stay and nothing of ours went wrong",
                             "The part of the claim that is offered first."),
    "window_days": Threshold(Decimal(15), "days", "own default; enter each channel's own",
                             "Days after delivery in which a return may be asked for."),
    "serial_returns": Threshold(Decimal(3), "returns", "own default", "Earlier returns that make a serial returner."),
}  # fmt: skip


def detect(looks: Iterable[ReturnLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if look.status != "asked":
            continue
        deadline = _deadline(look, context)
        warn = context.threshold("warn_hours", look.shop.kind, look.shop.country)
        if deadline - now <= timedelta(hours=float(warn.likely)):
            yield finding(look, deadline, now, context)


def finding(look: ReturnLook, deadline: datetime, now: datetime, context: Context) -> Finding:
    win = chance("P(we would win)", look.won, _prior(look), look.shop.id)
    ignored, acted, saves = _dollars(look, win, context)
    is_past = deadline <= now
    return Finding(
        detector=NAME,
        subject=Subject("return", look.ref, look.shop.id, look.number),
        title=f"Return of order {look.number or look.order_ref} waits for a decision",
        ignored=ignored,
        acted=acted,
        saves=saves,
        gmv=_amount(look, context),
        deadline=None if is_past else deadline,
        waiting=slope(deadline, deadline + timedelta(days=2)) if is_past else cliff(deadline),
        minutes=MINUTES,
        probability=win.likely,
        why=f"The buyer asks for {Money(look.amount, look.currency)} back ({look.reason or 'no reason given'}); "
        "undecided, the channel grants it.",
        tradeoff="Accepting ends it today; refusing keeps the money where the evidence is ours; an offer splits it.",
        missing=() if ignored else (no_rate(context, look.currency),),
        evidence=_evidence(look),
        drafts=DRAFTS,
        arguments=_arguments(look, context),
        customer_ref=look.customer_ref,
        state=f"{look.status}|{look.amount}|{look.photos}",
    )


def _deadline(look: ReturnLook, context: Context) -> datetime:
    if look.decide_by:
        return look.decide_by
    hours = context.threshold("decide_hours", look.shop.kind, look.shop.country)
    return look.asked_at + timedelta(hours=float(hours.likely))


def _prior(look: ReturnLook) -> Prior:
    reason = look.reason.lower()
    if any(word in reason for word in CHANGED_MIND) or (
        look.delivered_at and any(word in reason for word in NOT_RECEIVED)
    ):
        return WEAK
    return STRONG if look.photos else USUAL


def _source(look: ReturnLook, field: str) -> Source:
    return Source("return", field, look.shop.id, look.ref, look.read_at)


def _amount(look: ReturnLook, context: Context) -> Figure | None:
    return cash(context, "refund asked for", look.amount, look.currency, look.asked_at, _source(look, "amount"))


def _dollars(
    look: ReturnLook, win: Figure, context: Context
) -> tuple[Figure, Figure, Figure] | tuple[None, None, None]:
    amount = _amount(look, context)
    if amount is None:
        return None, None, None
    freight = context.dollar("return_freight", look.shop.id) if look.needs_goods_back else given(0, "no return freight")
    ignored = (amount + freight).named("loss if ignored", context.base)
    lost = ((given(1) - win) * (amount + freight)).named("loss where we do not win")
    work = labour(context, MINUTES, look.shop.id)
    acted = (lost + work).named("loss left after deciding", context.base)
    return ignored, acted, win * (amount + freight) - work


def _arguments(look: ReturnLook, context: Context) -> dict[str, object]:
    share = context.threshold("offer_share", look.shop.kind, look.shop.country)
    return {
        "return_ref": look.ref,
        "order_ref": look.order_ref,
        "order_number": look.number,
        "shop_id": look.shop.id,
        "amount": str(look.amount),
        "currency": look.currency,
        "reason": look.reason,
        "sku": look.sku,
        "quantity": look.quantity,
        "offer_share": str(share.likely),
        "against": [list(ground) for ground in _against(look, context)],
    }


def _against(look: ReturnLook, context: Context) -> Iterator[tuple[str, str]]:
    """What speaks for refusing, by name and as a sentence for whoever judges."""
    reason, where = look.reason.lower(), (look.shop.kind, look.shop.country)
    window = int(context.threshold("window_days", *where).likely)
    if look.delivered_at and (days := (look.asked_at - look.delivered_at).days) > window:
        yield "after_window", f"It was asked for {days} days after delivery; returns are taken within {window} days."
    if look.delivered_at and any(word in reason for word in NOT_RECEIVED):
        yield "delivered", f"The parcel was delivered on {look.delivered_at:%Y-%m-%d}."
    if not look.photos and any(word in reason for word in DAMAGED):
        yield "no_photos", "Damage is claimed, and no photo of it was sent."
    if look.past_returns >= context.threshold("serial_returns", *where).likely:
        yield "serial_returner", f"The same buyer has asked for {look.past_returns} returns before."


def _evidence(look: ReturnLook) -> tuple[Evidence, ...]:
    lines = [
        Evidence("Asked back", _source(look, "amount"), str(Money(look.amount, look.currency))),
        Evidence("Reason given", _source(look, "reason"), look.reason),
        Evidence("Photos sent", _source(look, "photos"), str(look.photos)),
    ]
    if look.decide_by:
        lines.append(Evidence("Decide by", _source(look, "decide_by"), look.decide_by.isoformat()))
    if look.past_returns:
        place = Source("return", "order_ref", look.shop.id, look.order_ref, look.read_at)
        lines.append(Evidence("Earlier returns of this buyer", place, str(look.past_returns)))
    return tuple(lines)


DETECTOR = Detector(NAME, 22, "Return decision due", ReturnLook, detect, THRESHOLDS, DRAFTS)
