"""Pushes are written down before they are answered, and those that arrive together are written down together.

A commit costs the same whatever it holds, so whoever comes first writes for all who have come meanwhile, and they are
answered when that commit is done. Nothing is answered that is not on disk.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

# DISTINCT ON sorts by key, so that two processes take the keys' locks in one order.
STORE = """
    WITH given AS (
        SELECT DISTINCT ON (shop_id, digest) *
        FROM unnest(%s::bigint[], %s::bytea[], %s::timestamptz[], %s::text[], %s::text[], %s::bytea[])
          AS one (shop_id, digest, received_at, event_id, topic, body)
        ORDER BY shop_id, digest
    ), fresh AS (
        INSERT INTO connectors_webhookkey (shop_id, digest, seen_at)
        SELECT shop_id, digest, received_at FROM given
        ON CONFLICT (shop_id, digest) DO NOTHING RETURNING shop_id, digest
    ), kept AS (
        INSERT INTO connectors_webhookevent (received_at, shop_id, event_id, topic, body)
        SELECT received_at, shop_id, event_id, topic, body FROM given JOIN fresh USING (shop_id, digest)
    )
    SELECT shop_id, digest FROM fresh
"""


@dataclass(frozen=True, slots=True)
class Push:
    """One verified push. `digest` is that of the event's own id, by which a repeat is known."""

    shop_id: int
    digest: bytes
    received_at: datetime
    event_id: str
    topic: str
    body: bytes

    @property
    def key(self) -> tuple[int, bytes]:
        return self.shop_id, self.digest


class Slot:
    """A push that waits to be written: whether it was new, or what went wrong."""

    def __init__(self, push: Push) -> None:
        self.push = push
        self.is_new: bool | None = None
        self.error: Exception | None = None

    def answer(self) -> bool:
        if self.error is not None:
            raise self.error
        return bool(self.is_new)


class Counter:
    """The one place of a process where pushes queue. Whoever gets its turn writes all that have come by then."""

    def __init__(self) -> None:
        self._waiting: list[Slot] = []
        self._guard, self._turn = threading.Lock(), threading.Lock()

    def store(self, push: Push) -> bool:
        """Whether it was new. Returns after the commit; raises the database's own error where nothing was kept."""
        slot = Slot(push)
        with self._guard:
            self._waiting.append(slot)
        with self._turn:
            if slot.is_new is None and slot.error is None:
                with self._guard:
                    batch, self._waiting = self._waiting, []
                settle(batch)
        return slot.answer()


def settle(batch: Sequence[Slot]) -> None:
    """Write them all in one commit; where that fails, each by itself, so that none suffers for another."""
    try:
        fresh = write([slot.push for slot in batch])
    except Exception as error:
        if len(batch) == 1:
            batch[0].error = error
            return
        for slot in batch:
            settle([slot])
        return
    for slot in batch:
        slot.is_new = slot.push.key in fresh
        fresh.discard(slot.push.key)  # of two equal ones the first is new


def write(pushes: Sequence[Push]) -> set[tuple[int, bytes]]:
    """Keys of those that were not there before."""
    columns = zip(*((p.shop_id, p.digest, p.received_at, p.event_id, p.topic, p.body) for p in pushes), strict=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STORE, [list(column) for column in columns])
        return {(shop_id, bytes(digest)) for shop_id, digest in cursor.fetchall()}
