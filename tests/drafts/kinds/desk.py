"""Records in memory, read as a kind reads them, and an alert's plain content."""

from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors import types
from connectors.base import Handover
from connectors.operations import Operation
from drafts.kinds.base import Matter

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)
OTHER_SHOP = 9  # who holds `Memory.others`


class Memory:
    """A reader whose records are given; it serves as a channel and as saved rows alike."""

    def __init__(
        self,
        *records: types.Record,
        handover: Handover = Handover.BOOKS,
        shop_id: int | None = 1,
        performer: int = 1,
        others: tuple[types.Record, ...] = (),
        calls: tuple[type[Operation], ...] = (),
    ) -> None:
        self.handover, self.shop_id, self._performer = handover, shop_id, performer
        self.others, self.calls = others, calls
        self.records = {(type(record), record.external_id): record for record in records}

    def clock(self) -> datetime:
        return NOW

    def of(self, shop_id: int | None) -> "Memory":
        seen = copy(self)
        seen.shop_id = shop_id
        return seen

    def can(self, operation: type[Operation]) -> bool:
        return operation in self.calls

    def performer(self, operation: type[Operation] | Operation) -> int | None:
        return self._performer

    def holder(self, record: type[Any], external_id: str) -> int | None:
        return self.shop_id if (record, external_id) in self.records else None

    def elsewhere(self, record: type[Any], **where: object) -> tuple[Any, int] | None:
        found = [
            row
            for row in self.others
            if isinstance(row, record) and all(getattr(row, name) == value for name, value in where.items())
        ]
        return (found[0], OTHER_SHOP) if len(found) == 1 else None

    def fetch(self, record: type[Any], external_id: str) -> Any | None:
        return self.records.get((record, external_id))

    def latest(self, record: type[Any], by: str, **where: object) -> Any | None:
        fitting = [
            each
            for (kind, _), each in self.records.items()
            if kind is record and all(getattr(each, name) == value for name, value in where.items())
        ]
        return max(fitting, key=lambda each: getattr(each, by), default=None)


def matter(**arguments: Any) -> Matter:
    return Matter(
        alert_id=7,
        detector="late_shipment",
        title="Order 1042 is late",
        shop_id=1,
        arguments=arguments,
        evidence=(("Ship by", "2026-11-20"),),
        company="Mug House",
        mailbox_id=3,
        today=date(2026, 11, 21),
    )


ORDER = types.Order(
    external_id="o1",
    number="1042",
    status=types.OrderStatus.TO_SHIP,
    ordered_at=NOW - 2 * DAY,
    updated_at=NOW - DAY,
    paid_at=NOW - 2 * DAY,
    ship_by=NOW - timedelta(hours=3),
    currency="SGD",
    total=Decimal("60.00"),
    refunded=Decimal(0),
    customer_email="mei@example.com",
    customer_name="Mei Tan",
    lines=(
        types.OrderLine(external_id="l1", sku="MUG", title="Mug", quantity=2, unit_price=Decimal("20.00")),
        types.OrderLine(external_id="l2", sku="CUP", title="Cup", quantity=1, unit_price=Decimal("20.00")),
    ),
)
CHARGE = types.Payment(
    external_id="ch_1",
    kind=types.PaymentKind.CHARGE,
    status=types.PaymentStatus.SUCCEEDED,
    amount=Decimal("80.00"),
    currency="USD",
    refunded=Decimal("30.00"),
    created_at=NOW - DAY,
)
RETURN = types.Return(
    external_id="r1",
    order_ref="o1",
    status=types.ReturnStatus.ASKED,
    reason="CHANGE_MIND",
    amount=Decimal("20.00"),
    currency="SGD",
    asked_at=NOW - DAY,
    updated_at=NOW - DAY,
    decide_by=NOW + DAY,
    photos=("a.jpg",),
)
DISPUTE = types.Dispute(
    external_id="dp_1",
    status=types.DisputeStatus.NEEDS_RESPONSE,
    payment_ref="ch_1",
    reason="product_not_received",
    amount=Decimal("80.0"),
    currency="USD",
    opened_at=NOW - DAY,
    evidence_by=NOW + DAY,
)
PARCEL = types.Shipment(
    external_id="s1",
    order_ref="o1",
    status=types.ShipmentStatus.DELIVERED,
    carrier="J&T",
    tracking_number="JT900",
    shipped_at=NOW - DAY,
    last_scan_at=NOW - DAY,
)
THREAD = types.Conversation(
    external_id="c1",
    channel="mail",
    subject="Where is my mug?",
    customer_name="Mei Tan",
    address="mei@example.com",
    last_message_at=NOW - timedelta(hours=1),
    last_direction=types.Direction.IN,
)
MAIL = types.Message(
    external_id="m1",
    conversation_ref="c1",
    direction=types.Direction.IN,
    sent_at=NOW - timedelta(hours=1),
    text="Where is my mug?",
    message_id="<m1@example.com>",
)
SUPPLIER = types.Supplier(
    external_id="sup1",
    name="Kiln Co",
    email="sales@kiln.example",
    lead_time_days=18,
    minimum_quantity=100,
    case_size=24,
    currency="USD",
    skus=("MUG",),
)

__all__ = ["replace"]
