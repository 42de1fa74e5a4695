"""Shopee orders: list, detail, cancelling, and the hand-over to the courier."""

from functools import lru_cache
from typing import Any

from connectors.twin import deeds
from connectors.twin.market import Market
from connectors.twin.wire.shopee.api import STATUS, Call, Params, Shopee, ShopeeError, integer, require, window
from connectors.twin.world.channels import DAY, HOUR, encode
from connectors.twin.world.goods import Good
from connectors.twin.world.people import Person
from connectors.twin.world.trade import Order, Step

FIRST_ITEM_ID, ADDRESS_ID = 22_000_000_000, 900_101
LOCATION = "SGZ"
LOGISTICS = {
    Step.UNPAID: "LOGISTICS_NOT_START", Step.TO_SHIP: "LOGISTICS_READY", Step.PACKED: "LOGISTICS_REQUEST_CREATED",
    Step.SHIPPED: "LOGISTICS_PICKUP_DONE", Step.DELIVERED: "LOGISTICS_DELIVERY_DONE",
    Step.COMPLETED: "LOGISTICS_DELIVERY_DONE",
    Step.CANCEL_ASKED: "LOGISTICS_READY", Step.CANCELLED: "LOGISTICS_REQUEST_CANCELED",
    Step.RETURNING: "LOGISTICS_DELIVERY_DONE",
}  # fmt: skip
CANCEL_REASONS = {"OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED"}


def get_order_list(api: Shopee, params: Params) -> dict[str, Any]:
    field = require(params, "time_range_field")
    low, high = window(params, "time_from", "time_to", "order.order_list_invalid_time")
    size = integer(params, "page_size", low=1, high=100)
    status = params.get("order_status", "")
    if status and status not in STATUS:
        raise ShopeeError("error_param", f"Wrong parameters, detail: order_status {status} is not valid.")
    cursor = integer({"cursor": params.get("cursor") or 0}, "cursor")
    walk = _by_update if field == "update_time" else _by_creation
    if field not in ("update_time", "create_time"):
        raise ShopeeError(
            "error_param", "Wrong parameters, detail: time_range_field must be create_time or update_time."
        )
    rows, next_cursor = walk(api.market, low, high, cursor, size, status)
    return {"more": bool(next_cursor), "next_cursor": next_cursor, "order_list": rows}


def _by_update(market: Market, low: int, high: int, cursor: int, size: int, status: str) -> tuple[list[Any], str]:
    book, rows = market.books["shopee"], list[Any]()
    place, end = book.changed(low, high, cursor)
    while place < end and len(rows) < size:
        cursor, order = book.at(place)
        place += 1
        if not status or STATUS[order.step] == status:
            rows.append({"order_sn": order.number, "booking_sn": ""})
    return rows, str(cursor) if place < end else ""


def _by_creation(market: Market, low: int, high: int, cursor: int, size: int, status: str) -> tuple[list[Any], str]:
    book, rows = market.books["shopee"], list[Any]()
    place, end = book.created(low, high)
    place = max(place, cursor)
    while place < end and len(rows) < size:
        order = book.orders[place]
        place += 1
        if not status or STATUS[order.step] == status:
            rows.append({"order_sn": order.number, "booking_sn": ""})
    return rows, str(place) if place < end else ""


def get_order_detail(api: Shopee, params: Params) -> dict[str, Any]:
    names = str(require(params, "order_sn_list")).split(",")
    if len(names) > 50:
        raise ShopeeError("error_param", "Wrong parameters, detail: order_sn_list must be 50 or less.")
    wanted = [name for name in str(params.get("response_optional_fields", "")).split(",") if name in OPTIONAL]
    orders = [order for order in map(api.find, names) if order is not None]
    if not orders:
        raise ShopeeError("error_not_found", "Wrong parameters, detail: the order is not found.")
    return {"order_list": [detail(api.market, order, wanted) for order in orders]}


def detail(market: Market, order: Order, wanted: list[str]) -> dict[str, Any]:
    """One order: the fields that always come, then the ones asked for."""
    row: dict[str, Any] = {
        "order_sn": order.number, "region": "SG", "currency": "SGD", "cod": False, "order_status": STATUS[order.step],
        "message_to_seller": "", "create_time": order.created, "update_time": order.updated, "days_to_ship": 2,
        "ship_by_date": order.ship_by,
    }  # fmt: skip
    for name in wanted:
        row[name] = OPTIONAL[name](market, order)
    return row


def _recipient(market: Market, order: Order) -> dict[str, str]:
    return _address(market.buyer(order))


@lru_cache(maxsize=10_000)
def _address(buyer: Person) -> dict[str, str]:
    return {
        "name": buyer.name, "phone": buyer.phone, "town": "", "district": "", "city": buyer.city, "state": buyer.state,
        "region": buyer.country, "zipcode": buyer.postcode,
        "full_address": f"{buyer.street}, {buyer.city} {buyer.postcode}",
    }  # fmt: skip


_items: dict[tuple[int, tuple[tuple[int, int], ...]], list[dict[str, Any]]] = {}


def item_list(market: Market, order: Order) -> list[dict[str, Any]]:
    """Lines of an order; orders of the same goods share one list, since nothing in it is the order's own."""
    key = (id(market), order.lines)
    if order.pulled_lines:
        return [
            _item(market.goods[good], n)
            for place, (good, n) in enumerate(order.lines)
            if place not in order.pulled_lines
        ]
    found = _items.get(key)
    if found is None:
        if len(_items) > 50_000:
            _items.clear()
        found = _items[key] = [_item(market.goods[good], quantity) for good, quantity in order.lines]
    return found


def _item(good: Good, quantity: int) -> dict[str, Any]:
    item_id = FIRST_ITEM_ID + good.index
    return {
        "item_id": item_id, "item_name": good.title, "item_sku": good.sku, "model_id": 0, "model_name": "",
        "model_sku": good.sku,
        "model_quantity_purchased": quantity, "model_original_price": good.price_sgd / 100,
        "model_discounted_price": good.price_sgd / 100, "wholesale": False, "weight": 0.4, "add_on_deal": False,
        "main_item": False, "add_on_deal_id": 0, "promotion_type": "", "promotion_id": 0, "order_item_id": item_id,
        "promotion_group_id": 0, "image_info": {"image_url": f"https://cf.shopee.example/file/{item_id}_tn"},
        "product_location_id": [LOCATION], "is_prescription_item": False, "is_b2c_owned_item": False,
    }  # fmt: skip


def package_number(order: Order) -> str:
    return f"OFG{170_000_000_000_000 + order.index}"


def _packages(market: Market, order: Order) -> list[dict[str, Any]]:
    return [
        {
            "package_number": package_number(order), "logistics_status": LOGISTICS[Step(order.step)],
            "logistics_channel_id": 18_080,
            "shipping_carrier": order.courier, "allow_self_design_awb": True, "parcel_chargeable_weight_gram": 400,
            "group_shipment_id": None, "sorting_group": "North",
            "item_list": [
                {"item_id": FIRST_ITEM_ID + good, "model_id": 0, "model_quantity": quantity,
                "order_item_id": FIRST_ITEM_ID + good,
                 "promotion_group_id": 0, "product_location_id": LOCATION}
                for good, quantity in order.lines
            ],
        }
    ]  # fmt: skip


OPTIONAL: dict[str, Any] = {
    "buyer_user_id": lambda market, order: 1_100_000_000 + order.buyer,
    "buyer_username": lambda market, order: f"buyer_{encode(order.buyer).lower()}",
    "estimated_shipping_fee": lambda market, order: 2.49,
    "recipient_address": _recipient,
    "actual_shipping_fee_confirmed": lambda market, order: bool(order.delivered),
    "goods_to_declare": lambda market, order: False,
    "note": lambda market, order: "",
    "note_update_time": lambda market, order: 0,
    "item_list": item_list,
    "pay_time": lambda market, order: order.created + 60 if order.step != Step.UNPAID else None,
    "dropshipper": lambda market, order: None,
    "dropshipper_phone": lambda market, order: None,
    "split_up": lambda market, order: False,
    "buyer_cancel_reason": lambda market, order: order.cancel_reason if order.cancel_by == "buyer" else "",
    "cancel_by": lambda market, order: order.cancel_by,
    "cancel_reason": lambda market, order: order.cancel_reason,
    "buyer_cpf_id": lambda market, order: None,
    "fulfillment_flag": lambda market, order: "fulfilled_by_local_seller",
    "pickup_done_time": lambda market, order: order.shipped,
    "package_list": _packages,
    "shipping_carrier": lambda market, order: order.courier,
    "payment_method": lambda market, order: "Credit/Debit Card",
    "total_amount": lambda market, order: order.total / 100,
    "invoice_data": lambda market, order: None,
    "reverse_shipping_fee": lambda market, order: 0,
    "return_request_due_date": lambda market, order: order.delivered + 7 * DAY if order.delivered else 0,
}


def cancel_order(api: Shopee, params: Params) -> dict[str, Any]:
    order = api.order(params)
    reason = require(params, "cancel_reason")
    if reason not in CANCEL_REASONS:
        raise ShopeeError("error_param", f"Wrong parameters, detail: cancel_reason {reason} is not valid.")
    if reason == "OUT_OF_STOCK" and not params.get("item_list") and not params.get("partial_cancel_item_list"):
        raise ShopeeError("error_param", "Wrong parameters, detail: item_list is a required field.")
    places = _places(order, params.get("partial_cancel_item_list") or [])
    deeds.cancel(api.market, order, order.number, reason, pulled=places)
    return {"update_time": api.market.now}


def _places(order: Order, items: list[dict[str, Any]]) -> tuple[int, ...]:
    wanted = {int(item.get("item_id", 0)) - FIRST_ITEM_ID for item in items}
    places = tuple(place for place, (good, _) in enumerate(order.lines) if good in wanted)
    if items and len(places) != len(wanted):
        raise ShopeeError("error_param", "Wrong parameters, detail: an item is not in this order.")
    return places


def handle_buyer_cancellation(api: Shopee, params: Params) -> dict[str, Any]:
    order, operation = api.order(params), require(params, "operation")
    if operation not in ("ACCEPT", "REJECT"):
        raise ShopeeError("error_param", "Wrong parameters, detail: operation must be ACCEPT or REJECT.")
    deeds.answer_cancellation(api.market, order, order.number, operation == "ACCEPT")
    return {"update_time": api.market.now}


def get_shipping_parameter(api: Shopee, params: Params) -> dict[str, Any]:
    order = api.order(params)
    if order.step != Step.TO_SHIP:
        raise ShopeeError("logistics.invalid_error", "The package is not ready to be shipped.")
    slot = (api.market.now // DAY + 1) * DAY + 2 * HOUR
    return {
        "info_needed": {"pickup": ["address_id", "pickup_time_id"], "dropoff": []},
        "dropoff": None,
        "pickup": {
            "address_list": [
                {"address_id": ADDRESS_ID, "region": "SG", "state": "", "city": "Singapore", "district": "", "town": "",
                 "address": "1 Warehouse Road", "zipcode": "408600", "address_flag": ["default_address",
                 "pickup_address"],
                 "time_slot_list": [{"date": slot, "time_text": "", "pickup_time_id": str(slot)}]}
            ]
        },
    }  # fmt: skip


def ship_order(api: Shopee, params: Params) -> None:
    order = api.order(params)
    branches = [name for name in ("pickup", "dropoff", "non_integrated") if isinstance(params.get(name), dict)]
    if len(branches) != 1:
        raise ShopeeError("error_param", "Wrong parameters, detail: give one of pickup, dropoff, non_integrated.")
    choice = params[branches[0]]
    if branches[0] == "pickup" and int(choice.get("address_id") or 0) != ADDRESS_ID:
        raise ShopeeError("logistics.address_not_found", "The address is invalid. Please check the address.")
    deeds.ship(api.market, order, order.number, str(choice.get("tracking_number") or ""), method=branches[0])


def get_tracking_number(api: Shopee, params: Params) -> dict[str, Any]:
    order = api.order(params)
    return {"tracking_number": order.tracking if order.packed else "", "first_mile_tracking_number": ""}


def get_tracking_info(api: Shopee, params: Params) -> dict[str, Any]:
    """Courier scans, newest first."""
    order = api.order(params)
    scans = []
    if order.delivered:
        scans.append((order.delivered, "Your parcel has been delivered", "DELIVERED"))
    last = order.last_scan(api.market.now)
    if last and last != order.delivered and last != order.shipped:
        scans.append((last, "Parcel arrived at sorting hub", "IN_TRANSIT"))
    if order.shipped:
        scans.append((order.shipped, "Parcel has been picked up", "PICKED_UP"))
    if order.packed:
        scans.append((order.packed, "Sender is preparing to ship your parcel", "ORDER_CREATED"))
    return {
        "order_sn": order.number, "package_number": package_number(order),
        "logistics_status": LOGISTICS[Step(order.step)],
        "tracking_info": [{"update_time": at, "description": words, "logistics_status": code} for at, words,
        code in scans],
    }  # fmt: skip


CALLS = {
    "/api/v2/order/get_order_list": Call("GET", get_order_list),
    "/api/v2/order/get_order_detail": Call("GET", get_order_detail),
    "/api/v2/order/cancel_order": Call("POST", cancel_order),
    "/api/v2/order/handle_buyer_cancellation": Call("POST", handle_buyer_cancellation),
    "/api/v2/logistics/get_shipping_parameter": Call("GET", get_shipping_parameter),
    "/api/v2/logistics/ship_order": Call("POST", ship_order),
    "/api/v2/logistics/get_tracking_number": Call("GET", get_tracking_number),
    "/api/v2/logistics/get_tracking_info": Call("GET", get_tracking_info),
}
