"""Reads of orders and stock, from the rows as they were read last."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from connectors import models
from connectors.types import OrderStatus
from drafts.tools.base import (
    PAGE,
    Answer,
    Arguments,
    Caller,
    Cursor,
    Limit,
    Missing,
    Named,
    Number,
    Outside,
    Text,
    Tool,
    after_id,
    maybe_outside,
)


class OrdersAsked(Arguments):
    shop_id: Number | None = None
    status: OrderStatus | None = None
    after: Cursor = ""
    limit: Limit = PAGE


class OrderRow(Answer):
    """`order_ref` and `shop_id` are how other tools and proposals name it; `read_at` is when its content was read."""

    shop_id: int
    order_ref: str
    number: str
    status: str
    ordered_at: datetime
    paid_at: datetime | None
    ship_by: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    total: Decimal | None
    refunded: Decimal | None = Field(description="null: the channel does not say")
    currency: str
    country: str
    read_at: datetime


class OrderPage(Answer):
    rows: tuple[OrderRow, ...]
    next: str | None = Field(description="give it as `after` for the next page; null: this is the last")


class OrderAsked(Arguments):
    number: Named = Field(description="the number that buyer and mail use, or the channel's own id")
    shop_id: Number | None = Field(default=None, description="needed where two shops use the same number")


class LineRow(Answer):
    line_ref: str
    sku: str
    title: Outside | None
    quantity: int
    cancelled_quantity: int
    returned_quantity: int
    unit_price: Decimal


class ParcelRow(Answer):
    shop_id: int
    shipment_ref: str
    status: str
    carrier: str
    tracking_number: str
    shipped_at: datetime | None
    last_scan_at: datetime | None
    promised_at: datetime | None
    delivered_at: datetime | None


class ReturnRow(Answer):
    return_ref: str
    status: str
    amount: Decimal | None
    currency: str
    reason: Outside | None


class WholeOrder(OrderRow):
    """`customer_name` is given to those who may draft, as on the pages."""

    platform_status: str
    customer_ref: str
    customer_name: Outside | None
    cancel_reason: Outside | None
    lines: tuple[LineRow, ...]
    parcels: tuple[ParcelRow, ...]
    returns: tuple[ReturnRow, ...]


class StockAsked(Arguments):
    sku: Text = ""
    shop_id: Number | None = None
    after: Cursor = ""
    limit: Limit = PAGE


class StockRow(Answer):
    shop_id: int
    stock_ref: str
    sku: str
    location: str
    on_hand: int
    reserved: int
    free: int
    read_at: datetime


class StockPage(Answer):
    rows: tuple[StockRow, ...]
    next: str | None


def orders(caller: Caller, asked: OrdersAsked) -> OrderPage:
    rows = caller.narrow(models.Order._default_manager.order_by("-id"))
    rows = rows.filter(shop_id=asked.shop_id) if asked.shop_id else rows
    rows = rows.filter(status=asked.status) if asked.status else rows
    found, next_page = page_of(rows, asked.after, asked.limit)
    return OrderPage(rows=tuple(OrderRow(**_order(row)) for row in found), next=next_page)


def order(caller: Caller, asked: OrderAsked) -> WholeOrder:
    """Raises Missing for none, ValueError where several shops use that number."""
    row = _one_order(caller, asked)
    lines = models.OrderLine.objects.filter(shop_id=row.shop_id, order_ref=row.external_id).order_by("id")
    parcels = models.Shipment._default_manager.filter(shop_id__in=caller.shops(), order_ref=row.external_id)
    returns = models.Return._default_manager.filter(shop_id=row.shop_id, order_ref=row.external_id)
    return WholeOrder(
        **_order(row),
        platform_status=row.platform_status,
        customer_ref=row.customer_ref,
        customer_name=maybe_outside(row.customer_name) if caller.person.can_draft else None,
        cancel_reason=maybe_outside(row.cancel_reason),
        lines=tuple(_line(line) for line in lines),
        parcels=tuple(_parcel(parcel) for parcel in parcels.order_by("id")[:PAGE]),
        returns=tuple(
            ReturnRow(
                return_ref=each.external_id, status=each.status, amount=each.amount, currency=each.currency,
                reason=maybe_outside(each.reason),
            )
            for each in returns.order_by("id")[:PAGE]
        ),
    )  # fmt: skip


def stock(caller: Caller, asked: StockAsked) -> StockPage:
    rows = caller.narrow(models.StockLevel._default_manager.order_by("-id"))
    rows = rows.filter(shop_id=asked.shop_id) if asked.shop_id else rows
    rows = rows.filter(sku=asked.sku) if asked.sku else rows
    found, next_page = page_of(rows, asked.after, asked.limit)
    levels = (
        StockRow(
            shop_id=row.shop_id, stock_ref=row.external_id, sku=row.sku, location=row.location, on_hand=row.on_hand,
            reserved=row.reserved, free=row.on_hand - row.reserved, read_at=row.fetched_at,
        )
        for row in found
    )  # fmt: skip
    return StockPage(rows=tuple(levels), next=next_page)


def page_of(rows: Any, after: str, limit: int) -> tuple[list[Any], str | None]:
    """A page of rows that are ordered by falling id, and the cursor of the next."""
    last = after_id(after)
    found = list((rows if last is None else rows.filter(pk__lt=last))[: limit + 1])
    return found[:limit], str(found[limit - 1].pk) if len(found) > limit else None


def _one_order(caller: Caller, asked: OrderAsked) -> Any:
    shops = [shop for shop in caller.shops() if asked.shop_id in (None, shop)]
    rows = models.Order._default_manager.filter(shop_id__in=shops)
    found = list(rows.filter(number=asked.number)[:2]) or list(rows.filter(external_id=asked.number)[:2])
    if not found:
        raise Missing(f"no order {asked.number} is saved")
    if len(found) > 1:
        raise ValueError(f"several orders are called {asked.number}; name the shop by shop_id, or the order by its id")
    return found[0]


def _order(row: Any) -> dict[str, Any]:
    return {
        "shop_id": row.shop_id, "order_ref": row.external_id, "number": row.number, "status": row.status,
        "ordered_at": row.ordered_at, "paid_at": row.paid_at, "ship_by": row.ship_by, "shipped_at": row.shipped_at,
        "delivered_at": row.delivered_at, "cancelled_at": row.cancelled_at, "total": row.total,
        "refunded": row.refunded, "currency": row.currency, "country": row.country, "read_at": row.fetched_at,
    }  # fmt: skip


def _line(line: models.OrderLine) -> LineRow:
    return LineRow(
        line_ref=line.external_id, sku=line.sku, title=maybe_outside(line.title, line.sku), quantity=line.quantity,
        cancelled_quantity=line.cancelled_quantity, returned_quantity=line.returned_quantity,
        unit_price=line.unit_price,
    )  # fmt: skip


def _parcel(row: models.Shipment) -> ParcelRow:
    return ParcelRow(
        shop_id=row.shop_id, shipment_ref=row.external_id, status=row.status, carrier=row.carrier,
        tracking_number=row.tracking_number, shipped_at=row.shipped_at, last_scan_at=row.last_scan_at,
        promised_at=row.promised_at, delivered_at=row.delivered_at,
    )  # fmt: skip


ORDERS = Tool(
    "orders", "Orders", "Saved orders, the newest first, of one shop or in one status.", "orders",
    OrdersAsked, OrderPage, orders,
)  # fmt: skip
ORDER = Tool(
    "order", "One order", "One order by its number, with its lines, parcels and returns.", "orders/{number}",
    OrderAsked, WholeOrder, order,
)  # fmt: skip
STOCK = Tool(
    "stock", "Stock", "Stock levels by SKU and place: on hand, reserved, free.", "stock", StockAsked, StockPage, stock
)

__all__ = ["ORDER", "ORDERS", "STOCK", "page_of"]
