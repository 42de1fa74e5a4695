"""Order goods from a supplier by mail, where no books keep the supplier."""

from datetime import date, datetime
from decimal import Decimal

from connectors.llm.offline import letter, written
from connectors.money import Money
from connectors.operations import Operation, SendMessage
from connectors.types import PurchaseOrder, Record, Supplier
from drafts.kinds.base import (
    CannotPropose,
    Difference,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Row,
    Saved,
    Undo,
    text_of,
)
from drafts.kinds.own import SupplyPosition
from drafts.kinds.stock.ordering import (
    DECISIVE,
    OrderCommand,
    books_of,
    number_of,
    order_warnings,
    quantity_refusals,
    rounded,
    supplied,
    supplier_refusals,
    supply_facts,
    units,
)


class PurchaseOrderCommand(OrderCommand):
    to: OneLine
    needed_by: date | None = None
    subject: OneLine
    text: Prose


class PurchaseOrderKind(Kind[PurchaseOrderCommand]):
    name = "purchase_order"
    label = "Purchase order"
    command = PurchaseOrderCommand
    undo = Undo("until it is sent; afterwards only with the supplier's consent")
    leaves_by_mail = True
    text_field = "text"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[PurchaseOrderCommand]:
        supplier, position = supplied(matter, saved)
        if books_of(matter, saved, supplier) is not None:
            raise CannotPropose(f"the books keep {supplier.name}: the order goes through them")
        if position.unit_cost is None or not supplier.email or matter.mailbox_id is None:
            raise CannotPropose("the supplier's address or a connected mailbox is missing")
        number = number_of(matter)
        command = PurchaseOrderCommand(
            supplier_ref=supplier.external_id,
            to=supplier.email,
            number=number,
            sku=position.external_id,
            quantity=rounded(matter.number("quantity") or 1, supplier),
            unit_cost=position.unit_cost,
            currency=supplier.currency or position.currency,
            subject=f"Purchase order {number}",
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
        return command.total

    def read_facts(self, command: PurchaseOrderCommand, reader: Reader) -> Facts:
        return supply_facts(command, reader)

    def refusals(self, command: PurchaseOrderCommand, facts: Facts) -> list[str]:
        if not facts["email"]:
            reasons = [f"{facts['supplier']} has no mail address on record; add it to the supplier first"]
        elif command.to.casefold() != facts["email"].casefold():
            reasons = [f"{command.to} is not the address of {facts['supplier']}"]
        else:
            reasons = supplier_refusals(command, facts)
        return reasons + quantity_refusals(command, facts) + _text_refusals(command)

    def differences(self, approved: Facts, now: Facts) -> list[Difference]:
        return [moved for moved in super().differences(approved, now) if moved.field in DECISIVE]

    def preview(self, command: PurchaseOrderCommand, facts: Facts) -> Preview:
        total = command.total
        inbound = facts["inbound"]
        rows = [
            Row("On its way", f"{inbound} units", f"{inbound + command.quantity} units"),
            Row("On hand", units(facts["on_hand"]), f"{units(facts['on_hand'])} until it arrives"),
            Row("Committed to the supplier", "0", str(total)),
            Row("Lead time", "", f"{facts['lead_time_days']} days" if facts["lead_time_days"] else "not known"),
        ]
        summary = f"Order {command.quantity} × {command.sku} from {facts['supplier']} for {total}"
        return Preview(
            summary, tuple(rows), text=command.text, to=command.to, warnings=tuple(order_warnings(command, facts))
        )

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


def _text_refusals(command: PurchaseOrderCommand) -> list[str]:
    """The supplier acts on the mail, so it must name the very order that was approved."""
    named = {"number": command.number, "SKU": command.sku, "quantity": str(command.quantity)}
    absent = [word for word, value in named.items() if value not in command.text.replace(",", "")]
    return [f"the mail does not name the order's {word} ({named[word]})" for word in absent]


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
