"""Lazada's calls about the seller: tokens, the shop itself, its performance, statements and their lines."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.twin.wire.lazada import consent, shapes
from connectors.twin.wire.lazada.api import (
    APP_KEY,
    SELLER_ID,
    SHORT_CODE,
    Call,
    Lazada,
    LazadaError,
    Params,
    integer,
    require,
)
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order

COMMISSION, PAYMENT_FEE = 0.0425, 0.02
LONGEST_PAGE, WIDEST_DAYS = 500, 180
SLOWEST = 21 * DAY  # from order to delivery
WEEKS = 12
PAID_AFTER_DAYS = 3
NOTHING = (  # figures of a statement that this market has none of
    "guarantee_deposit", "opening_balance", "shipment_fee", "shipment_fee_credit", "other_revenue_total", "refunds",
    "fees_on_refunds_total",
)  # fmt: skip


def token_create(api: Lazada, params: Params) -> dict[str, Any]:
    api.desk.redeem(str(require(params, "code")), client_id=APP_KEY)
    api.given = api.tokens.give(str(SELLER_ID))
    return consent.told(api, api.given, "country_user_info")


def token_refresh(api: Lazada, params: Params) -> dict[str, Any]:
    api.given = api.renewed(str(require(params, "refresh_token")))
    return consent.told(api, api.given, "country_user_info_list")


def seller(api: Lazada, params: Params) -> dict[str, Any]:
    return {
        "data": {
            "seller_id": SELLER_ID, "name": "Lumen & Loft MY", "name_company": "Lumen & Loft Pte Ltd",
            "short_code": SHORT_CODE, "email": "owner@lumen-loft.example", "cb": False, "location": "Kuala Lumpur",
            "status": "ACTIVE", "verified": True, "marketplaceEaseMode": False, "logo_url": "",
        }
    }  # fmt: skip


def performance(api: Lazada, params: Params) -> dict[str, Any]:
    """Orders that were shipped in time come from the market; ratings and answers from its reviews and chats."""
    now = api.market.now
    shipped = [order for order in shapes.between(api.market, now - 11 * DAY, now - 3 * DAY) if order.shipped]
    in_time = sum(order.shipped <= order.ship_by for order in shipped)
    ratings = [review.rating for review in api.market.chat.reviews_on("lazada")]
    talks = [talk for talk in api.market.chat.on("lazada") if talk.lines]
    answered = sum(any(not line.is_buyer for line in talk.lines) for talk in talks)
    rows = (
        ("SHIP_ON_TIME", "Ship on Time", in_time, len(shipped), 90),
        ("POSITIVE_SELLER_RATING", "Positive Seller Rating", sum(stars >= 4 for stars in ratings), len(ratings), 85),
        ("CHAT_RESPONSE_RATE", "Chat Response Rate", answered, len(talks), 85),
    )
    data = {"seller_id": SELLER_ID, "main_category_id": 10_000_336, "main_category_name": "Furniture & Décor"}
    return {"success": True, "data": {**data, "indicators": [_indicator(*row) for row in rows]}}


def _indicator(kind: str, name: str, part: int, whole: int, target: int) -> dict[str, Any]:
    score = f"{100 * part / whole:.1f}" if whole else None
    return {
        "type": kind, "name": name, "tip": "", "score": score, "score_format": "PERCENTAGE",
        "formatted_score": f"{score}%" if score else "-", "target": f"{target}.0",
        "target_format": "GREATER_THAN_PERCENTAGE", "formatted_target": f"≥ {target}%",
        "target_respected": str(score is None or float(score) >= target).lower(), "action_url": "/apps/seller/points",
    }  # fmt: skip


def transactions(api: Lazada, params: Params) -> dict[str, Any]:
    begin, end = (_day(params, name) for name in ("start_time", "end_time"))
    if not timedelta(0) <= end - begin < timedelta(days=WIDEST_DAYS):
        raise LazadaError("1000012", "endTime - startTime must should be less than 180 days", "ISP")
    limit = integer(params, "limit", "19", 100, low=1, high=LONGEST_PAGE)
    offset = integer(params, "offset", "14", 0)
    lines = [line for order in _delivered(api, begin, end + timedelta(days=1)) for line in _lines(order)]
    return {"data": lines[offset : offset + limit]}


def _day(params: Params, name: str) -> datetime:
    try:
        return shapes.day_of(str(require(params, name)))
    except ValueError as error:
        raise LazadaError("17", f'E017: "{params[name]}" Invalid Date Format', "ISP") from error


def _delivered(api: Lazada, begin: datetime, end: datetime) -> Iterator[Order]:
    low, high = int(begin.timestamp()), int(end.timestamp())
    return (order for order in shapes.between(api.market, low - SLOWEST, high) if low <= order.delivered < high)


def _fees(order: Order) -> tuple[tuple[str, str, str, int], ...]:
    """(fee type, name, transaction type, sen) of a delivered order."""
    return (
        ("13", "Item Price Credit", "Orders-Sales", order.total),
        ("16", "Commission", "Orders-Lazada Fees", -round(order.total * COMMISSION)),
        ("3", "Payment Fee", "Orders-Lazada Fees", -round(order.total * PAYMENT_FEE)),
    )


def _week(day: datetime) -> datetime:
    """The Monday of a day's week."""
    return (day - timedelta(days=day.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def _lines(order: Order) -> list[dict[str, Any]]:
    day = datetime.fromtimestamp(order.delivered, shapes.ZONE)
    monday = _week(day)
    shared = {
        "order_no": order.number, "orderItem_no": str(shapes.first_item(order)), "orderItem_status": "delivered",
        "transaction_date": f"{day:%d %b %Y}", "transaction_number": f"{SHORT_CODE}-{order.index:07d}",
        "statement": f"{monday:%d %b %Y} - {monday + timedelta(days=6):%d %b %Y}", "paid_status": "Not paid",
        "reference": str(shapes.first_item(order)), "seller_sku": "", "lazada_sku": "", "details": "", "comment": "",
        "payment_ref_id": "", "VAT_in_amount": "0.00", "WHT_amount": "0.00", "WHT_included_in_amount": "No",
        "shipping_provider": order.courier, "shipping_speed": "", "shipment_type": "Dropshipping",
    }  # fmt: skip
    return [
        {**shared, "fee_type": kind, "fee_name": name, "transaction_type": sort, "amount": f"{sen / 100:.2f}"}
        for kind, name, sort, sen in _fees(order)
    ]


def payouts(api: Lazada, params: Params) -> dict[str, Any]:
    """Weekly statements; each is paid three days after its week."""
    since, now = _day(params, "created_after"), datetime.fromtimestamp(api.market.now, shapes.ZONE)
    mondays = [_week(now) - timedelta(weeks=ago) for ago in range(WEEKS, 0, -1)]
    return {"data": [_statement(api, monday, now) for monday in mondays if monday + timedelta(days=7) >= since]}


def _statement(api: Lazada, monday: datetime, now: datetime) -> dict[str, Any]:
    made = monday + timedelta(days=7)
    orders = list(_delivered(api, monday, made))
    sold, fees = sum(order.total for order in orders), sum(-sen for order in orders for *_, sen in _fees(order)[1:])
    is_paid = made + timedelta(days=PAID_AFTER_DAYS) <= now
    moments = [f"{made + timedelta(days=days):%Y-%m-%d %H:%M:%S}" for days in (0, PAID_AFTER_DAYS if is_paid else 0)]
    money = {name: f"{sen / 100:.2f}" for name, sen in (
        ("closing_balance", sold - fees), ("item_revenue", sold), ("fees_total", fees), ("subtotal1", sold - fees),
        ("subtotal2", sold - fees),
    )}  # fmt: skip
    nothing = dict.fromkeys(NOTHING, "0.00")
    return {
        **nothing, **money, "statement_number": f"{SHORT_CODE}-{made - timedelta(days=1):%Y%m%d}",
        "payout": f"{(sold - fees) / 100:.2f} MYR", "paid": "1" if is_paid else "0", "created_at": moments[0],
        "updated_at": moments[1],
    }  # fmt: skip


CALLS = {
    "/auth/token/create": Call("GET/POST", token_create, needs_token=False),
    "/auth/token/refresh": Call("GET/POST", token_refresh, needs_token=False),
    "/seller/get": Call("GET", seller),
    "/seller/performance/get": Call("GET/POST", performance),
    "/finance/transaction/details/get": Call("GET", transactions),
    "/finance/payout/status/get": Call("GET", payouts),
}
