"""The Gmail API v1 over the market's post: bearer tokens with scopes, quota units, history, send, Pub/Sub pushes."""

import re
from collections.abc import Callable
from time import time
from typing import Any

from connectors.twin.market import Market
from connectors.twin.wire.gmail.box import Box, Letter
from connectors.twin.wire.gmail.pubsub import SERVICE_ACCOUNT, PubSub
from connectors.twin.wire.google_sign_in import CLIENT_ID, CLIENT_SECRET, GoogleSignIn
from connectors.twin.wire.web import Bucket, Reply, Request, json_reply, pace
from connectors.twin.world.post import ADDRESS
from connectors.twin.world.trade import Mail

PREFIX = "https://www.googleapis.com/auth/gmail."
SCOPES = tuple(f"{PREFIX}{name}" for name in ("readonly", "modify", "compose", "send", "labels", "metadata"))
SETTINGS = {
    "address": ADDRESS,
    "push_topic": "projects/lumen-and-loft/topics/mail",
    "push_service_account": SERVICE_ACCOUNT,
}
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
          429: "RESOURCE_EXHAUSTED"}  # fmt: skip


class GmailError(Exception):
    """An error in Google's envelope."""

    def __init__(self, message: str, status: int = 400, reason: str = "invalidArgument") -> None:
        super().__init__(message)
        self.status, self.reason = status, reason

    def reply(self) -> Reply:
        rows = [{"message": str(self), "domain": "global", "reason": self.reason}]
        told = {"code": self.status, "message": str(self), "errors": rows, "status": STATUS.get(self.status, "UNKNOWN")}
        return json_reply({"error": told}, self.status)


class Route:
    """One method of the discovery document."""

    def __init__(self, name: str, call: str, scopes: tuple[str, ...], units: int, answer: Callable[..., Any]) -> None:
        self.name, self.scopes, self.units, self.answer = name, scopes, units, answer
        self.method, path = call.split(" ")
        self.shape = re.compile("/gmail/v1/users/([^/]+)" + path.replace("*", "([^/]+)"))


class Gmail:
    """The wire; `routes` are the methods that it answers."""

    kind = "gmail"

    def __init__(self, market: Market, routes: tuple["Route", ...], *, has_limits: bool = True) -> None:
        self.market, self.routes, self.box = market, routes, Box(market.post)
        self.sign_in = GoogleSignIn(market, ADDRESS, SCOPES)
        self.pubsub = PubSub(ADDRESS)
        self.units = Bucket(250, 250) if has_limits else None
        self.box.take_over(market.now)
        market.listeners.append(self._note)

    def account(self) -> dict[str, Any]:
        pair = self.sign_in.connected()
        return {
            "kind": "gmail", "name": "Lumen & Loft (Gmail)", "external_id": ADDRESS, "country": "SG", "currency": "USD",
            "time_zone": "Asia/Singapore", "settings": SETTINGS | pace(self.units is not None),
            "credentials": {
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "access_token": pair.access,
                "refresh_token": pair.refresh, "push_trust": self.pubsub.trust,
            },
        }  # fmt: skip

    def operation(self, request: Request) -> str:
        """The method's name in the discovery document, such as `messages.send`; the path for a sign-in call."""
        route = self._route(request)
        return route[0].name if route else f"{request.method} {request.path}"

    def _route(self, request: Request) -> tuple["Route", list[str]] | None:
        for route in self.routes:
            match = route.shape.fullmatch(request.path)
            if match and route.method == request.method:
                return route, list(match.groups())
        return None

    def handle(self, request: Request) -> Reply:
        signing = self.sign_in.handle(request)
        if signing is not None:
            return signing
        if request.path == "/oauth2/v3/certs":
            return json_reply(self.pubsub.certs)
        try:
            self.box.take_over(self.market.now)
            return self._answer(request)
        except GmailError as error:
            return error.reply()

    def _answer(self, request: Request) -> Reply:
        pair = self.sign_in.bearer(request)
        if pair is None:
            raise GmailError("Request had invalid authentication credentials.", 401, "authError")
        found_route = self._route(request)
        if found_route is None:
            raise GmailError("Not Found", 404, "notFound")
        route, parts = found_route
        if not {f"{PREFIX}{name}" for name in route.scopes} & set(pair.scopes):
            raise GmailError("Request had insufficient authentication scopes.", 403, "insufficientPermissions")
        if self.units is not None and not self.units.take(route.units, time()):
            raise GmailError("Quota exceeded for quota metric 'Queries'", 403, "rateLimitExceeded")
        if parts[0] not in ("me", ADDRESS):
            raise GmailError(f"Delegation denied for {ADDRESS}", 403, "forbidden")
        return json_reply(route.answer(self, request, *parts[1:]))

    def rate_limited(self, request: Request, seconds: float | None) -> Reply:
        reply = GmailError("User-rate limit exceeded.", 429, "rateLimitExceeded").reply()
        if seconds is not None:
            reply.headers["retry-after"] = f"{seconds:g}"
        return reply

    def expired(self, request: Request) -> Reply:
        return GmailError("Request had invalid authentication credentials.", 401, "authError").reply()

    # -- pushes -------------------------------------------------------------------------------------------------------

    def _note(self, channel: str, topic: str, thing: Any) -> None:
        """A mail in the box is what the topic hears of."""
        if channel == "mailbox" and topic == "mail":
            self.market.tell("gmail", topic, thing)

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        if not isinstance(thing, Mail) or not self.pubsub.is_watched(self.market.now):
            return None
        self.box.take_over(self.market.now)
        return self.pubsub.envelope(self.box.history, url, time())

    # -- what the calls share -----------------------------------------------------------------------------------------

    def letter(self, ref: str) -> Letter:
        if ref not in self.box.by_id:
            raise GmailError("Requested entity was not found.", 404, "notFound")
        return self.box.by_id[ref]
