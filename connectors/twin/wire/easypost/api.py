"""EasyPost v2: key check, root keys, lists newest first, errors, and signed events.

Facts: a reference may stand for an id, postage is bought once, `is_return` swaps the addresses, no key makes a write
idempotent, and an event is signed over its body with the NFKD form of the secret.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.easypost import shapes
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import CHANNELS
from connectors.twin.world.parcels import iso
from connectors.twin.world.trade import Order

RETURNS = {
    "name": "Lumen & Loft Returns", "line1": "1200 Warehouse Way", "city": "Austin", "region": "TX",
    "postcode": "78744", "country": "US", "phone": "+1 512 555 0100",
}  # fmt: skip
USUAL = {"weight_grams": 1200, "length_mm": 300, "width_mm": 220, "height_mm": 120}
API_KEY = "EZAKtwin0lumenandloft7f3e"
WEBHOOK_SECRET = "whsec twin é 4711"  # noqa: S105 - the twin's own, and not in the form NFKD
Body = dict[str, Any]
CODES = {  # a deed's refusal → status, code
    "postage_exists": (422, "SHIPMENT.POSTAGE.EXISTS"), "no_postage": (422, "SHIPMENT.REFUND.UNAVAILABLE"),
    "refund_exists": (422, "SHIPMENT.REFUND.UNAVAILABLE"), "claim_window": (422, "CLAIM.INVALID"),
    "claim_exists": (422, "CLAIM.EXISTS"), "attachments": (422, "CLAIM.INVALID"),
}  # fmt: skip


class EasyPostError(Exception):
    def __init__(self, status: int, code: str, message: str, errors: Sequence[Body] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.errors = status, code, list(errors)


def missing(field: str) -> EasyPostError:
    error = {"field": field, "message": "cannot be blank"}
    return EasyPostError(422, "PARAMETER.REQUIRED", "Missing required parameter.", [error])


def not_found() -> EasyPostError:
    return EasyPostError(404, "NOT_FOUND", "The requested resource could not be found.")


class EasyPost:
    """The wire. `routes` maps (method, path shape) to what answers; `*` in a shape is an id or a reference."""

    kind = "easypost"

    def __init__(
        self, market: Market, routes: dict[tuple[str, str], Callable[..., Body]], *, has_limits: bool = True
    ) -> None:
        self.market, self.routes = market, routes
        self._words = {part for _, shape in routes for part in shape.split("/")} - {"*"}
        self.overall = Bucket(20, 10) if has_limits else None
        self._serial = count(1)
        market.listeners.append(self._note)

    def account(self) -> dict[str, Any]:
        return {
            "kind": "easypost", "name": "Lumen & Loft (EasyPost)", "external_id": "user_lumenandloft", "country": "US",
            "currency": "USD", "time_zone": "America/Chicago",
            "settings": {"claims_email": "ops@lumenandloft.example", "return_address": RETURNS, "return_parcel": USUAL}
            | pace(self.overall is not None),
            "credentials": {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path shape: `POST /shipments/*/buy`."""
        return f"{request.method} {self._shape(request.path)[0]}"

    def _shape(self, path: str) -> tuple[str, list[str]]:
        parts = path.removeprefix("/v2").rstrip("/").split("/")
        ids = [part for place, part in enumerate(parts) if place > 1 and part not in self._words]
        shape = "/".join("*" if place > 1 and part not in self._words else part for place, part in enumerate(parts))
        return shape, ids

    def handle(self, request: Request) -> Reply:
        try:
            reply = self._answer(request)
        except EasyPostError as error:
            reply = self._refusal(error)
        except Refusal as refusal:
            status, code = CODES[refusal.code]
            reply = self._refusal(EasyPostError(status, code, str(refusal)))
        reply.headers["x-ep-request-uuid"] = f"{next(self._serial):032x}"
        return reply

    def _refusal(self, error: EasyPostError) -> Reply:
        body = {"error": {"code": error.code, "message": str(error), "errors": error.errors}}
        return json_reply(body, error.status)

    def _answer(self, request: Request) -> Reply:
        self._check_key(request)
        if self.overall is not None and not self.overall.take(1, time()):
            raise EasyPostError(429, "RATE_LIMITED", "Too many requests.")
        shape, ids = self._shape(request.path)
        call = self.routes.get((request.method, shape))
        if call is None:
            raise not_found()
        if request.method == "GET":
            return json_reply(call(self, request.params(), *ids))
        return json_reply(call(self, body_of(request), *ids), 201 if shape in ("/shipments", "/claims") else 200)

    def _check_key(self, request: Request) -> None:
        """The key as Basic user or as Bearer token."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            value = base64.b64decode(value + "==", validate=False).decode("latin-1").partition(":")[0]
        if not hmac.compare_digest(value.encode(), API_KEY.encode()):
            raise EasyPostError(401, "APIKEY.INACTIVE", "This api key is no longer active.")

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = self._refusal(EasyPostError(429, "RATE_LIMITED", "Too many requests."))
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return self._refusal(EasyPostError(401, "APIKEY.INACTIVE", "This api key is no longer active."))

    # -- events -------------------------------------------------------------------------------------------------------

    def _note(self, channel: str, topic: str, thing: Any) -> None:
        is_parcel = channel in CHANNELS and topic.startswith("fulfillments/") and isinstance(thing, Order)
        if is_parcel and thing.courier in shapes.COURIERS and thing.packed:
            self.market.tell(self.kind, "tracker.updated", thing)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        if topic != "tracker.updated":
            return None
        now = iso(self.market.now)
        event = {
            "description": topic, "mode": "production", "previous_attributes": {}, "created_at": now,
            "pending_urls": [url], "completed_urls": [], "updated_at": now,
            "id": f"evt_{shapes.hashed('event', '', next(self._serial))}", "user_id": "user_lumenandloft",
            "status": "pending", "object": "Event",
            "result": shapes.tracker(self.market, thing, self.market.parcels.scans(thing, self.market.now)),
        }  # fmt: skip
        body = orjson.dumps(event)
        return body, {"X-Hmac-Signature": sign(WEBHOOK_SECRET, body), "Content-Type": "application/json"}


def sign(secret: str, body: bytes) -> str:
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"


def body_of(request: Request) -> Body:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise EasyPostError(400, "BAD_REQUEST", "The request body is no JSON.") from error
    if not isinstance(body, dict):
        raise EasyPostError(400, "BAD_REQUEST", "The request body is no object.")
    return body


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list, made only where its page is asked for. `at` is its creation in Unix seconds."""

    id: str
    at: int
    make: Callable[[], Body]


def page(kind: str, rows: Sequence[Entry], params: dict[str, str]) -> Body:
    """One list. `rows` are newest first: `page_size`, `before_id` (older), `after_id` (newer), start and end."""
    size = int(params.get("page_size") or 20) if (params.get("page_size") or "20").isdigit() else 0
    if not 1 <= size <= 100:
        raise EasyPostError(422, "PARAMETER.INVALID", "page_size must be between 1 and 100.")
    start, end = (unix(params.get(f"{name}_datetime")) for name in ("start", "end"))
    chosen = [row for row in rows if (start or 0) <= row.at and (end is None or row.at < end)]
    place = 0
    cursor = params.get("before_id") or params.get("after_id")
    if cursor:
        found = next((number for number, row in enumerate(chosen) if row.id == cursor), None)
        if found is None:
            raise EasyPostError(422, "PARAMETER.INVALID", f"no such object: {cursor}")
        place = found + 1 if params.get("before_id") else max(0, found - size)
    return {kind: [row.make() for row in chosen[place : place + size]], "has_more": place + size < len(chosen)}


def unix(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+")).timestamp()
    except ValueError as error:
        raise EasyPostError(422, "PARAMETER.INVALID", "a datetime filter is no date and time.") from error
