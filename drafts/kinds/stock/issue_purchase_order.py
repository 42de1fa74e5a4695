"""Make a purchase order of the books binding: the second of three steps, and the one that commits the money."""

from connectors.money import Money
from connectors.operations import IssuePurchaseOrder, Operation
from drafts.kinds.base import (
    Amount,
    Command,
    CurrencyCode,
    Facts,
    Kind,
    Matter,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
)
from drafts.kinds.stock.in_books import BINDING, made_here, order_facts, status_words


class IssuePurchaseOrderCommand(Command):
    number: Ref
    total: Amount
    currency: CurrencyCode


class IssuePurchaseOrderKind(Kind[IssuePurchaseOrderCommand]):
    name = "issue_purchase_order"
    label = "Issue the purchase order"
    command = IssuePurchaseOrderCommand
    undo = Undo("until the supplier acts on it, by cancelling the order in the books", "cancel_purchase_order")
    needs_call = True
    follows = "mail_purchase_order"

    def propose(self, matter: Matter, saved: Saved) -> Proposal[IssuePurchaseOrderCommand]:
        order, books = made_here(matter, saved, IssuePurchaseOrder)
        command = IssuePurchaseOrderCommand(number=order.external_id, total=order.total, currency=order.currency)
        return Proposal(command, books.shop_id, {})

    def money(self, command: IssuePurchaseOrderCommand) -> Money | None:
        return Money(command.total, command.currency)

    def read_facts(self, command: IssuePurchaseOrderCommand, reader: Reader) -> Facts:
        return order_facts(command.number, reader)

    def refusals(self, command: IssuePurchaseOrderCommand, facts: Facts) -> list[str]:
        if facts["status"] in BINDING:
            return [f"order {command.number} is {status_words(facts)} already"]
        if facts["status"] != "draft":
            return [f"order {command.number} is {status_words(facts)}; only a draft can be issued"]
        known = Money.parse(facts["total"], facts["currency"])
        if known != Money(command.total, command.currency):
            return [
                f"order {command.number} comes to {known} in the books, not {Money(command.total, command.currency)}"
            ]
        return []

    def preview(self, command: IssuePurchaseOrderCommand, facts: Facts) -> Preview:
        total = Money(command.total, command.currency)
        rows = (
            Row("Order", status_words(facts), "issued"),
            Row("Lines", facts["lines"], facts["lines"]),
            Row("Committed to the supplier", "0", str(total)),
        )
        warnings = ("The supplier does not hear of it before it is mailed, which is a draft of its own.",)
        return Preview(f"Issue {command.number} to {facts['supplier']} over {total}", rows, warnings=warnings)

    def operation(self, command: IssuePurchaseOrderCommand, facts: Facts, key: str) -> Operation:
        return IssuePurchaseOrder(number=command.number)
