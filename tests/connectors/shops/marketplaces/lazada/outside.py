"""Lazada as a script: answers by path, and keeps what was asked."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from connectors.base import Connector
from tests.connectors.shops.stand import open_with, reply

KEYS = {
    "app_key": "100777",
    "app_secret": "app-secret",
    "access_token": "access-token",
    "refresh_token": "refresh-token",
}
CREATED = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
FORM = "application/x-www-form-urlencoded"


class Outside:
    """An answer is the rest of a good envelope, a response, an error, or made of the call's own fields."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path]
        found = answer(fields(request)) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        if isinstance(found, httpx.Response):
            return found
        return reply({"code": "0", "request_id": "r1", **found})

    def called(self, path: str) -> list[dict[str, str]]:
        """The fields of each call of that path."""
        return [fields(request) for request in self.requests if request.url.path == path]

    def one(self, path: str) -> dict[str, str]:
        [found] = self.called(path)
        return found

    def method(self, path: str) -> str:
        return next(request.method for request in self.requests if request.url.path == path)


def fields(request: httpx.Request) -> dict[str, str]:
    """All parameters of a call, wherever they travelled."""
    found = dict(request.url.params)
    if request.headers.get("content-type") == FORM:
        found |= dict(parse_qsl(request.content.decode()))
    return found


def refusal(code: str, message: str = "said", **more: Any) -> httpx.Response:
    return reply({"code": code, "type": "ISP", "message": message, "request_id": "r1", **more})


def shop(outside: Outside, country: str = "MY", currency: str = "MYR", **account: Any) -> Connector:
    return open_with(outside, "lazada", KEYS, country=country, currency=currency, **account)


def iso(seconds: int) -> str:
    """As Lazada writes it: no colon in the offset."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} +0000"


def row(order_id: int = 4100, at: int = CREATED, **changed: Any) -> dict[str, Any]:
    """An order as the list shows it."""
    return {
        "order_id": order_id,
        "order_number": order_id,
        "created_at": iso(CREATED),
        "updated_at": iso(at),
        "price": "106.00",
        "payment_method": "COD",
        "statuses": ["pending"],
        "customer_first_name": "Ha",
        "customer_last_name": "Hung",
        "address_shipping": {"address3": "Selangor", "city": "Shah Alam"},
        **changed,
    }


def unit(number: int, status: str = "pending", **changed: Any) -> dict[str, Any]:
    """One order item: one unit."""
    return {
        "order_item_id": number,
        "order_id": 4100,
        "status": status,
        "sku": "LAMP-R",
        "shop_sku": "10_MY-20",
        "sku_id": "20",
        "product_id": "10",
        "name": "Lamp",
        "variation": "red",
        "item_price": "53.00",
        "currency": "MYR",
        "buyer_id": 7,
        "shipment_provider": "LEX",
        "package_id": "",
        "tracking_code": "",
        "reason": "",
        "payment_time": (CREATED + 60) * 1000,
        "sla_time_stamp": "2026-11-22T23:59:59+08:00",
        "cancel_trigger_time": (CREATED + 4 * 86_400) * 1000,
        "updated_at": iso(CREATED),
        "is_cancel_pending": False,
        "reverse_order_id": None,
        **changed,
    }


def items(*units: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(units)}


def case(word: str = "REQUEST_INITIATE", kind: str = "RETURN", **changed: Any) -> dict[str, Any]:
    """A reverse order with one line, under the names of the detail."""
    line = {
        "reverse_order_line_id": 651,
        "trade_order_line_id": 4101,
        "reverse_status": word,
        "refund_amount": 5300,
        "reason_code": 1000101,
        "reason_text": "broken",
        "seller_sku_id": "LAMP-R",
        "is_dispute": False,
        "return_order_line_gmt_create": CREATED * 1000,
        "return_order_line_gmt_modified": (CREATED + 60) * 1000,
        "sla": (CREATED + 86_400) * 1000,
        **changed,
    }
    head = {"reverse_order_id": 650, "trade_order_id": 4100, "request_type": kind, "is_rtm": True}
    return {**head, "reverseOrderLineDTOList": [line]}


def product(**changed: Any) -> dict[str, Any]:
    """A product with one variant."""
    place = {
        "warehouseCode": "dropshipping",
        "totalQuantity": 12,
        "quantity": 12,
        "occupyQuantity": 3,
        "withholdQuantity": 1,
        "sellableQuantity": 8,
    }
    sku = {
        "SkuId": 20,
        "SellerSku": "LAMP-R & co",
        "Status": "active",
        "price": 53,
        "special_price": 0,
        "quantity": 12,
        "Available": 8,
        "multiWarehouseInventories": [place],
        **changed,
    }
    return {
        "item_id": 10,
        "status": "Active",
        "attributes": {"name": "Lamp", "description": "a lamp"},
        "updated_time": str(CREATED * 1000),
        "skus": [sku],
    }


def line(
    number: int, text: str = "hello", *, is_buyer: bool = True, at: int = CREATED, **changed: Any
) -> dict[str, Any]:
    """One chat message."""
    return {
        "message_id": f"m{number}",
        "session_id": "1_2_7_1_103",
        "content": orjson.dumps({"txt": text}).decode(),
        "from_account_id": "7" if is_buyer else "1",
        "from_account_type": 1 if is_buyer else 2,
        "send_time": at * 1000,
        "template_id": 1,
        "type": 1,
        "process_msg": "",
        "status": 0,
        "auto_reply": False,
        **changed,
    }


def chat(data: Any, code: str = "0", message: str = "SUCCESS") -> dict[str, Any]:
    return {"success": code == "0", "err_code": code, "err_message": message, "data": data}
