"""A connector whose every request is answered by a function: no market, no socket."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from connectors.base import Connector, Gate
from connectors.http import Patience
from connectors.registry import open_connector
from connectors.transport.breaker import Breaker
from connectors.types import Account

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
Answer = Callable[[httpx.Request], httpx.Response]


def open_scripted(
    answer: Answer, kind: str, credentials: Mapping[str, str], *, gate: Gate, now: datetime = NOW, **about: Any
) -> Connector:
    """It neither sleeps nor tries again, and no series of errors stops it. `about` gives fields of the account."""
    named = {"name": "Test shop", "external_id": "1", "base_url": f"https://{kind}.example"}
    return open_connector(
        Account(kind, 1, credentials=credentials, **{**named, **about}),
        clock=lambda: now,
        breaker=Breaker(lambda: now, outages=1_000_000),
        client=httpx.Client(transport=httpx.MockTransport(answer)),
        patience=Patience(attempts=1),
        gate=gate,
        sleep=lambda seconds: None,
    )


def reply(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body))
