"""The card of an alert, what moves on it, and the page of one draft."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.models import Alert
from drafts.models import Draft
from drafts.pages import card as pages
from drafts.pages import inbox as inbox_pages
from drafts.pages.feeds import outlook
from drafts.pages.history import story
from drafts.pages.presence import look
from drafts.views.access import allowed, person
from drafts.views.answer import is_partial, polled
from drafts.views.inbox import queue_context


@require_safe
@allowed("view")
def card(request: HttpRequest, pk: int) -> HttpResponseBase:
    return show(request, _alert(pk), _number(request.GET.get("draft")))


def show(
    request: HttpRequest, alert: Alert, draft_id: int | None = None, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The card in its pane, or the whole page around it. After a decision the list's row goes along."""
    now = timezone.now()
    context = pages.card(alert, user=person(request), now=now, draft_id=draft_id) | extra
    if not is_partial(request):
        return render(request, "drafts/inbox.html", queue_context(request) | context, status=status)
    if request.method == "POST":
        context |= {"rows": inbox_pages.rows_of([alert.pk], outlook(now).stale_shops, now), "is_swap": True}
    return render(request, "drafts/card.html", context, status=status)


@require_safe
@allowed("view")
def live(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who looks, and how the drafts stand; where one is no longer as the page shows it, also what decides."""
    alert = _alert(pk)
    now = timezone.now()
    watchers = look(alert.pk, person(request).pk, now)
    drafts = pages.drafts_of(alert)
    chosen = next((draft for draft in drafts if draft.pk == _number(request.GET.get("draft"))), None)
    chosen = chosen or (drafts[0] if drafts else None)
    context: dict[str, Any] = {"alert": alert, "watchers": watchers, "draft": None, "user": person(request)}
    if chosen:
        context |= pages.draft_context(chosen, person(request), now)
    standstill = context.get("standstill")
    shown = standing_key(chosen, can_reject=bool(standstill and standstill.can_reject)) if chosen else ""
    context["is_swap"] = bool(chosen) and shown != request.GET.get("shown", "")
    seen = (watchers, alert.state, shown, context.get("can_undo"), standstill)
    return polled(request, "drafts/card/live.html", context, seen=seen)


def standing_key(draft: Draft, *, can_reject: bool) -> str:
    """Changes whenever what can be decided on a draft changes; `card/live.html` sends back the one that is shown."""
    return f"{draft.pk}.{draft.version}.{draft.state}{'.held' if can_reject else ''}"


@require_safe
@allowed("view")
def draft(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One draft with its whole story: decisions, calls, ledger entries."""
    return show_draft(request, _draft(pk))


def show_draft(request: HttpRequest, found: Draft, *, status: int = 200, **extra: Any) -> HttpResponse:
    context = pages.draft_context(found, person(request), timezone.now()) | story(found) | extra
    return render(request, "drafts/draft.html", context, status=status)


def show_either(request: HttpRequest, found: Draft, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The card of the draft's alert, or the draft's own page where it has none."""
    whole = found.parent or found
    if whole.alert is None:
        return show_draft(request, found, status=status, **extra)
    return show(request, whole.alert, whole.pk, status=status, **extra)


def url_of(found: Draft) -> str:
    if found.alert_id is None:
        return reverse("draft", args=[found.pk])
    return f"{reverse('card', args=[found.alert_id])}?draft={found.pk}"


def _alert(pk: int) -> Alert:
    return get_object_or_404(Alert.objects.select_related("shop", "assignee", "wave", "worded_by"), pk=pk)


def _draft(pk: int) -> Draft:
    return get_object_or_404(
        Draft.objects.select_related("alert", "shop", "parent__alert", "model_call", "edited_by"), pk=pk
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
