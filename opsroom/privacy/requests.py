"""Shopify's three privacy webhooks: verified and stored like every push, taken up here, noted without a name.

A demand that cannot be met yet (a write about the customer is under way) stays open and is tried each minute. Shopify
allows 30 days: https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from celery import shared_task
from django.utils import timezone

from connectors.models import Customer, Order, Shop, WebhookEvent
from connectors.webhooks import DEMAND
from drafts.record import record
from opsroom.privacy.erase import InFlight, erase, export
from opsroom.privacy.models import Request
from opsroom.privacy.subject import Subject

log = structlog.get_logger()

BACK = timedelta(days=30)
GID = "gid://shopify/Customer/"


def take(now: datetime) -> int:
    """Enter what was pushed, then do what is open; returns how many demands were met."""
    for event in WebhookEvent.objects.filter(topic__startswith=DEMAND, received_at__gt=now - BACK):
        kind = event.topic.removeprefix(DEMAND)
        if kind in Request.Kind.values:
            Request.objects.get_or_create(
                shop_id=event.shop_id, event_id=event.event_id[:200],
                defaults={"kind": kind, "received_at": event.received_at},
            )  # fmt: skip
    return sum(meet(one, now) for one in Request.objects.filter(done_at=None).select_related("shop"))


def meet(request: Request, now: datetime) -> bool:
    event = WebhookEvent.objects.filter(shop=request.shop, event_id=request.event_id).first()
    try:
        said = "the push is gone" if event is None else do(request, bytes(event.body), now)
    except InFlight:
        log.info("privacy request waits for a write to end", request=request.pk)
        return False
    request.done_at, request.outcome = now, said
    request.save(update_fields=["done_at", "outcome"])
    record("privacy_request", shop=request.shop_id, request=request.pk, what=request.kind, outcome=said)
    # The demand itself names the customer, so it goes with them; an export needs it until an owner has answered.
    if event is not None and request.kind != Request.Kind.EXPORT:
        WebhookEvent.objects.filter(shop=request.shop, event_id=request.event_id).delete()
    return True


def do(request: Request, body: bytes, now: datetime) -> str:
    """What was done, in counts."""
    if request.kind == Request.Kind.ERASE_SHOP:
        refs = list(everybody(request.shop))
        rows = sum(sum(erase(Subject.of(request.shop, ref), by=None, now=now, why="asked").values()) for ref in refs)
        return f"{len(refs)} customers erased, {rows} rows"
    found = [Subject.of(request.shop, ref) for ref in named(body)]
    known = [subject for subject in found if subject.is_known]
    if request.kind == Request.Kind.EXPORT:
        rows = sum(len(each) for subject in known for each in export(subject)["tables"].values())
        return f"{rows} rows are kept; an owner exports them from the customer's record page"
    rows = sum(sum(erase(subject, by=None, now=now, why="asked").values()) for subject in known)
    return f"{len(known)} customers erased, {rows} rows"


def named(body: bytes) -> Iterator[str]:
    """Under which ids we may know the customer: Shopify's global id, and the mail address of one who only wrote."""
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    customer = told.get("customer") if isinstance(told, dict) else None
    if isinstance(customer, dict):
        if customer.get("id"):
            yield f"{GID}{customer['id']}"
        if customer.get("email"):
            yield str(customer["email"])


def everybody(shop: Shop) -> set[str]:
    refs = set(Customer.objects.filter(shop=shop).values_list("external_id", flat=True))
    return (refs | set(Order.objects.filter(shop=shop).values_list("customer_ref", flat=True))) - {""}


@shared_task(name="opsroom.take_privacy_requests", queue="webhooks", max_retries=0)
def take_privacy_requests() -> None:
    """Beat, once a minute."""
    if met := take(timezone.now()):
        log.info("privacy requests met", requests=met)
