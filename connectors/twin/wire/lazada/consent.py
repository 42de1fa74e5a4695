"""Lazada's consent page (`/oauth/authorize`) and the two token calls, which are signed like any other."""

from typing import Any

from connectors.twin.wire.consent import BadConsent, Desk, Pair, Wanted
from connectors.twin.wire.web import Reply, Request

PAGE = "/oauth/authorize"


def answer(api: Any, request: Request) -> Reply:
    desk: Desk = api.desk
    if request.method == "POST":
        return desk.decide(request)
    query, mine = request.params(), api.account()
    if query.get("client_id") != mine["credentials"]["app_key"] or query.get("response_type") != "code":
        return desk.refuse(BadConsent("The app is unknown, or response_type is not code.", "invalid_request"))
    wanted = Wanted(
        client_id=query["client_id"], app="Ops Room", account=mine["name"], redirect_uri=query.get("redirect_uri", ""),
        state=query.get("state", ""),
    )  # fmt: skip
    return desk.page(wanted)


def told(api: Any, pair: Pair, sellers: str) -> dict[str, Any]:
    """The token answer. `sellers` names the list, which the two calls call differently."""
    mine, now = api.account(), api.market.now
    country = mine["country"].lower()
    return {
        "access_token": pair.access, "refresh_token": pair.refresh, "expires_in": int(pair.access_ends - now),
        "refresh_expires_in": int(pair.refresh_ends - now), "country": country, "account_platform": "seller_center",
        "account_id": mine["external_id"], "account": "owner@lumen-loft.example",
        sellers: [{"country": country, "seller_id": mine["external_id"], "user_id": mine["external_id"],
                   "short_code": api.short_code}],
    }  # fmt: skip
