"""Edit what an open order holds: fewer or more units of its lines, or goods put in."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from connectors.money import Money
from connectors.operations import ChangeItems, Operation
from connectors.types import Listing, Order
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OptionalRef,
    Preview,
    Proposal,
    Quantity,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
    text_of,
)
from drafts.kinds.orders.asked import Settled
from drafts.kinds.orders.standing import not_open, standing


class Changed(Command):
    """The new number of units of one line; none takes it out."""

    line_ref: Ref
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class Added(Command):
    """`replaces_ref` is the order line that these units stand in for, where they do."""

    listing_ref: Ref
    quantity: Quantity
    replaces_ref: OptionalRef = ""


class ChangeItemsCommand(Settled):
    order_ref: Ref
    changed: tuple[Changed, ...] = ()
    added: tuple[Added, ...] = ()
    should_notify: bool = True

    @model_validator(mode="after")
    def changes_something(self) -> Self:
        if not (self.changed or self.added):
            raise ValueError("name at least one line to change or one listing to add")
        refs = [one.line_ref for one in self.changed]
        if len(set(refs)) != len(refs):
            raise ValueError("name each line once")
        return self


class ChangeItemsKind(Kind[ChangeItemsCommand]):
    name = "change_items"
    label = "Change the items"
    command = ChangeItemsCommand
    undo = Undo("reversible until it is packed, by changing the items back", "change_items")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ChangeItemsCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        changed = tuple(
            Changed(line_ref=ref, quantity=units)
            for ref, units in dict(matter.arguments.get("quantities") or {}).items()
        )
        added = tuple(
            Added(listing_ref=ref, quantity=units) for ref, units in dict(matter.arguments.get("added") or {}).items()
        )
        short = set(matter.arguments.get("skus") or ())  # what there is not enough of comes out, where the rest can go
        changed = changed or tuple(
            Changed(line_ref=line.external_id, quantity=0)
            for line in order.lines
            if line.sku in short and line.quantity > line.cancelled_quantity
        )
        if not (changed or added):
            raise CannotPropose(f"what should change in order {order.number} is not said")
        return Proposal(ChangeItemsCommand(order_ref=order.external_id, changed=changed, added=added), mine.shop_id, {})

    def read_facts(self, command: ChangeItemsCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        return standing(order) | {"added": offers(reader, command.added)}

    def refusals(self, command: ChangeItemsCommand, facts: Facts) -> list[str]:
        reasons = not_open(facts)
        strangers = [one.line_ref for one in command.changed if one.line_ref not in facts["lines"]]
        if strangers:
            reasons.append(f"order {facts['number']} has no line {', '.join(strangers)}")
        reasons += not_sold(facts["added"], facts)
        units = self._units(command, facts)
        if not reasons and not command.added and units == facts["lines"]:
            reasons.append(f"order {facts['number']} holds just that already")
        elif not reasons and not command.added and not any(units.values()):
            reasons.append(f"nothing would be left of order {facts['number']}; cancel it instead")
        return reasons

    def preview(self, command: ChangeItemsCommand, facts: Facts) -> Preview:
        units = self._units(command, facts)
        rows = [
            Row(facts["skus"].get(ref) or ref, str(facts["lines"].get(ref, 0)), str(units[ref]))
            for ref in (one.line_ref for one in command.changed)
        ]
        rows += [
            Row(facts["added"][one.listing_ref]["sku"] or one.listing_ref, "0", str(one.quantity))
            for one in command.added
        ]
        moved = self._difference(command, facts)
        warnings = []
        if moved > 0:
            warnings.append(f"The buyer owes {Money(moved, facts['currency'])} more: the channel asks them to pay.")
        elif moved < 0:
            warnings.append(
                f"{Money(-moved, facts['currency'])} would be owed to the buyer: refund it by a draft of its own."
            )
        if command.should_notify:
            warnings.append("The buyer is told at once.")
        text = "; ".join(f"{row.label}: {row.before} → {row.after}" for row in rows)
        summary = f"Change the items of order {facts['number']}: {text}"
        return Preview(summary, tuple(rows), text=summary, warnings=tuple(warnings))

    def operation(self, command: ChangeItemsCommand, facts: Facts, key: str) -> Operation:
        return ChangeItems(
            order_ref=command.order_ref,
            quantities=tuple((one.line_ref, one.quantity) for one in command.changed),
            added=tuple((one.listing_ref, one.quantity) for one in command.added),
            should_notify=command.should_notify,
        )

    def _units(self, command: ChangeItemsCommand, facts: Facts) -> dict[str, int]:
        """Units of each line afterwards."""
        return {**facts["lines"], **{one.line_ref: one.quantity for one in command.changed}}

    def _difference(self, command: ChangeItemsCommand, facts: Facts) -> Decimal:
        """What the goods come to afterwards, less what they come to now."""
        prices = {ref: Decimal(text or 0) for ref, text in facts["prices"].items()}
        after = self._units(command, facts)
        moved = sum(
            ((after[ref] - units) * prices.get(ref, Decimal(0)) for ref, units in facts["lines"].items()), Decimal(0)
        )
        return moved + sum(
            (Decimal(facts["added"][one.listing_ref]["price"]) * one.quantity for one in command.added), Decimal(0)
        )


def offers(reader: Reader, wanted: tuple[Added, ...]) -> dict[str, dict[str, str]]:
    """What each listing that is put in is, costs, and whether it is for sale. Raises LookupError where one is gone."""
    found: dict[str, Listing] = {one.listing_ref: record_or_raise(reader, Listing, one.listing_ref) for one in wanted}
    return {
        ref: {
            "sku": listing.sku, "price": text_of(listing.price), "currency": listing.currency, "status": listing.status
        }
        for ref, listing in found.items()
    }  # fmt: skip


def not_sold(offered: dict[str, dict[str, str]], facts: Facts) -> list[str]:
    """Listings that cannot be put into an order: off sale, or in another currency."""
    reasons = [f"{one['sku'] or ref} is not for sale ({one['status']})" for ref, one in offered.items()
               if one["status"] != "live"]  # fmt: skip
    foreign = [one["sku"] or ref for ref, one in offered.items() if one["currency"] != facts["currency"]]
    return reasons + [f"{name} is not sold in {facts['currency']}" for name in foreign]
