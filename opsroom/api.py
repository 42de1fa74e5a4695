"""REST: the tools of `drafts.tools` under /api/v1/, for bearers of a person's token. JSON in, JSON out.

Faults are problem details (RFC 9457). A browser's session opens nothing here, so no other site can make one call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from drafts.tools import TOOLS, Tool
from opsroom.admit import FAULT, LARGEST_BODY, TITLES, TOO_MANY, UNREADABLE, Admitted, Problem, admit
from opsroom.openapi import document
from opsroom.people.models import ApiToken
from opsroom.people.tokens import Turn, find_token

log = structlog.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
UNAUTHORIZED, NOT_ALLOWED, TOO_LARGE, MEDIA_TYPE = 401, 405, 413, 415
CREATED = 201


class Rest(StringConverter):
    """All that is left of an address: an order's number may hold a slash, and a broken call anything."""

    regex = "(?s:.*)"


register_converter(Rest, "rest")


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """What there is, for programs and their generators: it tells nothing of this company, so it asks for no token."""
    answer = JsonResponse(document())
    answer["Cache-Control"] = "public, max-age=300"
    return answer


def endpoint(*tools: Tool) -> Callable[..., HttpResponseBase]:
    """The view of one path, with the tool of each method."""
    by_method = {tool.method: tool for tool in tools}

    @csrf_exempt
    def view(request: HttpRequest, **in_path: Any) -> HttpResponse:
        try:
            token = bearer(request)
            if token is None:
                return unauthorized(request)
            tool = by_method.get("GET" if request.method == "HEAD" else request.method or "")
            if tool is None:
                return not_allowed(request, sorted(by_method))
            admitted = admit(token, tool.name, arguments(request, tool, in_path), through="rest")
        except Problem as found:
            return problem(request, found)
        except Exception:
            log.exception("api_failed", path=request.path)
            return problem(request, Problem(FAULT, "it is logged"))
        return answered(admitted)

    marked: Any = view
    marked.right = "token"  # which the privilege matrix reads
    return view


def bearer(request: HttpRequest) -> ApiToken | None:
    """The token in force that the request carries."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return find_token(text.strip(), timezone.now()) if scheme.lower() == "bearer" else None


def arguments(request: HttpRequest, tool: Tool, in_path: Mapping[str, Any]) -> Mapping[str, Any] | bytes:
    """A query's arguments, or the body of a proposal. Raises Problem for what is no such thing."""
    if tool.method == "POST":
        if request.content_type != "application/json":
            raise Problem(UNREADABLE, "send the arguments as application/json")
        if len(request.body) > LARGEST_BODY:
            raise Problem(UNREADABLE, f"the body is larger than {LARGEST_BODY // 1024} KiB")
        return request.body
    repeated = [name for name in request.GET if len(request.GET.getlist(name)) > 1 or name in in_path]
    if repeated:
        raise Problem(UNREADABLE, f"given twice: {', '.join(sorted(repeated))[:200]}")
    return {**request.GET.dict(), **in_path}


def answered(admitted: Admitted) -> HttpResponse:
    is_new = getattr(admitted.answer, "is_new", False)
    answer = HttpResponse(
        admitted.answer.model_dump_json(), content_type="application/json", status=CREATED if is_new else 200
    )
    return paced(answer, admitted.turn)


def paced(answer: HttpResponse, turn: Turn) -> HttpResponse:
    """How many calls are left in this minute, in the headers that most clients know; nobody keeps the answer."""
    seconds = max(int((turn.renews_at - timezone.now()).total_seconds()), 0)
    answer["X-RateLimit-Limit"] = str(turn.limit)
    answer["X-RateLimit-Remaining"] = str(turn.left)
    answer["X-RateLimit-Reset"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer


def problem(request: HttpRequest, found: Problem) -> HttpResponse:
    answer = details(request, found.status, TITLES[found.status], found.detail, found.faults)
    if found.turn is not None:
        paced(answer, found.turn)
    if found.status == TOO_MANY and found.turn is not None:
        answer["Retry-After"] = str(max(int((found.turn.renews_at - timezone.now()).total_seconds()) + 1, 1))
    return answer


def unauthorized(request: HttpRequest) -> HttpResponse:
    told = "send `Authorization: Bearer ops_…` with a token that is in force; people make theirs under their profile"
    answer = details(request, UNAUTHORIZED, "Who is calling?", told)
    answer["WWW-Authenticate"] = 'Bearer realm="Ops Room"'
    return answer


def not_allowed(request: HttpRequest, methods: list[str]) -> HttpResponse:
    answer = details(request, NOT_ALLOWED, "No such method", f"this path takes {', '.join(methods)}")
    answer["Allow"] = ", ".join(methods)
    return answer


def details(request: HttpRequest, status: int, title: str, detail: str, faults: tuple[str, ...] = ()) -> HttpResponse:
    """Problem details; `about:blank` says that the status tells the kind (RFC 9457 §4.2.1)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
    }
    if faults:
        body["faults"] = faults
    answer = HttpResponse(json.dumps(body, ensure_ascii=False), content_type=PROBLEM_TYPE, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address under /api/: a program is told so in its own language."""
    return details(request, 404, "There is no such address", "/api/v1/openapi.json lists what there is")


def routes() -> list[URLPattern]:
    """One route a path. A number may hold a slash, so what stands last in a path takes the rest of it."""
    by_path: dict[str, list[Tool]] = {}
    for tool in TOOLS.values():
        by_path.setdefault(tool.path, []).append(tool)
    return [
        path("openapi.json", description, name="api_description"),
        *(path(_pattern(where), endpoint(*tools), name=f"api_{tools[0].name}") for where, tools in by_path.items()),
        path("<rest:rest>", csrf_exempt(nothing_here), name="api_nothing"),
    ]


def _pattern(where: str) -> str:
    return where.replace("{", "<rest:").replace("}", ">")


urlpatterns = routes()
