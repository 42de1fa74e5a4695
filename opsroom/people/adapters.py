"""What Ops Room changes in allauth: no sign-up, no messages that leak, and TOTP seeds sealed at rest."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from connectors.models.fields import vault

SEED_CONTEXT = "mfa.authenticator"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """One installation serves one company: an owner adds people."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Guesses are counted by account alone. allauth's own key holds the Host header with its port, which whoever
        guesses may choose: each port would have guesses of its own."""
        return str(credentials.get("email", "")).casefold()


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    def encrypt(self, text: str) -> str:
        return base64.b64encode(vault().seal(text.encode(), context=SEED_CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault().open(base64.b64decode(encrypted_text), context=SEED_CONTEXT).decode()
