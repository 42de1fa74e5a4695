"""Shopee Open Platform v2: signing, tokens, the envelope, and the table of calls.

Facts: sign = HMAC-SHA256 over partner_id + path + timestamp (+ access_token + shop_id), lower-case hex; a timestamp is
good for 5 minutes; an access token for 4 hours; a refresh token once. Success is an empty `error`, whatever the status.
"""

import hashlib
import hmac
from collections.abc import Callable
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.consent import Desk
from connectors.twin.wire.shopee import consent
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import decode
from connectors.twin.world.post import ADDRESS
from connectors.twin.world.trade import Order

PARTNER_ID, SHOP_ID = 1207001, 740055102
PARTNER_KEY = "746c6f6f7073726f6f6d74657374706172746e65726b6579"
ACCESS_LIFE, REFRESH_LIFE, CLOCK_SKEW = 4 * 3_600, 30 * 86_400, 300
CODES = {
    "already_shipped": "logistics.package_already_shipped", "wrong_state": "order.order_status_not_allowed",
    "already_cancelled": "order.order_already_cancelled", "bad_amount": "error_param",
}  # fmt: skip
Params = dict[str, Any]
FLAT = ("/api/v2/auth/", "/api/v2/shop/")  # these answer without a `response` around their fields


class ShopeeError(Exception):
    """An error in Shopee's envelope."""

    def __init__(self, code: str, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def sign(key: str, *parts: object) -> str:
    """Lower-case hex HMAC-SHA256 over the parts joined without a separator; the key is used as literal text."""
    return hmac.new(key.encode(), "".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()


class Call:
    """One entry of the table: method, what answers, and whether it is a shop's call."""

    __slots__ = ("answer", "method", "needs_shop")

    def __init__(self, method: str, answer: Callable[["Shopee", Params], Any], needs_shop: bool = True) -> None:
        self.method, self.answer, self.needs_shop = method, answer, needs_shop


class Shopee:
    """The wire; state of the protocol only (tokens, pushes), everything else is the market's."""

    kind = "shopee"
    partner_id, shop_id = str(PARTNER_ID), str(SHOP_ID)

    def __init__(self, market: Market, calls: dict[str, Call], *, has_limits: bool = True) -> None:
        self.market, self.calls = market, calls
        self.bucket = Bucket(400, 100) if has_limits else None
        self._serial = count(1)
        self.access = {self._token("at"): float(market.now + ACCESS_LIFE)}
        self.refresh = {self._token("rt"): float(market.now + REFRESH_LIFE)}
        self.desk = Desk("Shopee", lambda: market.now)
        self.lost_pushes: list[tuple[int, dict[str, Any]]] = []
        self.callback_url = ""
        self.images: dict[str, bytes] = {}

    def _token(self, kind: str) -> str:
        return kind + hashlib.sha256(f"{self.market.seed}{kind}{next(self._serial)}".encode()).hexdigest()[:30]

    def operation(self, request: Request) -> str:
        return request.path.removeprefix("/api/v2/").replace("/", ".")

    def account(self) -> dict[str, Any]:
        return {
            "kind": "shopee", "name": "Lumen & Loft SG (Shopee)", "external_id": str(SHOP_ID), "country": "SG",
            "currency": "SGD", "time_zone": "Asia/Singapore",
            "settings": {"stock_pool": "SG-1", "dispute_email": ADDRESS} | pace(self.bucket is not None),
            "credentials": {
                "partner_id": str(PARTNER_ID), "partner_key": PARTNER_KEY, "shop_id": str(SHOP_ID),
                "access_token": next(reversed(self.access)), "refresh_token": next(reversed(self.refresh)),
            },
        }  # fmt: skip

    def signed(self, path: str, stamp: str) -> str:
        """The signature of a call of the app itself."""
        return sign(PARTNER_KEY, PARTNER_ID, path, stamp)

    def handle(self, request: Request) -> Reply:
        if request.path in consent.PAGES:
            return consent.answer(self, request)
        try:
            return self._answer(request)
        except ShopeeError as error:
            return self._envelope(None, error.code, str(error), error.status)
        except Refusal as refusal:
            return self._envelope(None, CODES.get(refusal.code, "error_param"), str(refusal))

    def _answer(self, request: Request) -> Reply:
        call = self.calls.get(request.path)
        if call is None:
            raise ShopeeError("error_not_found", f"The path {request.path} does not exist.", 404)
        if call.method != request.method:
            raise ShopeeError("error_param", f"Use {call.method} for {request.path}.", 405)
        query = request.params()
        self._check(query, request.path, call)
        if self.bucket is not None and not self.bucket.take(1, time()):
            raise ShopeeError("error_rate_limit", "The request frequency exceeds the limit, please try later.", 429)
        params: Params = dict(query)
        if request.method == "POST":
            params |= self._body(request)
        answer = call.answer(self, params)
        if request.path.startswith(FLAT):
            return json_reply({"error": "", "message": "", "request_id": self._request_id(), **answer})
        return self._envelope(answer)

    def _check(self, query: dict[str, str], path: str, call: Call) -> None:
        stamp = query.get("timestamp", "")
        # The product signs by the wall clock, and the market's own clock may have been moved on purpose.
        if not stamp.isdigit() or min(abs(int(stamp) - time()), abs(int(stamp) - self.market.now)) > CLOCK_SKEW:
            raise ShopeeError("error_param", "Timestamp is expired.", 403)
        if query.get("partner_id") != str(PARTNER_ID):
            raise ShopeeError("error_auth", "Invalid partner_id.", 403)
        parts: list[object] = [PARTNER_ID, path, stamp]
        if call.needs_shop:
            parts += [query.get("access_token", ""), query.get("shop_id", "")]
        if not hmac.compare_digest(sign(PARTNER_KEY, *parts), query.get("sign", "")):
            raise ShopeeError("error_sign", "Wrong sign.", 403)
        if call.needs_shop:
            if query.get("shop_id") != str(SHOP_ID):
                raise ShopeeError("error_auth", "Invalid partner_id or shopid.", 403)
            if self.access.get(query.get("access_token", ""), 0) < self.market.now:
                raise ShopeeError("invalid_acceess_token", "Invalid access_token, please have a check.", 403)

    def _body(self, request: Request) -> Params:
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return {"_body": request.body, "_type": kind}
        try:
            body = orjson.loads(request.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ShopeeError("error_param", "The body is not JSON.", 400) from error
        if not isinstance(body, dict):
            raise ShopeeError("error_param", "The body must be a JSON object.", 400)
        return body

    def _request_id(self) -> str:
        return f"{next(self._serial):032x}"

    def _envelope(self, response: Any, error: str = "", message: str = "", status: int = 200) -> Reply:
        body = {"error": error, "message": message, "request_id": self._request_id()}
        if response is not None:
            body["response"] = response
        return json_reply(body, status)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = self._envelope(None, "error_rate_limit", "The request frequency exceeds the limit.", 429)
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return self._envelope(None, "invalid_acceess_token", "Invalid access_token, please have a check.", 403)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Order status is push 3. Authorization = HMAC-SHA256(partner key, url | body), url exactly as registered."""
        if not isinstance(thing, Order):
            return None
        body = orjson.dumps(push_body(self.market, thing))
        return body, {"Authorization": sign(PARTNER_KEY, url, "|", body.decode()), "Content-Type": "application/json"}

    # -- what the calls share ---------------------------------------------------------------------------------------

    def order(self, params: Params) -> Order:
        """The order that `order_sn` names. Raises ShopeeError error_not_found."""
        order = self.find(str(require(params, "order_sn")))
        if order is None:
            raise ShopeeError("error_not_found", "Wrong parameters, detail: the order is not found.")
        return order

    def find(self, order_sn: str) -> Order | None:
        orders = self.market.books["shopee"].orders
        index = decode(order_sn[6:])
        if index is None or index >= len(orders) or orders[index].number != order_sn:
            return None
        return orders[index]


def push_body(market: Market, order: Order) -> dict[str, Any]:
    return {
        "shop_id": SHOP_ID, "code": 3, "timestamp": market.now,
        "data": {"items": [], "ordersn": order.number, "status": STATUS[order.step], "completed_scenario": "",
                 "update_time": order.updated},
    }  # fmt: skip


STATUS = (
    "UNPAID", "READY_TO_SHIP", "PROCESSED", "SHIPPED", "TO_CONFIRM_RECEIVE", "COMPLETED", "IN_CANCEL", "CANCELLED",
    "TO_RETURN",
)  # fmt: skip


def require(params: Params, name: str) -> Any:
    """One parameter. Raises ShopeeError error_param where it is missing."""
    value = params.get(name)
    if value is None or value == "":
        raise ShopeeError("error_param", f"Wrong parameters, detail: {name} is a required field.")
    return value


def integer(params: Params, name: str, default: int | None = None, low: int = 0, high: int = 1 << 62) -> int:
    """One whole number within bounds."""
    value = params.get(name, default)
    if value is None or value == "":
        raise ShopeeError("error_param", f"Wrong parameters, detail: {name} is a required field.")
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise ShopeeError("error_param", f"Wrong parameters, detail: field {name} type error.") from error
    if not low <= number <= high:
        raise ShopeeError("error_param", f"Wrong parameters, detail: {name} must be between {low} and {high}.")
    return number


def window(params: Params, start: str, end: str, code: str) -> tuple[int, int]:
    """A time range of at most 15 days."""
    low, high = integer(params, start), integer(params, end)
    if low > high or high - low > 15 * 86_400:
        raise ShopeeError(code, "Start time must be earlier than end time and diff in 15days.")
    return low, high
