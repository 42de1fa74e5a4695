"""Feeds with their health, and what their shop's alerts have been worth."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from alerts.facts.rows import Shops, rows
from alerts.looks import FeedLook
from connectors.watching.evidence import Reach, Verdict
from connectors.watching.vitals import diagnoses

FEEDS = """
SELECT f.id, f.shop_id, f.name, f.every_seconds, f.last_good_at, f.last_tried_at, f.count_at_source, f.count_stored,
       f.failures, f.error_class, f.error_text, s.created_at, s.state
FROM connectors_feed f JOIN connectors_shop s ON s.id = f.shop_id
WHERE s.state <> 'files_only'
"""

WORTH = """
SELECT shop_id, sum(cash_likely) AS dollars, min(first_seen_at) AS first_at,
       min(deadline) FILTER (WHERE state = 'open' AND deadline > %(now)s) AS next_deadline
FROM alerts_alert
WHERE shop_id IS NOT NULL AND detector NOT IN ('feed_stale', 'connection_fault') AND first_seen_at > %(since)s
GROUP BY 1
"""


def worth_of_alerts(now: datetime) -> dict[int, dict[str, Any]]:
    """By shop: dollars of its alerts within two weeks, when the first of them came, and the next deadline."""
    return {row["shop_id"]: row for row in rows(WORTH, {"since": now - timedelta(days=14), "now": now})}


def whole_faults(now: datetime) -> frozenset[int]:
    """Shops whose whole connection is at fault: no permission, no answer, or too fast for everything."""
    whole = (Verdict.TOKEN, Verdict.DOWN, Verdict.THROTTLED)
    found = ((shop_id, each[0]) for shop_id, each in diagnoses(now).items())
    return frozenset(shop_id for shop_id, one in found if one.verdict in whole and one.reach is not Reach.PART)


def feeds(shops: Shops, now: datetime) -> list[FeedLook]:
    worth, covered = worth_of_alerts(now), whole_faults(now)
    found = []
    for row in rows(FEEDS):
        known = worth.get(row["shop_id"], {})
        hours = (now - known["first_at"]) / timedelta(hours=1) if known else 0.0
        look = FeedLook(
            shop=shops[row["shop_id"]], feed_id=row["id"], name=row["name"], every_seconds=row["every_seconds"],
            last_good_at=row["last_good_at"], last_tried_at=row["last_tried_at"], connected_at=row["created_at"],
            count_at_source=row["count_at_source"], count_stored=row["count_stored"], failures=row["failures"],
            error_class=row["error_class"], error_text=row["error_text"],
            alert_dollars=known.get("dollars") or Decimal(0), alert_hours=Decimal(str(round(hours, 2))),
            next_deadline=known.get("next_deadline"), is_paused=row["state"] == "paused",
            is_covered=row["shop_id"] in covered, read_at=now,
        )  # fmt: skip
        found.append(look)
    return found
