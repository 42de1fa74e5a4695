"""Recorded payloads that others wrote: each is read by the code that would read it live, or set apart with a reason.

A payload counts as read where it became records without a bad row, a refusal in the platform's own words, or a push
whose feeds are known. Everything else waits in quarantine, and the reason says why; nothing may crash.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import httpx
import orjson

from connectors.base import Connector, ConnectorError
from connectors.http import Reply
from connectors.proof.scripted import NOW, open_scripted, reply
from connectors.proof.shared import Payload, Shared
from connectors.proof.stand import allowed
from connectors.proof.tally import Tally
from connectors.registry import CONNECTORS
from connectors.shops.marketplaces.amazon import health, reports
from connectors.shops.marketplaces.lazada.samples import read_sample
from connectors.shops.marketplaces.shopee import health as shopee_health
from connectors.shops.marketplaces.shopee import parse as shopee
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import aftersale
from connectors.shops.marketplaces.tiktok_shop.parse.chat import conversation, message
from connectors.shops.marketplaces.tiktok_shop.parse.finance import statement, transaction
from connectors.shops.marketplaces.tiktok_shop.parse.goods import product
from connectors.shops.marketplaces.tiktok_shop.parse.order import order as tiktok_order
from connectors.shops.marketplaces.tiktok_shop.reads.health import metrics as tiktok_health
from connectors.shops.payments.stripe import parse as stripe
from connectors.shops.reading import UNREADABLE, Row, read_rows, reason_of
from connectors.types import BadRow, Order, Record

Rows = list[Record | BadRow]
NO_FEED = "no feed of ours reads this call"
NOT_AN_ANSWER = "a request, which is sent and never read"
NO_JSON = "the sample is no JSON"
QUIET = "a push about nothing that we read"


class Unread(Exception):
    """Why a payload is set apart."""


def read(payload: Payload) -> Rows:
    """The records, and no bad row, that a payload holds; empty for a refusal or a push that is understood.

    Raises Unread with the reason.
    """
    try:
        rows = READERS[payload.platform](payload)
    except UNREADABLE as error:  # what stands around the rows is of another shape
        raise Unread(reason_of(error)) from error
    except ConnectorError as error:
        raise Unread(str(error)) from error
    bad = [row.reason for row in rows if isinstance(row, BadRow)]
    if bad:
        raise Unread(bad[0])
    return rows


def check(platform: str, shared: Shared, tally: Tally) -> None:
    """Raises Absent where the recorded payloads are not here."""
    for payload in shared.payloads(platform):
        try:
            read(payload)
        except Unread as error:
            tally.payloads_quarantined += 1
            tally.reasons[str(error)] += 1
        except Exception as error:
            tally.failures.append(f"{payload.file}: {type(error).__name__}: {error}")
        else:
            tally.payloads_parsed += 1


def json_of(payload: Payload) -> Any:
    try:
        return payload.body
    except orjson.JSONDecodeError as error:
        raise Unread(NO_JSON) from error


def refused(kind: str, body: Any, status: int = 200) -> bool:
    """Whether the connector knows this answer as a refusal and says so in the platform's words."""
    told = CONNECTORS[kind].sort(Reply(status, {}, orjson.dumps(body)), is_write=False)
    return told is not None and bool(str(told))


def pushed(kind: str, payload: Payload, headers: Mapping[str, str] | None = None) -> Rows:
    """A push: it has an id, and names the feeds that it touches."""
    reader: Any = CONNECTORS[kind]
    body, given = payload.text.encode(), headers or {}
    if not reader.event_id(body, given):
        raise Unread("a push without an id")
    if not reader.touched(body, given):
        json_of(payload)  # one that is no JSON says so
        raise Unread(QUIET)
    return []


# -- Shopee -----------------------------------------------------------------------------------------------------------


def shopee_metric(item: Row) -> Iterable[Record | BadRow]:
    return shopee_health.metric(item, now=NOW, points=0, late=[], counted=None)


# Call → (where its rows stand, the record, the parser, the field of the id).
SHOPEE: dict[str, tuple[str, str, Callable[[Row], Iterable[Record | BadRow]], str]] = {
    "order/get_order_detail": ("order_list", "order", shopee.order, "order_sn"),
    "order/get_order_list": ("order_list", "order", shopee.order, "order_sn"),
    "returns/get_return_list": ("return", "return", shopee.aftersale, "return_sn"),
    "returns/get_return_detail": ("", "return", shopee.aftersale, "return_sn"),
    "account_health/get_shop_performance": ("metric_list", "accountmetric", shopee_metric, "metric_name"),
    "product/get_item_base_info": ("item_list", "listing", lambda item: shopee.goods(item, [item]), "item_id"),
}


def read_shopee(payload: Payload) -> Rows:
    body = json_of(payload)
    if refused("shopee", body):
        return []
    known = SHOPEE.get(payload.path.removeprefix("/api/v2/"))
    if known is None:
        raise Unread(NO_FEED)
    place, kind, parse, id_field = known
    response = body.get("response") if isinstance(body, dict) else None
    if not isinstance(response, dict):
        raise Unread("the field 'response' is missing")
    return read_rows(kind, (response.get(place) or []) if place else [response], parse, id_field)


# -- Lazada and TikTok Shop -------------------------------------------------------------------------------------------


def read_lazada(payload: Payload) -> Rows:
    if payload.kind.startswith("webhooks"):
        return pushed("lazada", payload)
    if payload.kind.startswith("requests"):
        raise Unread(NOT_AN_ANSWER)
    if refused("lazada", json_of(payload)):
        return []
    told = read_sample(payload.path, payload.text, NOW)
    if told is None:
        raise Unread(NO_FEED)
    return [*told[0], *told[1]]


STOCKED = {"1729592969712207012": {"warehouse_inventory": [{"warehouse_id": "7068", "available_quantity": 1}]}}
# Published file → where its rows stand, the record, and how one is read.
TIKTOK: dict[str, tuple[str, str, Callable[[Row], Iterable[Record | BadRow]]]] = {
    "orders__get-order-list.json": ("orders", "order", tiktok_order),
    "orders__get-order-detail.json": ("orders", "order", tiktok_order),
    "return-and-refund__search-returns.json": ("return_orders", "return", aftersale),
    "customer-service__get-conversations.json": ("conversations", "conversation", partial(conversation, messages=())),
    "customer-service__get-conversation-messages.json": (
        "messages", "message", partial(message, conversation_id="7001"),
    ),
    "products__search-products.json": ("products", "listing", partial(product, inventory=STOCKED)),
    "finance__get-statements.json": ("statements", "payout", statement),
}  # fmt: skip


def read_tiktok(payload: Payload) -> Rows:
    if payload.kind.startswith("webhooks"):
        return pushed("tiktok_shop", payload)
    if payload.kind.startswith("requests"):
        raise Unread(NOT_AN_ANSWER)
    body = json_of(payload)
    if refused("tiktok_shop", body):
        return []
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise Unread("the field 'data' is missing")
    return tiktok_rows(payload.name, data)


def tiktok_rows(name: str, data: Row) -> Rows:
    if name == "finance__get-transactions-by-statement.json":
        return read_rows("settlementline", data["transactions"], partial(transaction, account=data), "id")
    if name == "customer-service__get-customer-service-performance.json":
        return list(tiktok_health(data["performance"], NOW))
    if name not in TIKTOK:
        raise Unread(NO_FEED)
    place, kind, parse = TIKTOK[name]
    return read_rows(kind, data[place], parse, "id")


# -- Amazon -----------------------------------------------------------------------------------------------------------

AMAZON_KEYS = {
    "client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|r", "access_token": "Atza|a",
    "selling_partner_id": "SELLER",
}  # fmt: skip
# Operation of a version → the feed whose parser reads its answer; getOrder is read by itself.
AMAZON = {
    ("orders_2026-01-01", "searchOrders"): "orders",
    ("finances_2024-06-19", "listTransactions"): "settlement",
    ("listingsItems_2021-08-01", "searchListingsItems"): "listings",
    ("fbaInventory", "getInventorySummaries"): "fba_stock",
    ("transfers_2024-06-01", "listPayouts"): "payouts",
    ("transfers_2024-06-01", "listExpectedPayouts"): "payouts",
}
HEADER = "HEADER_GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE.tsv"


def read_amazon(payload: Payload) -> Rows:
    if payload.kind == "reports_flatfile":
        return amazon_report(payload)
    if payload.kind == "peddler_fixtures" and payload.name.startswith("notifications__"):
        return pushed("amazon", payload)
    body = json_of(payload)
    body = body.get("response", body) if isinstance(body, dict) else body
    version, operation, status, *_ = [*payload.name.removesuffix(".json").split("__"), "", "", ""]
    code = int(status) if status.isdecimal() else 200
    if code >= 300 and refused("amazon", body, code):
        return []
    if (version, operation) == ("orders_2026-01-01", "getOrder") and code == 200:
        return amazon_order(body)
    feed = AMAZON.get((version, operation))
    if feed is None or not isinstance(body, dict):
        raise Unread(NO_FEED)
    return amazon_feed(feed, operation, body)


def amazon_feed(feed: str, operation: str, body: Row) -> Rows:
    """One page through the connector itself, without the page that would follow."""
    whole = orjson.loads(orjson.dumps(body))
    if isinstance(whole.get("numberOfResults"), int):
        whole["numberOfResults"] = len(whole.get("items", []))
    for part in (whole, whole.get("pagination"), whole.get("payload")):
        if isinstance(part, dict):
            part.pop("nextToken", None)

    def answer(request: httpx.Request) -> httpx.Response:
        if feed == "payouts" and request.url.path.endswith("expected") != (operation == "listExpectedPayouts"):
            return reply({"payouts": [], "expectedPayouts": []})
        return reply(whole)

    return [row for page in amazon(answer).pull(feed, "") for row in page.records]


def amazon_order(body: Row) -> Rows:
    def answer(request: httpx.Request) -> httpx.Response:
        is_money = request.url.path.endswith("transactions")
        return reply({"payload": {"transactions": []}} if is_money else body)

    found = amazon(answer).fetch(Order, body["order"]["orderId"])
    if found is None:
        raise Unread("the order is not in its own answer")
    return [found]


def amazon(answer: Callable[[httpx.Request], httpx.Response]) -> Connector:
    return open_scripted(answer, "amazon", AMAZON_KEYS, gate=allowed, country="US", currency="USD")


def amazon_report(payload: Payload) -> Rows:
    if payload.name.startswith("GET_V2_SELLER_PERFORMANCE_REPORT"):
        return list(health.metrics(json_of(payload), "ATVPDKIKX0DER", NOW))
    if payload.name == HEADER:
        shop: Any = amazon(lambda request: reply({}))
        return reports.read_returns(shop.client, payload.text, NOW)
    raise Unread("a report file: it is imported through its mapping, by no feed")


# -- Shopify and Stripe -----------------------------------------------------------------------------------------------


def read_shopify(payload: Payload) -> Rows:
    """What Shopify's older REST API answers is what its webhooks carry; a webhook only says what to read."""
    topic = re.sub(r"y$", "ie", payload.name.removesuffix(".json")).rstrip("s") + "s/updated"
    return pushed("shopify", payload, {"x-shopify-topic": topic})


STRIPE: dict[str, Callable[[Row], Iterable[Record | BadRow]]] = {
    "charge": stripe.charge, "refund": stripe.refund, "dispute": stripe.dispute, "payout": stripe.payout,
    "balance_transaction": stripe.settlement, "radar.early_fraud_warning": stripe.fraud_warning,
}  # fmt: skip


def read_stripe(payload: Payload) -> Rows:
    body = json_of(payload)
    name = payload.name.removesuffix(".json")
    if name == "event":
        return pushed("stripe", payload)
    if name not in STRIPE:
        raise Unread("an object that no feed of ours reads")
    if name == "radar.early_fraud_warning":
        body = {**body, "charge": sample_charge()}  # it is read with its charge
    return read_rows(name, [body], STRIPE[name], "id")


def sample_charge() -> Row:
    """What a warning needs of its charge."""
    return {
        "id": "ch_1", "object": "charge", "amount": 4000, "amount_refunded": 0, "currency": "usd",
        "status": "succeeded", "created": 1_763_000_000, "disputed": False, "refunded": False, "metadata": {},
        "payment_intent": None,
    }  # fmt: skip


READERS: dict[str, Callable[[Payload], Rows]] = {
    "shopee": read_shopee,
    "lazada": read_lazada,
    "tiktok_shop": read_tiktok,
    "amazon_spapi": read_amazon,
    "shopify": read_shopify,
    "stripe": read_stripe,
}
PLATFORMS = {"amazon": "amazon_spapi"} | {name: name for name in READERS if name != "amazon_spapi"}
