"""Orders with their parcels, buyers' requests to cancel them, and scans of quiet parcels."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.base import Refused
from connectors.shops.marketplaces.tiktok_shop.client import Client, rows
from connectors.shops.marketplaces.tiktok_shop.parse.order import order
from connectors.shops.marketplaces.tiktok_shop.reads.moving import DAY, Moving
from connectors.shops.reading import UNREADABLE, Row, Unreadable, bad_row, moment, read_rows, reason_of
from connectors.types import BadRow, Page, Record, Shipment

DETAIL_PAGE, CASE_PAGE = 50, 50
SOME = "/order/202507/orders"
CANCELLATIONS = "/return_refund/202309/cancellations/search"
PENDING = "CANCELLATION_REQUEST_PENDING"
QUIET, QUIET_REACH = timedelta(days=2), timedelta(days=30)


def in_full(client: Client, items: list[Any]) -> list[Record | BadRow]:
    """Orders as records, those that their buyers want cancelled with the deadline to answer."""
    asked = [item.get("id") for item in items if isinstance(item, dict) and item.get("is_buyer_request_cancel")]
    requests = pending(client, [ref for ref in asked if isinstance(ref, str)])
    return read_rows("order", items, lambda item: order(item, requests.get(item["id"])), "id")


def pending(client: Client, order_ids: list[str]) -> dict[str, Row]:
    """Requests to cancel that wait for our answer, by order."""
    found: dict[str, Row] = {}
    for begin in range(0, len(order_ids), CASE_PAGE):
        body = {"order_ids": order_ids[begin : begin + CASE_PAGE], "cancel_status": [PENDING]}
        for batch in client.pages(CANCELLATIONS, "cancellations", {"page_size": CASE_PAGE}, body):
            found |= {row["order_id"]: row for row in batch.rows if isinstance(row, dict) and "order_id" in row}
    return found


def cancelled(client: Client, cases: list[Any]) -> list[Record | BadRow]:
    """The orders of cancellations that moved: a request changes its order's deadline, not the order's own time."""
    refs: dict[str, None] = {}
    bad: list[Record | BadRow] = []
    for case in cases:
        ref = case.get("order_id") if isinstance(case, dict) else None
        if isinstance(ref, str) and ref:
            refs[ref] = None
        else:
            bad.append(bad_row("order", case, "cancel_id", "the cancellation names no order"))
    return in_full(client, by_id(client, list(refs))) + bad


ORDERS = Moving("/order/202309/orders/search", "orders", "id", 100, in_full, DAY)
CANCELS = Moving(CANCELLATIONS, "cancellations", "cancel_id", CASE_PAGE, cancelled, 15 * DAY)


def by_id(client: Client, order_ids: list[str]) -> list[Any]:
    found: list[Any] = []
    for begin in range(0, len(order_ids), DETAIL_PAGE):
        found += rows(client.get(SOME, {"ids": ",".join(order_ids[begin : begin + DETAIL_PAGE])}), "orders")
    return found


def one_order(client: Client, order_id: str) -> Row:
    """Raises Refused where TikTok Shop knows no such order."""
    for item in by_id(client, [order_id]):
        if isinstance(item, dict) and item.get("id") == order_id:
            return item
    raise Refused(f"TikTok Shop knows no order {order_id}", code="not_found")


def quiet_parcels(client: Client) -> Iterator[Page]:
    """Scans of parcels whose order has stood as in transit for two days: those in motion need no call of their own."""
    now = client.clock()
    since, until = int((now - QUIET_REACH).timestamp()), int((now - QUIET).timestamp())
    for batch in ORDERS.changed(client, since, until, "", order_status="IN_TRANSIT"):
        found = read_rows("order", batch.rows, order, "id")
        records = tuple(with_scans(client, [row for row in found if isinstance(row, Shipment)]))
        yield Page(records, "", len(records), is_last=not batch.following, as_of=now)


def with_scans(client: Client, shipments: Iterable[Shipment]) -> Iterator[Record | BadRow]:
    for shipment in shipments:
        try:
            yield tracked(shipment, scans(client, shipment.order_ref))
        except Refused as error:
            yield BadRow("shipment", shipment.external_id, f"no tracking: {error}", b"")
        except UNREADABLE as error:
            yield BadRow("shipment", shipment.external_id, f"no tracking: {reason_of(error)}", b"")


def scans(client: Client, order_id: str) -> list[Any]:
    return rows(client.get(f"/fulfillment/202309/orders/{order_id}/tracking"), "tracking")


def tracked(shipment: Shipment, steps: list[Row]) -> Shipment:
    """The parcel with its last scan. Scans alone are told in milliseconds."""
    times = []
    for step in steps:
        told = step["update_time_millis"]
        if type(told) is not int:
            raise Unreadable(f"{told!r} is no time in milliseconds")
        times.append(moment(told / 1000))
    last = max((when for when in times if when), default=shipment.last_scan_at)
    return replace(shipment, last_scan_at=last)
