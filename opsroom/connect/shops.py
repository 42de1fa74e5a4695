"""The connections page, and what an owner does with one shop: pause, resume, disconnect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from connectors import install as steps
from connectors.base import Refused
from connectors.consent import lacking
from connectors.expiry import is_near, permission_end
from connectors.models import Feed, Shop
from connectors.registry import CONNECTORS
from drafts.pages.feeds import outlook
from drafts.record import record
from opsroom.connect.catalogue import system
from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import Right


@require_safe
@requires(Right.VIEW)
def connections(request: HttpRequest) -> HttpResponseBase:
    """Every shop and feed: how old, how whole, what is wrong and what to do about it."""
    now = timezone.now()
    sources = outlook(now)
    troubles = {(trouble.shop_id, trouble.feed): trouble for trouble in sources.troubles}
    shops = list(Shop.objects.prefetch_related(Prefetch("feeds", Feed.objects.order_by("name"), to_attr="rows")))
    for shop in shops:
        vars(shop).update(standing(shop, now))
        for feed in shop.rows:
            vars(feed)["trouble"] = troubles.get((shop.pk, feed.name))
    context = {"shops": shops, "troubles": len(troubles), "hidden": sources.hidden_words}
    return render(request, "connect/connections.html", context)


def standing(shop: Shop, now: datetime) -> dict[str, Any]:
    """What the page says of a shop's permission: its end, whether that is near, the scopes that reading lacks."""
    made: Any = CONNECTORS.get(shop.kind)
    ends = permission_end(shop.kind, shop.renewable_until, shop.credentials_expire_at)
    return {
        "label": made.label if made else shop.kind.replace("_", " "),
        "ends": ends,
        "is_ending": is_near(ends, now),
        "lacks": lacking(getattr(made, "read_scopes", ()), shop.scopes),
        "can_connect": system(shop.kind) is not None,
    }


@require_POST
@requires(Right.ADMINISTER)
def pause(request: HttpRequest, pk: int) -> HttpResponseBase:
    return do(request, pk, steps.pause, "shop_paused", "{} is paused: nothing is read or sent until you resume it.")


@require_POST
@requires(Right.ADMINISTER)
def resume(request: HttpRequest, pk: int) -> HttpResponseBase:
    return do(request, pk, steps.resume, "shop_resumed", "{} is read again.")


@require_POST
@requires(Right.ADMINISTER)
def disconnect(request: HttpRequest, pk: int) -> HttpResponseBase:
    told = (
        "{} is disconnected and its credentials are erased; what was read stays. Remove the app on the other side too."
    )
    return do(request, pk, steps.disconnect, "shop_disconnected", told)


def do(request: HttpRequest, pk: int, step: Callable[[Shop], None], action: str, told: str) -> HttpResponseBase:
    shop = get_object_or_404(Shop, pk=pk)
    assert isinstance(request.user, User)
    try:
        with transaction.atomic():
            step(shop)
            record(action, by=request.user, shop=shop.pk, name=shop.name, kind=shop.kind)
    except Refused as error:
        messages.error(request, f"{error}.")
    else:
        messages.success(request, told.format(shop.name))
    return redirect("connections")
