"""Gmail's pushes come through Cloud Pub/Sub: a JSON body without a signature, beside a token that Google signs.

The token (an OpenID Connect JWT, RS256) must be signed by a key of Google's, be meant for this address, name the
service account that the founder chose, and not have ended (Pub/Sub, "Authenticate push subscriptions").
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from connectors.shops.reading import UNREADABLE, Row

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
LEEWAY_SECONDS = 60


def trust_in(keys: Any, email: str) -> str:
    """What a push is checked against, as one credential: Google's public keys (a JWK set) and the chosen account."""
    rows = keys.get("keys") if isinstance(keys, dict) else None
    found = {row["kid"]: {"n": row["n"], "e": row["e"]} for row in rows or [] if row.get("kty") == "RSA"}
    return orjson.dumps({"email": email, "keys": found}).decode()


def is_trusted(authorization: str, url: str, secrets: Iterable[str], now: datetime) -> bool:
    """Whether the bearer token opens this address under one of the kept trusts."""
    scheme, _, token = authorization.partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return False
    try:
        head, claims = parsed(parts[0]), parsed(parts[1])
        signature = decoded(parts[2])
        return any(
            holds(orjson.loads(secret), head, claims, f"{parts[0]}.{parts[1]}".encode(), signature, url, now)
            for secret in secrets
            if secret.startswith("{")
        )
    except UNREADABLE:
        return False


def holds(trust: Row, head: Row, claims: Row, signed: bytes, signature: bytes, url: str, now: datetime) -> bool:
    key = trust["keys"].get(head.get("kid"))
    if key is None or head.get("alg") != "RS256":
        return False
    if claims.get("iss") not in ISSUERS or claims.get("aud") != url:
        return False
    if claims.get("email") != trust["email"] or claims.get("email_verified") is not True:
        return False
    if (
        float(claims["exp"]) + LEEWAY_SECONDS < now.timestamp()
        or float(claims["iat"]) - LEEWAY_SECONDS > now.timestamp()
    ):
        return False
    numbers = RSAPublicNumbers(int.from_bytes(decoded(key["e"]), "big"), int.from_bytes(decoded(key["n"]), "big"))
    try:
        numbers.public_key().verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "==")


def parsed(text: str) -> Row:
    value = orjson.loads(decoded(text))
    if not isinstance(value, dict):
        raise TypeError("a part of the token is no object")
    return value


def event_id(body: bytes, headers: Mapping[str, str]) -> str:
    try:
        return str(orjson.loads(body)["message"]["messageId"])
    except UNREADABLE:
        return hashlib.sha256(body).hexdigest()
