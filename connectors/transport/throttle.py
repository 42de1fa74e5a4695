"""How fast a shop may be called: a token bucket that learns its size and refill from the replies.

`LocalBucket` lives in one process; `SharedBucket` keeps the same figures in Redis, so that several workers draw on one.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from redis.exceptions import RedisError

from connectors.base import Budget


class Limiter(Protocol):
    def reserve(self, cost: float, at_most: float) -> float:
        """Draw `cost` and return the seconds to wait before sending; beyond `at_most` seconds nothing is drawn."""
        ...

    def learn(self, budget: Budget) -> None:
        """What a reply says stands above what was counted here."""
        ...

    def pause(self, seconds: float) -> None:
        """The outside asked for silence: no call before then."""
        ...

    @property
    def left(self) -> float | None:
        """Tokens left, as last known."""
        ...


class LocalBucket:
    def __init__(self, start: Budget, *, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._lock = Lock()
        self._tokens, self._capacity, self._rate = start.available or 0.0, start.capacity or 0.0, start.per_second
        self._at = now()
        self._silent_until = self._at

    def _refill(self) -> float:
        now = self.now()
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return now

    def reserve(self, cost: float, at_most: float) -> float:
        with self._lock:
            now = self._refill()
            cost = min(cost, self._capacity)
            wait = max(0.0, self._silent_until - now, (cost - self._tokens) / self._rate)
            if wait <= at_most:
                self._tokens -= cost
            return wait

    def learn(self, budget: Budget) -> None:
        with self._lock:
            self._refill()
            self._tokens = self._tokens if budget.available is None else budget.available
            self._capacity = self._capacity if budget.capacity is None else budget.capacity
            self._rate = budget.per_second

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._silent_until = max(self._silent_until, self.now() + seconds)

    @property
    def left(self) -> float | None:
        with self._lock:
            self._refill()
            return self._tokens


# KEYS[1] the bucket; ARGV: verb, three figures, then the start (available, capacity, per second). Redis's own clock.
SCRIPT = """
local at = redis.call('TIME')
local now = tonumber(at[1]) + tonumber(at[2]) / 1000000
local b = redis.call('HMGET', KEYS[1], 'tokens', 'capacity', 'rate', 'at', 'silent')
local tokens, capacity, rate = tonumber(b[1] or ARGV[5]), tonumber(b[2] or ARGV[6]), tonumber(b[3] or ARGV[7])
local silent = tonumber(b[5] or 0)
tokens = math.min(capacity, tokens + math.max(0, now - tonumber(b[4] or now)) * rate)
local answer = tokens
if ARGV[1] == 'reserve' then
  local cost = math.min(tonumber(ARGV[2]), capacity)
  local wait = math.max(0, silent - now, (cost - tokens) / rate)
  if wait <= tonumber(ARGV[3]) then tokens = tokens - cost end
  answer = wait
elseif ARGV[1] == 'learn' then
  tokens, capacity, rate = tonumber(ARGV[2]) or tokens, tonumber(ARGV[3]) or capacity, tonumber(ARGV[4])
elseif ARGV[1] == 'pause' then
  silent = math.max(silent, now + tonumber(ARGV[2]))
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'capacity', tostring(capacity), 'rate', tostring(rate),
  'at', string.format('%.6f', now), 'silent', string.format('%.6f', silent))
redis.call('EXPIRE', KEYS[1], 3600 + math.ceil(math.max(0, silent - now)))
return {tostring(answer), tostring(tokens)}
"""


# An account that may be called very fast is drawn on for some milliseconds ahead, so that most calls ask nobody.
AHEAD_SECONDS = 0.05
LEAST_AHEAD = 10.0


class SharedBucket:
    """`redis` is a client (any decoding). Without Redis each process counts for itself until it is back."""

    def __init__(self, redis: Any, name: str, start: Budget, *, now: Callable[[], float] = time.monotonic) -> None:
        self.key = f"throttle:{name}"
        self.start = start
        self._script = redis.register_script(SCRIPT)
        self._alone = LocalBucket(start, now=now)
        self._left: float | None = None
        self._drawn = 0.0
        ahead = start.per_second * AHEAD_SECONDS
        self._ahead = ahead if ahead >= LEAST_AHEAD else 0.0

    def _run(self, verb: str, *figures: float | None) -> float:
        told = ["" if figure is None else figure for figure in figures]  # an empty word leaves what the bucket holds
        padded = [*told, *[0.0] * (3 - len(told))]
        start = (self.start.available or 0.0, self.start.capacity or 0.0, self.start.per_second)
        answer, left = self._script(keys=[self.key], args=[verb, *padded, *start])
        self._left = float(left)
        return float(answer)

    def reserve(self, cost: float, at_most: float) -> float:
        if 0 < cost <= self._drawn:
            self._drawn -= cost
            return 0.0
        try:
            if self._ahead and self._run("reserve", cost + self._ahead, 0.0) == 0.0:
                self._drawn += self._ahead
                return 0.0
            return self._run("reserve", cost, at_most)
        except RedisError:
            return self._alone.reserve(cost, at_most)

    def learn(self, budget: Budget) -> None:
        self._alone.learn(budget)
        try:
            self._run("learn", budget.available, budget.capacity, budget.per_second)
        except RedisError:
            return

    def pause(self, seconds: float) -> None:
        self._alone.pause(seconds)
        self._drawn = 0.0
        try:
            self._run("pause", seconds)
        except RedisError:
            return

    @property
    def left(self) -> float | None:
        """As the last answer told; asking for it costs no round trip of its own."""
        return self._alone.left if self._left is None else self._left
