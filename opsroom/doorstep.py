"""Pushes of platforms come in by a door of their own, past what only pages need: sessions, sign-in, messages, CSP.

A platform that pushes thousands of times a minute asks for an answer within half a second, and the signature over the
raw body is all that its request is judged by.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.middleware.security import SecurityMiddleware

from opsroom.request_id import RequestIdMiddleware

Start = Callable[..., Any]
PATH = "/webhooks/"


class PushHandler(WSGIHandler):
    """Django's own handler with two layers: the request's id in every log line, and what HTTPS asks for."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        chain: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # Django's own
        for layer in (SecurityMiddleware, RequestIdMiddleware):
            chain = convert_exception_to_response(layer(chain))
        self._middleware_chain = chain


class Doorstep:
    """WSGI: pushes to their handler, all else to the pages'."""

    def __init__(self, pages: WSGIHandler) -> None:
        self.pages, self.pushes = pages, PushHandler()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        handler = self.pushes if environ.get("PATH_INFO", "").startswith(PATH) else self.pages
        return handler(environ, start)
