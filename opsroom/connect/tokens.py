"""API tokens under the profile: made and shown once, listed, revoked. Owners see and revoke everybody's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from connectors.models import Shop
from opsroom.people.access import requires
from opsroom.people.models import ApiToken, User
from opsroom.people.roles import Right
from opsroom.people.tokens import make_token, revoke_token

UNFIT = 422
LONG_AGO = 20  # tokens that have ended, of which a list shows the newest
LASTS = [(30, "30 days"), (90, "90 days"), (180, "half a year"), (365, "a year")]


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, label="What will use it", help_text="Shown beside everything it proposes.")
    lasts = forms.TypedChoiceField(choices=LASTS, coerce=int, initial=90, label="Ends after")
    may_propose = forms.BooleanField(
        required=False, label="May also propose drafts", help_text="Each waits in the inbox for a person to decide."
    )
    shops = forms.ModelMultipleChoiceField(
        queryset=Shop.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Only these shops",
        help_text="None ticked: every shop.",
    )  # fmt: skip

    def __init__(self, person: User, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.person = person
        self.fields["shops"].queryset = Shop.objects.defer("credentials").order_by("name")  # type: ignore[attr-defined]  # a model's field
        if not person.can_draft:
            del self.fields["may_propose"]

    def clean_name(self) -> str:
        """Also keeps a page that is loaded again from making another token."""
        name: str = self.cleaned_data["name"].strip()
        if ApiToken.objects.in_force(timezone.now()).filter(person=self.person, name=name).exists():
            raise forms.ValidationError("You have a token of that name. Revoke it first, or choose another name.")
        return name

    @property
    def scopes(self) -> list[str]:
        propose = [ApiToken.Scope.PROPOSE.value] if self.cleaned_data.get("may_propose") else []
        return [ApiToken.Scope.READ.value, *propose]


@require_safe
@never_cache
@requires(Right.VIEW)
def tokens(request: HttpRequest) -> HttpResponseBase:
    return show(request, TokenForm(person_of(request)))


@require_POST
@never_cache
@requires(Right.VIEW)
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def make(request: HttpRequest) -> HttpResponseBase:
    """Who only found an open browser cannot make one: the password or a second factor is asked for again."""
    person = person_of(request)
    form = TokenForm(person, request.POST)
    if not form.is_valid():
        return show(request, form, status=UNFIT)
    token, text = make_token(
        person, form.cleaned_data["name"], form.scopes, now=timezone.now(),
        lasts=timedelta(days=form.cleaned_data["lasts"]), shops=form.cleaned_data["shops"],
    )  # fmt: skip
    return show(request, TokenForm(person), made=token, text=text)


@require_POST
@requires(Right.VIEW)
def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One's own; an owner anybody's."""
    person = person_of(request)
    token = get_object_or_404(within_reach(person), pk=pk)
    if revoke_token(token, by=person, now=timezone.now()):
        messages.success(request, f"{token.name} is revoked: no call with it is answered any more.")
    return redirect("api_tokens")


def show(request: HttpRequest, form: TokenForm, *, status: int = 200, **extra: Any) -> HttpResponse:
    person, now = person_of(request), timezone.now()
    rows = list(within_reach(person).select_related("person").prefetch_related("shops"))
    context = {
        "form": form,
        "standing": [row for row in rows if is_standing(row, now)],
        "ended": [row for row in rows if not is_standing(row, now)][:LONG_AGO],
        "address": f"{settings.PUBLIC_URL}/api/v1/",
        **extra,
    }
    return render(request, "connect/tokens.html", context, status=status)


def within_reach(person: User) -> Any:
    return ApiToken.objects.all() if person.is_owner else ApiToken.objects.filter(person=person)


def is_standing(token: ApiToken, now: datetime) -> bool:
    return token.revoked_at is None and token.expires_at > now


def person_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
