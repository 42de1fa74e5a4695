"""Encryption of field values at rest: AES-256-GCM, a random nonce per value, and rotation by key ids.

A sealed value is `version (1 byte) | key id (4) | nonce (12) | ciphertext and tag`. The first key seals; every key
opens, so a new key goes in front of the old one, values are sealed again at leisure, and then the old key is dropped.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES + NONCE_BYTES


class VaultError(ValueError):
    """A value that no present key opens, or a key that is none."""


def new_key() -> str:
    """A fresh key as it stands in the environment: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def key_from_text(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.encode())
    except (binascii.Error, ValueError) as error:
        raise VaultError("A field key is not base64. Make one with `python -m connectors.vault`.") from error
    if len(key) != KEY_BYTES:
        raise VaultError(
            f"A field key holds {len(key)} bytes instead of {KEY_BYTES}. Make one with `python -m connectors.vault`."
        )
    return key


def key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True)
class Vault:
    """`keys` are 32 bytes each, the newest first. Raises VaultError without a key."""

    keys: Sequence[bytes]
    by_id: dict[bytes, AESGCM] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise VaultError("There is no field key, so secrets can be neither stored nor read.")
        object.__setattr__(self, "by_id", {key_id(key): AESGCM(key) for key in self.keys})

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """`context` names the place of the value: moved to another place, it does not open."""
        newest, nonce = key_id(self.keys[0]), os.urandom(NONCE_BYTES)
        return VERSION + newest + nonce + self.by_id[newest].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        identity = sealed[len(VERSION) : len(VERSION) + KEY_ID_BYTES]
        cipher = self.by_id.get(identity)
        if not sealed.startswith(VERSION) or len(sealed) < HEADER_BYTES or cipher is None:
            raise VaultError(
                f"A sealed value for {context} names a key that is not present. Put the old key behind the new one."
            )
        try:
            return cipher.decrypt(
                sealed[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES], sealed[HEADER_BYTES:], context.encode()
            )
        except InvalidTag as error:
            raise VaultError(
                f"A sealed value for {context} was changed, or was moved here from another place."
            ) from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; the others are sealed again by `manage.py rotate_keys`."""
        return sealed[len(VERSION) : len(VERSION) + KEY_ID_BYTES] == key_id(self.keys[0])


if __name__ == "__main__":
    print(new_key())
