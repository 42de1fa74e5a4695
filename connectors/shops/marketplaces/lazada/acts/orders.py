"""Cancelling: by the seller, unit by unit, and the answer to a buyer who asks for it.

The outcome of a cancellation is the `tip_type` inside a good answer. Cancelled for "Out of Stock" or "Wrong Price" also
sets the SKU's stock to 0 (api-best-practice/order-operation/order-cancellation).
"""

from datetime import datetime, timedelta
from typing import Any

from connectors.base import CannotDo, Permit, Refused, Unknown
from connectors.operations import AnswerCancellation, CancelOrder
from connectors.shops.marketplaces.lazada.client import Client, part
from connectors.shops.marketplaces.lazada.parse import ITEM_STATUS, UNSHIPPED, units, when
from connectors.shops.marketplaces.lazada.reads.orders import order_items
from connectors.shops.reading import Row
from connectors.types import Receipt, Sight, Sighting

# Reason ids differ by venture, so a reason is found by what its name says.
REASON_WORDS = {
    "out_of_stock": ("out of stock",),
    "customer_request": ("customer", "buyer"),
    "undeliverable": ("undeliver", "deliver", "address", "sourcing delay"),
    "fraud": ("fraud", "suspicious"),
    "other": ("sourcing delay", "other"),
}
CLOCKS_APART = timedelta(minutes=2)


def cancel(client: Client, operation: CancelOrder, permit: Permit) -> Receipt:
    items = order_items(client, operation.order_ref)
    query = {"order_id": operation.order_ref, "order_item_id_list": _ids(chosen(items, operation))}
    offered = part(client.get("/order/reverse/cancel/validate", query), "data", dict)
    if offered.get("tip_type") == "error":
        raise Refused(f"Lazada does not cancel this order: {offered.get('tip_content')}", code="tip_type")
    reason = _reason(offered.get("reason_options") or [], operation.reason)
    # A GET that changes something: it goes out once, through the gate.
    answer = client.write("GET", "/order/reverse/cancel/create", {**query, "reason_id": reason}, permit)
    _must_succeed(answer.json())
    return client.receipt(answer, operation.order_ref)


def chosen(items: list[Row], operation: CancelOrder) -> list[Row]:
    """The units to cancel. Raises Refused where there are not so many, CannotDo where a package holds more."""
    open_items = [item for item in items if ITEM_STATUS.get(item["status"]) in UNSHIPPED]
    if operation.lines:
        open_items = [item for line, quantity in operation.lines for item in _of_line(items, line, quantity)]
    if not open_items:
        raise Refused("none of this order's units can be cancelled any more", code="nothing_to_cancel")
    taken = set(_ids(open_items))
    packages = {item["package_id"] for item in open_items if item.get("package_id")}
    along = [item for item in items if item.get("package_id") in packages and item["status"] != "canceled"]
    if set(_ids(along)) - taken:
        raise CannotDo("these units share a package with others, which would be cancelled too; repack it by hand first")
    return open_items


def _of_line(items: list[Row], line: str, quantity: int) -> list[Row]:
    group = units(items).get(line)
    if group is None:
        raise Refused(f"the order has no line {line}", code="line")
    free = [item for item in group if ITEM_STATUS.get(item["status"]) in UNSHIPPED]
    if len(free) < quantity:
        raise Refused(f"only {len(free)} units of line {line} can still be cancelled, not {quantity}", code="quantity")
    return free[:quantity]


def _ids(items: list[Row]) -> list[int]:
    return sorted(int(item["order_item_id"]) for item in items)


def _reason(options: list[Row], reason: str) -> str:
    for word in REASON_WORDS[reason]:
        for option in options:
            if word in str(option.get("reason_name") or "").casefold():
                return str(option["reason_id"])
    names = [option.get("reason_name") for option in options]
    raise Refused(f"Lazada offers no reason like {reason!r} for this order; it offers {names}", code="reason")


def _must_succeed(body: Any) -> None:
    """Raises Refused for tip_type error, Unknown for anything but success."""
    data = body.get("data") if isinstance(body, dict) else None
    tip = data if isinstance(data, dict) else {}
    kind, words = tip.get("tip_type"), tip.get("tip_content")
    if kind == "error":
        raise Refused(f"Lazada did not cancel: {words}", code="tip_type")
    if kind != "success":
        raise Unknown(
            f"Lazada answered {kind!r} ({words}); whether the order is cancelled is not known", code="tip_type"
        )


def see_cancel(client: Client, operation: CancelOrder, since: datetime | None) -> Sighting:
    items = order_items(client, operation.order_ref)
    ref, words = operation.order_ref, ",".join(sorted({str(item["status"]) for item in items}))
    if operation.lines:
        return _see_units(items, operation, since)
    cancelled = sum(item["status"] == "canceled" for item in items)
    if cancelled == len(items):
        return Sighting(Sight.SEEN, ref, "every unit of the order is cancelled")
    sight = Sight.UNCLEAR if any(_is_pending(item) for item in items) else Sight.ABSENT
    return Sighting(sight, ref, f"{cancelled} of {len(items)} units are cancelled; they stand as {words}")


def _see_units(items: list[Row], operation: CancelOrder, since: datetime | None) -> Sighting:
    """Units of a line are alike, so those count that were cancelled since then."""
    lines, done = units(items), 0
    for line, quantity in operation.lines:
        gone = [item for item in lines.get(line, ()) if item["status"] == "canceled" and _is_since(item, since)]
        done += len(gone) >= quantity
    if done == len(operation.lines):
        return Sighting(Sight.SEEN, operation.order_ref, "the units are cancelled")
    sight = Sight.UNCLEAR if done else Sight.ABSENT
    return Sighting(sight, operation.order_ref, f"{done} of {len(operation.lines)} lines are cancelled as asked")


def _is_since(item: Row, since: datetime | None) -> bool:
    changed = when(item.get("updated_at"))
    return since is None or changed is None or changed >= since - CLOCKS_APART


def _is_pending(item: Row) -> bool:
    return str(item.get("is_cancel_pending")).casefold() == "true"


def answer_cancellation(client: Client, operation: AnswerCancellation, permit: Permit) -> Receipt:
    asked = {str(item["reverse_order_id"]) for item in order_items(client, operation.order_ref)
             if _is_pending(item) and item.get("reverse_order_id")}  # fmt: skip
    if not asked:
        raise Refused("the buyer does not ask to cancel this order (any more)", code="131")
    if len(asked) > 1:
        raise CannotDo("the buyer asks more than once within this order; answer each in the Seller Center")
    params = {"reverse_order_id": asked.pop(), "agree_cancel": operation.is_accepted}
    answer = client.write("GET", "/order/reverse/cancel/seller/decide", params, permit)
    return client.receipt(answer, operation.order_ref)


def see_answer(client: Client, operation: AnswerCancellation, since: datetime | None) -> Sighting:
    items = order_items(client, operation.order_ref)
    ref = operation.order_ref
    if any(_is_pending(item) for item in items):
        return Sighting(Sight.ABSENT, ref, "the buyer's request still waits")
    was_asked = any(item.get("reverse_order_id") for item in items)
    was_accepted = any(item["status"] == "canceled" for item in items)
    sight = Sight.SEEN if was_asked and was_accepted == operation.is_accepted else Sight.UNCLEAR
    return Sighting(sight, ref, f"the units stand as {','.join(sorted({str(item['status']) for item in items}))}")
