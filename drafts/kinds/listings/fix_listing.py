"""Correct what a listing says of itself: its title, its description, or a field by the channel's own name."""

from typing import Annotated

from pydantic import Field

from connectors.operations import FixListing, Operation
from connectors.types import Listing, Product
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    Preview,
    Proposal,
    Prose,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    named,
    record_or_raise,
)

TITLE, DESCRIPTION = "title", "description"


class ListingField(Command):
    """`place` is the field: `title`, `description`, or the channel's own word."""

    place: OneLine
    value: Prose


class FixListingCommand(Command):
    listing_ref: Ref
    sku: OneLine
    fields: Annotated[tuple[ListingField, ...], Field(min_length=1, max_length=20)]


class FixListingKind(Kind[FixListingCommand]):
    name = "fix_listing"
    label = "Correct a listing"
    command = FixListingCommand
    undo = Undo("reversible: the former text is set back", "fix_listing")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[FixListingCommand]:
        listing, mine = named(matter, saved, Listing, "listing_ref")
        given = matter.arguments.get("fields")
        fields = {str(name): str(text) for name, text in given.items()} if isinstance(given, dict) else {}
        fields = fields or _from_catalogue(listing, saved)
        if not fields:
            raise CannotPropose(f"what {listing.sku} should say is recorded nowhere")
        command = FixListingCommand(
            listing_ref=listing.external_id,
            sku=listing.sku,
            fields=tuple(ListingField(place=name, value=text) for name, text in fields.items()),
        )
        return Proposal(command, mine.shop_id, {})

    def read_facts(self, command: FixListingCommand, reader: Reader) -> Facts:
        listing: Listing = record_or_raise(reader, Listing, command.listing_ref)
        return {
            "sku": listing.sku,
            "title": listing.title,
            "status": listing.status,
            "issue": listing.issue,
        }

    def refusals(self, command: FixListingCommand, facts: Facts) -> list[str]:
        if facts["sku"] != command.sku:
            return [f"this listing is {facts['sku'] or 'without a SKU'} now, not {command.sku}"]
        empty = [one.place for one in command.fields if not one.value]
        if empty:
            return [f"the new {', '.join(empty)} is empty"]
        if [(one.place, one.value) for one in command.fields] == [(TITLE, facts["title"])]:
            return [f"{command.sku} has this title already"]
        return []

    def preview(self, command: FixListingCommand, facts: Facts) -> Preview:
        before = {TITLE: facts["title"]}
        rows = [
            Row(one.place.replace("_", " "), before.get(one.place, "as it is"), one.value) for one in command.fields
        ]
        if facts["issue"]:
            rows.append(Row("What the channel finds wrong", facts["issue"], "to be looked at again by the channel"))
        warnings = ("The channel may review the listing anew and hide it meanwhile.",)
        text = "\n\n".join(f"{one.place.replace('_', ' ')}:\n{one.value}" for one in command.fields)
        return Preview(f"Correct the listing of {command.sku}", tuple(rows), text=text, warnings=warnings)

    def operation(self, command: FixListingCommand, facts: Facts, key: str) -> Operation:
        return FixListing(
            listing_ref=command.listing_ref,
            sku=command.sku,
            fields=tuple((one.place, one.value) for one in command.fields),
        )


def _from_catalogue(listing: Listing, saved: Saved) -> dict[str, str]:
    """What the company's own catalogue calls the product, where the listing calls it otherwise."""
    found = saved.elsewhere(Product, sku=listing.sku) if listing.sku else None
    product: Product | None = found[0] if found else None
    if product is None:
        return {}
    wanted = {TITLE: product.title if product.title != listing.title else "", DESCRIPTION: product.description}
    return {name: text for name, text in wanted.items() if text}
