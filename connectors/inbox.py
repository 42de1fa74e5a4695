"""The durable inbox, read: pushes of a shop as they were stored, for the channels whose pushes are the only record."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from connectors.base import Push

CHUNK = 500
WAITING = """
    SELECT received_at, id, body FROM connectors_webhookevent
    WHERE shop_id = %(shop)s AND topic LIKE %(topic)s
        AND received_at >= %(since)s AND (received_at, id) > (%(since)s, %(last)s)
        AND (%(text)s = ''::bytea OR position(%(text)s IN body) > 0)
    ORDER BY received_at, id LIMIT %(limit)s
"""


class StoredPushes:
    """See `connectors.base.Inbox`."""

    def __init__(self, shop_id: int) -> None:
        self.shop_id = shop_id

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        last = -1
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    WAITING,
                    {
                        "shop": self.shop_id,
                        "topic": f"{feed}%",
                        "since": moment,
                        "last": last,
                        "text": containing.encode(),
                        "limit": CHUNK,
                    },
                )
                rows = cursor.fetchall()
            for received_at, _, body in rows:
                yield Push(received_at, bytes(body))
            if len(rows) < CHUNK:
                return
            moment, last, _ = rows[-1]
