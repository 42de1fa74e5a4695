"""What was decided, and the saved records that decisions rest on."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from connectors.models import Shop
from connectors.shops.files.export import csv_lines
from drafts.kinds import KINDS
from drafts.pages import history as pages
from drafts.pages.names import RECORDS
from drafts.pages.records import record_page
from drafts.views.access import allowed, person


@require_safe
@allowed("view")
def history(request: HttpRequest) -> HttpResponseBase:
    group, kind, before = (request.GET.get(name, "") for name in ("group", "kind", "before"))
    rows, following = pages.decided(group, kind, int(before) if before.isdecimal() and len(before) < 19 else None)
    context = {"rows": rows, "next": following, "group": group, "kind": kind, "groups": pages.GROUPS, "kinds": KINDS}
    return render(request, "drafts/history.html", context)


@require_safe
@allowed("view")
def history_file(request: HttpRequest) -> StreamingHttpResponse:
    """The same list whole, as CSV."""
    lines = csv_lines(pages.COLUMNS, pages.table(request.GET.get("group", ""), request.GET.get("kind", "")))
    name = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=name)


@require_safe
@allowed("view")
def record(request: HttpRequest, kind: str, shop_id: int) -> HttpResponseBase:
    """A saved record: its columns and the payload it was read from. Personal fields are masked for viewers."""
    model = RECORDS.get(kind.replace("-", " "))
    if model is None:
        raise Http404(f"There is no record called {kind}.")
    shop = get_object_or_404(Shop, pk=shop_id)
    row = get_object_or_404(model, shop=shop, external_id=request.GET.get("id", ""))
    return render(request, "drafts/record.html", record_page(row, shop, is_masked=not person(request).can_draft))
