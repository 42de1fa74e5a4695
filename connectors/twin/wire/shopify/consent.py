"""Shopify's OAuth: the grant page, signed callbacks, expiring offline tokens, and what each token may do."""

import hashlib
import hmac
from time import time
from typing import Any
from urllib.parse import parse_qsl, quote

import orjson

from connectors.twin.wire.consent import BadConsent, Desk, Pair, TokenBook, Wanted
from connectors.twin.wire.web import Reply, Request, json_reply
from connectors.twin.world.channels import DAY

PAGE, TOKEN = "/admin/oauth/authorize", "/admin/oauth/access_token"
ACCESS_LIFE, REFRESH_LIFE = 3_600, 30 * DAY
ALL = frozenset({"*"})  # what a merchant's own token may do
# Root field → a scope that it needs; a write scope holds its read scope.
NEEDS = {
    "refundCreate": "write_orders", "orderCancel": "write_orders", "returnApproveRequest": "write_returns",
    "returnDeclineRequest": "write_returns", "returnProcess": "write_returns",
    "fulfillmentCreate": "write_merchant_managed_fulfillment_orders", "inventorySetQuantities": "write_inventory",
    "productVariantsBulkUpdate": "write_products", "productUpdate": "write_products",
    "discountCodeDeactivate": "write_discounts", "discountAutomaticDeactivate": "write_discounts",
    "fulfillmentOrderHold": "write_merchant_managed_fulfillment_orders",
    "fulfillmentOrderReleaseHold": "write_merchant_managed_fulfillment_orders", "orderUpdate": "write_orders",
    "orderInvoiceSend": "write_orders", "orderEditBegin": "write_order_edits",
    "orderEditSetQuantity": "write_order_edits", "orderEditAddVariant": "write_order_edits",
    "orderEditCommit": "write_order_edits", "draftOrderCreate": "write_draft_orders",
    "draftOrderComplete": "write_draft_orders", "returnCreate": "write_returns",
    "storeCreditAccountCredit": "write_store_credit_account_transactions",
    "orders": "read_orders", "ordersCount": "read_orders", "order": "read_orders", "return": "read_returns",
    "products": "read_products", "productVariants": "read_products", "inventoryItems": "read_inventory",
    "inventoryLevel": "read_inventory", "fulfillment": "read_orders",
    "disputes": "read_shopify_payments_disputes", "dispute": "read_shopify_payments_disputes",
}  # fmt: skip


class Tokens(TokenBook):
    """A refresh token that was used stays good until the new access token is first used (since August 2026)."""

    def __init__(self, now: Any) -> None:
        super().__init__(
            now, access_life=ACCESS_LIFE, refresh_life=REFRESH_LIFE, access_prefix="shpat_", refresh_prefix="shprt_"
        )
        self._spent: dict[str, tuple[str, Pair]] = {}

    def renew(self, refresh: str) -> Pair:
        held = self.by_refresh.get(refresh)
        fresh = super().renew(refresh)
        if held is not None:
            self.by_refresh[refresh] = held
            self._spent[fresh.access] = (refresh, held)
        return fresh

    def holder(self, access: str) -> Pair | None:
        old, _ = self._spent.pop(access, ("", None))
        self.by_refresh.pop(old, None)
        return super().holder(access)


def page(api: Any, request: Request) -> Reply:
    desk: Desk = api.desk
    if request.method == "POST":
        return desk.decide(request, lambda wanted, code: signed(api, {"code": code, "state": wanted.state}))
    query = request.params()
    if query.get("client_id") != api.client_id:
        return desk.refuse(BadConsent("The application that asks is not known.", "invalid_request"))
    scopes = tuple(scope for scope in query.get("scope", "").split(",") if scope)
    return desk.page(
        Wanted(
            query["client_id"],
            "Ops Room",
            api.account()["name"],
            query.get("redirect_uri", ""),
            query.get("state", ""),
            scopes,
        )
    )


def signed(api: Any, values: dict[str, str]) -> dict[str, str]:
    """The callback's query with Shopify's signature over all of it."""
    values |= {"shop": api.domain, "timestamp": str(int(time()))}
    message = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(values.items()))
    return values | {"hmac": hmac.new(api.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()}


def exchange(api: Any, request: Request) -> Reply:
    """Authorisation code or refresh token for a new pair."""
    is_json = request.headers.get("content-type", "").startswith("application/json")
    wish: dict[str, Any] = orjson.loads(request.body) if is_json else dict(parse_qsl(request.body.decode()))
    if wish.get("client_id") != api.client_id or wish.get("client_secret") != api.client_secret:
        return json_reply({"error": "invalid_client"}, 401)
    try:
        if wish.get("grant_type") == "refresh_token":
            pair = api.tokens.renew(str(wish.get("refresh_token")))
        else:
            scopes = api.desk.redeem(str(wish.get("code")), client_id=api.client_id).scopes
            pair = api.tokens.give(api.domain, scopes)
    except BadConsent as error:
        return json_reply({"error": "invalid_request", "error_description": str(error)}, 400)
    return json_reply(
        {"access_token": pair.access, "scope": ",".join(shown(pair.scopes)), "expires_in": ACCESS_LIFE,
         "refresh_token": pair.refresh, "refresh_token_expires_in": REFRESH_LIFE}
    )  # fmt: skip


def shown(scopes: tuple[str, ...]) -> list[str]:
    """A write scope holds its read scope, which is then not named."""
    return [scope for scope in scopes if scope.replace("read_", "write_", 1) not in scopes or "write_" in scope]


def denial(field: str, scopes: frozenset[str]) -> dict[str, Any] | None:
    """The error of a root field that the token has no right to; None where it has."""
    need = NEEDS.get(field)
    if need is None or scopes == ALL or scopes & {need, need.replace("read_", "write_", 1)}:
        return None
    text = f"Access denied for {field} field. Required access: `{need}` access scope."
    return {"message": text, "extensions": {"code": "ACCESS_DENIED", "requiredAccess": f"`{need}` access scope."}}
