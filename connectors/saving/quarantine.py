"""Rows that could not be read or stored: kept whole, each once however often it comes, until it can be read."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import psycopg
import structlog

from connectors.arrays import text_array
from connectors.types import BadRow

Cursor: TypeAlias = psycopg.Cursor[tuple[Any, ...]]

log = structlog.get_logger()

UPSERT = """
    INSERT INTO connectors_quarantinedrow AS q
        (shop_id, feed, kind, external_id, place, reason, raw, digest, first_seen_at, last_seen_at, times_seen)
    VALUES (%(shop)s, %(feed)s, %(kind)s, %(external_id)s, %(place)s, %(reason)s, %(raw)s, %(digest)s,
        %(now)s, %(now)s, 1)
    ON CONFLICT (shop_id, feed, digest) DO UPDATE
    SET reason = excluded.reason, last_seen_at = excluded.last_seen_at, times_seen = q.times_seen + 1
"""
SETTLE = """
    UPDATE connectors_quarantinedrow SET settled_at = %s
    WHERE shop_id = %s AND settled_at IS NULL AND kind = %s AND external_id = ANY(%s::text[])
"""


def quarantine(cursor: Cursor, shop_id: int, feed: str, rows: Sequence[BadRow], now: datetime) -> None:
    if not rows:
        return
    log.warning("rows quarantined", shop=shop_id, feed=feed, rows=len(rows), first_reason=rows[0].reason[:200])
    common = {"shop": shop_id, "feed": feed, "now": now}
    cursor.executemany(UPSERT, [common | columns(row) for row in rows])


def columns(row: BadRow) -> dict[str, str | bytes]:
    return {
        "kind": row.kind[:20],
        "external_id": clean(row.external_id),
        "place": clean(row.place)[:120],
        "reason": clean(row.reason),
        "raw": row.raw,
        "digest": row_digest(row),
    }


def row_digest(row: BadRow) -> bytes:
    """Where a row has no bytes, its place tells it from its neighbours."""
    content = "\0".join((row.kind, row.external_id, "" if row.raw else row.place)).encode("utf-8", "replace")
    return hashlib.blake2b(content + b"\0" + row.raw, digest_size=16).digest()


def settle(cursor: Cursor, shop_id: int, kind: str, ids: Iterable[str], now: datetime) -> None:
    """Rows of these ids that can be read now leave the quarantine."""
    cursor.execute(SETTLE, [now, shop_id, kind, text_array(map(clean, ids))])


def clean(text: str) -> str:
    """Text that PostgreSQL can hold, with a mark where it could not hold a character."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
