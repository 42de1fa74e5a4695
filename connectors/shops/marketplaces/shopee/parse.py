"""Shopee's JSON → records. Times are Unix seconds, 0 where not yet; money is a JSON float."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.shops.reading import Row, Unreadable, amount, bad_row, count, currency_of, dump, moment, must_moment
from connectors.types import (
    BadRow,
    Listing,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Record,
    Return,
    ReturnStatus,
    Review,
    Shipment,
    ShipmentStatus,
    StockLevel,
)

ORDER_STATUS = {
    "UNPAID": OrderStatus.UNPAID,
    "PENDING": OrderStatus.ON_HOLD,
    "INVOICE_PENDING": OrderStatus.ON_HOLD,
    "READY_TO_SHIP": OrderStatus.TO_SHIP,
    "RETRY_SHIP": OrderStatus.TO_SHIP,
    "PROCESSED": OrderStatus.PACKED,
    "SHIPPED": OrderStatus.SHIPPED,
    "TO_CONFIRM_RECEIVE": OrderStatus.DELIVERED,
    "COMPLETED": OrderStatus.COMPLETED,
    "IN_CANCEL": OrderStatus.CANCEL_ASKED,
    "CANCELLED": OrderStatus.CANCELLED,
    "TO_RETURN": OrderStatus.RETURNING,
}
NO_PARCEL_YET = frozenset(
    {"", "LOGISTICS_NOT_START", "LOGISTICS_NOT_STARTED", "LOGISTICS_READY", "LOGISTICS_PENDING_ARRANGE"}
    | {"LOGISTICS_REQUEST_CANCELED", "LOGISTICS_COD_REJECTED", "LOGISTICS_INVALID"}
)
PARCEL_STATUS = {
    "LOGISTICS_REQUEST_CREATED": ShipmentStatus.BOOKED,
    "LOGISTICS_PICKUP_RETRY": ShipmentStatus.BOOKED,
    "LOGISTICS_PICKUP_FAILED": ShipmentStatus.EXCEPTION,
    "LOGISTICS_PICKUP_DONE": ShipmentStatus.IN_TRANSIT,
    "LOGISTICS_DELIVERY_DONE": ShipmentStatus.DELIVERED,
    "LOGISTICS_DELIVERY_FAILED": ShipmentStatus.EXCEPTION,
    "LOGISTICS_LOST": ShipmentStatus.EXCEPTION,
}
RETURN_STATUS = {
    "REQUESTED": ReturnStatus.ASKED,
    "PROCESSING": ReturnStatus.IN_TRANSIT,
    "ACCEPTED": ReturnStatus.ACCEPTED,
    "JUDGING": ReturnStatus.JUDGING,
    "SELLER_DISPUTE": ReturnStatus.REJECTED,
    "CANCELLED": ReturnStatus.CANCELLED,
    "CLOSED": ReturnStatus.CLOSED,
}
ITEM_STATUS = {"NORMAL": "live", "UNLIST": "paused"}
MOST_STARS = 5
OUR_OFFER_IS_OUT = "ONGOING"  # before it: PENDING_RESPOND; after it: TERMINATED


def goods_id(item_id: Any, model_id: Any) -> str:
    """How a listing's variant is named here; model 0 stands for an item without variants."""
    return f"{item_id}:{model_id or 0}"


def parcel_id(order_sn: str, package_number: str) -> str:
    """Both parts, since every tracking call asks for the order as well."""
    return f"{order_sn}/{package_number}"


def order(item: Row) -> Iterator[Record | BadRow]:
    sn = item["order_sn"]
    if not isinstance(sn, str) or not sn:
        raise Unreadable("order_sn is empty")
    status = item["order_status"]
    yield Order(
        external_id=sn,
        raw=dump(item),
        number=sn,
        status=ORDER_STATUS[status],
        platform_status=status,
        ordered_at=must_moment(item["create_time"]),
        updated_at=must_moment(item["update_time"]),
        paid_at=moment(item.get("pay_time")),
        ship_by=moment(item.get("ship_by_date")),
        shipped_at=moment(item.get("pickup_done_time")),
        cancel_reason=item.get("cancel_reason") or item.get("buyer_cancel_reason") or "",
        currency=currency_of(item["currency"]),
        total=amount(item["total_amount"]),
        customer_ref=str(item.get("buyer_user_id") or ""),
        customer_name=item.get("buyer_username") or "",
        country=(item.get("region") or "")[:2],
        payment_method=item.get("payment_method") or "",
        lines=lines(item["item_list"]),
    )
    for package in item.get("package_list") or ():
        yield from parcel(sn, package, item)


def lines(items: Iterable[Row]) -> tuple[OrderLine, ...]:
    found: dict[str, OrderLine] = {}
    for item in items:
        goods = goods_id(item["item_id"], item.get("model_id"))
        line_id = goods if goods not in found else f"{goods}:{len(found)}"  # one variant under two promotions
        variant = item.get("model_name")
        found[line_id] = OrderLine(
            external_id=line_id,
            sku=item.get("model_sku") or item.get("item_sku") or goods,
            title=f"{item['item_name']} ({variant})" if variant else item["item_name"],
            quantity=count(item["model_quantity_purchased"]),
            unit_price=amount(item["model_discounted_price"]),
            listing_ref=goods,
        )
    return tuple(found.values())


def parcel(order_sn: str, package: Row, order_item: Row) -> Iterator[Record | BadRow]:
    """A package of an order. Its only scan told here is the pick-up; later ones come from the tracking feed."""
    status = package.get("logistics_status") or ""
    if status in NO_PARCEL_YET:
        return
    if status not in PARCEL_STATUS:
        yield bad_row("shipment", package, "package_number", f"unknown logistics_status {status!r}")
        return
    picked_up = moment(order_item.get("pickup_done_time"))
    yield Shipment(
        external_id=parcel_id(order_sn, package["package_number"]),
        order_ref=order_sn,
        status=PARCEL_STATUS[status],
        carrier=package.get("shipping_carrier") or order_item.get("shipping_carrier") or "",
        tracking_number=package.get("tracking_number") or "",
        shipped_at=picked_up,
        last_scan_at=picked_up,
    )


def tracked(shipment: Shipment, answer: Row) -> Shipment:
    """The parcel with what `get_tracking_info` tells: its last scan, and delivery."""
    status = PARCEL_STATUS.get(answer.get("logistics_status") or "", shipment.status)
    scans = [scan for row in answer.get("tracking_info") or () if (scan := moment(row.get("update_time")))]
    last = max(scans, default=shipment.last_scan_at)
    return Shipment(
        external_id=shipment.external_id,
        order_ref=shipment.order_ref,
        status=status,
        carrier=shipment.carrier,
        tracking_number=answer.get("tracking_number") or shipment.tracking_number,
        shipped_at=shipment.shipped_at,
        last_scan_at=last,
        promised_at=shipment.promised_at,
        delivered_at=last if status is ShipmentStatus.DELIVERED else None,
    )


def aftersale(item: Row) -> Iterator[Record | BadRow]:
    """A return, from its detail or from the list's shorter row."""
    status, goods = item["status"], item.get("item") or []
    first = goods[0] if goods else {}
    proof, pay = item.get("seller_proof") or {}, item.get("seller_compensation") or {}
    bargain = item.get("negotiation") or {}
    bargain_status = bargain.get("negotiation_status") or item.get("negotiation_status") or ""
    stands = RETURN_STATUS[status]
    if stands is ReturnStatus.ASKED and bargain_status == OUR_OFFER_IS_OUT:
        stands = ReturnStatus.OFFERED
    yield Return(
        external_id=item["return_sn"],
        raw=dump(item),
        order_ref=item["order_sn"],
        status=stands,
        platform_status=status,
        reason=item.get("reason") or "",
        text=item.get("text_reason") or "",
        sku=first.get("variation_sku") or first.get("item_sku") or "",
        quantity=sum(count(row["amount"]) for row in goods) if goods else None,
        amount=amount(item["refund_amount"]),
        currency=currency_of(item["currency"]),
        asked_at=must_moment(item["create_time"]),
        updated_at=must_moment(item["update_time"]),
        decide_by=moment(item.get("due_date")) or moment(item.get("return_seller_due_date")),
        inspect_by=moment(proof.get("seller_evidence_deadline")) or moment(item.get("return_seller_due_date")),
        compensation_by=moment(pay.get("seller_compensation_due_date")),
        needs_goods_back=item.get("needs_logistics"),
        photos=tuple(item.get("image") or ()),
    )


def goods(item: Row, models: Iterable[Row]) -> Iterator[Record | BadRow]:
    """Product, listing and stock of each variant; an item without variants is its own only one (model 0)."""
    for model in models:
        yield from variant(item, model)


def variant(item: Row, model: Row) -> Iterator[Record]:
    ref = goods_id(item["item_id"], model.get("model_id"))
    sku = model.get("model_sku") or item.get("item_sku") or ref
    name = model.get("model_name")
    title = f"{item['item_name']} ({name})" if name else item["item_name"]
    price = model["price_info"][0]
    currency = currency_of(price["currency"])
    yield Product(external_id=ref, sku=sku, title=title, currency=currency, description=item.get("description") or "")
    yield Listing(
        external_id=ref,
        raw=dump({"item": item, "model": model}),
        sku=sku,
        title=title,
        price=amount(price["current_price"]),
        currency=currency,
        status=ITEM_STATUS.get(item["item_status"], "suppressed"),
        issue="" if item["item_status"] in ITEM_STATUS else item["item_status"],
        updated_at=moment(item.get("update_time")),
    )
    yield stock(ref, sku, model)


def stock(ref: str, sku: str, model: Row) -> StockLevel:
    """Units over all locations. A seller's stock includes what is reserved for orders not yet shipped."""
    info = model["stock_info_v2"]
    summary = info["summary_info"]
    places = [*(info.get("seller_stock") or ()), *(info.get("shopee_stock") or ())]
    reserved = count(summary["total_reserved_stock"])
    return StockLevel(
        external_id=ref,
        sku=sku,
        listing_ref=ref,
        on_hand=sum(count(place["stock"]) for place in places) if places else count(summary["total_available_stock"]),
        reserved=reserved,
    )


def review(item: Row, skus: Mapping[str, str]) -> Iterator[Record | BadRow]:
    """Stars and words of one buyer. `skus` are those of the items, by id."""
    answer, stars = answer_of(item), count(item["rating_star"])
    if not 1 <= stars <= MOST_STARS:
        raise Unreadable(f"{stars} is no number of stars")
    models = item.get("model_id_list") or [0]
    goods = goods_id(count(item["item_id"]), models[0])
    yield Review(
        external_id=str(count(item["comment_id"])),
        raw=dump(item),
        order_ref=item.get("order_sn") or "",
        sku=skus.get(str(item["item_id"])) or goods,
        rating=stars,
        text=item.get("comment") or "",
        created_at=must_moment(item["create_time"]),
        answered_at=(moment(answer.get("create_time")) or must_moment(item["create_time"])) if answer else None,
    )


def answer_of(item: Row) -> Row:
    """The seller's answer, which older answers of Shopee call otherwise; empty where there is none."""
    found = item.get("comment_reply") or item.get("cmt_reply") or {}
    return found if found.get("reply") else {}
