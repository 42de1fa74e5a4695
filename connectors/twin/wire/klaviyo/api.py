"""Klaviyo over the market: keys and tokens with scopes, dated revisions, filters, links to the next page, meters."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson

from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook, Wanted
from connectors.twin.wire.klaviyo import shapes
from connectors.twin.wire.klaviyo.book import Book, Json, iso
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace

API_KEY = "pk_twin_5d1f0a7c3e9b4d2f8a61"
WEBHOOK_SECRET = "klaviyo_twin_secret_1672"  # noqa: S105 - the twin's own
CLIENT_ID, CLIENT_SECRET = "9f2c1e40-twin-ops-room", "klaviyo-twin-client-secret"
SCOPES = tuple(
    f"{name}:{right}"
    for name in ("accounts", "campaigns", "events", "flows", "metrics", "profiles")
    for right in ("read", "write")
)
ACCESS_LIFE, UNUSED_LIFE = 3_600, 90 * 86_400
REVISION = re.compile(r"20\d\d-\d\d-\d\d")
MEDIA = "application/vnd.api+json"
Query = dict[str, str]
Routes = Mapping[str, tuple[str, Callable[..., Any]]]  # method and path shape -> scope, what answers
BURST, STEADY = 10, 150


class KlaviyoError(Exception):
    """One error in Klaviyo's envelope."""

    def __init__(self, detail: str, status: int = 400, code: str = "invalid", **source: str) -> None:
        super().__init__(detail)
        self.status, self.code, self.source = status, code, source

    def reply(self) -> Reply:
        row = {
            "id": "0f0a5d1c-twin", "status": self.status, "code": self.code, "title": str(self), "detail": str(self),
            "source": self.source, "links": {}, "meta": {},
        }  # fmt: skip
        return Reply(self.status, orjson.dumps({"errors": [row]}), content_type=MEDIA)


class Klaviyo:
    kind = "klaviyo"

    def __init__(
        self, market: Market, routes: Mapping[str, tuple[str, Callable[..., Any]]], *, has_limits: bool
    ) -> None:
        self.market, self.routes, self.book = market, routes, Book(market)
        now = lambda: float(market.now)  # noqa: E731 - the market's clock moves on
        self.desk = Desk("Klaviyo", now)
        self.tokens = TokenBook(now, access_life=ACCESS_LIFE, refresh_life=UNUSED_LIFE, is_single_use=False)
        self.burst, self.steady = Bucket(BURST, BURST), Bucket(STEADY, STEADY / 60)
        self.has_limits = has_limits
        self.reports = Bucket(225, 225 / 86_400)

    def account(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "name": "Lumen & Loft (Klaviyo)", "external_id": shapes.ACCOUNT, "country": "SG",
            "currency": "USD", "time_zone": "Asia/Singapore", "settings": pace(self.has_limits),
            "credentials": {
                "api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET, "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """Method and path shape: `GET /api/events`, `PATCH /api/flows/*`."""
        return f"{request.method} {self._shape(request.path)[0]}"

    def _shape(self, path: str) -> tuple[str, list[str]]:
        parts = path.rstrip("/").split("/")
        return "/".join([*parts[:3], *("*" for _ in parts[3:])]), parts[3:]

    def handle(self, request: Request) -> Reply:
        if request.path == "/oauth/authorize":
            return self.desk.decide(request) if request.method == "POST" else self._page(request)
        if request.path == "/oauth/token" and request.method == "POST":
            return self._token(request)
        try:
            reply = self._answer(request)
        except KlaviyoError as error:
            reply = error.reply()
        if self.has_limits:
            reply.headers |= {
                "ratelimit-limit": f"{STEADY}, {BURST};w=1, {STEADY};w=60",
                "ratelimit-remaining": str(int(min(self.burst.level, self.steady.level))), "ratelimit-reset": "60",
            }  # fmt: skip
        return reply

    def _answer(self, request: Request) -> Reply:
        shape, parts = self._shape(request.path)
        found = self.routes.get(f"{request.method} {shape}")
        if found is None:
            raise KlaviyoError("The path does not exist.", 404, "not_found")
        scope, call = found
        self._check(request, scope)
        if self.has_limits and not (self.burst.take(1, time()) and self.steady.take(1, time())):
            raise KlaviyoError("Request was throttled. Expected available in 1 second.", 429, "throttled")
        made = call(self, request, *parts)
        if isinstance(made, Reply):
            return made
        return Reply(200, orjson.dumps(made), content_type=MEDIA)

    def _check(self, request: Request, scope: str) -> None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        pair = self.tokens.holder(value) if kind == "Bearer" else None
        is_key = kind == "Klaviyo-API-Key" and hmac.compare_digest(value.encode(), API_KEY.encode())
        if not is_key and pair is None:
            raise KlaviyoError("Incorrect authentication credentials.", 401, "not_authenticated")
        if pair is not None and scope not in pair.scopes:
            raise KlaviyoError(f"This token lacks the scope {scope}.", 403, "permission_denied")
        if not REVISION.fullmatch(request.headers.get("revision", "")):
            raise KlaviyoError("A valid revision header is required.", 400, "invalid_revision")

    def base(self, request: Request) -> str:
        return f"http://{request.headers.get('host', '')}/{self.kind}"

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = KlaviyoError("Request was throttled.", 429, "throttled").reply()
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return KlaviyoError("Incorrect authentication credentials.", 401, "not_authenticated").reply()

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """A system webhook for an event that the API took."""
        if topic != "event":
            return None
        row = {"external_id": thing.id, "topic": f"event:klaviyo.{thing.metric}", "payload": {"id": thing.id}}
        body = orjson.dumps({"data": [row], "meta": {}})
        when = iso(int(time()))
        signature = hmac.new(WEBHOOK_SECRET.encode(), body + when.encode(), hashlib.sha256).hexdigest()
        return body, {
            "Klaviyo-Signature": signature, "Klaviyo-Timestamp": when, "Klaviyo-Webhook-Id": "wh_twin",
            "Content-Type": "application/json",
        }  # fmt: skip

    # -- the app's permission ------------------------------------------------------------------------------------------

    def _page(self, request: Request) -> Reply:
        asked = request.params()
        scopes = tuple(asked.get("scope", "").split())
        is_known = asked.get("client_id") == CLIENT_ID and asked.get("response_type") == "code"
        if not is_known or not asked.get("code_challenge") or set(scopes) - set(SCOPES):
            return json_reply(
                {"error": "invalid_request", "error_description": "PKCE and known scopes are needed"}, 400
            )
        return self.desk.page(
            Wanted(
                CLIENT_ID, "Ops Room", "Lumen & Loft", asked.get("redirect_uri", ""), asked.get("state", ""), scopes,
                asked["code_challenge"], asked.get("code_challenge_method", "plain"),
            )
        )  # fmt: skip

    def _token(self, request: Request) -> Reply:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return json_reply({"error": "invalid_client", "error_description": "unknown client"}, 401)
        try:
            pair = self._traded(form)
        except BadConsent as error:
            return json_reply({"error": error.code, "error_description": str(error)}, 400)
        return json_reply(
            {
                "access_token": pair.access, "refresh_token": pair.refresh, "token_type": "Bearer",
                "expires_in": ACCESS_LIFE, "scope": " ".join(pair.scopes),
            }
        )  # fmt: skip

    def _traded(self, form: Query) -> Pair:
        if form.get("grant_type") == "refresh_token":
            return self.tokens.renew(form.get("refresh_token", ""))
        wanted = self.desk.redeem(
            form.get("code", ""), client_id=CLIENT_ID, redirect_uri=form.get("redirect_uri"),
            verifier=form.get("code_verifier", ""),
        )  # fmt: skip
        return self.tokens.give(wanted.account, wanted.scopes)


def listed(wire: Klaviyo, request: Request, rows: list[Any], show: Callable[[Any], Json], size: int, most: int) -> Json:
    """One page; its cursor is opaque and part of a whole link."""
    query = request.params()
    asked, cursor = query.get("page[size]", str(size)), query.get("page[cursor]", "")
    if not asked.isdigit() or not 1 <= int(asked) <= most:
        raise KlaviyoError(f"Page size must be between 1 and {most}.", parameter="page[size]")
    try:
        begin = int(base64.b64decode(cursor + "==").decode()) if cursor else 0
    except ValueError as error:
        raise KlaviyoError("Invalid cursor.", parameter="page[cursor]") from error
    end = begin + int(asked)
    here = f"{wire.base(request)}{request.path}"
    links = {"self": f"{here}?{request.query}"}
    if end < len(rows):
        following = base64.b64encode(str(end).encode()).decode().rstrip("=")
        links["next"] = f"{here}?{urlencode({**query, 'page[cursor]': following})}"
    return {"data": [show(row) for row in rows[begin:end]], "links": links}
