"""29 · Many tickets, one root cause: one decision for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash
from alerts.arithmetic.odds import NOTHING, Prior, chance
from alerts.figures import Figure, Source, given, total
from alerts.looks import WaveLook, WaveMember
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "ticket_wave"
REFUND = Prior(Decimal("0.35"), Decimal(10), "share of members that end in a refund")
REVIEW = Prior(Decimal("0.12"), Decimal(10), "share of unanswered buyers that leave a bad review")

THRESHOLDS = {
    "least_members": Threshold(Decimal(5), "tickets", "own default", "Tickets with one cause that make a wave."),
    "review_cost": Threshold(Decimal(12), "USD", "own estimate", "What one bad review costs."),
    "saved_by_acting": Threshold(Decimal("0.55"), "share", "own default", "Loss that one early answer avoids."),
    "answer_hours": Threshold(Decimal(24), "hours", "own default", "Due after the oldest open member."),
}  # fmt: skip


def detect(looks: Iterable[WaveLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        waiting = [member for member in look.members if not member.is_answered]
        if len(look.members) >= context.threshold("least_members").likely and waiting:
            yield finding(look, waiting, now, context)


def finding(look: WaveLook, waiting: list[WaveMember], now: datetime, context: Context) -> Finding:
    ignored, acted, saves, missing = _dollars(look, waiting, context)
    oldest = min(member.opened_at for member in waiting)
    due = oldest + timedelta(hours=float(context.threshold("answer_hours").likely))
    return Finding(
        detector=NAME,
        subject=Subject("wave", look.fingerprint, None, look.title),
        title=f"{len(waiting)} tickets, one cause: {look.title}",
        ignored=ignored,
        acted=acted,
        saves=saves,
        deadline=due if due > now else None,
        waiting=slope(oldest, max(due, now) + timedelta(hours=24)),
        minutes=Decimal(3),
        probability=REFUND.share,
        why=look.cause,
        tradeoff="One shared answer, personalised for each buyer, now; or the same work many times later.",
        missing=missing,
        evidence=tuple(
            Evidence(
                "Belongs to it",
                Source("ticket", "subject", member.shop_id, member.conversation_ref, look.read_at),
                member.subject,
            )
            for member in waiting[:5]
        ),
        drafts=("merge_tickets", "escalation_note"),
        arguments={
            "wave_id": look.wave_id,
            "ticket_ids": [member.ticket_id for member in waiting],
            "conversation_refs": [member.conversation_ref for member in waiting],
            "shared": dict(look.shared),
        },
        members=tuple(
            Subject("ticket", str(member.ticket_id), member.shop_id, member.subject) for member in look.members
        ),
        state=f"{len(look.members).bit_length()}|{look.fingerprint}",
    )


def _dollars(
    look: WaveLook, waiting: list[WaveMember], context: Context
) -> tuple[Figure, Figure, Figure, tuple[str, ...]]:
    count = given(len(waiting), "open members", "tickets", Source("wave", "members", external_id=look.fingerprint))
    handling = context.dollar("handling_cost")
    prices, unknown = _prices(look, waiting, context)
    refunds = (prices * chance("P(refund)", NOTHING, REFUND)).named("refunds")
    reviews = (count * chance("P(bad review)", NOTHING, REVIEW) * context.threshold("review_cost")).named("bad reviews")
    ignored = (count * handling + refunds + reviews).named("loss if ignored", context.base)
    saved = context.threshold("saved_by_acting")
    left = given(1) - saved
    acted = (handling * 3 + (refunds + reviews) * left).named("loss left after one answer to all", context.base)
    missing = (f"the order of {unknown} members is unknown or has no exchange rate",) if unknown else ()
    saves = (count - 3) * handling + (refunds + reviews) * saved
    return ignored, acted, saves, missing


def _prices(look: WaveLook, waiting: list[WaveMember], context: Context) -> tuple[Figure, int]:
    """Sum of the members' orders. A member without a known order is taken at the known mean, as a wide range."""
    known = [
        figure
        for member in waiting
        if member.order_total is not None
        and (figure := cash(context, "order total", member.order_total, member.currency, member.opened_at,
                            Source("order", "total", member.shop_id, member.order_ref, look.read_at))) is not None
    ]  # fmt: skip
    orders = Figure("orders of the members", Decimal(0), Decimal(0), Decimal(0), context.base)
    if known:
        worth = sum((figure.likely for figure in known), Decimal(0))
        place = Source("order", "total", note=f"sum over {len(known)} orders of members")
        orders = given(worth, "orders of the members", context.base, place)
    unknown = len(waiting) - len(known)
    if not unknown:
        return orders, 0
    mean = orders.likely / len(known) if known else Decimal(30)
    rest = Figure("orders not known", Decimal(0), mean * unknown, mean * unknown * 2, context.base, is_assumed=True)
    return total("orders of the members", (orders, rest)), unknown


DETECTOR = Detector(NAME, 29, "Ticket wave", WaveLook, detect, THRESHOLDS, ("merge_tickets", "escalation_note"))
