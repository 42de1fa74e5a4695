"""The doctor: one harmless read of each shop, its permission, scopes, pushes and feeds; and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.urls import reverse

from connectors import health
from connectors.base import Clock, ConnectorError, Reconnect, Refused, Retry
from connectors.consent import lacking
from connectors.expiry import is_near, permission_end
from connectors.models import Feed, Shop, WebhookKey, WebhookRefusal
from connectors.opening import open_shop
from connectors.registry import CONNECTORS
from connectors.vault import VaultError
from connectors.webhooks import secrets_of
from drafts.pages.feeds import FAULTS
from opsroom.connect.catalogue import system

CUT_OFF_AFTER = timedelta(minutes=10)  # a renewal that is still under way by then was lost with its process
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Check:
    """`seen` is what was found; `advice` what to do about it, empty where nothing is to be done."""

    name: str
    ok: bool
    seen: str = ""
    advice: str = ""


def examine(clock: Clock) -> Iterator[Check]:
    """Every shop, one after the other. A fault of one shop sinks no other's."""
    shops = Shop.objects.defer("credentials").order_by("name")
    if not shops:
        yield Check("shops", ok=False, seen="none is connected", advice=f"Connect one: {page('connect_choose')}")
    for shop in shops:
        yield from examine_shop(shop, clock)


def examine_shop(shop: Shop, clock: Clock) -> Iterator[Check]:
    if shop.state in Shop.UNREAD:
        yield Check(f"{shop.name}: state", ok=True, seen=shop.get_state_display().lower())
        return
    try:
        has_secret = bool(secrets_of(shop))
    except VaultError as error:
        yield Check(f"{shop.name}: credentials", ok=False, seen=str(error), advice="Set OPSROOM_OLD_FIELD_KEYS.")
        return
    now = clock()
    yield answers(shop, clock)
    yield permission(shop, now)
    yield scopes(shop)
    if hasattr(CONNECTORS.get(shop.kind), "verify"):
        yield pushes(shop, now, has_secret=has_secret)
    for feed in shop.feeds.select_related("shop").order_by("name"):
        yield freshness(feed, now)


def answers(shop: Shop, clock: Clock) -> Check:
    name = f"{shop.name}: one harmless read"
    try:
        return Check(name, ok=True, seen=open_shop(shop, clock=clock).check())
    except Reconnect as error:
        return Check(name, ok=False, seen=str(error), advice=again(shop))
    except Retry as error:
        return Check(
            name, ok=False, seen=str(error), advice="The other side is slow or down; try again in some minutes."
        )
    except Refused as error:
        return Check(name, ok=False, seen=str(error), advice=f"Check our app's rights on the other side. {again(shop)}")
    except ConnectorError as error:
        return Check(name, ok=False, seen=str(error), advice="Half a reply came back; try again.")
    except (KeyError, TypeError, ValueError) as error:
        seen = f"{type(error).__name__}: {error}"
        return Check(
            name, ok=False, seen=seen, advice="The reply has another shape than expected, or a setting is missing."
        )


def permission(shop: Shop, now: datetime) -> Check:
    name = f"{shop.name}: permission"
    end = permission_end(shop.kind, shop.renewable_until, shop.credentials_expire_at)
    if shop.renewal_began_at is not None and now - shop.renewal_began_at > CUT_OFF_AFTER:
        seen = f"a renewal of its token was cut off at {shop.renewal_began_at:%Y-%m-%d %H:%M} UTC"
        return Check(name, ok=False, seen=seen, advice=f"The next renewal may fail. {again(shop)}")
    if end is not None and is_near(end, now):
        word = "ended" if end <= now else "ends"
        return Check(name, ok=False, seen=f"{word} {end:%Y-%m-%d %H:%M} UTC", advice=again(shop))
    if shop.credentials_expire_at is not None and shop.credentials_expire_at <= now:
        seen = f"its token ended {shop.credentials_expire_at:%Y-%m-%d %H:%M} UTC and was not renewed"
        return Check(name, ok=False, seen=seen, advice="See whether the workers run; they renew it.")
    return Check(name, ok=True, seen=f"until {end:%Y-%m-%d}" if end else "has no end of its own")


def scopes(shop: Shop) -> Check:
    made: Any = CONNECTORS.get(shop.kind)
    missing = lacking(getattr(made, "read_scopes", ()), shop.scopes)
    if missing:
        seen = f"not granted: {', '.join(missing)}"
        return Check(f"{shop.name}: scopes", ok=False, seen=seen, advice=f"{again(shop)} Leave them ticked.")
    seen = "the platform does not tell" if shop.scopes is None else "everything that reading needs"
    return Check(f"{shop.name}: scopes", ok=True, seen=seen)


def pushes(shop: Shop, now: datetime, *, has_secret: bool) -> Check:
    """Pull is truth, so missing pushes are no fault; pushes that are turned away are."""
    name = f"{shop.name}: pushes"
    url = settings.PUBLIC_URL + reverse("connectors:webhook", args=[shop.pk])
    refused = WebhookRefusal.objects.filter(shop=shop, hour__gt=now - DAY).aggregate(sum=Sum("count"))["sum"]
    last = WebhookKey.objects.filter(shop=shop).order_by("-seen_at").values_list("seen_at", flat=True).first()
    if refused:
        seen = f"{refused} with a signature that does not hold within a day"
        return Check(name, ok=False, seen=seen, advice="Enter the webhook secret again, as the other side shows it.")
    if last is not None:
        return Check(name, ok=True, seen=f"the last one came {last:%Y-%m-%d %H:%M} UTC")
    secret = "" if has_secret else ", and enter its signing secret here"
    advice = f"News comes with the next pull; for seconds instead, register {url} there{secret}."
    return Check(name, ok=True, seen="none has come", advice=advice)


def freshness(feed: Feed, now: datetime) -> Check:
    name = f"{feed.shop.name}: feed {feed.name}"
    fault = health.fault_of(feed, now)
    if fault:
        what, advice = FAULTS.get(fault.lower(), FAULTS["failed"])
        last = f"; last read whole {feed.last_good_at:%Y-%m-%d %H:%M} UTC" if feed.last_good_at else ""
        return Check(name, ok=False, seen=f"it {what}{last}", advice=advice)
    return Check(name, ok=True, seen=f"read whole {feed.last_good_at:%Y-%m-%d %H:%M} UTC" if feed.last_good_at else "")


def again(shop: Shop) -> str:
    if system(shop.kind) is None:
        return "Connect it again: `manage.py connect`."
    return f"Connect it again: {page('connect_system', shop.kind)}?shop={shop.pk}"


def page(name: str, *arguments: object) -> str:
    return settings.PUBLIC_URL + reverse(name, args=arguments)
