"""Amazon's Selling Partner API: the token header, a bucket for each operation, the error envelope, the table of calls.

Facts: no signature; `x-amz-access-token` lives an hour; a refresh token is not rotated; 401 and 403 say little of why;
each operation of an account has a token bucket of its own, and every reply tells its rate.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.amazon import consent
from connectors.twin.wire.amazon.words import APPLICATION_ID, MARKETPLACE, SELLER, AmazonError, denied, invalid, missing
from connectors.twin.wire.consent import Desk, TokenBook
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.trade import Order

CLIENT_ID, CLIENT_SECRET = "amzn1.application-oa2-client.opsroom", "amzn1.oa2-cs.v1.opsroomtwinsecret"
BRIDGE_KEY = "bridge-of-the-test-market"
ACCESS_LIFE, REFRESH_LIFE = 3_600, 365 * 86_400
GRANTLESS = "grantless"
CODES = {"sent_already": 403}  # the market's no → the status by which Amazon says it; 400 where it is not named


@dataclass(slots=True)
class Call:
    """One call under way. `names` are the parts of the path, `query` the parameters, `body` the JSON."""

    request: Request
    names: tuple[str, ...]
    query: Mapping[str, str]
    body: dict[str, Any] = field(default_factory=dict)

    def must(self, name: str) -> str:
        value = self.query.get(name, "")
        if not value:
            raise invalid(f"Missing required parameter: {name}.")
        return value

    def listed(self, name: str) -> list[str]:
        return [part for part in self.query.get(name, "").split(",") if part]

    def at(self, name: str) -> int | None:
        """A moment in ISO 8601 as Unix seconds; None where it is not given."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise invalid(f"Invalid ISO 8601 date-time for {name}.") from error
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

    def size(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise invalid(f"{name} must be between 1 and {most}.")
        return int(text)

    def text(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(f"Missing or invalid field in the request body: {name}.")
        return value


Answer = Callable[["Amazon", Call], Any]
# The operator's bridge: (wire, topic, what changed, secret) -> the body and headers that it posts on.
Bridge = Callable[["Amazon", str, Any, str], tuple[bytes, dict[str, str]] | None]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: method and path, Amazon's name for it, its default bucket, and the status of a good answer."""

    method: str
    path: str
    operation: str
    burst: float
    rate: float
    answer: Answer
    status: int = 200
    is_grantless: bool = False

    @property
    def shape(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{\w+\}", "([^/]+)", self.path))


class Amazon:
    """The wire; state of the protocol only (tokens, documents, feeds, reports), everything else is the market's."""

    kind = "amazon"

    def __init__(self, market: Market, routes: tuple[Route, ...], bridge: Bridge, *, has_limits: bool = True) -> None:
        self.market, self.bridge, self.has_limits = market, bridge, has_limits
        self.routes = [(route, route.shape) for route in routes]
        self.buckets = {route.operation: Bucket(route.burst, route.rate) for route in routes} if has_limits else {}
        self.serial = count(1)
        self.desk = Desk("Amazon", lambda: market.now, code_life=300, code_prefix="ANDS")
        self.tokens = TokenBook(
            lambda: market.now, access_life=ACCESS_LIFE, refresh_life=REFRESH_LIFE, access_prefix="Atza|",
            refresh_prefix="Atzr|", is_single_use=False,
        )  # fmt: skip
        self.pair = self.tokens.give(SELLER)
        self.documents: dict[str, Any] = {}
        self.feeds: list[Any] = []
        self.reports: list[Any] = []
        self.confirmed: dict[int, list[dict[str, Any]]] = {}  # order index → packages that the seller confirmed
        self.lead_days: dict[str, int] = {}  # sku → handling time, where the listing still says one
        self.destinations: dict[str, dict[str, Any]] = {}
        self.subscriptions: dict[str, dict[str, Any]] = {}

    def account(self) -> dict[str, Any]:
        return {
            "kind": "amazon", "name": "Lumen & Loft (Amazon.com)", "external_id": f"{SELLER}:{MARKETPLACE}",
            "country": "US", "currency": "USD", "time_zone": "America/Los_Angeles",
            "settings": {"stock_pool": "US-1", "marketplace_id": MARKETPLACE} | pace(self.has_limits),
            "credentials": {
                "application_id": APPLICATION_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "selling_partner_id": SELLER, "access_token": self.pair.access, "refresh_token": self.pair.refresh,
                "webhook_secret": BRIDGE_KEY,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Amazon's own name of the operation; of a document its method and place."""
        found = self._route(request)
        if found is None:
            return f"{request.method} {request.path.rsplit('/', 1)[0]}"
        return "previewListingsItem" if "mode=VALIDATION_PREVIEW" in request.query else found[0].operation

    def _route(self, request: Request) -> tuple[Route, tuple[str, ...]] | None:
        for route, shape in self.routes:
            match = shape.fullmatch(request.path)
            if match and route.method == request.method:
                return route, match.groups()
        return None

    def handle(self, request: Request) -> Reply:
        if request.path == consent.PAGE:
            return consent.page(self, request)
        if request.path == consent.TOKEN:
            return consent.token(self, request)
        if request.path.startswith("/documents/"):
            return self._document(request)
        try:
            return self._answer(request)
        except AmazonError as error:
            return self._refused(error)
        except Refusal as refusal:
            return self._refused(AmazonError(CODES.get(refusal.code, 400), "InvalidInput", str(refusal)))

    def _answer(self, request: Request) -> Reply:
        found = self._route(request)
        if found is None:
            raise missing(request.path)
        route, names = found
        self._check(request, route)
        if self.buckets and not self.buckets[route.operation].take(1, time()):
            raise AmazonError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        answer = route.answer(self, Call(request, names, request.params(), self._body(request)))
        reply = Reply(204, b"") if answer is None else json_reply(answer, route.status)
        return self._headed(reply, route)

    def _check(self, request: Request, route: Route) -> None:
        token = request.headers.get("x-amz-access-token", "")
        if not token:
            raise AmazonError(
                403, "MissingAuthentication", "Access to requested resource is denied.", "token is missing"
            )
        if not request.headers.get("user-agent"):
            raise AmazonError(400, "InvalidInput", "The user-agent header is missing.")
        holder = self.tokens.holder(token)
        if holder is None or (holder.account == GRANTLESS) is not route.is_grantless:
            raise denied()

    def _body(self, request: Request) -> dict[str, Any]:
        if request.method not in ("POST", "PATCH", "PUT") or not request.body:
            return {}
        try:
            body = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise invalid("The request body is not JSON.") from error
        if not isinstance(body, dict):
            raise invalid("The request body must be a JSON object.")
        return body

    def _headed(self, reply: Reply, route: Route | None = None, rate: float | None = None) -> Reply:
        reply.headers["x-amzn-requestid"] = f"{next(self.serial):08x}-twin"
        told = route.rate if route else rate
        if told and self.has_limits:  # a caller believes what it is told and would slow down to it
            reply.headers["x-amzn-ratelimit-limit"] = f"{told:g}"
        return reply

    def _refused(self, error: AmazonError, rate: float | None = None) -> Reply:
        row = {"code": error.code, "message": str(error), "details": error.details}
        return self._headed(json_reply({"errors": [row]}, error.status), rate=rate)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        error = AmazonError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        return self._refused(error, rate=1 / seconds if seconds else None)

    def expired(self, request: Request) -> Reply:
        return self._refused(denied("The access token you provided has expired."))

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        return self.bridge(self, topic, thing, BRIDGE_KEY)

    # -- documents: open to whoever has the link, for five minutes

    def _document(self, request: Request) -> Reply:
        document = self.documents.get(request.path.removeprefix("/documents/"))
        if document is None or request.params().get("X-Amz-Signature") != document.signature:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        if document.open_until < self.market.now:
            said = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            return Reply(403, said, content_type="application/xml")
        if request.method == "PUT" and document.is_writable:
            document.content, document.content_type = request.body, request.headers.get("content-type", "")
            return Reply(200, b"")
        if request.method == "GET" and not document.is_writable:
            return Reply(200, document.content, content_type=document.content_type)
        return Reply(405, b"<Error><Code>MethodNotAllowed</Code></Error>", content_type="application/xml")

    # -- what the calls share

    def find(self, name: str) -> Order:
        """The order of that id. Raises AmazonError NotFound."""
        order = self.market.find("amazon", name)
        if order is None:
            raise missing(name)
        return order

    def in_marketplace(self, call: Call, name: str = "marketplaceIds", *, is_needed: bool = False) -> None:
        given = call.listed(name)
        if (is_needed and not given) or any(one != MARKETPLACE for one in given):
            raise invalid(f"Invalid marketplace in {name}.")
