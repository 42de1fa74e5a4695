"""A scripted Selling Partner API: answers by path, and keeps what was asked."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from connectors.base import Connector
from tests.connectors.shops.stand import open_with, reply

KEYS = {
    "client_id": "our-id", "client_secret": "our-secret", "refresh_token": "Atzr|old", "access_token": "Atza|one",
    "selling_partner_id": "SELLER", "webhook_secret": "bridge",
}  # fmt: skip
US = "ATVPDKIKX0DER"
NEW_TOKEN = {"access_token": "Atza|two", "refresh_token": "Atzr|old", "expires_in": 3600, "token_type": "bearer"}
Call = tuple[str, str, dict[str, str], Any]


class Outside:
    """`answers` by "METHOD /end of the path"; a list is used up from its front, its last entry again and again."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {"POST /auth/o2/token": NEW_TOKEN, **answers}
        self.calls: list[Call] = []
        self.tokens: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        is_json = request.headers.get("content-type") == "application/json"
        body = orjson.loads(request.content) if is_json and request.content else request.content
        self.calls.append((request.method, request.url.path, dict(request.url.params), body))
        self.tokens.append(request.headers.get("x-amz-access-token", ""))
        found = self.answers[self.name(request)]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if callable(found):
            found = found(dict(request.url.params))
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)

    def name(self, request: httpx.Request) -> str:
        path = f"{request.method} {request.url.path}"
        for known in sorted(self.answers, key=len, reverse=True):
            method, _, end = known.partition(" ")
            if method == request.method and request.url.path.endswith(end):
                return known
        raise AssertionError(f"nobody was expected to call {path}")

    def asked(self, end: str, method: str = "GET") -> list[dict[str, str]]:
        return [call[2] for call in self.calls if call[0] == method and call[1].endswith(end)]

    def written(self) -> list[Call]:
        return [call for call in self.calls if call[0] != "GET" and not call[1].endswith("/auth/o2/token")]

    def form(self) -> dict[str, str]:
        """The last form that the token endpoint got."""
        sent = [call[3] for call in self.calls if call[1].endswith("/auth/o2/token")][-1]
        return dict(parse_qsl(sent.decode()))


def shop(outside: Callable[[httpx.Request], httpx.Response], **account: Any) -> Connector:
    return open_with(outside, "amazon", KEYS, **{"country": "US", "currency": "USD", **account})


def refusal(code: str, message: str = "said", status: int = 400, **headers: str) -> httpx.Response:
    body = {"errors": [{"code": code, "message": message, "details": ""}]}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=orjson.dumps(body), headers=named)


def order(ref: str = "114-1234567-1234567", **changed: Any) -> dict[str, Any]:
    """An order of two units, to be shipped by the seller."""
    return {
        "orderId": ref,
        "createdTime": "2026-11-20T08:00:00Z",
        "lastUpdatedTime": "2026-11-20T09:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": US},
        "buyer": {"buyerName": "Ann Buyer", "buyerEmail": "x1@marketplace.amazon.com"},
        "recipient": {"deliveryAddress": {"countryCode": "US", "stateOrRegion": "TX"}},
        "proceeds": {"grandTotal": {"amount": "45.80", "currencyCode": "USD"}},
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {"latestDateTime": "2026-11-22T08:00:00Z"},
            "deliverByWindow": {"latestDateTime": "2026-11-28T08:00:00Z"},
        },
        "orderItems": [
            {
                "orderItemId": "11",
                "quantityOrdered": 2,
                "product": {
                    "asin": "B01", "sellerSku": "LAMP", "title": "Lamp",
                    "price": {"unitPrice": {"amount": "19.90", "currencyCode": "USD"}},
                },
                "proceeds": {
                    "proceedsTotal": {"amount": "45.80", "currencyCode": "USD"},
                    "breakdowns": [
                        {"type": "ITEM", "subtotal": {"amount": "39.80", "currencyCode": "USD"}},
                        {"type": "SHIPPING", "subtotal": {"amount": "6.00", "currencyCode": "USD"}},
                    ],
                },
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2},
            }
        ],
        **changed,
    }  # fmt: skip


def standing(status: str, **changed: Any) -> dict[str, Any]:
    """An order of another status."""
    made = order(**changed)
    return {**made, "fulfillment": {**made["fulfillment"], "fulfillmentStatus": status}}


def transaction(ref: str = "t1", kind: str = "Shipment", net: float = 38.93, fee: float = -6.87, **changed: Any) -> Any:
    return {
        "transactionId": ref,
        "transactionType": kind,
        "transactionStatus": "RELEASED",
        "postedDate": "2026-11-20T10:00:00Z",
        "totalAmount": {"currencyCode": "USD", "currencyAmount": net},
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "114-1234567-1234567"},
            {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": "s1"},
        ],
        "breakdowns": [
            {"breakdownType": "Sales", "breakdownAmount": {"currencyCode": "USD", "currencyAmount": net - fee}},
            {
                "breakdownType": "Expenses",
                "breakdownAmount": {"currencyCode": "USD", "currencyAmount": fee},
                "breakdowns": [
                    {"breakdownType": "AmazonFees", "breakdownAmount": {"currencyCode": "USD", "currencyAmount": fee}}
                ],
            },
        ],
        **changed,
    }


def posted(*items: Any) -> dict[str, Any]:
    return {"payload": {"transactions": list(items)}}


def listing(sku: str = "LAMP", **changed: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "summaries": [
            {
                "marketplaceId": US, "asin": "B01", "productType": "LAMP", "status": ["BUYABLE", "DISCOVERABLE"],
                "itemName": "Lamp", "createdDate": "2026-01-01T00:00:00Z", "lastUpdatedDate": "2026-11-01T00:00:00Z",
            }
        ],
        "attributes": {
            "item_name": [{"value": "Lamp", "language_tag": "en_US", "marketplace_id": US}],
            "fulfillment_availability": [
                {"fulfillment_channel_code": "DEFAULT", "quantity": 5, "lead_time_to_ship_max_days": 2}
            ],
            "purchasable_offer": [
                {
                    "marketplace_id": US, "currency": "USD", "audience": "ALL",
                    "our_price": [{"schedule": [{"value_with_tax": 19.9}]}],
                    "discounted_price": [{"schedule": [{"value_with_tax": 15.0}]}],
                },
                {"marketplace_id": US, "currency": "USD", "audience": "B2B"},
            ],
        },
        "issues": [],
        "offers": [{"marketplaceId": US, "offerType": "B2C", "price": {"currencyCode": "USD", "amount": "19.90"}}],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 5}],
        **changed,
    }  # fmt: skip
