"""Pushes from outside: verified over the raw bytes, stored once, answered; what they say is looked up later by a pull.

A push is a hint, never a fact: it makes the feeds that it touches due. A lost one costs an interval, a doubled one
nothing.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

import structlog
from celery import shared_task
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from connectors.base import WebhookReader
from connectors.models import App, Feed, Shop, WebhookKey, WebhookRefusal
from connectors.pull import pull_feed
from connectors.registry import CONNECTORS
from connectors.saving.pushes import Counter, Push
from connectors.saving.quarantine import clean

log = structlog.get_logger()

# Credentials that sign pushes, by the names that the channels give them; a changed one stays valid as `old_…`.
SIGNING = ("webhook_secret", "partner_key", "client_secret", "push_trust")
# The app's secret at Meta; where the app's key is part of what is signed (TikTok Shop, Lazada) it is "key:secret".
SIGNING_WITH_KEY = ("app_key", "app_secret")
# What a connector puts before the topic of a demand about a customer's data; no feed is called so.
DEMAND = "privacy:"
BATCH = 500
DELAY_SECONDS = 0.2
KNOWN_SECONDS = 2.0
# Platforms repeat a push for some days (Shopify two, Stripe and Shopee three); beyond that a key is only weight.
KEYS_KEPT = timedelta(days=30)

SETTLE = """
    UPDATE connectors_webhookevent AS e SET done_at = %(now)s FROM (
        SELECT received_at, id FROM connectors_webhookevent WHERE done_at IS NULL
        ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS waiting
    WHERE e.received_at = waiting.received_at AND e.id = waiting.id RETURNING e.shop_id, e.topic
"""


class Verdict(StrEnum):
    STORED = "stored"
    REPEATED = "repeated"  # stored before
    FORGED = "forged"  # the signature does not hold; nothing is kept but a count
    UNREADABLE = "unreadable"  # this shop's channel has no pushes


counter = Counter()


class Bell:
    """Rings for the drain a little later, and once for all that come until then."""

    def __init__(self) -> None:
        self.silent_until = 0.0

    def ring(self) -> None:
        now = time.monotonic()
        if now >= self.silent_until:
            # The drain begins after the silence has ended, so it sees whatever came during it.
            self.silent_until = now + DELAY_SECONDS / 2
            drain_webhooks.apply_async(countdown=DELAY_SECONDS)


bell = Bell()


class Known:
    """Shops as they were a moment ago: their row and keys are not read and opened anew for each push."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[float, Shop]] = {}

    def shop(self, shop_id: int) -> Shop | None:
        now = time.monotonic()
        until, shop = self._read.get(shop_id, (0.0, None))
        if now < until:
            return shop
        found = Shop.objects.filter(pk=shop_id).first()
        if found is not None:
            self._read[shop_id] = now + KNOWN_SECONDS, found
        return found

    def again(self, shop: Shop) -> Shop:
        """The shop read anew; as it was where its row is gone."""
        self._read.pop(shop.pk, None)
        return self.shop(shop.pk) or shop

    def forget(self) -> None:
        self._read.clear()


known = Known()


def receive(shop: Shop, body: bytes, headers: Mapping[str, str], urls: Iterable[str], now: datetime) -> Verdict:
    """Check and keep one push. `headers` are lower-case; `urls` are the addresses by which the sender may know us."""
    connector = CONNECTORS.get(shop.kind)
    if connector is None or not hasattr(connector, "verify"):
        return Verdict.UNREADABLE
    reader = cast(type[WebhookReader], connector)
    urls = tuple(urls)

    def is_genuine(secrets: tuple[str, ...]) -> bool:
        return any(reader.verify(body, headers, url, secrets, now) for url in urls)

    # The secret may have been changed a moment ago, so what does not hold is tried with the row as it is now.
    if not (is_genuine(secrets_of(shop)) or is_genuine(secrets_of(known.again(shop)))):
        count_refusal(shop, now)
        return Verdict.FORGED
    feeds = ",".join(reader.touched(body, headers))
    return store(shop, reader.event_id(body, headers), feeds, body, now)


def handshake(shop: Shop, asked: Mapping[str, str]) -> str | None:
    """What to say back to a channel that tries an address by a GET before it pushes there; None to one that may not."""
    connector = CONNECTORS.get(shop.kind)
    challenge = getattr(connector, "challenge", None)
    return cast(str | None, challenge(asked, shop.credentials)) if challenge else None


def is_record(shop: Shop) -> bool:
    """Whether the channel's pushes are all there is: no pull brings again what was not kept."""
    return bool(getattr(CONNECTORS.get(shop.kind), "pushes_are_the_record", False))


def is_demand(shop: Shop, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether it is about the law and not about trade: what a customer may ask for, also of a paused shop."""
    connector = CONNECTORS.get(shop.kind)
    if connector is None or not hasattr(connector, "verify"):
        return False
    return any(name.startswith(DEMAND) for name in cast(type[WebhookReader], connector).touched(body, headers))


def secrets_of(shop: Shop) -> tuple[str, ...]:
    """A disconnected shop has none left; its last pushes (its customers are to be erased) are signed by our app."""
    held = shop.credentials
    if shop.state == Shop.State.DISCONNECTED and (ours := App.objects.filter(kind=shop.kind).first()):
        held = ours.credentials
    named = (held.get(prefix + name) for name in SIGNING for prefix in ("", "old_"))
    key_name, secret_name = SIGNING_WITH_KEY
    key = held.get(key_name)
    keyed = (held.get(prefix + secret_name) for prefix in ("", "old_"))
    pairs = (f"{key}:{secret}" if key else str(secret) for secret in keyed if secret)
    return (*(str(secret) for secret in named if secret), *pairs)


def store(shop: Shop, event_id: str, feeds: str, body: bytes, now: datetime) -> Verdict:
    digest = hashlib.blake2b(event_id.encode("utf-8", "replace"), digest_size=16).digest()
    is_new = counter.store(Push(shop.pk, digest, now, clean(event_id)[:500], feeds[:80], body))
    if is_new and feeds:
        transaction.on_commit(bell.ring, robust=True)  # without Redis the tick drains
    return Verdict.STORED if is_new else Verdict.REPEATED


def count_refusal(shop: Shop, now: datetime) -> None:
    log.warning("webhook refused: the signature does not hold", shop=shop.pk)
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not WebhookRefusal.objects.filter(shop=shop, hour=hour).update(count=F("count") + 1):
        WebhookRefusal.objects.bulk_create([WebhookRefusal(shop=shop, hour=hour)], ignore_conflicts=True)


def drain(now: datetime, *, limit: int = BATCH) -> list[int]:
    """Settle the oldest waiting pushes and make the feeds that they touch due; returns the ids of those feeds.

    A feed that failed keeps its pause: pushes must not hammer a shop that is down.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTLE, {"now": now, "limit": limit})
        touched = {(shop_id, name) for shop_id, topic in cursor.fetchall() for name in topic.split(",") if name}
        return [feed_id for shop_id, name in sorted(touched) for feed_id in hint(shop_id, name, now)]


def hint(shop_id: int, name: str, now: datetime) -> list[int]:
    """Make one feed due now, also while it is being read: what that read has passed by is read by the next."""
    feeds = Feed.objects.filter(shop_id=shop_id, name=name, failures=0)
    feeds.filter(Q(next_pull_at__gt=now) | Q(claimed_until__gt=now)).update(next_pull_at=now)
    return list(feeds.filter(claimed_until=None).values_list("pk", flat=True))


def forget(now: datetime) -> int:
    """Drop the keys of pushes that no platform repeats any more; returns how many."""
    return WebhookKey.objects.filter(seen_at__lt=now - KEYS_KEPT).delete()[0]


@shared_task(name="connectors.drain_webhooks", queue="webhooks", max_retries=0)
def drain_webhooks() -> None:
    for feed_id in drain(timezone.now()):
        pull_feed.apply_async((feed_id,), expires=60)


@shared_task(name="connectors.forget_webhooks", queue="webhooks", max_retries=0)
def forget_webhooks() -> None:
    """Beat, once a day."""
    log.info("webhook keys dropped", keys=forget(timezone.now()))
