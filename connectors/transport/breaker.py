"""The circuit breaker of one outside service: after several outages in a row it stops calling for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from connectors.base import Retry


class Breaker:
    """Closed: calls pass. Open: none does. Half-open: one call is let through, and its end decides.

    Only outages count (no connection, no answer, 5xx); a refusal is an answer and closes the breaker.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        outages: int = 5,
        rest: timedelta = timedelta(seconds=30),
        longest_rest: timedelta = timedelta(minutes=10),
    ) -> None:
        self.clock = clock
        self.outages = outages
        self.rest = rest
        self.longest_rest = longest_rest
        self._lock = Lock()
        self._in_a_row = 0
        self._closed_again_at: datetime | None = None
        self._openings = 0

    @property
    def state(self) -> str:
        """closed, open or half_open."""
        if self._closed_again_at is None:
            return "closed"
        return "open" if self.clock() < self._closed_again_at else "half_open"

    def ask(self) -> None:
        """Let one call pass. Raises Retry while open, with the seconds until the next trial."""
        with self._lock:
            if self._closed_again_at is None:
                return
            now = self.clock()
            left = (self._closed_again_at - now).total_seconds()
            if left > 0:
                raise Retry(
                    f"not called: the last {self._in_a_row} calls found the service down; next trial in {left:.0f} s",
                    code="circuit_open",
                    after_seconds=left,
                )
            self._closed_again_at = now + self.rest  # the others wait while this call tries

    def answered(self) -> None:
        with self._lock:
            self._in_a_row, self._openings, self._closed_again_at = 0, 0, None

    def failed(self) -> None:
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self.outages:
                self._closed_again_at = self.clock() + min(self.rest * 2**self._openings, self.longest_rest)
                self._openings = min(self._openings + 1, 16)
