"""How a Stripe account is connected: by a restricted key of its own, or through Connect's consent page."""

from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.base import Clock, ConnectorError, Refused, Transport
from connectors.consent import App, Ask, Asking, Grant, Identity, Key
from connectors.shops.payments.stripe.client import Client
from connectors.transport import oauth
from connectors.types import Account

API, CONSENT = "https://api.stripe.com", "https://connect.stripe.com"
READ, WRITE = "read_only", "read_write"


class Install:
    """Connect knows two scopes, and the wider holds the narrower. Its access tokens do not end."""

    home: ClassVar[str] = API
    app_credentials: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")
    asks: ClassVar[tuple[Ask, ...]] = ()
    read_scopes: ClassVar[tuple[str, ...]] = (READ,)
    write_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        ("RefundPayment", "SubmitEvidence", "AcceptDispute", "MarkFraud"), (WRITE,)
    )
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_key", "Restricted key", "Dashboard → Developers → API keys → Create restricted key (rk_live_…)"),
        Key("webhook_secret", "Signing secret of the webhook", "Dashboard → Developers → Webhooks (whsec_…)"),
    )

    @classmethod
    def consent(cls, app: App, asking: Asking) -> str:
        query = {"scope": WRITE if WRITE in asking.scopes else READ}
        page = f"{app.consent_url or CONSENT}/oauth/authorize"
        return oauth.consent_url(page, app.credentials["client_id"], asking, **query)

    @classmethod
    def grant(
        cls, app: App, asking: Asking, callback: Mapping[str, str], transport: Transport, clock: Clock
    ) -> tuple[Grant, ...]:
        form = {"code": oauth.code_of(callback), "client_secret": app.credentials["client_secret"]}
        tokens = oauth.exchange(transport, f"{app.consent_url or CONSENT}/oauth/token", form, clock)
        external_id = str(tokens.body.get("stripe_user_id") or "")
        if not external_id:
            raise Refused("Stripe did not say which account was let in; start the connection again", code="no_account")
        base_url, held = app.base_url or API, {"api_key": tokens.access}
        told = identity(Client(Account("stripe", 0, "Stripe", external_id, base_url, credentials=held), transport))
        secret = app.credentials.get("webhook_secret")
        return (
            Grant(
                external_id=external_id,
                name=told.name or f"Stripe {external_id}",
                base_url=base_url,
                credentials={**held, **({"webhook_secret": secret} if secret else {})},
                scopes=(READ, WRITE) if WRITE in tokens.scopes else tokens.scopes,
                country=told.country,
                currency=told.currency,
            ),
        )


def identity(client: Client) -> Identity:
    """Whose account this is. A restricted key may lack the right to ask; then nothing is told."""
    try:
        told: Any = client.get("/v1/account")
    except ConnectorError:
        return Identity()
    profile, shown = told.get("business_profile") or {}, (told.get("settings") or {}).get("dashboard") or {}
    return Identity(
        external_id=str(told.get("id") or ""),
        name=str(profile.get("name") or shown.get("display_name") or ""),
        country=str(told.get("country") or ""),
        currency=str(told.get("default_currency") or "").upper(),
        time_zone=str(shown.get("timezone") or ""),
    )
