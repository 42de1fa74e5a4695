"""Permissions that end by themselves, said in time for a person to connect the shop again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.registry import CONNECTORS

TOLD_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ending:
    """A shop whose permission ends at `at`; nothing can be read from it afterwards."""

    shop_id: int
    shop: str
    at: datetime


def permission_end(kind: str, renewable_until: datetime | None, token_end: datetime | None) -> datetime | None:
    """When only a person can go on: the refresh token's end, or the token's own where nothing renews it."""
    if renewable_until is not None:
        return renewable_until
    return None if hasattr(CONNECTORS.get(kind), "refresh") else token_end


def is_near(end: datetime | None, now: datetime) -> bool:
    return end is not None and end - now <= TOLD_BEFORE
