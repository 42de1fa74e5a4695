"""Tables that are partitioned by month of receipt, and the making of their coming months.

Every such table has a DEFAULT partition, so a row whose month was not made in time is kept there; `make_months` moves
it to its own month when that is made. Old months can be dropped or archived as files without touching the living rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from celery import shared_task
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.sql import SQL, Identifier, Literal

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

log = structlog.get_logger()

MONTHS_AHEAD = 2
# Two workers that make the same month at once would meet in the catalog; any fixed number serves.
LOCK = 7_204_119

# Range-partitioned parents that name their months in `received_at` or another single column.
PARENTS = """
    SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    WHERE p.partstrat = 'r' AND p.partdefid <> 0 AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname
"""
KEY = """
    SELECT a.attname FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = %s::regclass
"""
# Triggers for each statement are not passed on by PostgreSQL, as those for each row are (tgtype bit 0).
STATEMENT_TRIGGERS = """
    SELECT regexp_replace(pg_get_triggerdef(oid), ' ON .* FOR EACH STATEMENT',
        ' ON ' || %s::text || ' FOR EACH STATEMENT')
    FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgtype & 1 = 0
"""


def months(first: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """(begin, end) of `count` months in UTC, from the month of `first` on."""
    year, month = first.year, first.month
    for _ in range(count):
        begin = datetime(year, month, 1, tzinfo=UTC)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        yield begin, datetime(year, month, 1, tzinfo=UTC)


def previous_month(now: datetime) -> datetime:
    return datetime(now.year - (now.month == 1), (now.month - 2) % 12 + 1, 1, tzinfo=UTC)


def make_month(cursor: CursorWrapper, table: str, begin: datetime, end: datetime) -> bool:
    """Make one month of `table` unless it is there; rows waiting in the DEFAULT partition move into it."""
    month = f"{table}_{begin:%Y_%m}"
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [month])
    if _only(cursor):
        return False
    cursor.execute(KEY, [table])
    names: dict[str, Any] = {
        "parent": Identifier(table),
        "month": Identifier(month),
        "spare": Identifier(f"{table}_default"),
        "key": Identifier(str(_only(cursor))),
        "begin": Literal(begin.isoformat()),
        "end": Literal(end.isoformat()),
    }
    for statement in (
        "CREATE TABLE {month} (LIKE {parent} INCLUDING STORAGE INCLUDING CONSTRAINTS)",
        "WITH moved AS (DELETE FROM {spare} WHERE {key} >= {begin} AND {key} < {end} RETURNING *)"
        " INSERT INTO {month} SELECT * FROM moved",
        "ALTER TABLE {parent} ATTACH PARTITION {month} FOR VALUES FROM ({begin}) TO ({end})",
    ):
        cursor.execute(SQL(statement).format(**names))
    cursor.execute(STATEMENT_TRIGGERS, [month, table])
    for (trigger,) in cursor.fetchall():
        cursor.execute(trigger)
    return True


def _try_month(cursor: CursorWrapper, table: str, begin: datetime, end: datetime) -> bool:
    """A table that only grows refuses to move rows out of its DEFAULT partition: its month is then not made."""
    try:
        with transaction.atomic():
            return make_month(cursor, table, begin, end)
    except IntegrityError as error:
        log.warning("partition not made", table=table, month=begin.isoformat(), reason=str(error).splitlines()[0])
        return False


def _only(cursor: CursorWrapper) -> object:
    row = cursor.fetchone()
    assert row is not None
    return row[0]


def make_months(now: datetime, *, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Last, this and the `ahead` coming months of every partitioned table of this schema; returns what was made."""
    made: list[str] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(PARENTS)
        for (table,) in cursor.fetchall():
            for begin, end in months(previous_month(now), 2 + ahead):
                if _try_month(cursor, table, begin, end):
                    made.append(f"{table}_{begin:%Y_%m}")
    return made


@shared_task(name="connectors.make_partitions", queue="execute", max_retries=3)
def make_partitions() -> None:
    """Beat, once a day."""
    if made := make_months(timezone.now()):
        log.info("partitions made", partitions=made)
