"""Set what one unit of a listing costs."""

from decimal import Decimal

from connectors.money import Money
from connectors.operations import Operation, SetPrice
from connectors.types import Listing
from drafts.kinds.base import (
    Amount,
    CannotPropose,
    Command,
    CurrencyCode,
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
    amount_in,
    named,
    record_or_raise,
    text_of,
)
from drafts.kinds.own import SupplyPosition

BAND = Decimal("0.5")  # a price may move by half at once; more looks like a slip of the keyboard


class SetPriceCommand(Command):
    listing_ref: Ref
    sku: OneLine
    price: Amount
    currency: CurrencyCode


class SetPriceKind(Kind[SetPriceCommand]):
    name = "set_price"
    label = "Set a price"
    command = SetPriceCommand
    undo = Undo("reversible: the price is set back; orders taken meanwhile keep theirs", "set_price")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[SetPriceCommand]:
        listing, mine = named(matter, saved, Listing, "listing_ref")
        wanted = matter.argument("price")
        if not wanted:
            raise CannotPropose(f"no price for {listing.sku} is named")
        price = Money(Decimal(wanted), listing.currency).quantized().amount
        command = SetPriceCommand(
            listing_ref=listing.external_id, sku=listing.sku, price=price, currency=listing.currency
        )
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: SetPriceCommand, reader: Reader) -> Facts:
        listing: Listing = record_or_raise(reader, Listing, command.listing_ref)
        supply: SupplyPosition | None = reader.fetch(SupplyPosition, listing.sku)
        cost = supply.unit_cost if supply is not None and supply.currency == listing.currency else None
        return {
            "sku": listing.sku,
            "title": listing.title,
            "price": text_of(listing.price),
            "currency": listing.currency,
            "status": listing.status,
            "unit_cost": text_of(cost),
        }

    def refusals(self, command: SetPriceCommand, facts: Facts) -> list[str]:
        now, cost = Decimal(facts["price"]), amount_in(facts, "unit_cost")
        if facts["sku"] != command.sku:
            return [f"this listing is {facts['sku'] or 'without a SKU'} now, not {command.sku}"]
        if command.currency != facts["currency"]:
            return [f"{command.sku} is sold in {facts['currency']}, not {command.currency}"]
        if now == command.price:
            return [f"{command.sku} costs {now} {command.currency} already"]
        if now and abs(command.price - now) > now * BAND:
            return [f"{command.price} is more than {BAND:.0%} away from {now}: move in steps, it may be a slip"]
        if cost is not None and command.price < cost:
            return [f"{command.price} is below what one unit costs us ({cost} {command.currency})"]
        return []

    def preview(self, command: SetPriceCommand, facts: Facts) -> Preview:
        before, after = Money(Decimal(facts["price"]), facts["currency"]), Money(command.price, command.currency)
        rows = [Row("Price", str(before), str(after))]
        cost, warnings = amount_in(facts, "unit_cost"), ["Orders that stand keep their price."]
        if cost is not None:
            rows.append(Row("Above unit cost", *(f"{(one.amount - cost) / one.amount:.0%}" for one in (before, after))))
        else:
            warnings.append("The unit cost is not known in this currency, so the margin is not checked.")
        return Preview(
            f"Set the price of {facts['title'] or command.sku} to {after}", tuple(rows), warnings=tuple(warnings)
        )

    def operation(self, command: SetPriceCommand, facts: Facts, key: str) -> Operation:
        return SetPrice(listing_ref=command.listing_ref, sku=command.sku, price=Money(command.price, command.currency))
