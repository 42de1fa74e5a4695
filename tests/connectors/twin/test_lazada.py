"""Lazada on the wire, against its published samples and facts."""

import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.lazada.api import APP_KEY, APP_SECRET, sign
from connectors.twin.wire.web import Bucket
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Step

SAMPLES = Path(settings.BASE_DIR).parent / "shared/data/payloads/lazada.jsonl.gz"


class Seller:
    """Signed calls as any client of Lazada makes them."""

    def __init__(self, server: TwinServer) -> None:
        self.server = server
        self.row = next(row for row in server.accounts() if row["kind"] == "lazada")
        self.token = self.row["credentials"]["access_token"]

    def fields(self, path: str, params: dict[str, Any], *, has_token: bool = True) -> dict[str, str]:
        fields = {"app_key": APP_KEY, "timestamp": str(int(time.time() * 1000)), "sign_method": "sha256"}
        fields |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        if has_token:
            fields["access_token"] = self.token
        return fields | {"sign": sign(APP_SECRET, path, fields)}

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.ask("GET", path, self.fields(path, params))

    def post(self, path: str, **params: Any) -> dict[str, Any]:
        return self.ask("POST", path, self.fields(path, params))

    def ask(self, method: str, path: str, fields: dict[str, str]) -> dict[str, Any]:
        where = {"params": fields} if method == "GET" else {"data": fields}
        reply = httpx.request(method, self.row["base_url"] + path, timeout=5, trust_env=False, **where)  # type: ignore[arg-type]
        assert reply.status_code == 200
        found: dict[str, Any] = reply.json()
        return found

    def effects(self, operation: str) -> list[dict[str, Any]]:
        return [row for row in self.server.market.effects.as_rows(0) if row["operation"] == operation]

    def order(self, step: Step) -> Any:
        orders = self.server.market.books["lazada"].orders
        return next(order for order in reversed(orders) if order.step == step and not order.is_forgotten)


@pytest.fixture(scope="module")
def seller() -> Iterator[Seller]:
    with serve("company", seed=7, has_limits=False) as server:
        yield Seller(server)


@pytest.fixture
def fresh() -> Iterator[Seller]:
    with serve("company", seed=7, has_limits=False) as server:
        yield Seller(server)


def wire_of(seller: Seller) -> Any:
    return seller.server.wires["lazada"]


def span(days: int = 30) -> dict[str, str]:
    now = int(time.time())
    return {"update_after": datetime.fromtimestamp(now - days * DAY, UTC).isoformat(timespec="seconds")}


def test_the_signature_of_the_published_example() -> None:
    fields = {"access_token": "test", "app_key": "123456", "order_id": "1234", "sign_method": "sha256",
              "timestamp": "1517820392000"}  # fmt: skip
    expected = "4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A"
    assert sign("helloworld", "/order/get", fields) == expected


def test_a_wrong_signature_an_old_timestamp_and_a_dead_token_are_refused_at_http_200(seller: Seller) -> None:
    good = seller.fields("/seller/get", {})
    assert seller.ask("GET", "/seller/get", good)["code"] == "0"
    assert seller.ask("GET", "/seller/get", {**good, "sign": "0" * 64})["code"] == "IncompleteSignature"
    old = {**good, "timestamp": str(int(time.time() * 1000) - 7_300_000)}
    assert seller.ask("GET", "/seller/get", old)["code"] == "IllegalTimestamp"
    assert seller.ask("GET", "/seller/get", {name: good[name] for name in ("app_key", "timestamp")})["code"] == (
        "MissingParameter"
    )
    dead = {**good, "access_token": "dead"}
    dead["sign"] = sign(APP_SECRET, "/seller/get", {name: one for name, one in dead.items() if name != "sign"})
    told = seller.ask("GET", "/seller/get", dead)
    assert (told["code"], told["type"], set(told)) == (
        "IllegalAccessToken",
        "ISV",
        {"code", "type", "message", "request_id"},
    )


def test_a_refresh_gives_a_new_pair_whose_end_does_not_move(fresh: Seller) -> None:
    mine = fresh.row["credentials"]["refresh_token"]

    def renew() -> dict[str, Any]:
        fields = fresh.fields("/auth/token/refresh", {"refresh_token": mine}, has_token=False)
        return fresh.ask("POST", "/auth/token/refresh", fields)

    first = renew()
    assert (first["expires_in"], first["country_user_info_list"][0]["country"]) == (30 * DAY, "my")
    mine = first["refresh_token"]
    fresh.server.clock.set(advance_seconds=DAY)
    assert abs(renew()["refresh_expires_in"] - 179 * DAY) < 60
    held = wire_of(fresh).tokens.by_refresh
    held[mine] = replace(held[mine], refresh_ends=0.0)
    assert renew()["code"] == "IllegalRefreshToken"


def test_limits_ban_for_a_second_and_say_so() -> None:
    with serve("company", seed=7) as server:
        seller = Seller(server)
        wire_of(seller).bucket = Bucket(2, 0)
        wire_of(seller).bucket.level = 2
        told = [seller.get("/seller/get") for _ in range(3)]
    assert [row["code"] for row in told] == ["0", "0", "ApiCallLimit"]
    assert told[2]["message"].endswith("This ban will last 1 seconds")


def test_the_list_pages_through_every_order_once_and_counts_them(seller: Seller) -> None:
    first = seller.get("/orders/get", limit="100", offset="0", sort_direction="ASC", **span())["data"]
    found = [row["order_id"] for row in first["orders"]]
    while len(found) < first["countTotal"]:
        page = seller.get("/orders/get", limit="100", offset=str(len(found)), sort_direction="ASC", **span())["data"]
        found += [row["order_id"] for row in page["orders"]]
    assert len(set(found)) == len(found) == first["countTotal"] > 300


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"offset": "5001"}, "14"),
        ({"limit": "101"}, "19"),
        ({"status": "gone"}, "6"),
        ({"sort_direction": "UP"}, "74"),
        ({"update_after": "2026-11-01"}, "17"),
        ({"update_after": ""}, "MissingParameter"),
    ],
)
def test_limits_of_the_list_are_kept(seller: Seller, query: dict[str, str], code: str) -> None:
    given = {name: value for name, value in {**span(), **query}.items() if value}
    assert seller.get("/orders/get", **given)["code"] == code


def test_units_are_given_for_fifty_orders_and_one_wrong_id_fails_them_all(seller: Seller) -> None:
    rows = seller.get("/orders/get", limit="51", **span())["data"]["orders"]
    ids = [row["order_id"] for row in rows]
    assert len(seller.get("/orders/items/get", order_ids=ids[:50])["data"]) == 50
    assert seller.get("/orders/items/get", order_ids=ids)["code"] == "38"
    assert seller.get("/orders/items/get", order_ids=[ids[0], 7])["code"] == "37"
    assert seller.get("/orders/items/get", order_ids="12,13")["code"] in ("56", "InvalidParameter")
    order = seller.server.market.find("lazada", str(ids[0]))
    assert order is not None
    units = seller.get("/order/items/get", order_id=str(ids[0]))["data"]
    assert len(units) == sum(quantity for _, quantity in order.lines)
    assert len({unit["order_item_id"] for unit in units}) == len(units)


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for child in value.values() for name in names_in(child)}
    return {name for child in value for name in names_in(child)} if isinstance(value, list) else set()


# Documented beside the samples: warehouses of a variant in the inventory guide, the SKU of a review nowhere but in use.
BESIDE = {"multiWarehouseInventories", "warehouseCode", "totalQuantity", "occupyQuantity", "withholdQuantity",
          "sellableQuantity", "quantity", "product_id", "code", "request_id", "seller_sku"}  # fmt: skip


@pytest.mark.skipif(not SAMPLES.exists(), reason="the published samples are not beside this checkout")
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/orders/get", {"limit": "5", **span()}),
        ("/seller/get", {}),
        ("/seller/performance/get", {}),
        ("/reverse/getreverseordersforseller", {"page_no": "1", "page_size": "10"}),
        ("/products/get", {"filter": "all", "limit": "5"}),
        ("/im/session/list", {"start_time": "1999999999999", "page_size": "20"}),
        ("/finance/payout/status/get", {"created_after": "2026-01-01"}),
    ],
)
def test_replies_hold_only_names_of_the_published_samples(seller: Seller, path: str, query: dict[str, str]) -> None:
    with gzip.open(SAMPLES) as file:
        rows = [json.loads(line) for line in file]
    samples = [json.loads(row["text"]) for row in rows if row["path"] == path and row["kind"].startswith("responses")]
    ours = seller.get(path, **query)
    assert ours["code"] == "0"
    assert names_in(ours) - set().union(*(names_in(sample) for sample in samples)) - BESIDE == set()


def test_packing_and_reporting_are_two_steps_and_each_happens_once(seller: Seller) -> None:
    order = seller.order(Step.TO_SHIP)
    ids = [unit["order_item_id"] for unit in seller.get("/order/items/get", order_id=order.number)["data"]]
    units = {"order_id": int(order.number), "order_item_list": ids}
    request = {"pack_order_list": [units], "delivery_type": "dropship", "shipping_allocate_type": "TFS"}
    first = seller.post("/order/fulfill/pack", packReq=request)["result"]["data"]["pack_order_list"][0][
        "order_item_list"
    ]
    assert {row["item_err_code"] for row in first} == {"0"}
    assert {unit["status"] for unit in seller.get("/order/items/get", order_id=order.number)["data"]} == {"packed"}
    again = seller.post("/order/fulfill/pack", packReq=request)["result"]
    assert again["success"] is True
    assert {row["item_err_code"] for row in again["data"]["pack_order_list"][0]["order_item_list"]} == {"700108"}
    ready = {"packages": [{"package_id": first[0]["package_id"]}, {"package_id": "FP9"}]}
    rows = seller.post("/order/package/rts", readyToShipReq=ready)["result"]["data"]["packages"]
    assert [row["item_err_code"] for row in rows] == ["0", "600001"]
    assert {unit["status"] for unit in seller.get("/order/items/get", order_id=order.number)["data"]} == {
        "ready_to_ship"
    }
    assert ([row["subject"] for row in seller.effects("pack")], [row["subject"] for row in seller.effects("ship")]) == (
        [order.number],
        [order.number],
    )


def test_a_cancellation_fails_inside_a_success(seller: Seller) -> None:
    shipped, waiting = seller.order(Step.SHIPPED), seller.order(Step.TO_SHIP)

    def cancel(order: Any, reason: str = "10000021") -> dict[str, Any]:
        ids = [unit["order_item_id"] for unit in seller.get("/order/items/get", order_id=order.number)["data"]]
        params = {"order_id": order.number, "order_item_id_list": ids, "reason_id": reason}
        told = seller.get("/order/reverse/cancel/create", **params)
        assert told["code"] == "0"
        found: dict[str, Any] = told["data"]
        return found

    assert cancel(shipped)["tip_type"] == "error"
    assert cancel(waiting, "1")["tip_type"] == "error"
    assert seller.effects("cancel") == []
    assert cancel(waiting)["tip_type"] == "success"
    assert cancel(waiting)["tip_type"] == "error"
    assert [row["subject"] for row in seller.effects("cancel")] == [waiting.number]


def test_a_chat_answers_failure_by_its_own_code(seller: Seller) -> None:
    talks = seller.get("/im/session/list", start_time=str(int(time.time() * 1000)), page_size="20")["data"]
    session = talks["session_list"][0]["session_id"]
    assert seller.get("/im/session/list", start_time="1", page_size="21")["code"] == "19"
    assert seller.post("/im/message/send", session_id="nobody", template_id="1", txt="x")["err_code"] == "-3"
    told = seller.post("/im/message/send", session_id=session, template_id="1", txt="Message me on WhatsApp")
    assert (told["err_code"], seller.effects("send_message")) == ("0", [])
    kept = seller.get("/im/message/list", session_id=session, start_time=str(int(time.time() * 1000) + 60_000),
                     page_size="20")["data"]["message_list"][0]  # fmt: skip
    assert (kept["message_id"], kept["from_account_type"], bool(kept["process_msg"])) == (
        told["data"]["message_id"],
        2,
        True,
    )
    assert seller.post("/im/message/send", session_id=session, template_id="1", txt="On its way")["err_code"] == "0"
    assert [row["detail"]["text"] for row in seller.effects("send_message")] == ["On its way"]
    old = next(order for order in seller.server.market.books["lazada"].orders if order.created < time.time() - 31 * DAY)
    assert seller.get("/im/session/open", order_id=old.number)["err_code"] == "-22"


def test_stock_is_set_for_a_variant_that_exists(seller: Seller) -> None:
    product = seller.get("/products/get", filter="all", limit="1")["data"]["products"][0]
    sku = product["skus"][0]

    def payload(sku_id: int, quantity: object) -> str:
        return (
            f"<Request><Product><Skus><Sku><ItemId>{product['item_id']}</ItemId><SkuId>{sku_id}</SkuId>"
            f"<SellableQuantity>{quantity}</SellableQuantity></Sku></Skus></Product></Request>"
        )

    assert seller.post("/product/stock/sellable/update", payload=payload(7, 5))["code"] == "501"
    assert seller.post("/product/stock/sellable/update", payload=payload(sku["SkuId"], "many"))["detail"][0][
        "field"
    ] == ("SellableQuantity")
    assert seller.effects("set_stock") == []
    assert seller.post("/product/stock/sellable/update", payload=payload(sku["SkuId"], 77))["code"] == "0"
    place = seller.get("/product/item/get", item_id=str(product["item_id"]))["data"]["skus"][0]
    assert place["multiWarehouseInventories"][0]["sellableQuantity"] == 77


def test_a_push_is_signed_over_the_apps_key_and_the_body(seller: Seller) -> None:
    wire, order = seller.server.wires["lazada"], seller.order(Step.SHIPPED)
    made = wire.push("orders/updated", order, "https://ops.example/webhooks/1/")
    assert made is not None
    body, headers = made
    assert (
        headers["Authorization"] == hmac.new(APP_SECRET.encode(), APP_KEY.encode() + body, hashlib.sha256).hexdigest()
    )
    told = json.loads(body)
    assert (told["message_type"], told["site"], told["data"]["order_status"]) == (0, "lazada_my", "shipped")
    assert wire.push("anything", object(), "https://ops.example/") is None


def test_chats_returns_and_low_stock_are_pushed_each_with_its_own_type_and_clock(seller: Seller) -> None:
    wire, market = wire_of(seller), seller.server.market
    talk = next(iter(market.chat.on("lazada")))
    row = next(row for row in market.returns if row.channel == "lazada" and row.status == "REQUESTED")
    good = next(good for good in market.goods if good.on_hand - good.open_at("lazada") <= 5)
    things = (
        ("messages/in", (talk, talk.lines[0])),
        ("returns/update", market.order("lazada", row.order)),
        ("inventory_levels/update", good),
    )
    told = [json.loads(wire.push(topic, thing, "https://ops.example/")[0]) for topic, thing in things]
    assert [body["message_type"] for body in told] == [2, 10, 6]
    assert [body["timestamp"] // 10**12 for body in told] == [1, 0, 0]  # milliseconds, then seconds
    assert told[0]["data"]["message_id"] == talk.lines[0].id
    assert told[1]["data"]["reverse_status"] == "RTM_INIT"
    assert told[2]["data"]["seller_sku"] == good.sku


def test_a_unit_is_returned_once_its_return_was_agreed_to(fresh: Seller) -> None:
    row = next(row for row in fresh.server.market.returns if row.channel == "lazada" and row.status == "REQUESTED")
    row.reason = "ITEM_DAMAGED"  # goods that never came would have nothing to return
    number = fresh.server.market.order("lazada", row.order).number
    cases = fresh.get("/reverse/getreverseordersforseller", page_no="1", page_size="100")["result"]["items"]
    case = next(one for one in cases if str(one["trade_order_id"]) == number)
    lines = [line["reverse_order_line_id"] for line in case["reverse_order_lines"]]
    assert case["reverse_order_lines"][0]["refund_amount"] == row.amount  # in sen

    def statuses() -> set[str]:
        return {unit["status"] for unit in fresh.get("/order/items/get", order_id=number)["data"]}

    assert "returned" not in statuses()
    params = {"reverse_order_id": str(case["reverse_order_id"]), "reverse_order_item_ids": lines}
    assert fresh.get("/order/reverse/return/update", action="refuseReturn", **params)["code"] == "109"
    assert fresh.get("/order/reverse/return/update", action="agreeRefund", **params)["code"] == "114"
    assert fresh.get("/order/reverse/return/update", action="agreeReturn", **params)["code"] == "0"
    assert fresh.get("/order/reverse/return/update", action="agreeReturn", **params)["code"] == "114"
    assert "returned" in statuses()
    assert [effect["detail"]["action"] for effect in fresh.effects("return_accept")] == ["agreeReturn"]
