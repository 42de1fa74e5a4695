"""31 · First answer due: a customer's message that nobody has answered nears the channel's target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import cliff_then_slope, slope
from alerts.arithmetic.dollars import cash
from alerts.arithmetic.odds import NOTHING, Prior, chance
from alerts.figures import Figure, Source, given
from alerts.looks import TicketLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "first_answer"
DRAFTS = ("reply", "send_template", "hand_over")
CHURN = Prior(Decimal("0.15"), Decimal(10), "share of unanswered buyers who do not come back")
CLAIM = Prior(Decimal("0.08"), Decimal(10), "share of unanswered buyers who take the money back")

THRESHOLDS = {
    "target_hours": Threshold(Decimal(24), "hours", "own default; no channel publishes its rule",
                              "First answer due after this long."),
    "vip_target_hours": Threshold(Decimal(8), "hours", "own default", "The same for very important customers."),
    "warn_share": Threshold(Decimal("0.50"), "share", "own default", "Shown from this part of the target on."),
    "saved_by_acting": Threshold(Decimal("0.80"), "share", "own default", "Share of the loss that an answer avoids."),
}  # fmt: skip


def detect(looks: Iterable[TicketLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if look.first_answer_at or look.mood:
            continue  # what has a mood is shown by angry_message
        name = "vip_target_hours" if look.is_vip else "target_hours"
        target = timedelta(hours=float(context.threshold(name, look.channel, look.shop.country).likely))
        share = float(context.threshold("warn_share", look.channel, look.shop.country).likely)
        if now - look.waiting_since >= target * share:
            yield finding(look, look.waiting_since + target, now, context)


def finding(look: TicketLook, due: datetime, now: datetime, context: Context) -> Finding:
    ignored, acted, saves, missing = _dollars(look, context)
    is_late = due <= now
    end = max(due, now) + timedelta(hours=48)
    return Finding(
        detector=NAME,
        subject=Subject("ticket", str(look.ticket_id), look.shop.id, look.subject),
        title=f"{look.customer_name or look.address or 'A customer'} waits for a first answer",
        ignored=ignored,
        acted=acted,
        saves=saves,
        deadline=None if is_late else due,
        waiting=slope(due, end) if is_late else cliff_then_slope(due, Decimal("0.5"), end),
        minutes=Decimal("1.5"),
        probability=CHURN.share,
        why=f"“{look.excerpt[:160]}”" if look.excerpt else "Nobody has answered yet.",
        tradeoff="A short answer keeps the buyer; silence turns a question into a claim.",
        missing=missing,
        evidence=(
            Evidence("What the customer wrote", _source(look, "text"), look.excerpt[:200]),
            Evidence("Waiting since", _source(look, "last_message_at"), look.waiting_since.isoformat()),
        ),
        drafts=DRAFTS,
        arguments={
            "shop_id": look.shop.id,
            "ticket_id": look.ticket_id,
            "conversation_ref": look.conversation_ref,
            "to": look.address,
            "order_ref": look.order_ref,
            "order_number": look.order_number,
            "language": look.language,
            "intent": look.intent,
        },
        customer_ref=look.customer_ref,
        state=f"{look.waiting_since.isoformat()}|{is_late}",
    )


def _source(look: TicketLook, field: str) -> Source:
    return Source("ticket", field, look.shop.id, look.conversation_ref, look.read_at)


def _dollars(look: TicketLook, context: Context) -> tuple[Figure, Figure, Figure, tuple[str, ...]]:
    missing: tuple[str, ...] = ()
    churn = (chance("P(does not come back)", NOTHING, CHURN) * context.dollar("churn_value", look.shop.id)).named(
        "future orders lost"
    )
    order: Figure | None = None
    if look.order_total is not None:
        place = Source("order", "total", look.shop.id, look.order_ref, look.read_at)
        order = cash(context, "order total", look.order_total, look.order_currency, look.waiting_since, place)
    if order is None:
        missing = (_unknown_order(look),) if look.order_total is None else (f"no {look.order_currency} exchange rate",)
        order = Figure("order not known", Decimal(0), Decimal(15), Decimal(60), context.base, is_assumed=True)
    claim = (chance("P(takes the money back)", NOTHING, CLAIM) * order).named("claims")
    ignored = (churn + claim).named("loss if ignored", context.base)
    saved = context.threshold("saved_by_acting", look.channel, look.shop.country)
    acted = (ignored * (given(1) - saved)).named("loss left after answering", context.base)
    return ignored, acted, ignored * saved, missing


def _unknown_order(look: TicketLook) -> str:
    return f"the total of order {look.order_number}" if look.order_ref else "which order this is about"


DETECTOR = Detector(NAME, 31, "First answer due", TicketLook, detect, THRESHOLDS, DRAFTS)
