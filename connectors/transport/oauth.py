"""OAuth 2.0 as most platforms keep to it: the consent page's address, and the two calls that end in tokens.

RFC 6749 (§4.1 the code, §6 the refresh, §5.2 the errors), RFC 7636 (PKCE), and the words by which mail servers take an
access token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, ConnectorError, Reconnect, Refused, Renewed, Transport, Unknown
from connectors.consent import Asking

EXCHANGE, REFRESH = "token.exchange", "token.refresh"
# RFC 6749 §5.2: words by which a token endpoint says that the permission itself is gone.
DEAD = frozenset({"invalid_grant", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """One answer of a token endpoint. `refresh` is empty where none was given: the old one lives on."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime | None
    scopes: tuple[str, ...]
    body: Mapping[str, Any] = field(repr=False)

    def renewed(self, held: Mapping[str, str]) -> Renewed:
        """The account's credentials with the new tokens in place."""
        fresh = {"access_token": self.access, **({"refresh_token": self.refresh} if self.refresh else {})}
        return Renewed({**held, **fresh}, self.expires_at)


def consent_url(page: str, client_id: str, asking: Asking, **more: str) -> str:
    """The address of a consent page: code flow, our state, and PKCE where the visit has a verifier."""
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": asking.redirect_uri, "state": asking.state,
        **({"scope": " ".join(asking.scopes)} if asking.scopes else {}),
    }  # fmt: skip
    if asking.verifier:
        query |= {"code_challenge": asking.challenge(), "code_challenge_method": "S256"}
    return f"{page}?{urlencode(query | more)}"


def code_of(callback: Mapping[str, str]) -> str:
    """The code that came back. Raises Refused where the person, or the platform, said no."""
    if callback.get("error"):
        said = callback.get("error_description") or callback["error"]
        raise Refused(f"the permission was not given: {said}", code=callback["error"])
    if not callback.get("code"):
        raise Refused("the platform sent no code back; start the connection again", code="no_code")
    return callback["code"]


def exchange(
    transport: Transport, url: str, form: Mapping[str, str], clock: Clock, *, headers: Mapping[str, str] | None = None
) -> Tokens:
    """A code for tokens, once. Raises Refused (the code is used, old or another app's), Retry, Unknown."""
    try:
        return trade(
            transport, url, {"grant_type": "authorization_code", **form}, clock, purpose=EXCHANGE, headers=headers
        )
    except Reconnect as error:
        raise Refused(f"{error}; start the connection again", code=error.code, status=error.status) from error


def renew(
    transport: Transport, url: str, form: Mapping[str, str], clock: Clock, *, headers: Mapping[str, str] | None = None
) -> Tokens:
    """A refresh token for the next access token. Raises Reconnect where it is dead, Unknown if the answer is lost."""
    return trade(transport, url, {"grant_type": "refresh_token", **form}, clock, purpose=REFRESH, headers=headers)


def trade(
    transport: Transport, url: str, form: Mapping[str, str], clock: Clock, *, purpose: str,
    headers: Mapping[str, str] | None = None,
) -> Tokens:  # fmt: skip
    """One call of a token endpoint. Raises Refused, Reconnect (the refresh token is dead), Retry, Unknown."""
    asked_at = clock()
    answer = transport.housekeeping(
        "POST", url, purpose=purpose, body=urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **(headers or {})},
    )  # fmt: skip
    body: Any = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
        raise Unknown("the token endpoint's answer holds no access token; its shape may have changed", code="drift")
    seconds = body.get("expires_in")
    lasts = timedelta(seconds=float(seconds)) if seconds is not None and str(seconds).isdigit() else None
    return Tokens(
        access=body["access_token"],
        refresh=str(body.get("refresh_token") or ""),
        expires_at=asked_at + lasts if lasts else None,
        scopes=tuple(str(body.get("scope") or "").split()),
        body=body,
    )


def token_error(answer: Answer) -> ConnectorError | None:
    """What a token endpoint's error says; None for any other answer. For a connector's `sort`."""
    if answer.status not in (400, 401):
        return None
    try:
        body: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(code, str):
        return None
    said = f"{code}: {body.get('error_description') or 'no reason given'}"
    if code in DEAD:
        return Reconnect(f"{said}; connect the account again", code=code)
    return Refused(said, code=code)


def xoauth2(user: str, token: str) -> str:
    """The SASL XOAUTH2 words before their base64 (Google's and Microsoft's documentation of the mechanism)."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"
