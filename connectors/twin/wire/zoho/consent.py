"""Zoho's accounts server: the consent page, the token endpoint whose errors come as HTTP 200, and its own limits."""

from collections import defaultdict
from dataclasses import replace
from urllib.parse import parse_qs

from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook, Wanted
from connectors.twin.wire.web import Reply, Request, json_reply

CLIENT_ID = "1000.TWINLUMENANDLOFT0OPSROOM"
CLIENT_SECRET = "7d1f0c9a3e5b2468ace0f13579bdf02468ace13579"  # noqa: S105 - the twin's own
ACCESS_LIFE = 3_600
MOST_TOKENS, TOKENS_IN = 10, 600  # access tokens for each refresh token, in so many seconds
MODULES = {
    "ZohoInventory": ("purchaseorders", "items", "contacts", "settings", "creditnotes", "inventoryadjustments"),
    "ZohoBooks": ("purchaseorders",),
}
SCOPES = tuple(
    f"{product}.{module}.{right}"
    for product, modules in MODULES.items()
    for module in modules
    for right in ("CREATE", "READ", "UPDATE", "DELETE")
)
HOME = {"location": "us", "accounts-server": "https://accounts.zoho.com"}


class Accounts:
    """One Zoho user, who owns the organisation."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.desk = Desk("Zoho", self.now, code_life=120, code_prefix="1000.")
        self.tokens = TokenBook(
            self.now, access_life=ACCESS_LIFE, access_prefix="1000.", refresh_prefix="1000.r", is_single_use=False
        )
        self.given: dict[str, list[float]] = defaultdict(list)

    def now(self) -> float:
        return float(self.market.now)

    def connected(self) -> Pair:
        """A pair that a test market hands out without a visit to the page; its access token does not end."""
        pair = replace(self.tokens.give("Lumen & Loft", SCOPES), access_ends=float("inf"))
        self.tokens.by_access[pair.access] = pair
        return pair

    def holder(self, request: Request) -> Pair | None:
        """Whose token the call carries; only Zoho's own word before it is taken."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.holder(token) if kind == "Zoho-oauthtoken" else None

    def handle(self, request: Request) -> Reply:
        if request.path == "/oauth/v2/auth":
            return self._page(request) if request.method == "GET" else self.desk.decide(request, self._callback)
        if request.method != "POST":
            return json_reply({"error": "invalid_request"})
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()} | request.params()
        if request.path == "/oauth/v2/token/revoke":
            self.tokens.by_refresh.pop(form.get("token", ""), None)
            return json_reply({"status": "success"})
        return self._token(form)

    def _page(self, request: Request) -> Reply:
        asked = request.params()
        scopes = tuple(asked.get("scope", "").split(","))
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code" or unknown:
            word = "Invalid OAuth Scope" if unknown else "Invalid Client Id"
            return Reply(400, f"<h1>{word}</h1>".encode(), content_type="text/html; charset=utf-8")
        return self.desk.page(
            Wanted(
                CLIENT_ID, "Ops Room", "Lumen & Loft", asked.get("redirect_uri", ""), asked.get("state", ""), scopes,
                about={"offline": "1" if asked.get("access_type") == "offline" else ""},
            )
        )  # fmt: skip

    def _callback(self, wanted: Wanted, code: str) -> dict[str, str]:
        return {"state": wanted.state, "code": code, **HOME}

    def _token(self, form: dict[str, str]) -> Reply:
        if form.get("client_id") != CLIENT_ID:
            return json_reply({"error": "invalid_client"})
        if form.get("client_secret") != CLIENT_SECRET:
            return json_reply({"error": "invalid_client_secret"})
        try:
            if form.get("grant_type") == "refresh_token":
                return self._renewed(form.get("refresh_token", ""))
            wanted = self.desk.redeem(
                form.get("code", ""), client_id=CLIENT_ID, redirect_uri=form.get("redirect_uri", "")
            )
        except BadConsent:
            return json_reply({"error": "invalid_code"})
        return self._told(self.tokens.give(wanted.account, wanted.scopes), with_refresh=bool(wanted.about["offline"]))

    def _renewed(self, refresh: str) -> Reply:
        recent = [at for at in self.given[refresh] if at > self.now() - TOKENS_IN]
        if len(recent) >= MOST_TOKENS:
            said = "You have made too many requests continuously. Please try again after some time."
            return json_reply({"error_description": said, "error": "Access Denied", "status": "failure"}, 400)
        pair = self.tokens.renew(refresh)
        self.given[refresh] = [*recent, self.now()]
        return self._told(pair, with_refresh=False)

    def _told(self, pair: Pair, *, with_refresh: bool) -> Reply:
        told = {
            "access_token": pair.access, "api_domain": "https://www.zohoapis.com", "token_type": "Bearer",
            "expires_in": ACCESS_LIFE, "scope": " ".join(pair.scopes),
        }  # fmt: skip
        return json_reply(told | ({"refresh_token": pair.refresh} if with_refresh else {}))
