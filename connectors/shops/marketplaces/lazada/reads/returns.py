"""Returns and refunds without return: the reverse orders by time of change, and one of them in detail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.base import Refused
from connectors.shops.marketplaces.lazada import aftersale
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.reading import Row, read_rows
from connectors.shops.windows import Mark, windows
from connectors.types import BadRow, Page, Record

PAGE = 100
WIDEST = 30 * 86_400  # none is documented
OPEN_WORDS = frozenset({"REQUEST_INITIATE", "BUYER_RETURN_ITEM"})
NO_SUCH_CASE = frozenset({"112", "125", "E0112", "E0125"})


def returns(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    for start, end, begin in windows(mark, now, int(overlap.total_seconds()), WIDEST):
        number = int(begin or 1)
        seen: set[str] = set()
        while True:
            cases, total = _listed(client, start, end, number)
            fresh = [case for case in cases if not isinstance(case, dict) or _id(case) not in seen]
            seen |= {_id(case) for case in fresh if isinstance(case, dict)}
            is_end = len(cases) < PAGE
            number += 1
            after = Mark(end) if is_end else Mark(start, end, str(number))
            records = tuple(_read(client, fresh, f"page {number - 1}"))
            yield Page(records, str(after), len(fresh), is_end and end >= now, total if is_end else None)
            if is_end:
                break


def _id(case: Row) -> str:
    return str(case.get("reverse_order_id"))


def _listed(client: Client, start: int, end: int, number: int) -> tuple[list[Any], int | None]:
    result = part(client.get("/reverse/getreverseordersforseller", {
        "page_no": number, "page_size": PAGE, "request_type_list": ["RETURN", "ONLY_REFUND"],
        "ReverseOrderLineModifiedTimeRangeStart": start * 1000, "ReverseOrderLineModifiedTimeRangeEnd": end * 1000,
    }), "result", dict)  # fmt: skip
    total = result.get("total")
    return part(result, "items", list), total if isinstance(total, int) else None


def _read(client: Client, cases: list[Any], place: str) -> list[Record | BadRow]:
    rows = [row for case in cases for row in aftersale.case_lines(case)]
    photos = {row["ref"]: pictures(client, row) for row in rows if _is_open(row)}
    return read_rows(
        "return", rows, lambda row: aftersale.read(row, currency=client.currency, photos=photos), "ref", place=place
    )


def _is_open(row: Row) -> bool:
    return isinstance(row["line"], dict) and str(row["line"].get("reverse_status")) in OPEN_WORDS


def pictures(client: Client, row: Row) -> tuple[str, ...]:
    """The buyer's pictures of a line. They only help the reader, so a refused call leaves them out."""
    line_id = row["line"].get("reverse_order_line_id")
    query = {"reverse_order_line_id": line_id, "page_size": 10, "page_number": 1}
    try:
        data = client.get("/order/reverse/return/history/list", query).get("data")
    except Refused:
        return ()
    entries = data.get("list") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return ()
    found = [entry.get("picture") for entry in entries if isinstance(entry, dict)]
    return tuple(dict.fromkeys(str(link) for links in found if isinstance(links, list) for link in links))


def line_of(client: Client, return_ref: str) -> Row:
    """One line with its case, read now. Raises Refused where there is none."""
    case_id, _, line_id = return_ref.partition("/")
    case = part(client.get("/order/reverse/return/detail/list", {"reverse_order_id": case_id}), "data", dict)
    for row in aftersale.case_lines(case):
        if isinstance(row["line"], dict) and str(row["line"].get("reverse_order_line_id")) == line_id:
            return row
    raise Refused(f"the reverse order {case_id} has no line {line_id}", code="112")


def one_return(client: Client, return_ref: str) -> list[Record | BadRow]:
    try:
        row = line_of(client, return_ref)
    except Refused as error:
        if error.code in NO_SUCH_CASE:
            return []
        raise
    photos = {row["ref"]: pictures(client, row)} if _is_open(row) else {}
    return read_rows("return", [row], lambda one: aftersale.read(one, currency=client.currency, photos=photos), "ref")
