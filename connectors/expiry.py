"""Permissions that end by themselves, said in time for a person to connect the shop again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from connectors.models import Shop
from connectors.registry import CONNECTORS

TOLD_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Ending:
    """A shop whose permission ends at `at`; nothing can be read from it afterwards."""

    shop_id: int
    shop: str
    at: datetime


def ending(now: datetime) -> list[Ending]:
    """Connected shops whose permission ends within a week, the first to end first."""
    soon = now + TOLD_BEFORE
    shops = Shop.objects.filter(
        Q(renewable_until__lte=soon) | Q(credentials_expire_at__lte=soon), state=Shop.State.CONNECTED
    ).only("name", "kind", "renewable_until", "credentials_expire_at")
    found = [Ending(shop.pk, shop.name, at) for shop in shops if (at := permission_end(shop)) and at <= soon]
    return sorted(found, key=lambda one: one.at)


def permission_end(shop: Shop) -> datetime | None:
    """When only a person can go on: the refresh token's end, or the token's own where nothing renews it."""
    if shop.renewable_until is not None:
        return shop.renewable_until
    is_renewed = hasattr(CONNECTORS.get(shop.kind), "refresh")
    return None if is_renewed else shop.credentials_expire_at
