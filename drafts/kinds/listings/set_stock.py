"""Set how many units of a listing can be bought; none stops selling it."""

from typing import Annotated

from pydantic import Field

from connectors.operations import Operation, SetStock
from connectors.types import StockLevel
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)


class SetStockCommand(Command):
    """`stock_ref` is the channel's id of (item, location). The quantity is absolute, so doing it twice is harmless."""

    stock_ref: Ref
    sku: OneLine
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class SetStockKind(Kind[SetStockCommand]):
    name = "set_stock"
    label = "Set the stock of a listing"
    command = SetStockCommand
    undo = Undo("reversible: the count is set back; orders taken meanwhile stand", "set_stock")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[SetStockCommand]:
        level, mine = named(matter, saved, StockLevel, "stock_ref")
        quantity = matter.number("sellable") or 0
        if level.on_hand - level.reserved == quantity:
            raise CannotPropose(f"{level.sku} shows {quantity} already")
        command = SetStockCommand(stock_ref=level.external_id, sku=level.sku, quantity=quantity)
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: SetStockCommand, reader: Reader) -> Facts:
        level: StockLevel = record_or_raise(reader, StockLevel, command.stock_ref)
        return {
            "sku": level.sku,
            "location": level.location,
            "listing_ref": level.listing_ref or level.external_id,
            "on_hand": level.on_hand,
            "reserved": level.reserved,
        }

    def refusals(self, command: SetStockCommand, facts: Facts) -> list[str]:
        if facts["sku"] != command.sku:
            return [f"this listing is {facts['sku'] or 'without a SKU'} now, not {command.sku}"]
        return []

    def preview(self, command: SetStockCommand, facts: Facts) -> Preview:
        sellable = facts["on_hand"] - facts["reserved"]
        rows = [Row("Can be bought", str(sellable), str(command.quantity))]
        if facts["reserved"]:
            rows.append(Row("Sold, not shipped", str(facts["reserved"]), str(facts["reserved"])))
        if facts["location"]:
            rows.append(Row("Location", facts["location"], facts["location"]))
        warnings = []
        if not command.quantity:
            warnings.append("Nobody can buy it until the stock is set again; its place in the search may suffer.")
        elif command.quantity > sellable:
            warnings.append("More can be bought than the channel shows now: make sure that the goods are there.")
        text = (
            f"Stop selling {command.sku}" if not command.quantity else f"Set {command.sku} to {command.quantity} units"
        )
        return Preview(text, tuple(rows), warnings=tuple(warnings))

    def operation(self, command: SetStockCommand, facts: Facts, key: str) -> Operation:
        return SetStock(
            listing_ref=facts["listing_ref"],
            sku=command.sku,
            quantity=command.quantity,
            location=facts["location"],
        )
