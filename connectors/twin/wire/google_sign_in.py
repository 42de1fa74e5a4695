"""Google's sign-in as the wires of Google's services serve it: the consent page, the token endpoint, bearer tokens."""

from dataclasses import replace
from urllib.parse import parse_qs

from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook, Wanted
from connectors.twin.wire.web import Reply, Request, json_reply

CLIENT_ID = "310000000001-opsroom.apps.googleusercontent.example"
CLIENT_SECRET = "GOCSPX-twin-opsroom"  # noqa: S105 - the twin's own
ACCESS_LIFE = 3_599
PLACES = ("/o/oauth2/v2/auth", "/token", "/revoke")


class GoogleSignIn:
    """One Google account that owns what a wire serves. `account` is its name, `scopes` what it can be asked for."""

    def __init__(self, market: Market, account: str, scopes: tuple[str, ...]) -> None:
        self.account, self.scopes = account, scopes
        now = lambda: float(market.now)  # noqa: E731 - the market's clock moves on
        self.desk = Desk("Google", now, code_prefix="4/0A")
        self.tokens = TokenBook(
            now, access_life=ACCESS_LIFE, access_prefix="ya29.", refresh_prefix="1//0g", is_single_use=False
        )

    def connected(self) -> Pair:
        """A pair for the account that a test market hands out without a visit to the page; nobody says when it ends, so
        it does not."""
        pair = replace(self.tokens.give(self.account, self.scopes), access_ends=float("inf"))
        self.tokens.by_access[pair.access] = self.tokens.by_refresh[pair.refresh] = pair
        return pair

    def bearer(self, request: Request) -> Pair | None:
        """Whose token the call carries; None where it is missing, unknown or has ended."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.holder(token) if kind.lower() == "bearer" else None

    def handle(self, request: Request) -> Reply | None:
        """The answer to a sign-in call; None where the path is none of ours."""
        if request.path == "/o/oauth2/v2/auth":
            return self.desk.decide(request) if request.method == "POST" else self._page(request)
        if request.path == "/token" and request.method == "POST":
            return self._token({name: values[-1] for name, values in parse_qs(request.body.decode()).items()})
        if request.path == "/revoke" and request.method == "POST":
            self.tokens.revoke()
            return json_reply({})
        return None

    def _page(self, request: Request) -> Reply:
        asked = request.params()
        scopes = tuple(asked.get("scope", "").split())
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code" or set(scopes) - {*self.scopes}:
            return _refused(400, "invalid_request", "Access blocked: the request is invalid.")
        return self.desk.page(
            Wanted(
                CLIENT_ID, "Ops Room", self.account, asked.get("redirect_uri", ""), asked.get("state", ""), scopes,
                asked.get("code_challenge", ""), asked.get("code_challenge_method", "plain"),
                {"offline": "1" if asked.get("access_type") == "offline" else ""},
            )
        )  # fmt: skip

    def _token(self, form: dict[str, str]) -> Reply:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused(401, "invalid_client", "The OAuth client was not found.")
        try:
            if form.get("grant_type") == "refresh_token":
                return self._given(self.tokens.renew(form.get("refresh_token", "")), with_refresh=False)
            if form.get("grant_type") != "authorization_code":
                return _refused(400, "unsupported_grant_type", "Invalid grant_type")
            wanted = self.desk.redeem(
                form.get("code", ""), client_id=CLIENT_ID, redirect_uri=form.get("redirect_uri"),
                verifier=form.get("code_verifier", ""),
            )  # fmt: skip
        except BadConsent as error:
            return _refused(400, error.code, str(error))
        pair = self.tokens.give(wanted.account, wanted.scopes)
        return self._given(pair, with_refresh=bool(wanted.about["offline"]))

    def _given(self, pair: Pair, *, with_refresh: bool) -> Reply:
        told = {"access_token": pair.access, "expires_in": ACCESS_LIFE, "scope": " ".join(pair.scopes)}
        return json_reply(told | {"token_type": "Bearer"} | ({"refresh_token": pair.refresh} if with_refresh else {}))


def _refused(status: int, code: str, text: str) -> Reply:
    return json_reply({"error": code, "error_description": text}, status)
