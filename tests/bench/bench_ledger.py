"""Verifying the ledger against the least that any verifier must do: read every row and hash it once."""

import hashlib
from collections.abc import Iterator
from time import perf_counter

from django.db import connection

from drafts.ledger.seal import seal
from drafts.ledger.verify import verify
from tests.bench.row import Row

ENTRIES = 100_000
FILL = """
    INSERT INTO drafts_ledgerentry (action, draft_id, body)
    SELECT 'approved', n, convert_to(repeat('x', 300), 'UTF8') FROM generate_series(1, %s) n
"""


def bare() -> float:
    began = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, body FROM drafts_ledgerentry ORDER BY id")
        while rows := cursor.fetchmany(10_000):
            for _, body in rows:
                hashlib.sha256(body).digest()
    return perf_counter() - began


def run() -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [ENTRIES])
    while seal() is not None:
        pass
    least = min(bare() for _ in range(3))
    checked = max(verify().rows_per_second for _ in range(3))
    yield Row("ledger rows verified against rows only read and hashed", checked, ENTRIES / least, "rows/s", floor=0.15)
