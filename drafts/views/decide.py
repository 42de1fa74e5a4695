"""Decisions on one draft or alert. Each calls its step once; a refusal is shown on the card and has changed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alerts.models import Alert
from drafts import approve as steps
from drafts.deciding.errors import DecisionError, NotAllowed, NotValid, PastDeadline, ProofNeeded, stale
from drafts.draft import draft_also
from drafts.forms.command import CommandForm
from drafts.forms.decisions import RejectForm, SnoozeForm
from drafts.kinds import read_command
from drafts.models import Draft
from drafts.pages import card as pages
from drafts.views import proof
from drafts.views.access import allowed, person
from drafts.views.answer import go, is_partial
from drafts.views.card import show, show_either, url_of

CONFLICT, FORBIDDEN, UNFIT = 409, 403, 422


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("approve")
def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What was shown, and nothing else: version, digest and the kept parts come from the page.

    A visit (an address typed again, a sign-in that ended here) decides nothing and shows the card.
    """
    draft = _draft(pk)
    if request.method != "POST":
        return redirect(url_of(draft))
    try:
        version, digest = _shown(request)
        steps.approve(
            draft, by=person(request), version=version, digest=digest, proof=proof.read(request, digest),
            seconds_on_card=_seconds(request), parts=_parts(request.POST),
        )  # fmt: skip
    except proof.BadProof as error:
        return _confirm_page(request, draft, error=str(error), status=UNFIT)
    except ProofNeeded:
        return go(request, reverse("confirm", args=[draft.pk]))
    except DecisionError as error:
        return refused(request, draft, error)
    return _decided(request, draft)


@require_safe
@allowed("approve")
def confirm(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The draft once more, whole, with its digest; approving it here takes a code or a passkey."""
    return _confirm_page(request, _draft(pk))


def _confirm_page(request: HttpRequest, draft: Draft, *, error: str = "", status: int = 200) -> HttpResponse:
    context = pages.draft_context(draft, person(request), timezone.now()) | proof.offer(request, draft.digest)
    return render(request, "drafts/confirm.html", context | {"error": error, "back": url_of(draft)}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("draft")
def edit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The typed form. What was typed stays on the page whatever is wrong with it."""
    draft = _draft(pk)
    form = CommandForm(read_command(draft.kind, draft.command), request.POST or None)
    status, notice = 200, ""
    if request.method == "POST":
        try:
            version, digest = _shown(request)
            if (version, digest) != (draft.version, draft.digest):
                raise stale(draft)
            if form.is_valid():
                steps.edit(draft, form.command, person(request))
                return _decided(request, draft)
            status = UNFIT
        except NotValid as error:
            status = UNFIT
            for reason in error.reasons:
                form.add_error(None, reason)
        except DecisionError as error:
            status, notice = CONFLICT, str(error)
    context = pages.draft_context(draft, person(request), timezone.now())
    context |= {"form": form, "notice": notice, "back": url_of(draft)}
    part = "drafts/edit/form.html" if is_partial(request) else "drafts/edit.html"
    return render(request, part, context, status=status)


@require_POST
@allowed("approve")
def reject(request: HttpRequest, pk: int) -> HttpResponseBase:
    draft = _draft(pk)
    form = RejectForm(request.POST)
    if not form.is_valid():
        return show_either(request, draft, status=UNFIT, notice=_first_error(form), reject_form=form)
    try:
        _as_shown(request, draft)
        steps.reject(draft, by=person(request), reason=form.cleaned_data["reason"])
    except DecisionError as error:
        return refused(request, draft, error, reject_form=form)
    return _decided(request, draft)


@require_POST
@allowed("approve")
def undo(request: HttpRequest, pk: int) -> HttpResponseBase:
    draft = _draft(pk)
    try:
        steps.undo(draft, person(request))
    except DecisionError as error:
        return refused(request, draft, error)
    return _decided(request, draft)


@require_POST
@allowed("draft")
def snooze(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Past the deadline only with the loss named and accepted."""
    alert = get_object_or_404(Alert.objects.select_related("shop"), pk=pk)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return show(request, alert, status=UNFIT, notice=_first_error(form), snooze_form=form)
    accepted = form.cleaned_data["accept_loss"]
    try:
        steps.snooze(alert, form.cleaned_data["until"], person(request), past_deadline=accepted)
    except PastDeadline as error:
        return show(request, alert, status=CONFLICT, loss=str(error), snooze_form=form)
    except DecisionError as error:
        return show(request, alert, status=CONFLICT, notice=str(error), snooze_form=form)
    return show(request, alert) if is_partial(request) else redirect("inbox")


@require_POST
@allowed("draft")
def prepare(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A further move on the same matter, beside what stands. It opens on the card; nothing is decided by it."""
    alert = get_object_or_404(Alert.objects.select_related("shop"), pk=pk)
    try:
        draft = draft_also(alert, request.POST.get("kind", ""), request.POST.get("choice", ""), by=person(request))
    except DecisionError as error:
        status = UNFIT if isinstance(error, NotValid) else CONFLICT
        return show(request, alert, status=status, notice=str(error))
    return _decided(request, draft)


def refused(request: HttpRequest, draft: Draft, error: DecisionError, **extra: Any) -> HttpResponse:
    """The card as it stands now, with why nothing was done."""
    status = FORBIDDEN if isinstance(error, NotAllowed) else UNFIT if isinstance(error, NotValid) else CONFLICT
    return show_either(request, _draft(draft.pk), status=status, notice=str(error), **extra)


def _decided(request: HttpRequest, draft: Draft) -> HttpResponse:
    """The card in its new state. A form is redirected, so that reloading repeats nothing."""
    if is_partial(request) and request.htmx.target == "pane":  # type: ignore[attr-defined]  # set by django-htmx's middleware
        return show_either(request, _draft(draft.pk))
    return go(request, url_of(draft))


def _draft(pk: int) -> Draft:
    return get_object_or_404(Draft.objects.select_related("alert__shop", "shop", "parent__alert"), pk=pk)


def _shown(request: HttpRequest) -> tuple[int, str]:
    version = request.POST.get("version", "")
    if not version.isdecimal() or len(version) > 9:
        raise NotValid(["The page did not say which version it showed. Reload it and decide again."])
    return int(version), request.POST.get("digest", "")


def _as_shown(request: HttpRequest, draft: Draft) -> None:
    if _shown(request) != (draft.version, draft.digest):
        raise stale(draft)


def _seconds(request: HttpRequest) -> float | None:
    try:
        seconds = float(request.POST.get("seconds") or "nan")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _parts(posted: Mapping[str, Any]) -> dict[int, str] | None:
    """`part` values are `id:digest` of the parts that were shown and kept; None where the draft showed none."""
    if "has_parts" not in posted:
        return None
    values = posted.getlist("part")  # type: ignore[attr-defined]  # a QueryDict
    pairs = (value.split(":", 1) for value in values if ":" in value)
    return {int(number): digest for number, digest in pairs if number.isdecimal()}


def _first_error(form: Any) -> str:
    return str(next(iter(form.errors.values()))[0])
