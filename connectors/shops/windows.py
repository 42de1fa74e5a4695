"""Reading a list by time of change: the cursor that is kept, and the windows that are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class Mark:
    """A feed's cursor: everything updated before `since` is stored; `until` and `page` while a window is half read.

    Times are Unix seconds.
    """

    since: int
    until: int = 0
    page: str = ""

    @classmethod
    def read(cls, text: str, default_since: int) -> "Mark":
        return cls(**orjson.loads(text)) if text else cls(default_since)

    def __str__(self) -> str:
        return orjson.dumps({"since": self.since, "until": self.until, "page": self.page}).decode()


def windows(mark: Mark, now: int, overlap: int, widest: int) -> Iterator[tuple[int, int, str]]:
    """(from, to, page to begin at) up to now, none wider than `widest` seconds, each a little into the one before."""
    start = mark.since - overlap
    if mark.until:
        yield mark.since, mark.until, mark.page
        start = mark.until - overlap
    while True:
        end = min(start + widest - 1, now)
        yield start, end, ""
        if end >= now:
            return
        start = end
