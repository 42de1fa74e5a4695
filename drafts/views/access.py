"""Who may call a view. `drafts` stands below the people's app, so it asks the person's own methods."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
Need = Literal["view", "draft", "approve"]

REFUSALS = {
    "draft": "may not prepare or change a draft. Ask somebody who drafts or approves",
    "approve": "may not decide on a write. Ask an approver or an owner",
}


def allowed(need: Need) -> Callable[[View[P]], View[P]]:
    """Decorator: `@allowed("approve")`. The wrapped view carries `right`, which the privilege matrix reads."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in_first(request)
            if (need == "draft" and not request.user.can_draft) or (need == "approve" and not request.user.can_approve):
                reason = (
                    f"Your role is {request.user.role}, which {REFUSALS[need]}, or ask an owner to change your role."
                )
                return render(request, "403.html", {"reason": reason}, status=403)
            return view(request, *args, **kwargs)

        marked: Any = guarded
        marked.right = need
        return guarded

    return decorate


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """htmx follows no redirect out of a fragment, so it is told to load the page."""
    if not request.htmx:  # type: ignore[attr-defined]  # set by django-htmx's middleware
        return redirect_to_login(request.get_full_path())
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = redirect_to_login(request.headers.get("HX-Current-URL", "/"))["Location"]
    return answer


def person(request: HttpRequest) -> Any:
    """Who is signed in, in a view that `allowed` guards. The class itself lives above this app."""
    return request.user
