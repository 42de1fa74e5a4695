"""Google's OAuth 2.0 for web servers, shared by every connector of a Google service.

Facts (Google Identity, "Using OAuth 2.0 for Web Server Applications"): a refresh token comes only with
`access_type=offline`, and again only with `prompt=consent`; it serves many times; a test app's ends after seven days.
The person may untick scopes, so the reply's `scope` is what counts. PKCE is S256.
"""

from collections.abc import Mapping

from connectors.base import Clock, Refused, Renewed, Transport
from connectors.consent import App, Asking
from connectors.transport import oauth

CONSENT_HOST = "https://accounts.google.com"
CONSENT_PATH = "/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
WITHOUT_REFRESH = "Google gave no refresh token; remove this app under Google account > Security, then connect again"


def consent_page(app: App, asking: Asking) -> str:
    """The page where the person allows `asking.scopes`."""
    page = f"{(app.consent_url or CONSENT_HOST).rstrip('/')}{CONSENT_PATH}"
    more = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}
    return oauth.consent_url(page, app.credentials["client_id"], asking, **more)


def token_url(base_url: str, own_host: str) -> str:
    """Where tokens are traded: Google's own address, or beside the API where that was replaced (a test market)."""
    return TOKEN_URL if not base_url or base_url.rstrip("/") == own_host else f"{base_url.rstrip('/')}/token"


def redeem(
    app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock, *, url: str
) -> oauth.Tokens:
    """Trade the callback's code. Raises Refused: the person said no, the code is void, no refresh token came."""
    form = {"code": oauth.code_of(callback), "redirect_uri": asking.redirect_uri, **ours(app.credentials)}
    if asking.verifier:
        form["code_verifier"] = asking.verifier
    tokens = oauth.exchange(transport, url, form, clock)
    if not tokens.refresh:
        raise Refused(WITHOUT_REFRESH, code="no_refresh_token")
    return tokens


def renew(credentials: Mapping[str, str], transport: Transport, clock: Clock, *, url: str) -> Renewed:
    """A new access token; the refresh token stays unless Google sends another. Raises Reconnect where it is dead."""
    form = {"refresh_token": credentials["refresh_token"], **ours(credentials)}
    return oauth.renew(transport, url, form, clock).renewed(credentials)


def ours(credentials: Mapping[str, str]) -> dict[str, str]:
    return {"client_id": credentials["client_id"], "client_secret": credentials["client_secret"]}
