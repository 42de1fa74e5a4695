"""Order goods from a supplier by mail."""

from datetime import date, datetime
from decimal import Decimal

from connectors.llm.offline import letter, written
from connectors.money import Money
from connectors.operations import Operation, SendMessage
from connectors.types import PurchaseOrder, Record, Supplier
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
    Difference,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Quantity,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    amount_in,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import SupplyPosition

# Stock sinks with every sale; only what would make this order wrong sends it back to the inbox.
DECISIVE = {"supplier", "email", "minimum", "case", "inbound", "unit_cost", "cost_currency"}


class PurchaseOrderCommand(Command):
    supplier_ref: Ref
    to: OneLine
    number: Ref
    sku: Ref
    quantity: Quantity
    unit_cost: Amount
    currency: CurrencyCode
    needed_by: date | None = None
    subject: OneLine
    text: Prose


class PurchaseOrderKind(Kind[PurchaseOrderCommand]):
    name = "purchase_order"
    label = "Purchase order"
    command = PurchaseOrderCommand
    undo = Undo("until it is sent; afterwards only with the supplier's consent")
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[PurchaseOrderCommand]:
        sku, supplier_ref = matter.argument("sku"), matter.argument("supplier_ref")
        supplier: Supplier | None = saved.fetch(Supplier, supplier_ref)
        position: SupplyPosition | None = saved.fetch(SupplyPosition, sku)
        if supplier is None or position is None:
            raise CannotPropose("nobody is recorded as a supplier of this SKU")
        if position.unit_cost is None or not supplier.email or matter.mailbox_id is None:
            raise CannotPropose("the unit cost, the supplier's address or a connected mailbox is missing")
        currency = supplier.currency or position.currency
        command = PurchaseOrderCommand(
            supplier_ref=supplier_ref,
            to=supplier.email,
            number=f"PO-{matter.today:%y%m%d}-{matter.alert_id}",
            sku=sku,
            quantity=_rounded(matter.number("quantity") or 1, supplier),
            unit_cost=position.unit_cost,
            currency=currency,
            subject=f"Purchase order PO-{matter.today:%y%m%d}-{matter.alert_id}",
            text="",
        )
        return Proposal(command, matter.mailbox_id, _told(command, supplier, position, matter))

    def write(self, proposal: Proposal[PurchaseOrderCommand], rules: tuple[tuple[str, str], ...]) -> str:
        return written("purchase_order", proposal.told)

    def frame(self, proposal: Proposal[PurchaseOrderCommand], body: str) -> str:
        """The order itself is never left to a model: it stands below what the model says."""
        told = proposal.told
        exact = f"Order {told['number']}: {told['quantity']} × {told['sku']} at {told['unit_cost']} {told['currency']}"
        return letter(f"{body}\n\n{exact}, in total {told['total']} {told['currency']}.", "en", "", told["shop"])

    def money(self, command: PurchaseOrderCommand) -> Money | None:
        return Money(command.unit_cost * command.quantity, command.currency)

    def read_facts(self, command: PurchaseOrderCommand, reader: Reader) -> Facts:
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

    def refusals(self, command: PurchaseOrderCommand, facts: Facts) -> list[str]:
        return _supplier_refusals(command, facts) + _quantity_refusals(command, facts) + _text_refusals(command)

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        return [moved for moved in super().differences(approved, now) if moved.field in DECISIVE]

    def preview(self, command: PurchaseOrderCommand, facts: Facts) -> Preview:
        total = self.money(command)
        inbound = facts["inbound"]
        rows = [
            Row("On its way", f"{inbound} units", f"{inbound + command.quantity} units"),
            Row("On hand", _units(facts["on_hand"]), f"{_units(facts['on_hand'])} until it arrives"),
            Row("Committed to the supplier", "0", str(total)),
            Row("Lead time", "", f"{facts['lead_time_days']} days" if facts["lead_time_days"] else "not known"),
        ]
        summary = f"Order {command.quantity} × {command.sku} from {facts['supplier']} for {total}"
        return Preview(summary, tuple(rows), text=command.text, to=command.to, warnings=_warnings(command, facts))

    def operation(self, command: PurchaseOrderCommand, facts: Facts, key: str) -> Operation:
        return SendMessage(to=command.to, subject=command.subject, text=command.text)

    def kept(self, command: PurchaseOrderCommand, facts: Facts, key: str, at: datetime) -> tuple[Record, ...]:
        return (
            PurchaseOrder(
                external_id=command.number,
                number=command.number,
                supplier_ref=command.supplier_ref,
                status="sent",
                sku=command.sku,
                quantity=command.quantity,
                unit_cost=command.unit_cost,
                currency=command.currency,
                ordered_at=at,
            ),
        )


def _units(count: int | None) -> str:
    return "not known" if count is None else f"{count} units"


def _supplier_refusals(command: PurchaseOrderCommand, facts: Facts) -> list[str]:
    if not facts["email"]:
        return [f"{facts['supplier']} has no mail address on record; add it to the supplier first"]
    if command.to.casefold() != facts["email"].casefold():
        return [f"{command.to} is not the address of {facts['supplier']}"]
    if facts["supplies"] is False:
        return [f"{facts['supplier']} is not recorded as a supplier of {command.sku}"]
    if facts["supplier_currency"] and facts["supplier_currency"] != command.currency:
        return [f"{facts['supplier']} invoices in {facts['supplier_currency']}, not {command.currency}"]
    return []


def _quantity_refusals(command: PurchaseOrderCommand, facts: Facts) -> list[str]:
    reasons = []
    if facts["minimum"] and command.quantity < facts["minimum"]:
        reasons.append(f"{facts['supplier']} takes no order under {facts['minimum']} units")
    if facts["case"] and command.quantity % facts["case"]:
        reasons.append(f"{facts['supplier']} sells {command.sku} in cases of {facts['case']}")
    return reasons


def _text_refusals(command: PurchaseOrderCommand) -> list[str]:
    """The supplier acts on the mail, so it must name the very order that was approved."""
    named = {"number": command.number, "SKU": command.sku, "quantity": str(command.quantity)}
    absent = [word for word, value in named.items() if value not in command.text.replace(",", "")]
    return [f"the mail does not name the order's {word} ({named[word]})" for word in absent]


def _warnings(command: PurchaseOrderCommand, facts: Facts) -> tuple[str, ...]:
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
    return tuple(warnings)


def _rounded(quantity: int, supplier: Supplier) -> int:
    """Up to the supplier's minimum, then up to whole cases."""
    wanted, case = max(quantity, supplier.minimum_quantity or 1), supplier.case_size or 1
    return -(-wanted // case) * case


def _told(
    command: PurchaseOrderCommand, supplier: Supplier, position: SupplyPosition, matter: Matter
) -> dict[str, str]:
    return {
        "supplier": supplier.name,
        "number": command.number,
        "sku": command.sku,
        "title": position.title,
        "quantity": str(command.quantity),
        "unit_cost": _plain(command.unit_cost, command.currency),
        "currency": command.currency,
        "total": _plain(command.unit_cost * command.quantity, command.currency),
        "needed_by": "",
        "shop": matter.company,
        "evidence": matter.proof(),
    }


def _plain(amount: Decimal, currency: str) -> str:
    """As an invoice writes it; a cost finer than the currency's smallest unit keeps its digits."""
    rounded = Money(amount, currency).quantized().amount
    return str(rounded) if rounded == amount else text_of(amount)
