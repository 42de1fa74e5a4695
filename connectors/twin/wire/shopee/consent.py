"""Shopee's consent pages: the plain link (`/auth`) and the signed one, which has no state of its own."""

from collections.abc import Mapping
from functools import partial
from time import time
from typing import Any

from connectors.twin.wire.consent import BadConsent, Desk, Wanted
from connectors.twin.wire.web import Reply, Request

PLAIN, SIGNED = "/auth", "/api/v2/shop/auth_partner"
PAGES = (PLAIN, SIGNED)
CLOCK_SKEW = 300


def answer(api: Any, request: Request) -> Reply:
    desk: Desk = api.desk
    if request.method == "POST":
        return desk.decide(request, partial(callback, api))
    query = request.params()
    try:
        check(api, request.path, query)
    except BadConsent as error:
        return desk.refuse(error)
    redirect = query.get("redirect_uri") or query.get("redirect", "")
    return desk.page(
        Wanted(
            client_id=query["partner_id"],
            app="Ops Room",
            account=api.account()["name"],
            redirect_uri=redirect,
            state=query.get("state", ""),
        )
    )


def check(api: Any, path: str, query: Mapping[str, str]) -> None:
    """Raises BadConsent for an app that Shopee does not know, or a signature that does not hold."""
    if query.get("partner_id") != api.partner_id:
        raise BadConsent("Invalid partner_id.", "invalid_request")
    if path == PLAIN:
        if query.get("auth_type") != "seller" or query.get("response_type") != "code":
            raise BadConsent("auth_type must be seller and response_type code.", "invalid_request")
        return
    stamp = query.get("timestamp", "")
    if not stamp.isdecimal() or abs(int(stamp) - time()) > CLOCK_SKEW:
        raise BadConsent("Timestamp is expired.", "invalid_request")
    if query.get("sign") != api.signed(path, stamp):
        raise BadConsent("Wrong sign.", "invalid_request")


def callback(api: Any, wanted: Wanted, code: str) -> dict[str, str]:
    back = {"code": code, "shop_id": api.shop_id}
    return back | ({"state": wanted.state} if wanted.state else {})
