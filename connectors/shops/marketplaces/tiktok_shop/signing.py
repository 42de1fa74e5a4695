"""TikTok Shop's signatures: HMAC-SHA256 under the app's secret, lower-case hex.

Source: Partner API, "Sign your API request" and the webhook overview.
"""

import hashlib
import hmac
from collections.abc import Mapping

UNSIGNED = frozenset({"sign", "access_token"})


def signature(secret: str, path: str, query: Mapping[str, str], body: bytes = b"") -> str:
    """Over secret, path, sorted names and values of the query, the exact body (none for multipart), and secret."""
    pairs = "".join(f"{name}{query[name]}" for name in sorted(query) if name not in UNSIGNED)
    text = f"{secret}{path}{pairs}".encode() + body + secret.encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def push_signature(app_key: str, secret: str, body: bytes) -> str:
    """A push is signed over the app's key and the raw body."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
