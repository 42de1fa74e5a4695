"""What every record has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has: the outside's id, and the bytes it was read from (JSON as received, kept compressed)."""

    external_id: str
    raw: bytes = b""
