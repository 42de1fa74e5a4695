"""Giving money back without a request of the buyer's: a refund opened for the buyer, then approved.

Two calls make one refund. A run that ended between them is gone on with: the open refund is found again (or the key
gives it back) and approved; a second one is never opened beside it.
"""

from datetime import datetime, timedelta
from typing import Any

from connectors.base import CannotDo, Permit, Refused
from connectors.money import parse_amount
from connectors.operations import RefundPayment
from connectors.shops.marketplaces.tiktok_shop.client import Client, written
from connectors.shops.marketplaces.tiktok_shop.parse.aftersale import spelled
from connectors.shops.marketplaces.tiktok_shop.reads import aftersale, orders
from connectors.shops.reading import Row, must_moment
from connectors.types import Receipt, Sight, Sighting

RETURNS = "/return_refund/202309/returns"
PENDING = "RETURN_OR_REFUND_REQUEST_PENDING"
DONE = frozenset({"RETURN_OR_REFUND_REQUEST_SUCCESS", "RETURN_OR_REFUND_REQUEST_COMPLETE"})
CLOCKS = timedelta(minutes=1)  # their clock and ours
ON_THE_WAY = frozenset({"AWAITING_COLLECTION", "IN_TRANSIT"})
# Words of the note → TikTok's reason while the parcel is on its way, and once it was delivered ("Refund reasons").
REASONS = (
    (("lost",), "seller_shipped_refund_package_lost", "ecom_order_delivered_refund_reason_not_received_seller"),
    (
        ("not received", "never arrived", "not arrive"),
        "seller_shipped_refund_package_lost",
        "ecom_order_delivered_refund_reason_not_received_seller",
    ),
    (("delivery failed", "undeliver"), "seller_shipped_refund_package_delivery_failed", ""),
    (
        ("late", "delay"),
        "seller_shipped_refund_miss_estimated_delivery_date",
        "ecom_order_delivered_refund_reason_missed_delivery_date_seller",
    ),
    (("missing",), "", "ecom_order_delivered_refund_reason_missing_product_seller"),
    (("wrong",), "", "ecom_order_delivered_refund_reason_wrong_product_seller"),
    (("damag", "broken", "defect"), "", "ecom_order_delivered_refund_reason_damaged_seller"),
    (("descri",), "", "ecom_order_delivered_refund_reason_not_match_description_seller"),
)
BRITISH = {"seller_shipped_refund_package_lost": "seller_package_lost_uk"}


def refund(client: Client, operation: RefundPayment, permit: Permit) -> Receipt:
    if not operation.order_ref:
        raise CannotDo("TikTok Shop refunds orders, not payments; name the order")
    open_case = next((row for row in _ours(client, operation) if spelled(row["return_status"]) == PENDING), None)
    if open_case is not None:
        return _approve(client, str(open_case["return_id"]), permit)
    order = orders.one_order(client, operation.order_ref)
    refuse_ineligible(client, operation)
    body: Row = {
        "order_id": operation.order_ref,
        "return_type": "REFUND",
        "return_reason": _reason(client, operation, order),
        "refund_total": f"{operation.amount.amount:f}",
        "currency": operation.amount.currency,
    }
    if operation.lines:
        body["skus"] = [{"sku_id": sku_id, "quantity": units} for sku_id, units in _by_sku(operation.lines).items()]
    answer = client.write(RETURNS, body, permit, key=permit.key)
    made = written(answer)
    return_id, status = str(made.get("return_id") or ""), spelled(str(made.get("return_status") or ""))
    if status == PENDING and return_id:
        return _approve(client, return_id, permit)
    return client.receipt(answer, return_id or operation.order_ref, is_final=status in DONE)


def _approve(client: Client, return_id: str, permit: Permit) -> Receipt:
    """What was opened stands, also where TikTok Shop keeps the approval for itself: then the effect comes later."""
    try:
        body = {"decision": "APPROVE_REFUND"}
        sent = client.write(f"{RETURNS}/{return_id}/approve", body, permit, key=f"{permit.key}-approve")
    except Refused as error:
        return Receipt(return_id, str(error).encode(), is_final=False)
    return client.receipt(sent, return_id)


def _by_sku(lines: tuple[tuple[str, int], ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line_ref, quantity in lines:
        sku_id = line_ref.partition(":")[0]
        found[sku_id] = found.get(sku_id, 0) + quantity
    return found


def _reason(client: Client, operation: RefundPayment, order: Row) -> str:
    """TikTok Shop wants to know why, and the buyer reads it: the note's words decide, nothing is made up."""
    words, on_the_way = operation.note.casefold(), order["status"] in ON_THE_WAY
    for marks, moving, delivered in REASONS:
        name = moving if on_the_way else delivered
        if name and any(mark in words for mark in marks):
            return BRITISH.get(name, f"{name}_uk") if client.account.country == "GB" else name
    told = ", ".join(marks[0] for marks, moving, delivered in REASONS if (moving if on_the_way else delivered))
    raise Refused(
        f"TikTok Shop asks why an order that is {order['status']} is refunded; say it in the note ({told})",
        code="reason",
    )


def refuse_ineligible(client: Client, operation: RefundPayment) -> None:
    """Raises CannotDo where TikTok Shop lets the seller open no refund (some countries never do)."""
    told = client.get(f"/return_refund/202309/orders/{operation.order_ref}/aftersale_eligibility")
    wanted = _by_sku(operation.lines)
    for sku in told.get("sku_eligibility") or ():
        if wanted and sku.get("sku_id") not in wanted:
            continue
        found: list[Any] = [
            row for row in sku.get("line_item_eligibility") or () if row.get("request_type") == "REFUND"
        ]
        if not any(row.get("eligible") for row in found):
            why = next(
                (row.get("ineligible_reason") for row in found if row.get("ineligible_reason")), "no reason told"
            )
            raise CannotDo(f"TikTok Shop lets the seller refund nothing on this order: {why}", code="ineligible")


def _ours(client: Client, operation: RefundPayment) -> list[Row]:
    """Refunds of this order that the seller opened for the same amount."""
    return [
        row
        for row in aftersale.of_order(client, operation.order_ref)
        if row.get("role") == "SELLER"
        and row["refund_amount"]["currency"] == operation.amount.currency
        and parse_amount(row["refund_amount"]["refund_total"]) == operation.amount.amount
    ]


def see_refund(client: Client, operation: RefundPayment, since: datetime) -> Sighting:
    """One that was opened and not approved is not given yet: doing it again goes on with it."""
    for row in _ours(client, operation):
        if must_moment(row["create_time"]) < since - CLOCKS:
            continue
        status = spelled(row["return_status"])
        sight = Sight.ABSENT if status == PENDING else Sight.SEEN if status in DONE else Sight.UNCLEAR
        return Sighting(sight, str(row["return_id"]), f"a refund that we opened stands as {status}")
    return Sighting(Sight.ABSENT, operation.order_ref, "no refund of this amount was opened by the shop")
