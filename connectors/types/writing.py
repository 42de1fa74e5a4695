"""What a write and the look for its effect give."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the outside answered to a write. `reference` is its id for the effect; `body` the raw answer, redacted."""

    reference: str
    body: bytes = b""
    request_id: str = ""
    is_replay: bool = False  # the outside says that it had done this already
    is_final: bool = True  # False: accepted, the effect comes later (a job, a pending refund)


class Sight(StrEnum):
    SEEN = "seen"
    ABSENT = "absent"
    REFUSED = "refused"  # the outside took it, judged it later and said no: nothing was changed
    UNCLEAR = "unclear"  # no read can tell


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an independent read shows of a write's effect."""

    sight: Sight
    reference: str = ""
    detail: str = ""
    read_at: datetime | None = None
