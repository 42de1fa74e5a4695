"""Shopify over HTTP: token check, GraphQL with cost and throttling, @idempotent, OAuth tokens, signed webhooks."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from itertools import count
from time import time
from typing import Any
from uuid import UUID

import orjson

from connectors.twin.market import Market
from connectors.twin.wire.consent import Desk, Pair
from connectors.twin.wire.shopify import consent
from connectors.twin.wire.shopify.edits import MUTATIONS as EDITS
from connectors.twin.wire.shopify.edits import Draft, Session
from connectors.twin.wire.shopify.execute import Binder, Refused, Root, prepare, run
from connectors.twin.wire.shopify.reads import ROOTS
from connectors.twin.wire.shopify.shapes import RESOLVERS
from connectors.twin.wire.shopify.shapes.scalars import FIRST, gid, iso
from connectors.twin.wire.shopify.writes import MUTATIONS as WRITES
from connectors.twin.wire.shopify.writes import NEEDS_KEY
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.channels import DAY
from connectors.twin.world.goods import Good
from connectors.twin.world.trade import Order

VERSION, DOMAIN = "2026-10", "lumen-and-loft.myshopify.com"
CLIENT_ID, CLIENT_SECRET = "9f1c2b7ad0e54cc1a3d5", "shpss_twin_3d6c756d656e6c6f6674"
KEY_LIFE = DAY
MUTATIONS = WRITES | EDITS
BUCKET, RESTORE, MOST_COST = 20_000.0, 1_000.0, 1_000.0  # a Plus store


class Shopify:
    """The wire; tokens, keys and jobs are its own, the rest is the market's. `search_notes` and `scopes` are of the
    running call."""

    kind, domain = "shopify", DOMAIN
    client_id, client_secret = CLIENT_ID, CLIENT_SECRET

    def __init__(self, market: Market, *, has_limits: bool = True) -> None:
        self.market = market
        self.token = "shpat_" + hashlib.sha256(f"shopify {market.seed}".encode()).hexdigest()[:32]
        self.tokens = consent.Tokens(lambda: market.now)
        lasting = Pair(self.token, "", float("inf"), 0.0, DOMAIN, tuple(consent.ALL))
        self.tokens.by_access[self.token] = lasting
        self.desk = Desk("Shopify", lambda: market.now)
        self.scopes = consent.ALL
        # Without limits the replies still tell of a bucket, one that is never empty.
        more = 1 if has_limits else 1_000
        self.bucket = Bucket(BUCKET * more, RESTORE * more)
        self.keys: dict[str, tuple[str, dict[str, Any], float]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.drafts: list[Draft] = []
        self.sessions: dict[str, Session] = {}
        self.subscriptions: dict[str, str] = {}
        self.search_notes: list[dict[str, Any]] = []
        self._serial = count(1)

    def account(self) -> dict[str, Any]:
        return {
            "kind": "shopify", "name": "Lumen & Loft (Shopify)", "external_id": DOMAIN, "country": "US",
            "currency": "USD",
            "time_zone": "America/Chicago", "settings": {"stock_pool": "SG-1"} | pace(self.bucket.size == BUCKET),
            "credentials": {"access_token": self.token, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """The root fields, joined by commas: `orders`, `refundCreate`."""
        try:
            body = orjson.loads(request.body)
            prepared = prepare(body["query"], body.get("operationName") or "")
        except (orjson.JSONDecodeError, KeyError, TypeError, Refused):
            return request.path.rpartition("/")[2]
        return ",".join(
            node.name.value for node in prepared.operation.selection_set.selections if hasattr(node, "name")
        )

    def handle(self, request: Request) -> Reply:
        if request.path == consent.PAGE:
            return consent.page(self, request)
        if request.path == consent.TOKEN:
            return consent.exchange(self, request)
        if not request.path.endswith("/graphql.json") or request.method != "POST":
            return json_reply({"errors": "Not Found"}, 404)
        held = self.tokens.holder(request.headers.get("x-shopify-access-token", ""))
        if held is None:
            return self.expired(request)
        self.scopes = frozenset(held.scopes)
        try:
            body = orjson.loads(request.body)
            text, variables = str(body["query"]), body.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return json_reply({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        reply = json_reply(self._execute(text, variables, body.get("operationName") or ""))
        reply.headers |= {"x-shopify-api-version": VERSION, "x-request-id": str(UUID(int=next(self._serial)))}
        return reply

    def _execute(self, text: str, variables: Mapping[str, Any], name: str) -> dict[str, Any]:
        self.search_notes = []
        try:
            roots, cost = Binder(prepare(text, name), variables, RESOLVERS).roots()
            throttled = self._price(cost)
        except Refused as refused:
            return {"errors": refused.errors}
        if throttled is not None:
            return throttled
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for root in roots:
            try:
                data[root.response_key] = self._root(root)
            except Refused as refused:
                data[root.response_key] = None
                errors += [{"path": [root.response_key], **error} for error in refused.errors]
            except ValueError as error:
                data[root.response_key] = None
                errors.append(
                    {
                        "message": f"Invalid argument: {error}",
                        "path": [root.response_key],
                        "extensions": {"code": "BAD_REQUEST"},
                    }
                )
        answer: dict[str, Any] = {"data": data}
        if errors:
            answer["errors"] = errors
        answer["extensions"] = {"cost": self._cost(cost, cost)}
        if self.search_notes:
            answer["extensions"]["search"] = self.search_notes
        return answer

    def _price(self, cost: float) -> dict[str, Any] | None:
        """Take the cost out of the bucket. Raises Refused above one query's limit; a throttled answer otherwise."""
        if cost > MOST_COST:
            text = f"Query cost is {cost:.0f}, which exceeds the single query max cost limit ({MOST_COST:.0f})."
            raise Refused(
                {
                    "message": text,
                    "extensions": {"code": "MAX_COST_EXCEEDED", "cost": round(cost), "maxCost": MOST_COST},
                }
            )
        if not self.bucket.take(cost, time()):
            return self._throttled(cost)
        return None

    def _throttled(self, cost: float) -> dict[str, Any]:
        error = {
            "message": "Throttled",
            "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
        return {"errors": [error], "extensions": {"cost": self._cost(cost, None)}}

    def _cost(self, requested: float, actual: float | None) -> dict[str, Any]:
        left = self.bucket.refill(time())
        return {
            "requestedQueryCost": round(requested), "actualQueryCost": None if actual is None else round(actual),
            "throttleStatus": {"maximumAvailable": self.bucket.size, "currentlyAvailable": int(left),
            "restoreRate": self.bucket.per_second},
        }  # fmt: skip

    def _root(self, root: Root) -> Any:
        if denied := consent.denial(root.name, self.scopes):
            raise Refused(denied)
        mutation = MUTATIONS.get(root.name)
        if mutation is None:
            row = ROOTS[root.name](self, root.arguments)
            return run(root.plan, row, self) if row is not None else None
        if root.name not in NEEDS_KEY:
            return run(root.plan, mutation(self, root.arguments, root.key), self)
        return self._once(root)

    def _once(self, root: Root) -> Any:
        """A mutation that must carry @idempotent; the first result of a key is given again for 24 hours."""
        if not root.key.strip():
            text = "The @idempotent directive is required for this mutation but was not provided."
            raise Refused({"message": text, "extensions": {"code": "BAD_REQUEST"}})
        print_ = hashlib.sha256(repr((root.name, _plain(root.arguments))).encode()).hexdigest()
        known = self.keys.get(root.key)
        if known is not None and known[2] > self.market.now:
            if known[0] != print_:
                text = "The idempotency key was used with other parameters."
                raise Refused({"message": text, "extensions": {"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}})
            return run(root.plan, known[1], self)
        payload = MUTATIONS[root.name](self, root.arguments, root.key)
        self.keys[root.key] = (print_, payload, self.market.now + KEY_LIFE)
        return run(root.plan, payload, self)

    # -- tokens, limits, pushes ---------------------------------------------------------------------------------------

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        """The bucket is empty, as THROTTLED in a 200; with advice in seconds it is the edge's own 429."""
        if seconds is None:
            return json_reply(self._throttled(100.0))
        return Reply(429, b'{"errors":"Exceeded API rate limit"}', {"retry-after": f"{seconds:g}"})

    def expired(self, request: Request) -> Reply:
        return json_reply(
            {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
        )

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Base64 HMAC-SHA256 of the raw body with the client secret."""
        if isinstance(thing, Order):
            row: dict[str, Any] = {
                "id": FIRST["Order"] + thing.index, "admin_graphql_api_id": gid("Order", thing.index),
                "name": thing.number, "updated_at": iso(thing.updated),
            }  # fmt: skip
        elif isinstance(thing, Good):
            row = {"inventory_item_id": FIRST["InventoryItem"] + thing.index, "location_id": 76_000_000_001,
                   "available": thing.on_hand - thing.open_at("shopify"),
                   "updated_at": iso(thing.updated)}  # fmt: skip
        else:
            return None
        body = orjson.dumps(row)
        event = str(UUID(int=next(self._serial)))
        return body, {
            "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": DOMAIN, "X-Shopify-API-Version": VERSION,
            "X-Shopify-Webhook-Id": event, "X-Shopify-Event-Id": event,
            "X-Shopify-Triggered-At": iso(self.market.now) or "",
            "X-Shopify-Hmac-Sha256": sign(CLIENT_SECRET, body), "Content-Type": "application/json",
        }  # fmt: skip


def sign(secret: str, body: bytes) -> str:
    """What `X-Shopify-Hmac-Sha256` must hold."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _plain(value: Any) -> Any:
    """Arguments in an order that does not depend on how they were written."""
    if isinstance(value, Mapping):
        return sorted((name, _plain(child)) for name, child in value.items())
    return [_plain(child) for child in value] if isinstance(value, list) else value
