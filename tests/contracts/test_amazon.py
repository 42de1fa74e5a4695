"""Amazon's own models judge what we send and what the twin answers; their sandbox is read by our parser."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import Connector, Reconnect, Refused, Retry, Unknown
from connectors.operations import (
    SetStock,
)
from connectors.proof.shared import Shared
from connectors.proof.specs import Exchange
from connectors.proof.stand import Stand
from connectors.proof.systems import amazon
from connectors.shops.marketplaces.amazon import health, notifications, reports
from connectors.shops.marketplaces.amazon.client import Client
from connectors.twin.server import serve
from connectors.twin.wire.amazon import notices
from connectors.types import AccountMetric, BadRow, Order, Record
from tests.connectors.shops.stand import NOW, SHARED, open_with, reply
from tests.contracts.specs import contract

LISTS = frozenset({"orders", "items", "payload", "payouts", "expectedPayouts"})
FEEDS = ("orders", "listings", "fba_stock", "settlement", "payouts")


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    contract("amazon/orders_2026-01-01.json")
    with serve("company", seed=11, has_limits=False) as server:
        made = Stand(server)
        yield made
        made.close()


def faults(exchanges: list[Exchange]) -> list[str]:
    return amazon.faults(Shared(SHARED), exchanges)


def test_the_judge_finds_what_does_not_fit(stand: Stand) -> None:
    url = f"{stand.rows['amazon']['base_url']}/orders/2026-01-01/orders"
    request = httpx.Request("GET", url, params={"includedData": "BUYER,HOROSCOPE", "page": "2"})
    assert faults([(request, httpx.Response(200, json={"orders": [{"orderId": 5}]}))])[-1].endswith("is not listed")
    assert len(faults([(request, httpx.Response(418, json={}))])) == 3


def test_refusals_of_the_twin_have_the_shape_of_the_models(stand: Stand) -> None:
    connector, before = stand.shops["amazon"], len(stand.recorder.exchanges)
    assert connector.fetch(Order, "114-0000000-0000000") is None
    with pytest.raises(Refused):
        connector.perform(SetStock(listing_ref="NONE", sku="NONE", quantity=1), stand.permit())
    stand.server.faults.add({"shop": "amazon", "operation": "getOrder", "kind": "rate_limited", "remaining": 1})
    with pytest.raises(Retry):
        connector.fetch(Order, stand.read("amazon", "orders", Order)[0].external_id)
    answers = [response.status_code for _, response in stand.recorder.exchanges[before:]]
    assert {404, 429} <= set(answers)
    assert faults(stand.recorder.exchanges[before:]) == []


def test_the_notifications_are_signed_and_name_their_feeds(stand: Stand) -> None:
    api: Any = stand.server.wires["amazon"]
    market = stand.server.market
    for topic, thing in (
        ("orders/updated", market.books["amazon"].orders[-1]),
        ("inventory_levels/update", market.goods[0]),
    ):
        body, headers = api.push(topic, thing, "")
        assert notifications.verify(body, {"x-bridge-signature": headers["x-bridge-signature"]}, (secret(stand),))
        assert notifications.touched(body) != ()
    assert notices.push(api, "mail", object(), "s") is None


def secret(stand: Stand) -> str:
    return str(stand.rows["amazon"]["credentials"]["webhook_secret"])


# -- Amazon's sandbox, and what others recorded

KEYS = {
    "client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|r", "access_token": "Atza|a",
    "selling_partner_id": "SELLER",
}  # fmt: skip


VERSIONS = frozenset(name.removesuffix(".json") for name in amazon.MODELS.values()) - {"ordersV0"}


def recorded() -> list[dict[str, Any]]:
    path = SHARED / "data" / "payloads" / "amazon_spapi.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the recorded payloads are not here ({path.name})")
    with gzip.open(path, "rb") as lines:
        return [orjson.loads(line) for line in lines]


def sandbox(operation: str, status: str = "200") -> list[Any]:
    """The `response` of every sandbox pair and documented example of an operation."""
    found = []
    for row in recorded():
        name = row["file"].rpartition("/")[2]
        if f"__{operation}__{status}" in name and name.partition("__")[0] in VERSIONS:
            body = orjson.loads(row["text"])
            found.append(body.get("response", body) if isinstance(body, dict) else body)
    return found


def answering(body: Any) -> Connector:
    """A shop whose every read is answered so, without the page that would follow."""
    body = orjson.loads(orjson.dumps(body))
    if isinstance(body.get("numberOfResults"), int):
        body["numberOfResults"] = len(body.get("items", []))
    for part in (body, body.get("pagination"), body.get("payload")):
        if isinstance(part, dict):
            part.pop("nextToken", None)
    return open_with(lambda request: reply(body), "amazon", KEYS, country="US", currency="USD")


def rows_of(feed: str, body: Any) -> list[Record | BadRow]:
    return [row for page in answering(body).pull(feed, "") for row in page.records]


@pytest.mark.parametrize(
    ("feed", "operation", "least", "quarantined"),
    [
        ("orders", "searchOrders", 4, 0),
        ("settlement", "listTransactions", 1, 1),  # the sandbox's transaction has no id
        ("listings", "searchListingsItems", 2, 0),
    ],
)
def test_the_sandbox_is_read_by_our_parser(feed: str, operation: str, least: int, quarantined: int) -> None:
    bodies = sandbox(operation)
    assert len(bodies) >= least
    rows = [row for body in bodies for row in rows_of(feed, body)]
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert len(rows) >= least
    assert len(bad) == quarantined, bad
    assert all(row.reason for row in bad)


def test_the_sandboxs_orders_are_read_one_by_one() -> None:
    for body in sandbox("getOrder"):
        answers: dict[str, Any] = {"transactions": {"payload": {"transactions": []}}}

        def answer(request: httpx.Request, body: Any = body, answers: Any = answers) -> httpx.Response:
            return reply(answers.get(request.url.path.rpartition("/")[2], body))

        found = open_with(answer, "amazon", KEYS, country="US").fetch(Order, body["order"]["orderId"])
        assert found is not None
        assert found.external_id == body["order"]["orderId"]
        assert found.refunded == Decimal(0)


def test_the_sandboxs_payouts_are_read() -> None:
    paid, next_one = sandbox("listPayouts")[0], sandbox("listExpectedPayouts")[0]

    def answer(request: httpx.Request) -> httpx.Response:
        body = dict(next_one if request.url.path.endswith("expected") else paid)
        body.pop("nextToken", None)
        return reply(body)

    shop = open_with(answer, "amazon", KEYS, country="US")
    rows = [row for page in shop.pull("payouts", "") for row in page.records]
    assert [(row.external_id, getattr(row, "status", "bad")) for row in rows] == [
        ("SGI_20240308_001", "scheduled"),
        ("11888387941", "paid"),
    ]


@pytest.mark.parametrize("status", ["400"])
def test_the_sandboxs_refusals_are_told_in_amazons_words(status: str) -> None:
    operations = ("searchOrders", "getOrder", "listTransactions", "searchListingsItems", "getFeeds", "createReport")
    seen = 0
    for operation in operations:
        for body in sandbox(operation, status):
            shop = open_with(lambda request, body=body: reply(body, 400), "amazon", KEYS, country="US")  # type: ignore[misc]
            with pytest.raises(Refused) as caught:
                list(shop.pull("orders", ""))
            assert body["errors"][0]["message"] in str(caught.value)
            seen += 1
    assert seen >= len(operations)


def test_every_recorded_payload_with_a_parser_is_read_or_quarantined() -> None:
    """Each recorded answer, whatever it is of, is shown to every feed: rows, quarantine, or a known ending."""
    read = quarantined = refused = 0
    for row in recorded():
        try:
            body = orjson.loads(row["text"])
        except orjson.JSONDecodeError:
            continue
        body = body.get("response", body) if isinstance(body, dict) else body
        if not isinstance(body, dict):
            continue
        looks_like_a_list = LISTS & body.keys()
        for feed in FEEDS if looks_like_a_list else FEEDS[:1]:
            try:
                rows = rows_of(feed, body)
            except (Retry, Refused, Reconnect, Unknown):
                refused += 1
            else:
                quarantined += sum(isinstance(one, BadRow) for one in rows)
                read += len(rows)
    # Twelve are of the lists that we read; of those that only look alike, each row waits with its reason.
    assert (read - quarantined, quarantined) == (12, 14)
    assert refused > 1000


def test_the_recorded_health_report_is_read(stand: Stand) -> None:
    text = next(row["text"] for row in recorded() if row["file"].endswith("GET_V2_SELLER_PERFORMANCE_REPORT.json"))
    rows = health.metrics(orjson.loads(text), "ATVPDKIKX0DER", NOW)
    found = {row.name: row for row in rows if isinstance(row, AccountMetric)}
    assert {name: row.value for name, row in found.items()} == {
        "late_shipment_rate": 1, "order_defect_rate_afn": 0, "order_defect_rate_mfn": 1,
        "listing_policy_violations": 0, "account_status": 0,
    }  # fmt: skip
    assert [row for row in rows if isinstance(row, BadRow)] == []


def test_the_example_in_amazons_schema_is_read_and_its_new_words_are_quarantined() -> None:
    schema = orjson.loads(contract("amazon/accountHealthReport-2020-11-18.json").read_bytes())
    rows = health.metrics(schema["examples"][0], "ATVPDKIKX0DER", NOW)
    found = {row.name: row for row in rows if isinstance(row, AccountMetric)}
    late = found["late_shipment_rate"]
    assert (late.value, late.target) == (Decimal("3.203973037"), Decimal(4))
    assert (late.numerator, late.denominator) == (27896, 870669)
    assert found["account_status"].tier == 1
    assert [row for row in rows if isinstance(row, BadRow)] == []


def test_the_recorded_notifications_touch_their_feeds() -> None:
    touched = {
        row["file"].rpartition("/")[2]: notifications.touched(row["text"].encode())
        for row in recorded()
        if "notifications__" in row["file"] and row["kind"] == "peddler_fixtures"
    }
    assert touched["notifications__order_change.json"] == ("orders",)
    assert touched["notifications__listings_item_status_change.json"] == ("listings",)
    assert touched["notifications__fba_inventory_availability_change.json"] == ("fba_stock",)
    assert touched["notifications__any_offer_changed.json"] == ()
    ids = {
        row["file"].rpartition("/")[2]: notifications.event_id(row["text"].encode())
        for row in recorded()
        if row["kind"] == "peddler_fixtures"
    }
    assert ids["notifications__order_change.json"] == "e9b0f38412345"
    assert ids["notifications__feed_processing_finished.json"] == "d0e9e693-c3ad-4373-979f-ed4ec98dd746"


def test_the_recorded_report_headers_are_those_that_we_read() -> None:
    text = next(row["text"] for row in recorded() if "HEADER_GET_FLAT_FILE_RETURNS" in row["file"])
    shop = answering({})
    client: Client = shop.client  # type: ignore[attr-defined]  # Amazon's own
    line = "114-1-1\t01-Nov-2026\t08-Nov-2026\tApproved\tDT1RRMA" + "\t" * 3 + "USD" + "\t" * 4
    assert reports.read_returns(client, text, NOW) == []
    [bad] = reports.read_returns(client, f"{text.strip()}\n{line}", NOW)
    assert isinstance(bad, BadRow)
