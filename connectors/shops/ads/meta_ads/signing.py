"""Meta's two signatures: the proof that a token is used by its own app, and the one on its pushes."""

import hashlib
import hmac


def appsecret_proof(app_secret: str, access_token: str) -> str:
    """HMAC-SHA256 of the token under the app's secret, in hex ("Securing Graph API Requests")."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def push_signature(app_secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
