"""The hand-over on Lazada: couriers offered, packing, the label, the report that a package is ready; and its scans.

A package stands in the wire's own state until it is reported; reporting is the market's `ship`.
"""

from typing import Any

from connectors.twin import deeds
from connectors.twin.deeds import Refusal
from connectors.twin.market import tracking_number
from connectors.twin.wire.lazada import shapes
from connectors.twin.wire.lazada.api import Call, Lazada, LazadaError, Params, document
from connectors.twin.world.trade import Order, Step

MOST = 20
PROVIDER = {"name": "Lazada Express", "provider_code": "asc_lex_my"}
FAILED = {"msg": "order item status does not allow this", "item_err_code": "700108", "retry": False}


def providers(api: Lazada, params: Params) -> dict[str, Any]:
    request = _request(params, "getShipmentProvidersReq")
    for row in request.get("orders") or ():
        api.order({"order_id": row.get("order_id")})
    data = {"platform_default": 1, "shipment_providers": [PROVIDER], "shipping_allocate_type": "TFS"}
    return {"result": {"success": True, "data": data}}


def _request(params: Params, name: str) -> dict[str, Any]:
    request = document(params, name)
    if not isinstance(request, dict):
        raise LazadaError("InvalidParameter", f'The parameter "{name}" is not an object')
    return request


def pack(api: Lazada, params: Params) -> dict[str, Any]:
    request = _request(params, "packReq")
    rows = request.get("pack_order_list") or []
    if not 1 <= len(rows) <= MOST or request.get("delivery_type") != "dropship":
        error = {"success": False, "error_code": "70001", "error_msg": "1 to 20 orders, delivery_type dropship"}
        return {"result": error}
    packed = [{"order_id": row.get("order_id"), "order_item_list": _pack_one(api, row)} for row in rows]
    return {"result": {"success": True, "data": {"pack_order_list": packed}}}


def _pack_one(api: Lazada, row: dict[str, Any]) -> list[dict[str, Any]]:
    """All units of an order's open lines go into one package, or none does."""
    order = api.order({"order_id": row.get("order_id")})
    ids = [int(item) for item in row.get("order_item_list") or ()]
    pending = [item["order_item_id"] for item in shapes.item_rows(api, order) if item["status"] == "pending"]
    if order.step != Step.TO_SHIP or order.index in api.packed or sorted(ids) != pending:
        return [{"order_item_id": item, **FAILED} for item in ids]
    api.packed.add(order.index)
    order.tracking = tracking_number(order)
    api.market.touch(order)
    package = shapes.package_id(order)
    api.market.effects.append(
        api.market.now, "lazada", "pack", subject=order.number, reference=package, tracking=order.tracking
    )
    return [
        {"order_item_id": item, "msg": "success", "item_err_code": "0", "tracking_number": order.tracking,
         "shipment_provider": order.courier, "package_id": package, "retry": False}
        for item in ids
    ]  # fmt: skip


def ready(api: Lazada, params: Params) -> dict[str, Any]:
    rows = _request(params, "readyToShipReq").get("packages") or []
    if not 1 <= len(rows) <= MOST:
        return {"result": {"success": False, "error_code": "11", "error_msg": "1 to 20 packages"}}
    done = [{"package_id": row.get("package_id"), **_ready_one(api, str(row.get("package_id")))} for row in rows]
    return {"result": {"success": True, "data": {"packages": done}}}


def _ready_one(api: Lazada, package: str) -> dict[str, Any]:
    order = _of_package(api, package)
    if order is None or order.index not in api.packed:
        return {"msg": "package not found or reported already", "item_err_code": "600001", "retry": False}
    try:
        deeds.ship(api.market, order, order.number, order.tracking, package=package)
    except Refusal as refusal:
        return {"msg": str(refusal), "item_err_code": "600002", "retry": False}
    api.packed.discard(order.index)
    return {"msg": "success", "item_err_code": "0", "retry": False}


def _of_package(api: Lazada, package: str) -> Order | None:
    index = int(package[2:]) if package.startswith("FP") and package[2:].isdigit() else -1
    orders = api.market.books["lazada"].orders
    return orders[index] if 0 <= index < len(orders) else None


def label(api: Lazada, params: Params) -> dict[str, Any]:
    packages = [str(row.get("package_id")) for row in _request(params, "getDocumentReq").get("packages") or ()]
    orders = [_of_package(api, package) for package in packages]
    if not packages or any(order is None or not order.tracking for order in orders):
        return {"result": {"success": False, "error_code": "123", "error_msg": "package not found"}}
    url = f"https://sellercenter.lazada.example/waybill/{packages[0]}.pdf"
    return {"result": {"success": True, "data": {"doc_type": "PDF", "pdf_url": url, "file": ""}}}


def trace(api: Lazada, params: Params) -> dict[str, Any]:
    order = api.order(params)
    events = [
        _event(at, title, code)
        for at, title, code in (
            (order.packed, "Packed by seller / warehouse", "1200"),
            (order.shipped, "Collected by the courier", "1300"),
            (order.last_scan(api.market.now), "Arrived at sorting hub", "1350"),
            (order.delivered, "Delivered", "1500"),
        )
        if at
    ]
    package = {
        "ofc_package_id": shapes.package_id(order), "tracking_number": order.tracking,
        "logistic_detail_info_list": events, "order_line_info_list": [],
    }  # fmt: skip
    module = [{"ofc_order_id": order.number, "warehouse_detail_info": None,
               "package_detail_info_list": [package] if events else []}]  # fmt: skip
    return {"result": {"success": True, "not_success": False, "repeated": False, "retry": False, "module": module}}


def _event(at: int, title: str, code: str) -> dict[str, Any]:
    return {
        "event_time": at * 1000, "receive_time": at * 1000, "title": title, "description": title, "status_code": code,
        "detail_type": "logistics", "proof_images": [], "event_date": None, "icon": None, "package_location_name": None,
    }  # fmt: skip


CALLS = {
    "/order/shipment/providers/get": Call("GET/POST", providers),
    "/order/fulfill/pack": Call("POST", pack),
    "/order/package/rts": Call("POST", ready),
    "/order/package/document/get": Call("GET/POST", label),
    "/logistic/order/trace": Call("GET/POST", trace),
}
