"""The health page and the weekly stability report, for those who decide."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from opsroom.health.page import overview
from opsroom.insights.gather import report, week_before
from opsroom.people.access import requires
from opsroom.people.roles import Right

WEEK = timedelta(days=7)


@require_safe
@requires(Right.APPROVE)
def health(request: HttpRequest) -> HttpResponseBase:
    """Each connection: what is wrong in a sentence, what to do, and what that rests on."""
    shops = overview(timezone.now())
    troubled = sum(each.is_troubled for each in shops)
    waiting = sum(each.waiting for each in shops)
    return render(request, "health/health.html", {"shops": shops, "troubled": troubled, "waiting": waiting})


@require_safe
@requires(Right.APPROVE)
def stability(request: HttpRequest) -> HttpResponseBase:
    """One week's report; the last whole one unless the address names its Monday."""
    newest = week_before(timezone.now())
    monday = min(_monday(request.GET.get("week", "")) or newest, newest)
    context = {"report": report(monday), "before": monday - WEEK, "after": monday + WEEK if monday < newest else None}
    return render(request, "health/stability.html", context)


def _monday(text: str) -> date | None:
    """The Monday of the named day; None where the text names none that we could have seen."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day - timedelta(days=day.weekday()) if 2000 < day.year < 9999 else None
