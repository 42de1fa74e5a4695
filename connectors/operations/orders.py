"""What is done to an order."""

from dataclasses import dataclass
from typing import Literal

from connectors.operations.base import Address, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Operation):
    order_ref: str
    reason: Literal["out_of_stock", "customer_request", "undeliverable", "fraud", "other"]
    lines: tuple[tuple[str, int], ...] = ()
    should_restock: bool = True
    should_refund: bool = True
    should_notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCancellation(Operation):
    """Accept or refuse a buyer's request to cancel."""

    order_ref: str
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeShipment(Operation):
    """Book the hand-over. Empty choices mean the first that the channel offers."""

    order_ref: str
    method: Literal["pickup", "dropoff", "own_courier"] = "pickup"
    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder(Operation):
    """Stop an order from being fulfilled (`is_held`), or release it."""

    order_ref: str
    is_held: bool
    reason: Literal["fraud", "address", "stock", "payment", "other"] = "other"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAddress(Operation):
    order_ref: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeItems(Operation):
    """Edit an open order: `quantities` are (order line id, new quantity; 0 takes it out), `added` (listing, units)."""

    order_ref: str
    quantities: tuple[tuple[str, int], ...] = ()
    added: tuple[tuple[str, int], ...] = ()
    should_notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPayment(Operation):
    """Send the buyer a page on which an order is paid by another method."""

    order_ref: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reship(Operation):
    """Send goods of an order again without charge. `lines`: (order line id, units)."""

    order_ref: str
    lines: tuple[tuple[str, int], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Operation):
    """Take lines of an order back and send others for them: (order line id, units) for (listing, units)."""

    order_ref: str
    taken: tuple[tuple[str, int], ...]
    given: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePayment(Operation):
    """Charge an open order to another of its customer's saved payment methods and give the first charge back."""

    order_ref: str
    method_ref: str
