"""An order book as it was known at a past moment, and what it says came after. Pure.

Nothing that happened later may reach an alert: such times are blank, and the state is what the times until then say.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.reports import Read
from connectors.types import BadRow, Order, OrderLine, OrderStatus

LATER = ("paid_at", "shipped_at", "delivered_at", "completed_at", "cancelled_at")
# The last of these that has happened says where an order stands.
STEPS = (
    ("cancelled_at", OrderStatus.CANCELLED), ("completed_at", OrderStatus.COMPLETED),
    ("delivered_at", OrderStatus.DELIVERED), ("shipped_at", OrderStatus.SHIPPED),
)  # fmt: skip


@dataclass(slots=True)
class Hindsight:
    """What the book says after the moment, for scoring alone: of each order open then, whether it came late."""

    late: dict[str, bool] = field(default_factory=dict)

    def note(self, order: Order, then: Order) -> None:
        """An order that was under way and has both a promise and a delivery; others have no known outcome."""
        is_open = then.delivered_at is None and then.status not in (OrderStatus.CANCELLED, OrderStatus.COMPLETED)
        if is_open and order.delivered_at and order.deliver_by:
            self.late[order.external_id] = order.delivered_at > order.deliver_by


def as_of(
    reads: Iterator[Read], moment: datetime, mapped: Collection[str], hindsight: Hindsight
) -> Iterator[Read]:  # fmt: skip
    """The book's rows as they stood; orders of later are left out, bad rows stay."""
    for read in reads:
        if isinstance(read.record, BadRow):
            yield read
        elif isinstance(order := read.record, Order) and order.ordered_at <= moment:
            then = known(order, moment, mapped)
            hindsight.note(order, then)
            yield replace(read, record=then)


def known(order: Order, moment: datetime, mapped: Collection[str]) -> Order:
    """One order as it was known. A book without any time of what became of its orders keeps the states it gives."""
    past = {name: at for name in LATER if (at := getattr(order, name)) and at <= moment}
    is_dated = any(name in mapped for name, _ in STEPS)
    status = _status(order, past) if is_dated else order.status
    is_cancelled = status == OrderStatus.CANCELLED
    return replace(
        order,
        raw=b"",
        paid_at=past.get("paid_at"),
        shipped_at=past.get("shipped_at"),
        delivered_at=past.get("delivered_at"),
        completed_at=past.get("completed_at"),
        cancelled_at=past.get("cancelled_at"),
        status=status,
        platform_status="",
        updated_at=max([order.ordered_at, *past.values()]),
        cancel_reason=order.cancel_reason if is_cancelled else "",
        refunded=None,
        lines=order.lines if is_cancelled else tuple(map(_uncancelled, order.lines)),
    )


def _status(order: Order, past: Collection[str]) -> OrderStatus:
    """A payment that came later was still being waited for."""
    reached = next((status for name, status in STEPS if name in past), None)
    if reached:
        return reached
    return OrderStatus.ON_HOLD if order.paid_at and "paid_at" not in past else OrderStatus.TO_SHIP


def _uncancelled(line: OrderLine) -> OrderLine:
    return replace(line, cancelled_quantity=0, returned_quantity=0)
