"""TikTok Shop as a script: answers by call, and keeps what was asked."""

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from connectors.base import Connector
from tests.connectors.shops.stand import open_with, reply

KEYS = {
    "app_key": "app-key",
    "app_secret": "app-secret",
    "shop_cipher": "cipher-77",
    "access_token": "access-token",
    "refresh_token": "refresh-token",
}
CREATED = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
PICKUP = {"start_time": CREATED + 90_000, "end_time": CREATED + 100_000, "avaliable": True}


class Outside:
    """Answers by method and path, ids as {}; an answer may be data, a response, an error, or made of the request."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = re.sub(r"/\d{3,}(?=/|$)(?<!/20\d{4})", "/{}", request.url.path)
        answer = self.answers[f"{request.method} {path}"]
        found = answer(request) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        if isinstance(found, httpx.Response):
            return found
        return reply({"code": 0, "message": "Success", "request_id": "r1", "data": found})

    def called(self, name: str) -> list[httpx.Request]:
        return [request for request in self.requests if name in f"{request.method} {request.url.path}"]

    def body(self, name: str) -> Any:
        """The body of the one POST of that name."""
        [request] = [call for call in self.called(name) if call.method == "POST"]
        return orjson.loads(request.content)


def body_of(request: httpx.Request) -> Any:
    return orjson.loads(request.content)


def refusal(code: int, message: str = "said", status: int = 200) -> httpx.Response:
    return reply({"code": code, "message": message, "request_id": "r1", "data": None}, status)


def shop(outside: Outside, country: str = "PH", **account: Any) -> Connector:
    return open_with(outside, "tiktok_shop", KEYS, country=country, currency="PHP", **account)


def unit(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"57700{number}",
        "sku_id": "1730001",
        "product_id": "1729001",
        "product_name": "Lamp",
        "sku_name": "red",
        "seller_sku": "LAMP-R",
        "sale_price": "199.50",
        "display_status": "AWAITING_SHIPMENT",
        "package_id": "1152001",
        "package_status": "TO_FULFILL",
        **changed,
    }


def order(ref: str = "576001", **changed: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "status": "AWAITING_SHIPMENT",
        "create_time": CREATED,
        "update_time": CREATED + 60,
        "paid_time": CREATED + 30,
        "rts_sla_time": CREATED + 172_800,
        "shipping_due_time": CREATED + 345_600,
        "collection_due_time": CREATED + 432_000,
        "shipping_type": "TIKTOK",
        "user_id": "7021001",
        "buyer_email": "v2b2@chat.seller.tiktok.com",
        "is_buyer_request_cancel": False,
        "payment": {"currency": "PHP", "total_amount": "399.00"},
        "recipient_address": {
            "name": "J**",
            "region_code": "PH",
            "district_info": [
                {"address_level": "L0", "address_name": "Philippines"},
                {"address_level": "L1", "address_name": "Cebu"},
            ],
        },
        "delivery_option_id": "7091001",
        "delivery_option_name": "Standard",
        "line_items": [unit(1), unit(2)],
        **changed,
    }


def found(*rows: Any, total: int | None = None, following: str = "", name: str = "orders") -> dict[str, Any]:
    return {name: list(rows), "total_count": len(rows) if total is None else total, "next_page_token": following}


def cancellation(ref: str = "576001", **changed: Any) -> dict[str, Any]:
    return {
        "cancel_id": "4035001",
        "order_id": ref,
        "cancel_status": "CANCELLATION_REQUEST_PENDING",
        "role": "BUYER",
        "cancel_reason_text": "No longer needed",
        "update_time": CREATED + 60,
        "seller_next_action_response": [{"action": "SELLER_RESPOND_CANCEL", "deadline": CREATED + 200_000}],
        **changed,
    }


def aftersale(ref: str = "4036001", step: str = "SELLER_RESPOND_RETURN", **changed: Any) -> dict[str, Any]:
    return {
        "return_id": ref,
        "order_id": "576001",
        "return_status": "RETURN_OR_REFUND_REQUEST_PENDING",
        "return_type": "RETURN_AND_REFUND",
        "role": "BUYER",
        "return_reason": "ecom_order_delivered_refund_and_return_reason_damaged",
        "return_reason_text": "Damaged",
        "create_time": CREATED,
        "update_time": CREATED + 60,
        "seller_next_action_response": [{"action": step, "deadline": CREATED + 100_000}] if step else [],
        "refund_amount": {"currency": "PHP", "refund_total": "199.50"},
        "return_line_items": [{"sku_id": "1730001", "seller_sku": "LAMP-R", "order_line_item_id": "577001"}],
        **changed,
    }


SEARCH = "POST /order/202309/orders/search"
BY_ID = "GET /order/202507/orders"
CANCELS = "POST /return_refund/202309/cancellations/search"
RETURNS = "POST /return_refund/202309/returns/search"
RECORDS = "GET /return_refund/202309/returns/{}/records"
