"""The consent desk that every wire shares: a page that names who asks for what, one-time codes, and token pairs.

A wire parses the platform's own request into `Wanted` and shows `desk.page(wanted)`. The page's form comes back to the
same address by POST, where `desk.decide(request, callback)` sends the browser on to the redirect address. The code is
then traded once by `desk.redeem(...)`. `TokenBook` holds what is given for it.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.twin.wire.web import Reply, Request

CODE_LIFE, VISIT_LIFE = 600, 3_600  # seconds: RFC 6749 asks for codes of at most ten minutes
Seconds = Callable[[], float]


class BadConsent(Exception):
    """`code` is RFC 6749's word: invalid_request (a page that cannot be shown) or invalid_grant (a code that cannot
    be traded)."""

    def __init__(self, message: str, code: str = "invalid_grant") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one visit asks for. `client_id` is the app's, `account` the name of the shop that would be opened.

    `challenge` is PKCE's, by `method` S256 or plain (RFC 7636). `about` is whatever the wire needs again when the code
    is traded. After the decision `scopes` are those that were left ticked.
    """

    client_id: str
    app: str
    account: str
    redirect_uri: str
    state: str = ""
    scopes: tuple[str, ...] = ()
    challenge: str = ""
    method: str = "S256"
    about: Mapping[str, str] = field(default_factory=dict)


class Desk:
    """Consent for one platform. `now` is the market's time in seconds.

    `registered` is the address to return to that the app has entered in the platform's console: it stands in where a
    request names none, as on platforms whose links carry no address.
    """

    def __init__(self, platform: str, now: Seconds, *, code_life: int = CODE_LIFE, code_prefix: str = "") -> None:
        self.platform, self.now, self.code_life, self.code_prefix = platform, now, code_life, code_prefix
        self.registered = ""
        self._visits: dict[str, tuple[Wanted, float]] = {}
        self._codes: dict[str, tuple[Wanted, float]] = {}

    def page(self, wanted: Wanted) -> Reply:
        """The page with Allow and Deny; a refusal in words, as platforms show it, where it cannot be asked so."""
        wanted = replace(wanted, redirect_uri=wanted.redirect_uri or self.registered)
        try:
            self._check(wanted)
        except BadConsent as error:
            return self.refuse(error)
        visit = secrets.token_urlsafe(16)
        self._visits[visit] = (wanted, self.now() + VISIT_LIFE)
        return _html(200, _page(self.platform, _form(self.platform, wanted, visit)))

    def refuse(self, error: BadConsent) -> Reply:
        """The page of a request that a platform does not show, since it may have been forged."""
        return _html(400, _page(self.platform, f"<h1>This request cannot be shown</h1><p>{escape(str(error))}</p>"))

    def _check(self, wanted: Wanted) -> None:
        address = urlsplit(wanted.redirect_uri)
        if address.scheme not in ("https", "http") or not address.netloc or address.fragment:
            raise BadConsent("The redirect address is not a whole web address.", "invalid_request")
        if wanted.challenge and wanted.method not in ("S256", "plain"):
            raise BadConsent("The challenge method must be S256 or plain.", "invalid_request")

    def decide(
        self,
        request: Request,
        callback: Callable[[Wanted, str], Mapping[str, str]] | None = None,
        denied: Callable[[Wanted], Mapping[str, str]] | None = None,
    ) -> Reply:
        """The form's answer: a redirect with `callback(wanted, code)` (code and state where it is not given), or, after
        Deny, with `denied(wanted)` (RFC 6749's access_denied)."""
        form = parse_qs(request.body.decode(), keep_blank_values=True)
        wanted, until = self._visits.pop(form.get("visit", [""])[0], (None, 0.0))
        if wanted is None or until < self.now():
            return _html(
                400, _page(self.platform, "<h1>This page was used already</h1><p>Start from the app again.</p>")
            )
        if form.get("answer", [""])[0] != "allow":
            return _send_on(wanted, denied(wanted) if denied else _refusal(wanted))
        ticked = frozenset(form.get("scope", []))
        allowed = replace(wanted, scopes=tuple(scope for scope in wanted.scopes if scope in ticked))
        code = self.issue(allowed)
        return _send_on(allowed, callback(allowed, code) if callback else _with_state(allowed, {"code": code}))

    def issue(self, wanted: Wanted) -> str:
        """A code for an answer that was given, good once."""
        code = self.code_prefix + secrets.token_urlsafe(24)
        self._codes[code] = (wanted, self.now() + self.code_life)
        return code

    def redeem(
        self, code: str, *, client_id: str | None = None, redirect_uri: str | None = None, verifier: str = ""
    ) -> Wanted:
        """What the code was given for; it is used up, whatever follows. Pass what the platform compares.

        Raises BadConsent: unknown, used or old code, another app, another redirect address, a wrong PKCE verifier.
        """
        wanted, until = self._codes.pop(code, (None, 0.0))
        if wanted is None:
            raise BadConsent("The code is unknown or was used already.")
        if until < self.now():
            raise BadConsent("The code has ended.")
        if client_id is not None and client_id != wanted.client_id:
            raise BadConsent("The code was given to another app.")
        if redirect_uri is not None and redirect_uri != wanted.redirect_uri:
            raise BadConsent("The redirect address is not the one that was asked with.")
        if wanted.challenge and not secrets.compare_digest(wanted.challenge, _challenge(verifier, wanted.method)):
            raise BadConsent("The verifier does not match the challenge.")
        return wanted


@dataclass(frozen=True, slots=True)
class Pair:
    """One access token with its refresh token (empty where there is none). Ends are seconds of the market's time."""

    access: str
    refresh: str
    access_ends: float
    refresh_ends: float
    account: str = ""
    scopes: tuple[str, ...] = ()


class TokenBook:
    """Token pairs of one platform. `is_single_use`: a refresh ends the refresh token that paid for it."""

    def __init__(
        self, now: Seconds, *, access_life: float, refresh_life: float = float("inf"), access_prefix: str = "",
        refresh_prefix: str = "", is_single_use: bool = True,
    ) -> None:  # fmt: skip
        self.now, self.access_life, self.refresh_life = now, access_life, refresh_life
        self.access_prefix, self.refresh_prefix, self.is_single_use = access_prefix, refresh_prefix, is_single_use
        self.by_access: dict[str, Pair] = {}
        self.by_refresh: dict[str, Pair] = {}

    def give(self, account: str = "", scopes: tuple[str, ...] = (), *, refresh: str = "") -> Pair:
        """A fresh pair; `refresh` keeps a token that lives on."""
        now = self.now()
        kept = self.by_refresh.get(refresh)
        pair = Pair(
            self.access_prefix + secrets.token_hex(20), refresh or self.refresh_prefix + secrets.token_hex(20),
            now + self.access_life, kept.refresh_ends if kept else now + self.refresh_life, account, scopes,
        )  # fmt: skip
        self.by_access[pair.access] = self.by_refresh[pair.refresh] = pair
        return pair

    def renew(self, refresh: str) -> Pair:
        """The next pair for a refresh token. Raises BadConsent where it is unknown, used or has ended."""
        held = self.by_refresh.get(refresh)
        if held is None or held.refresh_ends < self.now():
            raise BadConsent("The refresh token is not valid any more.")
        if not self.is_single_use:
            return self.give(held.account, held.scopes, refresh=refresh)
        del self.by_refresh[refresh]
        return self.give(held.account, held.scopes)

    def holder(self, access: str) -> Pair | None:
        """Whose access token this is; None where it is unknown, revoked or has ended."""
        pair = self.by_access.get(access)
        return pair if pair is not None and pair.access_ends >= self.now() else None

    def revoke(self, account: str = "") -> None:
        """The owner takes the permission back: every token of the account is dead (all of them without a name)."""
        for held in (self.by_access, self.by_refresh):
            for token in [token for token, pair in held.items() if account in ("", pair.account)]:
                del held[token]


def _challenge(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _with_state(wanted: Wanted, values: Mapping[str, str]) -> dict[str, str]:
    return {**values, **({"state": wanted.state} if wanted.state else {})}


def _refusal(wanted: Wanted) -> dict[str, str]:
    return _with_state(wanted, {"error": "access_denied", "error_description": "The owner did not allow it."})


def _send_on(wanted: Wanted, values: Mapping[str, str]) -> Reply:
    joint = "&" if urlsplit(wanted.redirect_uri).query else "?"
    return Reply(302, b"", {"location": f"{wanted.redirect_uri}{joint}{urlencode(values)}"}, content_type="text/html")


def _html(status: int, text: str) -> Reply:
    headers = {"cache-control": "no-store", "x-frame-options": "DENY"}  # a framed consent page can be click-jacked
    return Reply(status, text.encode(), headers, content_type="text/html; charset=utf-8")


def _form(platform: str, wanted: Wanted, visit: str) -> str:
    boxes = "".join(
        f'<li><label><input type="checkbox" name="scope" value="{escape(scope)}" checked> {escape(scope)}</label></li>'
        for scope in wanted.scopes
    )
    asked = f"<p>It asks for:</p><ul>{boxes}</ul>" if boxes else "<p>It asks for all the app is registered for.</p>"
    return (
        f"<h1>{escape(wanted.app)} would like to open {escape(wanted.account)}</h1>"
        f'<form method="post"><input type="hidden" name="visit" value="{visit}">{asked}'
        f'<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form>'
        f"<p><small>You will be sent to {escape(urlsplit(wanted.redirect_uri).netloc)}. "
        f"This is {escape(platform)} in the test market.</small></p>"
    )


def _page(platform: str, body: str) -> str:
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:2rem 1rem;color-scheme:light dark}"
        "main{max-width:34rem;margin:auto}ul{list-style:none;padding:0}button{font:inherit;padding:.6rem 1.4rem}"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>{escape(platform)}: allow access</title><style>{style}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )
