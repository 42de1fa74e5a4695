"""The arithmetic of the seals: leaves, Merkle root, chain. Pure, so that an auditor can run it alone.

Leaves and nodes carry different first bytes (RFC 6962 §2.1), so that no node can pass for an entry.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
GENESIS = bytes(32)
LEAF, NODE = b"\x00", b"\x01"


def leaf(content: bytes) -> bytes:
    """SHA-256(0x00 ‖ length as 8 bytes, big-endian ‖ content)."""
    return sha256(LEAF + len(content).to_bytes(8) + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962's tree hash: pairs are joined level by level, an odd last one goes up as it is."""
    level = list(leaves)
    if not level:
        return EMPTY
    while len(level) > 1:
        pairs = [sha256(NODE + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


def chain(number: int, previous: bytes, tree: bytes, count: int, horizon: int) -> bytes:
    """What a seal binds: its number, the chain before it, its root, how many entries, and up to which transaction."""
    return sha256(b"".join([number.to_bytes(8), previous, tree, count.to_bytes(8), horizon.to_bytes(8)])).digest()


def split(leaves: bytes) -> list[bytes]:
    """Stored leaves, 32 bytes each."""
    return [leaves[i : i + 32] for i in range(0, len(leaves), 32)]
