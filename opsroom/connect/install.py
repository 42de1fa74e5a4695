"""Connecting a system: what is offered, our app there, the way to its consent page and back, and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from connectors import install as steps
from connectors.base import ConnectorError, Reconnect, Retry, Unknown
from connectors.consent import scopes_for
from connectors.models import App, ConsentVisit, Shop
from connectors.registry import connector_class
from drafts.record import record
from opsroom.connect.catalogue import System, groups, system
from opsroom.connect.forms import AppForm, AskForm, KeysForm
from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import Right

UNFIT = 422


@require_safe
@requires(Right.ADMINISTER)
def choose(request: HttpRequest) -> HttpResponseBase:
    """Every system that can be connected."""
    connected = dict.fromkeys(Shop.objects.exclude(state=Shop.State.DISCONNECTED).values_list("kind", flat=True))
    return render(request, "connect/choose.html", {"groups": list(groups()), "connected": connected})


@require_safe
@requires(Right.ADMINISTER)
def one(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The ways into one system; `?shop=` connects that shop again, `&for=` with what such a write needs."""
    return show(request, known(kind), request.GET)


@require_POST
@requires(Right.ADMINISTER)
def register(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Our registration there, typed once."""
    found = known(kind)
    app = App.objects.filter(kind=kind).first() or App(kind=kind)
    form = AppForm(found, app.credentials, request.POST)
    if not form.is_valid():
        return show(request, found, request.POST, app_form=form, status=UNFIT)
    typed = form.typed()
    app.credentials, app.changed_at = {**app.credentials, **typed}, timezone.now()
    with transaction.atomic():
        app.save()
        record("app_registered", by=user(request), kind=kind, changed=sorted(typed))
    messages.success(request, f"Our app at {found.label} is stored, encrypted.")
    return redirect(address_of(kind, request.POST))


@require_POST
@requires(Right.ADMINISTER)
def start(request: HttpRequest, kind: str) -> HttpResponseBase:
    """A visit to the consent page begins: to the page that says where it leads and what is asked."""
    found, shop = known(kind), shop_of(kind, request.POST)
    form = AskForm(found.asks, {}, request.POST)
    if not form.is_valid():
        return show(request, found, request.POST, ask_form=form, status=UNFIT)
    try:
        visit = steps.begin(
            kind, by=user(request).pk, given=form.cleaned_data, now=timezone.now(), shop=shop,
            redirect_uri=settings.PUBLIC_URL + reverse("connect_back", args=[kind]),
            operations=filter(None, [request.POST.get("for", "")]), next_page=safe_page(request, request.POST),
        )  # fmt: skip
    except ConnectorError as error:
        return show(request, found, request.POST, ask_form=form, notice=words(error), status=UNFIT)
    return redirect("connect_visit", visit.pk)


@require_safe
@never_cache
@requires(Right.ADMINISTER)
def visit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Where the next click leads, and what is asked for there. A link, since a form may not leave this site."""
    found = own_visit(request, pk)
    made = connector_class(found.kind)
    context = {
        "visit": found, "label": made.label, "host": urlsplit(steps.address(found)).hostname,
        "reads": [scope for scope in found.scopes if scope in getattr(made, "read_scopes", ())],
        "writes": [scope for scope in found.scopes if scope not in getattr(made, "read_scopes", ())],
    }  # fmt: skip
    return render(request, "connect/visit.html", context)


@require_safe
@never_cache
@requires(Right.ADMINISTER)
def go(request: HttpRequest, pk: int) -> HttpResponseBase:
    answer = HttpResponse(status=302)
    answer["Location"] = steps.address(own_visit(request, pk))
    return answer


@require_GET
@never_cache
@requires(Right.ADMINISTER)
def back(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The platform sends the person back here, with a code or a refusal."""
    found = known(kind)
    try:
        done = steps.finish(kind, request.GET.dict(), by=user(request).pk, kept=noted(request, "consent"))
    except ConnectorError as error:
        return show(request, found, {}, notice=f"Nothing was connected: {words(error)}", status=UNFIT)
    return connected(request, found, done)


@require_POST
@requires(Right.ADMINISTER)
def keys(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Keys are proved by one harmless read before they are kept."""
    found, shop = known(kind), shop_of(kind, request.POST)
    form = KeysForm(found, shop, request.POST)
    if not form.is_valid():
        return show(request, found, request.POST, keys_form=form, status=UNFIT)
    try:
        done = steps.with_keys(
            kind, form.typed(), form.options(), name=form.name(), shop=shop, kept=noted(request, "keys")
        )
    except ConnectorError as error:
        notice = f"Nothing was stored: {words(error)}"
        return show(request, found, request.POST, keys_form=form, notice=notice, status=UNFIT)
    return connected(request, found, done)


# -- what the views share ---------------------------------------------------------------------------------------------


def noted(request: HttpRequest, way: str) -> Callable[[Shop], None]:
    """The ledger's entry, in the transaction that stores the shop."""

    def note(shop: Shop) -> None:
        record(
            "shop_connected", by=user(request), way=way, scopes=shop.scopes, shop=shop.pk, name=shop.name,
            kind=shop.kind, account=shop.external_id,
        )  # fmt: skip

    return note


def connected(request: HttpRequest, found: System, done: steps.Connected) -> HttpResponse:
    for shop in done.shops:
        seen = f" ({done.seen})" if done.seen else ""
        messages.success(request, f"{shop.name} is connected{seen}. Reading begins now.")
    if done.missing:
        missing = ", ".join(done.missing)
        told = (
            f"{found.label} did not grant {missing}. What rests on that cannot be read or sent; connect again for it."
        )
        messages.warning(request, told)
    return redirect(done.next_page or "connections")


def show(
    request: HttpRequest, found: System, asked: Mapping[str, Any], *, app_form: AppForm | None = None,
    ask_form: AskForm | None = None, keys_form: KeysForm | None = None, notice: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page of one system, with whatever was typed and what is wrong with it."""
    shop, operation = shop_of(found.kind, asked), str(asked.get("for", ""))
    app = App.objects.filter(kind=found.kind).first() or App(kind=found.kind)
    context: dict[str, Any] = {
        "system": found, "shop": shop, "notice": notice, "for": operation, "next": safe_page(request, asked),
        "callback": settings.PUBLIC_URL + reverse("connect_back", args=[found.kind]),
        "has_app": all(app.credentials.get(name) for name in found.app_names),
    }  # fmt: skip
    if found.has_consent:
        before = {"shop": shop.external_id, **shop.settings.get("asked", {})} if shop else {}
        operations = [operation] if scopes_for(connector_class(found.kind), operation) else []
        context |= {
            "app_form": app_form or AppForm(found, app.credentials),
            "ask_form": ask_form or AskForm(found.asks, before),
            "scopes": steps.wanted_scopes(found.kind, shop, operations),
        }
    if found.has_keys:
        context["keys_form"] = keys_form or KeysForm(found, shop)
    return render(request, "connect/system.html", context, status=status)


def known(kind: str) -> System:
    found = system(kind)
    if found is None:
        raise Http404(f"Nothing here connects {kind}.")
    return found


def shop_of(kind: str, asked: Mapping[str, Any]) -> Shop | None:
    number = str(asked.get("shop", ""))
    if not number.isdecimal() or len(number) > 18:
        return None
    return get_object_or_404(Shop, pk=int(number), kind=kind)


def own_visit(request: HttpRequest, pk: int) -> ConsentVisit:
    """Only for the person who began it, while it lasts."""
    return get_object_or_404(
        ConsentVisit.objects.select_related("shop"),
        pk=pk,
        by=user(request).pk,
        used_at=None,
        ends_at__gt=timezone.now(),
    )


def safe_page(request: HttpRequest, asked: Mapping[str, Any]) -> str:
    page = str(asked.get("next", ""))[:500]
    return page if page and url_has_allowed_host_and_scheme(page, {request.get_host()}) else ""


def address_of(kind: str, asked: Mapping[str, Any]) -> str:
    from_form = "&".join(f"{name}={asked[name]}" for name in ("shop", "for") if asked.get(name))
    return reverse("connect_system", args=[kind]) + (f"?{from_form}" if from_form else "")


def words(error: ConnectorError) -> str:
    """Why, and what to do about it."""
    said = str(error).rstrip(".")
    if isinstance(error, Retry):
        return f"{said}. The other side could not be asked now; try again in a moment."
    if isinstance(error, Unknown):
        return f"{said}. The answer was lost on its way; start again."
    return f"{said}. Check what was typed." if isinstance(error, Reconnect) else f"{said}."


def user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
