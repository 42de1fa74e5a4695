"""A write whose effect nobody has seen: what is known, and where no read can tell, a person's answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from drafts.deciding.errors import DecisionError, NotValid
from drafts.forms.decisions import SettleForm
from drafts.models import Draft
from drafts.pages.card import draft_context
from drafts.pages.history import story
from drafts.settle import settle as step
from drafts.states import State
from drafts.views.access import allowed, person
from drafts.views.card import url_of
from drafts.views.decide import CONFLICT, UNFIT


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("approve")
def settle(request: HttpRequest, pk: int) -> HttpResponseBase:
    draft = get_object_or_404(Draft.objects.select_related("alert", "shop"), pk=pk)
    form = SettleForm(request.POST or None)
    status, notice = 200, ""
    if request.method == "POST":
        status, notice = UNFIT, "Choose an answer and say what you saw."
        if form.is_valid():
            happened = form.cleaned_data["answer"] == "happened"
            try:
                step(draft, happened=happened, by=person(request), evidence=form.cleaned_data["evidence"])
                return redirect("draft", pk=draft.pk)
            except DecisionError as error:
                status, notice = UNFIT if isinstance(error, NotValid) else CONFLICT, str(error)
    context = draft_context(draft, person(request), timezone.now()) | story(draft)
    context |= {"form": form, "notice": notice, "back": url_of(draft), "can_settle": draft.state == State.NEEDS_HUMAN}
    return render(request, "drafts/settle.html", context, status=status)
