"""Orders: search by time of change or creation, by id, packages, hand-over and scans.

Ids carry the order's index: a line item is one unit, and each order has one package.
"""

from functools import lru_cache
from typing import Any

from connectors.twin import deeds
from connectors.twin.wire.tiktok_shop.api import CHANNEL, STATUS, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, money, place_of, token_of, whole
from connectors.twin.world.channels import DAY, HOUR
from connectors.twin.world.people import Person
from connectors.twin.world.trade import Order, Step

UNIT, PACKAGE = 577_000_000_000_000_000, 1_152_000_000_000_000_000
PRODUCT, SKU, BUYER = 1_729_000_000_000_000_000, 1_730_000_000_000_000_000, 7_021_000_000_000_000_000
UNITS_APART = 1_000  # between the ids of two orders' first units
WAREHOUSE, DELIVERY_OPTION, PROVIDER = "7068517275539719942", "7091146663229654785", "6617675021119438849"
PARCEL = {
    Step.UNPAID: "TO_FULFILL", Step.TO_SHIP: "TO_FULFILL", Step.CANCEL_ASKED: "TO_FULFILL", Step.PACKED: "PROCESSING",
    Step.SHIPPED: "FULFILLING", Step.DELIVERED: "COMPLETED", Step.COMPLETED: "COMPLETED",
    Step.RETURNING: "COMPLETED", Step.CANCELLED: "CANCELLED",
}  # fmt: skip
HIDDEN = (Step.UNPAID,)  # the recipient is not told before payment


def search(api: TikTokShop, call: Call) -> dict[str, Any]:
    size, body = whole(call.query, "page_size", 20, 1, 100), call.body
    status = body.get("order_status", "")
    if status and status not in STATUS.values():
        raise TikTokError(36009004, f"Invalid parameters: order_status {status} is not valid.")
    is_by_change = call.query.get("sort_field") == "update_time"
    if is_by_change and not status and call.query.get("sort_order", "ASC") == "ASC":
        return _by_change(api, call, size)
    rows = _matching(api, body, status)
    rows.sort(key=lambda order: (order.updated if is_by_change else order.created, order.index))
    if call.query.get("sort_order", "ASC") == "DESC":
        rows.reverse()
    start = place_of(call.query.get("page_token", ""))
    page, after = rows[start : start + size], start + size
    following = token_of(after) if after < len(rows) else ""
    return {"next_page_token": following, "total_count": len(rows), "orders": [render(api, order) for order in page]}


def _by_change(api: TikTokShop, call: Call, size: int) -> dict[str, Any]:
    """The one question that a shop is asked all day: straight from the index, whatever the book's size."""
    low, high = whole(call.body, "update_time_ge", 0), whole(call.body, "update_time_lt", api.market.now + 1) - 1
    first, end = api.book.changed(low, high)
    begin, _ = api.book.changed(low, high, place_of(call.query.get("page_token", "")))
    places = range(begin, min(end, begin + size))
    key, orders = 0, []
    for place in places:
        key, order = api.book.at(place)
        orders.append(render(api, order))
    following = token_of(key) if begin + size < end else ""
    return {"next_page_token": following, "total_count": max(0, end - first), "orders": orders}


def _matching(api: TikTokShop, body: dict[str, Any], status: str) -> list[Order]:
    low, high = whole(body, "create_time_ge", 0), whole(body, "create_time_lt", 1 << 40) - 1
    since, until = whole(body, "update_time_ge", 0), whole(body, "update_time_lt", 1 << 40) - 1
    begin, end = api.book.created(low, high)
    return [
        order
        for order in api.book.orders[begin:end]
        if since <= order.updated <= until and (not status or STATUS[Step(order.step)] == status)
    ]


def by_id(api: TikTokShop, call: Call) -> dict[str, Any]:
    ids = [ref for ref in call.query.get("ids", "").split(",") if ref]
    if not 1 <= len(ids) <= 50:
        raise TikTokError(36009004, "Invalid parameters: ids takes 1 to 50 orders.")
    found = [order for ref in ids if (order := api.market.find(api.kind, ref)) is not None]
    return {"orders": [render(api, order) for order in found]}


def render(api: TikTokShop, order: Order) -> dict[str, Any]:
    step = Step(order.step)
    is_out, package = bool(order.packed), package_id(order)
    row: dict[str, Any] = {
        "id": order.number, "status": STATUS[step], "create_time": order.created, "update_time": order.updated,
        "user_id": buyer_id(order.buyer), "fulfillment_type": "FULFILLMENT_BY_SELLER", "shipping_type": "TIKTOK",
        "delivery_type": "HOME_DELIVERY", "commerce_platform": "TIKTOK_SHOP", "is_cod": False,
        "is_on_hold_order": False, "is_sample_order": False, "is_replacement_order": False,
        "is_buyer_request_cancel": step == Step.CANCEL_ASKED, "payment_method_name": "CCDC",
        "payment": {
            "currency": CHANNEL.currency, "total_amount": money(order.total), "sub_total": money(order.total),
            "shipping_fee": "0.00", "tax": "0.00", "seller_discount": "0.00", "platform_discount": "0.00",
            "original_total_product_price": money(order.total),
        },
        "delivery_option_id": DELIVERY_OPTION, "delivery_option_name": "Standard Shipping",
        "warehouse_id": WAREHOUSE, "shipping_provider": order.courier, "shipping_provider_id": PROVIDER,
        "rts_sla_time": order.ship_by, "tts_sla_time": order.ship_by + DAY, "shipping_due_time": order.cancel_after,
        "collection_due_time": order.cancel_after + DAY, "delivery_due_time": order.deliver_by + 24 * DAY,
        "delivery_option_required_delivery_time": order.deliver_by, "packages": [{"id": package}],
        "recipient_address": {} if step in HIDDEN else _address(api.market.buyer(order)),
        "line_items": units(api, order, package),
    }  # fmt: skip
    if step != Step.UNPAID:
        row["paid_time"] = order.created + 60
    if is_out:
        row |= {"rts_time": order.packed, "tracking_number": order.tracking}
    if order.shipped:
        row["collection_time"] = order.shipped
    if order.delivered:
        row["delivery_time"] = order.delivered
    if step in (Step.CANCELLED, Step.CANCEL_ASKED):
        row |= {"cancel_reason": order.cancel_reason, "cancellation_initiator": (order.cancel_by or "buyer").upper()}
        row |= {"cancel_time": order.cancelled} if order.cancelled else {"request_cancel_time": order.updated}
    return row


@lru_cache(maxsize=10_000)
def _address(buyer: Person) -> dict[str, Any]:
    """Name and phone are masked, as for every order that goes by TikTok's courier."""
    street = f"{buyer.street}, {buyer.city}, {buyer.state} {buyer.postcode}"
    return {
        "name": f"{buyer.name[0]}**** {buyer.name[-1]}", "phone_number": f"{buyer.phone[:3]}*****{buyer.phone[-2:]}",
        "full_address": street, "postal_code": buyer.postcode, "region_code": buyer.country,
        "district_info": [
            {"address_level_name": "Country", "address_name": buyer.country, "address_level": "L0"},
            {"address_level_name": "Province", "address_name": buyer.state, "address_level": "L1"},
            {"address_level_name": "City", "address_name": buyer.city, "address_level": "L2"},
        ],
    }  # fmt: skip


def units(api: TikTokShop, order: Order, package: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    step, number = Step(order.step), UNIT + order.index * UNITS_APART
    for place, (index, quantity) in enumerate(order.lines):
        good, is_pulled = api.market.goods[index], place in order.pulled_lines
        price = money(good.price(api.kind))
        for _ in range(quantity):
            rows.append(
                {
                    "id": str(number + len(rows)), "sku_id": str(SKU + index), "product_id": str(PRODUCT + index),
                    "product_name": good.title, "sku_name": "", "seller_sku": good.sku, "sku_type": "NORMAL",
                    "sale_price": price, "original_price": price, "currency": CHANNEL.currency,
                    "display_status": "CANCELLED" if is_pulled else STATUS[step], "is_gift": False,
                    "package_id": package, "package_status": "CANCELLED" if is_pulled else PARCEL[step],
                    "shipping_provider_id": PROVIDER, "shipping_provider_name": order.courier,
                    "tracking_number": order.tracking if order.packed else "",
                }
            )  # fmt: skip
    return rows


def package_id(order: Order) -> str:
    return str(PACKAGE + order.index)


def buyer_id(buyer: int) -> str:
    return str(BUYER + buyer)


def _parcel(api: TikTokShop, call: Call) -> Order:
    index = int(call.ids[0]) - PACKAGE
    if not 0 <= index < len(api.book.orders):
        raise TikTokError(21011028, "The package does not belong to the current shop.")
    return api.book.orders[index]


def package(api: TikTokShop, call: Call) -> dict[str, Any]:
    order = _parcel(api, call)
    return {
        "package_id": package_id(order), "package_status": PARCEL[Step(order.step)], "shipping_type": "TIKTOK",
        "orders": [{"id": order.number, "skus": []}], "shipping_provider_name": order.courier,
        "shipping_provider_id": PROVIDER, "tracking_number": order.tracking if order.packed else "",
        "delivery_option_id": DELIVERY_OPTION, "create_time": order.created, "update_time": order.updated,
    }  # fmt: skip


def slots(api: TikTokShop, call: Call) -> dict[str, Any]:
    """The next three mornings; the first is taken."""
    _parcel(api, call)
    start = (api.market.now // DAY + 1) * DAY + 2 * HOUR
    offered = [
        {"start_time": start + day * DAY, "end_time": start + day * DAY + 4 * HOUR, "avaliable": day > 0}
        for day in range(3)
    ]
    return {
        "can_pickup": True, "can_drop_off": True, "can_van_collection": False, "drop_off_point_url": "",
        "pickup_slots": offered,
    }  # fmt: skip


def ship(api: TikTokShop, call: Call) -> dict[str, Any]:
    order, method = _parcel(api, call), call.body.get("handover_method") or ""
    if method not in ("PICKUP", "DROP_OFF"):
        raise TikTokError(21001001, "Invalid parameters. handover_method must be PICKUP or DROP_OFF.")
    if method == "PICKUP":
        chosen = call.body.get("pickup_slot") or {}
        free = [slot["start_time"] for slot in slots(api, call)["pickup_slots"] if slot["avaliable"]]
        if chosen.get("start_time") not in free:
            raise TikTokError(21011053, "Fail to ship package because the time is outside of the pick-up time slot.")
    if order.step == Step.CANCEL_ASKED:
        raise TikTokError(21008044, "Package item has after-sale request, please process the after-sale request first.")
    if order.step == Step.CANCELLED:
        raise TikTokError(21011041, "Cannot complete the operation when order is cancelled.")
    deeds.ship(api.market, order, order.number, method=method.lower())
    return {}


def tracking(api: TikTokShop, call: Call) -> dict[str, Any]:
    """Scans in milliseconds, the newest first."""
    order = api.order(call.ids[0])
    told = [(order.packed, "The seller is preparing your parcel"), (order.shipped, "Your parcel was picked up")]
    last = order.last_scan(api.market.now)
    if last not in (0, order.shipped, order.delivered):
        told.append((last, "Your parcel arrived at a sorting centre"))
    told.append((order.delivered, "Your package was delivered!"))
    scans = [{"description": words, "update_time_millis": at * 1000} for at, words in told if at]
    return {"tracking": scans[::-1]}


def providers(api: TikTokShop, call: Call) -> dict[str, Any]:
    if call.ids[0] != DELIVERY_OPTION:
        raise TikTokError(21001001, "Invalid parameters. The delivery option is not known.")
    return {"shipping_providers": [{"id": PROVIDER, "name": name} for name in CHANNEL.couriers]}


ROUTES = {
    "POST /order/202309/orders/search": Route(search),
    "GET /order/202507/orders": Route(by_id),
    "GET /fulfillment/202309/packages/{}": Route(package),
    "GET /fulfillment/202309/packages/{}/handover_time_slots": Route(slots),
    "POST /fulfillment/202309/packages/{}/ship": Route(ship),
    "GET /fulfillment/202309/orders/{}/tracking": Route(tracking),
    "GET /logistics/202309/delivery_options/{}/shipping_providers": Route(providers),
}
