"""Six connections, each with another trouble, and one that is well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connectors.models import CallHealth, Shop
from connectors.watching.vitals import hour_of
from tests.factories import FeedFactory, PaymentFactory, ShopFactory

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def called(shop: Shop, now: datetime, operation: str, fault: str = "", **fields: Any) -> CallHealth:
    """An hour of 40 calls: all good, or the last six failed."""
    failing = {
        "failures": {fault: 6}, "failing": 6, "last_error": fault, "last_failed_at": now - MINUTE,
        "last_good_at": now - 25 * MINUTE,
    }  # fmt: skip
    usual: dict[str, Any] = {
        "calls": 40, "total_ms": 9200, "slowest_ms": 812, "latencies": [10, 20, 8, 2, 0, 0, 0, 0, 0],
        "remaining_budget": 12.0, "last_good_at": now - MINUTE,
    }  # fmt: skip
    return CallHealth.objects.create(
        shop=shop, operation=operation, hour=hour_of(now), **(usual | (failing if fault else {}) | fields)
    )


def connections(now: datetime) -> dict[str, Shop]:
    """By what is wrong with them."""
    made = {
        "well": ShopFactory.create(name="Harbour Goods SG", kind="shopee"),
        "throttled": ShopFactory.create(name="harbourgoods.com", kind="shopify"),
        "down": ShopFactory.create(name="Harbour on Lazada", kind="lazada"),
        "drifted": ShopFactory.create(name="Harbour on TikTok", kind="tiktok_shop"),
        "token": ShopFactory.create(
            name="Harbour Pay", kind="stripe", state=Shop.State.NEEDS_RECONNECT, state_reason="401: the key was revoked"
        ),
        "short": ShopFactory.create(name="Harbour on Amazon", kind="amazon"),
        "paused": ShopFactory.create(name="Support mailbox", kind="mailbox", state=Shop.State.PAUSED),
    }
    for name in ("well", "throttled", "down", "drifted", "short"):
        fault = name if name in ("throttled", "down") else ""
        called(made[name], now, "orders.list", fault)
        called(made[name], now, "orders.detail", fault)
        FeedFactory.create(
            shop=made[name], name="orders", last_good_at=now - 2 * MINUTE, next_pull_at=now + MINUTE,
            count_at_source=1204, count_stored=1204,
        )  # fmt: skip
    FeedFactory.create(
        shop=made["drifted"], name="returns", last_good_at=now - 3 * HOUR, next_pull_at=now + 9 * MINUTE,
        error_class="drift", error_text="most rows could not be read", failures=4, count_quarantined=38,
    )  # fmt: skip
    FeedFactory.create(
        shop=made["short"], name="returns", last_good_at=now - HOUR, next_pull_at=now + 2 * MINUTE, failures=2,
        error_class="short_read", error_text="the source counts 120 rows and gave 113", count_at_source=120,
        count_stored=113,
    )  # fmt: skip
    return made


def declines(shop: Shop, now: datetime) -> None:
    """A steady shop whose cards are suddenly declined."""
    for number in range(60):
        PaymentFactory.create(
            shop=shop,
            created_at=now - 8 * HOUR - number * 4 * HOUR,
            status="failed" if number % 20 == 0 else "succeeded",
        )
    for number in range(24):
        PaymentFactory.create(
            shop=shop, created_at=now - number * 10 * MINUTE, status="succeeded" if number % 3 == 0 else "failed"
        )
