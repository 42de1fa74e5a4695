"""Lazada orders: list by time, one, their units; cancelling by the seller, and the answer to a buyer who asks."""

from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal
from connectors.twin.wire.lazada import shapes
from connectors.twin.wire.lazada.api import Call, Lazada, LazadaError, Params, document, integer, require
from connectors.twin.world.trade import Order, Step

LAST_OFFSET, LONGEST_PAGE, MOST_ORDERS = 5_000, 100, 50
STATUSES = frozenset(
    [
        "unpaid",
        "pending",
        "packed",
        "canceled",
        "ready_to_ship",
        "delivered",
        "returned",
        "shipped",
        "failed",
        "topack",
        "toship",
        "lost",
        "lost_by_3pl",
        "damaged_by_3pl",
        "failed_delivery",
        "shipped_back",
        "shipped_back_success",
        "shipped_back_failed",
        "package_scrapped",
    ]
)
REASONS = (("10000019", "Sourcing Delay"), ("10000021", "Out of Stock"), ("10000023", "Wrong Price or Pricing Error"))
ZEROES_STOCK = frozenset({"10000021", "10000023"})
WARNING = "SKU stock may be set to 0 after cancellation due to reasons: 'out of stock' or 'incorrect pricing'"
CANCELLABLE = (Step.TO_SHIP, Step.PACKED)


def get_orders(api: Lazada, params: Params) -> dict[str, Any]:
    field = "update" if params.get("update_after") else "created"
    low, high = _moment(params, f"{field}_after"), _moment(params, f"{field}_before", api.market.now + 1)
    offset = integer(params, "offset", "14", 0, high=LAST_OFFSET)
    limit = integer(params, "limit", "19", 100, low=1, high=LONGEST_PAGE)
    status, direction = params.get("status", ""), params.get("sort_direction", "DESC")
    if status and status not in STATUSES:
        raise LazadaError("6", "E006: Invalid status filter", "ISP")
    if direction not in ("ASC", "DESC"):
        raise LazadaError("74", "E074: Invalid sort direction.", "ISP")
    if params.get("sort_by", "updated_at") not in ("created_at", "updated_at"):
        raise LazadaError("75", "E075: Invalid sort filter.", "ISP")
    rows, total = _slice(api, field, low, high, (offset, limit, status, direction == "DESC"))
    return {"data": {"count": len(rows), "countTotal": total, "orders": rows}}


def _moment(params: Params, name: str, default: int | None = None) -> int:
    if default is not None and not params.get(name):
        return default
    try:
        return shapes.seconds_of(str(require(params, name)))
    except ValueError as error:
        raise LazadaError("17", f'E017: "{params[name]}" Invalid Date Format', "ISP") from error


def _slice(
    api: Lazada, field: str, low: int, high: int, page: tuple[int, int, str, bool]
) -> tuple[list[dict[str, Any]], int]:
    """One page of the orders of a span, and how many there are. The order is that of the span's own field."""
    offset, limit, status, is_falling = page
    book = api.market.books["lazada"]
    if field == "update":
        start, end = book.changed(low, high)

        def at(place: int) -> Order:
            return book.at(place)[1]

    else:
        start, end = book.created(low, high)

        def at(place: int) -> Order:
            return book.orders[place]

    places: Any = range(start, end)
    if status:
        places = [place for place in places if shapes.status(api, at(place)) == status]
    if is_falling:
        places = places[::-1]
    return [shapes.order_row(api, at(place)) for place in places[offset : offset + limit]], len(places)


def get_order(api: Lazada, params: Params) -> dict[str, Any]:
    return {"data": shapes.order_row(api, api.order(params))}


def get_items(api: Lazada, params: Params) -> dict[str, Any]:
    return {"data": shapes.item_rows(api, api.order(params))}


def get_many_items(api: Lazada, params: Params) -> dict[str, Any]:
    ids = document(params, "order_ids")
    if not isinstance(ids, list) or not ids:
        raise LazadaError("56", "E056: Invalid OrdersIdList format. Must use array format [1,2]", "ISP")
    if len(ids) > MOST_ORDERS:
        raise LazadaError("38", "E038: Too many orders were requested", "ISP")
    orders = [api.market.find("lazada", str(order_id)) for order_id in ids]
    if None in orders:
        raise LazadaError("37", "E037: One or more order id in the list are incorrect", "ISP")
    return {"data": [_with_items(api, order) for order in orders if order is not None]}


def _with_items(api: Lazada, order: Order) -> dict[str, Any]:
    number = int(order.number)
    return {"order_id": number, "order_number": number, "order_items": shapes.item_rows(api, order)}


def cancel_validate(api: Lazada, params: Params) -> dict[str, Any]:
    order = api.order(params)
    if _chosen(order, params) is None or order.step not in CANCELLABLE:
        return {"data": {"tip_type": "error", "tip_content": "This order item can not be cancelled now."}}
    options = [{"reason_id": reason, "reason_name": name} for reason, name in REASONS]
    return {"data": {"tip_type": "warning", "tip_content": WARNING, "reason_options": options}}


def _chosen(order: Order, params: Params) -> tuple[int, ...] | None:
    ids = document(params, "order_item_id_list")
    if not isinstance(ids, list) or not ids:
        raise LazadaError("MissingParameter", 'The input parameter "order_item_id_list" is not supplied')
    return shapes.places_of(order, [int(item) for item in ids])


def cancel_create(api: Lazada, params: Params) -> dict[str, Any]:
    """What is wrong with it is said by `tip_type` inside a good answer."""
    order, reason = api.order(params), str(require(params, "reason_id"))
    places = _chosen(order, params)
    if reason not in dict(REASONS):
        return {"data": {"tip_type": "error", "tip_content": "The reason is not one of this order's reasons."}}
    if places is None or order.step not in CANCELLABLE:
        return {"data": {"tip_type": "error", "tip_content": "This order item can not be cancelled now."}}
    if order.packed or order.index in api.packed:
        places = tuple(range(len(order.lines)))  # a package goes as a whole
    try:
        deeds.cancel(api.market, order, order.number, dict(REASONS)[reason], pulled=places)
    except Refusal as refusal:
        return {"data": {"tip_type": "error", "tip_content": str(refusal)}}
    api.packed.discard(order.index)
    return {"data": {"tip_type": "success", "tip_content": "The order has been cancelled."}}


def cancel_decide(api: Lazada, params: Params) -> dict[str, Any]:
    text = str(require(params, "reverse_order_id"))
    index = int(text) - shapes.CANCEL_CASE if text.isdigit() else -1
    orders = api.market.books["lazada"].orders
    if not 0 <= index < len(orders):
        raise LazadaError("105", "E0105: reverse order id is empty or invalid", "ISP")
    order, is_accepted = orders[index], str(require(params, "agree_cancel")).casefold() == "true"
    if order.step != Step.CANCEL_ASKED:
        raise LazadaError("131", "E0131: no decision for this reverse order", "ISP")
    deeds.answer_cancellation(api.market, order, order.number, is_accepted)
    if not is_accepted:
        api.refused.add(order.index)
    return {"data": None}


CALLS = {
    "/orders/get": Call("GET", get_orders),
    "/order/get": Call("GET", get_order),
    "/order/items/get": Call("GET", get_items),
    "/orders/items/get": Call("GET", get_many_items),
    "/order/reverse/cancel/validate": Call("GET", cancel_validate),
    "/order/reverse/cancel/create": Call("GET", cancel_create),
    "/order/reverse/cancel/seller/decide": Call("GET", cancel_decide),
}
