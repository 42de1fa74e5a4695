"""Daily: what is past its clock goes. Whole months of payloads and pushes are dropped as files; the rest is blanked.

A month's file goes when its last day is past the clock, so a body may stay up to 31 days longer than the clock says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.sql import SQL, Identifier

from drafts.guards import FINISHED
from opsroom.privacy.erase import erase_again
from opsroom.privacy.inventory import INVENTORY, Held
from opsroom.privacy.models import Clock

log = structlog.get_logger()

BATCH = 2_000
MOST_BATCHES = 25  # in one run, so that the task ends in its time; the next day goes on
MONTHS = r"""
    SELECT c.relname, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass AND c.relname <> %s
"""


def forget(now: datetime) -> dict[str, int]:
    """Rows blanked or removed by table; for a table in months, "months" dropped and the rows beside them."""
    days = Clock.days_by_name()
    done: dict[str, int] = {}
    for held in INVENTORY:
        before = now - timedelta(days=days[held.clock])
        table = held.model_class._meta.db_table
        if is_partitioned(table):
            done[f"{held.model} months"] = drop_months(table, before)
            done[held.model] = drop_spare(table, held.dated, before)
        else:
            done[held.model] = pass_over(held, before)
    done["erased again"] = erase_again(now)
    return {name: count for name, count in done.items() if count}


def is_partitioned(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relkind = 'p' FROM pg_class WHERE oid = %s::regclass", [table])
        row = cursor.fetchone()
    return bool(row and row[0])


def drop_months(table: str, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [table, f"{table}_default"])
        old = [name for name, end in cursor.fetchall() if end is not None and end <= before]
        for name in old:
            cursor.execute(SQL("DROP TABLE {}").format(Identifier(name)))
    return len(old)


def drop_spare(table: str, dated: str, before: datetime) -> int:
    """Rows whose month was never made lie in the DEFAULT partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            SQL("DELETE FROM {} WHERE {} < %s").format(Identifier(f"{table}_default"), Identifier(dated)), [before]
        )
        return int(cursor.rowcount)


def pass_over(held: Held, before: datetime) -> int:
    manager = held.model_class._default_manager
    old = Q(**{f"{held.dated}__lt": before})
    if held.model == "drafts.Draft":
        old &= Q(state__in=FINISHED)
    count = 0
    for _ in range(MOST_BATCHES):
        rows = manager.filter(old if held.is_dropped else old & held.holds)
        with transaction.atomic():
            keys = list(rows.values_list("pk", flat=True)[:BATCH])
            chosen = manager.filter(pk__in=keys)
            count += chosen.delete()[0] if held.is_dropped else chosen.update(**held.blank)
        if len(keys) < BATCH:
            break
    return count


@shared_task(name="opsroom.forget_personal_data", queue="execute", max_retries=0)
def forget_personal_data() -> None:
    """Beat, once a day."""
    if done := forget(timezone.now()):
        log.info("personal data past its clock is gone", **{name.replace(" ", "_"): n for name, n in done.items()})
