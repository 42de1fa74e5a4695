"""Payments, payouts and pushes of every shop that takes money, in one query each."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q

from connectors.models import Payment, Payout, WebhookKey
from connectors.types import PaymentKind, PaymentStatus
from connectors.watching.gateway import Counted, Takings, is_late

RECENT = timedelta(hours=6)
USUAL = timedelta(days=28)
PUSHES = timedelta(days=7)
PAYOUTS = timedelta(days=30)
TRIED = (PaymentStatus.SUCCEEDED, PaymentStatus.FAILED)


def takings(now: datetime) -> dict[int, Takings]:
    """By shop; shops without a charge within the usual span are left out."""
    since, recent = now - USUAL, Q(created_at__gte=now - RECENT)
    failed = Q(status=PaymentStatus.FAILED)
    charges = (
        Payment.objects.filter(kind=PaymentKind.CHARGE, status__in=TRIED, created_at__gte=since, created_at__lte=now)
        .order_by()
        .values("shop_id")
        .annotate(
            recent=Count("pk", filter=recent), recent_failed=Count("pk", filter=recent & failed),
            usual=Count("pk", filter=~recent), usual_failed=Count("pk", filter=~recent & failed),
            first=Min("created_at"), last=Max("created_at"),
        )
    )  # fmt: skip
    pushed = {row["shop_id"]: row for row in _pushes(now)}
    paid = _payouts(now)
    found = {}
    for row in charges:
        push, payouts = pushed.get(row["shop_id"], {}), paid.get(row["shop_id"], [])
        late = [expected for status, expected, paid_at in payouts if is_late(status, expected, paid_at, now)]
        hours = (now - RECENT - max(since, row["first"])) / timedelta(hours=1)
        found[row["shop_id"]] = Takings(
            Counted(row["recent"], row["recent_failed"]), Counted(row["usual"], row["usual_failed"]),
            max(0.0, hours), row["last"],
            pushes=push.get("count", 0),
            pushes_hours=(now - push["first"]) / timedelta(hours=1) if push else 0.0,
            last_push_at=push.get("last"),
            late_payouts=len(late), failed_payouts=sum(status.lower() == "failed" for status, *_ in payouts),
            oldest_late_at=min(filter(None, late), default=None),
        )  # fmt: skip
    return found


def _pushes(now: datetime) -> list[dict[str, Any]]:
    keys: Any = WebhookKey.objects.filter(seen_at__gte=now - PUSHES).order_by().values("shop_id")
    return list(keys.annotate(count=Count("pk"), first=Min("seen_at"), last=Max("seen_at")))


def _payouts(now: datetime) -> dict[int, list[tuple[str, datetime | None, datetime | None]]]:
    """(status, expected, paid) of a month's payouts, by shop."""
    found: dict[int, list[tuple[str, datetime | None, datetime | None]]] = defaultdict(list)
    rows = Payout.objects.filter(expected_at__gte=now - PAYOUTS).values_list(
        "shop_id", "status", "expected_at", "paid_at"
    )
    for shop_id, status, expected_at, paid_at in rows:
        found[shop_id].append((status, expected_at, paid_at))
    return found
