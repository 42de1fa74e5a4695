"""TikTok Shop on the wire: what it refuses, its pages and limits, keys, consent, and the names its replies may hold."""

import gzip
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings

from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.tiktok_shop.api import TikTokShop, sign
from connectors.twin.wire.tiktok_shop.grants import APP_KEY, APP_SECRET, SERVICE_ID
from connectors.twin.world.trade import Order, Step

SAMPLES = Path(settings.BASE_DIR).parent / "shared/data/payloads/tiktok_shop.jsonl.gz"
SEARCH, SHOPS = "/order/202309/orders/search", "/authorization/202309/shops"
RETURNS, CANCELS = "/return_refund/202309/returns", "/return_refund/202309/cancellations"


class Caller:
    """Signs by the published recipe, written out here once more."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        self.http = httpx.Client(timeout=5, trust_env=False)
        self.shop = next(row for row in server.accounts() if row["kind"] == "tiktok_shop")
        self.mine = self.shop["credentials"]
        wire = server.wires["tiktok_shop"]
        assert isinstance(wire, TikTokShop)
        self.wire = wire

    def ask(self, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> httpx.Response:
        """`query` may replace any of the common parameters; None leaves one out."""
        content = b"" if body is None else json.dumps(body).encode()
        common = {"app_key": APP_KEY, "timestamp": int(time.time()), "shop_cipher": self.mine["shop_cipher"]}
        params = {name: str(value) for name, value in {**common, **query}.items() if value is not None}
        if "sign" not in params:
            named = "".join(f"{name}{params[name]}" for name in sorted(params))
            text = APP_SECRET.encode() + path.encode() + named.encode() + content + APP_SECRET.encode()
            params["sign"] = hmac.new(APP_SECRET.encode(), text, hashlib.sha256).hexdigest()
        headers = {"x-tts-access-token": token or self.mine["access_token"], "content-type": "application/json"}
        url = self.shop["base_url"] + path
        return self.http.request(method, url, params=params, content=content, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, **query).json()

    def post(self, path: str, body: Any, **query: Any) -> Any:
        return self.ask("POST", path, body, **query).json()

    def effects(self, operation: str) -> list[str]:
        """What was touched so."""
        return [row["subject"] for row in self.server.market.effects.as_rows(0) if row["operation"] == operation]

    def orders(self, step: Step) -> list[Order]:
        return [order for order in self.wire.book.orders if order.step == step]


def running(**options: Any) -> Iterator[Caller]:
    with serve("company", seed=7, **options) as server:
        caller = Caller(server)
        yield caller
        caller.http.close()


@pytest.fixture(scope="module")
def twin() -> Iterator[Caller]:
    """For reading."""
    yield from running(has_limits=False)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Caller]:
    """For writing: each test takes what no other needs."""
    yield from running()


def test_the_signatures_of_the_published_examples() -> None:
    query = {"app_key": "29a39d", "timestamp": "1623812664"}
    assert sign("e59af819cc", SHOPS, query) == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
    expected = "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f"
    assert sign("app_secret", "/test-api", {"foo": "bar"}) == expected


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({}, 0, 200),
        ({"sign": "0" * 64}, 106001, 401),
        ({"app_key": "other"}, 36009004, 401),
        ({"late": 400}, 36009004, 401),
        ({"late": -90}, 36009004, 401),
        ({"token": "TTP_unknown"}, 105001, 401),
        ({"shop_cipher": None}, 106013, 200),
        ({"shop_cipher": "other"}, 36009004, 200),
        ({"page_size": 101}, 36009004, 200),
        ({"page_token": "made up"}, 36009004, 200),
    ],
)
def test_a_call_that_is_not_as_it_must_be_is_refused(
    twin: Caller, changed: dict[str, Any], code: int, status: int
) -> None:
    if "late" in changed:  # seconds that the call is behind the platform's clock
        changed = {"timestamp": int(time.time()) - changed["late"]}
    reply = twin.ask("POST", SEARCH, {}, sort_field="update_time", **changed)
    assert (reply.json()["code"], reply.status_code) == (code, status)


def test_the_signature_covers_the_very_bytes_of_the_body(twin: Caller) -> None:
    stamp, cipher = str(int(time.time())), twin.mine["shop_cipher"]
    params = {"app_key": APP_KEY, "timestamp": stamp, "shop_cipher": cipher}
    params["sign"] = sign(APP_SECRET, SEARCH, params, b'{"a": 1}')
    headers = {"x-tts-access-token": twin.mine["access_token"], "content-type": "application/json"}
    url = twin.shop["base_url"] + SEARCH
    codes = [
        twin.http.post(url, params=params, content=body, headers=headers).json()["code"]
        for body in (b'{"a": 1}', b'{"a":1}')
    ]
    assert codes == [0, 106001]


def test_a_call_about_no_shop_refuses_a_cipher(twin: Caller) -> None:
    assert twin.get(SHOPS, shop_cipher=None)["data"]["shops"][0]["cipher"] == twin.mine["shop_cipher"]
    assert twin.get(SHOPS)["code"] == 36009004


def test_an_unknown_path_is_not_found(twin: Caller) -> None:
    reply = twin.ask("GET", "/order/202309/dreams")
    assert (reply.status_code, reply.json()["code"]) == (404, 36009009)


def test_the_list_pages_through_every_order_once_and_counts_them(twin: Caller) -> None:
    found, token, total = [], "", None
    while True:
        data = twin.post(
            SEARCH, {"update_time_ge": 0}, sort_field="update_time", page_size=100, page_token=token or None
        )["data"]
        found += data["orders"]
        assert total in (None, data["total_count"])
        total, token = data["total_count"], data["next_page_token"]
        if not token:
            break
    assert len({row["id"] for row in found}) == len(found) == total == len(twin.wire.book.orders)
    times = [row["update_time"] for row in found]
    assert times == sorted(times)


def test_orders_can_be_asked_for_by_status_and_newest_first(twin: Caller) -> None:
    query = {"sort_field": "create_time", "sort_order": "DESC", "page_size": 50}
    data = twin.post(SEARCH, {"order_status": "DELIVERED"}, **query)["data"]
    assert {row["status"] for row in data["orders"]} == {"DELIVERED"}
    times = [row["create_time"] for row in data["orders"]]
    assert times == sorted(times, reverse=True)
    assert twin.post(SEARCH, {"order_status": "LOST"}, **query)["code"] == 36009004


def test_more_than_fifty_ids_are_refused(twin: Caller) -> None:
    ids = [order.number for order in twin.wire.book.orders[:51]]
    path = "/order/202507/orders"
    assert len(twin.get(path, ids=",".join(ids[:50]))["data"]["orders"]) == 50
    assert twin.get(path, ids=",".join(ids))["code"] == 36009004


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for child in value.values() for name in names_in(child)}
    return {name for child in value for name in names_in(child)} if isinstance(value, list) else set()


@pytest.mark.skipif(not SAMPLES.exists(), reason="the published samples are not beside this checkout")
def test_replies_hold_only_names_of_the_published_samples(twin: Caller) -> None:
    with gzip.open(SAMPLES) as file:
        rows = [json.loads(line) for line in file]
    published: dict[str, set[str]] = {}
    for row in rows:
        if row["kind"] == "responses" and row["valid_json"]:
            name = f"{row['method']} {re.sub(r'{[^}]+}', '{}', row['path'])}"
            published.setdefault(name, set()).update(names_in(json.loads(row["text"])))
    order, talk = twin.orders(Step.SHIPPED)[0], next(iter(twin.server.market.chat.on("tiktok_shop")))
    case = next(row for row in twin.server.market.returns if row.channel == "tiktok_shop")
    statement = twin.get("/finance/202309/statements", sort_field="statement_time")["data"]["statements"][-1]["id"]
    package = twin.get("/order/202507/orders", ids=order.number)["data"]["orders"][0]["packages"][0]["id"]
    return_id = str(4_036_000_000_000_000_000 + case.index)
    span = {"support_date_ge": "2020-01-01", "support_date_lt": "2100-01-01"}
    sku = twin.post("/product/202502/products/search", {}, page_size=1)["data"]["products"][0]["skus"][0]["id"]
    chat = "/customer_service/202309/conversations"
    calls: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("GET", SHOPS, None, {"shop_cipher": None}),
        ("POST", SEARCH, {}, {}),
        ("GET", "/order/202507/orders", None, {"ids": order.number}),
        ("GET", f"/fulfillment/202309/packages/{package}", None, {}),
        ("GET", f"/fulfillment/202309/packages/{package}/handover_time_slots", None, {}),
        ("GET", f"/fulfillment/202309/orders/{order.number}/tracking", None, {}),
        ("GET", "/logistics/202309/delivery_options/7091146663229654785/shipping_providers", None, {}),
        ("POST", f"{RETURNS}/search", {}, {}),
        ("GET", f"{RETURNS}/{return_id}/records", None, {}),
        ("POST", f"{CANCELS}/search", {}, {}),
        ("GET", "/return_refund/202309/reject_reasons", None, {"return_or_cancel_id": return_id}),
        ("GET", f"/return_refund/202309/orders/{order.number}/aftersale_eligibility", None, {}),
        ("POST", "/product/202502/products/search", {}, {}),
        ("POST", "/product/202309/inventory/search", {"sku_ids": [sku]}, {}),
        ("GET", chat, None, {}),
        ("GET", f"{chat}/{talk.id}/messages", None, {}),
        ("GET", "/customer_service/202407/performance", None, span),
        ("GET", "/finance/202309/statements", None, {"sort_field": "statement_time"}),
        (
            "GET",
            f"/finance/202501/statements/{statement}/statement_transactions",
            None,
            {"sort_field": "order_create_time"},
        ),
    ]
    for method, path, body, query in calls:
        reply = twin.ask(method, path, body, **query).json()
        assert reply["code"] == 0, (path, reply)
        name = f"{method} {re.sub(r'/[0-9]{7,}(?=/|$)', '/{}', path)}"
        assert names_in(reply) - published[name] == set(), name


def test_a_key_gives_the_first_reply_again_and_nothing_happens_twice(fresh: Caller) -> None:
    order = fresh.orders(Step.TO_SHIP)[0]
    order.step = Step.CANCEL_ASKED
    fresh.server.market.touch(order)
    [case] = fresh.post(f"{CANCELS}/search", {"order_ids": [order.number]}, page_size=50)["data"]["cancellations"]
    assert case["seller_next_action_response"][0]["action"] == "SELLER_RESPOND_CANCEL"
    path = f"{CANCELS}/{case['cancel_id']}/approve"
    assert [fresh.post(path, {}, idempotency_key="k1")["code"] for _ in range(2)] == [0, 0]
    assert fresh.post(path, {}, idempotency_key="k2")["code"] == 25020009
    assert fresh.effects("answer_cancellation") == [order.number]
    assert fresh.post(path, {}, idempotency_key="k" * 256)["code"] == 36009004


def test_a_return_takes_only_the_decision_that_is_waited_for(fresh: Caller) -> None:
    case = fresh.post(f"{RETURNS}/search", {})["data"]["return_orders"][0]
    step = case["seller_next_action_response"][0]["action"]
    path = f"{RETURNS}/{case['return_id']}/approve"
    assert fresh.post(path, {"decision": "APPROVE_RECEIVED_PACKAGE"})["code"] == 25020004
    right = "APPROVE_REFUND" if step == "SELLER_RESPOND_REFUND" else "APPROVE_RETURN"
    assert fresh.post(path, {"decision": right})["code"] == 0
    assert fresh.post(path, {"decision": right})["code"] == 25011012
    assert fresh.effects("return_accept") == [case["return_id"]]


def test_evidence_must_have_been_uploaded(fresh: Caller) -> None:
    case = fresh.post(f"{RETURNS}/search", {})["data"]["return_orders"][1]
    kind = case["seller_next_action_response"][0]["action"].replace("SELLER_RESPOND", "REJECT")
    image = {"image_id": "tos/unknown", "mime_type": "image/png", "height": 1, "width": 1}
    body = {"decision": kind, "reject_reason": "seller_reject_apply_item_is_correct", "images": [image]}
    path = f"{RETURNS}/{case['return_id']}/reject"
    assert fresh.post(path, body)["code"] == 25001001
    assert fresh.post(path, body | {"reject_reason": "because"})["code"] == 25001014
    assert fresh.effects("return_reject") == []


def test_stock_that_cannot_be_set_is_an_error_inside_a_good_reply(fresh: Caller) -> None:
    product = fresh.post("/product/202502/products/search", {}, page_size=1)["data"]["products"][0]
    path, sku = f"/product/202309/products/{product['id']}/inventory/update", product["skus"][0]
    places = [{"warehouse_id": "7000000", "quantity": 5}]
    reply = fresh.post(path, {"skus": [{"id": sku["id"], "inventory": places}]})
    assert reply["code"] == 0
    assert reply["data"]["errors"][0]["detail"]["extra_errors"][0]["code"] == 12052097
    assert fresh.effects("set_stock") == []
    places = [{"warehouse_id": sku["inventory"][0]["warehouse_id"], "quantity": 5}]
    assert fresh.post(path, {"skus": [{"id": sku["id"], "inventory": places}]})["data"] == {}
    rows = fresh.post("/product/202309/inventory/search", {"sku_ids": [sku["id"]]})["data"]["inventory"]
    assert rows[0]["skus"][0]["total_available_quantity"] == 5
    assert len(fresh.effects("set_stock")) == 1


def test_a_shipment_needs_a_free_slot_and_happens_once(fresh: Caller) -> None:
    order = fresh.orders(Step.TO_SHIP)[-1]
    row = fresh.get("/order/202507/orders", ids=order.number)["data"]["orders"][0]
    base = f"/fulfillment/202309/packages/{row['packages'][0]['id']}"
    taken, free, _ = fresh.get(f"{base}/handover_time_slots")["data"]["pickup_slots"]
    assert (taken["avaliable"], free["avaliable"]) == (False, True)
    body: dict[str, Any] = {"handover_method": "PICKUP", "pickup_slot": taken}
    assert fresh.post(f"{base}/ship", body)["code"] == 21011053
    assert fresh.post(f"{base}/ship", body | {"pickup_slot": free})["code"] == 0
    assert fresh.post(f"{base}/ship", body | {"pickup_slot": free})["code"] == 11006021
    assert fresh.effects("ship") == [order.number]
    assert fresh.get(base)["data"]["package_status"] == "PROCESSING"


def test_nobody_is_led_off_the_platform_and_only_buyers_are_written_to(fresh: Caller) -> None:
    talk = next(iter(fresh.server.market.chat.on("tiktok_shop")))
    path = f"/customer_service/202309/conversations/{talk.id}/messages"

    def say(text: str) -> int:
        code: int = fresh.post(path, {"type": "TEXT", "content": json.dumps({"content": text})})["code"]
        return code

    assert say("Write to us on WhatsApp") == 45101006
    assert say("") == 45101001
    assert fresh.effects("send_message") == []
    assert say("It leaves today") == 0
    assert fresh.effects("send_message") == [talk.id]
    stranger = fresh.post("/customer_service/202309/conversations", {"buyer_user_id": "7021000099999999999"})
    assert stranger["code"] == 45109001


def test_fifty_calls_a_second_of_one_kind_are_taken_and_the_next_is_told_to_wait(fresh: Caller) -> None:
    codes = [fresh.ask("GET", SHOPS, shop_cipher=None).status_code for _ in range(52)]
    bucket = fresh.wire.buckets[f"GET {SHOPS}"]
    bucket.level, bucket._at = 0.0, time.time() + 60
    reply = fresh.ask("GET", SHOPS, shop_cipher=None)
    assert set(codes) <= {200, 429}
    assert (reply.status_code, reply.json()["code"]) == (429, 36009002)
    assert fresh.ask("POST", SEARCH, {}).status_code == 200


def test_consent_gives_a_code_once_and_the_scopes_that_were_left(fresh: Caller) -> None:
    base = fresh.shop["base_url"]
    fresh.wire.desk.registered = "https://ops.example/back"
    query = {"service_id": SERVICE_ID, "state": "s1"}
    page = fresh.http.get(f"{base}/open/authorize", params=query)
    visit = re.search(r'name="visit" value="([^"]+)"', page.text)
    assert visit is not None
    form = {"visit": visit[1], "answer": "allow", "scope": "seller.order.info"}
    sent = fresh.http.post(f"{base}/open/authorize", data=form)
    back = parse_qs(urlsplit(sent.headers["location"]).query)
    assert back["state"] == ["s1"]
    asked = {"app_key": APP_KEY, "app_secret": APP_SECRET, "auth_code": back["code"][0]}
    tokens = [
        fresh.http.get(f"{base}/api/v2/token/get", params={**asked, "grant_type": "authorized_code"}).json()
        for _ in range(2)
    ]
    assert [told["code"] for told in tokens] == [0, 36004004]
    told = tokens[0]["data"]
    assert told["granted_scopes"] == ["seller.order.info"]
    assert told["access_token_expire_in"] - fresh.server.market.now == 7 * 86_400
    assert fresh.ask("POST", SEARCH, {}, token=told["access_token"]).json()["code"] == 0
    assert fresh.ask("POST", f"{RETURNS}/search", {}, token=told["access_token"]).json()["code"] == 105005


def test_a_seller_who_says_no_sends_back_no_code(fresh: Caller) -> None:
    base = fresh.shop["base_url"]
    fresh.wire.desk.registered = "https://ops.example/back"
    query = {"service_id": SERVICE_ID, "state": "s1"}
    visit = re.search(r'name="visit" value="([^"]+)"', fresh.http.get(f"{base}/open/authorize", params=query).text)
    assert visit is not None
    sent = fresh.http.post(f"{base}/open/authorize", data={"visit": visit[1], "answer": "deny"})
    assert parse_qs(urlsplit(sent.headers["location"]).query) == {
        "code": ["null"], "error": ["auth_denied"], "state": ["s1"],
    }  # fmt: skip
    assert fresh.http.get(f"{base}/open/authorize", params={"service_id": "1"}).status_code == 400


def test_a_token_that_ended_is_told_apart_and_the_refresh_token_goes_on(fresh: Caller) -> None:
    held = fresh.wire.grants.tokens.by_access
    pair = held[fresh.mine["access_token"]]
    assert pair.access_ends - fresh.server.market.began == 7 * 86_400
    held[pair.access] = replace(pair, access_ends=fresh.server.market.now - 1)
    assert fresh.ask("POST", SEARCH, {}).json()["code"] == 105002
    query = {"app_key": APP_KEY, "app_secret": APP_SECRET, "refresh_token": fresh.mine["refresh_token"]}
    url = f"{fresh.shop['base_url']}/api/v2/token/refresh"
    told = fresh.http.get(url, params={**query, "grant_type": "refresh_token"}).json()["data"]
    assert told["refresh_token"] == fresh.mine["refresh_token"]
    assert fresh.ask("POST", SEARCH, {}, token=told["access_token"]).json()["code"] == 0
    assert fresh.http.get(url, params={**query, "grant_type": "other"}).json()["code"] == 36004003
    wrong = {**query, "app_secret": "other", "grant_type": "refresh_token"}
    assert fresh.http.get(url, params=wrong).json()["code"] == 36004002
