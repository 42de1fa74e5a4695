"""The pause page: stop everything that would leave, see who did, what the caps leave today, and go on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from drafts.deciding.caps import left_today
from drafts.deciding.clock import now
from drafts.deciding.errors import DecisionError, NotValid
from drafts.models import Cap, Draft
from drafts.pause import pause as stop
from drafts.pause import resume, standing
from drafts.states import State
from drafts.views.access import allowed, person
from drafts.views.decide import CONFLICT, UNFIT

MOST_WORDS = 300


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("approve")
def pause(request: HttpRequest) -> HttpResponseBase:
    status, notice = 200, ""
    if request.method == "POST":
        try:
            if request.POST.get("answer") == "resume":
                resume(person(request))
                messages.success(request, "Resumed: what was approved leaves now.")
            else:
                stop(person(request), request.POST.get("reason", "")[:MOST_WORDS])
                messages.success(request, "Paused: nothing leaves until somebody resumes.")
            return redirect("pause")
        except DecisionError as error:
            status, notice = UNFIT if isinstance(error, NotValid) else CONFLICT, str(error)
    daily = Cap.objects.filter(is_active=True, per=Cap.Per.DAY).select_related("shop")
    context = {
        "pause": standing(), "notice": notice, "caps": [left_today(cap, now()) for cap in daily],
        "waiting": Draft.objects.filter(state__in=(State.APPROVED, State.HELD)).count(),
    }  # fmt: skip
    return render(request, "drafts/pause.html", context, status=status)
