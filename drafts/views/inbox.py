"""The inbox and what keeps it fresh."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from alerts.models import Alert
from drafts.models import Draft
from drafts.pages import inbox as pages
from drafts.pages.feeds import Outlook, outlook
from drafts.pages.inbox import TIER_WORDS, Filters
from drafts.pages.names import DETECTORS
from drafts.running.hold import shops_held
from drafts.states import State
from drafts.views.access import allowed, person
from drafts.views.answer import is_partial, polled

DOUBTS_SHOWN = 20
CHANGES_SHOWN = 30
NEWCOMERS_COUNTED = 100


@require_safe
@allowed("view")
def inbox(request: HttpRequest) -> HttpResponseBase:
    context = queue_context(request)
    if not is_partial(request):
        return render(request, "drafts/inbox.html", context)
    part = "drafts/queue/rows.html" if context["filters"].after else "drafts/queue.html"
    return render(request, part, context)


def queue_context(request: HttpRequest) -> dict[str, Any]:
    """All that the list shows. Eight queries, whatever the number of alerts; three more while a shop fails."""
    now = timezone.now()
    sources = outlook(now)
    filters = Filters.read(request.GET, person(request).pk)
    found = pages.page(filters, sources.stale_shops, now)
    context: dict[str, Any] = {"filters": filters, "rows": found.rows, "sources": sources, "now": now.isoformat()}
    if found.next:
        context["more"] = filters.address(found.next)
    if filters.after and is_partial(request):
        return context
    return context | _head(filters, sources, now)


def _head(filters: Filters, sources: Outlook, now: datetime) -> dict[str, Any]:
    doubts = Draft.objects.doubtful().order_by("changed_at").values("id", "kind", "state", "alert_id", "preview")
    names = dict(sources.shops)
    return {
        "count": pages.count(filters),
        "held": [(names[shop_id], hold) for shop_id, hold in shops_held(now).items() if shop_id in names],
        "doubts": [
            doubt | {"label": pages.kind_label(doubt["kind"]), "standing": pages.STANDING[State(doubt["state"])]}
            for doubt in doubts[:DOUBTS_SHOWN]
        ],
        "address": filters.address(),
        "shops": sources.shops,
        "detectors": DETECTORS,
        "tiers": TIER_WORDS,
    }


@require_safe
@allowed("view")
def fresh(request: HttpRequest) -> HttpResponseBase:
    """What came since the page was made: a count of new alerts, and the rows whose drafts somebody decided."""
    since, at = _since(request)
    newcomers = Alert.objects.open().filter(pk__gt=since)[:NEWCOMERS_COUNTED].count()
    changed = list(
        Draft.objects.filter(changed_at__gt=at, alert__isnull=False)
        .order_by("-changed_at")
        .values_list("alert_id", "changed_at")[:CHANGES_SHOWN]
    )
    now = timezone.now()
    stale = outlook(now).stale_shops if changed else frozenset[int]()
    context = {
        "newcomers": newcomers,
        "capped": newcomers == NEWCOMERS_COUNTED,
        "since": since,
        "now": (changed[0][1] if changed else at).isoformat(),
        "rows": pages.rows_of({alert for alert, _ in changed}, stale, now) if changed else [],
        "address": Filters.read(request.GET, person(request).pk).address(),
        "is_swap": True,
    }
    return polled(request, "drafts/queue/fresh.html", context, seen=(since, at, newcomers, changed))


def _since(request: HttpRequest) -> tuple[int, datetime]:
    since = request.GET.get("since", "")
    try:
        at = parse_datetime(request.GET.get("at", ""))
    except ValueError:
        at = None
    known = int(since) if since.isdecimal() and len(since) < 19 else 0
    return known, at if at and timezone.is_aware(at) else timezone.now()
