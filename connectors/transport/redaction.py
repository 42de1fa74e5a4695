"""Secrets out of whatever is logged, stored as a receipt, or shown: the account's own, and what looks like one."""

import re
from collections.abc import Iterable

MASK = "•••"
SHORTEST = 6  # a shorter value would blot out ordinary words
EXCERPT = 300

# Names whose value is a secret on the platforms we speak to: in JSON, in a query string, and as a header.
NAMES = (
    "access_token|refresh_token|partner_key|client_secret|api_key|password|passwd|secret|sign|signature|authorization"
    "|x-shopify-access-token|webhook_secret|client_secret_key|app_secret|auth_code|x-tts-access-token"
)
PATTERNS = (
    re.compile(rf'(?i)("(?:{NAMES})"\s*:\s*")[^"]+'),
    re.compile(rf"(?i)(\b(?:{NAMES})=)[^&\s\"']+"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}"),
    re.compile(r"()\b(?:sk|rk|whsec|shpat|shpca|shpss|shprt)_[A-Za-z0-9_]{6,}"),
)


class Redactor:
    """Call it on text. `secrets` are values that must never be seen, the longest first so that none leaves a tail."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = sorted({value for value in secrets if len(value) >= SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        for pattern in PATTERNS:
            text = pattern.sub(rf"\1{MASK}", text)
        return text

    def body(self, body: bytes) -> bytes:
        """The same for a body; bytes that are no UTF-8 are shown by their escapes."""
        return self(body.decode("utf-8", "backslashreplace")).encode()

    def excerpt(self, body: bytes) -> str:
        """The first characters of a body on one line, for an error message."""
        text = " ".join(self(body[: EXCERPT * 4].decode("utf-8", "replace")).split())
        return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
