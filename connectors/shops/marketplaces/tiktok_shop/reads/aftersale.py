"""Returns, refunds and replacements, the undecided ones with the buyer's words and photos."""

from collections.abc import Iterator
from typing import Any

from connectors.base import Refused
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import RETURN_STATUS, aftersale, spelled
from connectors.shops.marketplaces.tiktok_shop.reads.moving import DAY, Moving
from connectors.shops.reading import Row, read_rows
from connectors.types import BadRow, Record, RefusalReason, ReturnStatus

SEARCH, PAGE = "/return_refund/202309/returns/search", 50
UNDECIDED = frozenset({ReturnStatus.ASKED, ReturnStatus.JUDGING, ReturnStatus.OFFERED})


def with_history(client: Client, items: list[Any]) -> list[Record | BadRow]:
    return read_rows("return", items, lambda item: aftersale(item, history(client, item)), "return_id")


RETURNS = Moving(SEARCH, "return_orders", "return_id", PAGE, with_history, 15 * DAY)


def history(client: Client, item: Row) -> list[Any]:
    """The case's records, where somebody has yet to decide on it."""
    if RETURN_STATUS.get(spelled(item["return_status"])) not in UNDECIDED:
        return []
    try:
        return rows(client.get(f"/return_refund/202309/returns/{item['return_id']}/records"), "records")
    except Refused:
        return []


def of_order(client: Client, order_id: str) -> Iterator[Row]:
    """Every return of one order."""
    for batch in client.pages(SEARCH, "return_orders", {"page_size": PAGE}, {"order_ids": [order_id]}):
        yield from (row for row in batch.rows if isinstance(row, dict))


def one_return(client: Client, return_id: str) -> Row:
    """Raises Refused where TikTok Shop knows no such return."""
    for item in rows(client.search(SEARCH, {"page_size": 10}, {"return_ids": [return_id]}), "return_orders"):
        if isinstance(item, dict) and item.get("return_id") == return_id:
            return item
    raise Refused(f"TikTok Shop knows no return {return_id}", code="not_found")


def refusal_reasons(client: Client, case_id: str) -> tuple[RefusalReason, ...]:
    """On what grounds a return or a request to cancel may be refused."""
    found = rows(
        client.get("/return_refund/202309/reject_reasons", {"return_or_cancel_id": case_id, "locale": "en-US"}),
        "reasons",
    )
    return tuple(RefusalReason(str(row["name"]), str(row.get("text") or "")) for row in found)
