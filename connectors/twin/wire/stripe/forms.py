"""Stripe's form encoding: `a[b]=1&c[]=2&d[0][e]=3` into nested dicts and lists."""

from typing import Any
from urllib.parse import parse_qsl


def parse_form(text: str) -> dict[str, Any]:
    """Nested values by bracket path; every leaf is text."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        _put(root, [head, *rest], value)
    return {name: _tidy(value) for name, value in root.items()}


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    *way, last = path
    for part in way:
        child = node.setdefault(part or str(len(node)), {})
        if not isinstance(child, dict):
            child = node[part] = {}
        node = child
    node[last or str(len(node))] = value


def _tidy(value: Any) -> Any:
    """Dicts with the keys 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_tidy(value[key]) for key in sorted(value, key=int)]
    return {key: _tidy(child) for key, child in value.items()}
