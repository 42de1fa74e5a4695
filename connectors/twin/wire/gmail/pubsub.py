"""Cloud Pub/Sub's push as Google sends it: an envelope around the history id, beside a signed identity token."""

import base64
from functools import cached_property
from itertools import count
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

KEY_ID = "twin-2026-11"
SERVICE_ACCOUNT = "mail-push@lumen-and-loft.iam.gserviceaccount.example"
SUBSCRIPTION = "projects/lumen-and-loft/subscriptions/ops-room"


class PubSub:
    """One topic with one push subscription. `until` is when the watch ends, in the market's seconds."""

    def __init__(self, address: str) -> None:
        self.address, self.until = address, 0
        self._serial = count(1)

    @cached_property
    def key(self) -> RSAPrivateKey:
        return generate_private_key(public_exponent=65_537, key_size=2048)

    @property
    def certs(self) -> dict[str, Any]:
        """Google's public keys as its address of certificates shows them (RFC 7517)."""
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = (text(value.to_bytes((value.bit_length() + 7) // 8)) for value in (numbers.n, numbers.e))
        return {"keys": [{"kid": KEY_ID, "kty": "RSA", "alg": "RS256", "use": "sig", "n": modulus, "e": exponent}]}

    @property
    def trust(self) -> str:
        """What a company keeps to check pushes: the keys by their id, and the account that it chose."""
        keys = {row["kid"]: {"n": row["n"], "e": row["e"]} for row in self.certs["keys"]}
        return orjson.dumps({"email": SERVICE_ACCOUNT, "keys": keys}).decode()

    def is_watched(self, now: int) -> bool:
        return now < self.until

    def envelope(self, history: int, url: str, at: float) -> tuple[bytes, dict[str, str]]:
        data = orjson.dumps({"emailAddress": self.address, "historyId": history})
        told = {"data": base64.b64encode(data).decode(), "messageId": f"{next(self._serial):016d}"}
        body = orjson.dumps({"message": told, "subscription": SUBSCRIPTION})
        return body, {"Authorization": f"Bearer {self.token(url, at)}", "Content-Type": "application/json"}

    def token(self, url: str, at: float) -> str:
        claims = {
            "iss": "https://accounts.google.com", "aud": url, "email": SERVICE_ACCOUNT, "email_verified": True,
            "iat": int(at), "exp": int(at) + 3_600, "sub": "113000000000000000001",
        }  # fmt: skip
        head = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
        signed = ".".join(text(orjson.dumps(part)) for part in (head, claims))
        return f"{signed}.{text(self.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
