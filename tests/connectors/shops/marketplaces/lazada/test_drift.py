"""A platform that changes its shapes: whatever a field becomes, no pull crashes and no row is lost in silence."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest

from connectors.base import ConnectorError
from connectors.types import BadRow, Page
from tests.connectors.shops.marketplaces.lazada.outside import (
    CREATED,
    Outside,
    case,
    chat,
    line,
    product,
    row,
    shop,
    unit,
)
from tests.connectors.shops.stand import NOW

SHAPES: tuple[Any, ...] = (None, "a new word", 7, 1.5, True, [], {}, ["x"], {"x": 1}, float("nan"))
INDICATOR = {"type": "SHIP", "score": "92.0", "score_format": "PERCENTAGE", "target": "85.0",
             "target_format": "GREATER_THAN_PERCENTAGE"}  # fmt: skip
TRANSACTION = {"transaction_number": "N1", "fee_type": "16", "fee_name": "Commission", "amount": "-4.62",
               "transaction_type": "Orders-Lazada Fees", "order_no": "4100", "orderItem_no": "4101", "statement": "w",
               "transaction_date": "20 Nov 2026"}  # fmt: skip
STATEMENT = {"statement_number": "S1", "payout": "10.00 MYR", "paid": "1", "updated_at": "2026-11-20 08:00:00"}
SESSION = {"session_id": "1_2_7_1_103", "buyer_id": 7, "title": "b", "last_message_time": CREATED * 1000}
REVIEW = {"id": 900, "order_id": 4100, "review_content": "good", "ratings": {"overall_rating": 2},
          "submit_time": CREATED * 1000, "seller_reply": None}  # fmt: skip
BUNDLE = {"data": {"total_products": 1, "products": [product()]}}
LISTED = {"reverse_order_id": 650, "trade_order_id": 4100, "request_type": "RETURN", "is_rtm": True,
          "reverse_order_lines": case()["reverseOrderLineDTOList"]}  # fmt: skip

# Feed → (the calls that it makes, the one whose answer drifts).
FEEDS: dict[str, tuple[dict[str, Any], str]] = {
    "orders": (
        {
            "/orders/get": {"data": {"count": 1, "countTotal": 1, "orders": [row()]}},
            "/orders/items/get": {"data": [{"order_id": 4100, "order_items": [unit(4101, package_id="FP1")]}]},
        },
        "/orders/get",
    ),
    "returns": (
        {
            "/reverse/getreverseordersforseller": {"result": {"success": True, "total": 1, "items": [LISTED]}},
            "/order/reverse/return/history/list": {"data": {"list": [{"picture": ["https://a/1.jpg"]}]}},
        },
        "/reverse/getreverseordersforseller",
    ),
    "messages": (
        {
            "/im/session/list": chat({"session_list": [SESSION], "has_more": False}),
            "/im/message/list": chat({"message_list": [line(1)], "has_more": False}),
        },
        "/im/message/list",
    ),
    "goods": ({"/products/get": BUNDLE}, "/products/get"),
    "reviews": (
        {
            "/products/get": BUNDLE,
            "/review/seller/history/list": {"success": True, "data": {"total": 1, "id_list": [900]}},
            "/review/seller/list/v2": {"success": True, "data": {"review_list": [REVIEW]}},
        },
        "/review/seller/list/v2",
    ),
    "settlement": ({"/finance/transaction/details/get": {"data": [TRANSACTION]}}, "/finance/transaction/details/get"),
    "payouts": ({"/finance/payout/status/get": {"data": [STATEMENT]}}, "/finance/payout/status/get"),
    "account_health": (
        {"/seller/performance/get": {"success": True, "data": {"indicators": [INDICATOR]}}},
        "/seller/performance/get",
    ),
}  # fmt: skip
DRIFTS = [(feed, path) for feed, (answers, _) in FEEDS.items() for path in answers if path != "/products/get"] + [
    ("goods", "/products/get")
]


def drifted(value: Any) -> Iterator[Any]:
    """The answer with one part of it gone, renamed or of another shape, at every depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            rest = {other: one for other, one in value.items() if other != name}
            yield rest
            yield {**rest, f"{name}_v2": part}
            yield from ({**value, name: shape} for shape in SHAPES)
            yield from ({**value, name: one} for one in drifted(part))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            before, after = value[:place], value[place + 1 :]
            yield from ([*before, shape, *after] for shape in SHAPES)
            yield from ([*before, one, *after] for one in drifted(part))


def recent() -> str:
    return orjson.dumps({"since": int(NOW.timestamp()) - 2 * 86_400, "until": 0, "page": ""}).decode()


def pulled(feed: str, answers: dict[str, Any]) -> list[Page] | ConnectorError:
    try:
        return list(shop(Outside(answers)).pull(feed, recent() if feed not in ("goods", "payouts") else ""))
    except ConnectorError as error:
        return error


@pytest.mark.parametrize(("feed", "path"), DRIFTS)
def test_a_drifted_answer_is_an_error_or_quarantine_and_never_a_crash_or_a_silent_loss(feed: str, path: str) -> None:
    answers, _ = FEEDS[feed]
    whole = pulled(feed, answers)
    assert isinstance(whole, list)
    assert not [one for page in whole for one in page.records if isinstance(one, BadRow)]
    tried = 0
    for changed in drifted(answers[path]):
        found = pulled(feed, {**answers, path: deepcopy(changed)})
        tried += 1
        if isinstance(found, ConnectorError):
            continue
        rows = sum(page.seen for page in found)
        kept = [one for page in found for one in page.records]
        assert len(kept) >= rows, changed
        assert all(one.reason for one in kept if isinstance(one, BadRow)), changed
    assert tried > 50


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_a_new_word_in_a_row_leaves_its_neighbours_whole(feed: str) -> None:
    """Every row beside the drifted one is still read."""
    answers, path = FEEDS[feed]
    good = pulled(feed, answers)
    assert isinstance(good, list)
    broken = pulled(feed, {**answers, path: with_a_stranger(answers[path])})
    assert isinstance(broken, list)
    names = {type(one).__name__ for page in good for one in page.records}
    assert names <= {type(one).__name__ for page in broken for one in page.records}
    assert [one for page in broken for one in page.records if isinstance(one, BadRow)]


def with_a_stranger(value: Any) -> Any:
    """The same answer with a row of an unknown shape in front of its innermost list of rows."""
    if isinstance(value, list):
        return ["a stranger", *value]
    return {name: with_a_stranger(part) if name in ROWS or isinstance(part, dict) else part
            for name, part in value.items()}  # fmt: skip


ROWS = ("orders", "items", "message_list", "products", "review_list", "data", "indicators")
