"""How an entry is read for sealing and for verifying: every column of it, as one run of bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction

# Lengths stand before what varies, so that no two entries give the same bytes. Ids are positive; -1 stands for none.
CONTENT = """
    int8send(id) || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) || int8send(txid)
    || int8send(coalesce(actor_id, -1)) || int8send(coalesce(draft_id, -1))
    || int4send(octet_length(action)) || convert_to(action, 'UTF8') || body
"""


CHUNK = 10_000


@contextmanager
def streamed(name: str, query: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Rows of a query by a server-side cursor in binary form: memory stays flat however long the ledger is."""
    with transaction.atomic():
        connection.ensure_connection()
        raw: psycopg.Connection[Any] = connection.connection
        with raw.cursor(name=name) as cursor:
            cursor.execute(query.encode(), binary=True)
            yield _rows(cursor)


def _rows(cursor: psycopg.ServerCursor[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(CHUNK):
        yield from rows
