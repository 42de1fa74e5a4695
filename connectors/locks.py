"""Locks that last over a call to the outside without holding a transaction open. A dead process gives them back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# The first of the two numbers of a PostgreSQL advisory lock; the second is a row's id.
TOKEN_LOCK = 41


@contextmanager
def held(kind: int, row_id: int) -> Iterator[None]:
    """Wait for this row's lock of this kind and hold it in this database session."""
    key = [kind, row_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
