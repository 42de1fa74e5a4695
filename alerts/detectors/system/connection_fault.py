"""55 · A connection does not work: their outage, our permission, our speed or their format; and payments that falter.

Dollars are those of the blind spot: exceptions an hour from these shops × the hours unseen and counted ahead. A shift
of declines costs the charges that would have gone through at the usual rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.arithmetic import blind
from alerts.arithmetic.curves import slope
from alerts.arithmetic.dollars import cash, no_amount
from alerts.figures import Figure, Source, between, given
from alerts.looks import ConnectionLook, GatewayLook
from alerts.types import Context, Detector, Evidence, Finding, Subject, Threshold

NAME = "connection_fault"
# Short reads, changed formats, silence and what fails in part are feed_stale's own: it names the feed.
FAULTS = frozenset({"token", "down", "throttled", "refused"})
HEALS = frozenset({"down", "throttled"})
HOUR = timedelta(hours=1)

THRESHOLDS = {
    **blind.THRESHOLDS,
    "least_minutes": Threshold(Decimal(10), "minutes", "own default", "A shorter outage is weather."),
    "tried_again_low": Threshold(Decimal("0.2"), "share", "own estimate", "Declined buyers who pay in the end: least."),
    "tried_again": Threshold(Decimal("0.5"), "share", "own estimate", "Declined buyers who pay in the end."),
    "tried_again_high": Threshold(Decimal("0.8"), "share", "own estimate", "Declined buyers who pay in the end: most."),
}


def detect(looks: Iterable[ConnectionLook], now: datetime, context: Context) -> Iterator[Finding]:
    for look in looks:
        if look.gateway is not None:
            yield payments(look, look.gateway, now, context)
        elif look.verdict in FAULTS and is_whole(look) and lasts(look, now, context):
            yield fault(look, now, context)


def is_whole(look: ConnectionLook) -> bool:
    return look.reach != "part" or look.verdict not in HEALS


def lasts(look: ConnectionLook, now: datetime, context: Context) -> bool:
    """What does not heal by waiting is told at once."""
    if look.verdict not in HEALS or look.since is None:
        return True
    return now - look.since >= timedelta(minutes=float(context.threshold("least_minutes", look.shop.kind).likely))


def fault(look: ConnectionLook, now: datetime, context: Context) -> Finding:
    since = look.since or now
    hours = Decimal(str(round(max((now - since) / HOUR, 0.1), 2)))
    place = Source("connection", "last_good_at", look.shop.id, look.shop.name, look.read_at)
    rate = blind.dollars_an_hour(look.alert_dollars, look.alert_hours, look.shop, context)
    names = ", ".join(shop.name for shop in look.shops)
    is_platform = look.reach == "platform"
    subject = Subject("connection", look.shop.kind) if is_platform else _of_shop(look)
    return Finding(
        detector=NAME,
        subject=subject,
        title=f"{names}: {look.verdict_words}",
        ignored=blind.unseen(rate, hours, place, look.shop, context),
        acted=given(0, "seen again once it is well", context.base),
        deadline=look.next_deadline,
        waiting=slope(since, now + 12 * HOUR),
        minutes=Decimal(5 if look.verdict == "token" else 2),
        why=f"{look.says} {look.advice}".strip(),
        tradeoff="What is approved for it waits and leaves by itself; what changes there meanwhile is not seen.",
        missing=(f"what has changed since {since:%d %b %H:%M} UTC",),
        evidence=tuple(Evidence("Seen", place, line) for line in look.shows),
        drafts=("escalation_note",),
        arguments={"shop_id": look.shop.id, "verdict": look.verdict, "reach": look.reach, "where": list(look.where)},
        state=f"{look.verdict}|{look.reach}|{'|'.join(look.where)}",
    )


def _of_shop(look: ConnectionLook) -> Subject:
    return Subject("connection", str(look.shop.id), look.shop.id, look.shop.name)


def payments(look: ConnectionLook, seen: GatewayLook, now: datetime, context: Context) -> Finding:
    place = Source("payment", "status", look.shop.id, "", look.read_at, note="counts of charges")
    ignored = _declined(look, seen, context, place) if seen.what == "declines" else _unpaid(look, seen, now, context)
    worth_nothing = seen.what not in ("declines", "no_payments")
    return Finding(
        detector=NAME,
        subject=Subject("gateway", f"{look.shop.id} {seen.what}", look.shop.id, look.shop.name),
        title=f"{look.shop.name}: {TITLES.get(seen.what, 'payments are not as usual')}",
        ignored=given(0, "no charge is lost by it", context.base) if worth_nothing else ignored,
        acted=given(0, "charges go through again", context.base),
        waiting=slope(look.read_at, now + 12 * HOUR),
        minutes=Decimal(5),
        why=f"{seen.says} {seen.advice}",
        missing=() if ignored or worth_nothing else (no_amount(context, "mean charge", seen.amount, seen.currency),),
        evidence=(
            Evidence("Charges tried of late", place, str(seen.tried)),
            Evidence("Declined of them", place, str(seen.declined)),
            Evidence("Usually declined", place, f"{seen.usual_share * 100:.1f} %"),
        ),
        drafts=("escalation_note",),
        arguments={"shop_id": look.shop.id, "what": seen.what},
        state=seen.what,
    )


TITLES = {
    "declines": "more charges are declined than usual",
    "no_payments": "no payment is tried any more",
    "no_pushes": "pushes have stopped",
    "payouts_late": "a payout is late",
    "payouts_failed": "a payout failed",
}


def _charge(look: ConnectionLook, seen: GatewayLook, context: Context) -> Figure | None:
    """What one charge earns: the mean amount at the margin."""
    place = Source("payment", "amount", look.shop.id, "", look.read_at, note="mean of the charges before")
    amount = cash(context, "mean charge", seen.amount, seen.currency, look.read_at, place)
    return None if amount is None else (amount * context.dollar("margin", look.shop.id)).named("earned by a charge")


def _declined(look: ConnectionLook, seen: GatewayLook, context: Context, place: Source) -> Figure | None:
    """(declined − usual share × tried) × (1 − share that pays in the end) × what a charge earns."""
    charge = _charge(look, seen, context)
    if charge is None:
        return None
    usual = given(seen.usual_share, "usually declined", "share", place) * given(seen.tried, "tried", "charges", place)
    extra = given(seen.declined, "declined", "charges", place) - usual
    low, likely, high = (context.threshold(f"tried_again{part}") for part in ("_low", "", "_high"))
    again = between("pay in the end", low.likely, likely.likely, high.likely, "share", is_assumed=True)
    return (extra * (1 - again) * charge).named("lost to declines", context.base)


def _unpaid(look: ConnectionLook, seen: GatewayLook, now: datetime, context: Context) -> Figure | None:
    """Charges an hour × hours without one × what a charge earns."""
    charge = _charge(look, seen, context)
    if charge is None or seen.silent_since is None:
        return None
    hours = Decimal(str(round((now - seen.silent_since) / HOUR, 2)))
    return (given(seen.an_hour, "charges an hour", "charges") * given(hours, "hours", "hours") * charge).named(
        "not taken", context.base
    )


DETECTOR = Detector(NAME, 55, "Connection fault", ConnectionLook, detect, THRESHOLDS, ("escalation_note",))
