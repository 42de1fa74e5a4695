"""Stripe v1: key check, form encoding, idempotency, cursors, errors, events and their signature.

Facts: the first answer of a key is stored once execution began and replayed with `Idempotent-Replayed: true`; the same
key with other parameters is an `idempotency_error`; a key in flight is a 409; validation failures are not stored.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.consent import Desk, TokenBook
from connectors.twin.wire.stripe import consent, shapes
from connectors.twin.wire.stripe.forms import parse_form
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Charge, Dispute, FraudWarning, Refund

API_KEY = "rk_test_twin_51Qlumenandloft"
WEBHOOK_SECRET = "whsec_twin_2f6c61776e616e646c6f6674"  # noqa: S105 - the twin's own
CLIENT_ID, CLIENT_SECRET = "ca_twin_Qlumenandloft", "sk_test_twin_platform_6f7073726f6f6d"
KEY_LIFE = DAY
CODES = {
    "already_refunded": "charge_already_refunded", "disputed": "charge_disputed", "too_much": "amount_too_large",
    "bad_amount": "parameter_invalid_integer", "past_due": "dispute_past_due", "wrong_state": "resource_invalid_state",
}  # fmt: skip
Params = dict[str, Any]


class StripeError(Exception):
    """An error in Stripe's envelope. Raised before execution begins, so its answer is not stored."""

    def __init__(
        self, message: str, *, code: str = "", param: str = "", status: int = 400,
        type: str = "invalid_request_error", **extra: Any,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "type": type, **extra}
        if code:
            self.body |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code}"}
        if param:
            self.body["param"] = param


def sign_header(secret: str, body: bytes, at: int) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over `{t}.{body}` with the secret as literal text."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Stripe:
    """The wire. `routes` maps (method, path shape) to what answers; `*` in a shape is an id."""

    kind = "stripe"
    client_id, client_secret = CLIENT_ID, CLIENT_SECRET

    def __init__(
        self, market: Market, routes: Mapping[tuple[str, str], Callable[..., Any]], *, has_limits: bool = True
    ) -> None:
        self.market, self.routes = market, routes
        self._words = {part for _, shape in routes for part in shape.split("/")} - {"*"}
        self.overall = Bucket(100, 100) if has_limits else None
        self.desk = Desk("Stripe", lambda: market.now, code_life=300, code_prefix="ac_")
        self.tokens = TokenBook(lambda: market.now, access_life=float("inf"), access_prefix="sk_acct_")
        self.answers: dict[str, tuple[str, int, bytes, float]] = {}
        self.in_flight: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self._serial = count(1)
        self.ledger: tuple[tuple[int, int], list[Charge | Refund]] = ((0, 0), [])
        rows: list[Dispute | FraudWarning] = [*market.disputes, *market.fraud_warnings]
        for row in rows:
            if row.created > market.now - 3 * DAY:
                topic = "charge.dispute.created" if isinstance(row, Dispute) else "radar.early_fraud_warning.created"
                self._event(topic, row, row.created)
        self.events.sort(key=lambda event: int(event["created"]))
        market.listeners.append(self._note)

    def account(self) -> dict[str, Any]:
        return {
            "kind": "stripe", "name": "Lumen & Loft (Stripe)", "external_id": "acct_1QTwinLumenLoft", "country": "US",
            "currency": "USD", "time_zone": "America/Chicago",
            "settings": {"charges_for": "lumen-and-loft.myshopify.com"} | pace(self.overall is not None),
            "credentials": {
                "api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET, "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path shape: `POST /v1/refunds`, `GET /v1/charges/*`."""
        shape, _ = self._shape(request.path)
        return f"{request.method} {shape}"

    def _shape(self, path: str) -> tuple[str, list[str]]:
        parts = path.rstrip("/").split("/")
        ids = [part for part in parts if part not in self._words]
        return "/".join(part if part in self._words else "*" for part in parts), ids

    def handle(self, request: Request) -> Reply:
        if request.path in (consent.PAGE, consent.TOKEN):
            return (consent.page if request.path == consent.PAGE else consent.exchange)(self, request)
        try:
            reply = self._answer(request)
        except StripeError as error:
            reply = json_reply({"error": error.body}, error.status)
        reply.headers |= {"request-id": f"req_{next(self._serial):014d}", "stripe-version": shapes.API_VERSION}
        return reply

    def _answer(self, request: Request) -> Reply:
        self._check_key(request)
        if self.overall is not None and not self.overall.take(1, time()):
            raise StripeError("Too many requests hit the API too quickly.", code="rate_limit", status=429)
        shape, ids = self._shape(request.path)
        call = self.routes.get((request.method, shape))
        if call is None:
            raise StripeError(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)
        if request.method == "GET":
            return json_reply(call(self, parse_form(request.query), *ids))
        return self._once(request, call, ids)

    def _check_key(self, request: Request) -> None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            value = base64.b64decode(value + "==", validate=False).decode("latin-1").partition(":")[0]
        held = self.tokens.holder(value)
        if held is not None and request.method != "GET" and held.scopes == ("read_only",):
            text = "The provided key does not have the required permissions for this endpoint."
            raise StripeError(text, status=403, code="more_permissions_required")
        if held is None and not hmac.compare_digest(value.encode(), API_KEY.encode()):
            raise StripeError(f"Invalid API Key provided: {value[:8]}***", status=401)

    def _once(self, request: Request, call: Callable[..., Any], ids: list[str]) -> Reply:
        """A POST, with the idempotency that its key asks for."""
        key = request.headers.get("idempotency-key", "")
        if len(key) > 255:
            raise StripeError("Idempotency keys must be at most 255 characters.")
        print_ = hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
        known = self.answers.get(key) if key else None
        if known is not None and known[3] > self.market.now:
            if known[0] != print_:
                text = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise StripeError(text, type="idempotency_error")
            return Reply(known[1], known[2], {"idempotent-replayed": "true", "original-request": f"req_{key[:14]}"})
        if key in self.in_flight:
            raise StripeError(
                "There is currently another in-progress request using this key.",
                status=409,
                code="idempotency_key_in_use",
            )
        reply = self._run(request, call, ids, key)
        if key:
            self.answers[key] = (print_, reply.status, reply.body, self.market.now + KEY_LIFE)
        return reply

    def _run(self, request: Request, call: Callable[..., Any], ids: list[str], key: str) -> Reply:
        if request.headers.get("content-type", "").startswith("multipart/"):
            params: Params = {"_body": request.body, "_type": request.headers["content-type"]}
        else:
            params = parse_form(request.body.decode())
        try:
            return json_reply(call(self, params, *ids, key=key))
        except Refusal as refusal:  # execution began, so this answer is stored like a good one
            error = StripeError(str(refusal), code=CODES.get(refusal.code, refusal.code))
            return json_reply({"error": error.body}, error.status)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = json_reply(
            {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}}, 429
        )
        reply.headers["stripe-rate-limited-reason"] = "global-rate"
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return json_reply(
            {"error": {"type": "invalid_request_error", "code": "api_key_expired", "message": "Expired API Key."}}, 401
        )

    # -- events -------------------------------------------------------------------------------------------------------

    def _note(self, channel: str, topic: str, thing: Any) -> None:
        if channel == "stripe":
            self._event(topic, thing, self.market.now)

    def _event(self, topic: str, thing: Any, at: int) -> dict[str, Any]:
        event = {
            "id": f"evt_1Q{len(self.events):010d}Ops", "object": "event", "api_version": shapes.API_VERSION,
            "created": at,
            "data": {"object": shape_of(self.market, thing)}, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None}, "type": topic,
        }  # fmt: skip
        self.events.append(event)
        return event

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """The event that was just noted for the same change, signed."""
        body = orjson.dumps(self.events[-1], option=orjson.OPT_INDENT_2)
        at = int(time())
        return body, {
            "Stripe-Signature": sign_header(WEBHOOK_SECRET, body, at),
            "Content-Type": "application/json; charset=utf-8",
        }


def shape_of(market: Market, thing: Any) -> dict[str, Any]:
    match thing:
        case Charge():
            return shapes.charge(market, thing)
        case Refund():
            return shapes.refund(market, thing)
        case Dispute():
            return shapes.dispute(market, thing)
        case FraudWarning():
            return shapes.fraud_warning(market, thing)
    raise TypeError(f"Stripe has no object for {type(thing).__name__}")


def page(
    url: str, rows: Sequence[Any], render: Callable[[Any], dict[str, Any]], params: Params, id_of: Callable[[Any], str],
    when: Callable[[Any], int],
) -> dict[str, Any]:  # fmt: skip
    """One list, newest first: `limit`, `starting_after` / `ending_before`, `created[…]`. `rows` are oldest first."""
    limit = whole(params, "limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError("Limit must be between 1 and 100.", param="limit")
    chosen = [row for row in rows if in_range(params.get("created"), when(row))] if "created" in params else list(rows)
    chosen.reverse()
    start, end = 0, len(chosen)
    cursor = params.get("starting_after") or params.get("ending_before")
    if cursor:
        place = next((place for place, row in enumerate(chosen) if id_of(row) == cursor), None)
        if place is None:
            name = "starting_after" if params.get("starting_after") else "ending_before"
            raise StripeError(f"No such object: '{cursor}'", code="resource_missing", param=name)
        if params.get("starting_after"):
            start = place + 1
        else:
            start, end = max(0, place - limit), place
    rows_out = chosen[start : min(end, start + limit)]
    has_more = start + limit < len(chosen) if not params.get("ending_before") else start > 0
    return {"object": "list", "data": [render(row) for row in rows_out], "has_more": has_more, "url": url}


def in_range(created: Any, at: int) -> bool:
    """Stripe's `created`: a number, or gt / gte / lt / lte."""
    if not isinstance(created, dict):
        return at == int(created)
    return (
        at > int(created.get("gt", -1)) and at >= int(created.get("gte", 0))
        and at < int(created.get("lt", 1 << 40)) and at <= int(created.get("lte", 1 << 40))
    )  # fmt: skip


def whole(params: Params, name: str, default: int) -> int:
    try:
        return int(params.get(name, default))
    except (TypeError, ValueError) as error:
        raise StripeError(
            f"Invalid integer: {params.get(name)}", param=name, code="parameter_invalid_integer"
        ) from error
