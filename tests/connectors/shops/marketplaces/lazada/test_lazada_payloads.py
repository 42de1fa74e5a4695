"""Every recorded answer and push of Lazada that somebody else wrote is read, or quarantined with its reason."""

import gzip
from collections import Counter
from typing import Any

import orjson
import pytest

from connectors.shops.marketplaces.lazada import Lazada
from connectors.shops.marketplaces.lazada.samples import read_sample, readers
from connectors.types import BadRow, Order, OrderStatus, Payout, SettlementLine
from tests.connectors.shops.stand import NOW, SHARED, payloads

RECORDED = SHARED / "data" / "payloads" / "lazada.jsonl.gz"


def recorded() -> list[dict[str, Any]]:
    if not RECORDED.exists():
        pytest.skip(f"the recorded payloads are not here ({RECORDED})")
    with gzip.open(RECORDED, "rb") as lines:
        return [orjson.loads(line) for line in lines]


def answers() -> dict[str, tuple[list[Any], list[BadRow]]]:
    found = {}
    for row in recorded():
        if row["kind"].startswith("responses") and row["path"]:
            told = read_sample(row["path"], row["text"], NOW)
            if told is not None:
                found[row["path"]] = told
    return found


def test_every_recorded_answer_that_we_read_is_read_or_quarantined_with_a_reason() -> None:
    found = answers()
    assert set(found) == set(readers(NOW))
    bad = [row for _, rows in found.values() for row in rows]
    read = Counter(type(row).__name__ for rows, _ in found.values() for row in rows)
    print(f"Lazada samples: {dict(read)} read, {len(bad)} rows quarantined")
    assert read == {
        "AccountMetric": 1, "Conversation": 2, "Listing": 2, "Order": 3, "Payout": 1, "Product": 2, "Review": 1,
        "SettlementLine": 1, "Shipment": 1, "StockLevel": 2,
    }  # fmt: skip
    # The sample of the order list writes all statuses that there are into one word.
    assert [row.reason.partition("、")[0] for row in bad] == ["the field 'unpaid"]


def test_what_the_samples_say_is_what_we_read() -> None:
    found = answers()
    [order] = [row for row in found["/order/get"][0] if isinstance(row, Order)]
    assert (order.external_id, order.number, order.status) == ("16090", "300034416", OrderStatus.DELIVERED)
    [line] = [row for row in found["/finance/transaction/details/get"][0] if isinstance(row, SettlementLine)]
    assert (line.external_id, line.order_ref, str(line.amount)) == (
        "SG103EF-1P9VK1A/13/1666666",
        "123445666666",
        "-0.62",
    )
    [payout] = [row for row in found["/finance/payout/status/get"][0] if isinstance(row, Payout)]
    assert (payout.status, str(payout.amount), payout.currency) == ("pending", "3962.41", "EUR")


def test_a_call_that_we_do_not_read_is_told_from_one_that_cannot_be_read() -> None:
    assert read_sample("/wallet/open/service/withdraw", "{}", NOW) is None
    read, bad = read_sample("/orders/get", '{"orders": []}', NOW) or ([], [])
    assert (read, [row.reason for row in bad]) == ([], ["the field 'data' is missing or has a new value"])


def test_every_recorded_push_names_its_feeds_or_none() -> None:
    touched: Counter[tuple[str, ...]] = Counter()
    for name, body in payloads("lazada"):
        if name.startswith("webhook-api"):
            raw = orjson.dumps(body)
            assert len(Lazada.event_id(raw, {})) == 64
            touched[Lazada.touched(raw, {})] += 1
    assert touched == {
        ("orders",): 3, ("goods",): 4, ("returns", "orders"): 1, ("reviews",): 1, ("account_health",): 1, (): 5,
    }  # fmt: skip
