"""Shopee v2 signatures: HMAC-SHA256 under the partner key as literal text, lower-case hex, over joined parts."""

import hashlib
import hmac


def signature(partner_key: str, *parts: str) -> str:
    """Shop call: partner id, path, timestamp, access token, shop id. Public call: partner id, path, timestamp."""
    return hmac.new(partner_key.encode(), "".join(parts).encode(), hashlib.sha256).hexdigest()


def push_signature(partner_key: str, url: str, body: bytes) -> str:
    """A push is signed over the callback URL exactly as registered, a bar, and the raw body."""
    return hmac.new(partner_key.encode(), url.encode() + b"|" + body, hashlib.sha256).hexdigest()
