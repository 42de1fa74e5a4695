"""The one transport. Reads are retried with a budget, jitter and the server's advice; a write is sent once.

Every ending is one of four: Retry (nothing was changed), Refused, Reconnect, Unknown. For a write only what surely did
not leave, or what the platform surely turned away, is Retry or Refused; all else (a time-out, a reset, 5xx, 3xx, a body
that cannot be read) is Unknown, and is settled by a read.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from random import random as real_random
from typing import Any, Protocol

import httpx
import orjson

from connectors.base import (
    HOUSEKEEPING,
    Answer,
    Budget,
    ConnectorError,
    Gate,
    NotApproved,
    Permit,
    Reconnect,
    Refused,
    Retry,
    Unknown,
    closed_gate,
)
from connectors.transport.addresses import origin_of
from connectors.transport.breaker import Breaker
from connectors.transport.faults import fault_class
from connectors.transport.redaction import Redactor
from connectors.transport.throttle import Limiter

READ_METHODS = frozenset({"GET", "HEAD"})
LANE_SECONDS = 20.0  # an operation with a slow lane is come back to; nobody sleeps through it
LANE_IS_FULL = "paced"
UNREAD = object()
# Raised by httpx before the first byte of the request has left.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)

Sort = Callable[..., ConnectorError | None]
Health = Callable[[str, str, float, float | None], None]  # operation, error class, milliseconds, allowance left


def parse_json(body: bytes) -> object:
    """JSON, and the NaN and Infinity that some servers write though JSON has none. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


@dataclass(slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_write: bool = False
    _parsed: object = field(default=UNREAD, repr=False)

    def json(self) -> object:
        if self._parsed is UNREAD:
            try:
                self._parsed = parse_json(self.body)
            except ValueError as error:
                kind = Unknown if self.is_write else Retry
                raise kind(f"the answer (HTTP {self.status}) is not JSON: {Redactor().excerpt(self.body)}") from error
        return self._parsed


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a transport tries. `retries` is its purse: a retry takes 1, a good call gives `earned` back."""

    attempts: int = 4
    total_seconds: float = 120.0
    first_wait: float = 0.5
    longest_wait: float = 30.0
    retries: float = 20.0
    earned: float = 0.1
    max_bytes: int = 64 * 1024 * 1024


class Silent(Protocol):
    def __call__(self, seconds: float, /) -> None: ...


def no_health(operation: str, error_class: str, milliseconds: float, left: float | None) -> None:
    """A health sink for those who keep none."""


def advice(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 §10.2.3: seconds or a date); None where it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def by_status(answer: Answer, *, is_write: bool, now: datetime) -> ConnectorError | None:
    """What the HTTP status alone says; the connector's own sorting comes first."""
    status, said = answer.status, f"HTTP {answer.status}"
    if status < 300:
        return None
    if status == 401:
        return Reconnect(f"{said}: the account's permission is no longer accepted", status=status)
    if 300 <= status < 400:
        kind = Unknown if is_write else Refused
        return kind(f"{said}: a redirect, which is never followed", status=status)
    if status in (408, 425, 429) or status >= 500:
        if is_write:
            return Unknown(f"{said} on a write: whether it took effect is not known", status=status)
        return Retry(f"{said}: try again later", after_seconds=advice(answer.headers, now), status=status)
    return Refused(said, status=status)


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    url: str
    operation: str
    params: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    body: bytes | None = field(repr=False)
    cost: float
    is_write: bool
    permit: Permit | None = None


class HttpTransport:
    """See `connectors.base.Transport`. One object for one account; the httpx client, limiter and breaker are shared."""

    def __init__(
        self,
        client: httpx.Client,
        *,
        limiter: Limiter,
        lanes: Mapping[str, Limiter] | None = None,
        breaker: Breaker,
        clock: Callable[[], datetime],
        gate: Gate = closed_gate,
        sort: Sort | None = None,
        budget: Callable[[Answer], Budget | None] | None = None,
        health: Health = no_health,
        redact: Redactor | None = None,
        patience: Patience | None = None,
        sleep: Silent = time.sleep,
        random: Callable[[], float] = real_random,
    ) -> None:
        self.client, self.limiter, self.breaker, self.clock, self.gate = client, limiter, breaker, clock, gate
        self.lanes = lanes or {}
        self.sort, self.budget, self.health = sort, budget, health
        self.redact = redact or Redactor()
        self.patience = patience or Patience()
        self.sleep, self.random = sleep, random
        self._purse = self.patience.retries

    def read(
        self, method: str, url: str, *, operation: str, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, cost: float = 1.0,
    ) -> Reply:  # fmt: skip
        if method not in READ_METHODS:
            raise NotApproved(f"{method} is no read; a query sent as {method} goes through housekeeping('query')")
        return self._with_retries(Call(method, url, operation, params, headers, body, cost, is_write=False))

    def write(
        self, method: str, url: str, *, operation: str, permit: Permit, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, cost: float = 1.0,
    ) -> Reply:  # fmt: skip
        return self._once(Call(method, url, operation, params, headers, body, cost, is_write=True, permit=permit))

    def housekeeping(
        self, method: str, url: str, *, purpose: str, params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes | None = None, operation: str = "", cost: float = 1.0,
    ) -> Reply:  # fmt: skip
        if purpose not in HOUSEKEEPING:
            raise NotApproved(f"{purpose!r} is not on the list of housekeeping; a write needs an approval")
        is_query = purpose == "query"
        call = Call(method, url, operation or purpose, params, headers, body, cost, is_write=not is_query)
        return self._with_retries(call) if is_query else self._once(call)

    def check(self, permit: Permit) -> None:
        if self.clock() > permit.deadline:
            raise Retry("the permit's time to send has passed; nothing was sent", code="permit_expired")
        self.gate(permit)

    def _with_retries(self, call: Call) -> Reply:
        began = self.clock()
        attempt = 1
        while True:
            try:
                reply = self._once(call)
            except Retry as error:
                wait = self._pause_after(error, attempt)
                spent = (self.clock() - began).total_seconds()
                is_out_of_time = spent + wait > self.patience.total_seconds or error.code == LANE_IS_FULL
                if attempt >= self.patience.attempts or self._purse < 1 or is_out_of_time:
                    raise
                self._purse -= 1
                self.sleep(wait)
                attempt += 1
            else:
                self._purse = min(self.patience.retries, self._purse + self.patience.earned)
                return reply

    def _pause_after(self, error: Retry, attempt: int) -> float:
        """Full jitter below a doubling ceiling; the server's advice is a floor under it."""
        ceiling = min(self.patience.longest_wait, self.patience.first_wait * 2.0 ** (attempt - 1))
        return (error.after_seconds or 0.0) + self.random() * ceiling

    def _once(self, call: Call) -> Reply:
        self._take_turn(call)
        self.breaker.ask()
        if call.permit is not None:
            self.check(call.permit)
        began, failure = time.perf_counter(), ""
        try:
            return self._judged(self._exchange(call), call)
        except ConnectorError as error:
            failure = fault_class(error)
            raise
        finally:
            self.health(call.operation, failure, (time.perf_counter() - began) * 1000, self.limiter.left)

    def _take_turn(self, call: Call) -> None:
        at_most = self.patience.total_seconds
        if call.permit is not None:
            at_most = min(at_most, (call.permit.deadline - self.clock()).total_seconds())
        lane = self.lanes.get(call.operation)
        wait = 0.0 if lane is None else self._reserved(lane, call, min(at_most, LANE_SECONDS), code=LANE_IS_FULL)
        wait = max(wait, self._reserved(self.limiter, call, at_most))
        if wait > 0:
            self.sleep(wait)

    def _reserved(self, limiter: Limiter, call: Call, at_most: float, code: str = "") -> float:
        """Seconds to wait for this call's turn. Raises Retry where they are more than it may take."""
        wait = limiter.reserve(call.cost, max(0.0, at_most))
        if wait > at_most:
            said = f"{call.operation} was not sent: our allowance is used up for {wait:.0f} s"
            raise Retry(said, after_seconds=wait, code=code)
        return wait

    def _exchange(self, call: Call) -> Reply:
        try:
            with self.client.stream(
                call.method, call.url, params=call.params, headers=call.headers, content=call.body,
                follow_redirects=False, extensions=self._watch(call),
            ) as response:  # fmt: skip
                body = self._body(response, call)
        except NOT_SENT as error:
            self.breaker.failed()
            raise Retry(f"{call.operation}: no connection, nothing was sent ({self._said(error)})") from error
        except httpx.RequestError as error:
            self.breaker.failed()
            raise self._ambiguous(call, self._said(error)) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, body, call.is_write)

    def _watch(self, call: Call) -> dict[str, Any]:
        """Connecting takes time too: look at the deadline once more when the connection stands, before byte one.

        Where the URL names an address and the Host header a name (`transport.addresses`), the certificate must be that
        name's.
        """
        host = (call.headers or {}).get("Host", "")
        meant = {"sni_hostname": origin_of(f"https://{host}")[1]} if host else {}
        if call.permit is None:
            return meant
        deadline = call.permit.deadline

        def trace(event: str, details: Mapping[str, object]) -> None:
            if event.endswith("send_request_headers.started") and self.clock() > deadline:
                raise Retry(
                    "the permit's time to send passed while connecting; nothing was sent", code="permit_expired"
                )

        return {"trace": trace, **meant}

    def _body(self, response: httpx.Response, call: Call) -> bytes:
        chunks, size, began = [], 0, self.clock()
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.patience.max_bytes:
                kind = Unknown if call.is_write else Refused
                raise kind(f"{call.operation}: the answer is larger than {self.patience.max_bytes} bytes; not read on")
            if (self.clock() - began).total_seconds() > self.patience.total_seconds:
                raise self._ambiguous(call, "the answer trickles in too slowly")
            chunks.append(chunk)
        return b"".join(chunks)

    def _judged(self, reply: Reply, call: Call) -> Reply:
        if reply.status >= 500:
            self.breaker.failed()
        else:
            self.breaker.answered()
        known = self.budget(reply) if self.budget else None
        if known is not None and (limiter := self._paced_by(call)) is not None:
            limiter.learn(known)
        error = self.sort(reply, is_write=call.is_write) if self.sort else None
        error = error or by_status(reply, is_write=call.is_write, now=self.clock())
        if error is None:
            return reply
        if isinstance(error, Retry):
            self._heed(error, reply, call)
        raise self._worded(error, reply, call)

    def _paced_by(self, call: Call) -> Limiter | None:
        """What a reply's figures are about: the operation's own lane where a platform counts by operation, else all."""
        return self.lanes.get(call.operation) if self.lanes else self.limiter

    def _heed(self, error: Retry, reply: Reply, call: Call) -> None:
        """A rate limit silences the whole account, or the operation where the platform counts by operation."""
        if error.after_seconds is None:
            error.after_seconds = advice(reply.headers, self.clock())
        if error.after_seconds and (reply.status == 429 or error.code):
            (self._paced_by(call) or self.limiter).pause(error.after_seconds)

    def _worded(self, error: ConnectorError, reply: Reply, call: Call) -> ConnectorError:
        said = f"{call.operation}: {error}"
        if error.code == "" and reply.body:
            said += f" ({self.redact.excerpt(reply.body)})"
        error.args = (self.redact(said),)
        error.status = error.status or reply.status
        return error

    def _ambiguous(self, call: Call, said: str) -> ConnectorError:
        if call.is_write:
            return Unknown(f"{call.operation}: {said}; whether it took effect is not known")
        return Retry(f"{call.operation}: {said}")

    def _said(self, error: Exception) -> str:
        return self.redact(f"{type(error).__name__}: {error}".rstrip(": "))


@lru_cache(maxsize=4)
def _client_of(process: int, connect_seconds: float, read_seconds: float) -> httpx.Client:
    return httpx.Client(
        timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=20),
        headers={"User-Agent": "opsroom/1"},
        follow_redirects=False,
    )


def shared_client(connect_seconds: float = 5.0, read_seconds: float = 30.0) -> httpx.Client:
    """The process's own client (a forked worker must not share its parent's connections)."""
    return _client_of(os.getpid(), connect_seconds, read_seconds)
