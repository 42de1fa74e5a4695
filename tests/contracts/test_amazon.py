"""Amazon's own models judge what we send and what the twin answers; their sandbox is read by our parser."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson
import pytest
from jsonschema import Draft4Validator

from connectors.base import Connector, Permit, Reconnect, Refused, Retry, Unknown
from connectors.http import Patience
from connectors.money import Money
from connectors.operations import (
    ArrangeShipment,
    CancelOrder,
    FixListing,
    Operation,
    RefundPayment,
    SendTemplate,
    SetPrice,
    SetStock,
)
from connectors.registry import open_connector
from connectors.shops.marketplaces.amazon import health, messages, notifications, reports
from connectors.shops.marketplaces.amazon.client import Client
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.amazon import notices
from connectors.twin.wire.amazon import reports as twin_reports
from connectors.types import Account, AccountMetric, BadRow, Listing, Order, OrderStatus, Record
from tests.connectors.shops.stand import NOW, SHARED, allow, open_with, reply
from tests.contracts.specs import Recorder, contract, open_api

MODELS = {
    "/sellers/": "sellers.json",
    "/orders/2026-01-01/": "orders_2026-01-01.json",
    "/orders/v0/": "ordersV0.json",
    "/finances/2024-06-19/": "finances_2024-06-19.json",
    "/finances/transfers/": "transfers_2024-06-01.json",
    "/feeds/": "feeds_2021-06-30.json",
    "/reports/": "reports_2021-06-30.json",
    "/listings/": "listingsItems_2021-08-01.json",
    "/fba/": "fbaInventory.json",
    "/messaging/": "messaging.json",
    "/solicitations/": "solicitations.json",
    "/notifications/": "notifications.json",
}
LISTS = frozenset({"orders", "items", "payload", "payouts", "expectedPayouts"})
FEEDS = ("orders", "listings", "fba_stock", "settlement", "payouts")
MOUNT, TRACKING = "/amazon", "1Z999AA10123456784"


def model_of(path: str) -> str | None:
    return next((name for prefix, name in MODELS.items() if path.startswith(prefix)), None)


def faults(exchanges: list[tuple[httpx.Request, httpx.Response]]) -> list[str]:
    """What Amazon's models find wrong with the exchanges; documents and tokens have no model."""
    found: list[str] = []
    for request, response in exchanges:
        name = model_of(request.url.path.removeprefix(MOUNT))
        if name is not None:
            found += open_api(f"amazon/{name}").judge([(request, response)], MOUNT)
            found += enum_faults(name, request)
    return found


def enum_faults(name: str, request: httpx.Request) -> list[str]:
    """Parameters whose value, or one of whose comma-joined values, is none that the model lists."""
    model, path = open_api(f"amazon/{name}"), request.url.path.removeprefix(MOUNT)
    operation = model.operation(request.method, path)
    assert operation is not None
    parameters = {one["name"]: one for one in map(model.pointed, operation[1]["parameters"])}
    found = []
    for key, value in parse_qsl(urlsplit(str(request.url)).query):
        one = parameters.get(key)
        if one is None:
            continue  # the judge has named it
        listed = one.get("enum") or one.get("items", {}).get("enum")
        parts = value.split(",") if one["type"] == "array" else [value]
        found += [f"{path}: {key}={part} is not listed" for part in parts if listed and part not in listed]
        if len(parts) > one.get("maxItems", len(parts)) or (one["type"] == "integer" and not value.isdecimal()):
            found.append(f"{path}: {key}={value} is too long or of another type")
    return found


class Stand:
    """Our connector over a transport that keeps every exchange, in front of the twin."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder, self.number = server, Recorder(), 0
        self.row = next(row for row in server.accounts() if row["kind"] == "amazon")
        self.http = httpx.Client(transport=self.recorder, timeout=10)

    def open(self) -> Connector:
        account = Account(
            "amazon", 1, self.row["name"], self.row["external_id"], self.row["base_url"], "USD", "US",
            self.row["settings"], self.row["credentials"],
        )  # fmt: skip
        return open_connector(
            account, clock=lambda: datetime.now(UTC), gate=allow, client=self.http, patience=Patience(attempts=1)
        )

    def permit(self) -> Permit:
        self.number += 1
        return Permit(1, 1, "d", f"intent-{self.number:04}", 1, datetime.now(UTC) + timedelta(minutes=5))

    def wait(self, seconds: float) -> None:
        self.server.clock.set(advance_seconds=seconds)
        self.server.tick()

    def paths(self) -> set[str]:
        return {request.url.path.removeprefix(MOUNT) for request, _ in self.recorder.exchanges}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    contract("amazon/orders_2026-01-01.json")
    with serve("company", seed=11, has_limits=False) as server:
        made = Stand(server)
        yield made
        made.http.close()


def test_the_judge_finds_what_does_not_fit(stand: Stand) -> None:
    url = f"{stand.row['base_url']}/orders/2026-01-01/orders"
    request = httpx.Request("GET", url, params={"includedData": "BUYER,HOROSCOPE", "page": "2"})
    assert faults([(request, httpx.Response(200, json={"orders": [{"orderId": 5}]}))])[-1].endswith("is not listed")
    assert len(faults([(request, httpx.Response(418, json={}))])) == 3


def test_every_feed_asks_and_is_answered_as_the_models_say(stand: Stand) -> None:
    connector, before = stand.open(), len(stand.recorder.exchanges)
    for feed in connector.feeds:
        cursor = ""
        for _ in range(3 if feed.name in reports.KINDS else 1):
            pages = list(connector.pull(feed.name, cursor))
            assert [row for page in pages for row in page.records if isinstance(row, BadRow)] == []
            cursor = pages[-1].cursor
            stand.wait(30 if feed.name in reports.KINDS else 0)
    exchanges = stand.recorder.exchanges[before:]
    assert {name for request, _ in exchanges if (name := model_of(request.url.path.removeprefix(MOUNT)))} == {
        "orders_2026-01-01.json", "reports_2021-06-30.json", "listingsItems_2021-08-01.json", "fbaInventory.json",
        "finances_2024-06-19.json", "transfers_2024-06-01.json",
    }  # fmt: skip
    assert faults(exchanges) == []


def orders_of(connector: Connector) -> list[Order]:
    return [row for page in connector.pull("orders", "") for row in page.records if isinstance(row, Order)]


def writes(connector: Connector) -> list[Operation]:
    found = sorted(orders_of(connector), key=lambda row: row.ordered_at, reverse=True)
    waiting = [row.external_id for row in found if row.status is OrderStatus.TO_SHIP]
    gone = [row.external_id for row in found if row.status is OrderStatus.SHIPPED]
    long_gone = [row.external_id for row in found if row.status is OrderStatus.DELIVERED]
    sku = next(row.sku for page in connector.pull("listings", "") for row in page.records if isinstance(row, Listing))
    asked = next(ref for ref in long_gone if "productReviewAndSellerFeedback" in review_kinds(connector, ref))
    return [
        ArrangeShipment(order_ref=waiting[0], method="own_courier", carrier="UPS", tracking_number=TRACKING),
        CancelOrder(order_ref=waiting[1], reason="out_of_stock"),
        RefundPayment(order_ref=gone[0], amount=Money(Decimal("1.00"), "USD")),
        SetStock(listing_ref=sku, sku=sku, quantity=17),
        SetPrice(listing_ref=sku, sku=sku, price=Money(Decimal("31.90"), "USD")),
        FixListing(listing_ref=sku, sku=sku, fields=(("item_name", "Desk Lamp, oak, dimmable"),)),
        SendTemplate(to="", order_ref=gone[1], template="unexpectedProblem", text="One day late, with our apologies."),
        SendTemplate(to="", order_ref=gone[2], template="warranty",
                     parameters=("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z")),
        SendTemplate(to="", order_ref=asked, template="productReviewAndSellerFeedback"),
    ]  # fmt: skip


def review_kinds(connector: Connector, ref: str) -> list[str]:
    return messages.allowed(connector.client, ref, messages.REVIEW)  # type: ignore[attr-defined]  # Amazon's own


def test_every_write_and_its_probe_is_as_the_models_say(stand: Stand) -> None:
    connector, before = stand.open(), len(stand.recorder.exchanges)
    for operation in writes(connector):
        ticket, effects = stand.permit(), len(stand.server.market.effects.since())
        since = datetime.fromtimestamp(stand.server.market.now, UTC)
        assert connector.perform(operation, ticket).reference
        connector.probe(operation, ticket.key, since)
        stand.wait(40)
        connector.probe(operation, ticket.key, since)
        assert len(stand.server.market.effects.since()) == effects + 1, operation
    assert faults(stand.recorder.exchanges[before:]) == []
    assert {"/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"} <= stand.paths()


def test_refusals_of_the_twin_have_the_shape_of_the_models(stand: Stand) -> None:
    connector, before = stand.open(), len(stand.recorder.exchanges)
    assert connector.fetch(Order, "114-0000000-0000000") is None
    with pytest.raises(Refused):
        connector.perform(SetStock(listing_ref="NONE", sku="NONE", quantity=1), stand.permit())
    stand.server.faults.add({"shop": "amazon", "operation": "getOrder", "kind": "rate_limited", "remaining": 1})
    with pytest.raises(Retry):
        connector.fetch(Order, orders_of(connector)[0].external_id)
    answers = [response.status_code for _, response in stand.recorder.exchanges[before:]]
    assert {404, 429} <= set(answers)
    assert faults(stand.recorder.exchanges[before:]) == []


def test_the_health_report_is_as_amazons_schema_says(stand: Stand) -> None:
    schema = orjson.loads(contract("amazon/accountHealthReport-2020-11-18.json").read_bytes())
    api: Any = stand.server.wires["amazon"]
    told = twin_reports.health(api)
    assert [error.message for error in Draft4Validator(schema).iter_errors(told)] == []
    metrics = health.metrics(told, "ATVPDKIKX0DER", NOW)
    assert [row for row in metrics if isinstance(row, BadRow)] == []


def test_the_notifications_are_as_amazons_schemas_say(stand: Stand) -> None:
    api: Any = stand.server.wires["amazon"]
    market = stand.server.market
    feed = next(feed for feed in api.feeds if feed.result)
    made = {
        "OrderChangeNotification": api.push("orders/updated", market.books["amazon"].orders[-1], ""),
        "ListingsItemMfnQuantityChange": api.push("inventory_levels/update", market.goods[0], ""),
        "FeedProcessingFinishedNotification": api.push("feeds/done", feed, ""),
    }
    for name, (body, headers) in made.items():
        schema = orjson.loads(contract(f"amazon/notification-schemas/{name}.json").read_bytes())
        assert [error.message for error in Draft4Validator(schema).iter_errors(orjson.loads(body))] == [], name
        assert notifications.verify(body, {"x-bridge-signature": headers["x-bridge-signature"]}, (secret(stand),))
        assert notifications.touched(body) != ()
    assert notices.push(api, "mail", object(), "s") is None


def secret(stand: Stand) -> str:
    return str(stand.row["credentials"]["webhook_secret"])


# -- Amazon's sandbox, and what others recorded

KEYS = {
    "client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|r", "access_token": "Atza|a",
    "selling_partner_id": "SELLER",
}  # fmt: skip


VERSIONS = frozenset(name.removesuffix(".json") for name in MODELS.values()) - {"ordersV0"}


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
