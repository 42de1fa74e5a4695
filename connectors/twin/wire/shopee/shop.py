"""Shopee's calls about the shop itself: tokens, account health, and pushes that got lost."""

from typing import Any

from connectors.twin.wire.consent import BadConsent
from connectors.twin.wire.shopee.api import (
    ACCESS_LIFE,
    PARTNER_ID,
    REFRESH_LIFE,
    SHOP_ID,
    Call,
    Params,
    Shopee,
    ShopeeError,
    integer,
    require,
)
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Step

LATE_RATE_TARGET = 10.0


def token_get(api: Shopee, params: Params) -> dict[str, Any]:
    """Exchange an authorisation code; each works once."""
    code = str(require(params, "code"))
    try:
        api.desk.redeem(code, client_id=api.partner_id)
    except BadConsent as error:
        raise ShopeeError("error_auth", "Invalid code", 403) from error
    return _new_pair(api) | {"shop_id_list": [SHOP_ID], "merchant_id_list": []}


def access_token_get(api: Shopee, params: Params) -> dict[str, Any]:
    """Refresh; the old refresh token is used up."""
    token = str(require(params, "refresh_token"))
    if int(require(params, "shop_id")) != SHOP_ID or api.refresh.get(token, 0) < api.market.now:
        raise ShopeeError("error_auth", "Invalid refresh_token.", 403)
    del api.refresh[token]
    return _new_pair(api) | {"partner_id": PARTNER_ID, "shop_id": SHOP_ID}


def _new_pair(api: Shopee) -> dict[str, Any]:
    access, refresh = api._token("at"), api._token("rt")
    api.access[access] = api.market.now + ACCESS_LIFE
    api.refresh[refresh] = api.market.now + REFRESH_LIFE
    return {"access_token": access, "refresh_token": refresh, "expire_in": ACCESS_LIFE}


def get_shop_performance(api: Shopee, params: Params) -> dict[str, Any]:
    late, shipped = api.market.late_counts
    rate = round(100 * late / max(1, shipped), 2)
    metrics = [
        (1, "late_shipment_rate", 1, "<", LATE_RATE_TARGET, 2, rate, max(0.0, rate - 1.6)),
        (3, "non_fulfillment_rate", 1, "<", 10, 2, 2.1, 2.4),
        (4, "preparation_time", 1, "<", 2, 4, 0.9, 0.8),
        (11, "response_rate", 3, ">=", 70, 2, 88, 86),
        (22, "shop_rating", 3, ">=", 4.5, 1, 4.8, 4.8),
    ]
    return {
        "overall_performance": {"rating": 3, "fulfillment_failed": 0, "listing_failed": 0, "custom_service_failed": 0},
        "metric_list": [
            {"metric_id": id, "parent_metric_id": 0, "metric_type": kind, "metric_name": name, "current_period": now,
             "last_period": before, "unit": unit, "target": {"value": target, "comparator": comparator}}
            for id, name, kind, comparator, target, unit, now, before in metrics
        ],
    }  # fmt: skip


def get_metric_source_detail(api: Shopee, params: Params) -> dict[str, Any]:
    """Orders that count against the late-shipment rate (metric 1)."""
    if integer(params, "metric_id") != 1:
        raise ShopeeError("SERVER_ERROR", "invalid metrics id")
    size, page = integer(params, "page_size", 10, low=1, high=100), integer(params, "page_no", 1, low=1)
    late, _ = api.market.late_counts
    book, now = api.market.books["shopee"], api.market.now
    low, high = book.created(now - 11 * DAY, now - 3 * DAY)
    rows = [
        {
            "order_sn": order.number,
            "shipping_deadline": order.created + 30_000,
            "actual_shipping_time": order.shipped,
            "late_by_days": 1,
        }
        for order in [order for order in book.orders[low:high] if order.shipped][:late]
    ]
    start = (page - 1) * size
    return {"metrics_id": 1, "lsr_order_list": rows[start : start + size], "total_count": late}


def get_late_orders(api: Shopee, params: Params) -> dict[str, Any]:
    """Orders past their deadline and not shipped."""
    size, page = integer(params, "page_size", 10, low=1, high=100), integer(params, "page_no", 1, low=1)
    book, now = api.market.books["shopee"], api.market.now
    low, high = book.created(now - 6 * DAY, now)
    rows = [
        {"order_sn": order.number, "shipping_deadline": order.ship_by, "late_by_days": (now - order.ship_by) // DAY + 1}
        for order in book.orders[low:high]
        if order.ship_by < now and order.step in (Step.TO_SHIP, Step.PACKED)
    ]
    start = (page - 1) * size
    return {"late_order_list": rows[start : start + size], "total_count": len(rows)}


def get_penalty_point_history(api: Shopee, params: Params) -> dict[str, Any]:
    rows = [
        {"issue_time": at, "latest_point_num": points, "original_point_num": points,
        "reference_id": 764_000_000_000_000_000 + at,
         "violation_type": 5}
        for at, points in api.market.penalty_points
    ]  # fmt: skip
    return {"penalty_point_list": rows, "total_count": len(rows)}


def get_shop_info(api: Shopee, params: Params) -> dict[str, Any]:
    began = api.market.began
    return {
        "shop_name": "Lumen & Loft SG", "region": "SG", "status": "NORMAL", "auth_time": began - 20 * DAY,
        "expire_time": began + 345 * DAY,
        "is_cb": False, "is_sip": False,
    }  # fmt: skip


def get_app_push_config(api: Shopee, params: Params) -> dict[str, Any]:
    return {
        "callback_url": api.callback_url, "live_push_status": "Normal" if api.callback_url else "Suspended",
        "push_config_on_list": [3], "push_config_off_list": [4], "blocked_shop_id": [], "suspended_time": 0,
    }  # fmt: skip


def set_app_push_config(api: Shopee, params: Params) -> dict[str, Any]:
    api.callback_url = str(params.get("callback_url") or api.callback_url)
    return {"result": "success"}


def get_lost_push_message(api: Shopee, params: Params) -> dict[str, Any]:
    """The earliest 100 of the last three days that the callback did not take."""
    rows = [row for row in api.lost_pushes if row[1]["timestamp"] > api.market.now - 3 * DAY][:100]
    return {
        "push_message_list": [body | {"data": body} for _, body in rows],
        "has_next_page": len(api.lost_pushes) > len(rows),
        "last_message_id": rows[-1][0] if rows else 0,
    }


def confirm_consumed_lost_push_message(api: Shopee, params: Params) -> None:
    last = integer(params, "last_message_id")
    api.lost_pushes = [row for row in api.lost_pushes if row[0] > last]


CALLS = {
    "/api/v2/auth/token/get": Call("POST", token_get, needs_shop=False),
    "/api/v2/auth/access_token/get": Call("POST", access_token_get, needs_shop=False),
    "/api/v2/shop/get_shop_info": Call("GET", get_shop_info),
    "/api/v2/account_health/get_shop_performance": Call("GET", get_shop_performance),
    "/api/v2/account_health/get_metric_source_detail": Call("GET", get_metric_source_detail),
    "/api/v2/account_health/get_late_orders": Call("GET", get_late_orders),
    "/api/v2/account_health/get_penalty_point_history": Call("GET", get_penalty_point_history),
    "/api/v2/push/get_app_push_config": Call("GET", get_app_push_config, needs_shop=False),
    "/api/v2/push/set_app_push_config": Call("POST", set_app_push_config, needs_shop=False),
    "/api/v2/push/get_lost_push_message": Call("GET", get_lost_push_message, needs_shop=False),
    "/api/v2/push/confirm_consumed_lost_push_message": Call(
        "POST", confirm_consumed_lost_push_message, needs_shop=False
    ),
}
