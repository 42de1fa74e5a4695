"""Shopify's feeds. Lists are read in the order of change with cursors that stand on values, so rows are not shifted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors.base import Refused, Retry
from connectors.shops.marketplaces.shopify import parse, queries
from connectors.shops.marketplaces.shopify.client import Client
from connectors.shops.reading import Row, read_rows
from connectors.types import BadRow, Page, Record

PAGE = 100
SMALLEST_PAGE = 5
TOO_DEAR = "MAX_COST_EXCEEDED"
RETURN_STATES = ("return_requested", "in_progress", "inspection_complete", "returned", "return_failed")
DISPUTES_REACH = timedelta(days=180)

Node = Callable[[Row], Row]
Parse = Callable[[Row], Iterator[Record | BadRow]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A feed's cursor: all changes before `since` are stored; `until` and `after` while a window is half read."""

    since: str
    until: str = ""
    after: str = ""

    @classmethod
    def read(cls, text: str, default_since: datetime) -> "Mark":
        return cls(**orjson.loads(text)) if text else cls(stamp(default_since))

    def __str__(self) -> str:
        return orjson.dumps({"since": self.since, "until": self.until, "after": self.after}).decode()


def stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Lists:
    """One pull's pages. Where Shopify finds a page too dear it is asked for in halves from then on."""

    def __init__(self, client: Client, root: str) -> None:
        self.client, self.root, self.size = client, root, PAGE

    def page(self, document: str, after: str, variables: Row) -> tuple[list[Any], str]:
        """(nodes, the next page's cursor or empty)."""
        try:
            asked = {**variables, "first": self.size, "after": after or None}
            data = self.client.query(document, asked, cost=float(self.size))
        except Refused as error:
            if error.code != TOO_DEAR or self.size <= SMALLEST_PAGE:
                raise
            self.size //= 2
            return self.page(document, after, variables)
        listed = data.get(self.root)
        if not isinstance(listed, dict) or not isinstance(listed.get("nodes"), list):
            raise Retry(f"Shopify's answer holds no {self.root}; its shape may have changed", code="drift")
        info = listed["pageInfo"]
        following = str(info.get("endCursor") or "") if info.get("hasNextPage") else ""
        if info.get("hasNextPage") and following in ("", after):
            raise Retry(f"the list of {self.root} says there is more, but does not move on", code="short_read")
        return listed["nodes"], following


def changed_orders(
    client: Client, document: str, cursor: str, now: datetime, *, first_span: timedelta, overlap: timedelta,
    records_of: Callable[[list[Any]], list[Record | BadRow]], search: str = "",
) -> Iterator[Page]:  # fmt: skip
    mark = Mark.read(cursor, now - first_span)
    until, after, since = mark.until or stamp(now), mark.after, mark.since
    if not mark.until and cursor:
        since = stamp(datetime.fromisoformat(since) - overlap)
    lists = Lists(client, "orders")
    query = f"updated_at:>='{since}' AND updated_at:<='{until}'{search}"
    while True:
        nodes, after = lists.page(document, after, {"query": query})
        following = Mark(since, until, after) if after else Mark(until)
        there = None if after else count_of(client, query)
        yield Page(tuple(records_of(nodes)), str(following), len(nodes), is_last=not after, count_at_source=there)
        if not after:
            return


def count_of(client: Client, query: str) -> int | None:
    """What the window holds, asked after it was read: what changed meanwhile has left it, so less is no loss."""
    told = client.query(queries.ORDERS_COUNT, {"query": query}).get("ordersCount") or {}
    return int(told["count"]) if told.get("precision") == "EXACT" else None


def order_records(client: Client, nodes: list[Any]) -> list[Record | BadRow]:
    return read_rows("order", (with_all_lines(client, node) for node in nodes), parse.order, "id")


def with_all_lines(client: Client, node: Any) -> Any:
    """An order with more lines than its page shows is completed, so that no line is lost."""
    if not isinstance(node, dict) or not isinstance(node.get("lineItems"), dict):
        return node
    info = node["lineItems"].get("pageInfo") or {}
    while info.get("hasNextPage"):
        data = client.query(queries.ORDER_LINES, {"id": node["id"], "after": info["endCursor"]}, cost=30.0)
        more = data["order"]["lineItems"]
        node["lineItems"]["nodes"] += more["nodes"]
        info = more["pageInfo"]
    return node


def return_records(nodes: list[Any]) -> list[Record | BadRow]:
    found = [row for node in nodes for row in node["returns"]["nodes"]]
    return read_rows("return", found, parse.aftersale, "id")


def goods(client: Client, cursor: str, currency: str) -> Iterator[Page]:
    """All variants each time: a stock level changes without its variant changing."""
    lists, after = Lists(client, "productVariants"), cursor
    while True:
        nodes, after = lists.page(queries.GOODS, after, {})
        records = read_rows("listing", nodes, lambda item: parse.goods(item, currency), "id")
        yield Page(tuple(records), after, len(nodes), is_last=not after)
        if not after:
            return


def disputes(client: Client, now: datetime) -> Iterator[Page]:
    """Newest first, back to where none can be open any more; a dispute carries no time of change to search by."""
    lists, after = Lists(client, "disputes"), ""
    oldest = stamp(now - DISPUTES_REACH)
    while True:
        nodes, after = lists.page(queries.DISPUTES, after, {})
        is_old = any(isinstance(node, dict) and str(node.get("initiatedAt") or oldest) < oldest for node in nodes)
        is_last = is_old or not after
        yield Page(tuple(read_rows("dispute", nodes, parse.dispute, "id")), "", len(nodes), is_last=is_last)
        if is_last:
            return


def checkouts(
    client: Client, cursor: str, now: datetime, *, first_span: timedelta, overlap: timedelta
) -> Iterator[Page]:  # fmt: skip
    """What changed since, by number: Shopify sorts this list by no time of change. The window's upper end stands while
    it is paged; a checkout that is completed meanwhile comes again in the next."""
    mark = Mark.read(cursor, now - first_span)
    until, after, since = mark.until or stamp(now), mark.after, mark.since
    if not mark.until and cursor:
        since = stamp(datetime.fromisoformat(since) - overlap)
    lists = Lists(client, "abandonedCheckouts")
    query = f"updated_at:>='{since}' AND updated_at:<='{until}'"
    while True:
        nodes, after = lists.page(queries.CHECKOUTS, after, {"query": query})
        following = Mark(since, until, after) if after else Mark(until)
        records = read_rows("checkout", nodes, parse.checkout, "id")
        yield Page(tuple(records), str(following), len(nodes), is_last=not after)
        if not after:
            return
