"""Answers that htmx, plain forms and polls share."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page. A restored history entry asks for the whole."""
    htmx: Any = request.htmx  # type: ignore[attr-defined]  # set by django-htmx's middleware
    return bool(htmx) and not htmx.history_restore_request


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Load that page: a redirect for a form, an order to the browser for htmx."""
    if not is_partial(request):
        return redirect(url)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = url
    return answer


def polled(request: HttpRequest, template: str, context: dict[str, Any], *, seen: object) -> HttpResponse:
    """304 where the page already shows `seen`, else the part, which carries its ETag for the next poll."""
    etag = f'"{hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=304)
    else:
        answer = render(request, template, context | {"etag": etag})
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return answer
