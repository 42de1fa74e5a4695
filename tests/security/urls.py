"""Every address that the product answers, out of its own urlconf."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

NOWHERE = "987654"  # a number that no row has, so that what passes the guard ends in 404 and changes nothing
GIVEN = {"pk": NOWHERE, "shop_id": NOWHERE, "kind": "nosuch", "token": "nosuchtoken"}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
GROUP = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Address:
    name: str  # with its namespace; the route itself where it has none
    path: str


def addresses() -> list[Address]:
    return [Address(name or route, "/" + filled(route)) for route, name in _walk(get_resolver().url_patterns)]


def filled(route: str) -> str:
    plain = PARAMETER.sub(lambda found: GIVEN.get(found[1], NOWHERE), route.replace("?P<", "?P:"))
    return GROUP.sub("ab", plain).replace("^", "").replace("$", "")


def _walk(patterns: list[Any], before: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, route, inner)
        else:
            yield route, f"{space}{pattern.name}" if pattern.name else ""
