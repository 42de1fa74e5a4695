"""A channel that answers from a list of pages, and fails where it is told to."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.base import Connector, Feed, R, Renewed
from connectors.types import BadRow, Page, Record


class FakeShop(Connector):
    """`script` holds, by cursor, the page or error that follows it; `calls` the cursors that were asked for."""

    kind = "fake"
    label = "Fake"
    feeds = (Feed("orders", timedelta(minutes=1)), Feed("returns", timedelta(minutes=5)))
    script: ClassVar[dict[str, Page | Exception]] = {}
    calls: ClassVar[list[str]] = []
    renewals: ClassVar[list[Renewed | Exception]] = []

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        while True:
            self.calls.append(cursor)
            answer = self.script[cursor]
            if isinstance(answer, Exception):
                raise answer
            yield answer
            if answer.is_last:
                return
            cursor = answer.cursor

    def fetch(self, record: type[R], external_id: str) -> R | None:
        return None

    def refresh(self) -> Renewed:
        answer = self.renewals.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        return headers.get("x-sign") in secrets

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        return headers.get("x-event", "")

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(body.decode().split(",")) if body else ()


def page(cursor: str, *records: Record | BadRow, is_last: bool = False, count: int | None = None, **more: Any) -> Page:
    given = {"seen": len(records), "count_at_source": count} | more
    return Page(records=records, cursor=cursor, is_last=is_last, **given)
