"""What Lazada pushes: orders, reverse orders (some of their steps), chat messages, shallow stock."""

from typing import Any

from connectors.twin.wire.lazada import shapes
from connectors.twin.world.chat import Line, Talk
from connectors.twin.world.goods import Good
from connectors.twin.world.trade import Order, Step

SITE = "lazada_my"
SHALLOW = 5  # units


def push_body(api: Any, topic: str, thing: Any) -> dict[str, Any] | None:
    """The body of a push; None for what Lazada keeps to itself."""
    if isinstance(thing, Order):
        told = _reverse(api, thing) if topic == "returns/update" else None
        return told or _order(api, thing)
    if isinstance(thing, Good) and thing.on_hand - thing.open_at("lazada") <= SHALLOW:
        return _body(api, 6, _stock(thing), 1)
    if isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], Talk) and isinstance(thing[1], Line):
        return _body(api, 2, shapes.message(api, *thing), 1000)
    return None


def _body(api: Any, kind: int, data: dict[str, Any], scale: int) -> dict[str, Any]:
    """`timestamp` counts milliseconds in some types and seconds in others."""
    return {
        "seller_id": api.account()["external_id"], "message_type": kind, "data": data,
        "timestamp": api.market.now * scale, "site": SITE,
    }  # fmt: skip


def _order(api: Any, order: Order) -> dict[str, Any]:
    data = {
        "order_status": shapes.status(api, order), "trade_order_id": order.number,
        "trade_order_line_id": str(shapes.first_item(order)), "status_update_time": order.updated,
    }  # fmt: skip
    return _body(api, 0, data, 1000)


def _reverse(api: Any, order: Order) -> dict[str, Any] | None:
    """Only the first step of a return is pushed; what the seller decides is not."""
    rows = [row for row in api.market.returns_of_order.get(("lazada", order.index), ()) if row.status == "REQUESTED"]
    if not rows or order.step == Step.CANCELLED:
        return None
    case = shapes.case_id(rows[-1])
    data = {
        "reverse_order_id": case, "reverse_status": "RTM_INIT", "trade_order_id": int(order.number), "extraParams": {},
        "trade_order_line_id": shapes.first_item(order), "buyer_id": shapes.buyer_id(order.buyer),
        "seller_id": int(api.account()["external_id"]), "reverse_order_line_id": case + 1,
        "status_update_time": rows[-1].updated,
    }  # fmt: skip
    return _body(api, 10, data, 1)


def _stock(good: Good) -> dict[str, Any]:
    return {
        "seller_sku": good.sku, "withhold_quantity": 0, "sku_id": shapes.sku_id(good), "real_quantity": good.on_hand,
        "warehouse": shapes.WAREHOUSE, "occupy_quantity": good.open_at("lazada"), "pre_order_quantity": 0,
    }  # fmt: skip
