"""30 · An angry, legal, safety or very important customer waits: a person answers, never a template alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash
from alerts.arithmetic.odds import NOTHING, Prior, chance
from alerts.figures import Figure, Source, given, largest
from alerts.looks import TicketLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "angry_message"
DRAFTS = ("reply", "escalation_note", "store_credit", "refund", "hand_over", "send_template", "marketing_event")
CHURN = Prior(Decimal("0.45"), Decimal(10), "share of angry buyers who do not come back")
DISPUTE = {
    "angry": Prior(Decimal("0.25"), Decimal(10), "share of angry buyers who take the money back"),
    "legal": Prior(Decimal("0.60"), Decimal(10), "share of buyers who threaten with law or bank and go on"),
    "safety": Prior(Decimal("0.50"), Decimal(10), "share of safety complaints that end in a claim"),
    "vip": Prior(Decimal("0.08"), Decimal(10), "share of very important buyers who take the money back"),
}
WORDS = {
    "angry": "an angry customer waits",
    "legal": "a customer threatens with law, bank or authority",
    "safety": "a customer reports a danger",
    "vip": "a very important customer waits",
}

THRESHOLDS = {
    "answer_minutes": Threshold(Decimal(60), "minutes", "practitioner guide names one minute for an acknowledgement",
                                "When a holding reply is due."),
    "safety_cost": Threshold(Decimal(150), "USD", "own estimate", "Handling of one safety case beyond its order."),
    "saved_by_acting": Threshold(Decimal("0.60"), "share", "own default", "Loss that a quick answer avoids."),
}  # fmt: skip


def detect(looks: Iterable[TicketLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if found := look.mood:
            yield finding(look, found, now, context)


def finding(look: TicketLook, found: str, now: datetime, context: Context) -> Finding:
    due = look.waiting_since + timedelta(minutes=float(context.threshold("answer_minutes", look.channel).likely))
    ignored, acted, saves, missing = _dollars(look, found, context)
    return Finding(
        detector=NAME,
        subject=Subject("ticket", str(look.ticket_id), look.shop.id, look.subject),
        title=f"{look.customer_name or look.address or 'A customer'}: {WORDS[found]}",
        ignored=ignored,
        acted=acted,
        saves=saves,
        deadline=due if due > now else None,
        waiting=slope(look.waiting_since, max(due, now) + timedelta(hours=24)),
        minutes=Decimal("1.5"),
        probability=DISPUTE[found].share,
        why=f"“{look.excerpt[:160]}”" if look.excerpt else WORDS[found].capitalize() + ".",
        tradeoff="A holding reply now keeps the door open; each hour of silence makes a claim likelier.",
        missing=missing,
        evidence=_evidence(look, found),
        drafts=DRAFTS,
        arguments=_arguments(look, found),
        customer_ref=look.customer_ref,
        state=f"{found}|{look.waiting_since.isoformat()}",
    )


def _source(look: TicketLook, field: str) -> Source:
    return Source("ticket", field, look.shop.id, look.conversation_ref, look.read_at)


def _dollars(look: TicketLook, found: str, context: Context) -> tuple[Figure, Figure, Figure, tuple[str, ...]]:
    missing: list[str] = []
    churn = chance("P(does not come back)", NOTHING, CHURN)
    parts = (churn * _lifetime(look, context)).named("future orders lost")
    order = _order(look, context, missing)
    claim = chance("P(takes the money back)", NOTHING, DISPUTE[found])
    parts = parts + (claim * (order + context.dollar("dispute_fee", look.shop.id))).named("claim and its fee")
    if found == "safety":
        parts = parts + context.threshold("safety_cost", look.channel)
    ignored = parts.named("loss if ignored", context.base)
    saved = context.threshold("saved_by_acting", look.channel)
    acted = (ignored * (given(1) - saved)).named("loss left after answering", context.base)
    return ignored, acted, ignored * saved, tuple(missing)


def _lifetime(look: TicketLook, context: Context) -> Figure:
    guess = context.dollar("churn_value", look.shop.id)
    if look.lifetime_value is None:
        return guess
    place = Source("customer", "lifetime_value", look.shop.id, look.customer_ref, look.read_at)
    spent = cash(context, "spent so far", look.lifetime_value, look.lifetime_currency, look.waiting_since, place)
    if spent is None:
        return guess
    # What a buyer will still bring is taken as the margin of what they have brought, at least the usual value.
    return largest("future value of the buyer", spent * context.dollar("margin", look.shop.id), guess)


def _order(look: TicketLook, context: Context, missing: list[str]) -> Figure:
    if look.order_total is not None:
        place = Source("order", "total", look.shop.id, look.order_ref, look.read_at)
        if total := cash(context, "order total", look.order_total, look.order_currency, look.waiting_since, place):
            return total
    missing.append(_unknown_order(look) if look.order_total is None else f"no {look.order_currency} exchange rate")
    return Figure("order not known", Decimal(0), Decimal(30), Decimal(120), context.base, is_assumed=True)


def _unknown_order(look: TicketLook) -> str:
    return f"the total of order {look.order_number}" if look.order_ref else "which order this is about"


def _arguments(look: TicketLook, found: str) -> dict[str, object]:
    return {
        "shop_id": look.shop.id,
        "ticket_id": look.ticket_id,
        "conversation_ref": look.conversation_ref,
        "to": look.address,
        "order_ref": look.order_ref,
        "order_number": look.order_number,
        "language": look.language,
        "mood": found,
    }


def _evidence(look: TicketLook, found: str) -> tuple[Evidence, ...]:
    lines = [
        Evidence("What the customer wrote", _source(look, "text"), look.excerpt[:200]),
        Evidence("Waiting since", _source(look, "last_message_at"), look.waiting_since.isoformat()),
    ]
    if look.is_vip:
        place = Source("customer", "is_vip", look.shop.id, look.customer_ref, look.read_at)
        lines.append(Evidence("Very important customer", place, str(look.lifetime_value or "")))
    if look.has_dispute:
        lines.append(
            Evidence(
                "There is an open dispute", Source("dispute", "status", look.shop.id, look.order_ref, look.read_at)
            )
        )
    return tuple(lines)


DETECTOR = Detector(NAME, 30, "Angry, legal or important message", TicketLook, detect, THRESHOLDS, DRAFTS)
