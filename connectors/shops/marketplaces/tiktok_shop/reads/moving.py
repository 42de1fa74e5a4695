"""Lists by time of change, whose rows leave a window while it is read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.shops.marketplaces.tiktok_shop.client import Batch, Client
from connectors.shops.windows import Mark, windows
from connectors.types import BadRow, Page, Record

DAY = 86_400  # no widest window is published: short ones keep what is read twice small


@dataclass(frozen=True, slots=True)
class Moving:
    """One such list: `path` of its search, `name` of its rows and of their id, rows a page, what reads them, and the
    seconds of a window."""

    path: str
    name: str
    id_field: str
    page: int
    read: Callable[[Client, list[Any]], Iterable[Record | BadRow]]
    window: int

    def changed(self, client: Client, start: int, end: int, token: str, **more: object) -> Iterator[Batch]:
        """Rows that changed in [start, end], the earliest first."""
        query = {"page_size": self.page, "sort_field": "update_time", "sort_order": "ASC", "page_token": token}
        body = {"update_time_ge": start, "update_time_lt": end + 1, **more}
        return client.pages(self.path, self.name, query, body)

    def pull(self, client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
        now = int(client.clock().timestamp())
        mark = Mark.read(cursor, now - int(first_span.total_seconds()))
        for start, end, token in windows(mark, now, int(overlap.total_seconds()), self.window):
            yield from self._window(client, Mark(start, end, token), is_last_window=end >= now)

    def _window(self, client: Client, mark: Mark, *, is_last_window: bool) -> Iterator[Page]:
        """A past window only ever loses rows (those that change again), and each loss moves the later pages up by one
        place: where the count has fallen while it was paged, the window is read once more for what slipped by. A turn
        that began in mid-window knows nothing of the count before, so it looks again too."""
        seen: set[str] = set()
        totals: set[int | None] = {None} if mark.page else set()
        for batch in self.changed(client, mark.since, mark.until, mark.page):
            fresh = self._unseen(batch.rows, seen)
            totals.add(batch.total)
            records = tuple(self.read(client, fresh))
            if batch.following:
                after = Mark(mark.since, mark.until, batch.following)
                yield Page(records, str(after), len(fresh), is_last=False)
            elif len(totals) == 1:
                yield Page(records, str(Mark(mark.until)), len(fresh), is_last_window, count_at_source=batch.total)
            else:
                yield Page(records, str(mark), len(fresh), is_last=False)
                yield from self._second_look(client, mark, seen, is_last_window=is_last_window)

    def _second_look(self, client: Client, mark: Mark, seen: set[str], *, is_last_window: bool) -> Iterator[Page]:
        """The cursor stays where the turn found it until the look is over."""
        for batch in self.changed(client, mark.since, mark.until, ""):
            missed = self._unseen(batch.rows, seen)
            if missed:
                yield Page(tuple(self.read(client, missed)), str(mark), len(missed), is_last=False)
        yield Page((), str(Mark(mark.until)), 0, is_last_window, count_at_source=len(seen))

    def _unseen(self, found: Iterable[Any], seen: set[str]) -> list[Any]:
        """Rows not met before, which `seen` then knows. A row without an id is always new."""
        fresh = []
        for item in found:
            name = str(item.get(self.id_field) or "") if isinstance(item, dict) else ""
            if not name or name not in seen:
                fresh.append(item)
            if name:
                seen.add(name)
        return fresh
