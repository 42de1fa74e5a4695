"""What the calls of TikTok Shop's wire share: errors, the request as an answer sees it, bounds, money and pages."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from connectors.twin.world.chat import Line


class TikTokError(Exception):
    """An error in TikTok Shop's envelope."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(slots=True)
class Call:
    """One request as its answer sees it: ids from the path, the query, the body's JSON, or its bytes for a file."""

    ids: list[str]
    query: Mapping[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""
    content_type: str = ""


def json_object(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as error:
        raise TikTokError(36009004, "Invalid parameters: the body is not JSON.", 400) from error
    if not isinstance(body, dict):
        raise TikTokError(36009004, "Invalid parameters: the body must be a JSON object.", 400)
    return body


def content_of(line: Line) -> str:
    """A message's content is JSON inside a string."""
    return orjson.dumps({"content": line.text}).decode()


def money(minor: int) -> str:
    return f"{minor / 100:.2f}"


def whole(source: Mapping[str, Any], name: str, default: int | None = None, low: int = 0, high: int = 1 << 62) -> int:
    """One whole number within bounds."""
    value = source.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise TikTokError(36009004, f"Invalid parameters: {name} must be a whole number.") from error
    if not low <= number <= high:
        raise TikTokError(36009004, f"Invalid parameters: {name} must be between {low} and {high}.")
    return number


def text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not value:
        raise TikTokError(36009004, f"Invalid parameters: {name} is required.")
    return value


def token_of(place: int) -> str:
    """An opaque page token."""
    return base64.urlsafe_b64encode(f"p{place}".encode()).decode() if place else ""


def place_of(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("p"))
    except ValueError as error:
        raise TikTokError(36009004, "Invalid parameters: page_token is not valid.") from error


def sliced(rows: list[Any], query: Mapping[str, str], *, size: int, low: int, high: int) -> tuple[list[Any], str]:
    """One page of a short list, and the next page's token."""
    start, wanted = place_of(query.get("page_token", "")), whole(query, "page_size", size, low, high)
    return rows[start : start + wanted], token_of(start + wanted) if start + wanted < len(rows) else ""


def minor_of(value: object) -> int:
    try:
        return int(Decimal(str(value)) * 100)
    except InvalidOperation as error:
        raise TikTokError(25001001, f"Invalid parameters: {value!r} is no amount.") from error
