"""A shop's row becomes a connector: credentials opened, the shared limiter and breaker, the health record, the gate."""

from functools import lru_cache

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from connectors import health
from connectors.base import Clock, Connector, Gate, closed_gate
from connectors.inbox import StoredPushes
from connectors.models import Shop
from connectors.registry import allowance_of, open_connector
from connectors.transport.breaker import Breaker
from connectors.transport.throttle import SharedBucket
from connectors.types import Account


def account_of(shop: Shop) -> Account:
    return Account(
        kind=shop.kind,
        shop_id=shop.pk,
        name=shop.name,
        external_id=shop.external_id,
        base_url=shop.base_url,
        currency=shop.currency,
        country=shop.country,
        settings=shop.settings,
        credentials=shop.credentials,
        time_zone=shop.time_zone,
    )


def connect(shop: Shop, *, gate: Gate = closed_gate, clock: Clock = timezone.now) -> Connector:
    """A connector over the credentials as stored. Raises Refused where one is lacking or nobody speaks this kind."""
    account = account_of(shop)
    name, redis_client = f"{connection.settings_dict['NAME']}:{shop.pk}", broker(settings.CELERY_BROKER_URL)
    return open_connector(
        account,
        clock=clock,
        limiter=SharedBucket(redis_client, name, allowance_of(account)),
        lane=lambda operation, pace: SharedBucket(redis_client, f"{name}:{operation}", pace),
        breaker=breaker_of(name),
        health=health.recorder(shop.pk),
        gate=gate,
        inbox=StoredPushes(shop.pk),
    )


@lru_cache(maxsize=4)
def broker(url: str) -> "redis.Redis":
    """One pool of connections a process; a limiter that cannot reach it counts for itself."""
    # Celery's words for a socket and a database on it, and redis-py's
    url = url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


@lru_cache(maxsize=1000)
def breaker_of(name: str) -> Breaker:
    """Each process learns of an outage by itself, within a few calls."""
    return Breaker(timezone.now)
