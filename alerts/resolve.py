"""Alerts whose cause has gone, and those that come back: by time, or because a deadline nears."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from connectors.arrays import number_array, text_array

# A snoozed alert comes back this long before its deadline, whatever was asked for.
BEFORE_DEADLINE = timedelta(hours=1)

GONE = """
UPDATE alerts_alert a
SET state = CASE WHEN a.state = 'decided' THEN 'decided' ELSE 'resolved' END, resolved_at = %(now)s,
    snoozed_until = NULL
WHERE a.detector = ANY(%(detectors)s) AND a.resolved_at IS NULL AND a.state IN ('open', 'snoozed', 'grouped', 'decided')
  AND NOT EXISTS (SELECT 1 FROM unnest(%(kept)s::text[]) kept WHERE kept = a.fingerprint)
"""
OF_THESE = """
  AND EXISTS (SELECT 1 FROM unnest(%(kinds)s::text[], %(shops)s::bigint[], %(refs)s::text[]) AS seen(kind, shop_id, ref)
              WHERE seen.kind = a.subject_kind AND seen.ref = a.subject_ref
                AND seen.shop_id IS NOT DISTINCT FROM a.shop_id)
"""
WAKE = """
UPDATE alerts_alert SET state = 'open', snoozed_until = NULL
WHERE state = 'snoozed' AND (snoozed_until <= %(now)s OR deadline <= %(soon)s OR snoozed_until IS NULL)
"""

Looked = Sequence[tuple[str, int | None, str]]  # (kind, shop id, ref) of subjects


@dataclass(frozen=True, slots=True)
class Swept:
    """What a run of some detectors has looked at: these subjects, or (None) everything they could speak of."""

    detectors: tuple[str, ...]
    looked: Looked | None
    kept: frozenset[str]


def resolve(swept: Swept, now: datetime) -> int:
    """Close the alerts whose subject was looked at and whose cause was not found again. Returns how many.

    A decided one stays decided; that its cause has gone is noted, so that it opens again if the cause comes back.
    """
    if not swept.detectors:
        return 0
    parameters: dict[str, Any] = {"now": now, "detectors": list(swept.detectors), "kept": text_array(swept.kept)}
    if swept.looked is None:
        return _update(GONE, parameters)
    if not swept.looked:
        return 0
    kinds, shops, refs = zip(*swept.looked, strict=True)
    seen = {"kinds": text_array(kinds), "shops": number_array(shops), "refs": text_array(refs)}
    return _update(GONE + OF_THESE, parameters | seen)


def wake(now: datetime) -> int:
    """Open what was put to sleep until now, and what would sleep past its deadline."""
    return _update(WAKE, {"now": now, "soon": now + BEFORE_DEADLINE})


def subjects(kind: str, refs: Iterable[tuple[int | None, str]]) -> list[tuple[str, int | None, str]]:
    return [(kind, shop_id, ref) for shop_id, ref in refs]


def _update(sql: str, parameters: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
