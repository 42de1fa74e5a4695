"""Orders with their units, and the scans of parcels that have gone quiet.

`/orders/get` pages by offset up to 5,000, and a row that changes while it is paged leaves the span. So each page asks
from where the last one ended: sorted by change, by time, and by offset only inside one crowded second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Refused, Retry
from connectors.shops.marketplaces.lazada import parse
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.reading import UNREADABLE, Row, bad_row, read_rows
from connectors.shops.windows import Mark, windows
from connectors.types import BadRow, Page, Record, Shipment, ShipmentStatus

LIST_PAGE = 100
ITEMS_PAGE = 50
LAST_OFFSET = 5_000
STEP = 80  # of 100 rows by offset: the rest is read twice, for rows that leave the span meanwhile
ANY_SPAN = 20 * 365 * 86_400  # the list names no widest window
NO_SUCH_ORDER = frozenset({"16", "E016", "37", "E037", "39", "E039"})
QUIET = timedelta(days=2)  # a shipped order that has not moved since is asked for its scans
QUIET_REACH = timedelta(days=30)


def orders(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    for start, end, page in windows(mark, now, int(overlap.total_seconds()), ANY_SPAN):
        walk = Walk(client, start, end, page)
        for found, is_end in walk:
            records = tuple(in_full(client, found))
            if is_end:
                yield Page(records, str(Mark(end)), len(found), end >= now, count_at_source=walk.total())
            else:
                yield Page(records, str(Mark(start, end, walk.place)), len(found), is_last=False)


@dataclass(slots=True)
class Walk:
    """One pass over what changed in [start, end]. `page` is the place "time:offset" at which to go on."""

    client: Client
    start: int
    end: int
    page: str = ""
    status: str = ""
    after: int = 0
    offset: int = 0
    told: int | None = None  # the count of the whole span, where one answer held it
    edge: dict[str, int] = field(default_factory=dict)  # ids that the next page will hold again → time of change

    def __post_init__(self) -> None:
        after, _, offset = self.page.partition(":")
        self.after, self.offset = (int(after), int(offset)) if offset else (self.start, 0)

    @property
    def place(self) -> str:
        return f"{self.after}:{self.offset}"

    def __iter__(self) -> Iterator[tuple[list[Any], bool]]:
        """Rows that this pass has not given yet, page by page, and whether that was the last page."""
        while True:
            rows, total = self._ask(self.after, self.offset, LIST_PAGE)
            fresh = [row for row in rows if not isinstance(row, dict) or str(row.get("order_id")) not in self.edge]
            if len(rows) < LIST_PAGE:
                self.told = None if self.page else total
                yield fresh, True
                return
            self._move_on(rows)
            self.page = self.place
            yield fresh, False

    def _move_on(self, rows: list[Any]) -> None:
        times = {str(row["order_id"]): _changed(row) for row in rows if isinstance(row, dict) and "order_id" in row}
        ahead = max(times.values(), default=0) - 1  # whether the bound itself is included is not documented
        if ahead > self.after:
            self.after, self.offset = ahead, 0
        elif self.offset + STEP > LAST_OFFSET:
            raise Retry("more orders changed in one second than Lazada lets anybody page through", code="short_read")
        else:
            self.offset += STEP
        self.edge = {ref: at for ref, at in (self.edge | times).items() if at >= self.after}

    def total(self) -> int | None:
        """How many orders the span holds now: fewer than were read where some have changed again since."""
        return self.told if self.told is not None else self._ask(self.start, 0, 1)[1]

    def _ask(self, after: int, offset: int, limit: int) -> tuple[list[Any], int | None]:
        data = part(self.client.get("/orders/get", {
            "update_after": _iso(after), "update_before": _iso(self.end), "sort_by": "updated_at",
            "sort_direction": "ASC", "offset": offset, "limit": limit, "status": self.status,
        }), "data", dict)  # fmt: skip
        total = data.get("countTotal")
        return part(data, "orders", list), total if isinstance(total, int) else None


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _changed(row: Row) -> int:
    """Time of change in Unix seconds; 0 where it cannot be read."""
    try:
        found = parse.when(row.get("updated_at"))
    except UNREADABLE:
        return 0
    return int(found.timestamp()) if found else 0


def in_full(client: Client, rows: Iterable[Any]) -> Iterator[Record | BadRow]:
    """The orders of list rows with their units, in the list's order."""
    rows = list(rows)
    items = items_of(client, [str(row["order_id"]) for row in rows if isinstance(row, dict) and row.get("order_id")])
    for row in rows:
        order_id = str(row.get("order_id") or "") if isinstance(row, dict) else ""
        if not order_id:
            yield bad_row("order", row, "order_id", "a row of the order list has no order_id")
        elif order_id not in items:
            yield parse.unread_order(order_id, "listed, but Lazada gives no items of it")
        else:
            yield from read_rows("order", [paired(client, row, items[order_id])], parse.order, "order_id")


def paired(client: Client, row: Row, items: list[Row]) -> Row:
    """What `parse.order` reads: the order, its units, and what the venture says of every order."""
    return {
        "order_id": row.get("order_id"), "order": row, "items": items, "currency": client.currency,
        "country": client.account.country,
    }  # fmt: skip


def items_of(client: Client, ids: list[str]) -> dict[str, list[Row]]:
    """Order id → its units. What the first answer lacks is asked for once more."""
    found: dict[str, list[Row]] = {}
    for begin in range(0, len(ids), ITEMS_PAGE):
        chunk = ids[begin : begin + ITEMS_PAGE]
        found |= _items(client, chunk)
        missing = [order_id for order_id in chunk if order_id not in found]
        if missing:
            found |= _items(client, missing)
    return found


def _items(client: Client, ids: list[str]) -> dict[str, list[Row]]:
    """One wrong id fails the whole call, so a refused call is halved."""
    try:
        data = part(client.get("/orders/items/get", {"order_ids": f"[{','.join(ids)}]"}), "data", list)
    except Refused as error:
        if error.code not in NO_SUCH_ORDER:
            raise
        half = len(ids) // 2
        return {} if not half else _items(client, ids[:half]) | _items(client, ids[half:])
    rows = [row for row in data if isinstance(row, dict) and isinstance(row.get("order_items"), list)]
    return {str(row.get("order_id")): row["order_items"] for row in rows}


def order_items(client: Client, order_id: str) -> list[Row]:
    """The units of one order, read now. Raises Refused where Lazada knows no such order."""
    items = part(client.get("/order/items/get", {"order_id": order_id}), "data", list)
    if not items:
        raise Refused(f"Lazada knows no order {order_id}", code="16")
    return items


def one_order(client: Client, order_id: str) -> list[Record | BadRow]:
    """The order with its parcels; empty where Lazada knows none."""
    try:
        row = part(client.get("/order/get", {"order_id": order_id}), "data", dict)
        items = order_items(client, order_id)
    except Refused as error:
        if error.code in NO_SUCH_ORDER:
            return []
        raise
    return read_rows("order", [paired(client, row, items)], parse.order, "order_id")


def quiet_parcels(client: Client) -> Iterator[Page]:
    """Scans of parcels whose order has stood as shipped for two days: those in motion need no call of their own."""
    now = client.clock()
    start, end = (int((now - reach).timestamp()) for reach in (QUIET_REACH, QUIET))
    for found, is_end in Walk(client, start, end, status="shipped"):
        shipped = [row for row in in_full(client, found) if isinstance(row, Shipment)]
        yield Page(tuple(_with_scans(client, shipped)), "", len(shipped), is_last=is_end, as_of=now)


def _with_scans(client: Client, parcels: Iterable[Shipment]) -> Iterator[Record | BadRow]:
    for parcel in parcels:
        if parcel.status is ShipmentStatus.DELIVERED:
            yield parcel
            continue
        try:
            yield parse.tracked(parcel, scans(client, parcel.order_ref))
        except (Refused, *UNREADABLE) as error:
            yield BadRow("shipment", parcel.external_id, f"no tracking: {error}", b"")


def scans(client: Client, order_id: str) -> list[Row]:
    """The packages of one order with their events."""
    result = part(client.get("/logistic/order/trace", {"order_id": order_id, "locale": "en"}), "result", dict)
    modules = part(result, "module", list)
    return [row for module in modules for row in module.get("package_detail_info_list") or ()]
