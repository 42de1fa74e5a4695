"""What every order to a supplier rests on, whether it goes by mail or through the books."""

from connectors.money import Money
from connectors.operations import CreatePurchaseOrder
from connectors.types import Supplier
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Facts,
    Matter,
    Quantity,
    Reader,
    Ref,
    Saved,
    amount_in,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import SupplyPosition

# Stock sinks with every sale; only what would make this order wrong sends it back to the inbox.
DECISIVE = {"supplier", "email", "minimum", "case", "inbound", "unit_cost", "cost_currency"}


class OrderCommand(Command):
    supplier_ref: Ref
    number: Ref
    sku: Ref
    quantity: Quantity
    unit_cost: Amount
    currency: CurrencyCode

    @property
    def total(self) -> Money:
        return Money(self.unit_cost * self.quantity, self.currency)


def supplied(matter: Matter, saved: Saved) -> tuple[Supplier, SupplyPosition]:
    """Who supplies the SKU, and how it stands. Raises CannotPropose where that, or what a unit costs, is not known."""
    supplier: Supplier | None = saved.fetch(Supplier, matter.argument("supplier_ref"))
    position: SupplyPosition | None = saved.fetch(SupplyPosition, matter.argument("sku"))
    if supplier is None or position is None:
        raise CannotPropose("nobody is recorded as a supplier of this SKU")
    if position.unit_cost is None:
        raise CannotPropose("the unit cost is missing")
    return supplier, position


def books_of(matter: Matter, saved: Saved, supplier: Supplier) -> int | None:
    """The books that keep this supplier and take orders to it; None where there are none."""
    books = saved.of(matter.number("supplier_shop_id") or saved.holder(Supplier, supplier.external_id))
    return books.shop_id if books.can(CreatePurchaseOrder) else None


def number_of(matter: Matter) -> str:
    return f"PO-{matter.today:%y%m%d}-{matter.alert_id}"


def rounded(quantity: int, supplier: Supplier) -> int:
    """Up to the supplier's minimum, then up to whole cases."""
    wanted, case = max(quantity, supplier.minimum_quantity or 1), supplier.case_size or 1
    return -(-wanted // case) * case


def supply_facts(command: OrderCommand, reader: Reader) -> Facts:
    supplier: Supplier = record_or_raise(reader, Supplier, command.supplier_ref)
    position: SupplyPosition = record_or_raise(reader, SupplyPosition, command.sku)
    return {
        "supplier": supplier.name,
        "email": supplier.email,
        "minimum": supplier.minimum_quantity,
        "case": supplier.case_size,
        "lead_time_days": supplier.lead_time_days,
        "supplier_currency": supplier.currency,
        "supplies": command.sku in supplier.skus if supplier.skus else None,
        "title": position.title,
        "on_hand": position.on_hand,
        "reserved": position.reserved,
        "inbound": position.inbound,
        "unit_cost": text_of(position.unit_cost),
        "cost_currency": position.currency,
    }


def supplier_refusals(command: OrderCommand, facts: Facts) -> list[str]:
    """Why this supplier would not take the order as it stands."""
    if facts["supplies"] is False:
        return [f"{facts['supplier']} is not recorded as a supplier of {command.sku}"]
    if facts["supplier_currency"] and facts["supplier_currency"] != command.currency:
        return [f"{facts['supplier']} invoices in {facts['supplier_currency']}, not {command.currency}"]
    return []


def quantity_refusals(command: OrderCommand, facts: Facts) -> list[str]:
    reasons = []
    if facts["minimum"] and command.quantity < facts["minimum"]:
        reasons.append(f"{facts['supplier']} takes no order under {facts['minimum']} units")
    if facts["case"] and command.quantity % facts["case"]:
        reasons.append(f"{facts['supplier']} sells {command.sku} in cases of {facts['case']}")
    return reasons


def order_warnings(command: OrderCommand, facts: Facts) -> list[str]:
    warnings = []
    known = amount_in(facts, "unit_cost")
    if known is None:
        warnings.append("The last unit cost of this SKU is not on record.")
    elif facts["cost_currency"] == command.currency and known != command.unit_cost:
        warnings.append(f"The unit cost on record is {Money(known, command.currency)}.")
    if facts["inbound"]:
        warnings.append(f"{facts['inbound']} units are on their way already.")
    if facts["supplies"] is None:
        warnings.append("Nobody has recorded what this supplier supplies.")
    if facts["minimum"] is None:
        warnings.append("The supplier's minimum quantity is not known.")
    return warnings


def units(count: int | None) -> str:
    return "not known" if count is None else f"{count} units"
