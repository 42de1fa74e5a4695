"""Shopee's feeds, page by page: orders, returns, goods with stock, account health, scans of quiet parcels."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from connectors.base import ConnectorError, Refused, Retry
from connectors.shops.marketplaces.shopee import health, parse
from connectors.shops.marketplaces.shopee.client import DETAIL_PAGE, LIST_PAGE, Client, rows, windows
from connectors.shops.reading import Row, bad_row, read_rows
from connectors.shops.windows import Mark
from connectors.types import BadRow, Page, Record, Shipment, ShipmentStatus, StockLevel

ORDER_FIELDS = (
    "buyer_user_id,buyer_username,recipient_address,item_list,package_list,total_amount,pay_time,payment_method,"
    "cancel_by,cancel_reason,buyer_cancel_reason,pickup_done_time,shipping_carrier,return_request_due_date,"
    "fulfillment_flag,split_up,note,order_chargeable_weight_gram"
)
OPEN_RETURNS = frozenset({"REQUESTED", "PROCESSING", "ACCEPTED", "JUDGING", "SELLER_DISPUTE"})
ITEM_STATUSES = ["NORMAL", "UNLIST", "BANNED"]
QUIET = timedelta(days=2)  # a shipped order that has not moved since is asked for its scans
QUIET_REACH = timedelta(days=30)
SECOND_LOOKS = 2
LATE_RATE_ID = 1
MOST_REVIEWS = 1000


def orders(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    for start, end, page in windows(mark, now, int(overlap.total_seconds())):
        yield from _order_window(client, start, end, page, is_last_window=end >= now)


def _order_window(client: Client, start: int, end: int, page: str, *, is_last_window: bool) -> Iterator[Page]:
    """A list by update time loses rows that change while it is paged; a window of several pages is listed again."""
    seen: set[str] = set()
    paged = bool(page)
    for ids, next_page in _listed(client, start, end, page):
        fresh = [sn for sn in ids if sn not in seen]
        seen.update(fresh)
        records = tuple(details(client, fresh))
        if next_page:
            paged = True
            yield Page(records, str(Mark(start, end, next_page)), len(fresh), is_last=False)
        elif not paged:
            yield Page(records, str(Mark(end)), len(fresh), is_last_window, count_at_source=len(seen))
        else:
            mark = Mark(start, end, page)
            yield Page(records, str(mark), len(fresh), is_last=False)
            yield from _second_look(client, mark, seen, is_last_window=is_last_window)


def _second_look(client: Client, mark: Mark, seen: set[str], *, is_last_window: bool) -> Iterator[Page]:
    """What the first look did not see. After a turn that began in mid-window that is all before its beginning, so it
    comes list page by list page; the cursor stays where the turn found it until the look is over."""
    for _ in range(SECOND_LOOKS):
        found = 0
        for ids, _next in _listed(client, mark.since, mark.until, ""):
            missed = [sn for sn in ids if sn not in seen]
            seen.update(missed)
            found += len(missed)
            if missed:
                yield Page(tuple(details(client, missed)), str(mark), len(missed), is_last=False)
        if not found:
            break
    yield Page((), str(Mark(mark.until)), 0, is_last_window, count_at_source=len(seen))


def _listed(client: Client, start: int, end: int, page: str) -> Iterator[tuple[list[str], str]]:
    """(order numbers, the next page's cursor or empty) of one window."""
    query: dict[str, object] = {
        "time_range_field": "update_time", "time_from": start, "time_to": end, "page_size": LIST_PAGE,
        "request_order_status_pending": "true",
    }  # fmt: skip
    while True:
        response = client.get("/api/v2/order/get_order_list", {**query, "cursor": page} if page else query)
        next_page = str(response.get("next_cursor") or "") if response.get("more") else ""
        if response.get("more") and next_page in ("", page):
            raise Retry("the order list says there is more, but does not move on", code="short_read")
        yield [row["order_sn"] for row in rows(response, "order_list")], next_page
        if not next_page:
            return
        page = next_page


def details(client: Client, ids: list[str]) -> Iterator[Record | BadRow]:
    for begin in range(0, len(ids), DETAIL_PAGE):
        chunk = ids[begin : begin + DETAIL_PAGE]
        items = order_rows(client, chunk)
        missing = _absent(chunk, items)
        if missing:
            items += order_rows(client, missing)
        yield from read_rows("order", items, parse.order, "order_sn")
        for sn in _absent(missing, items):
            yield bad_row("order", {"order_sn": sn}, "order_sn", "listed, but Shopee gives no detail of it")


def _absent(ids: list[str], items: Iterable[Any]) -> list[str]:
    got = {item.get("order_sn") for item in items if isinstance(item, dict)}
    return [sn for sn in ids if sn not in got]


def order_rows(client: Client, ids: list[str]) -> list[Row]:
    """Orders in full. One number that Shopee refuses fails the whole call, so a refused call is halved."""
    query = {"order_sn_list": ",".join(ids), "response_optional_fields": ORDER_FIELDS}
    try:
        return rows(client.get("/api/v2/order/get_order_detail", query), "order_list")
    except Refused as error:
        if not error.code.endswith("not_found"):
            raise
        if len(ids) == 1:
            return []
        half = len(ids) // 2
        return order_rows(client, ids[:half]) + order_rows(client, ids[half:])


def returns(client: Client, cursor: str, *, first_span: timedelta, overlap: timedelta) -> Iterator[Page]:
    now = int(client.clock().timestamp())
    mark = Mark.read(cursor, now - int(first_span.total_seconds()))
    for start, end, begin in windows(mark, now, int(overlap.total_seconds())):
        page = int(begin or 0)  # this list counts its pages from 0
        while True:
            query = {"page_no": page, "page_size": LIST_PAGE, "update_time_from": start, "update_time_to": end}
            response = client.get("/api/v2/returns/get_return_list", query)
            found = rows(response, "return")
            items = [_in_full(client, row) for row in found]
            records = tuple(read_rows("return", items, parse.aftersale, "return_sn", place=f"page {page}"))
            page += 1
            more = bool(response.get("more")) and bool(found)
            after = Mark(start, end, str(page)) if more else Mark(end)
            yield Page(records, str(after), len(found), is_last=not more and end >= now)
            if not more:
                break


def _in_full(client: Client, row: Any) -> Any:
    """The list leaves out the deadlines for evidence and compensation; open returns are read in full."""
    if not isinstance(row, dict) or row.get("status") not in OPEN_RETURNS or not row.get("return_sn"):
        return row
    try:
        return return_detail(client, row["return_sn"])
    except Refused:
        return row


def return_detail(client: Client, return_sn: str) -> Row:
    return client.get("/api/v2/returns/get_return_detail", {"return_sn": return_sn})


def goods(client: Client, cursor: str) -> Iterator[Page]:
    """All items each time: a sale moves stock without moving the item's update time. The cursor is an offset."""
    offset = int(cursor or 0)
    while True:
        query = {"offset": offset, "page_size": LIST_PAGE, "item_status": ITEM_STATUSES}
        response = client.get("/api/v2/product/get_item_list", query)
        ids = [str(row["item_id"]) for row in response.get("item") or ()]
        more, following = bool(response.get("has_next_page")), response.get("next_offset")
        if more and (not isinstance(following, int) or following <= offset):
            raise Retry("the item list says there is more, but does not move on", code="short_read")
        records = tuple(_items(client, ids))
        cursor = str(following) if more else ""
        yield Page(records, cursor, len(ids), is_last=not more, count_at_source=response.get("total_count"))
        if not more:
            return
        offset = int(str(following))


def _items(client: Client, ids: list[str]) -> Iterator[Record | BadRow]:
    for begin in range(0, len(ids), DETAIL_PAGE):
        query = {"item_id_list": ",".join(ids[begin : begin + DETAIL_PAGE])}
        items = rows(client.get("/api/v2/product/get_item_base_info", query), "item_list")
        yield from read_rows("listing", items, lambda item: parse.goods(item, models(client, item)), "item_id")


def models(client: Client, item: Row) -> list[Row]:
    """The variants of an item, or the item itself where it has none."""
    if not item.get("has_model"):
        return [item]
    return rows(client.get("/api/v2/product/get_model_list", {"item_id": item["item_id"]}), "model")


def variant_of(client: Client, item_id: str, model_id: str) -> tuple[Row, Row] | None:
    """One item and one of its variants, read now; model 0 is an item without variants."""
    query = {"item_id_list": item_id}
    for item in rows(client.get("/api/v2/product/get_item_base_info", query), "item_list"):
        for model in models(client, item):
            if str(model.get("model_id") or 0) == (model_id or "0"):
                return item, model
    return None


def stock_of(client: Client, item_id: str, model_id: str) -> StockLevel | None:
    """One variant's stock, read now."""
    found = variant_of(client, item_id, model_id)
    if found is None:
        return None
    item, model = found
    ref = parse.goods_id(item_id, model_id)
    return parse.stock(ref, model.get("model_sku") or item.get("item_sku") or ref, model)


def reviews(client: Client) -> Iterator[Page]:
    """Shopee shows the newest reviews only, up to a thousand, and knows no list of what has changed: all are read."""
    cursor, seen = "", 0
    while True:
        response = client.get("/api/v2/product/get_comment", {"cursor": cursor, "page_size": LIST_PAGE})
        found = rows(response, "item_comment_list")
        following = str(response.get("next_cursor") or "") if response.get("more") and found else ""
        seen += len(found)
        is_last = not following or seen >= MOST_REVIEWS
        if following and following == cursor:
            raise Retry("the list of reviews says there is more, but does not move on", code="short_read")
        read = partial(parse.review, skus=item_skus(client, found))
        records = read_rows("review", found, read, "comment_id")
        yield Page(tuple(records), "", len(found), is_last=is_last)
        if is_last:
            return
        cursor = following


def item_skus(client: Client, found: Iterable[Any]) -> dict[str, str]:
    """Item → its SKU, for the items that a page of reviews names."""
    ids = sorted({str(row["item_id"]) for row in found if isinstance(row, dict) and row.get("item_id")})
    skus: dict[str, str] = {}
    for begin in range(0, len(ids), DETAIL_PAGE):
        query = {"item_id_list": ",".join(ids[begin : begin + DETAIL_PAGE])}
        for item in rows(client.get("/api/v2/product/get_item_base_info", query), "item_list"):
            if isinstance(item, dict):
                skus[str(item.get("item_id"))] = str(item.get("item_sku") or "")
    return skus


def account_health(client: Client) -> Iterator[Page]:
    now = client.clock()
    performance = client.get("/api/v2/account_health/get_shop_performance", {})
    history = _optional(client, "/api/v2/account_health/get_penalty_point_history", "penalty_point_list")
    late = _optional(client, "/api/v2/account_health/get_late_orders", "late_order_list") or []
    counted = _late_count(client)
    points = None if history is None else health.points_now(history, now)
    metrics = rows(performance, "metric_list")
    records = read_rows(
        "accountmetric", metrics,
        lambda item: health.metric(item, now=now, points=points, late=late, counted=counted), "metric_name",
    )  # fmt: skip
    if history is not None and points is not None:
        records.append(health.penalty(points, history, now))
    yield Page(tuple(records), "", len(metrics), is_last=True, count_at_source=len(metrics), as_of=now)


def _late_count(client: Client) -> int | None:
    """How many orders make up the late-shipment rate (metric 1)."""
    query = {"metric_id": LATE_RATE_ID, "page_no": 1, "page_size": 1}
    try:
        total = client.get("/api/v2/account_health/get_metric_source_detail", query).get("total_count")
    except Refused:
        return None
    return total if isinstance(total, int) else None


def _optional(client: Client, path: str, name: str) -> list[Row] | None:
    """A list that some regions and app types do not offer."""
    try:
        return rows(client.get(path, {"page_no": 1, "page_size": LIST_PAGE}), name)
    except Refused:
        return None


def quiet_parcels(client: Client) -> Iterator[Page]:
    """Scans of parcels whose order has stood as shipped for two days: those in motion need no call of their own."""
    now = client.clock()
    mark = Mark(int((now - QUIET_REACH).timestamp()))
    until = int((now - QUIET).timestamp())
    for start, end, _ in windows(mark, until, 0):
        for ids, next_page in _shipped(client, start, end):
            parcels = [row for row in details(client, ids) if isinstance(row, Shipment)]
            records = tuple(_with_scans(client, parcels))
            yield Page(records, "", len(parcels), is_last=not next_page and end >= until, as_of=now)


def _shipped(client: Client, start: int, end: int) -> Iterator[tuple[list[str], str]]:
    page = ""
    while True:
        query = {
            "time_range_field": "update_time", "time_from": start, "time_to": end, "page_size": LIST_PAGE,
            "order_status": "SHIPPED", "cursor": page,
        }  # fmt: skip
        response = client.get("/api/v2/order/get_order_list", query)
        following = str(response.get("next_cursor") or "") if response.get("more") else ""
        yield [row["order_sn"] for row in rows(response, "order_list")], following
        if following in ("", page):
            return
        page = following


def _with_scans(client: Client, parcels: Iterable[Shipment]) -> Iterator[Record | BadRow]:
    for parcel in parcels:
        if parcel.status is ShipmentStatus.DELIVERED:
            yield parcel
            continue
        try:
            yield parse.tracked(parcel, tracking(client, parcel.external_id))
        except (Refused, ValueError) as error:
            yield BadRow("shipment", parcel.external_id, f"no tracking: {error}", b"")


def tracking(client: Client, parcel_ref: str) -> Row:
    """`parcel_ref` is "order_sn/package_number". Raises ConnectorError."""
    order_sn, _, package = parcel_ref.partition("/")
    if not package:
        raise ConnectorError(f"{parcel_ref!r} is no order_sn/package_number")
    query = {"order_sn": order_sn, "package_number": package}
    return client.get("/api/v2/logistics/get_tracking_info", query)
