"""What `manage.py contracts` runs, one system at a time: it holds, it counts, and it tells what could not run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.proof import recorded, run, vectors
from connectors.proof.clients import told
from connectors.proof.shared import Payload, Shared
from connectors.proof.stand import Stand
from connectors.proof.systems import published, shopify
from connectors.proof.tally import Tally
from connectors.registry import CONNECTORS
from connectors.twin.server import serve
from tests.connectors.shops.stand import SHARED

HERE = Shared(SHARED)
# At least so many requests and replies; Shopee publishes no requests, so of them the method and path are judged.
LEAST = {
    "shopee": (100, 100), "lazada": (500, 500), "tiktok_shop": (60, 100), "amazon": (80, 80), "shopify": (100, 20),
    "stripe": (40, 40), "gmail": (60, 60), "google_ads": (12, 12), "klaviyo": (30, 30), "whatsapp": (4, 8),
    "ups": (20, 30),
}  # fmt: skip
CALLS = {"amazon": 18, "shopify": 7, "stripe": 13, "gmail": 10, "easypost": 10, "mailbox": 7}
VECTORS = {
    "shopee": 1, "lazada": 2, "tiktok_shop": 3, "amazon": 1, "shopify": 4, "stripe": 1, "aftership": 1, "easypost": 1,
    "ups": 4, "klaviyo": 2, "whatsapp": 2, "mailbox": 1, "meta_ads": 1,
}  # fmt: skip
# Platform → how many recorded payloads are read at least; all others are set apart with a reason.
PARSED = {"amazon_spapi": 729, "shopee": 348, "lazada": 24, "tiktok_shop": 40, "shopify": 10, "stripe": 6}
RECORDED = {"amazon_spapi": 1307, "shopee": 778, "lazada": 742, "tiktok_shop": 371, "shopify": 100, "stripe": 176}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with serve("company", seed=run.SEED, orders=run.ORDERS_A_DAY, has_limits=False) as server:
        made = Stand(server)
        yield made
        made.close()


def test_every_system_with_a_specification_is_driven() -> None:
    assert set(LEAST) == set(run.WIRES)
    assert set(CALLS) == set(run.CLIENTS)
    assert set(CONNECTORS) >= run.OURS | set(run.WIRES) | set(run.CLIENTS)


@pytest.mark.skipif(not SHARED.exists(), reason="the published specifications are not beside this checkout")
@pytest.mark.parametrize("kind", LEAST)
def test_what_goes_over_the_wire_is_as_published(stand: Stand, kind: str) -> None:
    tally = Tally()
    run.wire(kind, stand, HERE, tally)
    assert tally.failures == []
    assert (tally.requests, tally.replies) >= LEAST[kind]


@pytest.mark.parametrize("kind", CALLS)
def test_other_peoples_clients_work_with_the_twin(stand: Stand, kind: str) -> None:
    if kind == "gmail" and not SHARED.exists():
        pytest.skip("Google's discovery document is not beside this checkout")
    tally = Tally()
    run.client(kind, stand, HERE, tally)
    assert tally.failures == []
    assert tally.sdk_calls == CALLS[kind]


@pytest.mark.skipif(not SHARED.exists(), reason="the event that EasyPost signed is not beside this checkout")
def test_every_known_answer_holds() -> None:
    passed = {}
    for kind, known in vectors.vectors(HERE).items():
        tally = Tally()
        vectors.check(known, tally)
        assert tally.failures == []
        passed[kind] = tally.vectors
    assert passed == VECTORS


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded payloads are not beside this checkout")
@pytest.mark.parametrize("platform", PARSED)
def test_every_recorded_payload_is_read_or_set_apart(platform: str) -> None:
    tally = Tally()
    recorded.check(platform, HERE, tally)
    assert tally.failures == []
    assert tally.payloads_parsed >= PARSED[platform]
    assert tally.payloads_parsed + tally.payloads_quarantined == RECORDED[platform]
    assert sum(tally.reasons.values()) == tally.payloads_quarantined
    assert all(tally.reasons)


# -- the judges judge -------------------------------------------------------------------------------------------------


def test_a_known_answer_that_does_not_hold_is_a_failure() -> None:
    tally = Tally()
    vectors.check({"nobody": lambda: False}, tally)
    assert (tally.vectors, tally.failures) == (0, ["known answer of nobody: it does not hold"])


def test_a_payload_that_breaks_its_reader_is_a_failure_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(payload: Payload) -> recorded.Rows:
        if payload.text == "boom":
            raise RuntimeError("out of order")
        return []

    rows = [Payload("x", "responses", f"{text}.json", "GET", "/", text) for text in ("boom", "{}")]
    monkeypatch.setitem(recorded.READERS, "x", reader)
    monkeypatch.setattr(Shared, "payloads", lambda self, platform: iter(rows))
    tally = Tally()
    recorded.check("x", HERE, tally)
    assert (tally.payloads_parsed, tally.failures) == (1, ["boom.json: RuntimeError: out of order"])


def test_a_client_that_breaks_off_has_failed() -> None:
    def session() -> Iterator[tuple[str, bool]]:
        yield "one", True
        yield "two", False
        raise LookupError("three")

    tally = Tally()
    told.count("theirs", session(), tally)
    assert tally.sdk_calls == 1
    assert tally.failures == ["theirs: two did not come out as it must", "theirs: after two: LookupError: three"]


@pytest.mark.skipif(not SHARED.exists(), reason="the published schema is not beside this checkout")
def test_an_answer_of_another_shape_than_shopifys_is_found() -> None:
    path = HERE.contract("shopify/admin_2026-10.json.gz")
    asked = {"query": "query One($id: ID!) { order(id: $id) { id name displayFinancialStatus test } }"}
    told = {"data": {"order": {"id": "gid://shopify/Order/1", "name": 7, "displayFinancialStatus": "RICH", "x": 1}}}
    assert shopify.reply_faults(shopify.schema(path), asked, told) == [
        "One/order/x: was not asked for",
        "One/order/name: 7 is no String",
        "One/order/displayFinancialStatus: 'RICH' is no OrderDisplayFinancialStatus",
        "One/order/test: was asked for and is lacking",
    ]
    assert shopify.request_faults(shopify.schema(path), {**asked, "variables": {}}) != []


def test_a_call_that_nobody_publishes_is_found(stand: Stand) -> None:
    stand.shops["shopee"].check()
    tally = Tally()
    published.SHOPEE.judge(published.Published(), stand.exchanges("shopee")[-1], tally)
    assert len(tally.failures) == 1
    assert tally.failures[0].endswith("no such call is published")


def test_where_nothing_is_shared_each_system_says_so_and_nothing_fails(stand: Stand, tmp_path: Path) -> None:
    tally = Tally()
    run.attempt("wire", tally, lambda: run.wire("ups", stand, Shared(tmp_path), tally))
    run.attempt("payloads", tally, lambda: run.payloads("stripe", Shared(tmp_path), tally))
    assert tally.failures == []
    assert len(tally.absent) == 2
    assert tally.as_row()["requests"] == 0
