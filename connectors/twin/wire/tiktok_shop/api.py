"""TikTok Shop: signing, tokens, ciphers, scopes, limits, idempotency keys, the envelope, and the table of calls.

Facts: sign = HMAC-SHA256 over secret + path + sorted query + body + secret; a timestamp is good from five minutes ago
to thirty seconds ahead; an access token for seven days; `code` 0 is success, whatever the status; 50 calls a second of
one shop for each call.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.tiktok_shop.grants import APP_KEY, APP_SECRET, SERVICE_ID, SHOP, Grants
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, content_of, json_object
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import CHANNELS
from connectors.twin.world.chat import Line, Talk
from connectors.twin.world.trade import Order, Step

CHANNEL = CHANNELS["tiktok_shop"]
SHOP_ID, CIPHER = "7495540735365777507", "ROW_dHdpbgAAAAB8tKAVoAqsMTjsQZFLyNfY"
EARLIEST, LATEST = 300, 30  # seconds that a timestamp may lie behind and ahead
SCOPE_OF = {
    "order": "seller.order.info", "return_refund": "seller.return_refund.basic", "finance": "seller.finance.info",
    "fulfillment": "seller.fulfillment.basic", "logistics": "seller.logistics",
    "customer_service": "seller.customer_service", "authorization": "seller.authorization.info",
    "product": "seller.product.basic",
}  # fmt: skip
CODES = {
    "already_shipped": 11006021, "wrong_state": 25011012, "already_cancelled": 25001011, "bad_amount": 25005005,
    "too_much": 25005005, "already_refunded": 25001010, "not_paid": 25001003, "empty": 45101001,
    "bad_quantity": 12019024, "bad_price": 12052073,
}  # fmt: skip
DIGITS = re.compile(r"/\d{7,}(?=/|$)")  # ids; the six digits of a version stay
STATUS = {
    Step.UNPAID: "UNPAID", Step.TO_SHIP: "AWAITING_SHIPMENT", Step.PACKED: "AWAITING_COLLECTION",
    Step.SHIPPED: "IN_TRANSIT", Step.DELIVERED: "DELIVERED", Step.COMPLETED: "COMPLETED",
    Step.CANCEL_ASKED: "AWAITING_SHIPMENT", Step.CANCELLED: "CANCELLED", Step.RETURNING: "DELIVERED",
}  # fmt: skip


class Route:
    """One entry of the table. `has_shop`: needs the cipher, which all others refuse; `keeps_key`: an idempotency key
    gives the first reply again."""

    __slots__ = ("answer", "has_shop", "keeps_key", "scope")

    def __init__(
        self, answer: Callable[["TikTokShop", Call], Any], *, scope: str = "", has_shop: bool = True,
        keeps_key: bool = False,
    ) -> None:  # fmt: skip
        self.answer, self.scope, self.has_shop, self.keeps_key = answer, scope, has_shop, keeps_key


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """Lower-case hex; `body` is empty for a multipart form."""
    named = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in ("sign", "access_token"))
    text = secret.encode() + path.encode() + named.encode() + body + secret.encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class TikTokShop:
    """The wire; state of the protocol only, everything else is the market's. `region` decides what sellers may do."""

    kind = "tiktok_shop"

    def __init__(self, market: Market, routes: Mapping[str, Route], *, has_limits: bool = True) -> None:
        self.market, self.routes, self.has_limits = market, routes, has_limits
        self.region = CHANNEL.country
        self.book = market.books[self.kind]
        self.buckets: dict[str, Bucket] = {}
        self.grants = Grants(market, self.region)
        self.desk = self.grants.desk
        self.kept: dict[tuple[str, str], Any] = {}  # (path, idempotency key) → data of the first reply
        self.images: dict[str, bytes] = {}
        self.opened: set[int] = set()  # returns that the seller opened for the buyer
        self._serial = count(1)

    def account(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": f"{SHOP} (TikTok Shop)", "external_id": SHOP_ID, "country": self.region,
            "currency": CHANNEL.currency, "time_zone": "Asia/Manila",
            "settings": {"stock_pool": "SG-1"} | pace(self.has_limits),
            "credentials": {
                "app_key": APP_KEY, "app_secret": APP_SECRET, "service_id": SERVICE_ID, "shop_cipher": CIPHER,
                "access_token": self.grants.first.access, "refresh_token": self.grants.first.refresh,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path with {} for ids."""
        return f"{request.method} {DIGITS.sub('/{}', request.path)}"

    def handle(self, request: Request) -> Reply:
        try:
            if request.path == "/open/authorize":
                return self.grants.consent(request)
            if request.path.startswith("/api/v2/token/"):
                return self._envelope(self.grants.trade(request))
            return self._envelope(self._answer(request))
        except TikTokError as error:
            return self._envelope(None, error.code, str(error), error.status)
        except Refusal as refusal:
            return self._envelope(None, CODES.get(refusal.code, 25001001), str(refusal))

    def _answer(self, request: Request) -> Any:
        name = self.operation(request)
        route = self.routes.get(name)
        if route is None:
            raise TikTokError(36009009, f"Invalid path: {request.method} {request.path}", 404)
        query = request.params()
        content_type = request.headers.get("content-type", "")
        is_form = content_type.startswith("multipart/form-data")
        self._check_sign(request.path, query, b"" if is_form else request.body)
        scope = route.scope or SCOPE_OF[name.split("/")[1]]
        self.grants.bearer(request.headers.get("x-tts-access-token", ""), scope)
        self._check_cipher(query, route)
        self._take_turn(name)
        call = Call(re.findall(r"/(\d{7,})(?=/|$)", request.path), query, {}, request.body, content_type)
        if not is_form and request.method != "GET":
            call.body = json_object(request.body)
        key = query.get("idempotency_key", "") if route.keeps_key else ""
        if len(key) > 255:
            raise TikTokError(36009004, "Invalid parameters: idempotency_key is longer than 255 characters")
        if key and (request.path, key) in self.kept:
            return self.kept[request.path, key]
        answer = route.answer(self, call)
        if key:
            self.kept[request.path, key] = answer
        return answer

    def _check_sign(self, path: str, query: Mapping[str, str], body: bytes) -> None:
        stamp = query.get("timestamp", "")
        if query.get("app_key") != APP_KEY:
            raise TikTokError(36009004, "Invalid credentials. The `app_key` is invalid.", 401)
        # The product signs by the wall clock, and the market's own clock may have been moved on purpose.
        drift = [int(stamp) - now for now in (time(), self.market.now)] if stamp.isdigit() else []
        if not any(-EARLIEST <= gap <= LATEST for gap in drift):
            raise TikTokError(36009004, "Invalid timestamp. It must lie within 5 minutes.", 401)
        if not hmac.compare_digest(sign(APP_SECRET, path, query, body), query.get("sign", "")):
            raise TikTokError(106001, "Signature is invalid. Please check the sign.", 401)

    def _check_cipher(self, query: Mapping[str, str], route: Route) -> None:
        given = query.get("shop_cipher", "")
        if route.has_shop and not given:
            raise TikTokError(106013, "The `shop_cipher` is required for this call.")
        if route.has_shop != bool(given) or (given and given != CIPHER):
            raise TikTokError(36009004, "Invalid shop_cipher.")

    def _take_turn(self, name: str) -> None:
        bucket = self.buckets.setdefault(name, Bucket(50, 50)) if self.has_limits else None
        if bucket is not None and not bucket.take(1, time()):
            raise TikTokError(36009002, "Request rate exceeds the limit. Please try again later.", 429)

    def _envelope(self, data: Any, code: int = 0, message: str = "Success", status: int = 200) -> Reply:
        if isinstance(data, Reply):
            return data
        body = {"code": code, "data": data, "message": message, "request_id": f"{next(self._serial):034X}"}
        return json_reply(body, status)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = self._envelope(None, 36009002, "Request rate exceeds the limit. Please try again later.", 429)
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return self._envelope(None, 105002, "Expired credentials. The `access_token` has expired.", 401)

    # -- pushes -------------------------------------------------------------------------------------------------------

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Authorization = HMAC-SHA256(app secret, app key + body)."""
        told = self._event(topic, thing)
        if told is None:
            return None
        kind, data = told
        body = orjson.dumps(
            {
                "type": kind, "tts_notification_id": str(7_327_000_000_000_000_000 + next(self._serial)),
                "shop_id": SHOP_ID, "timestamp": self.market.now, "data": data,
            }
        )  # fmt: skip
        made = hmac.new(APP_SECRET.encode(), APP_KEY.encode() + body, hashlib.sha256).hexdigest()
        return body, {"Authorization": made, "Content-Type": "application/json"}

    def _event(self, topic: str, thing: Any) -> tuple[int, dict[str, Any]] | None:
        if isinstance(thing, Order):
            status = STATUS[Step(thing.step)]
            told = {
                "order_id": thing.number, "order_status": "CANCEL" if status == "CANCELLED" else status,
                "is_on_hold_order": False, "update_time": thing.updated,
            }  # fmt: skip
            return (12, told | {"return_role": "BUYER"}) if topic.startswith("returns/") else (1, told)
        if isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], Talk) and isinstance(thing[1], Line):
            talk, line = thing
            return 14, {
                "conversation_id": talk.id, "message_id": line.id, "type": "TEXT", "index": line.id,
                "content": content_of(line), "create_time": line.at, "is_visible": True,
                "sender": {"im_user_id": talk.id, "role": "BUYER" if line.is_buyer else "CUSTOMER_SERVICE"},
            }  # fmt: skip
        return None

    # -- what the calls share -----------------------------------------------------------------------------------------

    def order(self, number: object) -> Order:
        found = self.market.find(self.kind, str(number or ""))
        if found is None:
            raise TikTokError(25007006, "Order not found.")
        return found
