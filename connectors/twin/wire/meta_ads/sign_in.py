"""Facebook Login and tokens as the Graph API takes them: of an hour, of sixty days, of a system user."""

import hashlib
import hmac
from typing import Any

from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook, Wanted
from connectors.twin.wire.meta_ads import shapes
from connectors.twin.wire.web import Reply, Request, json_reply

APP_ID, APP_SECRET = "9876543210987", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
READ, MANAGE = "ads_read", "ads_management"
HOUR, SIXTY_DAYS = 3_600, 5_184_000


class GraphError(Exception):
    """An error in Meta's envelope."""

    def __init__(
        self, code: int, message: str, subcode: int = 0, *, status: int = 400, is_transient: bool = False
    ) -> None:
        super().__init__(message)
        self.code, self.subcode, self.status, self.is_transient = code, subcode, status, is_transient

    def reply(self) -> Reply:
        error: dict[str, Any] = {
            "message": str(self), "type": "OAuthException", "code": self.code, "fbtrace_id": "twinTrace",
        }  # fmt: skip
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.is_transient:
            error["is_transient"] = True
        return json_reply({"error": error}, self.status)


class SignIn:
    def __init__(self, market: Market) -> None:
        now = lambda: float(market.now)  # noqa: E731 - the market's clock moves on
        self.desk = Desk("Facebook", now, code_prefix="AQ")
        self.short = TokenBook(now, access_life=HOUR, access_prefix="EAAs")
        self.long = TokenBook(now, access_life=SIXTY_DAYS, access_prefix="EAAl")
        self.system = TokenBook(now, access_life=float("inf"), access_prefix="EAAsu")

    def dialog(self, request: Request) -> Reply:
        """The consent page, and what was answered on it."""
        if request.method == "POST":
            return self.desk.decide(request, _callback)
        asked = request.params()
        scopes = tuple(filter(None, asked.get("scope", "").split(",")))
        if asked.get("client_id") != APP_ID or set(scopes) - {READ, MANAGE, "business_management"}:
            return Reply(400, b"<h1>Invalid App ID or scopes</h1>", content_type="text/html")
        wanted = Wanted(APP_ID, "Ops Room", shapes.NAME, asked.get("redirect_uri", ""), asked.get("state", ""), scopes)
        return self.desk.page(wanted)

    def token(self, asked: dict[str, str]) -> Reply:
        """A code for a token of an hour, or any living token for one of sixty days."""
        if asked.get("client_id") != APP_ID or asked.get("client_secret") != APP_SECRET:
            raise GraphError(101, "Error validating application. Cannot get application info due to a system error.")
        if asked.get("grant_type") == "fb_exchange_token":
            held = self._holder(asked.get("fb_exchange_token", ""))
            if held is None:
                raise GraphError(190, "Error validating access token: Session has expired.", 463)
            return _given(self.long.give(held.account, held.scopes), SIXTY_DAYS)
        try:
            wanted = self.desk.redeem(
                asked.get("code", ""), client_id=APP_ID, redirect_uri=asked.get("redirect_uri", "")
            )
        except BadConsent as error:
            raise GraphError(100, f"Invalid verification code: {error}", 36009) from error
        return _given(self.short.give(wanted.account, wanted.scopes), HOUR)

    def _holder(self, token: str) -> Pair | None:
        return next((pair for book in (self.short, self.long, self.system) if (pair := book.holder(token))), None)

    def person(self, request: Request, given: dict[str, str]) -> Pair:
        """Whose token the call carries, with the proof that our app sends it. Raises GraphError."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or given.get("access_token", "")
        pair = self._holder(token)
        if pair is None:
            raise GraphError(190, "Error validating access token: Session has expired.", 463)
        if not hmac.compare_digest(_signed(token.encode()), given.get("appsecret_proof", "")):
            raise GraphError(100, "API calls from the server require an appsecret_proof argument")
        return pair


def _signed(content: bytes) -> str:
    return hmac.new(APP_SECRET.encode(), content, hashlib.sha256).hexdigest()


def push_headers(body: bytes) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={_signed(body)}", "content-type": "application/json"}


def _given(pair: Pair, seconds: int) -> Reply:
    return json_reply({"access_token": pair.access, "token_type": "bearer", "expires_in": seconds})


def _callback(wanted: Wanted, code: str) -> dict[str, str]:
    return {"code": code, "state": wanted.state}
