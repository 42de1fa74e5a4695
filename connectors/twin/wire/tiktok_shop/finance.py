"""The shops of the grant, and settlement: one statement for each day on which orders were completed."""

from typing import Any

from connectors.twin.wire.tiktok_shop.api import CHANNEL, CIPHER, SHOP_ID, Route, TikTokShop
from connectors.twin.wire.tiktok_shop.grants import SHOP
from connectors.twin.wire.tiktok_shop.words import Call, TikTokError, money, sliced, whole
from connectors.twin.world.channels import DAY
from connectors.twin.world.trade import Order, Step

STATEMENT, TRANSACTION = 7_238_000_000_000_000_000, 1_636_000_000_000_000_000
COMMISSION, PAYMENT_FEE = 0.05, 0.0224
PAID_AFTER = 2 * DAY


def shops(api: TikTokShop, call: Call) -> dict[str, Any]:
    one = {
        "id": SHOP_ID, "name": SHOP, "region": api.region, "seller_type": "LOCAL", "cipher": CIPHER,
        "code": f"{api.region}LCLMN7",
    }  # fmt: skip
    return {"shops": [one]}


def _settled(api: TikTokShop, day: int) -> list[Order]:
    """Orders completed in the 24 hours before the start of `day` (days since 1970)."""
    begin, end = api.book.changed((day - 1) * DAY, day * DAY - 1)
    orders = [api.book.at(place)[1] for place in range(begin, end)]
    return [order for order in orders if order.step == Step.COMPLETED]


def _figures(order: Order) -> tuple[int, int]:
    """(revenue, fees) in minor units."""
    revenue = order.total - order.refunded
    return revenue, round(revenue * COMMISSION) + round(revenue * PAYMENT_FEE)


def statements(api: TikTokShop, call: Call) -> dict[str, Any]:
    if call.query.get("sort_field") != "statement_time":
        raise TikTokError(36009004, "Invalid parameters: sort_field must be statement_time.")
    low, high = whole(call.query, "statement_time_ge", 0), whole(call.query, "statement_time_lt", api.market.now + 1)
    first = max(-(-low // DAY), (api.market.began - 90 * DAY) // DAY)
    days = [day for day in range(first, -(-min(high, api.market.now + 1) // DAY)) if _settled(api, day)]
    if call.query.get("sort_order", "ASC") == "DESC":
        days.reverse()
    page, following = sliced(days, call.query, size=20, low=1, high=100)
    return {"next_page_token": following, "statements": [_statement(api, day) for day in page]}


def _statement(api: TikTokShop, day: int) -> dict[str, Any]:
    pairs = [_figures(order) for order in _settled(api, day)]
    revenue, fees = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    is_paid = day * DAY + PAID_AFTER < api.market.now
    return {
        "id": str(STATEMENT + day), "statement_time": day * DAY, "currency": CHANNEL.currency,
        "settlement_amount": money(revenue - fees), "revenue_amount": money(revenue), "fee_amount": money(-fees),
        "adjustment_amount": "0.00", "payment_status": "PAID" if is_paid else "PROCESSING",
        "payment_id": str(STATEMENT + DAY + day),
    }  # fmt: skip


def transactions(api: TikTokShop, call: Call) -> dict[str, Any]:
    if call.query.get("sort_field") != "order_create_time":
        raise TikTokError(36009004, "Invalid parameters: sort_field must be order_create_time.")
    day = int(call.ids[0]) - STATEMENT
    orders = sorted(_settled(api, day), key=lambda order: order.created) if 0 < day < 1 << 20 else []
    if not orders:
        raise TikTokError(36009004, "Invalid parameters: the statement is not known.")
    page, following = sliced(orders, call.query, size=20, low=1, high=100)
    whole_day = _statement(api, day)
    return {
        "next_page_token": following, "id": call.ids[0], "create_time": day * DAY, "status": "SETTLED",
        "currency": CHANNEL.currency, "payable_amount": whole_day["settlement_amount"], "total_reserve_amount": "0.00",
        "total_settlement_amount": whole_day["settlement_amount"], "total_count": len(orders),
        "transactions": [_transaction(order) for order in page],
    }  # fmt: skip


def _transaction(order: Order) -> dict[str, Any]:
    revenue, fees = _figures(order)
    return {
        "id": str(TRANSACTION + order.index), "type": "ORDER", "order_id": order.number,
        "order_create_time": order.created, "settlement_amount": money(revenue - fees),
        "revenue_amount": money(revenue), "shipping_cost_amount": "0.00", "fee_tax_amount": money(-fees),
        "adjustment_amount": "0.00",
    }  # fmt: skip


ROUTES = {
    "GET /authorization/202309/shops": Route(shops, has_shop=False),
    "GET /finance/202309/statements": Route(statements),
    "GET /finance/202501/statements/{}/statement_transactions": Route(transactions),
}
