"""54 · A feed is stale or came back short: how many dollars of exceptions it may be hiding.

Blind spot = dollars of exceptions an hour from that shop × hours in which we saw nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic import blind
from alerts.arithmetic.curves import slope
from alerts.figures import Source, given
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
    **blind.THRESHOLDS,
}  # fmt: skip


def detect(looks: Iterable[FeedLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if not look.is_paused and not look.is_covered and (reason := stale_because(look, now, context)):
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
    rate = blind.dollars_an_hour(look.alert_dollars, look.alert_hours, look.shop, context)
    since = look.last_good_at or look.connected_at
    stale = Decimal(str(round(max((now - since) / timedelta(hours=1), 0.1), 2)))
    place = Source("feed", "last_good_at", look.shop.id, look.name, look.read_at)
    return Finding(
        detector=NAME,
        subject=Subject("feed", look.name, look.shop.id, f"{look.name} of {look.shop.name}"),
        title=f"{look.shop.name}: {look.name} is not complete",
        ignored=blind.unseen(rate, stale, place, look.shop, context),
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
