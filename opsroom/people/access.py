"""The right that a view asks for: signed-out people are sent to sign in, the others get a page that says who may."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from opsroom.people.roles import Right, refusal

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def requires(right: Right) -> Callable[[View[P]], View[P]]:
    """Decorator: `@requires(Right.APPROVE)`. The wrapped view carries `right`, which the privilege matrix reads."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            if not request.user.may(right):
                return forbidden(request, refusal(request.user.role, right))
            return view(request, *args, **kwargs)

        marked: Any = guarded
        marked.right = right
        return guarded

    return decorate


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """htmx follows no redirect out of a fragment, so it is told to load the page."""
    if request.headers.get("HX-Request") != "true":
        return redirect_to_login(request.get_full_path())
    answer = HttpResponse(status=204)
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    answer["HX-Redirect"] = redirect_to_login(here)["Location"]
    return answer


def forbidden(request: HttpRequest, reason: str) -> HttpResponse:
    return render(request, "403.html", {"reason": reason}, status=403)
