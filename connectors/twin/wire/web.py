"""HTTP as the wires see it: a parsed request in, a reply out; no framework between them and the market."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson


@dataclass(slots=True)
class Request:
    """`path` is what follows the shop's base URL; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str = ""  # the host and port that took the call

    def params(self) -> dict[str, str]:
        """The query, last value of each name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON reply; underscores in header names become dashes."""
    return Reply(status, orjson.dumps(value), {name.replace("_", "-"): text for name, text in headers.items()})


class Wire(Protocol):
    """One protocol: how it answers, how it names an operation, and what its own refusals look like."""

    kind: str

    def operation(self, request: Request) -> str:
        """The name that fault rules match, such as `order.get_order_list` or `POST /v1/refunds`."""
        ...

    def handle(self, request: Request) -> Reply: ...

    def rate_limited(self, request: Request, seconds: float | None) -> Reply: ...

    def expired(self, request: Request) -> Reply: ...

    def push(self, topic: str, thing: Any, url: str) -> tuple[bytes, dict[str, str]] | None:
        """Body and signed headers of a webhook; None where the platform pushes nothing for this."""
        ...

    def account(self) -> dict[str, Any]:
        """What a founder would enter to connect this shop (without its base URL)."""
        ...


UNLIMITED = 5_000  # calls a second that a twin without rate limits tells its callers to allow themselves


def pace(has_limits: bool) -> dict[str, Any]:
    """The account setting that lifts the caller's own brake where the platform has none."""
    return {} if has_limits else {"calls_per_second": UNLIMITED}


class Bucket:
    """A token bucket on the given clock."""

    def __init__(self, size: float, per_second: float) -> None:
        self.size, self.per_second = size, per_second
        self.level, self._at = size, 0.0

    def refill(self, now: float) -> float:
        self.level = min(self.size, self.level + max(0.0, now - self._at) * self.per_second)
        self._at = now
        return self.level

    def take(self, cost: float, now: float) -> bool:
        """Take `cost` or nothing."""
        if self.refill(now) < cost:
            return False
        self.level -= cost
        return True
