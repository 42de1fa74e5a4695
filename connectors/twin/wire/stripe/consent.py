"""Stripe Connect's OAuth: the page, the token call with its own errors, and what a read-only key may not do."""

from typing import Any

from connectors.twin.wire.consent import BadConsent, Desk, Wanted
from connectors.twin.wire.stripe.forms import parse_form
from connectors.twin.wire.web import Reply, Request, json_reply

PAGE, TOKEN = "/oauth/authorize", "/oauth/token"
SCOPES = ("read_only", "read_write")


def page(api: Any, request: Request) -> Reply:
    desk: Desk = api.desk
    if request.method == "POST":
        return desk.decide(request)
    query = request.params()
    scope = query.get("scope", SCOPES[0])
    if query.get("client_id") != api.client_id or query.get("response_type") != "code" or scope not in SCOPES:
        return desk.refuse(BadConsent("No application matches the supplied client identifier.", "invalid_request"))
    return desk.page(
        Wanted(
            query["client_id"],
            "Ops Room",
            api.account()["name"],
            query.get("redirect_uri", ""),
            query.get("state", ""),
            (scope,),
        )
    )


def exchange(api: Any, request: Request) -> Reply:
    form = parse_form(request.body.decode())
    if form.get("client_secret") != api.client_secret:
        return json_reply({"error": "invalid_client", "error_description": "No such API key."}, 401)
    if form.get("grant_type") != "authorization_code":
        return json_reply({"error": "unsupported_grant_type", "error_description": "Unknown grant type."}, 400)
    try:
        wanted = api.desk.redeem(str(form.get("code", "")), client_id=api.client_id)
    except BadConsent as error:
        return json_reply({"error": error.code, "error_description": str(error)}, 400)
    pair = api.tokens.give(api.account()["external_id"], wanted.scopes)
    return json_reply(
        {"access_token": pair.access, "livemode": False, "refresh_token": pair.refresh, "token_type": "bearer",
         "stripe_publishable_key": "pk_test_twin", "stripe_user_id": pair.account, "scope": " ".join(pair.scopes)}
    )  # fmt: skip
