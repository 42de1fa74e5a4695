"""Canaries: a kind, a system, a SKU group or a country that is new to an installation that has a past goes slowly."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection

from drafts.limits import DAY, may_run
from drafts.models import Canary, Draft, Execution
from drafts.record import record
from drafts.states import State

LOCK = 0x43414E52
DONE = (State.SENT, State.VERIFIED)
COLUMNS = {
    Canary.Dimension.KIND: "kind",
    Canary.Dimension.CONNECTOR: "shop__kind",
    Canary.Dimension.SKU_GROUP: "sku_group",
    Canary.Dimension.COUNTRY: "country",
}


def values_of(draft: Draft) -> dict[Canary.Dimension, str]:
    """What a draft counts as; without the dimensions that are not known of it."""
    found = {
        Canary.Dimension.KIND: draft.kind,
        Canary.Dimension.CONNECTOR: draft.shop.kind if draft.shop else "",
        Canary.Dimension.SKU_GROUP: draft.sku_group,
        Canary.Dimension.COUNTRY: draft.country,
    }
    return {dimension: value for dimension, value in found.items() if value}


def begin(draft: Draft) -> list[Canary]:
    """Start a canary for what of this draft was never done before. None while the installation itself is young, since
    then everything is new. A value gets one once: an owner who has ended it is not asked again."""
    if not Draft.objects.filter(state=State.VERIFIED)[settings.CANARY_AFTER - 1 :].exists():
        return []
    begun = []
    for dimension, value in values_of(draft).items():
        done = Draft.objects.filter(state__in=DONE, **{COLUMNS[dimension]: value})
        if done.exists() or Canary.objects.filter(dimension=dimension, value=value).exists():
            continue
        note = "Begun by itself: nothing like it was done before."
        canary = Canary.objects.create(dimension=dimension, value=value, note=note)
        record("canary_began", draft=draft, dimension=str(dimension), value=value, percent=str(canary.percent))
        begun.append(canary)
    return begun


def full(draft: Draft, moment: datetime, *, locked: bool = False) -> tuple[Canary, datetime] | None:
    """The canary that leaves this draft no room now, and when it has some again; None where there is room.

    `locked`: count one at a time, to the end of the transaction.
    """
    active = list(Canary.objects.filter(ended_at=None))
    values = values_of(draft) if active else {}
    mine = [canary for canary in active if values.get(Canary.Dimension(canary.dimension)) == canary.value]
    if mine and locked:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    for canary in mine:
        if again := _again(canary, draft, moment):
            return canary, again
    return None


def _again(canary: Canary, draft: Draft, moment: datetime) -> datetime | None:
    """When the oldest of the last day's runs is a day old; None where one more may run now."""
    like = {COLUMNS[Canary.Dimension(canary.dimension)]: canary.value}
    proposed = Draft.objects.filter(created_at__gt=moment - DAY, **like).count()
    ran = Execution.objects.filter(
        first_sent_at__gt=moment - DAY, **{f"draft__{name}": value for name, value in like.items()}
    )
    times = list(ran.exclude(draft=draft).order_by("first_sent_at").values_list("first_sent_at", flat=True))
    room = may_run(canary.percent, proposed)
    if len(times) < room:
        return None
    oldest = times[len(times) - room]
    assert oldest is not None
    return oldest + DAY
