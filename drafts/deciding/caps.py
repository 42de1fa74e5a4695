"""Caps: what may be approved at most, a day or for one customer. Counted at the decision, one decision at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import Count, Sum

from connectors.money import Money
from drafts.deciding.clock import now
from drafts.deciding.errors import NotAllowed
from drafts.limits import MONTH, Most, Used, start_of_day
from drafts.models import Cap, Draft
from drafts.states import State

LOCK = 0x43415053  # of the advisory lock under which decisions are counted
COUNTED = (
    State.APPROVED, State.HELD, State.SENDING, State.SENT, State.VERIFIED, State.UNKNOWN, State.NEEDS_HUMAN,
)  # fmt: skip


def check_caps(drafts: Iterable[Draft]) -> None:
    """Raises NotAllowed where approving all of these would go above a cap. Call it inside the deciding transaction: it
    holds a lock to its end, so that two decisions at once cannot both slip under."""
    asked = list(drafts)
    caps = [cap for cap in Cap.objects.filter(is_active=True).select_related("shop") if _of(cap, asked)]
    if not caps:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    moment = now()
    for cap in caps:
        _check(cap, _of(cap, asked), moment)


def _of(cap: Cap, drafts: list[Draft]) -> list[Draft]:
    """Those that a cap counts. Who an unknown customer is cannot be counted."""
    return [
        draft
        for draft in drafts
        if cap.kind in ("", draft.kind)
        and cap.shop_id in (None, draft.shop_id)
        and (cap.per == Cap.Per.DAY or draft.customer_ref)
    ]


def _check(cap: Cap, drafts: list[Draft], moment: datetime) -> None:
    by_customer: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_customer.setdefault("" if cap.per == Cap.Per.DAY else draft.customer_ref, []).append(draft)
    for customer, asked in by_customer.items():
        if cap.most_amount is not None and any(each.amount and each.base_amount is None for each in asked):
            raise NotAllowed("There is no exchange rate for this amount, so the cap cannot be compared; add one.")
        more = Used(len(asked), sum((each.base_amount or Decimal(0) for each in asked), Decimal(0)))
        most = Most(cap.most_count, cap.most_amount)
        if said := most.broken_by(used(cap, customer, moment), more):
            raise NotAllowed(
                f"Above the cap for {cap.scope} ({cap.get_per_display()}, {settings.BASE_CURRENCY}): {said}. "
                f"{cap.note} It can wait, or an owner raises the cap.".replace("  ", " ")
            )


def used(cap: Cap, customer: str, moment: datetime) -> Used:
    """What was approved within the cap's time, without what was rejected or surely failed since."""
    since = moment - MONTH if cap.per == Cap.Per.CUSTOMER_MONTH else start_of_day(moment)
    rows = Draft.objects.filter(state__in=COUNTED, decided_at__gte=since)
    if cap.kind:
        rows = rows.filter(kind=cap.kind)
    if cap.shop_id is not None:
        rows = rows.filter(shop_id=cap.shop_id)
    if customer:
        rows = rows.filter(customer_ref=customer)
    total = rows.aggregate(count=Count("pk"), amount=Sum("base_amount"))
    return Used(total["count"], total["amount"] or Decimal(0))


def left_today(cap: Cap, moment: datetime) -> str:
    """What a daily cap still leaves, in words."""
    spent = used(cap, "", moment)
    parts = []
    if cap.most_count is not None:
        parts.append(f"{max(0, cap.most_count - spent.count)} of {cap.most_count} writes")
    if cap.most_amount is not None:
        left = Money(max(Decimal(0), cap.most_amount - spent.amount), settings.BASE_CURRENCY)
        parts.append(f"{left} of {cap.most_amount:.2f}")
    return f"{cap.scope}: {', '.join(parts)} left today"
