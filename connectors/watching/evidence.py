"""What is known of a connection, and what a diagnosis says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """Worst first: the first that holds is what a person is told."""

    TOKEN = "token", "our permission has ended"
    DOWN = "down", "they are down"
    THROTTLED = "throttled", "we are throttled"
    DRIFTED = "drifted", "their format has changed"
    REFUSED = "refused", "we are refused"
    SHORT = "short", "reads come back short"
    OURS = "ours", "our own fault"
    SILENT = "silent", "nothing is being read"
    PAUSED = "paused", "switched off by a person"
    STARTING = "starting", "first read under way"
    WELL = "well", "well"

    words: str

    def __new__(cls, value: str, words: str) -> Verdict:
        made = str.__new__(cls, value)
        made._value_, made.words = value, words
        return made


class Reach(StrEnum):
    """How far a fault goes."""

    PLATFORM = "platform"  # every shop of this kind that we have, two at least
    SHOP = "shop"  # this shop, as far as we can see
    PART = "part"  # some operations or feeds of this shop


@dataclass(frozen=True, slots=True)
class Calls:
    """One operation of a shop within the window. `failing` counts the failed calls since the last good one."""

    operation: str
    calls: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    failing: int = 0
    last_fault: str = ""
    last_good_at: datetime | None = None
    last_failed_at: datetime | None = None
    mean_ms: float = 0.0
    slow_ms: int | None = None  # 19 of 20 calls took no longer; None: longer than is counted
    slowest_ms: int = 0
    budget_left: float | None = None

    @property
    def failed(self) -> int:
        return sum(self.failures.values())


@dataclass(frozen=True, slots=True)
class Stream:
    """One feed of a shop; `fault` as `connectors.health.fault_of` names it."""

    feed_id: int
    name: str
    fault: str = ""
    text: str = ""
    last_good_at: datetime | None = None
    next_pull_at: datetime | None = None
    at_source: int | None = None
    stored: int | None = None
    quarantined: int = 0
    failures: int = 0

    @property
    def gap(self) -> int | None:
        """Rows that the source counts and we lack, of the last whole window; None where the source does not count."""
        return None if self.at_source is None else max(0, self.at_source - (self.stored or 0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one shop's connection now."""

    shop_id: int
    kind: str
    name: str
    state: str = "connected"
    reason: str = ""
    calls: tuple[Calls, ...] = ()
    feeds: tuple[Stream, ...] = ()

    @property
    def is_read(self) -> bool:
        return self.state not in ("paused", "files_only", "disconnected")

    @property
    def last_good_at(self) -> datetime | None:
        return max((call.last_good_at for call in self.calls if call.last_good_at), default=None)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One fault in a founder's words. `shows` are the observations it rests on; `until` when it is tried again."""

    verdict: Verdict
    reach: Reach
    says: str
    advice: str = ""
    shows: tuple[str, ...] = ()
    where: tuple[str, ...] = ()  # the operations or feeds it concerns
    since: datetime | None = None
    seen_at: datetime | None = None
    until: datetime | None = None
