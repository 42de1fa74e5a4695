"""Zoho Inventory v1 and the one call of Books v3: tokens, scopes, the organisation, pages, limits, the envelope."""

from collections.abc import Callable, Mapping
from time import time
from typing import Any

import orjson

from connectors.twin.deeds import Refusal
from connectors.twin.market import Market
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.wire.zoho.consent import CLIENT_ID, CLIENT_SECRET, Accounts
from connectors.twin.wire.zoho.shapes import ORGANISATION, Shape
from connectors.twin.world.channels import DAY

MOST_ROWS = 200
DAILY = 10_000
RIGHTS = {"GET": "READ", "POST": "CREATE"}


class ZohoError(Exception):
    """A refusal in Zoho's envelope."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


Call = Callable[["Zoho", dict[str, str], Shape, str], Any]


class Zoho:
    """The wire. `routes` maps (method, path shape) to (what answers, module of the scope); `*` in a shape is an id."""

    kind = "zoho"

    def __init__(
        self, market: Market, routes: Mapping[tuple[str, str], tuple[Call, str]], *, has_limits: bool = True
    ) -> None:
        self.market, self.routes = market, routes
        market.supply.open_books(market.goods, market.now)
        self.accounts = Accounts(market)
        self.connected = self.accounts.connected()
        self.minute = Bucket(100, 100 / 60) if has_limits else None
        self.today, self.calls_today = 0, 0

    def account(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": "Lumen & Loft (Zoho)", "external_id": ORGANISATION, "country": "SG",
            "currency": "USD", "time_zone": "Asia/Singapore", "settings": pace(self.minute is not None),
            "credentials": {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "access_token": self.connected.access,
                "refresh_token": self.connected.refresh,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path shape: `GET /inventory/v1/purchaseorders/*`."""
        return f"{request.method} {shape_of(request.path)[0]}"

    def handle(self, request: Request) -> Reply:
        if request.path.startswith("/oauth/"):
            return self.accounts.handle(request)
        try:
            answer = self._answer(request)
            status = 201 if answer.pop("_made", False) else 200
            return json_reply({"code": 0, "message": "success", **answer}, status)
        except ZohoError as error:
            return envelope(error)
        except Refusal as refusal:
            return envelope(ZohoError(36_023, str(refusal)))

    def _answer(self, request: Request) -> Shape:
        held = self.accounts.holder(request)
        if held is None:
            raise ZohoError(14, "Invalid value passed for authtoken.", 401)
        self._count()
        shape, id = shape_of(request.path)
        if (request.method, shape) not in self.routes:
            raise ZohoError(5, "Invalid URL Passed", 404)
        call, scope = self.routes[request.method, shape]
        if f"{scope}.{RIGHTS[request.method]}" not in held.scopes:
            raise ZohoError(57, "You are not authorized to perform this operation", 401)
        params = request.params()
        if not shape.endswith("/organizations") and params.get("organization_id") != ORGANISATION:
            raise ZohoError(6041, f"This user is not associated with the CompanyID: {params.get('organization_id')}.")
        found: Shape = call(self, params, parsed(request.body), id)
        return found

    def _count(self) -> None:
        if self.minute is None:
            return
        today = int(time()) // DAY
        self.calls_today = self.calls_today + 1 if today == self.today else 1
        self.today = today
        if self.calls_today > DAILY:
            raise ZohoError(45, "You have crossed the maximum call rate limit for this organization per day.", 429)
        if not self.minute.take(1, time()):
            raise ZohoError(44, "Your organization has crossed the maximum call rate limit per minute.", 429)

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = envelope(ZohoError(44, "Your organization has crossed the maximum call rate limit per minute.", 429))
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return envelope(ZohoError(14, "Invalid value passed for authtoken.", 401))

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Nothing: Zoho pushes only what the owner's own workflow rules were set up to send."""
        return None


def shape_of(path: str) -> tuple[str, str]:
    """The path with its id as `*`, and the id."""
    parts = path.rstrip("/").split("/")
    ids = [part for part in parts if part.isdigit()]
    return "/".join("*" if part.isdigit() else part for part in parts), ids[0] if ids else ""


def parsed(body: bytes) -> Shape:
    if not body:
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ZohoError(4, "Invalid JSON passed.") from error
    if not isinstance(found, dict):
        raise ZohoError(4, "Invalid JSON passed.")
    return found


def envelope(error: ZohoError) -> Reply:
    return json_reply({"code": error.code, "message": str(error)}, error.status)


def page(name: str, rows: list[Any], shape: Callable[[Any], Shape], params: Mapping[str, str]) -> Shape:
    """One page of a list, with the context by which a caller goes on."""
    number, size = whole(params, "page", 1), min(MOST_ROWS, whole(params, "per_page", MOST_ROWS))
    begin = (number - 1) * size
    context = {
        "page": number, "per_page": size, "has_more_page": len(rows) > begin + size,
        "sort_column": params.get("sort_column", "created_time"), "sort_order": params.get("sort_order", "D"),
    }  # fmt: skip
    return {name: [shape(row) for row in rows[begin : begin + size]], "page_context": context}


def whole(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, "")
    if text and (not text.isdigit() or int(text) < 1):
        raise ZohoError(2, f"Invalid value passed for {name}.")
    return int(text) if text else default
