"""Seal: put the entries that no running transaction can still come before in their final order, and bind them.

Runs each second. One sealer works at a time; a second one finds nothing left.
"""

from __future__ import annotations

from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from drafts.ledger.entries import CONTENT
from drafts.ledger.merkle import GENESIS, chain, leaf, root
from drafts.models import LedgerSeal

# Any fixed number that no other lock of ours has.
LOCK = 7_204_120
# The oldest transaction of this database that still runs, or the first that has not begun. The statement's snapshot is
# taken before the sessions are looked at, so whoever is missing there has ended and is visible from now on. Sessions of
# other roles hide their transaction from a plain role: then the oldest of the whole server (all databases) is taken.
HORIZON = """
    WITH now AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS newest,
                        pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest),
    running AS (
        SELECT backend_xid AS xid FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
    ),
    is_blind AS (
        SELECT NOT pg_has_role('pg_read_all_stats', 'USAGE') AND EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename <> current_user) AS yes
    )
    SELECT CASE WHEN is_blind.yes THEN oldest ELSE LEAST(newest, (
        SELECT min(newest - (mod(newest - xid::text::bigint + 6442450944, 4294967296) - 2147483648)) FROM running
    )) END FROM now, is_blind
"""
# A ledger restored from a dump into a new server meets transaction numbers that begin again; there, ids tell what is
# new.
UNSEALED = f"SELECT id, {CONTENT} FROM drafts_ledgerentry WHERE txid < %s AND {{new}} ORDER BY id"  # noqa: S608  # constants of this package alone


@transaction.atomic
def seal() -> LedgerSeal | None:
    """Seal what is final; None where nothing is new."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(HORIZON)
        (horizon,) = cursor.fetchone() or (0,)
        last = LedgerSeal.objects.order_by("-number").first()
        is_same_server = last is None or horizon >= last.horizon
        start = 0 if last is None else last.horizon if is_same_server else max(last.entry_ids)
        new = "txid >= %s" if is_same_server else "id > %s"
        cursor.execute(UNSEALED.format(new=new), [horizon, start])
        rows = [(number, leaf(bytes(content))) for number, content in cursor.fetchall()]
    if not rows:
        return None
    leaves = [hashed for _, hashed in rows]
    number, previous = (last.number + 1, bytes(last.chain)) if last else (1, GENESIS)
    tree = root(leaves)
    return LedgerSeal.objects.create(
        number=number,
        sealed_at=timezone.now(),
        horizon=horizon,
        entry_ids=[entry for entry, _ in rows],
        leaves=b"".join(leaves),
        root=tree,
        previous=previous,
        chain=chain(number, previous, tree, len(leaves), horizon),
    )


@shared_task(name="drafts.seal", queue="execute", max_retries=0)
def run() -> None:
    """Beat, each second; what one run misses, the next one takes."""
    seal()
