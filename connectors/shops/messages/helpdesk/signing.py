"""Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256 over "id.timestamp.body", in base64."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from connectors.base import Refused

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a key


def key_of(secret: str) -> bytes:
    """The key behind `whsec_…`. Raises Refused, with what a good one looks like."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise Refused(
            f"the signing secret must be {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64, as the endpoint has it",
            code="secret",
        )
    return key


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    signed = f"{id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()}"


def headers(secret: str, id: str, now: datetime, body: bytes) -> dict[str, str]:
    """`webhook-id` stays the same over all attempts, so that the receiver knows a doubled one."""
    stamp = int(now.timestamp())
    return {"webhook-id": id, "webhook-timestamp": str(stamp), "webhook-signature": signature(secret, id, stamp, body)}
