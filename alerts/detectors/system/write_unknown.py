"""56 · A write was sent and nobody has seen its effect: look, then decide; it is never repeated blindly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, labour, no_rate
from alerts.figures import Figure, Source, between
from alerts.looks import UnknownWriteLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "write_unknown"
NEEDS_A_PERSON = "needs_human"
MINUTES = Decimal(3)

THRESHOLDS = {
    "unknown_minutes": Threshold(Decimal(5), "minutes", "own default", "Our own reads may settle it until then."),
    "settle_minutes": Threshold(Decimal(30), "minutes", "own default", "By then a person should have looked."),
    "undone_low": Threshold(Decimal("0.1"), "share", "own estimate", "Doubtful writes that did not happen: least."),
    "undone": Threshold(Decimal("0.5"), "share", "own estimate", "Doubtful writes that did not happen."),
    "undone_high": Threshold(Decimal("0.9"), "share", "own estimate", "Doubtful writes that did not happen: most."),
}


def detect(looks: Iterable[UnknownWriteLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        patience = timedelta(minutes=float(context.threshold("unknown_minutes").likely))
        if look.state == NEEDS_A_PERSON or now - look.sent_at >= patience:
            yield finding(look, now, context)


def finding(look: UnknownWriteLook, now: datetime, context: Context) -> Finding:
    place = Source("draft", "amount", look.shop.id if look.shop else None, str(look.draft_id), look.read_at)
    worth = _worth(look, context, place)
    due = look.sent_at + timedelta(minutes=float(context.threshold("settle_minutes").likely))
    low, likely, high = (context.threshold(f"undone{part}").likely for part in ("_low", "", "_high"))
    undone = between("it did not happen", low, likely, high, "share", is_assumed=True)
    ignored = None if worth is None else (worth * undone).named("lost if it did not happen", context.base)
    return Finding(
        detector=NAME,
        subject=Subject("draft", str(look.draft_id), look.shop.id if look.shop else None, look.summary),
        title=f"Nobody has seen whether this happened: {look.summary}",
        ignored=ignored,
        acted=labour(context, MINUTES, look.shop.id if look.shop else None),
        deadline=due if due > now else None,
        waiting=slope(look.sent_at, max(due, now) + timedelta(hours=12)),
        minutes=MINUTES,
        probability=likely,
        why=_why(look),
        tradeoff="Sending it again could do it twice, so it is not sent again unless a read or a person says so.",
        missing=() if worth else (_missing(look, context),),
        evidence=(
            Evidence("Sent", place, look.sent_at.isoformat()),
            Evidence("Reads that did not show it", place, str(look.reads)),
        ),
        drafts=("escalation_note",),
        arguments={"draft_id": look.draft_id, "kind": look.kind, "shop_id": look.shop.id if look.shop else None},
        state=f"{look.state}|{look.reason}",
    )


def _worth(look: UnknownWriteLook, context: Context, place: Source) -> Figure | None:
    """The amount of the write; where it moves no money, what its matter has at stake."""
    if look.amount is not None:
        return cash(context, "amount of the write", look.amount, look.currency, look.sent_at, place)
    return None if look.stake is None else between("at stake in the matter", *look.stake, context.base, source=place)


def _missing(look: UnknownWriteLook, context: Context) -> str:
    return no_rate(context, look.currency) if look.amount is not None else "what the write is worth"


def _why(look: UnknownWriteLook) -> str:
    said = look.reason or "The call ended without a clear answer."
    if look.state == NEEDS_A_PERSON:
        return f"{said} No read can settle it: look on the other side and say what you found."
    again = f" We look again at {look.next_look_at:%H:%M} UTC." if look.next_look_at else ""
    return f"{said} {look.reads} read{'' if look.reads == 1 else 's'} so far did not show it.{again}"


DETECTOR = Detector(NAME, 56, "Write with unknown effect", UnknownWriteLook, detect, THRESHOLDS, ("escalation_note",))
