"""AfterShip Tracking: one account."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from connectors.base import Answer, Budget, CannotDo, Connector, ConnectorError, Feed, Permit, R, Refused, Retry
from connectors.consent import Key
from connectors.operations import FileClaim, Operation, RedirectParcel
from connectors.shops.parcels import CLAIM_PAGES, REDIRECT_PAGES, page_of, read_one
from connectors.shops.reading import Row, json_object, read_rows
from connectors.shops.shipping.aftership import client, parse
from connectors.shops.windows import Mark
from connectors.types import Account, Page, Receipt, Shipment

NOT_THERE = frozenset({"4004"})
ADMIN = "https://admin.aftership.com/"


class AfterShip(Connector):
    """Read only. A tracking comes to AfterShip from the stores that are connected to it; adding one by hand is a write
    that no draft asks for. AfterShip cannot change a parcel's way: that is done at the courier.
    """

    kind = "aftership"
    label = "AfterShip"
    home: ClassVar[str] = "https://api.aftership.com"
    credentials = ("api_key",)
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_key", "API key", "AfterShip admin → Settings → API keys → Create an API key"),
        Key("webhook_secret", "Webhook secret", "AfterShip admin → Notifications → Webhooks → Webhook secret"),
    )
    allowance = Budget(available=10, capacity=10, per_second=10)
    lanes: ClassVar[Mapping[str, Budget]] = {"trackings.list": Budget(6, 6, 6), "trackings.get": Budget(5, 5, 5)}
    # Trackings are kept for 120 days after they were added.
    feeds = (Feed("trackings", timedelta(minutes=10), first_span=timedelta(days=45)),)

    @property
    def client(self) -> client.Client:
        return client.Client(self.account, self.transport)

    def pull(self, feed: str, cursor: str) -> Iterator[Page]:
        """What changed since the cursor, page by page; AfterShip's own paging cursor may go stale between two turns."""
        [known] = (row for row in self.feeds if row.name == feed)
        now = int(self.clock().timestamp())
        mark = Mark.read(cursor, now - int(known.first_span.total_seconds()))
        since = mark.since if mark.until or not cursor else mark.since - int(known.overlap.total_seconds())
        if not mark.until:
            yield from self._pages(since, now, "")
            return
        try:
            yield from self._pages(since, mark.until, mark.page)
        except Refused as error:
            if error.status == 401:
                raise
            yield from self._pages(since, now, "")

    def _pages(self, since: int, until: int, page: str) -> Iterator[Page]:
        """The list is read up to its end; `until` is when that began, so what changes meanwhile comes again."""
        number = 0
        while True:
            params = {"updated_at_min": iso(since), "limit": str(client.PAGE), **({"cursor": page} if page else {})}
            data = self.client.get("/trackings", "trackings.list", params)
            rows, paging = rows_of(data), data.get("pagination")
            paging = paging if isinstance(paging, dict) else {}
            number += 1
            following = str(paging.get("next_cursor") or "") if paging.get("has_next_page") else ""
            if paging.get("has_next_page") and following in ("", page):
                raise Retry("the list says there is more, but does not move on", code="short_read")
            yield Page(
                tuple(read_rows("shipment", rows, parse.tracking, "id", place=f"page {number}")),
                str(Mark(since, until, following) if following else Mark(until)),
                len(rows),
                is_last=not following,
                count_at_source=paging["total"] if not page and type(paging.get("total")) is int else None,
                as_of=self.clock(),
            )
            if not following:
                return
            page = following

    def fetch(self, record: type[R], external_id: str) -> R | None:
        if record is not Shipment:
            raise CannotDo(f"AfterShip has no read of one {record.__name__}")
        try:
            item = self.client.get(f"/trackings/{external_id}", "trackings.get")
        except Refused as error:
            if error.status == 404 or error.code in NOT_THERE:
                return None
            raise
        return read_one(record, parse.tracking, item)

    def perform(self, operation: Operation, permit: Permit) -> Receipt:
        raise CannotDo(f"AfterShip only watches parcels; {type(operation).__name__} is done by hand at the courier")

    @classmethod
    def sort(cls, answer: Answer, *, is_write: bool) -> ConnectorError | None:
        return client.sort(answer, is_write=is_write)

    @classmethod
    def budget(cls, answer: Answer) -> Budget | None:
        return client.budget(answer)

    @classmethod
    def by_hand(cls, operation: Operation, account: Account) -> str:
        if isinstance(operation, RedirectParcel):
            return page_of(REDIRECT_PAGES, operation.carrier, operation.tracking_number) or ADMIN
        return page_of(CLAIM_PAGES, account_carrier(operation)) or ADMIN

    @classmethod
    def verify(cls, body: bytes, headers: Mapping[str, str], url: str, secrets: tuple[str, ...], now: datetime) -> bool:
        """Base64 HMAC-SHA256 over the raw body. No time is signed, so a repeated push is known by `event_id` alone."""
        given = headers.get("aftership-hmac-sha256", "")
        made = (base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()) for key in secrets)
        return bool(given) and any(hmac.compare_digest(ours, given.encode()) for ours in made)

    @classmethod
    def event_id(cls, body: bytes, headers: Mapping[str, str]) -> str:
        event = json_object(body)
        found = event.get("msg")
        tracking: Row = found if isinstance(found, dict) else {}
        named = f"{event.get('event_id') or ''}:{tracking.get('updated_at') or ''}"
        return named if event.get("event_id") else hashlib.sha256(body).hexdigest()

    @classmethod
    def touched(cls, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        return ("trackings",) if json_object(body).get("event") == "tracking_update" else ()


def account_carrier(operation: Operation) -> str:
    """Tracking numbers that begin with 1Z are UPS's; a claim names no courier otherwise."""
    number = operation.tracking_number if isinstance(operation, FileClaim) else ""
    return "ups" if number.upper().startswith("1Z") else ""


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def rows_of(data: Row) -> list[Any]:
    rows = data.get("trackings")
    if not isinstance(rows, list):
        raise Retry("AfterShip's list holds no `trackings`; its shape may have changed", code="drift")
    return rows
