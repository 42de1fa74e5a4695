"""One's own profile, and the theme."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import Right

THEMES = ["", "light", "dark"]  # the first follows the system
A_YEAR = 60 * 60 * 24 * 365


class ProfileForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(choices=[(name, name.replace("_", " ")) for name in sorted(available_timezones())])

    class Meta:
        model = User
        fields = ("name", "time_zone", "digest_hour", "wants_digest", "keyboard_shortcuts")
        labels = {
            "digest_hour": "Hour of the digest",
            "wants_digest": "Send me the digest",
            "keyboard_shortcuts": "Single-key shortcuts",
        }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.VIEW)
def profile(request: HttpRequest) -> HttpResponseBase:
    assert isinstance(request.user, User)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "connect/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@requires(Right.VIEW)
def theme(request: HttpRequest) -> HttpResponse:
    """The next theme of system, light, dark; back to where the click was."""
    now = request.COOKIES.get("theme", "")
    chosen = THEMES[(THEMES.index(now) + 1) % len(THEMES)] if now in THEMES else THEMES[1]
    asked = request.POST.get("next", "")
    answer = redirect(asked if url_has_allowed_host_and_scheme(asked, {request.get_host()}) else "inbox")
    answer.set_cookie("theme", chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return answer
