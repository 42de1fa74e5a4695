"""Seller Central's consent page and Login with Amazon: codes, refresh tokens that live on, tokens without a grant."""

from typing import Any
from urllib.parse import parse_qs

from connectors.twin.wire.consent import BadConsent, Desk, Wanted
from connectors.twin.wire.web import Reply, Request, json_reply

PAGE, TOKEN = "/apps/authorize/consent", "/auth/o2/token"
SCOPES = ("sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation")


def page(api: Any, request: Request) -> Reply:
    desk: Desk = api.desk
    mine = api.account()
    if request.method == "POST":
        return desk.decide(
            request,
            lambda wanted, code: {
                "spapi_oauth_code": code,
                "state": wanted.state,
                "selling_partner_id": mine["credentials"]["selling_partner_id"],
            },
        )
    query = request.params()
    if query.get("application_id") != mine["credentials"]["application_id"]:
        return desk.refuse(BadConsent("The application that asks is not known.", "invalid_request"))
    if not query.get("state"):
        return desk.refuse(BadConsent("The request has no state.", "invalid_request"))
    return desk.page(
        Wanted(
            mine["credentials"]["client_id"],
            "Ops Room",
            mine["name"],
            query.get("redirect_uri", ""),
            query["state"],
        )
    )


def token(api: Any, request: Request) -> Reply:
    """One call of the token endpoint, form-encoded."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    mine = api.account()["credentials"]
    if request.method != "POST" or not form.get("grant_type"):
        return refused("invalid_request", "The request is missing a required parameter: grant_type")
    if (form.get("client_id"), form.get("client_secret")) != (mine["client_id"], mine["client_secret"]):
        return refused("invalid_client", "Client authentication failed", 401)
    try:
        return json_reply(traded(api, form, mine["selling_partner_id"]))
    except BadConsent as error:
        return refused(error.code, str(error))


def traded(api: Any, form: dict[str, str], seller: str) -> dict[str, Any]:
    """Raises BadConsent."""
    match form["grant_type"]:
        case "authorization_code":
            api.desk.redeem(
                form.get("code", ""), client_id=form["client_id"], redirect_uri=form.get("redirect_uri") or None
            )
            pair = api.tokens.give(seller)
        case "refresh_token":
            pair = api.tokens.renew(form.get("refresh_token", ""))
        case "client_credentials":
            if form.get("scope") not in SCOPES:
                raise BadConsent("The scope is not one that needs no grant.", "invalid_scope")
            pair = api.tokens.give("grantless")
            del api.tokens.by_refresh[pair.refresh]
            return {"access_token": pair.access, "token_type": "bearer", "expires_in": int(api.tokens.access_life)}
        case other:
            raise BadConsent(f"The grant type {other} is not supported.", "unsupported_grant_type")
    return {
        "access_token": pair.access, "refresh_token": pair.refresh, "token_type": "bearer",
        "expires_in": int(api.tokens.access_life),
    }  # fmt: skip


def refused(code: str, words: str, status: int = 400) -> Reply:
    return json_reply({"error": code, "error_description": words}, status)
