"""Filters and tags of the pages; the words themselves stand in `drafts/pages/wording.py`."""

from datetime import datetime
from decimal import Decimal

from django import template
from django.template import Context
from django.utils import timezone

from drafts.models import Pause
from drafts.pages import wording

register = template.Library()


@register.simple_tag(takes_context=True)
def is_paused(context: Context) -> bool:
    """For the header of every page; the inbox has asked already."""
    if "sources" in context:
        return bool(context["sources"].is_paused)
    return Pause.objects.filter(ended_at=None).exists()


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    return wording.money(amount, currency)


@register.filter
def dollars(amount: Decimal | None, currency: str) -> str:
    return wording.dollars(amount, currency)


@register.filter
def words(name: str) -> str:
    return wording.words(name)


@register.filter
def distance(at: datetime | None) -> str:
    return wording.distance(at, timezone.now()) if at else ""


@register.filter
def is_near(at: datetime | None) -> bool:
    return wording.is_near(at, timezone.now())


@register.filter
def is_ahead(at: datetime | None) -> bool:
    return at is not None and at > timezone.now()
