"""End a voucher, discount or promotion before its time."""

from connectors.operations import EndPromotion, Operation
from connectors.types import Listing
from drafts.kinds.base import (
    CannotPropose,
    Command,
    Facts,
    Kind,
    Matter,
    OneLine,
    OptionalRef,
    Preview,
    Proposal,
    Reader,
    Ref,
    Row,
    Saved,
    Undo,
    text_of,
)


class EndPromotionCommand(Command):
    """`promotion` is its name at the channel; `listing_ref` what it makes cheaper, where that is known."""

    promotion_ref: Ref
    promotion: OneLine
    listing_ref: OptionalRef = ""


class EndPromotionKind(Kind[EndPromotionCommand]):
    name = "end_promotion"
    label = "End a promotion"
    command = EndPromotionCommand
    undo = Undo("never: an ended promotion is set up anew; orders taken meanwhile keep their price")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[EndPromotionCommand]:
        ref = matter.argument("promotion_ref")
        if not ref:
            raise CannotPropose("no promotion is named")
        command = EndPromotionCommand(
            promotion_ref=ref,
            promotion=matter.argument("promotion") or ref,
            listing_ref=matter.argument("listing_ref"),
        )
        return Proposal(command, matter.number("shop_id") or matter.shop_id, {})

    def read_facts(self, command: EndPromotionCommand, reader: Reader) -> Facts:
        listing: Listing | None = reader.fetch(Listing, command.listing_ref)
        return {
            "sku": listing.sku if listing else "",
            "price": text_of(listing.price) if listing else "",
            "currency": listing.currency if listing else "",
            "status": listing.status if listing else "",
        }

    def refusals(self, command: EndPromotionCommand, facts: Facts) -> list[str]:
        if command.listing_ref and facts["status"] not in ("", "live"):
            return [f"{facts['sku']} is {facts['status']}; nobody buys it at the promotion's price"]
        return []

    def preview(self, command: EndPromotionCommand, facts: Facts) -> Preview:
        rows = [Row("Promotion", f"{command.promotion}, running", "ended")]
        if facts["price"]:
            rows.append(
                Row(f"Price of {facts['sku']}", f"{facts['price']} {facts['currency']}", "without the promotion")
            )
        warnings = (
            "Orders that stand keep their price.",
            "Some channels let nobody end a promotion that has been announced, and count it against the shop.",
        )
        return Preview(f"End the promotion {command.promotion}", tuple(rows), warnings=warnings)

    def operation(self, command: EndPromotionCommand, facts: Facts, key: str) -> Operation:
        return EndPromotion(promotion_ref=command.promotion_ref)
