"""Shopify on the wire: the served schema is Shopify's own, and its keys, costs and refusals are honoured."""

import base64
import gzip
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from graphql import GraphQLObjectType, GraphQLSchema, build_client_schema, parse, validate

from connectors.twin.wire.shopify.api import sign
from connectors.twin.wire.shopify.execute import served_schema
from tests.connectors.twin.conftest import Client

CONTRACTS = Path(settings.BASE_DIR).parent / "shared/contracts/shopify"
PAGE = """query Page($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id name updatedAt displayFinancialStatus totalPriceSet { shopMoney { amount currencyCode } }
      customer { id displayName amountSpent { amount } }
      transactions(first: 5) { id kind status amountSet { shopMoney { amount } } }
      lineItems(first: 20) { nodes { id sku title quantity originalUnitPriceSet { shopMoney { amount } } } }
      fulfillments(first: 5) { id displayStatus trackingInfo(first: 1) { number }
        events(first: 1) { nodes { happenedAt } } } }
  }
}"""
REFUND = """mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id totalRefundedSet { shopMoney { amount } } } userErrors { field message }
  }
}"""


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    path = CONTRACTS / "admin_2026-10.json.gz"
    if not path.exists():
        pytest.skip("Shopify's published schema is not beside this checkout")
    with gzip.open(path) as file:
        return build_client_schema(json.load(file)["data"], assume_valid=True)


def test_every_served_field_has_the_published_type(published: GraphQLSchema) -> None:
    wrong = []
    for name, kind in served_schema().type_map.items():
        theirs = published.type_map.get({"QueryRoot": "QueryRoot"}.get(name, name))
        if name.startswith("__") or not hasattr(kind, "fields"):
            continue
        if theirs is None:
            wrong.append(name)
            continue
        for field, definition in kind.fields.items():
            other = getattr(theirs, "fields", {}).get(field)
            if other is None or str(other.type) != str(definition.type):
                wrong.append(f"{name}.{field}: {definition.type} is published as {other and other.type}")
    assert wrong == []


def test_every_served_argument_and_enum_value_is_published(published: GraphQLSchema) -> None:
    wrong = []
    for name, kind in served_schema().type_map.items():
        theirs = published.type_map.get(name)
        if isinstance(kind, GraphQLObjectType) and isinstance(theirs, GraphQLObjectType) and not name.startswith("__"):
            for field, definition in kind.fields.items():
                known = theirs.fields[field].args
                wrong += [
                    f"{name}.{field}({argument})"
                    for argument, value in definition.args.items()
                    if argument not in known or str(known[argument].type) != str(value.type)
                ]
        if hasattr(kind, "values") and not name.startswith("__"):
            wrong += [f"{name}.{value}" for value in kind.values if value not in getattr(theirs, "values", {})]
    assert wrong == []


def test_our_own_test_queries_are_valid_at_shopify(published: GraphQLSchema) -> None:
    assert validate(published, parse(PAGE)) == []


def pages(twin: Client, query: str = "") -> list[dict[str, Any]]:
    found, after = [], None
    while True:
        page = twin.shopify(PAGE, first=100, after=after, query=query)["data"]["orders"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def test_pages_by_change_hold_every_order_once_in_order(twin: Client) -> None:
    found = pages(twin)
    assert len({row["id"] for row in found}) == len(found) > 1_000
    assert [row["updatedAt"] for row in found] == sorted(row["updatedAt"] for row in found)


def test_a_search_narrows_and_an_unknown_key_fails_open_with_a_warning(twin: Client) -> None:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))
    fresh = pages(twin, f"updated_at:>='{since}'")
    assert 0 < len(fresh) < 300
    assert all(row["updatedAt"] >= since for row in fresh)
    open_ = twin.shopify(PAGE, first=5, query="colour:red")
    assert len(open_["data"]["orders"]["nodes"]) == 5
    assert open_["extensions"]["search"][0]["warnings"][0]["field"] == "colour"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ orders(first: 1) { nodes { colour } } }", "undefinedField"),
        ("{ orders(first: 1, colour: 3) { nodes { id } } }", "argumentNotAccepted"),
        ("{ order { id } }", "missingRequiredArguments"),
        ("{ orders { nodes { id } } }", "BAD_REQUEST"),
        ("{ orders(first: 1000) { nodes { id } } }", "BAD_REQUEST"),
    ],
)
def test_a_wrong_query_is_refused(twin: Client, query: str, code: str) -> None:
    answer = twin.shopify(query)
    assert answer["errors"][0]["extensions"]["code"] == code
    assert not any((answer.get("data") or {}).values())


def test_a_wrong_variable_is_refused(twin: Client) -> None:
    assert twin.shopify(PAGE, first="many")["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


def test_costs_are_told_and_an_empty_bucket_throttles(fresh: Client) -> None:
    wire: Any = fresh.server.wires["shopify"]
    cost = fresh.shopify(PAGE, first=100)["extensions"]["cost"]
    assert cost["requestedQueryCost"] < 1_000
    assert cost["throttleStatus"]["maximumAvailable"] == 20_000
    wire.bucket.level, wire.bucket.per_second = 0.0, 0.0
    answer = fresh.shopify(PAGE, first=100)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["actualQueryCost"] is None
    assert "data" not in answer


def test_a_query_above_the_limit_of_one_query_is_refused(twin: Client) -> None:
    variants = "product { variants(first: 250) { nodes { id } } }"
    deep = f"{{ orders(first: 250) {{ nodes {{ lineItems(first: 250) {{ nodes {{ {variants} }} }} }} }} }}"
    assert twin.shopify(deep)["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_a_wrong_token_is_refused(twin: Client) -> None:
    url = f"{twin.shops['shopify']['base_url']}/admin/api/2026-10/graphql.json"
    answer = twin.http.post(url, headers={"X-Shopify-Access-Token": "shpat_wrong"}, json={"query": "{ shop { name } }"})
    assert answer.status_code == 401


def refundable(client: Client) -> tuple[str, dict[str, Any]]:
    """An order that is paid, and the input that gives 1.50 back."""
    order = next(row for row in pages(client)[-60:] if row["displayFinancialStatus"] == "PAID")
    suggested = client.shopify(
        "query S($id: ID!) { order(id: $id) { suggestedRefund(suggestFullRefund: true) { suggestedTransactions "
        "{ gateway parentTransaction { id } maximumRefundableSet { shopMoney { amount } } } } } }",
        id=order["id"],
    )["data"]["order"]["suggestedRefund"]["suggestedTransactions"][0]
    assert suggested["maximumRefundableSet"]["shopMoney"]["amount"] == order["totalPriceSet"]["shopMoney"]["amount"]
    parent = suggested["parentTransaction"]["id"]
    moved = {"orderId": order["id"], "parentId": parent, "gateway": "stripe", "kind": "REFUND", "amount": "1.50"}
    return order["id"], {"orderId": order["id"], "note": "sorry [k1]", "transactions": [moved]}


def test_a_refund_without_a_key_is_refused_and_moves_nothing(fresh: Client) -> None:
    _, given = refundable(fresh)
    text = REFUND.replace("@idempotent(key: $key) ", "").replace(", $key: String!", "")
    answer = fresh.shopify(text, input=given)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert answer["data"] == {"refundCreate": None}
    assert fresh.effects() == []


def test_a_key_gives_one_refund_however_often_it_is_sent(fresh: Client) -> None:
    order, given = refundable(fresh)
    key = str(uuid4())
    first, again = (fresh.shopify(REFUND, input=given, key=key)["data"]["refundCreate"] for _ in range(2))
    assert first == again
    assert first["userErrors"] == []
    effects = fresh.effects("refund")
    assert [(row["subject"], row["amount"], row["key"]) for row in effects] == [(order, "1.5", key)]
    seen = fresh.shopify(
        "query R($id: ID!) { order(id: $id) { totalRefundedSet { shopMoney { amount } } refunds(first: 5) { note } } }",
        id=order,
    )["data"]["order"]
    assert seen == {"totalRefundedSet": {"shopMoney": {"amount": "1.50"}}, "refunds": [{"note": "sorry [k1]"}]}
    charge = effects[0]["detail"]["charge"]
    assert fresh.stripe("GET", f"charges/{charge}").json()["amount_refunded"] == 150


def test_the_same_key_for_another_amount_is_a_mismatch(fresh: Client) -> None:
    _, given = refundable(fresh)
    fresh.shopify(REFUND, input=given, key="k")
    given["transactions"][0]["amount"] = "2.00"
    answer = fresh.shopify(REFUND, input=given, key="k")
    assert answer["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert len(fresh.effects("refund")) == 1


def test_two_keys_are_two_refunds_and_the_log_shows_both(fresh: Client) -> None:
    _, given = refundable(fresh)
    for key in ("a", "b"):
        fresh.shopify(REFUND, input=given, key=key)
    assert [row["key"] for row in fresh.effects("refund")] == ["a", "b"]


def test_more_than_was_paid_is_a_user_error(fresh: Client) -> None:
    _, given = refundable(fresh)
    given["transactions"][0]["amount"] = "999999.00"
    errors = fresh.shopify(REFUND, input=given, key="k")["data"]["refundCreate"]["userErrors"]
    assert "is greater than net payment received" in errors[0]["message"]
    assert fresh.effects() == []


def test_a_refund_without_transactions_moves_no_money(fresh: Client) -> None:
    _, given = refundable(fresh)
    del given["transactions"]
    assert fresh.shopify(REFUND, input=given, key="k")["data"]["refundCreate"]["refund"] is not None
    assert fresh.effects("refund") == []


def test_cancelling_answers_with_a_job_and_happens_later(fresh: Client) -> None:
    number = next(row for row in fresh.truth("fraud_warning"))["refs"][0]
    order = next(row for row in pages(fresh) if row["name"] == number)["id"]
    text = (
        "mutation C($id: ID!) { orderCancel(orderId: $id, reason: FRAUD, restock: true, "
        "refundMethod: { originalPaymentMethodsRefund: true }) "
        "{ job { id done } orderCancelUserErrors { code message } } }"
    )
    job = fresh.shopify(text, id=order)["data"]["orderCancel"]["job"]
    assert job["done"] is False
    fresh.control("POST", "clock", {"advance_seconds": 5})
    assert fresh.shopify("query J($id: ID!) { job(id: $id) { done } }", id=job["id"])["data"]["job"] == {"done": True}
    assert [row["operation"] for row in fresh.effects()] == ["cancel", "refund"]
    again = fresh.shopify(text, id=order)["data"]["orderCancel"]
    assert again["job"] is None
    assert again["orderCancelUserErrors"][0]["code"] == "INVALID"


def test_a_fulfilment_closes_its_order(fresh: Client) -> None:
    number = next(row for row in fresh.truth("late_shipment") if row["shop"] == "shopify")["subject_ref"]
    order = next(row for row in pages(fresh) if row["name"] == number)["id"]
    waiting = "query F($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { id status fulfillBy } } } }"
    before = fresh.shopify(waiting, id=order)["data"]["order"]["fulfillmentOrders"]["nodes"]
    assert [row["status"] for row in before] == ["OPEN"]
    text = (
        "mutation F($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) "
        "{ fulfillment { id } userErrors { message } } }"
    )
    given = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": before[0]["id"]}],
        "trackingInfo": {"number": "1Z9", "company": "UPS"},
    }
    assert fresh.shopify(text, f=given)["data"]["fulfillmentCreate"]["userErrors"] == []
    assert fresh.shopify(text, f=given)["data"]["fulfillmentCreate"]["userErrors"] != []
    after = fresh.shopify(waiting, id=order)["data"]["order"]["fulfillmentOrders"]["nodes"]
    assert [row["status"] for row in after] == ["CLOSED"]
    assert [row["reference"] for row in fresh.effects("ship")] == ["1Z9"]


def test_returns_are_approved_or_declined_once(fresh: Client) -> None:
    rows = fresh.server.market.returns
    refs = [f"gid://shopify/Return/{11_000_000_000 + row.index}" for row in rows if row.channel == "shopify"]
    answer_ = "{ return { status } userErrors { code } } }"
    approve = f"mutation A($i: ReturnApproveRequestInput!) {{ returnApproveRequest(input: $i) {answer_}"
    decline = f"mutation D($i: ReturnDeclineRequestInput!) {{ returnDeclineRequest(input: $i) {answer_}"
    assert fresh.shopify(approve, i={"id": refs[0]})["data"]["returnApproveRequest"]["return"] == {"status": "OPEN"}
    again = fresh.shopify(approve, i={"id": refs[0]})["data"]["returnApproveRequest"]
    assert again == {"return": None, "userErrors": [{"code": "INVALID_STATE"}]}
    answer = fresh.shopify(decline, i={"id": refs[1], "declineReason": "FINAL_SALE"})["data"]["returnDeclineRequest"]
    assert answer["return"] == {"status": "DECLINED"}
    assert [row["operation"] for row in fresh.effects()] == ["return_accept", "return_reject"]


def test_stock_is_set_only_against_the_count_that_was_read(fresh: Client) -> None:
    text = (
        'mutation S($i: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $i) @idempotent(key: "%s") '
        "{ inventoryAdjustmentGroup { reason } userErrors { code } } }"
    )
    good = fresh.server.market.goods[5]
    row = {
        "inventoryItemId": f"gid://shopify/InventoryItem/{46_000_000_000_005}",
        "locationId": "gid://shopify/Location/76000000001",
    }
    given: dict[str, Any] = {
        "name": "on_hand",
        "reason": "correction",
        "quantities": [row | {"quantity": 50, "changeFromQuantity": good.on_hand + 1}],
    }
    stale = fresh.shopify(text % "a", i=given)["data"]["inventorySetQuantities"]
    assert stale["userErrors"] == [{"code": "CHANGE_FROM_QUANTITY_STALE"}]
    assert fresh.effects() == []
    given["quantities"][0]["changeFromQuantity"] = good.on_hand
    assert fresh.shopify(text % "b", i=given)["data"]["inventorySetQuantities"]["userErrors"] == []
    assert good.on_hand == 50
    del given["quantities"][0]["changeFromQuantity"]
    assert fresh.shopify(text % "c", i=given)["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"


def test_webhooks_are_signed_as_in_the_published_example() -> None:
    assert sign("test_secret_key", b'{"foo": "bar"}') == "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="
    digest = hmac.new(b"secret", b"{}", hashlib.sha256).digest()
    assert sign("secret", b"{}") == base64.b64encode(digest).decode()
