"""54 · A feed is stale or came back short: how many dollars of exceptions it may be hiding.

Blind spot = dollars of exceptions an hour from that shop × hours in which we saw nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic.curves import slope
from alerts.figures import Figure, Source, between, given
from alerts.looks import FeedLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "feed_stale"
ADVICE = {
    "reconnect": "The account's permission is gone: connect it again.",
    "short_read": "The source holds more rows than were read; the cursor has not passed them.",
    "drift": "The source changed its format; rows are kept in quarantine.",
    "retry": "The source does not answer; it is tried again.",
}
# Trying again does not heal these, so there is nothing to wait for.
LASTING = {"reconnect", "refused", "drift"}

THRESHOLDS = {
    "stale_factor": Threshold(Decimal(4), "intervals", "own default", "Stale after so many pull intervals."),
    "least_minutes": Threshold(Decimal(15), "minutes", "own default", "…but not sooner than this."),
    "dollars_an_hour_low": Threshold(Decimal("0.5"), "USD", "own estimate", "Before own history: at least."),
    "dollars_an_hour": Threshold(Decimal(5), "USD", "own estimate", "Before own history: exceptions an hour."),
    "dollars_an_hour_high": Threshold(Decimal(30), "USD", "own estimate", "Before own history: at most."),
    "planning_hours": Threshold(Decimal(12), "hours", "own default", "Counted ahead: how long it would stay unseen."),
}  # fmt: skip


def detect(looks: Iterable[FeedLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if not look.is_paused and (reason := stale_because(look, now, context)):
            yield finding(look, reason, now, context)


def stale_because(look: FeedLook, now: datetime, context: Context) -> str:
    """Why its numbers cannot be trusted; empty where they can."""
    if look.error_class == "short_read" or _rows_lacking(look) > 0:
        return f"{_rows_lacking(look) or 'some'} rows fewer than the source counts"
    limit = max(
        timedelta(seconds=look.every_seconds) * float(context.threshold("stale_factor", look.shop.kind).likely),
        timedelta(minutes=float(context.threshold("least_minutes", look.shop.kind).likely)),
    )
    if look.error_class in LASTING or (look.last_good_at is None and look.failures):
        return "never read" if look.last_good_at is None else "refused until somebody acts"
    silent = now - (look.last_good_at or look.connected_at)
    if silent <= limit:
        return ""
    if look.last_good_at is None:
        return "never read"
    hours = silent / timedelta(hours=1)
    return f"no good read for {hours:.0f} hours" if hours >= 2 else f"no good read for {hours * 60:.0f} minutes"


def _rows_lacking(look: FeedLook) -> int:
    if look.count_at_source is None or look.count_stored is None:
        return 0
    return max(0, look.count_at_source - look.count_stored)


def finding(look: FeedLook, reason: str, now: datetime, context: Context) -> Finding:
    rate = _dollars_an_hour(look, context)
    since = look.last_good_at or look.connected_at
    stale = Decimal(str(round(max((now - since) / timedelta(hours=1), 0.1), 2)))
    place = Source("feed", "last_good_at", look.shop.id, look.name, look.read_at)
    hidden = (rate * given(stale, "hours unseen", "hours", place)).named("may be hidden already", context.base)
    ahead = (rate * context.threshold("planning_hours", look.shop.kind)).named("would stay hidden", context.base)
    return Finding(
        detector=NAME,
        subject=Subject("feed", look.name, look.shop.id, f"{look.name} of {look.shop.name}"),
        title=f"{look.shop.name}: {look.name} is not complete",
        ignored=(hidden + ahead).named("dollars that may be hidden", context.base),
        acted=given(0, "seen again after a good read", context.base),
        deadline=look.next_deadline,
        waiting=slope(since, now + timedelta(hours=12)),
        minutes=Decimal(2),
        probability=None,
        why=f"{reason.capitalize()}. {ADVICE.get(look.error_class, '')}".strip(),
        tradeoff="Until it is read again, nobody can say that all is well with this shop.",
        missing=(f"everything that changed in {look.name} since {since:%d %b %H:%M} UTC",),
        evidence=_evidence(look, place),
        drafts=("escalation_note",),
        arguments={
            "shop_id": look.shop.id,
            "feed": look.name,
            "error_class": look.error_class,
            "error_text": look.error_text,
        },
        state=f"{look.error_class}|{look.last_good_at}",
    )


def _dollars_an_hour(look: FeedLook, context: Context) -> Figure:
    """Own history of that shop's alerts; before a day of it, an assumed range."""
    if look.alert_hours >= 24 and look.alert_dollars > 0:
        mean = (look.alert_dollars / look.alert_hours).quantize(Decimal("0.01"))
        place = Source("alert", "cash_likely", look.shop.id, note=f"mean of the last {look.alert_hours:.0f} hours")
        return between("exceptions an hour", mean / 2, mean, mean * 2, context.base, source=place)
    low, likely, high = (
        context.threshold(name, look.shop.kind)
        for name in ("dollars_an_hour_low", "dollars_an_hour", "dollars_an_hour_high")
    )
    numbers = (low.likely, likely.likely, high.likely)
    return between("exceptions an hour", *numbers, context.base, source=likely.source, is_assumed=True)


def _evidence(look: FeedLook, place: Source) -> tuple[Evidence, ...]:
    lines = [Evidence("Last good read", place, look.last_good_at.isoformat() if look.last_good_at else "never")]
    if look.count_at_source is not None:
        counts = Source("feed", "count_at_source", look.shop.id, look.name, look.read_at)
        lines.append(Evidence("Rows at the source", counts, str(look.count_at_source)))
        lines.append(
            Evidence("Rows stored", Source("feed", "count_stored", look.shop.id, look.name), str(look.count_stored))
        )
    if look.error_text:
        lines.append(
            Evidence(
                "What the source said", Source("feed", "error_text", look.shop.id, look.name), look.error_text[:200]
            )
        )
    return tuple(lines)


DETECTOR = Detector(NAME, 54, "Feed stale or short", FeedLook, detect, THRESHOLDS, ("escalation_note",))
