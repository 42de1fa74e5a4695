"""Answers of Lazada as somebody recorded them, through the same parsers that read the live ones."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from connectors.shops.marketplaces.lazada import aftersale, parse
from connectors.shops.marketplaces.lazada.reads import finance, goods, health, words
from connectors.shops.marketplaces.lazada.ventures import FIRST, Home
from connectors.shops.reading import UNREADABLE, Parse, bad_row, read_rows, reason_of
from connectors.types import BadRow, Record

HOME = Home(FIRST.currency, FIRST.zone)
Rows = Callable[[Any], list[Any]]


def _list(*names: str) -> Rows:
    """The list that stands in an answer under these names, one inside the other."""

    def find(body: Any) -> list[Any]:
        for name in names:
            body = body[name]
        return body if isinstance(body, list) else [body]

    return find


def _orders(body: Any) -> list[Any]:
    """Orders as the list shows them; their units come by another call."""
    data = body["data"]
    rows = data.get("orders", [data])
    return [_pair(row, []) for row in rows]


def _units(body: Any) -> list[Any]:
    """Units without the order they belong to: an order is made of what they say themselves."""
    data = body["data"]
    groups = [row.get("order_items", [row]) for row in data]
    return [_pair({**items[0], "price": items[0]["paid_price"]}, items) for items in groups]


def _pair(row: Any, items: list[Any]) -> dict[str, Any]:
    return {"order_id": row["order_id"], "order": row, "items": items, "currency": HOME.currency, "country": "SG"}


def _lines(cases: Rows) -> Rows:
    return lambda body: [row for case in cases(body) for row in aftersale.case_lines(case)]


def _reviews(body: Any) -> list[Any]:
    return [row for holder in body["data"] for row in holder["review_list"]]


# Path of the call → (record, its rows in the answer, parser, the field of its id).
def readers(now: datetime) -> dict[str, tuple[str, Rows, Parse, str]]:
    decided = partial(aftersale.read, currency=HOME.currency)
    sold = partial(goods.variants, home=HOME, now=now)
    return {
        "/orders/get": ("order", _orders, parse.order, "order_id"),
        "/order/get": ("order", _orders, parse.order, "order_id"),
        "/orders/items/get": ("order", _units, parse.order, "order_id"),
        "/order/items/get": ("order", _units, parse.order, "order_id"),
        "/reverse/getreverseordersforseller": ("return", _lines(_list("result", "items")), decided, "ref"),
        "/order/reverse/return/detail/list": ("return", _lines(_list("data")), decided, "ref"),
        "/products/get": ("listing", _list("data", "products"), sold, "item_id"),
        "/product/item/get": ("listing", _list("data"), sold, "item_id"),
        "/im/message/list": ("message", _list("data", "message_list"), words.message, "message_id"),
        "/im/session/list": ("conversation", _list("data", "session_list"), _chat, "session_id"),
        "/im/session/get": ("conversation", _list("data"), _chat, "session_id"),
        "/review/seller/list/v2": ("review", _reviews, words.review, "id"),
        "/finance/transaction/details/get": (
            "settlementline", _list("data"), partial(finance.line, home=HOME), "transaction_number",
        ),
        "/finance/payout/status/get": ("payout", _list("data"), partial(finance.payout, home=HOME), "statement_number"),
        "/seller/performance/get": (
            "accountmetric", _list("data", "indicators"), partial(health.metric, now=now), "type",
        ),
    }  # fmt: skip


def _chat(row: Any) -> list[Record]:
    return [words.conversation(row, [], [])]


def read_sample(path: str, text: str, now: datetime) -> tuple[list[Record], list[BadRow]] | None:
    """(read, quarantined) of one recorded answer; None where this connector reads no such call."""
    if path not in (known := readers(now)):
        return None
    kind, rows, parser, id_field = known[path]
    try:
        found = read_rows(kind, rows(orjson.loads(text)), parser, id_field)
    except UNREADABLE as error:  # the rows themselves could not be found
        found = [bad_row(kind, text, id_field, reason_of(error))]
    return [row for row in found if not isinstance(row, BadRow)], [row for row in found if isinstance(row, BadRow)]
