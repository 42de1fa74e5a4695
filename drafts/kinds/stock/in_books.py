"""A purchase order that stands in the books, as the three later steps look at it: read from the books, never saved."""

from connectors.operations import Operation
from connectors.types import SupplierOrder
from drafts.kinds.base import CannotPropose, Facts, Matter, Reader, Saved, record_or_raise, text_of
from drafts.kinds.own import OrderedHere

BINDING = ("sent", "confirmed", "part_received", "received")
WORDS = {"sent": "issued", "part_received": "partly received"}


def made_here(matter: Matter, saved: Saved, operation: type[Operation]) -> tuple[SupplierOrder, Saved]:
    """The order that was written into the books for this matter. Raises CannotPropose where there is none."""
    made: OrderedHere | None = saved.fetch(OrderedHere, str(matter.alert_id))
    if made is None:
        raise CannotPropose("no purchase order has been written into the books for this yet")
    return standing_in(saved.of(made.shop_id), made.number, operation)


def standing_in(books: Saved, number: str, operation: type[Operation]) -> tuple[SupplierOrder, Saved]:
    """Raises CannotPropose where these books cannot do it, or have no such order."""
    if not books.can(operation):
        raise CannotPropose(f"order {number} does not stand in connected books")
    order: SupplierOrder | None = books.fetch(SupplierOrder, number)
    if order is None:
        raise CannotPropose(f"the books have no order {number}")
    return order, books


def order_facts(number: str, reader: Reader) -> Facts:
    """Its lines as one text, so that any change to them is seen."""
    order: SupplierOrder = record_or_raise(reader, SupplierOrder, number)
    lines = [f"{line.quantity} × {line.sku} at {text_of(line.unit_cost)}" for line in order.lines]
    return {
        "supplier": order.supplier_name,
        "supplier_ref": order.supplier_ref,
        "status": order.status,
        "lines": "; ".join(lines),
        "total": text_of(order.total),
        "currency": order.currency,
        "received": sum(line.received for line in order.lines),
        "is_mailed": order.is_mailed,
    }


def status_words(facts: Facts) -> str:
    """How the books call where it stands."""
    return WORDS.get(facts["status"], str(facts["status"]))
