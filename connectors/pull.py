"""Step 1: read what changed at a shop since the feed's cursor. The cursor moves in the transaction that saves the rows.

A pull is truth, so it may run twice, stop halfway or come late: what it reads again changes nothing. Its one promise is
that the cursor never passes rows that were not saved, nor a window of which the source counts more than was read.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connectors import health
from connectors.base import Clock, Connector, ConnectorError, Reconnect, Refused, Retry, Unknown
from connectors.http import LANE_IS_FULL
from connectors.models import Feed, QuarantinedRow, Shop
from connectors.opening import open_shop
from connectors.registry import connector_class
from connectors.save import Saved, save
from connectors.tokens import lose, revive
from connectors.transport.faults import fault_class
from connectors.types import BadRow, Page, Record

log = structlog.get_logger()

LEASE = timedelta(minutes=3)  # longer than the 120 s after which a task is killed
SPELL = timedelta(seconds=80)  # a longer read goes on in another task, short of the 100 s at which one is told to end
LONGEST_HELD = timedelta(seconds=20)
AT_ONCE = 2  # turns of one shop: a slow one leaves the lane's other threads to the others
FULL_BATCH = 2_000  # rows; a save costs the same thirty round trips whatever it holds
LONGEST_PAUSE = timedelta(hours=1)
FIRST_PAUSE_SECONDS = 60
DRIFT_SHARE, DRIFT_LEAST = 0.5, 10  # of a batch: so many rows in quarantine mean that the source changed its format


class LostClaim(RuntimeError):
    """Another worker reads this feed now; what this one read last is not kept."""


class ShortRead(Retry):
    """The source counts more rows in a window than it gave."""


@dataclass(slots=True)
class Reading:
    """One worker's turn at one feed. `count` is what the source says the current window holds."""

    feed: Feed
    began_at: datetime
    saved: Saved = field(default_factory=Saved)
    count: int | None = None
    is_drifted: bool = False


def make_feeds(shop: Shop) -> list[Feed]:
    """A row for each stream that the shop's connector offers; those that are there keep their cursor."""
    offered = connector_class(shop.kind).feeds
    return [
        Feed.objects.get_or_create(
            shop=shop, name=one.name, defaults={"every_seconds": round(one.every.total_seconds())}
        )[0]
        for one in offered
    ]


def pull(feed_id: int, *, clock: Clock = timezone.now) -> Saved:
    """Read one feed that is due until its last page; returns what was saved, counted by kind.

    Empty where the feed is not due, another worker has it or its shop has turns enough. What goes wrong outside is
    recorded on the feed, not raised; a fault of ours is recorded and raised.
    """
    return take_turn(feed_id, clock) or Saved()


def take_turn(feed_id: int, clock: Clock) -> Saved | None:
    """The same; None where there was no turn to take."""
    feed = claim(feed_id, clock())
    if feed is None:
        return None
    reading = Reading(feed, clock())
    try:
        is_done = read(open_shop(feed.shop, clock=clock), reading, clock)
        succeed(reading, clock(), is_done=is_done)
    except ConnectorError as error:
        if error.code == LANE_IS_FULL:
            rest(feed, error, clock())
        else:
            fail(reading, error, clock())
    except LostClaim:
        log.warning("feed was taken over", feed=feed.pk)
    except Exception as error:
        fail(reading, error, clock())
        raise
    finally:
        health.flush()
    return reading.saved


def claim(feed_id: int, now: datetime) -> Feed | None:
    """Take a due feed for the length of a lease; None where it is not free, or where its shop is read enough."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    with transaction.atomic():
        due = Feed.objects.due(now).filter(free, pk=feed_id)
        feed = due.select_related("shop").select_for_update(of=("self",), skip_locked=True).first()
        if feed is None or Feed.objects.filter(shop=feed.shop_id, claimed_until__gte=now).count() >= AT_ONCE:
            return None
        feed.claimed_until, feed.last_tried_at = now + LEASE, now
        feed.save(update_fields=["claimed_until", "last_tried_at"])
    return feed


def read(connector: Connector, reading: Reading, clock: Clock) -> bool:
    """Save page after page; False where the turn ended before the last one."""
    start = reading.feed.cursor
    for pages in batches(connector.pull(reading.feed.name, start), clock):
        keep(reading, pages, clock())
        has_moved = reading.feed.cursor != start
        if not pages[-1].is_last and has_moved and clock() - reading.began_at > SPELL:
            return False
    return True


def batches(pages: Iterable[Page], clock: Clock) -> Iterator[list[Page]]:
    """Pages put together until they hold a batch worth saving; the last page of a window always ends its batch.

    What a slow source gave is kept all the same, and so is what came before an error: a turn must not end with minutes
    of reading unsaved.
    """
    held: list[Page] = []
    since = clock()
    try:
        for page in pages:
            held.append(page)
            is_full = sum(len(one.records) for one in held) >= FULL_BATCH
            if page.is_last or is_full or clock() - since >= LONGEST_HELD:
                yield held
                held, since = [], clock()
    except ConnectorError:
        if held:
            yield held
        raise
    if held:
        yield held


def keep(reading: Reading, pages: list[Page], now: datetime) -> None:
    """Rows and cursor in one transaction. Raises ShortRead after keeping the rows, LostClaim after keeping nothing."""
    feed = reading.feed
    lease = now + LEASE
    records: list[Record | BadRow] = [record for page in pages for record in page.records]
    with transaction.atomic():
        saved = save(feed.shop_id, records, received_at=now, feed=feed.name)
        lacking = sum(move(reading, page) for page in pages)
        mine = Feed.objects.filter(pk=feed.pk, claimed_until=feed.claimed_until)
        if not mine.update(claimed_until=lease, **progress(feed)):
            raise LostClaim
    feed.claimed_until = lease
    reading.saved.add(saved)
    reading.is_drifted |= has_drifted(saved)
    if lacking:
        raise ShortRead(
            f"the source counts {feed.count_at_source} rows and gave {feed.count_stored}; the window is read again",
            code="short_read",
        )


def progress(feed: Feed) -> dict[str, object]:
    names = ("cursor", "window_cursor", "window_seen", "count_at_source", "count_stored")
    return {name: getattr(feed, name) for name in names}


def move(reading: Reading, page: Page) -> int:
    """Move the cursor behind this page, or back to where its window began; returns how many rows the window lacks.

    A window ends with the pull's last page, or when all the rows that the source counts have come.
    """
    feed = reading.feed
    window_began = feed.cursor if feed.window_cursor is None else feed.window_cursor
    feed.window_seen += page.seen
    if page.count_at_source is not None:
        reading.count = page.count_at_source
    is_whole = reading.count is not None and feed.window_seen >= reading.count
    if not (page.is_last or is_whole):
        feed.window_cursor, feed.cursor = window_began, page.cursor
        return 0
    lacking = max(0, (reading.count or 0) - feed.window_seen)
    feed.count_at_source, feed.count_stored = reading.count, feed.window_seen
    feed.cursor = window_began if lacking else page.cursor
    feed.window_cursor, feed.window_seen, reading.count = None, 0, None
    return lacking


def has_drifted(saved: Saved) -> bool:
    total = saved.total
    return total.quarantined >= DRIFT_LEAST and total.quarantined > DRIFT_SHARE * total.read


def succeed(reading: Reading, now: datetime, *, is_done: bool) -> None:
    """A finished turn. A drifted one is not good: its rows wait in quarantine, and the feed says so."""
    feed = reading.feed
    if reading.is_drifted:
        fail(reading, Retry("most rows could not be read: the source's format has changed", code="drift"), now)
        return
    feed.failures, feed.error_class, feed.error_text = 0, "", ""
    feed.last_good_at = now if is_done else feed.last_good_at
    pause = timedelta(seconds=feed.every_seconds * random.uniform(0.9, 1.0)) if is_done else timedelta(0)
    release(feed, now + pause, heeds_hints=True)
    note(reading, "", now)
    if reading.saved.total.read:
        log.info("feed read", feed=feed.name, shop=feed.shop_id, **count_words(reading.saved))


def count_words(saved: Saved) -> dict[str, int]:
    total = saved.total
    return {name: getattr(total, name) for name in total.__slots__}


def note(reading: Reading, fault: str, now: datetime) -> None:
    """How this turn went, for the history that the weekly report reads."""
    feed, total = reading.feed, reading.saved.total
    lacking = max(0, (feed.count_at_source or 0) - (feed.count_stored or 0)) if fault == "short_read" else 0
    seconds = (now - reading.began_at).total_seconds()
    health.record_pull(health.Pulled(feed.pk, now, fault, seconds, lacking, total.read, total.quarantined))


def rest(feed: Feed, error: ConnectorError, now: datetime) -> None:
    """Our own pace holds this feed back until its turn comes. Nothing is wrong outside, and nothing was read whole."""
    wait = getattr(error, "after_seconds", None) or feed.every_seconds
    release(feed, now + timedelta(seconds=wait), heeds_hints=False)
    log.info("feed waits for its turn", feed=feed.name, shop=feed.shop_id, seconds=round(wait))


def fail(reading: Reading, error: Exception, now: datetime) -> None:
    """What went wrong, and when it is tried again. A shop that refuses us is given up, unless a new token helps."""
    feed = reading.feed
    if isinstance(error, Reconnect) and feed.failures == 0 and revive(feed.shop, lambda: now):
        error = Retry("the token was refused and has been renewed; reading goes on with the new one")
    feed.failures += 1
    feed.error_class, feed.error_text = error_class(error), str(error)[:2000] or type(error).__name__
    if isinstance(error, Reconnect) and feed.shop.state == Shop.State.CONNECTED:
        lose(feed.shop, str(error))
    release(feed, now + pause_after(feed, error), heeds_hints=False)
    finer = fault_class(error) if isinstance(error, Retry) else feed.error_class
    note(reading, finer if feed.error_class == "retry" else feed.error_class, now)
    log.warning("feed not read", feed=feed.name, shop=feed.shop_id, error_class=feed.error_class, error=feed.error_text)


def error_class(error: Exception) -> str:
    if isinstance(error, Retry):
        return error.code if error.code in ("short_read", "drift") else "retry"
    named = ((Reconnect, "reconnect"), (Refused, "refused"), (Unknown, "unknown"))
    return next((name for kind, name in named if isinstance(error, kind)), "failed")


def pause_after(feed: Feed, error: Exception) -> timedelta:
    """Doubling from the feed's own interval up to an hour, half of it jitter; the source's advice is a floor.

    What has never been read blinds the company from its first day, so it is tried again within the minute at first.
    """
    every = feed.every_seconds if feed.last_good_at else min(feed.every_seconds, FIRST_PAUSE_SECONDS)
    doubled = timedelta(seconds=every) * 2.0 ** min(feed.failures - 1, 12)
    advice = timedelta(seconds=getattr(error, "after_seconds", None) or 0)
    return max(advice, min(doubled, LONGEST_PAUSE) * random.uniform(0.5, 1.0))


def release(feed: Feed, next_pull_at: datetime, *, heeds_hints: bool) -> None:
    """End the claim and write how it went. A webhook that came meanwhile has made the feed due; that is not undone."""
    mine = Feed.objects.filter(pk=feed.pk, claimed_until=feed.claimed_until)
    feed.claimed_until, feed.next_pull_at = None, next_pull_at
    feed.count_quarantined = QuarantinedRow.objects.filter(shop=feed.shop_id, feed=feed.name, settled_at=None).count()
    names = ("failures", "error_class", "error_text", "last_good_at", "count_quarantined", "claimed_until")
    with transaction.atomic():
        unhinted = mine.exclude(next_pull_at__gt=feed.last_tried_at) if heeds_hints else mine
        unhinted.update(next_pull_at=next_pull_at)
        mine.update(**{name: getattr(feed, name) for name in names})


@shared_task(name="connectors.pull_feed", queue="pull", max_retries=0)
def pull_feed(feed_id: int) -> None:
    """One turn, and at once the next of its shop: of this feed where rows are left, or of one that waits."""
    if take_turn(feed_id, timezone.now) is None:
        return
    mates = Feed.objects.due(timezone.now()).filter(shop__feeds=feed_id, claimed_until=None)
    for waiting in mates.order_by("next_pull_at").values_list("pk", flat=True)[:AT_ONCE]:
        pull_feed.apply_async((waiting,), expires=60)


@shared_task(name="connectors.pull_due", queue="pull", max_retries=0)
def pull_due() -> None:
    """Beat and tick: ring for every feed that is due, one task each, so that one bad shop delays no other.

    A ring that nobody answered within a minute is void; the next tick rings again.
    """
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    for feed_id in Feed.objects.due(now).filter(free).order_by("next_pull_at").values_list("pk", flat=True):
        pull_feed.apply_async((feed_id,), expires=60)
