"""Buy a label with which the buyer sends goods back to us."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connectors.money import Money
from connectors.operations import BuyReturnLabel, Operation, Parcel
from connectors.types import DeliveryAddress, Order, ReturnPlace
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
    named,
    record_or_raise,
)
from drafts.kinds.orders.standing import GONE, said, state
from drafts.kinds.own import BoughtLabel
from drafts.kinds.places import Place, goes_to, lines_of, parts_of

USUAL = "usual"  # every label seller has one place for returns
# Until the usual parcel stands in the label seller's settings: a shoe box of one kilogram.
ASSUMED = Parcel(weight_grams=1_000, length_mm=350, width_mm=250, height_mm=130)
MOST = Decimal(30)  # a label costs at most this, unless the matter names another limit
Grams = Annotated[int, Field(ge=1, le=70_000)]  # no courier here takes a heavier parcel
Millimetres = Annotated[int, Field(ge=1, le=2_700)]


class Measures(Command):
    """A parcel with its packing."""

    weight_grams: Grams
    length_mm: Millimetres
    width_mm: Millimetres
    height_mm: Millimetres


class ReturnLabelCommand(Command):
    """From the buyer (`sender`) to us (`receiver`). No courier or service: the cheapest that is offered."""

    order_ref: Ref
    sender: Place
    receiver: Place
    parcel: Measures
    limit: Amount
    currency: CurrencyCode
    carrier: OneLine = ""
    service: OneLine = ""


class ReturnLabelKind(Kind[ReturnLabelCommand]):
    """The buyer's address is read from the order's channel for this draft and stands nowhere else."""

    name = "return_label"
    label = "Buy a return label"
    command = ReturnLabelCommand
    undo = Undo("while it is unused, by giving the label back", "void_label")

    def propose(self, matter: Matter, saved: Saved) -> Proposal[ReturnLabelCommand]:
        order, mine = named(matter, saved, Order, "order_ref")
        if order.status not in GONE:
            raise CannotPropose(f"order {order.number} has not left, so nothing can come back")
        seller = mine.performer(BuyReturnLabel)
        place: ReturnPlace | None = mine.of(seller).fetch(ReturnPlace, USUAL)
        if place is None:
            raise CannotPropose("no label seller is connected that knows where goods come back to")
        buyer: DeliveryAddress | None = mine.fetch(DeliveryAddress, order.external_id)
        if buyer is None:
            raise CannotPropose(f"the channel does not tell where order {order.number} went")
        usual = place.parcel or ASSUMED
        command = ReturnLabelCommand(
            order_ref=order.external_id,
            sender=Place(**parts_of(buyer.address)),
            receiver=Place(**parts_of(place.address)),
            parcel=Measures(**{name: getattr(usual, name) for name in Measures.model_fields}),
            limit=Decimal(matter.argument("label_limit") or MOST),
            currency=order.currency,
        )
        return Proposal(command, seller, {})

    def money(self, command: ReturnLabelCommand) -> Money | None:
        return Money(command.limit, command.currency)

    def read_facts(self, command: ReturnLabelCommand, reader: Reader) -> Facts:
        order: Order = record_or_raise(reader, Order, command.order_ref)
        bought: BoughtLabel | None = reader.fetch(BoughtLabel, command.order_ref)
        return state(order) | {
            "went_to": goes_to(reader, command.order_ref),
            "bought": bought.label_ref if bought else "",
        }

    def refusals(self, command: ReturnLabelCommand, facts: Facts) -> list[str]:
        if facts["status"] not in GONE:
            return [f"order {facts['number']} is {said(facts)}; nothing of it can come back"]
        if facts["bought"]:
            return [
                f"a return label stands for order {facts['number']} already ({facts['bought']}); give it back first"
            ]
        return []

    def preview(self, command: ReturnLabelCommand, facts: Facts) -> Preview:
        sender, receiver = lines_of(command.sender.address), lines_of(command.receiver.address)
        parcel, limit = command.parcel, Money(command.limit, command.currency)
        measures = f"{parcel.weight_grams} g, {parcel.length_mm} × {parcel.width_mm} × {parcel.height_mm} mm"
        courier = " ".join(filter(None, (command.carrier, command.service))) or "the cheapest"
        rows = (
            Row("From", "", ", ".join(sender)),
            Row("To", "", ", ".join(receiver)),
            Row("Parcel", "", measures),
            Row("Courier", "none", courier),
            Row("Price", "–", f"at most {limit}"),
        )
        warnings = [
            "Weight and size are those of a usual parcel: correct them under Edit, the courier bills what it measures.",
            "The label does not reach the buyer by itself: send it with a reply once it is bought.",
        ]
        if facts["went_to"] and facts["went_to"] != ", ".join(sender):
            warnings.append(f"The order itself went to {facts['went_to']}.")
        text = "\n".join(("From:", *sender, "", "To:", *receiver, "", f"Parcel: {measures}", f"At most {limit}"))
        return Preview(f"Buy a return label for order {facts['number']}", rows, text, warnings=tuple(warnings))

    def operation(self, command: ReturnLabelCommand, facts: Facts, key: str) -> Operation:
        return BuyReturnLabel(
            order_ref=command.order_ref,
            sender=command.sender.address,
            receiver=command.receiver.address,
            parcel=Parcel(**command.parcel.model_dump()),
            limit=Money(command.limit, command.currency),
            carrier=command.carrier,
            service=command.service,
        )
