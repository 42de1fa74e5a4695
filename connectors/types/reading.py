"""What a read gives."""

from dataclasses import dataclass
from datetime import datetime

from connectors.types.base import Record


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read: kept in quarantine with its reason, so that the rest goes on."""

    kind: str  # the record it should have been, in lower case: "order"
    external_id: str
    reason: str
    raw: bytes
    place: str = ""  # "row 17", "page 3 item 4"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed. `cursor` is where the next pull may begin once these records are saved.

    `count_at_source` is what the outside says this window holds; None where it does not say. `seen` counts the
    feed's own top-level rows on this page, read or quarantined.
    """

    records: tuple[Record | BadRow, ...]
    cursor: str
    seen: int
    is_last: bool
    count_at_source: int | None = None
    as_of: datetime | None = None
