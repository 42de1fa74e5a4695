"""For owners, from a customer's record page: what is kept about them as a file, and the button that erases it."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from connectors.models import Shop
from drafts.record import record
from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import Right
from opsroom.privacy.erase import InFlight, erase, export
from opsroom.privacy.subject import Subject


def subject_of(request: HttpRequest, shop_id: int) -> Subject:
    subject = Subject.of(get_object_or_404(Shop, pk=shop_id), request.GET.get("id", ""))
    if not subject.is_known:
        raise Http404("There is no such customer.")
    return subject


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.ADMINISTER)
def customer(request: HttpRequest, shop_id: int) -> HttpResponseBase:
    """What is kept, counted by table; a POST that says `erase` erases it."""
    subject = subject_of(request, shop_id)
    if request.method != "POST":
        tables = {name: len(rows) for name, rows in export(subject)["tables"].items()}
        return render(request, "privacy/customer.html", {"subject": subject, "tables": tables})
    if request.POST.get("confirm") != "erase":
        messages.error(request, "Nothing was erased: type the word erase to confirm.")
        return redirect(request.get_full_path())
    assert isinstance(request.user, User)
    try:
        counts = erase(subject, by=request.user, now=timezone.now(), why="owner")
    except InFlight as error:
        messages.error(request, str(error))
        return redirect(request.get_full_path())
    messages.success(request, f"{sum(counts.values())} rows erased. Amounts, times and the ledger stay.")
    return redirect("inbox")


@require_safe
@requires(Right.ADMINISTER)
def file(request: HttpRequest, shop_id: int) -> HttpResponse:
    subject = subject_of(request, shop_id)
    assert isinstance(request.user, User)
    record("customer_exported", by=request.user, shop=shop_id)
    text = json.dumps(export(subject), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    name = {"Content-Disposition": 'attachment; filename="customer.json"'}
    return HttpResponse(text, content_type="application/json", headers=name)
