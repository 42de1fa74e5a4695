"""Tickets with one root cause become a wave; late ones join it; its members' own small alerts fold under it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from alerts.facts.rows import rows
from alerts.models import Ticket, Wave
from alerts.waves import BEFORE, WINDOW, Cause, Key, WaveTicket, find, fits, near_duplicates, shared

JOINS_WITHIN = timedelta(hours=72)
BATCH = 1_000

TICKETS = """
SELECT t.id, t.wave_id, t.opened_at, t.subject, t.text, t.emotion, t.intent,
       t.reading->'problems' AS problems, t.order_ref
FROM alerts_ticket t
WHERE t.opened_at > %(since)s AND t.state IN ('open', 'waiting', 'solved')
ORDER BY t.opened_at, t.id
"""
GOODS = """
SELECT o.external_id, array_agg(DISTINCT l.sku) FILTER (WHERE l.sku <> '') AS skus
FROM connectors_order o JOIN connectors_orderline l ON l.shop_id = o.shop_id AND l.order_ref = o.external_id
WHERE o.external_id = ANY(%(orders)s) GROUP BY 1
"""
COURIERS = """
SELECT order_ref, array_agg(DISTINCT carrier) AS couriers FROM connectors_shipment
WHERE order_ref = ANY(%(orders)s) AND carrier <> '' GROUP BY 1
"""
TITLES = "SELECT DISTINCT ON (sku) sku, title FROM connectors_product WHERE sku = ANY(%(skus)s) ORDER BY sku, id"

# Legal threats, dangers and very important customers keep their own card, whatever wave they belong to.
FOLD = """
UPDATE alerts_alert a SET state = 'grouped', wave_id = t.wave_id
FROM alerts_ticket t JOIN alerts_wave w ON w.id = t.wave_id AND w.state IN ('candidate', 'open')
WHERE a.subject_kind = 'ticket' AND a.state = 'open' AND a.subject_ref = t.id::text
  AND (a.detector = 'first_answer' OR (a.detector = 'angry_message' AND a.arguments->>'mood' = 'angry'))
"""
UNFOLD = """
UPDATE alerts_alert a SET state = 'open', wave_id = NULL
WHERE a.state = 'grouped' AND a.subject_kind = 'ticket' AND NOT EXISTS (
  SELECT 1 FROM alerts_ticket t JOIN alerts_wave w ON w.id = t.wave_id
  WHERE t.id::text = a.subject_ref AND w.state IN ('candidate', 'open'))
"""
CLOSE = """
UPDATE alerts_wave w SET state = 'closed'
WHERE w.state IN ('candidate', 'open') AND w.last_at < %(before)s
  AND NOT EXISTS (SELECT 1 FROM alerts_ticket t WHERE t.wave_id = w.id AND t.state = 'open')
"""


def group_tickets(now: datetime | None = None) -> int:
    """Join late tickets to their waves, find new causes, close waves that are over. Returns how many waves are new."""
    now = now or timezone.now()
    found = load(now)
    free = [ticket for ticket, wave_id in found if wave_id is None]
    with transaction.atomic():
        joined = join(free, now)
        rest = [ticket for ticket in free if ticket.id not in joined]
        causes = find(rest, now)
        by_id = {ticket.id: ticket for ticket in rest}
        titles = _titles(causes)
        for cause in causes:
            _make(cause, [by_id[number] for number in cause.members], titles)
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, {"before": now - JOINS_WITHIN})
    return len(causes)


def load(now: datetime) -> list[tuple[WaveTicket, int | None]]:
    """Tickets of the last days with what their orders share, and their wave where they have one."""
    found = rows(TICKETS, {"since": now - WINDOW - BEFORE})
    orders = {"orders": sorted({row["order_ref"] for row in found if row["order_ref"]})}
    skus = {row["external_id"]: row["skus"] for row in rows(GOODS, orders)}
    couriers = {row["order_ref"]: row["couriers"] for row in rows(COURIERS, orders)}
    return [(_ticket(row, skus, couriers), row["wave_id"]) for row in found]


def _ticket(row: dict[str, Any], skus: dict[str, list[str]], couriers: dict[str, list[str]]) -> WaveTicket:
    kinds = {*orjson.loads(row["problems"] or "[]"), row["intent"], row["emotion"]} - {""}
    attributes = {
        "sku": tuple(skus.get(row["order_ref"]) or ()),
        "courier": tuple(couriers.get(row["order_ref"]) or ()),
    }
    named = {name: values for name, values in attributes.items() if values}
    return WaveTicket(row["id"], row["opened_at"], f"{row['subject']}\n{row['text']}", frozenset(kinds), named)


def join(free: Sequence[WaveTicket], now: datetime) -> set[int]:
    """Put late members into waves that are still going. Returns the ids of those that joined."""
    joined: set[int] = set()
    waves = Wave.objects.filter(state__in=[Wave.State.CANDIDATE, Wave.State.OPEN], last_at__gt=now - JOINS_WITHIN)
    for wave in waves.order_by("id"):
        late = [ticket for ticket in _members_of(wave, free) if ticket.id not in joined]
        if late:
            joined |= {ticket.id for ticket in late}
            Ticket.objects.filter(pk__in=[ticket.id for ticket in late]).update(wave=wave)
            wave.size += len(late)
            wave.last_at = max(wave.last_at, *(ticket.at for ticket in late))
            wave.save(update_fields=["size", "last_at"])
    return joined


def _members_of(wave: Wave, free: Sequence[WaveTicket]) -> list[WaveTicket]:
    key = Key(wave.shared.get("trouble", ""), wave.shared.get("by", ""), wave.shared.get("value", ""))
    near = [ticket for ticket in free if ticket.at > wave.first_at - WINDOW]
    if key.attribute != "wording":
        return [ticket for ticket in near if fits(ticket, key)]
    head = Ticket.objects.filter(wave=wave).order_by("opened_at", "id").values_list("subject", "text").first()
    if head is None:
        return []
    groups = near_duplicates(["\n".join(head), *(ticket.text for ticket in near)])
    return [near[number - 1] for group in groups if group[0] == 0 for number in group[1:]]


def _titles(causes: Sequence[Cause]) -> dict[str, str]:
    skus = [cause.key.value for cause in causes if cause.key.attribute == "sku"]
    return {row["sku"]: row["title"] for row in rows(TITLES, {"skus": skus})} if skus else {}


def _make(cause: Cause, members: Sequence[WaveTicket], titles: dict[str, str]) -> None:
    key = cause.key
    wave, is_new = Wave.objects.get_or_create(
        fingerprint=cause.fingerprint,
        defaults={
            "title": f"{key.family} trouble, {key.attribute} {titles.get(key.value) or key.value}",
            "cause": cause.why,
            "shared": {"trouble": key.family, "by": key.attribute, "value": key.value, **shared(members)},
            "size": len(members),
            "first_at": cause.first_at,
            "last_at": cause.last_at,
        },
    )
    if not is_new:
        wave.size += len(members)
        wave.last_at = max(wave.last_at, cause.last_at)
        wave.save(update_fields=["size", "last_at"])
    Ticket.objects.filter(pk__in=cause.members).update(wave=wave)


def fold(now: datetime) -> int:
    """Members' small alerts stand under their wave, so that no dollar counts twice, until it ends."""
    with connection.cursor() as cursor:
        cursor.execute(UNFOLD)
        cursor.execute(FOLD)
        return int(cursor.rowcount)


@shared_task(name="alerts.group_tickets", queue="think", max_retries=0, expires=60)
def group_new() -> None:
    """Rung after messages were read."""
    group_tickets()
