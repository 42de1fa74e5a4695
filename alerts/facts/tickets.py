"""Tickets that wait for us, and the members of waves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from alerts.facts.payments import orders_by_name
from alerts.facts.rows import Shops, rows
from alerts.looks import TicketLook, WaveLook, WaveMember

WAITING = """
SELECT t.id, t.shop_id, t.subject, t.customer_ref, t.order_ref, t.intent, t.language, t.emotion, t.text,
       coalesce((t.reading->>'anger')::float8, 0) AS anger, t.opened_at,
       t.first_answer_at, t.wave_id, c.conversation_ref, v.channel, v.address, v.customer_name, v.last_message_at,
       v.fetched_at,
       coalesce((SELECT min(m.sent_at) FROM connectors_message m
                 WHERE m.shop_id = c.shop_id AND m.conversation_ref = c.conversation_ref AND m.direction = 'in'
                   AND m.sent_at > coalesce((SELECT max(a.sent_at) FROM connectors_message a
                                             WHERE a.shop_id = c.shop_id AND a.conversation_ref = c.conversation_ref
                                               AND a.direction = 'out'), '-infinity')),
                v.last_message_at) AS waiting_since
FROM alerts_ticket t
JOIN LATERAL (SELECT conversation_ref, shop_id FROM alerts_ticketconversation x
              WHERE x.ticket_id = t.id ORDER BY x.id LIMIT 1) c ON TRUE
JOIN connectors_conversation v ON v.shop_id = c.shop_id AND v.external_id = c.conversation_ref
WHERE t.state = 'open' AND v.last_direction = 'in' AND (%(ids)s::bigint[] IS NULL OR t.id = ANY(%(ids)s))
"""

PEOPLE = """
SELECT email, bool_or(is_vip) AS is_vip, sum(lifetime_value) AS lifetime_value, max(currency) AS currency
FROM connectors_customer WHERE email = ANY(%(emails)s) AND email <> '' GROUP BY 1
"""

DISPUTED = """
SELECT DISTINCT p.order_number FROM connectors_dispute d
JOIN connectors_payment p ON p.shop_id = d.shop_id AND p.external_id = d.payment_ref
WHERE d.status IN ('warning', 'needs_response', 'under_review') AND p.order_number = ANY(%(numbers)s)
"""


def waiting_tickets(shops: Shops, now: datetime, ids: Sequence[int] | None = None) -> list[TicketLook]:
    """Open tickets whose last word is the customer's."""
    found = rows(WAITING, {"ids": None if ids is None else list(ids)})
    if not found:
        return []
    people = {row["email"]: row for row in rows(PEOPLE, {"emails": sorted({row["address"].lower() for row in found})})}
    orders = orders_by_name([row["order_ref"] for row in found if row["order_ref"]])
    numbers = sorted({name for order in orders.values() for name in (order["number"], order["number"].lstrip("#"))})
    disputed = {row["order_number"].lstrip("#") for row in rows(DISPUTED, {"numbers": numbers})} if numbers else set()
    return [
        _ticket(shops, row, people.get(row["address"].lower(), {}), orders.get(row["order_ref"]), disputed)
        for row in found
    ]


def _ticket(
    shops: Shops, row: Mapping[str, Any], person: Mapping[str, Any], order: Mapping[str, Any] | None, disputed: set[str]
) -> TicketLook:
    number = order["number"] if order else row["order_ref"]
    return TicketLook(
        shop=shops[row["shop_id"]], ticket_id=row["id"], subject=row["subject"],
        conversation_ref=row["conversation_ref"], channel=row["channel"], address=row["address"],
        customer_ref=row["customer_ref"] or row["address"], customer_name=row["customer_name"], intent=row["intent"],
        language=row["language"], emotion=row["emotion"], anger=row["anger"], excerpt=row["text"],
        is_vip=bool(person.get("is_vip")), lifetime_value=person.get("lifetime_value"),
        lifetime_currency=person.get("currency") or "", order_ref=order["external_id"] if order else "",
        order_number=number, order_total=order["total"] if order else None,
        order_currency=order["currency"] if order else "", has_dispute=number.lstrip("#") in disputed,
        opened_at=row["opened_at"], waiting_since=row["waiting_since"], first_answer_at=row["first_answer_at"],
        wave_id=row["wave_id"], read_at=row["fetched_at"],
    )  # fmt: skip


MEMBERS = """
SELECT w.id AS wave_id, w.fingerprint, w.title, w.cause, w.shared, t.id, t.shop_id, t.subject, t.opened_at, t.order_ref,
       t.first_answer_at IS NOT NULL OR t.state <> 'open' AS is_answered, c.conversation_ref
FROM alerts_wave w
JOIN alerts_ticket t ON t.wave_id = w.id AND t.state <> 'merged'
JOIN LATERAL (SELECT conversation_ref FROM alerts_ticketconversation x
              WHERE x.ticket_id = t.id ORDER BY x.id LIMIT 1) c ON TRUE
WHERE w.state IN ('candidate', 'open')
ORDER BY w.id, t.opened_at, t.id
"""


def open_waves(shops: Shops, now: datetime) -> list[WaveLook]:
    """Waves that are not closed, with all their members."""
    members: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(MEMBERS):
        members[row["wave_id"]].append(row)
    orders = orders_by_name([row["order_ref"] for found in members.values() for row in found if row["order_ref"]])
    return [_wave(found, orders, now) for found in members.values()]


def _wave(found: Sequence[Mapping[str, Any]], orders: Mapping[str, Mapping[str, Any]], now: datetime) -> WaveLook:
    first = found[0]
    return WaveLook(
        wave_id=first["wave_id"], fingerprint=first["fingerprint"], title=first["title"], cause=first["cause"],
        shared=orjson.loads(first["shared"]),
        members=tuple(_member(row, orders.get(row["order_ref"])) for row in found), read_at=now,
    )  # fmt: skip


def _member(row: Mapping[str, Any], order: Mapping[str, Any] | None) -> WaveMember:
    return WaveMember(
        ticket_id=row["id"], shop_id=row["shop_id"], conversation_ref=row["conversation_ref"], subject=row["subject"],
        opened_at=row["opened_at"], is_answered=row["is_answered"], order_ref=order["external_id"] if order else "",
        order_total=order["total"] if order else None, currency=order["currency"] if order else "",
    )  # fmt: skip
