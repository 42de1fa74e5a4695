"""Lazada's signatures: HMAC-SHA256 under the app's secret. A call's is upper-case hex, a push's lower-case."""

import hashlib
import hmac
from collections.abc import Mapping


def signature(app_secret: str, path: str, params: Mapping[str, str]) -> str:
    """Path (without `/rest`), then every name and value sorted by name, without separators; files are left out."""
    text = path + "".join(name + params[name] for name in sorted(params))
    return hmac.new(app_secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


def push_signature(app_key: str, app_secret: str, body: bytes) -> str:
    """A push is signed over the app's key and the raw body."""
    return hmac.new(app_secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
