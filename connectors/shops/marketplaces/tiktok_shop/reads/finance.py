"""Settlement: statements of the days, with the transactions of those that are new."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from connectors.shops.marketplaces.tiktok_shop.client import Client
from connectors.shops.marketplaces.tiktok_shop.parse.finance import statement, transaction
from connectors.shops.reading import Row, read_rows
from connectors.shops.windows import Mark
from connectors.types import BadRow, Page, Record

STATEMENTS, PAGE = "/finance/202309/statements", 100
STILL_MOVING = 30 * 86_400  # a statement turns from processing to paid without a new time: those are read again


def pull(client: Client, cursor: str, *, first_span: timedelta) -> Iterator[Page]:
    """Statements are made daily at 00:00 UTC and never grow, so the newest one's time is the cursor."""
    now = client.clock()
    mark = Mark.read(cursor, int((now - first_span).timestamp()))
    since = min(mark.since, int(now.timestamp()) - STILL_MOVING) if cursor else mark.since
    query: Row = {
        "sort_field": "statement_time", "sort_order": "ASC", "page_size": PAGE,
        "statement_time_ge": since, "statement_time_lt": int(now.timestamp()) + 1,
    }  # fmt: skip
    latest = mark.since
    for batch in client.pages(STATEMENTS, "statements", query):
        records = read_rows("payout", batch.rows, statement, "id")
        for item in batch.rows:
            made = item.get("statement_time") if isinstance(item, dict) else None
            if type(made) is int and made > mark.since and isinstance(item.get("id"), str):
                records += transactions(client, item["id"])
                latest = max(latest, made)
        yield Page(tuple(records), str(Mark(latest)), len(batch.rows), is_last=not batch.following, as_of=now)


def transactions(client: Client, statement_id: str) -> list[Record | BadRow]:
    """All lines of one statement, whose currency and time stand beside them."""
    path = f"/finance/202501/statements/{statement_id}/statement_transactions"
    found: list[Record | BadRow] = []
    for batch in client.pages(path, "transactions", {"sort_field": "order_create_time", "page_size": PAGE}):
        found += read_rows("settlementline", batch.rows, partial(transaction, account=batch.data), "id")
    return found
