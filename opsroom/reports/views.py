"""A report comes in: uploaded, its columns shown as we understand them, corrected, tried without keeping, imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connectors import reports
from connectors.intake.importing import Imported, import_report, is_known, plans_for, shop_for, undone
from connectors.models import Feed, Shop
from connectors.reports import BadReport, Mapped, Read, layouts
from connectors.reports.layouts import Layout
from connectors.reports.mapping import KINDS
from drafts.record import record
from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import Right
from opsroom.reports import columns, uploads
from opsroom.reports.forms import UploadForm, kind_words
from opsroom.reports.uploads import Upload

UNFIT = 422
MOST_ROWS = 250_000  # in one request; the command has no such limit
SAMPLE_ROWS = 500
FEED_OF_KIND = {
    "orders": "orders", "returns": "returns", "settlements": "settlement", "payouts": "payouts", "listings": "goods",
    "products": "goods", "stock": "goods", "payments": "payments", "ad_spend": "spend", "reviews": "reviews",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """A file opened: its header, its first rows, what it is known as, and how it would be read."""

    header: tuple[str, ...]
    rows: list[list[str]]
    known: Layout | None
    kind: str  # empty: as the known report that it is
    mapped: Mapped


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@requires(Right.ADMINISTER)
def new(request: HttpRequest) -> HttpResponseBase:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return render(request, "reports/new.html", {"form": UploadForm(), "known": layouts.LAYOUTS})
    if not form.is_valid():
        return render(request, "reports/new.html", {"form": form, "known": layouts.LAYOUTS}, status=UNFIT)
    file = form.cleaned_data["file"]
    upload = uploads.keep(
        request, file.name, file.chunks(), timezone.now(), shop=form.shop_name(), kind=form.cleaned_data["kind"],
        currency=form.cleaned_data["currency"],
    )  # fmt: skip
    return redirect("report", upload.token)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@requires(Right.ADMINISTER)
def one(request: HttpRequest, token: str) -> HttpResponseBase:
    """`?kind=` reads it as that kind, with columns to choose. A POST tries it, or with `do=import` keeps it."""
    upload = own(request, token)
    data = request.POST if request.method == "POST" else request.GET
    try:
        look = open_up(upload, data.get("kind", upload.kind))
    except BadReport as error:
        return render(request, "reports/unreadable.html", {"upload": upload, "why": error}, status=UNFIT)
    if request.method != "POST":
        return show(request, upload, look)
    mapping = columns.sent(look.kind, request.POST, look.mapped) if look.kind else None
    if request.POST.get("do") == "import":
        return take_in(request, upload, look, mapping)
    return attempt(request, upload, look, mapping)


@require_POST
@requires(Right.ADMINISTER)
def discard(request: HttpRequest, token: str) -> HttpResponseBase:
    upload = own(request, token)
    uploads.drop(request, upload)
    messages.success(request, f"{upload.name} is thrown away; nothing of it was kept.")
    return redirect("report_new")


def own(request: HttpRequest, token: str) -> Upload:
    found = uploads.find(request, token)
    if found is None:
        raise Http404("This upload is not of your session, or it has ended; upload the file again.")
    return found


def open_up(upload: Upload, kind: str) -> Look:
    """Raises BadReport."""
    with reports.open_table(upload.path, is_known) as table:
        rows = [cells for _, cells in islice(table.rows, SAMPLE_ROWS)]
        header = table.header
    known = layouts.recognise(header)
    if kind not in KINDS:
        kind = "" if known else columns.likeliest_kind(header)
    mapped: Mapped = {}
    if kind:
        shop = Shop.objects.filter(name=upload.shop).first() or Shop()
        (plan, *others) = plans_for(shop, kind, None, header)
        mapped = reports.guess(header, kind) if others else plan.mapped
    return Look(header, rows, known, kind, mapped)


def attempt(request: HttpRequest, upload: Upload, look: Look, mapping: Mapping[str, object] | None) -> HttpResponseBase:
    """A dry run: counted as it would be, and nothing of it kept."""
    try:
        done = read_in(upload, look, mapping, undone)
    except BadReport as error:
        return show(request, upload, sent_look(look, mapping), notice=str(error), status=UNFIT)
    return show(request, upload, sent_look(look, mapping), tried=done)


def take_in(request: HttpRequest, upload: Upload, look: Look, mapping: Mapping[str, object] | None) -> HttpResponseBase:
    """All of it or nothing, with its entry in the ledger."""
    assert isinstance(request.user, User)
    try:
        with transaction.atomic():
            done = read_in(upload, look, mapping, transaction.atomic)
            counts = {name: getattr(done, name) for name in ("read", "stored", "updated", "unchanged", "quarantined")}
            record("report_imported", by=request.user, shop=upload.shop, file=upload.name, kinds=done.kinds, **counts)
    except BadReport as error:
        return show(request, upload, sent_look(look, mapping), notice=f"Nothing was kept: {error}", status=UNFIT)
    uploads.drop(request, upload)
    messages.success(request, told(done, upload))
    return redirect("connections")


def told(done: Imported, upload: Upload) -> str:
    aside = f", {done.quarantined:,} set aside with their reasons" if done.quarantined else ""
    kept = f"{done.stored:,} stored, {done.updated:,} updated, {done.unchanged:,} unchanged"
    return f"{upload.name}: {done.read:,} rows read into {upload.shop}: {kept}{aside}."


def read_in(
    upload: Upload,
    look: Look,
    mapping: Mapping[str, object] | None,
    within: Callable[[], AbstractContextManager[Any]],
) -> Imported:
    """Raises BadReport."""
    with within():
        shop = shop_for(upload.shop, upload.currency or None)
        return import_report(upload.path, shop, look.kind, mapping=mapping, through=limited)


def limited(reads: Iterator[Read], _: Mapped) -> Iterator[Read]:
    rows = 0
    for read in reads:
        rows += read.rows
        if rows > MOST_ROWS:
            advice = "split it by month, or read it with manage.py import_report"
            raise BadReport(f"the report has more than {MOST_ROWS:,} rows; {advice}")
        yield read


def sent_look(look: Look, mapping: Mapping[str, object] | None) -> Look:
    """The same file with the columns as the person has them now."""
    if mapping is None:
        return look
    try:
        mapped = reports.from_json(mapping, look.kind, look.header)
    except BadReport:
        return look
    return Look(look.header, look.rows, look.known, look.kind, mapped)


def show(
    request: HttpRequest,
    upload: Upload,
    look: Look,
    *,
    tried: Imported | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponseBase:
    kinds = [look.kind] if look.kind else [part.kind for part in look.known.parts] if look.known else []
    lines = columns.lines_of(look.kind, look.mapped, look.header, look.rows) if look.kind else []
    context = {
        "upload": upload, "look": look, "tried": tried, "notice": notice,
        "used": [line for line in lines if line.is_used], "unused": [line for line in lines if not line.is_used],
        "parts": [] if look.kind else known_parts(look),
        "kinds": [(kind, kind_words(kind)) for kind in sorted(KINDS)],
        "warnings": overlaps(upload, kinds), "as_it_is": columns.AS_IT_IS,
        "is_new": not Shop.objects.filter(name=upload.shop).exists(),
    }  # fmt: skip
    return render(request, "reports/one.html", context, status=status)


def known_parts(look: Look) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a known report holds: each kind with its fields and where they come from."""
    parts = []
    for part in look.known.parts if look.known else ():
        mapped = part.mapped(look.header)
        rows = [(columns.label_of(name), entry.words or f"always {entry.constant}") for name, entry in mapped.items()]
        parts.append((kind_words(part.kind), rows))
    return parts


def overlaps(upload: Upload, kinds: list[str]) -> list[str]:
    """Where the shop's own connection reads the same: the file's rows may have other ids there."""
    feeds = set(Feed.objects.filter(shop__name=upload.shop).values_list("name", flat=True))
    return list(dict.fromkeys(kind.replace("_", " ") for kind in kinds if FEED_OF_KIND.get(kind) in feeds))
