"""What is wrong with a connection, told from what its calls and feeds show, and from how its like fare. Pure.

One account's errors alone cannot tell "they are down" from "only we are cut off": the other shops of the same kind can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from connectors.transport import faults
from connectors.watching.evidence import Calls, Diagnosis, Evidence, Reach, Stream, Verdict
from connectors.watching.words import FEEDS, TOLD, Told

FRESH = timedelta(minutes=30)  # what was seen longer ago says nothing of now
LEAST_FAILING = 2  # one failed call is weather
STOPPING = frozenset({Verdict.TOKEN, Verdict.DOWN, Verdict.THROTTLED})
# What a feed says of its last pull, where the calls themselves tell it better.
TOLD_BY_CALLS = frozenset({"retry", "unknown", "refused", "stale"})


def diagnose(one: Evidence, peers: Iterable[Evidence], now: datetime) -> tuple[Diagnosis, ...]:
    """Every fault of a shop, worst first; a single WELL, PAUSED or STARTING where there is none.

    `peers` are all other shops of the same kind; those that nobody reads say nothing.
    """
    if not one.is_read:
        return (Diagnosis(Verdict.PAUSED, Reach.SHOP, f"{one.name} is {one.state.replace('_', ' ')}."),)
    others = [peer for peer in peers if peer.kind == one.kind and peer.shop_id != one.shop_id and peer.is_read]
    found = [*_lost(one, others), *_by_calls(one, others, now)]
    found += _by_feeds(one, others, but_not=TOLD_BY_CALLS if found else frozenset())
    if found:
        order = list(Verdict)
        return tuple(sorted(found, key=lambda each: order.index(each.verdict)))
    if any(feed.fault == "unread" for feed in one.feeds):
        return (Diagnosis(Verdict.STARTING, Reach.SHOP, f"{one.name} is being read for the first time."),)
    return (Diagnosis(Verdict.WELL, Reach.SHOP, f"{one.name} answers and is read whole.", seen_at=one.last_good_at),)


def stops_writes(found: Sequence[Diagnosis], now: datetime, holds: timedelta) -> Diagnosis | None:
    """What keeps a write from being sent now: a lost permission, or a whole shop down or throttled within `holds`.

    After that time without a new failure a write is let through as the trial: a shop that is only written to would
    otherwise never be found well again.
    """
    for each in found:
        if each.verdict not in STOPPING or each.reach is Reach.PART:
            continue
        is_fresh = each.seen_at is not None and now - each.seen_at < holds
        if is_fresh or (each.verdict is Verdict.TOKEN and each.seen_at is None):
            return each
    return None


def _lost(one: Evidence, others: list[Evidence]) -> list[Diagnosis]:
    if one.state != "needs_reconnect":
        return []
    why = one.reason or "the platform no longer accepts our token"
    lost = [peer for peer in others if peer.state == "needs_reconnect"]
    if others and len(lost) == len(others):
        said = (
            f"All {len(others) + 1} {_kind(one)} connections lost their permission: it is our app or their sign-in, "
            f"not this shop's token."
        )
        advice = "See in their developer console whether our app is suspended. Then connect each shop again."
        return [Diagnosis(Verdict.TOKEN, Reach.PLATFORM, said, advice, (why, _named(lost)))]
    shows = (why, *([_answering(others)] if others and not lost else []))
    advice = "An owner connects it again; nothing is lost, reading goes on where it stopped."
    return [Diagnosis(Verdict.TOKEN, Reach.SHOP, f"{one.name} no longer accepts our permission.", advice, shows)]


def failing(one: Evidence, now: datetime, fault: str = "") -> list[Calls]:
    """Operations whose last calls all failed, a moment ago; of one class where `fault` names it."""
    return [
        call
        for call in one.calls
        if call.failing >= LEAST_FAILING
        and call.last_failed_at is not None
        and now - call.last_failed_at < FRESH
        and (not fault or _cause(call) == fault)
    ]


def answering(one: Evidence, now: datetime) -> list[Calls]:
    """Operations whose last call went well, a moment ago."""
    return [call for call in one.calls if not call.failing and call.last_good_at and now - call.last_good_at < FRESH]


def _cause(call: Calls) -> str:
    """A write without a clear answer shows the same as a read without one."""
    return faults.DOWN if call.last_fault in (faults.UNKNOWN, faults.DOWN) else call.last_fault


def _by_calls(one: Evidence, others: list[Evidence], now: datetime) -> list[Diagnosis]:
    by_cause: dict[str, list[Calls]] = {}
    for call in failing(one, now):
        by_cause.setdefault(_cause(call), []).append(call)
    made = []
    for cause, calls in by_cause.items():
        told = TOLD.get(cause)
        if told is None or (cause == faults.RECONNECT and one.state == "needs_reconnect"):
            continue
        struck = [peer for peer in others if failing(peer, now, cause)]
        well = [peer for peer in others if answering(peer, now) and not failing(peer, now)]
        reach = Reach.PART if answering(one, now) else Reach.SHOP
        if reach is Reach.SHOP and struck and not well:
            reach = Reach.PLATFORM
        made.append(_of_calls(one, told, reach, calls, struck, well))
    return made


def _of_calls(
    one: Evidence, told: Told, reach: Reach, calls: list[Calls], struck: list[Evidence], well: list[Evidence]
) -> Diagnosis:
    where = tuple(sorted(call.operation for call in calls))
    words = {"name": one.name, "kind": _kind(one), "count": len(struck) + 1, "where": ", ".join(where)}
    template = {Reach.PLATFORM: told.platform, Reach.SHOP: told.shop, Reach.PART: told.part}[reach]
    shows = [f"{call.operation}: the last {call.failing} calls failed, {_last_good(call)}" for call in calls]
    shows += [f"{_named(struck)} fail the same way"] if struck else []
    shows += [_answering(well)] if well else []
    is_alone = bool(told.alone and well and not struck and reach is Reach.SHOP)
    seen = [call.last_failed_at for call in calls if call.last_failed_at]
    good = [call.last_good_at for call in calls if call.last_good_at]
    return Diagnosis(
        told.verdict, reach, template.format(**words), (told.alone if is_alone else told.advice).format(**words),
        tuple(shows), where, since=max(good, default=None), seen_at=max(seen),
        until=min((feed.next_pull_at for feed in one.feeds if feed.failures and feed.next_pull_at), default=None),
    )  # fmt: skip


def _by_feeds(one: Evidence, others: list[Evidence], but_not: frozenset[str]) -> list[Diagnosis]:
    by_fault: dict[str, list[Stream]] = {}
    for feed in one.feeds:
        if feed.fault and feed.fault not in but_not:
            by_fault.setdefault(feed.fault, []).append(feed)
    made = []
    for fault, feeds in by_fault.items():
        if fault in FEEDS:
            verdict, says, advice = FEEDS[fault]
            same = [peer for peer in others if any(feed.fault == fault for feed in peer.feeds)]
            reach = Reach.PLATFORM if same and len(same) == len(others) else Reach.PART
            shows = tuple(f"{feed.name}: {_of_feed(feed)}" for feed in feeds)
            shows += (f"{_named(same)} too",) if same else ()
            where = tuple(feed.name for feed in feeds)
            said = says.format(name=one.name, kind=_kind(one), where=", ".join(where))
            since = min((feed.last_good_at for feed in feeds if feed.last_good_at), default=None)
            until = min((feed.next_pull_at for feed in feeds if feed.next_pull_at), default=None)
            made.append(Diagnosis(verdict, reach, said, advice, shows, where, since, until=until))
    return made


def _of_feed(feed: Stream) -> str:
    parts = [feed.text or feed.fault.replace("_", " ")]
    if feed.gap:
        parts.append(f"{feed.gap:,} rows lacking of {feed.at_source:,}")
    if feed.quarantined:
        parts.append(f"{feed.quarantined:,} rows in quarantine")
    return "; ".join(parts)


def _kind(one: Evidence) -> str:
    return one.kind.replace("_", " ").title()


def _answering(shops: Sequence[Evidence]) -> str:
    return "1 shop of the same kind answers" if len(shops) == 1 else f"{len(shops)} shops of the same kind answer"


def _named(shops: Sequence[Evidence]) -> str:
    names = [shop.name for shop in shops]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _last_good(call: Calls) -> str:
    return f"last good {call.last_good_at:%d %b %H:%M} UTC" if call.last_good_at else "none went well within a day"
