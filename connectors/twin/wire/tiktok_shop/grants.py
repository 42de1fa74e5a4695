"""Who may call: the app, its consent page, and the tokens that a seller's answer is traded for."""

from typing import Any

from connectors.twin.market import Market
from connectors.twin.wire.consent import BadConsent, Desk, TokenBook, Wanted
from connectors.twin.wire.tiktok_shop.words import TikTokError
from connectors.twin.wire.web import Reply, Request
from connectors.twin.world.channels import DAY

APP_KEY, SERVICE_ID = "6g2twinops1", "7431862995146491691"
APP_SECRET = "746f6b656e2d74777f6e2d617070736563726574"  # noqa: S105 - the twin's own
SHOP = "Lumen & Loft PH"
ACCESS_LIFE, GRANT_LIFE, CODE_LIFE = 7 * DAY, 365 * DAY, 1_800
SCOPES = (
    "seller.authorization.info", "seller.shop.info", "seller.order.info", "seller.product.basic",
    "seller.product.write", "seller.return_refund.basic", "seller.fulfillment.basic", "seller.logistics",
    "seller.finance.info", "seller.customer_service",
)  # fmt: skip


class Grants:
    """The desk where a seller says yes, and the tokens that are out. A refresh token lives as long as the grant."""

    def __init__(self, market: Market, region: str) -> None:
        self.market, self.region = market, region
        self.desk = Desk("TikTok Shop", lambda: market.now, code_life=CODE_LIFE, code_prefix="TTP_")
        self.tokens = TokenBook(
            lambda: market.now, access_life=ACCESS_LIFE, refresh_life=GRANT_LIFE, access_prefix="TTP_",
            refresh_prefix="TTR_", is_single_use=False,
        )  # fmt: skip
        self.first = self.tokens.give(SHOP, SCOPES)

    def bearer(self, token: str, scope: str) -> None:
        """Raises TikTokError where the token is unknown or has ended, or its seller kept the scope back."""
        pair = self.tokens.by_access.get(token)
        if pair is None:
            raise TikTokError(105001, "Access token is invalid, or the seller has withdrawn the authorization.", 401)
        if pair.access_ends < self.market.now:
            raise TikTokError(105002, "Expired credentials. The `access_token` has expired.", 401)
        if scope not in pair.scopes:
            raise TikTokError(105005, f"Access denied. The app lacks the scope {scope}.", 401)

    def consent(self, request: Request) -> Reply:
        """The browser is sent back to the address that is registered with the app."""
        if request.method == "POST":
            return self.desk.decide(
                request, callback=lambda wanted, code: {"code": code, "app_key": APP_KEY} | _state(wanted),
                denied=lambda wanted: {"code": "null", "error": "auth_denied"} | _state(wanted),
            )  # fmt: skip
        query = request.params()
        if query.get("service_id") != SERVICE_ID:
            raise TikTokError(36009004, "Invalid service_id.", 400)
        return self.desk.page(Wanted(SERVICE_ID, "Ops Room", SHOP, "", query.get("state", ""), SCOPES))

    def trade(self, request: Request) -> dict[str, Any]:
        """Not signed; the app's secret stands in the query."""
        query = request.params()
        if query.get("app_key") != APP_KEY or query.get("app_secret") != APP_SECRET:
            raise TikTokError(36004002, "Invalid app_key or app_secret.")
        try:
            if request.path.endswith("/get") and query.get("grant_type") == "authorized_code":
                pair = self.tokens.give(SHOP, self.desk.redeem(query.get("auth_code", "")).scopes)
            elif request.path.endswith("/refresh") and query.get("grant_type") == "refresh_token":
                pair = self.tokens.renew(query.get("refresh_token", ""))
            else:
                raise TikTokError(36004003, "Invalid grant_type.")
        except BadConsent as error:
            code = 36004004 if request.path.endswith("/get") else 36004001
            raise TikTokError(code, str(error)) from error
        return {
            "access_token": pair.access, "access_token_expire_in": int(pair.access_ends),
            "refresh_token": pair.refresh, "refresh_token_expire_in": int(pair.refresh_ends),
            "open_id": "7010736057180325637", "seller_name": "Lumen & Loft", "seller_base_region": self.region,
            "user_type": 0, "granted_scopes": list(pair.scopes),
        }  # fmt: skip


def _state(wanted: Wanted) -> dict[str, str]:
    return {"state": wanted.state} if wanted.state else {}
